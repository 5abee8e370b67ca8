//! The quarterly crosswalk from National Drug Codes to billing codes.

use super::asp::money;
use rustc_hash::FxHashSet;

use super::problem::{FileError, ProblemKind, Problems, excerpt};
use super::table::{self, Column, Row, required};
use crate::domain::code::{HcpcsCode, Ndc};
use crate::domain::quantity::Decimal;

/// The columns read; the year in the name of the first one changes and drops out.
pub(super) const COLUMNS: &[Column] = &[
    required(&["code", "hcpcscode", "hcpcs"]),
    required(&["ndc", "ndcoralternateid"]),
    required(&["drugname"]),
    required(&["hcpcsdosage", "dosage"]),
    required(&["pkgsize", "packagesize"]),
    required(&["pkgqty", "packageqty", "packagequantity"]),
    required(&["billunits", "billingunits"]),
    required(&["billunitspkg", "billunitsperpkg", "billunitsperpackage"]),
];

/// What people and programs write for the hyphen of an NDC.
const DASHES: &[char] = &['\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2014}', '\u{2212}'];

/// The crosswalk of one quarter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Crosswalk {
    pub rows: Vec<CrosswalkRow>,
    /// Rows whose identifier is no NDC: skin substitutes and devices have other ones.
    pub alternates: Vec<AlternateRow>,
    pub problems: Problems,
}

/// One product under an identifier that is no NDC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlternateRow {
    /// Line of the file, counted from one.
    pub line: u32,
    pub code: HcpcsCode,
    /// Brand or product name as CMS prints it.
    pub drug_name: Box<str>,
}

/// One package under one code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrosswalkRow {
    /// Line of the file, counted from one.
    pub line: u32,
    pub code: HcpcsCode,
    pub ndc: Ndc,
    /// Brand or product name as CMS prints it.
    pub drug_name: Box<str>,
    pub dosage: Box<str>,
    /// Millilitres of a liquid container, otherwise 1.
    pub package_size: Decimal,
    /// Containers in a package.
    pub package_quantity: Decimal,
    /// Billing units in one container; may be a fraction.
    pub bill_units: Decimal,
    /// Billing units in a package, rounded up by CMS; never multiply containers by it (rule W-15).
    pub bill_units_per_package: Decimal,
}

/// Reads a crosswalk. The result is bounded by the file, which has at most 64 MiB.
///
/// # Errors
/// [`FileError`] when the file is too large or has no header.
pub fn parse(bytes: &[u8]) -> Result<Crosswalk, FileError> {
    let mut crosswalk = Crosswalk::default();
    let (mut rows, mut alternates) = (Vec::new(), Vec::new());
    let mut seen = FxHashSet::default();
    table::each(bytes, COLUMNS, &mut crosswalk.problems, |row, _| {
        let code: HcpcsCode = row.get(0).parse().map_err(|_| ProblemKind::bad("code", row.get(0)))?;
        let Ok(ndc) = row.get(1).replace(DASHES, "-").parse::<Ndc>() else {
            if is_ndc_without_zeros(row.get(1)) {
                return Err(ProblemKind::bad("National Drug Code", row.get(1)));
            }
            alternates.push(AlternateRow { line: row.line, code, drug_name: row.get(2).into() });
            return Ok(());
        };
        if !seen.insert((ndc, code)) {
            return Err(ProblemKind::Duplicate(excerpt(&format!("{} under {code}", row.get(1)))));
        }
        rows.push(CrosswalkRow {
            line: row.line,
            code,
            ndc,
            drug_name: row.get(2).into(),
            dosage: row.get(3).into(),
            package_size: positive(row, 4, "package size")?,
            package_quantity: positive(row, 5, "package quantity")?,
            bill_units: positive(row, 6, "number of billing units")?,
            bill_units_per_package: positive(row, 7, "number of billing units")?,
        });
        Ok(())
    })?;
    Ok(Crosswalk { rows, alternates, ..crosswalk })
}

/// Whether a spreadsheet took an NDC for a number, so that the noughts before it and the hyphens are gone: which of its
/// parts was short nobody can tell. Other identifiers of digits alone are longer.
fn is_ndc_without_zeros(text: &str) -> bool {
    (7..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A package holds something: none and less than none are slips.
fn positive(row: &Row<'_>, column: usize, name: &'static str) -> Result<Decimal, ProblemKind> {
    let number = number(row, column, name)?;
    if number.nanos() > 0 { Ok(number) } else { Err(ProblemKind::bad(name, row.get(column))) }
}

pub(super) fn number(row: &Row<'_>, column: usize, name: &'static str) -> Result<Decimal, ProblemKind> {
    money(row.get(column)).flatten().ok_or_else(|| ProblemKind::bad(name, row.get(column)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_read_and_other_identifiers_counted() {
        let text = "Title,,\n_2026_CODE,Short Description,LABELER NAME,NDC2,Drug Name,HCPCS dosage,PKG SIZE,PKG QTY,BILLUNITS,BILLUNITSPKG,,\n\
                    J9312,R,Maker,50242-0051-21,Brand,10 MG,10,1,10,10,,\n\
                    Q4100,S,Maker,AAA-99999,Skin,1 SQ CM,1,1,4,4,,\n\
                    J7674,M,Maker,00001-0001-01,Brand,1 MG,21.3125?,1,1,1,,\n";
        let crosswalk = parse(text.as_bytes()).expect("a crosswalk");
        assert_eq!((crosswalk.rows.len(), crosswalk.alternates.len()), (1, 1));
        assert_eq!(crosswalk.rows[0].bill_units, Decimal::whole(10));
        assert_eq!(crosswalk.problems.iter().map(|it| it.line).collect::<Vec<_>>(), [5]);
    }

    #[test]
    fn what_no_package_can_be_is_a_problem_and_a_dash_is_none() {
        let text = "_2026_CODE,NDC,Drug Name,Dosage,Package Size,Package Qty,Billing Units,BILL UNITS PER PKG\n\
                    J9312,50242-0051-21,Brand,10 MG,10,1,10,10\n\
                    J9312,50242-0051-21,Brand,10 MG,10,1,7,7\n\
                    J9316,50242-0051-21,Brand,10 MG,10,1,10,10\n\
                    J7674,1000101,Brand,1 MG,1,1,1,1\n\
                    Q4100,880304040404,Skin,1 SQ CM,1,1,4,4\n\
                    J9312,50242-0053-06,Brand,10 MG,10,1,0,0\n\
                    J9312,50242-0053-07,Brand,10 MG,10,1,-20,-20\n\
                    J9312,50242\u{2013}0053\u{2011}08,Brand,10 MG,10,1,50,50\n";
        let crosswalk = parse(text.as_bytes()).expect("a crosswalk");
        let units: Vec<String> = crosswalk.rows.iter().map(|row| row.bill_units.to_string()).collect();
        assert_eq!((units, crosswalk.alternates.len()), (["10", "10", "50"].map(str::to_owned).into(), 1));
        assert_eq!(crosswalk.problems.iter().map(|it| it.line).collect::<Vec<_>>(), [3, 5, 7, 8]);
    }
}
