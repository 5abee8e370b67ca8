//! Greek letters that tell two forms of a biologic apart: where only one form has codes, records leave the letter out.

use rustc_hash::FxHashMap;

use super::{Nearness, Place, key};

/// The letters as nonproprietary names write them; see [`as_named`] for the others.
const LETTERS: &[&str] = &["alfa", "beta", "delta", "gamma", "omega", "theta"];

/// A word as nonproprietary names write it: CMS writes "thyrotropin alpha", and the label "thyrotropin alfa".
pub(super) fn as_named(word: &str) -> &str {
    if word == "alpha" { "alfa" } else { word }
}

/// Names without their letter, by the word that the letter stands behind.
#[derive(Debug, Default)]
pub(super) struct OneForm(FxHashMap<String, Forms>);

#[derive(Debug)]
struct Forms {
    letter: &'static str,
    has_others: bool,
    short: Vec<(String, Nearness, Place)>,
}

impl OneForm {
    /// Notes a name; one without a letter says nothing.
    pub(super) fn note(&mut self, words: &[String], nearness: Nearness, at: Place) {
        let letter_of = |word: &String| LETTERS.iter().find(|letter| **letter == as_named(word));
        let found =
            words.iter().enumerate().skip(1).find_map(|(place, word)| Some((place, *letter_of(word)?)));
        let Some((place, letter)) = found else { return };
        let short: Vec<String> =
            words.iter().enumerate().filter(|(at, _)| *at != place).map(|(_, word)| word.clone()).collect();
        let forms = self.0.entry(words[place - 1].clone()).or_insert_with(|| Forms {
            letter,
            has_others: false,
            short: Vec::new(),
        });
        forms.has_others |= forms.letter != letter;
        forms.short.push((key(&short), nearness, at));
    }

    /// The names that may go without their letter.
    pub(super) fn short_names(self) -> impl Iterator<Item = (String, Nearness, Place)> {
        self.0.into_values().filter(|forms| !forms.has_others).flat_map(|forms| forms.short)
    }
}
