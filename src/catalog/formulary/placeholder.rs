//! Names that stand for any drug, as `drug 1` and `second antibiotic`: their numbers are what tells two of them apart.

use super::Formulary;
use super::occasion::{Mention, WORDS};
use super::words::Words;
use crate::catalog::names::is_unit;

/// Highest number that tells drugs of one visit apart; what is higher is an amount.
const NUMBER_MAX: usize = 20;

/// What marks a drug as another one, without its number.
const OTHER: &str = "another";

impl Formulary {
    /// Whether a text names no drug of its own, but any drug or any of a kind.
    pub fn is_placeholder(&self, text: &str) -> bool {
        let words = Words::of(text);
        let names = self.mentions(&words);
        let is_noun = |word: &str| WORDS.has("placeholders", word);
        names.iter().all(Mention::is_kind) && (!names.is_empty() || words.any(0..words.len(), is_noun))
    }

    /// The words of such a drug that leave open whether it is another one than before: `chemo push` and `chemo infusion`.
    pub fn open_words(&self, text: &str) -> Vec<String> {
        let words = Words::of(text);
        let is_open = |word: &&str| WORDS.has("ways", word) || WORDS.has("others", word);
        let mut open: Vec<String> =
            (0..words.len()).map(|at| words.word(at)).filter(is_open).map(str::to_owned).collect();
        open.sort_unstable();
        open
    }

    /// The numbers of such a drug, which tell it from the others: `2` of `second antibiotic`; nothing where doses, bags
    /// or days are counted.
    pub(super) fn marks(&self, text: &str) -> Vec<String> {
        let words = Words::of(text);
        let names = self.mentions(&words);
        let is_drug = |at: usize| {
            names.iter().any(|name| name.at.contains(&at)) || WORDS.has("placeholders", words.word(at))
        };
        let mark = |at: usize| {
            let word = words.word(at);
            if let Some(number) = cardinal(word) {
                let is_free = |at: Option<usize>| at.is_none_or(|at| !is_of_amount(words.word(at)));
                return (is_free(at.checked_sub(1)) && is_free(Some(at + 1))).then(|| number.to_string());
            }
            let number = ordinal(word);
            let is_other = WORDS.has("others", word);
            if number.is_none() && !is_other || !counts_drugs(&words, at, is_drug) {
                return None;
            }
            Some(number.map_or_else(|| OTHER.to_owned(), |number| number.to_string()))
        };
        (0..words.len()).filter_map(mark).collect()
    }
}

/// Whether a word is of those that number drugs, or stands before the number: it says nothing else of them.
pub(super) fn is_number(word: &str) -> bool {
    const SIGNS: [&str; 2] = ["no", "number"];
    cardinal(word).or_else(|| ordinal(word)).is_some() || WORDS.has("others", word) || SIGNS.contains(&word)
}

/// Whether a word makes the number beside it an amount, or the count of something else than drugs.
fn is_of_amount(word: &str) -> bool {
    word.bytes().next().is_some_and(|byte| byte.is_ascii_digit())
        || is_unit(word)
        || WORDS.has("counted", word)
}

/// Whether an ordinal counts drugs: the next noun is one, and what stands behind that is no dose or bag.
fn counts_drugs(words: &Words<'_>, at: usize, is_drug: impl Fn(usize) -> bool) -> bool {
    let is_counted = |at: usize| WORDS.has("counted", words.word(at));
    let noun = (at + 1..words.len()).find(|at| is_drug(*at) || is_counted(*at));
    match noun {
        None => at + 1 == words.len(),
        Some(noun) if is_counted(noun) => false,
        Some(noun) => !(noun..words.len()).find(|at| !is_drug(*at)).is_some_and(is_counted),
    }
}

fn cardinal(word: &str) -> Option<usize> {
    let number = word.parse().ok().filter(|number| (1..=NUMBER_MAX).contains(number));
    number.or_else(|| WORDS.order("cardinals", word))
}

fn ordinal(word: &str) -> Option<usize> {
    const ENDINGS: [&str; 4] = ["st", "nd", "rd", "th"];
    let number = ENDINGS.iter().find_map(|ending| word.strip_suffix(ending)?.parse().ok());
    number.or_else(|| WORDS.order("ordinals", word))
}

#[cfg(test)]
mod tests {
    use crate::catalog::Catalog;

    #[test]
    fn numbers_of_drugs_tell_them_apart_and_numbers_of_doses_do_not() {
        let catalog = Catalog::embedded();
        let substance = |text| catalog.formulary.substance_of_name(text);
        for (one, other) in [
            ("drug 1", "drug 2"),
            ("Drug #1", "Drug #2"),
            ("Drug-1", "Drug-2"),
            ("drug (1)", "drug (2)"),
            ("chemo drug (a)", "chemo drug (b)"),
            ("Drug No. 1", "Drug No. 2"),
            ("drug one", "drug two"),
            ("first chemo drug", "second chemo drug"),
            ("1st antibiotic", "2nd antibiotic"),
            ("#1 antiemetic", "#2 antiemetic"),
            ("antibiotic", "another antibiotic"),
            ("antibiotic 1 g", "a different antibiotic 1 g"),
            ("first IV push drug", "second IV push drug"),
            ("chemotherapeutic agent A", "chemotherapeutic agent B"),
        ] {
            assert_ne!(substance(one), substance(other), "{one} and {other}");
        }
        for (one, other) in [
            ("Toradol #1", "Toradol #2"),
            ("morphine dose 1", "morphine dose 2"),
            ("second Zofran", "Zofran"),
            ("chemo dose 1", "chemo dose 2"),
            ("chemo bag 1 of 2", "chemo bag 2 of 2"),
            ("antibiotic 1 g", "antibiotic 2 g"),
            ("first dose of antibiotic", "second dose of antibiotic"),
            ("first chemo dose", "second chemo dose"),
            ("first hour of chemo", "second hour of chemo"),
            ("drug two", "second drug"),
            ("drug #1", "Drug No. 1"),
            ("IV fluids #1", "IV fluids #2"),
        ] {
            assert_eq!(substance(one), substance(other), "{one} and {other}");
        }
    }
}
