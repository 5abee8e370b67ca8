//! Brand names of codes, from the product names of the NDC crosswalk.

use std::collections::BTreeMap;

use crate::catalog::names::fold;
use crate::cms::ndc_crosswalk::Crosswalk;
use crate::domain::code::HcpcsCode;

/// Brands kept of one code; the codes with more are sold under every maker's own name.
const BRANDS_MAX: usize = 8;

/// The product names of each code.
#[derive(Debug, Default)]
pub(super) struct Products(BTreeMap<HcpcsCode, Vec<String>>);

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

    /// The brands of a code: product names that do not begin with a word of its nonproprietary name.
    pub(super) fn brands(&self, code: HcpcsCode, name: &str) -> Vec<Box<str>> {
        let ingredient = fold(name);
        let is_brand = |product: &&String| {
            let first = fold(product).into_iter().next();
            first.is_some_and(|first| {
                !ingredient.iter().any(|word| word.starts_with(&first) || first.starts_with(word))
            })
        };
        let mut brands: Vec<Box<str>> = self
            .0
            .get(&code)
            .into_iter()
            .flatten()
            .filter(is_brand)
            .map(|name| name.as_str().into())
            .collect();
        brands.sort_unstable();
        brands.truncate(BRANDS_MAX);
        brands
    }

    /// The product name of a code that no descriptor names, in small letters.
    pub(super) fn name(&self, code: HcpcsCode) -> String {
        self.0.get(&code).and_then(|names| names.first()).map(|name| name.to_lowercase()).unwrap_or_default()
    }
}

/// A product name without its marks and without the maker in parentheses.
fn plain(name: &str) -> String {
    let name = name.split('(').next().unwrap_or(name);
    let name: String = name.chars().filter(|c| !matches!(c, '\u{ae}' | '\u{2122}' | ';')).collect();
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}
