//! CMS tables: a preamble, a header somewhere below it, then rows.

use super::problem::{FileError, ProblemKind, Problems};
use super::rows::{Cells, each_row_noting};

/// A wanted column: the names it has had, folded to their letters, and whether every table of the kind has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    names: &'static [&'static str],
    required: bool,
}

/// A column by which the header is known.
pub(super) const fn required(names: &'static [&'static str]) -> Column {
    Column { names, required: true }
}

/// A column that some tables of the kind lack.
pub(super) const fn optional(names: &'static [&'static str]) -> Column {
    Column { names, required: false }
}

/// Where each wanted column stands, and under which of its names.
#[derive(Debug, Clone)]
pub(super) struct Header {
    columns: Vec<Option<(usize, &'static str)>>,
}

impl Header {
    /// The header, when a row has every required column under one of its names.
    pub(super) fn find(wanted: &[Column], cells: &dyn Cells) -> Option<Self> {
        let names: Vec<String> = (0..cells.count()).map(|column| folded_name(cells.cell(column))).collect();
        let place = |column: &Column| {
            column.names.iter().find_map(|name| Some((names.iter().position(|own| own == name)?, *name)))
        };
        let columns: Vec<_> = wanted.iter().map(place).collect();
        let is_whole = wanted.iter().zip(&columns).all(|(column, place)| !column.required || place.is_some());
        is_whole.then_some(Self { columns })
    }

    /// Where a wanted column stands; nothing where the table lacks it.
    pub(super) fn column(&self, wanted: usize) -> Option<usize> {
        self.columns[wanted].map(|(column, _)| column)
    }

    /// The name that a wanted column has here; nothing where the table lacks it.
    pub(super) fn name(&self, wanted: usize) -> Option<&'static str> {
        self.columns[wanted].map(|(_, name)| name)
    }
}

/// One row below the header.
pub(super) struct Row<'a> {
    /// Line of a text or row of a worksheet, counted from one.
    pub(super) line: u32,
    pub(super) header: &'a Header,
    cells: &'a dyn Cells,
}

impl Row<'_> {
    /// A wanted column, by its place in the list of wanted ones; empty where the table lacks it.
    pub(super) fn get(&self, wanted: usize) -> &str {
        self.header.columns[wanted].map_or("", |(column, _)| self.cells.cell(column))
    }
}

/// Calls `visit` with each row below the header; what it refuses becomes a problem of the row.
///
/// # Errors
/// [`FileError`] when the file cannot be read or has no header.
pub(super) fn each(
    bytes: &[u8],
    wanted: &[Column],
    problems: &mut Problems,
    mut visit: impl FnMut(&Row<'_>, &mut Problems) -> Result<(), ProblemKind>,
) -> Result<(), FileError> {
    let mut header: Option<Header> = None;
    each_row_noting(bytes, problems, |line, cells, problems| {
        match &header {
            None => header = Header::find(wanted, cells),
            Some(header) => {
                if let Err(kind) = visit(&Row { line, header, cells }, problems) {
                    problems.note(line, kind);
                }
            }
        }
        Ok(())
    })?;
    header.map(drop).ok_or(FileError::NoHeader(wanted[0].names[0]))
}

/// `HCPCS Code`, `HCPCS_CODE` and `"HCPCS/\nCPT Code"` by their letters; years in names drop out.
fn folded_name(cell: &str) -> String {
    cell.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase()).collect()
}
