//! The salts of a name: one in short is the same, and another one is another product.

use crate::catalog::names::{fold, is_salt};

/// Salts that records and descriptors write in short.
const SHORT_SALTS: &[(&str, &str)] =
    &[("hcl", "hydrochloride"), ("phos", "phosphate"), ("sod", "sodium"), ("succ", "succinate")];

/// The whole name of a salt that is written in short.
pub(super) fn in_full(word: &str) -> Option<&'static str> {
    SHORT_SALTS.iter().find(|(short, _)| *short == word).map(|(_, salt)| *salt)
}

/// The salts of a drug, without those of the fluid that it is mixed with.
pub(super) fn salts(words: &[String]) -> Vec<String> {
    let of_drug = words.iter().take_while(|word| !["in", "with", "and"].contains(&word.as_str()));
    let named = |word: &String| in_full(word).unwrap_or(word).to_owned();
    of_drug.filter(|word| is_salt(word)).map(named).collect()
}

/// Whether a name tells another salt than a product's own name does: a salt without a code is not billed by another's
/// (rule U-10).
pub(super) fn is_other_salt(asked: &[String], name: &str) -> bool {
    if asked.is_empty() {
        return false;
    }
    let own = salts(&fold(name));
    !own.is_empty() && !own.iter().any(|salt| asked.contains(salt))
}
