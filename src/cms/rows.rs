//! Rows of cells, wherever they stand: an Excel workbook, or text with commas, semicolons or tabs.

use super::problem::{FileError, Problems};
use super::recognise::Seeker;
use super::text::decode;
use super::text_rows::TextRows;
use super::workbook::{self, ROWS_MAX, Stop};

/// The cells of one row, trimmed.
pub(super) trait Cells {
    /// A cell by its place, counted from zero; empty beyond the end.
    fn cell(&self, column: usize) -> &str;

    /// How many cells there are.
    fn count(&self) -> usize;

    /// Whether no cell holds anything.
    fn is_blank(&self) -> bool {
        (0..self.count()).all(|column| self.cell(column).is_empty())
    }
}

impl Cells for [String] {
    fn cell(&self, column: usize) -> &str {
        self.get(column).map_or("", |cell| cell.trim())
    }

    fn count(&self) -> usize {
        self.len()
    }
}

/// Calls `visit` with the line or row number, counted from one, and the cells of each row that is not blank.
///
/// # Errors
/// [`FileError`] when the file is too large or no workbook, and what `visit` stops with.
pub(super) fn each_row(
    bytes: &[u8],
    mut visit: impl FnMut(u32, &dyn Cells) -> Result<(), Stop>,
) -> Result<(), FileError> {
    let mut unread = Problems::default();
    each_row_noting(bytes, &mut unread, |line, cells, _| visit(line, cells))
}

/// As [`each_row`]; what is wrong with the text itself is noted.
pub(super) fn each_row_noting(
    bytes: &[u8],
    problems: &mut Problems,
    mut visit: impl FnMut(u32, &dyn Cells, &mut Problems) -> Result<(), Stop>,
) -> Result<(), FileError> {
    if workbook::is_workbook(bytes) {
        let mut seeker = Seeker::default();
        let tells = |cells: &[String]| seeker.sees(&Borrowed(cells)).is_some();
        return workbook::each_row(bytes, tells, |row, cells| {
            let cells: &dyn Cells = &Borrowed(cells);
            if cells.is_blank() { Ok(()) } else { visit(row, cells, problems) }
        });
    }
    let text = decode(bytes)?;
    each_row_of_text(&text, problems, &mut visit).or_else(Stop::into_result)
}

/// A row of texts behind a sized type.
pub(super) struct Borrowed<'a>(pub(super) &'a [String]);

impl Cells for Borrowed<'_> {
    fn cell(&self, column: usize) -> &str {
        self.0.cell(column)
    }

    fn count(&self) -> usize {
        self.0.count()
    }
}

fn each_row_of_text(
    text: &str,
    problems: &mut Problems,
    visit: &mut impl FnMut(u32, &dyn Cells, &mut Problems) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut rows = TextRows::new(text, delimiter_of(text));
    let mut count = 0;
    while let Some((line, read)) = rows.next_row() {
        match read {
            Ok(cells) if cells.is_blank() => {}
            Ok(cells) => {
                count += 1;
                if count > ROWS_MAX {
                    return Err(FileError::TooManyRows(ROWS_MAX).into());
                }
                visit(line, cells, problems)?;
            }
            Err(kind) => problems.note(line, kind),
        }
    }
    Ok(())
}

/// A tab where the first lines hold at least one each; where they hold none, a semicolon of which they hold more than of
/// commas; and else a comma.
fn delimiter_of(text: &str) -> u8 {
    const LINES: usize = 200;
    let (mut lines, mut tabs, mut semicolons, mut commas) = (0, 0, 0, 0);
    for line in text.lines().take(LINES).filter(|line| !line.trim().is_empty()) {
        lines += 1;
        for byte in line.bytes() {
            match byte {
                b'\t' => tabs += 1,
                b';' => semicolons += 1,
                b',' => commas += 1,
                _ => {}
            }
        }
    }
    match () {
        () if lines > 0 && tabs >= lines => b'\t',
        () if lines > 0 && semicolons >= lines && semicolons > commas => b';',
        () => b',',
    }
}

/// A name by its letters and digits: `Code Add Date`, `CODE ADD DATE` and `code_add_date` are one.
pub(super) fn folded_name(cell: &str) -> String {
    cell.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<(u32, Vec<String>)>, Vec<u32>) {
        let (mut rows, mut problems) = (Vec::new(), Problems::default());
        each_row_noting(text.as_bytes(), &mut problems, |line, cells, _| {
            rows.push((line, (0..cells.count()).map(|column| cells.cell(column).to_owned()).collect()));
            Ok(())
        })
        .expect("rows");
        (rows, problems.iter().map(|problem| problem.line).collect())
    }

    #[test]
    fn rows_carry_the_line_they_begin_at() {
        for text in ["a,b\n\n\"c\nd\",e\nf", "a,b\r\n\r\n\"c\r\nd\",e\r\nf\r\n"] {
            let (rows, problems) = read(text);
            let lines: Vec<u32> = rows.iter().map(|(line, _)| *line).collect();
            assert_eq!((lines, problems), (vec![1, 3, 5], vec![]), "{text:?}");
        }
        let (rows, _) = read("a\tb, c\t\"d\"\n1\t2\t3\n");
        assert_eq!(rows[0].1, ["a", "b, c", "d"]);
    }

    #[test]
    fn a_quote_that_nothing_closes_costs_its_own_row_only() {
        let after: String = (0..200).map(|number| format!("{number},x\n")).collect();
        let (rows, problems) = read(&format!("a,b\n\"open,b\n{after}"));
        assert_eq!((rows.len(), problems), (201, vec![2]));
        assert_eq!(rows[200], (202, vec!["199".to_owned(), "x".to_owned()]));
    }
}
