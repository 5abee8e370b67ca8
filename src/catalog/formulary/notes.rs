//! Words behind the name of a drug that are no part of it: why it was given, where it went in, at whose order, at what
//! moment, in what state.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use super::{Formulary, fold};

/// Words of notes, of which none is a drug and none tells two drugs apart.
static NOTES: LazyLock<FxHashSet<&str>> = LazyLock::new(|| {
    let lines = include_str!("../../../catalog/drugs/note_words.txt").lines();
    lines.filter(|line| !line.starts_with('#')).flat_map(str::split_ascii_whitespace).collect()
});

/// Endings of a number that counts a dose or a bag, as in `2nd`.
const ORDINALS: &[&str] = &["st", "nd", "rd", "th"];

/// Letters before a number that count a day, a cycle or a dose, as in `d8`, `c2d1`, `x2` and `q8h`.
const COUNTS: &[u8] = b"cdhqx";

/// Single letters of notes, as in `R AC` and `cont'd`.
const LETTERS: &[&str] = &["d", "l", "r", "w"];

/// What a name of the table stands for that says of a flush, and not of what.
pub(super) const FLUSH: &str = "flush";

/// Verbs of a flush; behind the name of a fluid they tell what was done after it, as in `NS 1 L, line flushed`.
const FLUSHING: &[&str] = &["flushed", "flushing", "rinsed", "rinsing"];

impl Formulary {
    /// Whether a text tells of a flush before it names anything, as in `port flushed with heparin`.
    pub(super) fn begins_with_flushing(&self, words: &[String]) -> bool {
        let is_known = |word: &String| self.by_name.contains_key(word.as_str());
        let mut before = words.iter().take_while(|word| !is_known(word));
        before.any(|word| FLUSHING.contains(&word.as_str()))
    }

    /// The words of a name without the notes behind its first one: `keytruda` of `Keytruda weekly, tolerated well`;
    /// nothing where it has no notes.
    pub fn without_notes(&self, name: &str) -> Option<String> {
        let part = self.given_part(name.split('(').next().unwrap_or(name));
        let words = fold(part);
        let (first, behind) = words.split_first()?;
        let mut kept: Vec<&str> = behind.iter().map(String::as_str).collect();
        leave_out(&mut kept);
        let is_cut = part.len() < name.len() || kept.len() < behind.len();
        kept.insert(0, first);
        is_cut.then(|| kept.join(" "))
    }
}

/// Whether a text may tell of a flush or a lock of the line: what has none of these letters need not be read.
pub fn may_name_flush(text: &str) -> bool {
    const LETTERS: &[&str] = &["flush", "lock", "rins"];
    let has = |letters: &&str| {
        text.as_bytes().windows(letters.len()).any(|part| part.eq_ignore_ascii_case(letters.as_bytes()))
    };
    LETTERS.iter().any(has)
}

/// Leaves out of the words behind the name of a drug what tells nothing of the drug.
pub(super) fn leave_out(words: &mut Vec<&str>) {
    let before = words.len();
    words.retain(|word| !is_note(word));
    let has_note = words.len() < before;
    words.retain(|word| !has_note || !LETTERS.contains(word));
}

/// Whether a word behind the name of a drug tells how, when or where it was given.
pub(super) fn is_note(word: &str) -> bool {
    NOTES.contains(word) || is_ordinal(word) || is_count(word) || is_interval(word)
}

/// Whether a word tells how often a dose is given, as in `q2weeks`.
fn is_interval(word: &str) -> bool {
    let behind = word.strip_prefix('q').map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    behind.is_some_and(|unit| unit.len() + 1 < word.len() && NOTES.contains(unit))
}

fn is_ordinal(word: &str) -> bool {
    let number = word.trim_end_matches(|c: char| c.is_ascii_lowercase());
    !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && ORDINALS.contains(&&word[number.len()..])
}

/// Whether a word is made of counts alone: each letter is one that counts, and a number stands among them.
fn is_count(word: &str) -> bool {
    let (letters, digits): (Vec<u8>, Vec<u8>) = word.bytes().partition(u8::is_ascii_lowercase);
    let is_short = word.len() <= "c12d15".len();
    is_short
        && !digits.is_empty()
        && digits.iter().all(u8::is_ascii_digit)
        && COUNTS.contains(&word.as_bytes()[0])
        && letters.iter().all(|letter| COUNTS.contains(letter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn counts_and_moments_are_notes_and_names_are_none() {
        for word in ["2nd", "3rd", "q8h", "c2d1", "d15", "x2", "resumed", "lac", "q2weeks", "q6months"] {
            assert!(is_note(word), "{word}");
        }
        for word in ["b12", "2a", "alfa", "decanoate", "benzathine", "viii", "f18", "tc99m", ""] {
            assert!(!is_note(word), "{word}");
        }
    }

    #[test]
    fn a_known_name_is_no_note_but_for_the_moment_of_a_premedication() {
        let catalog = Catalog::embedded();
        let named = NOTES.iter().filter_map(|word| catalog.formulary.by_name.get(*word));
        let drugs: Vec<&str> =
            named.map(|named| &*named.drug).filter(|drug| *drug != "premedication").collect();
        assert!(drugs.is_empty(), "{drugs:?}");
    }
}
