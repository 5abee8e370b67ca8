//! The rows of a text with commas or tabs, of which no row can take more memory than a stated limit.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::problem::ProblemKind;
use super::rows::Cells;
use super::workbook::COLUMNS_MAX;

/// Bytes that all cells of one row stay below; the longest real row has 5 KB.
pub const ROW_BYTES_MAX: usize = 1 << 20;
/// Lines that one row of text may span: notices of several lines are quoted, and a quote that nothing
/// closes would swallow the rest of the file.
const LINES_PER_ROW_MAX: usize = 60;
/// Rows left out, beyond which the lines that one swallowed are not read again: a file of open quotes would be
/// read sixty times.
const REREAD_MAX: usize = 1_000;

/// Reads one row after the other; the buffers of a row serve the next one too.
pub(super) struct TextRows<'a> {
    rest: &'a str,
    /// Line at which `rest` begins, counted from one.
    line: u32,
    parser: Reader,
    cells: TextCells,
    left_out: usize,
}

/// What some bytes of a row came to.
enum Fed {
    /// The row is whole.
    Row,
    /// The row goes on in the next line.
    More,
    /// The row is longer than any of CMS.
    TooLong,
}

impl<'a> TextRows<'a> {
    pub(super) fn new(text: &'a str, delimiter: u8) -> Self {
        let parser = ReaderBuilder::new().delimiter(delimiter).build();
        Self { rest: text, line: 1, parser, cells: TextCells::new(), left_out: 0 }
    }

    /// The line of the next row and its cells, or why it is left out.
    pub(super) fn next_row(&mut self) -> Option<(u32, Result<&TextCells, ProblemKind>)> {
        let body = self.rest.trim_start_matches(['\r', '\n']);
        self.pass_over(self.rest.len() - body.len());
        if self.rest.is_empty() {
            return None;
        }
        let (begin, line) = (self.rest, self.line);
        let fault = match self.read_row() {
            None => return Some((line, Ok(&self.cells))),
            Some(fault) => fault,
        };
        self.left_out += 1;
        if self.left_out <= REREAD_MAX {
            // Only the first line is lost: the rows behind it are read again.
            (self.rest, self.line) = (begin, line);
            self.pass_over(line_length(begin));
        }
        Some((line, Err(fault)))
    }

    /// Fills the cells line by line, and says what is wrong with the row.
    fn read_row(&mut self) -> Option<ProblemKind> {
        self.parser.reset();
        self.cells.clear();
        for _ in 0..LINES_PER_ROW_MAX {
            let input = &self.rest.as_bytes()[..line_length(self.rest)];
            let (read, fed) = self.cells.fill(&mut self.parser, input);
            self.pass_over(read);
            match fed {
                Fed::Row => return None,
                Fed::TooLong => return Some(ProblemKind::RowTooLong(ROW_BYTES_MAX)),
                Fed::More if input.is_empty() => return None,
                Fed::More => {}
            }
        }
        Some(ProblemKind::UnclosedQuote)
    }

    fn pass_over(&mut self, bytes: usize) {
        let (passed, rest) = self.rest.split_at(bytes);
        let lines = passed.bytes().filter(|byte| *byte == b'\n').count();
        self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.rest = rest;
    }
}

/// Bytes up to the end of the line, which is one of them.
fn line_length(text: &str) -> usize {
    text.find('\n').map_or(text.len(), |end| end + 1)
}

/// The cells of a row: their bytes one after the other, and where each ends.
pub(super) struct TextCells {
    bytes: Vec<u8>,
    /// Those beyond the last column kept are written over.
    ends: [usize; COLUMNS_MAX + SPARE_COLUMNS],
    bytes_used: usize,
    count: usize,
}

const SPARE_COLUMNS: usize = 20;

impl TextCells {
    fn new() -> Self {
        const BYTES_AT_FIRST: usize = 4096;
        Self {
            bytes: vec![0; BYTES_AT_FIRST],
            ends: [0; COLUMNS_MAX + SPARE_COLUMNS],
            bytes_used: 0,
            count: 0,
        }
    }

    const fn clear(&mut self) {
        (self.bytes_used, self.count) = (0, 0);
    }

