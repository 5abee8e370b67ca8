//! The Excel form: the columns are found by the names in the header row.

use super::Release;
use super::assemble::Assembler;
use super::layout::{FIELDS, Field, LAYOUT, Record};
use crate::cms::problem::FileError;
use crate::cms::workbook::{MeasuredWorkbook, each_row};

/// First cell of the header row, folded.
const HEADER_START: &str = "hcpc";

/// Reads the first sheet. 2012 and 2013 hold a row for each line of a description; later years split
/// only the longest texts; both are marked as continuations, so one way of joining serves all.
pub(super) fn parse(workbook: MeasuredWorkbook<'_>) -> Result<Release, FileError> {
    let mut assembler = Assembler::default();
    let mut columns = None;
    each_row(workbook, |number, cells| {
        match &columns {
            None => columns = header_columns(cells)?,
            Some(columns) => assembler.push(&record(number, cells, columns)),
        }
        Ok(())
    })?;
    if columns.is_none() {
        return Err(FileError::NoHeader("HCPC"));
    }
    assembler.finish().or_no_records()
}

/// The column of each field, when the row is the header.
fn header_columns(cells: &[String]) -> Result<Option<[usize; FIELDS]>, FileError> {
    let names: Vec<String> = cells.iter().map(|cell| folded_name(cell)).collect();
    if names.first().is_none_or(|name| name != HEADER_START) {
        return Ok(None);
    }
    let mut columns = [0; FIELDS];
    for (column, place) in columns.iter_mut().zip(LAYOUT) {
        *column = names
            .iter()
            .position(|name| place.headers.contains(&name.as_str()))
            .ok_or(FileError::NoColumn(place.headers[0]))?;
    }
    Ok(Some(columns))
}

/// `Code Add Date`, `CODE ADD DATE` and `code_add_date` are one name.
fn folded_name(cell: &str) -> String {
    cell.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

fn record<'a>(number: u32, cells: &'a [String], columns: &[usize; FIELDS]) -> Record<'a> {
    let mut fields = [""; FIELDS];
    for (field, column) in fields.iter_mut().zip(columns) {
        *field = cells.get(*column).map_or("", |cell| cell.trim());
    }
    debug_assert_eq!(columns[Field::Code as usize], 0);
    Record { line: number, fields }
}
