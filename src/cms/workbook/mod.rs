//! The sheet of an Excel workbook that holds the table, row by row as text: `.xlsx`, and `.xls` where CMS published only that.

mod biff;
mod compound;
mod guard;

use std::io::Cursor;

use calamine::{DataRef, Reader, Xlsx};

use super::problem::{FileError, excerpt};

/// Largest workbook that is read; the largest real one has 3 MB.
pub const WORKBOOK_BYTES_MAX: usize = 32 << 20;
/// Rows read of one sheet or table; the largest real sheet declares 17,000. Those of code pairs have 660,000.
pub const ROWS_MAX: u32 = 1_000_000;
/// Bytes that the cells of a sheet may have in all: a few bytes can refer to a long shared text any number of
/// times. The largest real sheet has 6 MB; one of code pairs would have 60.
pub const SHEET_TEXT_BYTES_MAX: usize = 128 << 20;
/// Sheets among which the one with the table is sought: notes may stand before it.
const SHEETS_MAX: usize = 16;
/// Rows of a sheet among which its header is sought.
const HEADER_ROWS_MAX: usize = 200;
/// Columns kept of one row; CMS pads some sheets to 250 empty ones.
pub const COLUMNS_MAX: usize = 300;

/// Whether the bytes begin as an `.xlsx`, or any other zip archive, does.
pub fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// Whether a zip archive is a workbook: every one names its parts in one member.
pub fn is_xlsx(bytes: &[u8]) -> bool {
    guard::names_parts(bytes)
}

/// Whether the bytes begin as a workbook of either form does.
pub fn is_workbook(bytes: &[u8]) -> bool {
    is_zip(bytes) || compound::is_compound(bytes)
}

/// Takes the number of a row, counted from one, and its cells.
type Visit<'a> = dyn FnMut(u32, &[String]) -> Result<(), Stop> + 'a;

/// Says whether a row tells what the table below it is.
type Tells<'a> = dyn FnMut(&[String]) -> bool + 'a;

/// Why no further rows are wanted.
#[derive(Debug)]
pub(super) enum Stop {
    /// Enough was seen.
    Enough,
    Failed(FileError),
}

impl From<FileError> for Stop {
    fn from(error: FileError) -> Self {
        Self::Failed(error)
    }
}

impl Stop {
    /// What a reading that was stopped comes to.
    pub(super) fn into_result(self) -> Result<(), FileError> {
        match self {
            Self::Enough => Ok(()),
            Self::Failed(error) => Err(error),
        }
    }
}

/// Calls `visit` with the number, counted from one, and the cells of each row of the first sheet that has a row which
/// tells what it is; where none has, of the first sheet.
///
/// Numbers become their shortest decimal text, dates `YYYYMMDD` and errors their mark (`#NAME?`); empty
/// cells are empty texts.
///
/// # Errors
/// [`FileError`] when the workbook cannot be read or passes a limit.
pub(super) fn each_row(
    bytes: &[u8],
    mut tells: impl FnMut(&[String]) -> bool,
    mut visit: impl FnMut(u32, &[String]) -> Result<(), Stop>,
) -> Result<(), FileError> {
    if bytes.len() > WORKBOOK_BYTES_MAX {
        return Err(FileError::TooLarge { bytes: bytes.len(), bytes_max: WORKBOOK_BYTES_MAX });
    }
    let read = if compound::is_compound(bytes) { biff::each_row } else { each_row_of_xlsx };
    read(bytes, &mut tells, &mut visit).or_else(Stop::into_result)
}

fn each_row_of_xlsx(bytes: &[u8], tells: &mut Tells<'_>, visit: &mut Visit<'_>) -> Result<(), Stop> {
    guard::measure(bytes)?;
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(unreadable)?;
    let sheets = book.sheet_names();
    let sheet = telling(sheets.len(), tells, |sheet, visit| rows_of_xlsx(&mut book, &sheets[sheet], visit));
    let sheet = sheets.get(sheet).ok_or_else(|| unreadable("it has no worksheet"))?;
    rows_of_xlsx(&mut book, sheet, visit)
}

/// The place of the first sheet that tells what it is; of a workbook of one sheet nothing is read for it.
fn telling(
    sheets: usize,
    tells: &mut Tells<'_>,
    mut rows: impl FnMut(usize, &mut Visit<'_>) -> Result<(), Stop>,
) -> usize {
    if sheets < 2 {
        return 0;
    }
    let is_it = |sheet: &usize| {
        let (mut is_told, mut seen) = (false, 0);
        // A chart is no sheet with rows, and a damaged one tells nothing: whichever is read in the end says so.
        let _ = rows(*sheet, &mut |_, cells| {
            (is_told, seen) = (tells(cells), seen + 1);
            if is_told || seen == HEADER_ROWS_MAX { Err(Stop::Enough) } else { Ok(()) }
        });
        is_told
    };
    (0..sheets.min(SHEETS_MAX)).find(is_it).unwrap_or(0)
}

fn rows_of_xlsx(book: &mut Xlsx<Cursor<&[u8]>>, sheet: &str, visit: &mut Visit<'_>) -> Result<(), Stop> {
    // The streaming reader allocates a cell at a time; reading a range would allocate what the sheet declares.
    let mut reader = book.worksheet_cells_reader(sheet).map_err(unreadable)?;
    let mut row = Row::default();
    while let Some(cell) = reader.next_cell().map_err(unreadable)? {
        let (at, column) = cell.get_position();
        if at >= ROWS_MAX {
            return Err(FileError::TooManyRows(ROWS_MAX).into());
        }
        row.begin(at + 1, visit)?;
        if let Some(text) = cell_text(cell.get_value()) {
            row.put(column as usize, &text)?;
        }
    }
    row.flush(visit)
}

/// The row being filled; its buffers are used again for the next one.
#[derive(Default)]
struct Row {
    number: u32,
    cells: Vec<String>,
    used: usize,
    /// Bytes of this row and of those before it.
    bytes: usize,
    visited: u32,
}

impl Row {
    /// Goes on to a row, handing over the one before it.
    fn begin(&mut self, number: u32, visit: &mut Visit<'_>) -> Result<(), Stop> {
        if self.number != number {
            self.flush(visit)?;
            self.number = number;
        }
        Ok(())
    }

    fn put(&mut self, column: usize, text: &str) -> Result<(), FileError> {
        if column >= COLUMNS_MAX || text.is_empty() {
            return Ok(());
        }
        self.bytes += text.len();
        if self.bytes > SHEET_TEXT_BYTES_MAX {
            return Err(FileError::TooMuchText(SHEET_TEXT_BYTES_MAX));
        }
        if self.cells.len() <= column {
            self.cells.resize(column + 1, String::new());
        }
        self.cells[column].push_str(text);
        self.used = self.used.max(column + 1);
        Ok(())
    }

    fn flush(&mut self, visit: &mut Visit<'_>) -> Result<(), Stop> {
        if self.used > 0 {
            // A damaged sheet may come back to its rows without end.
            self.visited += 1;
            if self.visited > ROWS_MAX {
                return Err(FileError::TooManyRows(ROWS_MAX).into());
            }
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
