//! Medically unlikely edits: the largest units of a code on one date or line.

use super::problem::{FileError, ProblemKind, Problems};
use super::table::{self, Column, Row, optional, required};
use crate::catalog::edits::{Adjudication, EditKind};
use crate::domain::code::HcpcsCode;

const UNITS: usize = 1;
const INDICATOR: usize = 2;
const SERVICE: usize = 3;
const OUTPATIENT_UNITS: usize = 4;
const OUTPATIENT_INDICATOR: usize = 5;

/// The columns read, in the published files and in derived tables.
pub(super) const COLUMNS: &[Column] = &[
    required(&["hcpcscptcode", "hcpcscode", "code"]),
    required(&[
        "practitionerservicesmuevalues",
        "practitionerservicesmuevalue",
        "outpatienthospitalservicesmuevalues",
        "outpatienthospitalservicesmuevalue",
        "dmesupplierservicesmuevalues",
        "dmesupplierservicesmuevalue",
        "muevalues",
        "muevalue",
        "mueunits",
        "practitionermue",
    ]),
    optional(&["mueadjudicationindicator", "muemai", "mai", "practitionermai"]),
    optional(&["mueservice"]),
    optional(&["outpatientmue"]),
    optional(&["outpatientmai"]),
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
    /// Whose claims, where the file says so.
    pub kind: Option<EditKind>,
    /// Zero where the code is never paid on such a claim.
    pub units: u32,
    /// How the units are counted; public variants of the file leave it out.
    pub adjudication: Option<Adjudication>,
}

/// Reads one file of edits. The result is bounded by the file, which has at most 64 MiB.
///
/// # Errors
/// [`FileError`] when the file is too large or has no header.
pub fn parse(bytes: &[u8]) -> Result<UnitEdits, FileError> {
    let (mut rows, mut problems) = (Vec::new(), Problems::default());
    table::each(bytes, COLUMNS, &mut problems, |row, _| {
        rows.push(edit(row, UNITS, INDICATOR, kind_of(row))?);
        if !row.get(OUTPATIENT_UNITS).is_empty() {
            let kind = Some(EditKind::OutpatientHospital);
            rows.push(edit(row, OUTPATIENT_UNITS, OUTPATIENT_INDICATOR, kind)?);
        }
        Ok(())
    })?;
    Ok(UnitEdits { rows, problems })
}

fn edit(
    row: &Row<'_>,
    units: usize,
    indicator: usize,
    kind: Option<EditKind>,
) -> Result<UnitEdit, ProblemKind> {
    let adjudication = match row.get(indicator) {
        "" => None,
        text => {
            let digit = text.bytes().next().map(|byte| byte.wrapping_sub(b'0'));
            let read = digit.and_then(Adjudication::from_indicator);
            Some(read.ok_or_else(|| ProblemKind::bad("adjudication indicator", text))?)
        }
    };
    Ok(UnitEdit {
        line: row.line,
        code: row.get(0).parse().map_err(|_| ProblemKind::bad("code", row.get(0)))?,
        kind,
        units: row.get(units).parse().map_err(|_| ProblemKind::bad("number of units", row.get(units)))?,
        adjudication,
    })
}

/// Whose claims a row is for: by its own word, else by the name of the column.
fn kind_of(row: &Row<'_>) -> Option<EditKind> {
    let column = row.header.name(UNITS).unwrap_or_default();
    let said = row.get(SERVICE).to_lowercase();
    let says = |word: &str| said.starts_with(word) || (said.is_empty() && column.starts_with(word));
    [
        ("practitioner", EditKind::Practitioner),
        ("outpatient", EditKind::OutpatientHospital),
        ("dme", EditKind::DmeSupplier),
    ]
    .into_iter()
    .find_map(|(word, kind)| says(word).then_some(kind))
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
        let edit = edits.rows[0];
        assert_eq!((edit.units, edit.adjudication), (1, Some(Adjudication::DateClinical)));
        assert_eq!((edit.line, edit.kind), (5, Some(EditKind::Practitioner)));
    }

    #[test]
    fn derived_tables_name_the_claims_in_a_cell_or_in_two_columns() {
        let text =
            "hcpcs_code,mue_units,mue_mai,mue_rationale,mue_service\nA4206,0,3,CMS Policy,DME Supplier\n";
        let edits = parse(text.as_bytes()).expect("edits");
        assert_eq!((edits.rows[0].units, edits.rows[0].kind), (0, Some(EditKind::DmeSupplier)));
        let text = "code,practitioner_mue,practitioner_mai,outpatient_mue,outpatient_mai\n96361,8,3,24,2\n";
        let edits = parse(text.as_bytes()).expect("edits").rows;
        let shown: Vec<_> = edits.iter().map(|edit| (edit.kind, edit.units, edit.adjudication)).collect();
        assert_eq!(
            shown,
            [
                (Some(EditKind::Practitioner), 8, Some(Adjudication::DateClinical)),
                (Some(EditKind::OutpatientHospital), 24, Some(Adjudication::DatePolicy)),
            ]
        );
        let text = "HCPCS/CPT Code\tPractitioner Services MUE Values\n96413\t1\n96415\t8\n";
        assert_eq!(parse(text.as_bytes()).expect("edits").rows[1].adjudication, None);
    }
}
