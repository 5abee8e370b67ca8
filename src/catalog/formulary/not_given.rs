//! Words of a drug's name that say that it was not given, that it was held for a while, or either.

use std::ops::Range;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::{Formulary, fold};
use crate::domain::drug::DrugClass;

/// What a name says of the giving.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Nothing against it.
    Given,
    /// It was given with a pause, as in `held 10 min then resumed`.
    Paused,
    /// It was not given, as in `pt refused`. The name without what says so.
    NotGiven(String),
    /// The words may say so, or not, as in `infusion held`. The name without them.
    Doubtful(String),
}

/// What a word may do in such a text; one word may do several things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
enum Part {
    Sign = 1,
    DoubtfulSign = 1 << 1,
    Negation = 1 << 2,
    Linking = 1 << 3,
    Giving = 1 << 4,
    Leaving = 1 << 5,
    OfInfusion = 1 << 6,
    OfRate = 1 << 7,
    OfElse = 1 << 8,
    Reaction = 1 << 9,
    GoingOn = 1 << 10,
    Otherwise = 1 << 11,
    Partly = 1 << 12,
}

/// What a word is that may say so; behind it the others tell more.
const SIGNS: u16 = Part::Sign as u16 | Part::DoubtfulSign as u16 | Part::Negation as u16;

/// Letters of the longest of them.
const SIGN_LETTERS_MAX: usize = 12;

/// The sections of the file of words, by their headings.
const SECTIONS: &[(&str, Part)] = &[
    ("[signs]", Part::Sign),
    ("[doubtful-signs]", Part::DoubtfulSign),
    ("[negations]", Part::Negation),
    ("[linking]", Part::Linking),
    ("[giving]", Part::Giving),
    ("[leaving]", Part::Leaving),
    ("[held-part]", Part::OfInfusion),
    ("[held-rate]", Part::OfRate),
    ("[held-other]", Part::OfElse),
    ("[reactions]", Part::Reaction),
    ("[going-on]", Part::GoingOn),
    ("[otherwise]", Part::Otherwise),
    ("[partly]", Part::Partly),
];

/// The words that put what is given into doubt, in all their tenses the same first letters.
const HOLDS: &[&str] = &["held", "hold", "holding"];

static WORDS: LazyLock<FxHashMap<&[u8], u16>> = LazyLock::new(|| {
    let mut words: FxHashMap<&[u8], u16> = FxHashMap::default();
    for line in include_str!("../../../catalog/drugs/not_given_words.txt").lines() {
        let section = SECTIONS.iter().find_map(|(heading, part)| Some((line.strip_prefix(heading)?, *part)));
        for word in section.iter().flat_map(|(list, _)| list.split_ascii_whitespace()) {
            *words.entry(word.as_bytes()).or_default() |= section.map_or(0, |(_, part)| part as u16);
        }
    }
    words
});

/// A word of a text, with its place and what it may do.
struct Word {
    place: Range<usize>,
    parts: u16,
    text: String,
}

impl Word {
    const fn is(&self, part: Part) -> bool {
        self.parts & part as u16 != 0
    }
}

impl Formulary {
    /// What a drug's name says of its giving. Most names say nothing, which is seen without an allocation.
    pub fn told(&self, text: &str) -> Told {
        if !may_tell(text) {
            return Told::Given;
        }
        let words = words(text);
        let Some((sign, is_sure)) = sign(&words) else { return Told::Given };
        let was_begun =
            |at: usize| words[at].is(Part::GoingOn) && !sign.contains(&at) && !is_negated(&words, at);
        let goes_on = (0..words.len()).any(was_begun);
        let is_hold = HOLDS.contains(&words[sign.start].text.as_str());
        let lasts = words.get(sign.end).is_some_and(is_span)
            || matches!(&words[sign.end..], [f, next, ..] if f.text == "for" && is_span(next));
        if is_hold && (goes_on || lasts) {
            return Told::Paused;
        }
        let range = words[sign.start].place.start..words[sign.end - 1].place.end;
        let bare = self.without(text, range);
        if is_sure && !goes_on && self.names_one_drug(text, &bare) {
            Told::NotGiven(bare)
        } else {
            Told::Doubtful(bare)
        }
    }

