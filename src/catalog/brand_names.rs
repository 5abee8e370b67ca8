//! The brands of one code as several sources tell them.

use std::sync::Arc;

use super::record::CodeVersion;
use super::text::Text;
use crate::cms::makers::is_maker;

/// The brands that are known and those that another source adds. No source takes one away: the HCPCS file prints at
/// most one brand of a code, and the crosswalk of packages prints the others.
pub(super) fn joined(known: &Arc<[Text]>, told: &Arc<[Text]>) -> Arc<[Text]> {
    let is_known = |brand: &str| known.iter().any(|held| are_one(held, brand));
    let mut added = told.iter().filter(|brand| !is_known(brand)).peekable();
    if added.peek().is_none() {
        return known.clone();
    }
    known.iter().chain(added).cloned().collect()
}

/// The name of one maker's product of a drug. A maker alone is no name of a drug.
pub(super) fn of_maker(drug: &str, maker: &str) -> Text {
    format!("{drug} ({})", maker.trim()).into()
}

/// Names a maker together with the drug where a release of an earlier program holds it as a brand.
pub(super) fn settle_makers(version: &mut CodeVersion) {
    if version.brands.iter().any(|brand| is_maker(brand)) {
        let settled = |brand: &str| {
            if is_maker(brand) { of_maker(&version.name, brand) } else { brand.into() }
        };
        version.brands = version.brands.iter().map(|brand| settled(brand)).collect();
    }
}

/// Whether two writings of a brand differ in capitals and marks alone.
fn are_one(one: &str, other: &str) -> bool {
    let letters = |text: &str| {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>()
    };
    letters(one) == letters(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brands(names: &[&str]) -> Arc<[Text]> {
        names.iter().map(|name| Text::from(*name)).collect()
    }

    #[test]
    fn no_source_takes_a_brand_away() {
        let known = brands(&["Epogen", "Depo-Testosterone"]);
        assert_eq!(joined(&known, &brands(&[])), known);
        assert_eq!(joined(&known, &brands(&["epogen", "depo testosterone"])), known);
        assert_eq!(joined(&known, &brands(&["retacrit"])).last().map(|brand| &**brand), Some("retacrit"));
        assert_eq!(joined(&brands(&[]), &known), known);
    }
}
