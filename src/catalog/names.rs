//! Drug names as people write them, folded so that they can be looked up.

mod salts;

use rustc_hash::FxHashMap;

use super::dose_forms;
pub use salts::is_salt;

/// Longest name of the tables, in words.
pub(super) const NAME_WORDS_MAX: usize = 6;

/// Words that say how, when or in which package a drug is given, and never which drug it is.
const FILLERS: &[&str] = &[
    "a",
    "additional",
    "again",
    "amp",
    "ampoule",
    "amps",
    "ampul",
    "ampule",
    "and",
    "another",
    "at",
    "autoinjector",
    "bolus",
    "cap",
    "caps",
    "capsule",
    "capsules",
    "continuous",
    "daily",
    "dehydration",
    "dose",
    "doses",
    "drip",
    "first",
    "for",
    "free",
    "given",
    "gravity",
    "gtt",
    "gtts",
    "hour",
    "hours",
    "hr",
    "hrs",
    "im",
    "implant",
    "in",
    "infusion",
    "inj",
    "injection",
    "intravenous",
    "iv",
    "ivp",
    "ivpb",
    "kit",
    "kvo",
    "line",
    "loading",
    "maintenance",
    "mdv",
    "mins",
    "multi",
    "multiple",
    "now",
    "of",
    "once",
    "only",
    "open",
    "ordered",
    "over",
    "per",
    "peripheral",
    "pf",
    "pfs",
    "ph",
    "picc",
    "piggyback",
    "porcine",
    "pork",
    "prefilled",
    "premix",
    "premixed",
    "preservative",
    "prn",
    "pump",
    "push",
    "rapid",
    "rapidly",
    "rate",
    "repeat",
    "repeated",
    "rider",
    "running",
    "sc",
    "sdv",
    "second",
    "single",
    "slow",
    "slowly",
    "soln",
    "solution",
    "sq",
    "start",
    "started",
    "stat",
    "sterile",
    "subq",
    "syringe",
    "tab",
    "tablet",
    "tablets",
    "tabs",
    "test",
    "the",
    "therapy",
    "third",
    "tko",
    "to",
    "treatment",
    "use",
    "usp",
    "via",
    "vial",
    "vials",
    "vl",
    "vls",
    "volume",
    "wide",
    "with",
    "x",
];

/// Units that begin a name, as in G-CSF.
const GRAMS: &[&str] = &["g", "gm"];

/// The sign of magnesium, which is a unit anywhere but at the front of a text.
const MAGNESIUM: &str = "mg";

/// Units that follow a number in a strength, a volume, a rate or a count of bags.
const STRENGTH_UNITS: &[&str] = &[
    "bag",
    "bags",
    "cc",
    "ccs",
    "g",
    "gm",
    "gms",
    "gram",
    "grams",
    "h",
    "hour",
    "hours",
    "hr",
    "hrs",
    "iu",
    "kg",
    "l",
    "liter",
    "liters",
    "ltr",
    "m2",
    "mcg",
    "mcgs",
    "meq",
    "mg",
    "mgs",
    "microgram",
    "micrograms",
    "milligram",
    "milligrams",
    "milliliter",
    "milliliters",
    "million",
    "min",
    "minutes",
    "ml",
    "mls",
    "mmol",
    "mu",
    "munit",
    "munits",
    "ng",
    "u",
    "ug",
    "unit",
    "units",
    "unt",
    "ut",
    "vg",
];

/// The words of a name in lower case, without strengths, dose forms and punctuation.
///
/// `Ondansetron (Zofran) 8 mg IV` gives `ondansetron zofran iv`; `D5 1/2 NS` keeps its numbers.
pub fn fold(text: &str) -> Vec<String> {
    let mut words: Vec<String> = text
        .to_lowercase()
        .replace('½', " 1 2 ")
        .replace('%', " % ")
        .split(|c: char| !c.is_alphanumeric() && c != '%')
        .filter(|word| !word.is_empty())
        .flat_map(number_and_fluid)
        .collect();
    drop_strengths(&mut words);
    drop_exposure(&mut words);
    salts::write_in_full(&mut words);
    dose_forms::leave_out(&mut words);
    words
}

