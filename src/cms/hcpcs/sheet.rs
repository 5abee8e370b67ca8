//! The Excel form, or one saved from it as comma-separated text: the columns are found by the names in
//! the header row.

use super::Release;
use super::assemble::Assembler;
use super::layout::{FIELDS, Field, LAYOUT, Record};
use crate::cms::problem::{FileError, ProblemKind};
use crate::cms::rows::{Cells, each_row};

/// Excel took some texts that start with a sign for formulas.
const EXCEL_ERRORS: &[&str] = &["#NAME?", "#REF!", "#VALUE!", "#N/A", "#DIV/0!", "#NULL!", "#NUM!"];

/// Where each field stands.
type Columns = [Option<usize>; FIELDS];

/// Reads the sheet. 2012 and 2013 hold a row for each line of a description; later years split
/// only the longest texts; both are marked as continuations, so one way of joining serves all.
pub(super) fn parse(bytes: &[u8]) -> Result<Release, FileError> {
    let mut assembler = Assembler::default();
    let mut columns = None;
    each_row(bytes, |number, cells| {
        match &columns {
            None => columns = header_columns(cells)?,
            Some(columns) => push_row(&mut assembler, number, cells, columns),
        }
        Ok(())
    })?;
    if columns.is_none() {
        return Err(FileError::NoHeader("HCPC"));
    }
    assembler.finish().or_no_records()
}

/// Whether a row is the header: it names the column of the codes and, as no other file of CMS does, that of the line
/// numbers or of the record kinds. Columns may stand in any order.
pub(super) fn is_header(cells: &dyn Cells) -> bool {
    let has =
        |field: Field| (0..cells.count()).any(|column| LAYOUT[field as usize].is_named(cells.cell(column)));
    has(Field::Code) && (has(Field::Sequence) || has(Field::RecordKind))
}

/// The column of each field, when the row is the header; nothing for a field that the sheet may lack and lacks.
fn header_columns(cells: &dyn Cells) -> Result<Option<Columns>, FileError> {
    if !is_header(cells) {
        return Ok(None);
    }
    let mut columns = [None; FIELDS];
    for (column, place) in columns.iter_mut().zip(LAYOUT) {
        *column = (0..cells.count()).find(|column| place.is_named(cells.cell(*column)));
        if column.is_none() && place.is_required {
            return Err(FileError::NoColumn(place.headers[0]));
        }
    }
    Ok(Some(columns))
}

fn push_row(assembler: &mut Assembler, number: u32, cells: &dyn Cells, columns: &Columns) {
    let mut fields = [""; FIELDS];
    for ((field, column), place) in fields.iter_mut().zip(columns).zip(LAYOUT) {
        let text = column.map_or("", |column| cells.cell(column));
        if EXCEL_ERRORS.contains(&text) {
            assembler.problem(number, ProblemKind::ignored(place.headers[0], text));
        } else {
            *field = text;
        }
    }
    assembler.push(&Record { line: number, fields });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(columns: &str, date: &str) -> Vec<u8> {
        let header = "HCPC,SEQNUM,RECID,LONG DESCRIPTION,PRICE1,COV,BETOS,ADD DT";
        let row = format!("J0001,00100,3,\"Injection, example, 1 mg\",51,C,O1E,{date},{date},,N");
        format!("{header},{columns},ACTION CD\n{row}\n").into_bytes()
    }

    #[test]
    fn dates_and_columns_in_other_words_are_read_or_named() {
        let read = |columns, date| parse(&sheet(columns, date)).map(|release| release.codes.len());
        assert_eq!(read("ACT EFF DT,TERM DT", "20270101"), Ok(1));
        assert_eq!(read("ACTION EFFECTIVE DATE,TERMINATION DATE", "01-Jan-2027"), Ok(1));
        let error = read("ACT EFF DT,TERM DT", "01/01/27").expect_err("which century?").to_string();
        assert!(error.contains("line 2") && error.contains("01/01/27"), "{error}");
    }
}
