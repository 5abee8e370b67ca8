//! What stands around the name of a fluid: words that name no drug, and what they say that the fluid was for.

use super::occasion::WORDS;
use super::words::Words;
use super::{Formulary, notes};
use crate::catalog::names::is_filler;
use crate::domain::drug::DrugClass;
use crate::domain::encounter::FluidPurpose;

/// Lists of words beside a fluid that name no drug.
const LISTS: &[&str] = &["carriers", "keep-open", "fluid-notes", "carriages"];

/// Whether the words that are left beside a fluid have one that may name a drug (rule HYD-1).
pub(super) fn has_unknown(rest: &[&str]) -> bool {
    if rest.is_empty() {
        return false;
    }
    let mut words: Vec<&str> = rest.to_vec();
    notes::leave_out(&mut words);
    words.iter().any(|word| !is_filler(word) && !LISTS.iter().any(|list| WORDS.has(list, word)))
}

impl Formulary {
    /// What the name of a fluid says that it was for, where it says that it is not reported: `NS at KVO`, `NS carrier` and
    /// `NS behind heparin`.
    pub fn told_purpose(&self, text: &str) -> Option<FluidPurpose> {
        let words = Words::of(text);
        let has = |list| (0..words.len()).any(|at| WORDS.at(list, &words, at).is_some());
        if has("keep-open") {
            return Some(FluidPurpose::KeepOpen);
        }
        let carries = has("carriers") || has("carriages") && self.runs_with_drug(&words);
        (carries && self.begins_with_fluid(text)).then_some(FluidPurpose::Carrier)
    }

    /// Whether a fluid is named first in a text.
    pub fn begins_with_fluid(&self, text: &str) -> bool {
        let words = Words::of(text);
        let names = self.mentions(&words);
        let is_note = |at: usize| is_filler(words.word(at)) || !has_unknown(&[words.word(at)]);
        names.first().is_some_and(|first| {
            first.named.class == DrugClass::Hydration && (0..first.at.start).all(is_note)
        })
    }

    /// Whether a text names a fluid first and tells of nothing mixed into it: what else stands there is a note, if the
    /// record says that it was a fluid.
    pub fn is_fluid_with_notes(&self, text: &str) -> bool {
        let given = self.given_part(text);
        let words = Words::of(given);
        let names = self.mentions(&words);
        self.begins_with_fluid(given)
            && names.iter().all(|name| name.named.class == DrugClass::Hydration)
            && self.unknown_part(given).is_none()
    }

    /// Whether a word of a carriage has a drug behind it.
    fn runs_with_drug(&self, words: &Words<'_>) -> bool {
        let names = self.mentions(words);
        let is_drug_behind = |at: usize| {
            names.iter().any(|name| name.at.start > at && name.named.class != DrugClass::Hydration)
        };
        (0..words.len()).any(|at| WORDS.at("carriages", words, at).is_some() && is_drug_behind(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn words_around_a_fluid_tell_what_it_was_for() {
        let catalog = Catalog::embedded();
        for (text, purpose) in [
            ("NS behind heparin", Some(FluidPurpose::Carrier)),
            ("0.9% NaCl running behind vanc", Some(FluidPurpose::Carrier)),
            ("NS under Remicade", Some(FluidPurpose::Carrier)),
            ("D5W 100 mL carrier", Some(FluidPurpose::Carrier)),
            ("NS at KVO", Some(FluidPurpose::KeepOpen)),
            ("NS keep vein open", Some(FluidPurpose::KeepOpen)),
            ("NS behind", None),
            ("heparin behind NS", None),
            ("NS 1 L", None),
            ("carrier", None),
        ] {
            assert_eq!(catalog.formulary.told_purpose(text), purpose, "{text}");
        }
    }

    #[test]
    fn a_fluid_behind_a_drug_is_a_fluid_and_notes_name_no_drug() {
        let catalog = Catalog::embedded();
        let class = |text| catalog.formulary.class_of_name(text).map(|named| named.class);
        for text in [
            "NS behind heparin",
            "NS alongside nitroglycerin",
            "NS supporting insulin drip",
            "NS MIVF 125 mL/h",
            "NS fluid challenge 500 mL",
            "NS 1 L primary bag",
            "NS 1 L warmed, tolerated well",
            "RL 1 L",
            "Plasma-Lyte A 1 L",
            "NSB 1 L",
            "D51/2NS",
        ] {
            assert_eq!(class(text), Some(DrugClass::Hydration), "{text}");
        }
        for text in ["NS zzz", "NS + zzzmab", "NS 1 L with zzzmab"] {
            assert_eq!(class(text), None, "{text}");
        }
        for (text, is_fluid) in [
            ("NS 1 L qwerty", true),
            ("NS qwerty bag 2", true),
            ("NS + zzzmab", false),
            ("NS plus zzzmab", false),
            ("NS with zzzmab", false),
            ("NS, zzzmab 20 mg", false),
            ("zzzmab in NS", false),
            ("NS with heparin", false),
        ] {
            assert_eq!(catalog.formulary.is_fluid_with_notes(text), is_fluid, "{text}");
        }
    }
}
