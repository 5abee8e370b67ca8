//! Part B payment limits: the quarterly payment file of separately paid drugs.

use rustc_hash::FxHashSet;

use super::problem::{FileError, ProblemKind, Problems};
use super::table::{self, Column, optional, required};
use crate::domain::code::HcpcsCode;
use crate::domain::quantity::Decimal;

/// The columns read, by the names they have had.
pub(super) const COLUMNS: &[Column] = &[
    required(&["hcpcscode"]),
    required(&["hcpcscodedosage"]),
    required(&["paymentlimit"]),
    optional(&["coinsurancepercentage"]),
    optional(&["notes"]),
];

/// The payment limits of one quarter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PaymentLimits {
    pub rows: Vec<LimitRow>,
    pub problems: Problems,
}

/// One code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitRow {
    /// Line of the file, counted from one.
    pub line: u32,
    pub code: HcpcsCode,
    /// The amount of one billing unit, in CMS's free text.
    pub dosage: Box<str>,
    /// Dollars for one billing unit, exact; nothing where CMS prints `N/A`.
    pub dollars: Option<Decimal>,
    /// Percent of the limit that the patient owes; below 20 where adjusted for inflation.
    pub coinsurance_percent: Option<Decimal>,
    pub notes: Box<str>,
}

/// Reads a payment file. The result is bounded by the file, which has at most 64 MiB.
///
/// # Errors
/// [`FileError`] when the file is too large or has no header.
pub fn parse(bytes: &[u8]) -> Result<PaymentLimits, FileError> {
    let (mut rows, mut problems) = (Vec::new(), Problems::default());
    let mut seen = FxHashSet::default();
    table::each(bytes, COLUMNS, &mut problems, |row, problems| {
        let code: HcpcsCode = row.get(0).parse().map_err(|_| ProblemKind::bad("code", row.get(0)))?;
        if !seen.insert(code) {
            return Err(ProblemKind::Duplicate(code.as_str().into()));
        }
        let mut number = |column: usize, name| match money(row.get(column)) {
            Some(number) => number,
            None => {
                problems.note(row.line, ProblemKind::ignored(name, row.get(column)));
                None
            }
        };
        rows.push(LimitRow {
            line: row.line,
            code,
            dosage: row.get(1).into(),
            dollars: number(2, "payment limit"),
            coinsurance_percent: number(3, "coinsurance percentage"),
            notes: row.get(4).into(),
        });
        Ok(())
    })?;
    Ok(PaymentLimits { rows, problems })
}

/// An amount such as `$75.220` or `1,234.5`; `N/A`, `.` and a blank are none. Nothing when it is neither.
pub(super) fn money(text: &str) -> Option<Option<Decimal>> {
    let plain: String = text.chars().filter(|c| !matches!(c, '$' | ',' | ' ')).collect();
    match plain.as_str() {
        "" | "." => Some(None),
        text if text.eq_ignore_ascii_case("n/a") => Some(None),
        text => text.parse().ok().or_else(|| to_mills(text)).map(Some),
    }
}

/// A rate with more places than an amount keeps, to the three that CMS prints: a number cell of a workbook is a binary
/// fraction, so that `1256.6` may stand there as `1256.6000000000001`. Rounded half **up**.
fn to_mills(text: &str) -> Option<Decimal> {
    const PLACES: usize = 3;
    const NANOS_PER_MILL: i64 = 1_000_000;
    let (whole, places) = text.split_once('.')?;
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if places.len() <= PLACES || !is_number(places) || !is_number(whole) {
        return None;
    }
    let kept: Decimal = format!("{whole}.{}", &places[..PLACES]).parse().ok()?;
    let up = if places.as_bytes()[PLACES] >= b'5' { NANOS_PER_MILL } else { 0 };
    kept.nanos().checked_add(up).map(Decimal::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_below_the_preamble_are_read_exactly() {
        let text = "Payment Allowance Limits,,,,\r\n,,,,\r\n\
                    HCPCS Code,Short Description,HCPCS Code Dosage,Payment Limit,Co-insurance Percentage,Notes\r\n\
                    J9999,One,10 MG,\"1,137.892\",20.000,\"a, b\"\r\nA9606,Two,1 microCurie,N/A,,\r\n\
                    bad,Three,1 MG,1,20,\r\nJ0001,Four,1 MG,12?,20,\r\n,,,,,\r\n";
        let limits = parse(text.as_bytes()).expect("limits");
        let shown: Vec<String> =
            limits.rows.iter().map(|row| format!("{} {:?} {:?}", row.code, row.dollars, row.line)).collect();
        assert_eq!(shown, ["J9999 Some(1137.892) 4", "A9606 None 5", "J0001 None 7"]);
        assert_eq!(limits.problems.iter().map(|it| it.line).collect::<Vec<_>>(), [6, 7]);
        assert!(parse(b"no header").is_err());
    }

    #[test]
    fn a_code_listed_twice_keeps_its_first_limit() {
        let text = "HCPCS Code,HCPCS Code Dosage,Payment Limit\nJ9271,1 MG,59.726\nJ9271,1 MG,1.000\n";
        let limits = parse(text.as_bytes()).expect("limits");
        let dollars: Vec<_> =
            limits.rows.iter().filter_map(|row| row.dollars).map(|it| it.to_string()).collect();
        assert_eq!((dollars, limits.problems.count()), (vec!["59.726".to_owned()], 1));
    }

    #[test]
    fn a_binary_fraction_of_a_workbook_is_rounded_to_mills() {
        for (cell, dollars) in [
            ("66.74074074074075", "66.741"),
            ("1256.6000000000001", "1256.6"),
            ("0.9999999999999", "1"),
            ("12.123456789", "12.123456789"),
        ] {
            let read = money(cell).flatten().map(|dollars| dollars.to_string());
            assert_eq!(read.as_deref(), Some(dollars), "{cell}");
        }
        assert_eq!(money("1.0000000000x"), None);
    }
}
