//! Package sizes that the crosswalk of CMS prints wrong: the milligrams of a powder in place of one piece, or one piece in
//! place of the millilitres of a liquid (rules D-04, D-10).
//!
//! No rule tells them from the others: many liquids hold one milligram in a millilitre. So each is listed with what CMS
//! printed, and a crosswalk that prints something else is believed.

use rustc_hash::FxHashMap;

use super::error::DataError;
use super::ndc::{NdcEntry, PackageForm};
use super::table::rows;
use crate::domain::code::Ndc;
use crate::domain::quantity::Decimal;

/// The table `catalog/package_sizes.csv`.
#[derive(Debug, Clone, Default)]
pub struct PackageSizes(FxHashMap<Ndc, Correction>);

#[derive(Debug, Clone)]
struct Correction {
    printed: Decimal,
    /// Millilitres of a liquid container, otherwise 1.
    size: Decimal,
    form: PackageForm,
}

impl PackageSizes {
    /// Reads the table.
    ///
    /// # Errors
    /// The first row that cannot be read.
    pub fn parse(text: &str) -> Result<Self, DataError> {
        rows("package_sizes.csv", text, &["ndc", "printed", "size", "form", "because", "cite"])?
            .map(|row| {
                let row = row?;
                let form = match row.text(3) {
                    "liquid" => PackageForm::Liquid,
                    "" => PackageForm::Piece,
                    other => return Err(row.refuse(&format!("`{other}` is no form"))),
                };
                Ok((row.read(0)?, Correction { printed: row.read(1)?, size: row.read(2)?, form }))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Corrects the size of a row where it is the one that is known to be wrong.
    pub fn correct(&self, ndc: Ndc, entry: &mut NdcEntry) {
        if let Some(known) = self.0.get(&ndc).filter(|known| known.printed == entry.package_size) {
            entry.package_size = known.size;
            entry.form = known.form;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PackageForm;
    use crate::catalog::release::{Overlay, Release};

    #[test]
    fn each_correction_is_of_a_row_that_cms_printed() {
        let sizes = &Overlay::embedded().package_sizes;
        let printed = |ndc: &_, size| {
            let mut rows = Release::embedded().ndcs.iter().filter(|(known, _)| known == ndc);
            rows.any(|(_, row)| row.package_size == size)
        };
        assert!(sizes.0.len() > 20);
        for (ndc, known) in &sizes.0 {
            let is_other = known.form == PackageForm::Liquid || known.printed != known.size;
            assert!(printed(ndc, known.printed) && is_other, "{ndc}");
        }
    }
}
