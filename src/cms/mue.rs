//! Medically unlikely edits: the largest units of a code on one date or line.

use super::problem::{FileError, ProblemKind, Problems};
use super::table::Table;
use crate::domain::code::HcpcsCode;

/// The columns read, in the published files and in derived tables.
const COLUMNS: &[&[&str]] = &[
    &["hcpcscptcode", "hcpcscode"],
    &[
        "practitionerservicesmuevalues",
        "outpatienthospitalservicesmuevalues",
        "dmesupplierservicesmuevalues",
        "muevalues",
        "mueunits",
    ],
    &["mueadjudicationindicator", "muemai"],
];

/// The edits of one file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnitEdits {
    pub rows: Vec<UnitEdit>,
    pub problems: Problems,
}

/// One edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitEdit {
    /// Line of the file, counted from one.
    pub line: u32,
    pub code: HcpcsCode,
    /// Zero where the code is never paid on such a claim.
    pub units: u32,
    /// Adjudication indicator: 1 by line, 2 absolute by date, 3 by date with review.
    pub adjudication: u8,
}

/// Reads one file of edits. The result is bounded by the file, which has at most 64 MiB.
///
/// # Errors
/// [`FileError`] when the file is too large or has no header.
pub fn parse(bytes: &[u8]) -> Result<UnitEdits, FileError> {
    let table = Table::open(bytes, b',', COLUMNS)?;
    let (mut rows, mut problems) = (Vec::new(), Problems::default());
    table.each(&mut problems, |row, _| {
        let indicator = row.get(2).bytes().next().filter(|byte| (b'1'..=b'3').contains(byte));
        rows.push(UnitEdit {
            line: row.line,
            code: row.get(0).parse().map_err(|_| ProblemKind::bad("code", row.get(0)))?,
            units: row.get(1).parse().map_err(|_| ProblemKind::bad("number of units", row.get(1)))?,
            adjudication: indicator.ok_or_else(|| ProblemKind::bad("adjudication indicator", row.get(2)))?
                - b'0',
        });
        Ok(())
    });
    Ok(UnitEdits { rows, problems })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_header_has_a_line_break_and_the_notice_several_lines() {
        let text = "\"A notice\nof several lines\",,,\r\n\"HCPCS/\nCPT Code\",Practitioner Services MUE Values,\
                    MUE Adjudication Indicator,MUE Rationale\r\n96413,1,3 Date of Service Edit: Clinical,Data\r\n\
                    J9312,x,2 Date of Service Edit: Policy,Data\r\n";
        let edits = parse(text.as_bytes()).expect("edits");
        assert_eq!((edits.rows.len(), edits.problems.count()), (1, 1));
        assert_eq!((edits.rows[0].units, edits.rows[0].adjudication), (1, 3));
    }
}
