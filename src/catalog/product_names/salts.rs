//! The salts of a name: one in short is the same, and another one is another product.

use super::{DEPOT_ESTER, Entry, NameQuery, Nearness, ProductNames, key};
use crate::catalog::Catalog;
use crate::catalog::names::{fold, is_salt};

/// Salts that records and descriptors write in short.
const SHORT_SALTS: &[(&str, &str)] =
    &[("hcl", "hydrochloride"), ("phos", "phosphate"), ("sod", "sodium"), ("succ", "succinate")];

/// Salts that makers use beside the usual one of a drug, so that they tell the product.
const OF_ONE_MAKER: &[&str] = &["ditromethamine"];

/// What stands before the fluid of a product that is sold mixed.
const MIXED_IN: &str = " in ";

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

/// The key of a name without its salts; nothing where it tells none, or nothing else, or is a depot's.
pub(super) fn without_salts(words: &[String]) -> Option<String> {
    let is_depot = words.iter().any(|word| word == DEPOT_ESTER);
    let bare: Vec<String> = words.iter().filter(|word| !is_salt(word)).cloned().collect();
    (!is_depot && !bare.is_empty() && bare.len() < words.len()).then(|| key(&bare))
}

impl Catalog {
    /// The codes of a name without its salt, where the name with it is that of some product: a maker's product holds
    /// the same salt, whether its code names it or not, so that the salt decides between none of them. Another
    /// preparation of the drug, such as liposomes, may be told by it.
    pub(super) fn without_its_salt<'n>(
        &self,
        names: &'n ProductNames,
        query: &NameQuery,
        near: &[Entry],
    ) -> Vec<&'n Entry> {
        let is_own = query.salts.iter().any(|salt| OF_ONE_MAKER.contains(&salt.as_str()));
        let Some(bare) = query.unsalted.as_deref().filter(|_| !near.is_empty() && !is_own) else {
            return Vec::new();
        };
        let identity = |(_, code, effective): &Entry| -> Option<String> {
            if let Some(listed) = self.formulary.drug(*code) {
                return Some(listed.identity.to_string());
            }
            let version = self.codes.get(code)?.iter().find(|version| version.effective == *effective)?;
            Some(self.formulary.identity_of_name(&version.name))
        };
        let own: Vec<Option<String>> = near.iter().map(identity).collect();
        let is_of_same_salt = |(_, code, effective): &Entry| {
            let mut versions = self.codes.get(code).into_iter().flatten();
            versions.find(|it| it.effective == *effective).is_some_and(|version| {
                let own = salts(&fold(&version.name));
                // What is mixed with a fluid already is told by the fluid.
                !version.name.contains(MIXED_IN) && (own.is_empty() || own == query.salts)
            })
        };
        let is_added = |entry: &&Entry| {
            entry.0 == Nearness::Exact
                && is_of_same_salt(entry)
                && !near.iter().any(|known| (known.1, known.2) == (entry.1, entry.2))
                && own.contains(&identity(entry))
        };
        names.of(bare).iter().filter(is_added).collect()
    }
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
