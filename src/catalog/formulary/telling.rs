//! Words that make another drug of the name that they stand beside, as `decanoate` does of haloperidol, and the drug of a
//! name beside which all other words tell nothing of it.

use rustc_hash::{FxHashMap, FxHashSet};

use super::occasion::{WORDS, is_kind};
use super::{Formulary, NamedClass, Nature, fold, notes};
use crate::catalog::names::{Matches, is_filler, is_salt};
use crate::domain::drug::DrugClass;

/// Letters of the shortest word that may stand short for a longer one, as `dec` does for `decanoate`.
const SHORT_MIN: usize = 3;

/// Letters of the longest word that is never written shorter: the four of a biosimilar are among them.
const WHOLE_MAX: usize = 5;

/// Letters of the longest word that tells only beside the drug that it is named with: `b` of amphotericin B, and `la` of
/// Bicillin L-A, which is the left arm elsewhere.
const BESIDE_MAX: usize = 2;

/// The words of the table of names that tell two drugs apart: beside a name that is known without them they make another.
#[derive(Debug, Clone, Default)]
pub(super) struct TellingWords {
    /// In their order, so that the words that one begins are found beside it.
    words: Box<[Box<str>]>,
    /// The shortest words, each behind the drug that it is named with.
    letters: FxHashSet<Box<str>>,
}

impl TellingWords {
    /// Reads the words out of the names of several words.
    pub fn of(names: &FxHashMap<Box<str>, NamedClass>) -> Self {
        let (mut words, mut letters) = (FxHashSet::<&str>::default(), FxHashSet::default());
        for (name, named) in names.iter().filter(|(_, named)| is_drug(named)) {
            let all: Vec<&str> = name.split(' ').collect();
            for part in parts(&all) {
                let Some(known) = names.get(all[part.clone()].join(" ").as_str()) else { continue };
                if known.drug == named.drug || !is_drug(known) {
                    continue;
                }
                let beside = all[..part.start].iter().chain(&all[part.end..]);
                for word in beside.filter(|word| !is_filler(word) && !is_salt(word)) {
                    if word.len() <= BESIDE_MAX {
                        letters.insert(with_letter(&known.drug, word).into());
                    } else {
                        words.insert(word);
                    }
                }
            }
        }
        let mut words: Vec<Box<str>> = words.into_iter().map(Into::into).collect();
        words.sort_unstable();
        Self { words: words.into(), letters }
    }

    /// Whether a word may make another drug of the one that it stands beside: it is such a word, or the beginning of one.
    fn tells(&self, drug: &str, word: &str) -> bool {
        if word.len() <= BESIDE_MAX {
            return self.letters.contains(with_letter(drug, word).as_str());
        }
        if WORDS.has("forms", word) {
            return true;
        }
        let at = self.words.partition_point(|known| **known < *word);
        let mut begun = self.words[at..].iter().take_while(|known| known.starts_with(word));
        begun.any(|known| **known == *word || word.len() >= SHORT_MIN && known.len() > WHOLE_MAX)
    }
}

/// Whether a name is of one drug that these codes are for: no fluid, no flush, no kind, no vaccine and no blood, whose
/// names have words of many notes, as `pneumonia` and `shot`.
fn is_drug(named: &NamedClass) -> bool {
    let is_apart = matches!(named.class, DrugClass::Hydration | DrugClass::Vaccine | DrugClass::BloodProduct);
    !is_apart && named.nature != Nature::Flush && !is_kind(named)
}

/// The parts of some words that are fewer than all of them.
fn parts(words: &[&str]) -> impl Iterator<Item = std::ops::Range<usize>> + use<> {
    let length = words.len();
    let ranges = move |start| (start + 1..=length).map(move |end| start..end);
    (0..length).flat_map(ranges).filter(move |part| part.len() < length)
}

fn with_letter(drug: &str, letter: &str) -> String {
    format!("{drug} {letter}")
}

impl Formulary {
    /// The drug of a name, whatever else stands beside it: `morphine` of `morphine 4 mg per Dr Smith`. Nothing where a part
    /// of a mixture is not known, where only a kind or a fluid is named, or where a word may make another drug of it.
    pub fn drug_of_name(&self, text: &str) -> Option<String> {
        let given = self.given_part(text);
        let folded = fold(given);
        let Matches { found, mut rest, .. } = self.find(&folded);
        let drugs = found.into_iter().filter(|named| is_drug(named));
        let mut drugs: Vec<&str> = drugs.map(|named| &*named.drug).collect();
        drugs.sort_unstable();
        drugs.dedup();
        notes::leave_out(&mut rest);
        let tells = |word: &&str| drugs.iter().any(|drug| self.telling.tells(drug, word));
        if drugs.is_empty() || rest.iter().any(tells) || self.unknown_part(text).is_some() {
            return None;
        }
        Some(self.substance_of(&drugs.join("+")).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use crate::catalog::Catalog;

    #[test]
    fn a_word_beside_a_known_name_is_told_from_one_that_makes_another_drug() {
        let catalog = Catalog::embedded();
        let drug = |text| catalog.formulary.drug_of_name(text);
        for (text, expected) in [
            ("morphine 4 mg per Dr Smith", Some("morphine")),
            ("morphine 4 mg BP 120/80", Some("morphine")),
            ("morphine 4 mg T.O. J. Smith RN", Some("morphine")),
            ("Toradol for flank pain", Some("ketorolac")),
            ("Xolair 150 mg abd", Some("omalizumab")),
            ("Xolair 150 mg LA", Some("omalizumab")),
            ("haloperidol dec 50 mg", None),
            ("morphine liposomal", None),
            ("pasireotide long acting", None),
            ("zzzmab + morphine", None),
            ("morphine and zzzmab", None),
            ("antibiotic zzzcillin", None),
            ("NS zzz", None),
            ("zzzmab", None),
        ] {
            assert_eq!(drug(text).as_deref(), expected, "{text}");
        }
    }
}
