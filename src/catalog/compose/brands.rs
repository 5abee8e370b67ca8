//! Brand names of codes, from the product names of the NDC crosswalk.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use crate::catalog::names::{fold, is_salt};
use crate::catalog::release::{Descriptors, Overlay};
use crate::catalog::text::Text;
use crate::cms::ndc_crosswalk::Crosswalk;
use crate::domain::code::HcpcsCode;

/// Brands kept of one code. Contrast media have the most, for each concentration is a name of its own; a code with
/// more is sold under every maker's own name.
const BRANDS_MAX: usize = 32;

/// Letters in which a product name may differ from the name of its own drug.
const MISSPELT_LETTERS: usize = 2;

/// The product names of each code.
#[derive(Debug, Default)]
pub(in crate::catalog) struct Products(BTreeMap<HcpcsCode, Vec<String>>);

/// Words of what a product is, of which none tells whose it is: a name that is made of them alone is no brand.
const COMMON_WORDS: &[&str] = &[
    "acellular",
    "allograft",
    "amniotic",
    "animal",
    "care",
    "collagen",
    "derived",
    "dermal",
    "extracellular",
    "graft",
    "human",
    "matrix",
    "membrane",
    "placental",
    "product",
    "skin",
    "substitute",
    "tissue",
    "wound",
];

/// A word that a crosswalk cuts off where its column ends.
const CUT_WORD: &str = "recombinant";

/// What stands between the product names of a code where a release keeps them.
const BETWEEN: char = ';';

impl Products {
    /// Takes the rows of one crosswalk; those of the newest one come first.
    pub(super) fn add(&mut self, crosswalk: &Crosswalk) {
        let packages = crosswalk.rows.iter().map(|row| (row.code, &row.drug_name));
        let alternates = crosswalk.alternates.iter().map(|row| (row.code, &row.drug_name));
        for (code, drug_name) in packages.chain(alternates) {
            let names = self.0.entry(code).or_default();
            let name = plain(drug_name);
            match names.iter_mut().find(|held| held.eq_ignore_ascii_case(&name)) {
                // Of two spellings the one in capitals is the less legible.
                Some(held) if *held == held.to_uppercase() => *held = name,
                Some(_) => {}
                None => names.push(name),
            }
        }
    }

    /// The product names of each code as a release keeps them.
    pub(super) fn kept(&self) -> impl Iterator<Item = Descriptors> {
        let joined = |names: &[String]| names.join(&BETWEEN.to_string());
        self.0.iter().map(move |(code, names)| Descriptors {
            code: *code,
            long: joined(names).into(),
            short: Text::default(),
        })
    }

    /// Takes the product names that a release of a crosswalk keeps.
    pub(in crate::catalog) fn hear(&mut self, kept: &[Descriptors]) {
        for Descriptors { code, long, .. } in kept {
            let names = self.0.entry(*code).or_default();
            for name in long.split(BETWEEN).filter(|name| !name.is_empty()) {
                if !names.iter().any(|held| held.eq_ignore_ascii_case(name)) {
                    names.push(name.to_owned());
                }
            }
        }
    }

    /// Whether no crosswalk told a name.
    pub(in crate::catalog) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The brands of a code: product names that do not begin with a word of its nonproprietary name.
    ///
    /// The name of another drug is no brand, but a mistake of the crosswalk; one that is spelt nearly so is the same.
    pub(in crate::catalog) fn brands(
        &self,
        code: HcpcsCode,
        name: &str,
        drugs: &FxHashSet<String>,
    ) -> Vec<Text> {
        let ingredient = fold(name);
        let is_other_drug = |product: &str| {
            let bare = bare_name(product);
            let formulary = &Overlay::embedded().formulary;
            if formulary.identity_of_name(product) == formulary.identity_of_name(name) {
                return false;
            }
            let is_own = |word: &str| {
                ingredient
                    .iter()
                    .any(|own| own == word || strsim::osa_distance(own, word) <= MISSPELT_LETTERS)
            };
            !bare.is_empty() && drugs.contains(&bare) && !bare.split(' ').all(is_own)
        };
        let is_common = |product: &str| {
            fold(product).iter().all(|word| {
                COMMON_WORDS.contains(&&**word)
                    || word.len() > MISSPELT_LETTERS && CUT_WORD.starts_with(&**word)
            })
        };
        let is_brand = |product: &&String| {
            let first = fold(product).into_iter().next();
            first.is_some_and(|first| {
                !ingredient.iter().any(|word| word.starts_with(&first) || first.starts_with(word))
            })
        };
        let mut brands: Vec<Text> = self
            .0
            .get(&code)
            .into_iter()
            .flatten()
            .filter(|name| is_brand(name) && !is_common(name))
            .filter(|name| ingredient.is_empty() || !is_other_drug(name))
            .map(|name| name.as_str().into())
            .collect();
        brands.sort_unstable_by(|one, other| (**one).cmp(other));
        brands.truncate(BRANDS_MAX);
        brands
    }

    /// The product name of a code that no descriptor names, in small letters.
    pub(super) fn name(&self, code: HcpcsCode) -> String {
        self.0.get(&code).and_then(|names| names.first()).map(|name| name.to_lowercase()).unwrap_or_default()
    }
}

/// A drug's name without its salt.
pub(in crate::catalog) fn bare_name(name: &str) -> String {
    let words = fold(name);
    let bare: Vec<&str> = words.iter().map(String::as_str).filter(|word| !is_salt(word)).collect();
    bare.join(" ")
}

/// A product name without its marks and without the maker in parentheses.
fn plain(name: &str) -> String {
    let name = name.split('(').next().unwrap_or(name);
    let name: String = name.chars().filter(|c| !matches!(c, '\u{ae}' | '\u{2122}' | ';')).collect();
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}
