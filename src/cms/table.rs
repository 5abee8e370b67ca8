//! CMS tables: a preamble, a header somewhere below it, then rows.

use super::problem::{FileError, ProblemKind, Problems};
use super::rows::{Borrowed, Cells, each_row_noting};

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
        let columns = places(wanted, cells);
        let is_whole = missing(wanted, &columns).next().is_none();
        is_whole.then_some(Self { columns })
    }

    /// The required columns that a row lacks which has most of them, by their first names: it is a header in which
    /// some have another name. Nothing for any other row.
    pub(super) fn lacking(wanted: &[Column], cells: &dyn Cells) -> Option<Vec<&'static str>> {
        let lacking: Vec<&str> = missing(wanted, &places(wanted, cells)).collect();
        let required = wanted.iter().filter(|column| column.required).count();
        (lacking.len() * 2 < required && required - lacking.len() > 1).then_some(lacking)
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

/// Where each wanted column stands in a row, and under which of its names.
fn places(wanted: &[Column], cells: &dyn Cells) -> Vec<Option<(usize, &'static str)>> {
    let names: Vec<String> = (0..cells.count()).map(|column| folded_name(cells.cell(column))).collect();
    let place = |column: &Column| {
        column.names.iter().find_map(|name| Some((names.iter().position(|own| own == name)?, *name)))
    };
    wanted.iter().map(place).collect()
}

fn missing(
    wanted: &[Column],
    places: &[Option<(usize, &'static str)>],
) -> impl Iterator<Item = &'static str> {
    let lacks = |(column, place): &(&Column, &Option<_>)| column.required && place.is_none();
    wanted.iter().zip(places).filter(lacks).map(|(column, _)| column.names[0])
}

/// Looks for a header in each row, and in each with the row above it: the names of some tables stand in two.
#[derive(Debug, Default)]
pub(super) struct Seeking {
    above: Vec<String>,
}

impl Seeking {
    /// What `find` finds in the row, or in it below the one that was looked at before.
    pub(super) fn look<T>(&mut self, cells: &dyn Cells, find: impl Fn(&dyn Cells) -> Option<T>) -> Option<T> {
        if let Some(found) = find(cells) {
            return Some(found);
        }
        let columns = self.above.len().max(cells.count());
        let joined: Vec<String> = (0..columns)
            .map(|column| format!("{} {}", self.above.as_slice().cell(column), cells.cell(column)))
            .collect();
        self.above = (0..cells.count()).map(|column| cells.cell(column).to_owned()).collect();
        find(&Borrowed(&joined))
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
    let (mut header, mut seeking): (Option<Header>, _) = (None, Seeking::default());
    each_row_noting(bytes, problems, |line, cells, problems| {
        match &header {
            None => header = seeking.look(cells, |cells| Header::find(wanted, cells)),
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
