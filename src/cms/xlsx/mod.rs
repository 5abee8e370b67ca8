//! The first sheet of an Excel workbook, row by row as text.

mod guard;

use std::io::Cursor;

use calamine::{DataRef, Reader, Xlsx};

use super::problem::{FileError, excerpt};

/// Largest workbook that is read; the largest real one has 3 MB.
pub const WORKBOOK_BYTES_MAX: usize = 32 << 20;
/// Rows read of one sheet; the largest real one declares 17,000.
pub const ROWS_MAX: u32 = 200_000;
/// Columns kept of one row; CMS pads some sheets to 250 empty ones.
pub const COLUMNS_MAX: usize = 300;

/// Whether the bytes begin as an `.xlsx`, or any other zip archive, does.
pub fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// Calls `visit` with the number, counted from one, and the cells of each row of the first sheet.
///
/// Numbers become their shortest decimal text, dates `YYYYMMDD` and errors their mark (`#NAME?`); empty
/// cells are empty texts.
///
/// # Errors
/// [`FileError`] when the workbook cannot be read or passes a limit.
pub fn each_row(
    bytes: &[u8],
    mut visit: impl FnMut(u32, &[String]) -> Result<(), FileError>,
) -> Result<(), FileError> {
    guard::measure(bytes)?;
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(unreadable)?;
    let sheet = book.sheet_names().first().cloned().ok_or_else(|| unreadable("it has no worksheet"))?;
    // The streaming reader allocates a cell at a time; reading a range would allocate what the sheet declares.
    let mut reader = book.worksheet_cells_reader(&sheet).map_err(unreadable)?;
    let mut row = Row::default();
    while let Some(cell) = reader.next_cell().map_err(unreadable)? {
        let (at, column) = cell.get_position();
        if at >= ROWS_MAX {
            return Err(FileError::TooManyRows(ROWS_MAX));
        }
        if row.number != at + 1 {
            row.flush(&mut visit)?;
            row.number = at + 1;
        }
        row.put(column as usize, cell.get_value());
    }
    row.flush(&mut visit)
}

/// The row being filled; its buffers are used again for the next one.
#[derive(Default)]
struct Row {
    number: u32,
    cells: Vec<String>,
    used: usize,
}

impl Row {
    fn put(&mut self, column: usize, value: &DataRef<'_>) {
        let Some(text) = cell_text(value).filter(|text| !text.is_empty()) else { return };
        if column >= COLUMNS_MAX {
            return;
        }
        if self.cells.len() <= column {
            self.cells.resize(column + 1, String::new());
        }
        self.cells[column].push_str(&text);
        self.used = self.used.max(column + 1);
    }

    fn flush(
        &mut self,
        visit: &mut impl FnMut(u32, &[String]) -> Result<(), FileError>,
    ) -> Result<(), FileError> {
        if self.used > 0 {
            visit(self.number, &self.cells[..self.used])?;
            self.cells.iter_mut().for_each(String::clear);
            self.used = 0;
        }
        Ok(())
    }
}

fn cell_text<'a>(value: &'a DataRef<'_>) -> Option<std::borrow::Cow<'a, str>> {
    Some(match value {
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.as_str().into()
        }
        DataRef::SharedString(text) => (*text).into(),
        DataRef::Int(number) => number.to_string().into(),
        DataRef::Float(number) => number.to_string().into(),
        DataRef::Bool(truth) => truth.to_string().into(),
        DataRef::DateTime(moment) => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            format!("{year:04}{month:02}{day:02}").into()
        }
        DataRef::Error(error) => error.to_string().into(),
        DataRef::Empty => return None,
    })
}

fn unreadable(error: impl ToString) -> FileError {
    FileError::Workbook(excerpt(&error.to_string()).into())
}
