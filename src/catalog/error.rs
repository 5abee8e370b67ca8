//! Why the catalog's data files are refused.

/// A data file that makes no catalog. Every message names the file and the line at fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {message}")]
pub struct DataError {
    pub file: Box<str>,
    pub line: u64,
    pub message: Box<str>,
}
