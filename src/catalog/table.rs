//! Rows of the catalog's tables: comma-separated in the data files, JSON arrays in a bundle.

use std::borrow::Cow;
use std::str::FromStr;
use std::sync::Arc;

use serde::Deserialize;

use super::error::DataError;
use super::text::Text;

/// One row as texts; every error names the file and the line.
pub(super) struct Row<'a> {
    file: &'a str,
    line: u64,
    cells: Cells<'a>,
}

enum Cells<'a> {
    Csv(csv::StringRecord),
    Json { whole: &'a Arc<String>, cells: &'a [Cell<'a>] },
}

/// A cell of a JSON row, which lies in the text itself wherever nothing in it is escaped.
#[derive(Deserialize)]
pub(super) struct Cell<'a>(#[serde(borrow)] pub Cow<'a, str>);

impl<'a> Row<'a> {
    /// A row from its cells, which lie in a whole.
    pub fn new(file: &'a str, line: u64, whole: &'a Arc<String>, cells: &'a [Cell<'a>]) -> Self {
        Self { file, line, cells: Cells::Json { whole, cells } }
    }

    /// A cell as it is written, trimmed; empty where the row is short.
    pub fn text(&self, column: usize) -> &str {
        let cell = match &self.cells {
            Cells::Csv(cells) => cells.get(column),
            Cells::Json { cells, .. } => cells.get(column).map(|cell| &*cell.0),
        };
        cell.unwrap_or_default().trim()
    }

    /// A cell, or a part of one, to be kept: without a copy where the whole stays.
    pub fn kept(&self, part: &str) -> Text {
        match self.cells {
            Cells::Csv(_) => part.into(),
            Cells::Json { whole, .. } => Text::part_of(whole, part),
        }
    }

    /// A cell read as a value.
    pub fn read<T: FromStr<Err: ToString>>(&self, column: usize) -> Result<T, DataError> {
        self.text(column).parse().map_err(|error: T::Err| self.refuse(&error.to_string()))
    }

    /// A cell read as a value, or nothing where it is empty.
    pub fn read_optional<T: FromStr<Err: ToString>>(&self, column: usize) -> Result<Option<T>, DataError> {
        if self.text(column).is_empty() { Ok(None) } else { self.read(column).map(Some) }
    }

    /// The values of a cell that are separated by semicolons.
    pub fn texts(&self, column: usize) -> impl Iterator<Item = &str> {
        self.text(column).split(';').map(str::trim).filter(|text| !text.is_empty())
    }

    /// The values of a cell that are separated by semicolons, each read.
    pub fn read_all<T: FromStr<Err: ToString>>(&self, column: usize) -> Result<Box<[T]>, DataError> {
        self.texts(column)
            .map(|text| text.parse().map_err(|error: T::Err| self.refuse(&error.to_string())))
            .collect()
    }

    /// An error that points at this row.
    pub fn refuse(&self, message: &str) -> DataError {
        DataError { file: self.file.into(), line: self.line, message: message.into() }
    }
}

/// Every row of a data file below its header, in order. Lines that start with `#` are notes.
pub(super) fn rows<'a>(
    file: &'a str,
    text: &'a str,
    columns: &[&str],
) -> Result<impl Iterator<Item = Result<Row<'a>, DataError>>, DataError> {
    let refuse = move |line, message: String| DataError { file: file.into(), line, message: message.into() };
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| refuse(1, error.to_string()))?;
    if !header.iter().eq(columns.iter().copied()) {
        return Err(refuse(1, format!("the columns must be {}", columns.join(","))));
    }
    Ok(reader.into_records().map(move |record| match record {
        Ok(cells) => {
            let line = cells.position().map_or(0, csv::Position::line);
            Ok(Row { file, line, cells: Cells::Csv(cells) })
        }
        Err(error) => Err(refuse(error.position().map_or(0, csv::Position::line), error.to_string())),
    }))
}