    /// Whether a text names one drug at most: of several, which one was not given is open.
    fn names_one_drug(&self, text: &str, bare: &str) -> bool {
        let folded = fold(text);
        let found = self.find(&folded).found;
        let mut drugs = found.iter().filter(|named| named.class != DrugClass::Hydration);
        let first = drugs.next();
        drugs.all(|other| first.is_some_and(|first| first.drug == other.drug))
            && self.unknown_part(bare).is_none()
    }

    /// The part of a text that names a known drug, before the words of a range or else behind them.
    fn without(&self, text: &str, range: Range<usize>) -> String {
        let trim = |part: &str| part.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
        let (before, behind) = (&text[..range.start], &text[range.end..]);
        let is_named = !self.find(&fold(before)).found.is_empty();
        let names_nothing = before.chars().all(|c| !c.is_alphanumeric());
        if names_nothing || !is_named && !self.find(&fold(behind)).found.is_empty() {
            trim(behind)
        } else {
            trim(before)
        }
    }
}

/// Whether a text has a word that may say so.
fn may_tell(text: &str) -> bool {
    let of_word = |word: &[u8]| {
        let mut lower = [0; SIGN_LETTERS_MAX];
        let Some(lower) = lower.get_mut(..word.len()) else { return false };
        lower.copy_from_slice(word);
        lower.make_ascii_lowercase();
        WORDS.get(&*lower).is_some_and(|parts| parts & SIGNS != 0)
    };
    text.as_bytes().split(|byte| !byte.is_ascii_alphanumeric()).any(of_word)
}

fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        match (start, letter.is_alphanumeric()) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                let lower = text[from..at].to_lowercase();
                let parts = WORDS.get(lower.as_bytes()).copied().unwrap_or_default();
                words.push(Word { place: from..at, parts, text: lower });
                start = None;
            }
            _ => {}
        }
    }
    words
}

/// The words that say that nothing was given, and whether they surely do.
fn sign(words: &[Word]) -> Option<(Range<usize>, bool)> {
    let mut doubtful = None;
    for at in 0..words.len() {
        let Some((sign, is_sure)) = negated(words, at).or_else(|| spoken(words, at)) else { continue };
        if is_sure {
            return Some((sign, true));
        }
        doubtful.get_or_insert((sign, false));
    }
    doubtful
}

/// `not given` and its like, from a negation on.
fn negated(words: &[Word], at: usize) -> Option<(Range<usize>, bool)> {
    if !words[at].is(Part::Negation) {
        return None;
    }
    let linked = words[at + 1..].iter().take_while(|word| word.is(Part::Linking)).count();
    let giving = at + 1 + linked;
    words.get(giving).filter(|word| word.is(Part::Giving))?;
    let is_otherwise = words.get(giving + 1).is_some_and(|next| next.is(Part::Otherwise));
    Some((at..giving + 1, !is_otherwise))
}

/// `refused`, `held` and their like.
fn spoken(words: &[Word], at: usize) -> Option<(Range<usize>, bool)> {
    let word = &words[at];
    let before = at.checked_sub(1).map(|before| &words[before]);
    let next = words.get(at + 1);
    let is_of_else = next.is_some_and(|next| next.is(Part::OfElse));
    let is_of_rate = before.is_some_and(|before| before.is(Part::OfRate));
    let is_negated = before.is_some_and(|before| before.is(Part::Negation));
    if !(word.is(Part::Sign) || word.is(Part::DoubtfulSign)) || is_of_else || is_of_rate || is_negated {
        return None;
    }
    let is_hold = HOLDS.contains(&word.text.as_str());
    let is_part = is_hold && before.is_some_and(|before| before.is(Part::OfInfusion));
    let by_reaction = is_hold && words[at + 1..].iter().any(|word| word.is(Part::Reaction));
    // At the front the drug itself stands behind it, or a condition.
    let is_front = words[..at].iter().all(|word| word.is(Part::Leaving) || word.text == "on")
        && next.is_none_or(|next| !next.is(Part::Otherwise));
    let is_left =
        next.is_none_or(|next| next.is(Part::Leaving) || next.is(Part::Sign) || next.is(Part::Negation));
    let is_sure = word.is(Part::Sign) && !is_part && !by_reaction && (is_front || is_left);
    let start = if before.is_some_and(|before| before.text == "on") { at - 1 } else { at };
    Some((start..at + 1, is_sure))
}

