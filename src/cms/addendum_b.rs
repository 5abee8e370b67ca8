//! Addendum B of the outpatient payment system: the status indicator of every code in a quarter.

use super::asp::money;
use super::problem::{FileError, ProblemKind, Problems};
use super::table::{self, Column, optional, required};
use crate::catalog::payment::StatusIndicator;
use crate::domain::code::HcpcsCode;
use crate::domain::quantity::Decimal;
use crate::domain::quarter::Quarter;

/// The columns read, in the published files and in derived tables.
pub(super) const COLUMNS: &[Column] = &[
    required(&["hcpcscode", "hcpcs", "cpthcpcs", "cpthcpcscode"]),
    required(&["si", "statusindicator"]),
    required(&["paymentrate"]),
    optional(&["apc"]),
    optional(&["shortdescriptor", "shortdescription"]),
    optional(&["quarter"]),
];

/// The indicators of one file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StatusIndicators {
    pub rows: Vec<StatusRow>,
    pub problems: Problems,
}

/// One code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusRow {
    pub line: u32,
    pub code: HcpcsCode,
    pub status: StatusIndicator,
    pub apc: Box<str>,
    /// Dollars; nothing where there is no rate.
    pub rate: Option<Decimal>,
    pub short_description: Box<str>,
    /// The quarter, in tables of several.
    pub quarter: Option<Quarter>,
}

/// Reads one file. The result is bounded by the file.
///
/// # Errors
/// [`FileError`] when the file cannot be read or has no header.
pub fn parse(bytes: &[u8]) -> Result<StatusIndicators, FileError> {
    let (mut rows, mut problems) = (Vec::new(), Problems::default());
    table::each(bytes, COLUMNS, &mut problems, |row, problems| {
        let code = row.get(0).parse().map_err(|_| ProblemKind::bad("code", row.get(0)))?;
        let rate = money(row.get(2)).unwrap_or_else(|| {
            problems.note(row.line, ProblemKind::ignored("payment rate", row.get(2)));
            None
        });
        let quarter = match row.get(5) {
            "" => None,
            text => Some(quarter(text).ok_or_else(|| ProblemKind::bad("quarter", text))?),
        };
        rows.push(StatusRow {
            line: row.line,
            code,
            status: row.get(1).parse().map_err(|_| ProblemKind::bad("status indicator", row.get(1)))?,
            apc: row.get(3).into(),
            rate,
            short_description: row.get(4).into(),
            quarter,
        });
        Ok(())
    })?;
    Ok(StatusIndicators { rows, problems })
}

/// `2019-04` by its first month, or `2019Q2`.
fn quarter(text: &str) -> Option<Quarter> {
    let by_month = text.split_once('-').and_then(|(year, month)| {
        let month: i8 = month.parse().ok().filter(|month| (1..=12).contains(month))?;
        Quarter::new(year.parse().ok()?, (month - 1) / 3 + 1)
    });
    by_month.or_else(|| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cms::recognise::{Kind, kind_of};

    #[test]
    fn the_names_of_the_columns_may_stand_in_two_rows() {
        let text = "Addendum B.-Final OPPS Payment by HCPCS Code,,,,,\nEffective October 1,,,,,\n\
                    HCPCS,Short,,,Relative,Payment\nCode,Descriptor,SI,APC,Weight,Rate\n\
                    J9312,Ours,K,9999,.,$75.22\n";
        assert_eq!(kind_of(text.as_bytes()), Ok(Kind::StatusIndicators));
        let indicators = parse(text.as_bytes()).expect("indicators");
        let [row] = indicators.rows.as_slice() else { panic!("{indicators:?}") };
        assert_eq!((row.code.as_str(), row.line, indicators.problems.count()), ("J9312", 5, 0));
        assert_eq!((&*row.apc, &*row.short_description), ("9999", "Ours"));
    }

    #[test]
    fn rates_are_read_as_numbers_as_dollars_and_as_points() {
        let text = "Addendum B,,,,\n,,,,\nHCPCS Code,Short Descriptor,SI,APC,Relative Weight,Payment Rate,Note\n\
                    J9312,Ours,K,9999,.,$75.220,*\nJ9041,Ours,N,,,.,\nJ0000,Ours,K1,1,,\"$1,234.5\",\nbad,x,K,,,,\nJ0001,x,long,,,,\n";
        let indicators = parse(text.as_bytes()).expect("indicators");
        let shown: Vec<String> = indicators
            .rows
            .iter()
            .map(|row| format!("{} {} {:?}", row.code, row.status, row.rate.map(|rate| rate.to_string())))
            .collect();
        assert_eq!(shown, ["J9312 K Some(\"75.22\")", "J9041 N None", "J0000 K1 Some(\"1234.5\")"]);
        assert_eq!(indicators.problems.iter().map(|it| it.line).collect::<Vec<_>>(), [7, 8]);
        let derived = "quarter,source_file,hcpcs,si,apc,payment_rate\n2019-04,x.xlsx,A0021,E1,,\n2019-99,x,A0021,E1,,\n";
        let derived = parse(derived.as_bytes()).expect("indicators");
        assert_eq!(derived.rows[0].quarter.map(|quarter| quarter.to_string()).as_deref(), Some("2019Q2"));
        assert_eq!(derived.problems.count(), 1);
    }
}
