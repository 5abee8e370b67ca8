//! What a parser reports beside its records: rows it repaired or left out, and files it cannot read.

use std::fmt;

/// Problems kept with their text; the rest is only counted, so that a broken file cannot fill the memory.
pub const PROBLEMS_KEPT_MAX: usize = 1_000;

/// Why a file as a whole cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    #[error("the file has {bytes} bytes; at most {bytes_max} are read, so check that it is the right file")]
    TooLarge { bytes: usize, bytes_max: usize },
    #[error("the workbook cannot be opened: {0}; download it again")]
    Workbook(String),
    #[error("the file has more than {0} rows, so it is none of CMS")]
    TooManyRows(u32),
    #[error("the cells of the worksheet hold more than {0} bytes, so it is none of CMS")]
    TooMuchText(usize),
    #[error("no header row starts with `{0}`, so this is another kind of file or a new layout")]
    NoHeader(&'static str),
    #[error(
        "the header has no column `{0}` (case, blanks and signs do not count), so this is another kind of file or a new layout"
    )]
    NoColumn(&'static str),
    #[error("no row of the file is a record of this kind; check that it is the right file")]
    NoRecords,
    #[error("no row of the file can be read; the first one, at {0}")]
    NoneRead(Box<str>),
    #[error(
        "no row tells which of the CMS files this is; the nearest is the header of a file of {0} without `{1}` \
         (case, blanks and signs do not count), so a column has another name"
    )]
    NearHeader(&'static str, Box<str>),
    #[error("no row tells which of the CMS files this is; check that it is the right file, or a new layout")]
    UnknownKind,
    #[error("no row of any sheet tells which of the CMS files this is; check that it is the right file")]
    UnknownSheet,
}

/// What is wrong with one row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProblemKind {
    #[error("not a record of this layout, so it was left out: `{0}`")]
    NotARecord(Box<str>),
    #[error("columns were shifted by {0}; put back in place")]
    ColumnsShifted(i32),
    #[error("`{value}` is not a {field}, so the row was left out")]
    BadField { field: &'static str, value: Box<str> },
    #[error("`{value}` is not a {field}; the row was kept without it")]
    IgnoredField { field: &'static str, value: Box<str> },
    #[error("a continuation that follows no first line of {0}, so it was left out")]
    Orphan(Box<str>),
    #[error("a line of the description of {0} seems to be missing before this one")]
    SequenceGap(Box<str>),
    #[error("{0} is listed twice; the first row was kept")]
    Duplicate(Box<str>),
    #[error("a quote that nothing closes, so the row was left out")]
    UnclosedQuote,
    #[error("{0} bytes or more, so the row was left out")]
    RowTooLong(usize),
    #[error("{0}")]
    Inconsistent(Box<str>),
}

impl ProblemKind {
    /// Whether the row is still among the records.
    pub const fn keeps_the_row(&self) -> bool {
        matches!(
            self,
            Self::ColumnsShifted(_)
                | Self::IgnoredField { .. }
                | Self::SequenceGap(_)
                | Self::Inconsistent(_)
        )
    }

    /// A row left out for one field.
    pub fn bad(field: &'static str, value: &str) -> Self {
        Self::BadField { field, value: excerpt(value) }
    }

    /// A row kept without one field.
    pub fn ignored(field: &'static str, value: &str) -> Self {
        Self::IgnoredField { field, value: excerpt(value) }
    }
}

/// One problem, at a line of a text or a row of a worksheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Counted from one.
    pub line: u32,
    pub kind: ProblemKind,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.kind)
    }
}

/// The problems of a file; the first [`PROBLEMS_KEPT_MAX`] with their text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problems {
    kept: Vec<Problem>,
    count: usize,
}

impl Problems {
    /// Adds one.
    pub fn note(&mut self, line: u32, kind: ProblemKind) {
        self.count += 1;
        if self.kept.len() < PROBLEMS_KEPT_MAX {
            self.kept.push(Problem { line, kind });
        }
    }

    /// How many there are, those without their text included.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Whether the file had none.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The problems whose text was kept.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.kept.iter()
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The beginning of a text, without control characters, for a message.
pub fn excerpt(text: &str) -> Box<str> {
    const CHARACTERS_MAX: usize = 60;
    text.chars().filter(|c| !c.is_control()).take(CHARACTERS_MAX).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_beyond_the_limit_are_only_counted() {
        let mut problems = Problems::default();
        for line in 0..5_000 {
            problems.note(line, ProblemKind::bad("date", "2025"));
        }
        assert_eq!((problems.count(), problems.iter().count()), (5_000, PROBLEMS_KEPT_MAX));
    }

    #[test]
    fn a_message_shows_a_short_clean_excerpt() {
        let long = format!("a\tb{}", "c".repeat(500));
        assert_eq!(excerpt(&long).len(), 60);
        assert!(excerpt(&long).starts_with("abc"));
    }
}
