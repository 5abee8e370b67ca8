//! CMS tables as comma-separated text: a preamble, a header somewhere below it, then rows.

use std::borrow::Cow;

use super::problem::{FileError, ProblemKind, Problems};
use super::text::decode;

/// Columns kept of a row; CMS pads some tables to 250 empty ones.
const COLUMNS_MAX: usize = 300;

/// A table whose header was found.
pub(super) struct Table<'a> {
    text: Cow<'a, str>,
    delimiter: u8,
    /// Where each wanted column stands.
    columns: Vec<usize>,
    /// The first line below the header, counted from one.
    header_line: u64,
}

/// One row, its cells trimmed.
pub(super) struct Row<'a> {
    pub(super) line: u32,
    cells: &'a csv::StringRecord,
    columns: &'a [usize],
}

impl Row<'_> {
    /// A wanted column, by its place in the list of wanted ones.
    pub(super) fn get(&self, wanted: usize) -> &str {
        self.cells.get(self.columns[wanted]).unwrap_or("").trim()
    }

    /// Whether no cell holds anything.
    fn is_blank(&self) -> bool {
        self.cells.iter().take(COLUMNS_MAX).all(|cell| cell.trim().is_empty())
    }
}

impl<'a> Table<'a> {
    /// Finds the header: the first row that has every wanted column under one of its names.
    pub(super) fn open(
        bytes: &'a [u8],
        delimiter: u8,
        wanted: &[&'static [&'static str]],
    ) -> Result<Self, FileError> {
        // The reader counts a line when it meets its line feed, one row late after a carriage return.
        let text: Cow<'_, str> = match decode(bytes)? {
            text if text.contains("\r\n") => text.replace("\r\n", "\n").into(),
            text => text,
        };
        let mut found = None;
        for record in reader(&text, delimiter).records().filter_map(Result::ok) {
            let names: Vec<String> = record.iter().take(COLUMNS_MAX).map(folded_name).collect();
            let place = |names_of: &&[&str]| names.iter().position(|name| names_of.contains(&name.as_str()));
            if let Some(columns) = wanted.iter().map(place).collect::<Option<Vec<_>>>() {
                found = Some((columns, record.position().map_or(0, csv::Position::line)));
                break;
            }
        }
        let (columns, header_line) = found.ok_or(FileError::NoHeader(wanted[0][0]))?;
        Ok(Self { text, delimiter, columns, header_line })
    }

    /// Calls `visit` with each row below the header; what it refuses becomes a problem of the row.
    pub(super) fn each(
        &self,
        problems: &mut Problems,
        mut visit: impl FnMut(&Row<'_>, &mut Problems) -> Result<(), ProblemKind>,
    ) {
        let mut reader = reader(&self.text, self.delimiter);
        let mut record = csv::StringRecord::new();
        while let Ok(true) = reader.read_record(&mut record) {
            let line = record.position().map_or(0, csv::Position::line);
            let row =
                Row { line: line.try_into().unwrap_or(u32::MAX), cells: &record, columns: &self.columns };
            if line <= self.header_line || row.is_blank() {
                continue;
            }
            if let Err(kind) = visit(&row, problems) {
                problems.note(row.line, kind);
            }
        }
    }
}

fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes())
}

/// `HCPCS Code`, `HCPCS_CODE` and `"HCPCS/\nCPT Code"` by their letters; years in names drop out.
fn folded_name(cell: &str) -> String {
    cell.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase()).collect()
}
