//! Drugs without a code of their own: the list of unclassified codes, and the payment limits and packages
//! of the drugs that are billed under them.

use super::asp::money;
use super::dates::any_date;
use super::ndc_crosswalk::number;
use super::problem::{FileError, ProblemKind, Problems};
use super::table::{self, Column, optional, required};
use crate::domain::code::{HcpcsCode, Ndc};
use crate::domain::quantity::Decimal;
use crate::domain::time::Date;

/// The columns of the list of codes.
pub(super) const CODES: &[Column] = &[
    required(&["hcpcs", "hcpcscode", "hcpc"]),
    required(&["longdescription"]),
    required(&["adddate", "adddt"]),
    required(&["termdate", "termdt"]),
];

/// The columns of the payment limits.
pub(super) const PRICES: &[Column] = &[
    required(&["druggenericnametradename", "druggenericname"]),
    required(&["dosage"]),
    required(&["paymentlimit"]),
    optional(&["notes"]),
];

/// The columns of the packages.
pub(super) const PACKAGES: &[Column] = &[
    required(&["druggenericname", "druggenericnametradename"]),
    required(&["ndc", "ndcoralternateid"]),
    required(&["drugname"]),
    required(&["dosage", "hcpcsdosage"]),
    required(&["pkgsize"]),
    required(&["pkgqty"]),
    required(&["billunits"]),
    required(&["billunitspkg"]),
];

/// The unclassified codes of a quarter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NocCodes {
    pub rows: Vec<NocCode>,
    pub problems: Problems,
}

/// One unclassified code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NocCode {
    pub line: u32,
    pub code: HcpcsCode,
    pub long_description: Box<str>,
    pub added: Option<Date>,
    /// Last usable date, inclusive.
    pub terminated: Option<Date>,
}

/// The payment limits of drugs without a code.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NocPrices {
    pub rows: Vec<NocPrice>,
    pub problems: Problems,
}

/// One drug without a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NocPrice {
    pub line: u32,
    /// Name of the drug, with the maker or brand in parentheses, as CMS prints it.
    pub name: Box<str>,
    pub dosage: Box<str>,
    /// Dollars for one dosage, exact; nothing where CMS prints `N/A`.
    pub dollars: Option<Decimal>,
    pub notes: Box<str>,
}

/// The packages of drugs without a code.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NocPackages {
    pub rows: Vec<NocPackage>,
    /// Rows whose identifier is no NDC.
    pub alternate_ids: usize,
    pub problems: Problems,
}

/// One package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NocPackage {
    pub line: u32,
    pub name: Box<str>,
    pub ndc: Ndc,
    pub drug_name: Box<str>,
    pub dosage: Box<str>,
    /// Millilitres of a liquid container, otherwise 1.
    pub package_size: Decimal,
    /// Containers in a package.
    pub package_quantity: Decimal,
    /// Dosages in one container; may be a fraction.
    pub bill_units: Decimal,
    /// Dosages in a package, as CMS prints them.
    pub bill_units_per_package: Decimal,
}

/// Reads the list of unclassified codes. The result is bounded by the file.
///
/// # Errors
/// [`FileError`] when the file cannot be read or has no header.
pub fn parse_codes(bytes: &[u8]) -> Result<NocCodes, FileError> {
    let (mut rows, mut problems) = (Vec::new(), Problems::default());
    table::each(bytes, CODES, &mut problems, |row, problems| {
        let mut date = |column: usize, name| match row.get(column) {
            "" => None,
            text => any_date(text).or_else(|| {
                problems.note(row.line, ProblemKind::ignored(name, text));
                None
            }),
        };
        rows.push(NocCode {
            line: row.line,
            added: date(2, "add date"),
            terminated: date(3, "termination date"),
            code: row.get(0).parse().map_err(|_| ProblemKind::bad("code", row.get(0)))?,
            long_description: row.get(1).into(),
        });
        Ok(())
    })?;
    Ok(NocCodes { rows, problems })
}

