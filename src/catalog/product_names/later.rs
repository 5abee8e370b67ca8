//! Codes that took the place of another: CMS names the brand of a product on its newest code alone.

use super::is_product;
use crate::catalog::codes::CodeTable;
use crate::catalog::formulary::Formulary;
use crate::catalog::record::CodeVersion;

/// Later codes that are read of one: in a row each takes the place of the one before, as C9469, Q9993 and J3304 did.
const LATER_MAX: usize = 16;

/// The later codes of the product of an ended one, whose names are its names too.
///
/// A C code is of the one product whose own code came later. Any other has those names where nothing names its own
/// product, and from those codes alone that began after its end: one that lived beside it was of another product.
pub(super) fn of<'c>(
    codes: &'c CodeTable,
    tables: Option<&Formulary>,
    version: &CodeVersion,
) -> Vec<&'c CodeVersion> {
    // The last version of a product's code tells what took its place; its number may be another drug's since.
    let mut same = codes.get(&version.code).into_iter().flatten().filter(|own| own.added == version.added);
    let Some(ended) = same.next() else { return Vec::new() };
    let is_of_hospitals = ended.code.family() == 'C';
    if !is_of_hospitals && names_product(tables, ended) {
        return Vec::new();
    }
    let successors = |before: &CodeVersion| {
        let last = before.terminated;
        let later = before.successors.iter().filter_map(|code| codes.get(code)).flatten();
        let took_over = move |later: &&CodeVersion| {
            is_product(later) && (is_of_hospitals || last.is_some_and(|last| last < later.added))
        };
        later.filter(took_over).collect::<Vec<&CodeVersion>>()
    };
    let mut found = successors(ended);
    let mut at = 0;
    while at < found.len() && found.len() < LATER_MAX {
        found.extend(successors(found[at]));
        at += 1;
    }
    found
}

/// Whether CMS or our tables name the product of a code.
fn names_product(tables: Option<&Formulary>, version: &CodeVersion) -> bool {
    let listed = tables.and_then(|tables| tables.drug(version.code));
    !version.brands.is_empty() || listed.is_some_and(|listed| !listed.brands.is_empty())
}
