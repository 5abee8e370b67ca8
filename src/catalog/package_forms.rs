//! What a printed package size of 1 is: one millilitre of a liquid, or one piece (rules D-04, D-10).
//!
//! The crosswalk of CMS prints both alike, so each content that it prints so is listed with the millilitres of its
//! container. A content that is not listed, as of a code newer than the table, is told by nothing.

use rustc_hash::FxHashMap;

use super::error::DataError;
use super::ndc::{NdcEntry, NdcTable, PackageForm};
use super::table::rows;
use crate::domain::code::HcpcsCode;
use crate::domain::quantity::Decimal;

/// The table `catalog/package_forms.csv`.
#[derive(Debug, Clone, Default)]
pub struct PackageForms(FxHashMap<HcpcsCode, CodeForms>);

#[derive(Debug, Clone, Default)]
struct CodeForms {
    /// Billing units in one container, and its millilitres.
    liquids: Vec<(Decimal, Decimal)>,
    /// Every other content that is printed with a size of 1 is one piece: a powder, a kit, an implant, a tablet.
    are_others_pieces: bool,
}

impl PackageForms {
    /// Reads the table. A row without billing units is about the contents that no other row of the code lists.
    ///
    /// # Errors
    /// The first row that cannot be read.
    pub fn parse(text: &str) -> Result<Self, DataError> {
        let mut forms: FxHashMap<HcpcsCode, CodeForms> = FxHashMap::default();
        for row in rows("package_forms.csv", text, &["code", "bill_units", "volume", "cite"])? {
            let row = row?;
            let of_code = forms.entry(row.read(0)?).or_default();
            match (row.read_optional(1)?, row.read_optional(2)?) {
                (Some(units), Some(volume)) => of_code.liquids.push((units, volume)),
                (None, None) => of_code.are_others_pieces = true,
                _ => return Err(row.refuse("give both the billing units and the millilitres, or neither")),
            }
        }
        Ok(Self(forms))
    }

    /// Tells the form of a package whose printed size is 1, and its size where that is another one.
    pub fn tell(&self, entry: &mut NdcEntry) {
        if entry.package_size != Decimal::ONE || entry.form != PackageForm::Untold {
            return;
        }
        match self.volume(entry.code, entry.bill_units) {
            Some(volume) => {
                entry.form = PackageForm::Liquid;
                entry.package_size = volume;
            }
            None if self.0.get(&entry.code).is_some_and(|of_code| of_code.are_others_pieces) => {
                entry.form = PackageForm::Piece;
            }
            None => {}
        }
    }

    /// The size of a package that no crosswalk lists: that of every listed package of its code with so many billing units,
    /// in millilitres where they are liquids and otherwise 1. Nothing where two differ or none is listed.
    pub fn of_unlisted(
        &self,
        ndcs: &NdcTable,
        code: HcpcsCode,
        bill_units: Decimal,
    ) -> Option<(PackageForm, Decimal)> {
        let rows = ndcs.iter().flat_map(|(_, rows)| rows);
        let mut same = rows
            .filter(|row| row.code == code && row.bill_units == bill_units)
            .map(|row| (row.told_form(), row.package_size));
        let Some(first) = same.next() else {
            return self.volume(code, bill_units).map(|volume| (PackageForm::Liquid, volume));
        };
        Some(first).filter(|(form, _)| *form != PackageForm::Untold && same.all(|other| other == first))
    }

    /// Millilitres of a container of so many billing units that the table lists as a liquid.
    fn volume(&self, code: HcpcsCode, bill_units: Decimal) -> Option<Decimal> {
        let liquids = &self.0.get(&code)?.liquids;
        liquids.iter().find(|(units, _)| *units == bill_units).map(|(_, volume)| *volume)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn each_size_of_one_that_cms_prints_is_told() {
        let catalog = Catalog::embedded();
        let rows = || catalog.ndcs.iter().flat_map(|(_, rows)| rows);
        let is_liquid = |row: &&NdcEntry| row.form == PackageForm::Liquid;
        assert!(rows().filter(is_liquid).count() > 900);
        let untold: Vec<_> = rows()
            .filter(|row| row.told_form() == PackageForm::Untold)
            .map(|row| (row.code.to_string(), row.bill_units.to_string()))
            .collect();
        // What makers sell in both forms, and rows whose billing units are printed by the millilitre.
        assert!(untold.len() < 40, "{untold:?}");
    }

    #[test]
    fn packages_of_one_content_tell_of_another() {
        let catalog = Catalog::embedded();
        let of = |code: &str, units: &str| {
            let (code, units) = (code.parse().expect("a code"), units.parse().expect("a number"));
            catalog.package_forms.of_unlisted(&catalog.ndcs, code, units)
        };
        let liquid = |volume: &str| Some((PackageForm::Liquid, volume.parse().expect("a number")));
        assert_eq!(of("J1050", "150"), liquid("1"));
        assert_eq!(of("J0171", "10"), None, "1 mg is sold in one millilitre and in ten");
        assert_eq!(of("J1885", "2"), liquid("1"));
        assert_eq!(of("J0878", "500"), Some((PackageForm::Piece, Decimal::ONE)));
        assert_eq!(of("J9312", "7"), None, "no package holds 70 mg");
    }
}