    /// Takes the bytes up to the end of the row or of the input, and says how many they were; no input ends the row.
    fn fill(&mut self, parser: &mut Reader, input: &[u8]) -> (usize, Fed) {
        let mut read = 0;
        loop {
            let (bytes, ends) = (&mut self.bytes[self.bytes_used..], &mut self.ends[self.count..]);
            let (result, taken, written, ended) = parser.read_record(&input[read..], bytes, ends);
            read += taken;
            self.bytes_used += written;
            self.count += ended;
            match result {
                ReadRecordResult::Record | ReadRecordResult::End => return (read, Fed::Row),
                ReadRecordResult::InputEmpty => return (read, Fed::More),
                ReadRecordResult::OutputEndsFull => self.drop_columns(),
                ReadRecordResult::OutputFull if self.count >= COLUMNS_MAX => self.drop_columns(),
                ReadRecordResult::OutputFull if self.bytes.len() >= ROW_BYTES_MAX => {
                    return (read, Fed::TooLong);
                }
                ReadRecordResult::OutputFull => self.bytes.resize(self.bytes.len() * 2, 0),
            }
            // An empty input would tell the parser that the text has ended.
            if read == input.len() && read > 0 {
                return (read, Fed::More);
            }
        }
    }

    fn drop_columns(&mut self) {
        self.count = COLUMNS_MAX;
        self.bytes_used = self.ends[COLUMNS_MAX - 1];
    }
}

impl Cells for TextCells {
    fn cell(&self, column: usize) -> &str {
        if column >= self.count() {
            return "";
        }
        let start = if column == 0 { 0 } else { self.ends[column - 1] };
        let cell = self.bytes.get(start..self.ends[column]).unwrap_or_default();
        // Cells end at quotes, delimiters and line ends, so never inside a character.
        std::str::from_utf8(cell).unwrap_or_default().trim()
    }

    fn count(&self) -> usize {
        self.count.min(COLUMNS_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(u32, Result<Vec<String>, ProblemKind>)> {
        let mut rows = TextRows::new(text, b',');
        let mut all = Vec::new();
        while let Some((line, row)) = rows.next_row() {
            let texts = |cells: &TextCells| {
                (0..cells.count()).map(|column| cells.cell(column).to_owned()).collect::<Vec<_>>()
            };
            all.push((line, row.map(texts)));
        }
        all
    }

    #[test]
    fn cells_beyond_the_last_column_kept_are_passed_over() {
        let wide: String = (0..5_000).map(|column| format!("{column},")).collect();
        let rows = read(&format!("{wide}\nnext,row"));
        let [(1, Ok(first)), (2, Ok(second))] = rows.as_slice() else { panic!("{} rows", rows.len()) };
        assert_eq!((first.len(), first[299].as_str()), (COLUMNS_MAX, "299"));
        assert_eq!(second, &["next", "row"]);
        let long = format!("{}{}\nnext", ",".repeat(COLUMNS_MAX), "x".repeat(9_000));
        assert_eq!(read(&long).len(), 2);
    }

    #[test]
    fn a_row_too_long_is_left_out_and_the_next_is_kept() {
        let rows = read(&format!("{}\nnext,row\n", "x".repeat(ROW_BYTES_MAX + 1)));
        assert_eq!(rows[0], (1, Err(ProblemKind::RowTooLong(ROW_BYTES_MAX))));
        assert_eq!(rows[1].0, 2);
        let rows = read(&format!("{}\n", "x".repeat(ROW_BYTES_MAX - 1)));
        assert_eq!(rows[0].1.as_ref().map(|cells| cells[0].len()), Ok(ROW_BYTES_MAX - 1));
    }

    #[test]
    fn lines_end_in_any_way_and_the_last_may_have_no_end() {
        for text in ["a,b\nc,d", "a,b\r\nc,d\r\n", "a,b\rc,d\r", "\n\na,b\n\"c\",d\n\n"] {
            let cells: Vec<_> = read(text).into_iter().filter_map(|(_, row)| row.ok()).collect();
            assert_eq!(cells, [["a", "b"], ["c", "d"]], "{text:?}");
        }
        assert_eq!(read("a,\"b\nc").len(), 1);
    }
}
