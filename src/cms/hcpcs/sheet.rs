//! The Excel form, or one saved from it as comma-separated text: the columns are found by the names in
//! the header row.

use super::Release;
use super::assemble::Assembler;
use super::layout::{FIELDS, LAYOUT, Record};
use crate::cms::problem::{FileError, ProblemKind};
use crate::cms::rows::{Cells, each_row, folded_name};

/// First cell of the header row, folded.
const HEADER_START: &str = "hcpc";

/// Excel took some texts that start with a sign for formulas.
const EXCEL_ERRORS: &[&str] = &["#NAME?", "#REF!", "#VALUE!", "#N/A", "#DIV/0!", "#NULL!", "#NUM!"];

/// Reads the first sheet. 2012 and 2013 hold a row for each line of a description; later years split
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

/// Whether a row is the header: its first cell says so, and its second numbers the lines.
pub(super) fn is_header(cells: &dyn Cells) -> bool {
    folded_name(cells.cell(0)) == HEADER_START && folded_name(cells.cell(1)) == "seqnum"
}

/// The column of each field, when the row is the header.
fn header_columns(cells: &dyn Cells) -> Result<Option<[usize; FIELDS]>, FileError> {
    if folded_name(cells.cell(0)) != HEADER_START {
        return Ok(None);
    }
    let names: Vec<String> = (0..cells.count()).map(|column| folded_name(cells.cell(column))).collect();
    let mut columns = [0; FIELDS];
    for (column, place) in columns.iter_mut().zip(LAYOUT) {
        *column = names
            .iter()
            .position(|name| place.headers.contains(&name.as_str()))
            .ok_or(FileError::NoColumn(place.headers[0]))?;
    }
    Ok(Some(columns))
}

fn push_row(assembler: &mut Assembler, number: u32, cells: &dyn Cells, columns: &[usize; FIELDS]) {
    let mut fields = [""; FIELDS];
    for ((field, column), place) in fields.iter_mut().zip(columns).zip(LAYOUT) {
        let text = cells.cell(*column);
        if EXCEL_ERRORS.contains(&text) {
            assembler.problem(number, ProblemKind::ignored(place.headers[0], text));
        } else {
            *field = text;
        }
    }
    assembler.push(&Record { line: number, fields });
}