/// Reads the payment limits. The result is bounded by the file.
///
/// # Errors
/// [`FileError`] when the file cannot be read or has no header.
pub fn parse_prices(bytes: &[u8]) -> Result<NocPrices, FileError> {
    let (mut rows, mut problems) = (Vec::new(), Problems::default());
    table::each(bytes, PRICES, &mut problems, |row, problems| {
        if row.get(0).is_empty() {
            return Err(ProblemKind::bad("name of a drug", ""));
        }
        let dollars = money(row.get(2)).unwrap_or_else(|| {
            problems.note(row.line, ProblemKind::ignored("payment limit", row.get(2)));
            None
        });
        let (name, dosage, notes) = (row.get(0).into(), row.get(1).into(), row.get(3).into());
        rows.push(NocPrice { line: row.line, name, dosage, dollars, notes });
        Ok(())
    })?;
    Ok(NocPrices { rows, problems })
}

/// Reads the packages. The result is bounded by the file.
///
/// # Errors
/// [`FileError`] when the file cannot be read or has no header.
pub fn parse_packages(bytes: &[u8]) -> Result<NocPackages, FileError> {
    let mut packages = NocPackages::default();
    let (mut rows, mut alternate_ids) = (Vec::new(), 0);
    table::each(bytes, PACKAGES, &mut packages.problems, |row, _| {
        let Ok(ndc) = row.get(1).parse() else {
            alternate_ids += 1;
            return Ok(());
        };
        rows.push(NocPackage {
            line: row.line,
            name: row.get(0).into(),
            ndc,
            drug_name: row.get(2).into(),
            dosage: row.get(3).into(),
            package_size: number(row, 4, "package size")?,
            package_quantity: number(row, 5, "package quantity")?,
            bill_units: number(row, 6, "number of billing units")?,
            bill_units_per_package: number(row, 7, "number of billing units")?,
        });
        Ok(())
    })?;
    Ok(NocPackages { rows, alternate_ids, ..packages })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::date;

    #[test]
    fn codes_are_read_below_a_title() {
        let text = ",NOC CODES - HCPCS 2031\n,\nHCPCS,LONG DESCRIPTION,ADD DATE,TERM DATE\n\n\
                    J3490,Our wording,19860101,\nJ0000,Ours,19870101,20301231\nnone,x,,\nJ1111,y,soon,\n";
        let codes = parse_codes(text.as_bytes()).expect("codes");
        let shown: Vec<_> = codes.rows.iter().map(|row| (row.code.to_string(), row.terminated)).collect();
        let expected = [("J3490", None), ("J0000", Some(date(2030, 12, 31))), ("J1111", None)];
        assert_eq!(shown, expected.map(|(code, last)| (code.to_owned(), last)));
        assert_eq!(codes.problems.iter().map(|it| it.line).collect::<Vec<_>>(), [7, 8]);
    }

    #[test]
    fn prices_and_packages_are_read_without_a_code() {
        let prices = "Title,,,\nDrug Generic Name (Trade Name),Dosage,Payment Limit,Notes\nExample (Maker),1 UNIT,$2.462,\n";
        let prices = parse_prices(prices.as_bytes()).expect("prices");
        assert_eq!(prices.rows[0].dollars.map(|dollars| dollars.to_string()).as_deref(), Some("2.462"));
        let packages = "Drug Generic Name,LABELER NAME,NDC or ALTERNATE ID,Drug Name,Dosage,PKG SIZE,PKG QTY,BILLUNITS,BILLUNITSPKG\n\
                        Example,\"Maker, LLC\",81298-8552-03,Example,1 UNIT,100,10,20,200\nOther,M,AAA-1,O,1,1,1,1,1\n";
        let packages = parse_packages(packages.as_bytes()).expect("packages");
        assert_eq!((packages.rows.len(), packages.alternate_ids), (1, 1));
        assert_eq!(packages.rows[0].bill_units, Decimal::whole(20));
    }
}