/// Every word of a name in lower case: those of a product may look like a strength or a route, as in `Biovance 3L`.
pub(super) fn as_written(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// A fluid that is written in one with its strength, as in `D5 1/2NS`, in two words; any other word as it is.
fn number_and_fluid(word: &str) -> impl Iterator<Item = String> + use<> {
    const FLUIDS: &[&str] = &["kcl", "nacl", "ns", "saline"];
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = word.split_at(if FLUIDS.contains(&&word[digits..]) { digits } else { 0 });
    [number.to_owned(), rest.to_owned()].into_iter().filter(|part| !part.is_empty())
}

/// A number goes together with the unit behind it; a number without one stays, since `5 FU` and `1/2 NS` need it.
fn drop_strengths(words: &mut Vec<String>) {
    let is_number = |word: &String| word.bytes().all(|byte| byte.is_ascii_digit());
    let is_unit = |word: &String| is_among(STRENGTH_UNITS, word);
    let mut kept: Vec<String> = Vec::with_capacity(words.len());
    let mut is_behind_strength = false;
    let mut is_first = true;
    for word in words.drain(..) {
        if is_unit(&word) && kept.last().is_some_and(is_number) {
            kept.pop();
            while kept.last().is_some_and(is_number) && !ends_with_vitamin(&kept) {
                kept.pop();
            }
            is_behind_strength = true;
            continue;
        }
        // The volume or the hour of a strength, as in `40 mg/mL`.
        if std::mem::take(&mut is_behind_strength) && is_unit(&word) && !GRAMS.contains(&&*word) {
            continue;
        }
        let digits = word.bytes().take_while(u8::is_ascii_digit).count();
        let is_joined = digits > 0 && is_among(STRENGTH_UNITS, &word[digits..]);
        is_behind_strength = is_joined;
        // `20meq/l` and `125 ml/h` leave a lone unit behind their strength; G-CSF, GM-CSF and Mg are names.
        let is_name = GRAMS.contains(&&*word) || is_first && word == MAGNESIUM;
        let is_rate = kept.is_empty() && is_unit(&word) && !is_name;
        is_first = false;
        if !is_joined && !is_rate {
            kept.push(word);
        }
    }
    // The sign has kept the number before it from the amount behind it, as in `dextrose 50 % 25 g`.
    kept.retain(|word| word != "%");
    *words = kept;
}

/// The exposure that a dose of carboplatin aims at says nothing of the drug, as in `carboplatin AUC 6`.
fn drop_exposure(words: &mut Vec<String>) {
    const EXPOSURE: &str = "auc";
    let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let is_exposure = |word: &String| word.strip_prefix(EXPOSURE).is_some_and(is_number);
    if let Some(at) = words.iter().skip(1).position(is_exposure).map(|at| at + 1) {
        let numbers = words[at + 1..].iter().take_while(|word| is_number(word)).count();
        words.drain(at..=at + numbers);
    }
}

/// Whether the last number belongs to the vitamin before it, as in `B-12 1000 mcg`, and not to the dose.
fn ends_with_vitamin(words: &[String]) -> bool {
    matches!(words, [.., letter, number] if letter == "b" && number == "12")
}

/// The entries of a table of names that occur in a text.
pub(super) struct Matches<'w, 'a, T> {
    pub found: Vec<&'a T>,
    /// Whether words are left over that are neither names nor fillers.
    pub has_unknown_words: bool,
    /// Words that tell two texts apart: those left over, and single letters as in `drug A`.
    pub rest: Vec<&'w str>,
}

impl<'w, 'a, T> Matches<'w, 'a, T> {
    /// Takes the longest name at each place, from left to right.
    pub fn find(words: &'w [String], table: &'a FxHashMap<Box<str>, T>) -> Self {
        let mut matches = Self { found: Vec::new(), has_unknown_words: false, rest: Vec::new() };
        let mut at = 0;
        while at < words.len() {
            let longest = (1..=NAME_WORDS_MAX.min(words.len() - at))
                .rev()
                .find_map(|length| Some((length, table.get(words[at..at + length].join(" ").as_str())?)));
            match longest {
                Some((length, entry)) => {
                    matches.found.push(entry);
                    at += length;
                }
                None => {
                    let word = words[at].as_str();
                    let is_unknown = !is_filler(word);
                    matches.has_unknown_words |= is_unknown;
                    if is_unknown || word.len() == 1 && word.as_bytes()[0].is_ascii_alphabetic() {
                        matches.rest.push(word);
                    }
                    at += 1;
                }
            }
        }
        matches
    }
}

/// The words of a name without those that say how and how much, in one: what stands alone may be a short name.
pub(super) fn alone(words: &[String]) -> String {
    let is_name = |word: &&str| !is_among(FILLERS, word) && !word.bytes().all(|byte| byte.is_ascii_digit());
    words.iter().map(String::as_str).filter(is_name).collect::<Vec<_>>().join(" ")
}

/// The words without those that a test picks; all of them where nothing else is left, as in `sodium chloride`.
pub(super) fn without<'w>(words: &[&'w str], is_left_out: impl Fn(&str) -> bool) -> Vec<&'w str> {
    let bare: Vec<&str> = words.iter().copied().filter(|word| !is_left_out(word)).collect();
    if bare.is_empty() { words.to_vec() } else { bare }
}