/// Whether a word of giving belongs to a negation before it.
fn is_negated(words: &[Word], at: usize) -> bool {
    let mut before = words[..at].iter().rev();
    before
        .find(|word| !word.is(Part::Linking) && !word.is(Part::Partly))
        .is_some_and(|word| word.is(Part::Negation))
}

/// Whether a word begins a time that something lasted, as in `held 10 min` and `held x10min`.
fn is_span(word: &Word) -> bool {
    word.text.trim_start_matches('x').starts_with(|c: char| c.is_ascii_digit()) || word.text == "x"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    /// Every text of a list, with what it tells in one letter.
    fn told(texts: &[&str]) -> Vec<(String, char)> {
        let catalog = Catalog::embedded();
        let letter = |text: &str| match catalog.formulary.told(text) {
            Told::Given => 'g',
            Told::Paused => 'p',
            Told::NotGiven(_) => 'n',
            Told::Doubtful(_) => 'd',
        };
        texts.iter().map(|text| ((*text).to_owned(), letter(text))).collect()
    }

    fn assert_all(letter: char, texts: &[&str]) {
        let others: Vec<_> = told(texts).into_iter().filter(|(_, told)| *told != letter).collect();
        assert!(others.is_empty(), "{others:?} and not {letter}");
    }

    #[test]
    fn no_sign_is_longer_than_what_is_looked_at() {
        let signs = WORDS.iter().filter(|(_, parts)| *parts & SIGNS != 0).map(|(word, _)| word.len());
        assert!(signs.max().is_some_and(|longest| longest <= SIGN_LETTERS_MAX));
    }

    #[test]
    fn words_that_say_that_nothing_was_given() {
        assert_all(
            'n',
            &[
                "rituximab - not given",
                "rituximab (HELD)",
                "Rituxan pt declined",
                "pt refused Rituxan",
                "rituximab refused by patient",
                "rituximab 500 mg wasted, not given",
                "rituximab cancelled",
                "rituximab omitted",
                "rituximab deferred today",
                "rituximab on hold",
                "HOLD rituximab",
                "rituximab held for neutropenia",
                "rituximab held per MD",
                "rituximab never started",
                "rituximab not yet given",
                "did not receive rituximab",
                "pt didn't receive rituximab",
                "rituximab in NS 500 mL not hung",
                "Rituxan (rituximab) refused",
                "zzzmab refused",
                "Zofran not given, pt refused",
            ],
        );
    }

    #[test]
    fn a_rate_and_a_pause_leave_the_drug_given() {
        assert_all(
            'g',
            &[
                "rituximab rate held",
                "rituximab rate declined",
                "morphine, held pressure",
                "rituximab given, not held",
                "rituximab not all given",
                "Zofran 4 mg IV",
                "Zofran, no reaction, given slowly",
                "",
            ],
        );
        assert_all(
            'p',
            &[
                "rituximab, infusion held 10 min then resumed",
                "rituximab held x10 min, restarted",
                "rituximab held for 10 min",
                "rituximab held 0930-0940",
                "rituximab held for reaction, resumed at half rate",
            ],
        );
    }

    #[test]
    fn what_may_mean_either_is_open() {
        assert_all(
            'd',
            &[
                "rituximab infusion held",
                "rituximab held for reaction",
                "rituximab given, 2nd dose refused",
                "Benadryl refused PO, given IV",
                "Zofran and Benadryl refused",
                "zzz 5 mg + Zofran refused",
                "rituximab not started until 10:15",
                "rituximab missed dose",
                "metoprolol hold if SBP < 100",
                "ketorolac refused vitals",
            ],
        );
    }

    #[test]
    fn the_name_stays_without_the_words() {
        let catalog = Catalog::embedded();
        for (text, name) in [
            ("rituximab 500 mg - not given", "rituximab 500 mg"),
            ("pt refused Rituxan", "Rituxan"),
            ("HELD", ""),
            ("zzzmab held", "zzzmab"),
        ] {
            assert_eq!(catalog.formulary.told(text), Told::NotGiven(name.to_owned()), "{text}");
        }
    }
}