/// Whether a word stands in one of the sorted lists, which every name is held against word by word.
fn is_among(sorted: &[&str], word: &str) -> bool {
    sorted.binary_search(&word).is_ok()
}

/// Whether a word says how, when or in which package a drug is given.
pub(super) fn is_filler(word: &str) -> bool {
    is_among(FILLERS, word)
        || is_among(STRENGTH_UNITS, word)
        || word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a word is the unit of a strength.
pub(super) fn is_unit(word: &str) -> bool {
    is_among(STRENGTH_UNITS, word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_that_are_searched_are_sorted() {
        assert!(FILLERS.is_sorted() && STRENGTH_UNITS.is_sorted());
    }

    #[test]
    fn strengths_go_and_numbers_of_names_stay() {
        for (text, folded) in [
            ("Ondansetron (Zofran) 8 mg IV", "ondansetron zofran iv"),
            ("normal saline 125 ml/h", "normal saline"),
            ("Kenalog 40 mg/mL", "kenalog"),
            ("D5 ½ NS", "d5 1 2 ns"),
            ("0.9% sodium chloride 1,000 mL", "0 9 sodium chloride"),
            ("5-FU 400mg", "5 fu"),
            ("Dextrose 50% 25 g", "dextrose 50"),
            ("D5 1/2NS", "d5 1 2 ns"),
            ("0.9NS 1L", "0 9 ns"),
            ("Mg 2 g IVPB", "mg ivpb"),
            ("sodium chloride 23.4% 30 mL", "sodium chloride 23 4"),
            ("sodium chloride 3 bags", "sodium chloride"),
            ("rituximab-abbs", "rituximab abbs"),
            ("", ""),
            ("8 mg", ""),
            ("filgrastim 300 mcg (G-CSF)", "filgrastim g csf"),
            ("GM-CSF 250 mcg", "gm csf"),
            ("B-12 1000 mcg", "b 12"),
            ("penicillin G 2.5 MU", "penicillin g"),
            ("D5NS+20KCl", "d5ns 20 kcl"),
            ("carboplatin AUC 6", "carboplatin"),
            ("carboplatin (AUC=1.5) 10 mg/mL", "carboplatin"),
            ("carboplatin AUC5 560 mg", "carboplatin"),
        ] {
            assert_eq!(fold(text).join(" "), folded, "{text}");
        }
    }
}
