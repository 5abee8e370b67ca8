//! Reads what the operator configures: the directory of policy files and the store's folder.

use std::collections::BTreeMap;
use std::path::Path;

use crate::policy::{PolicyBook, PolicyError};

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{path}: cannot be read: {source}")]
    Read { path: String, source: std::io::Error },
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

/// The embedded policies, with the files of `directory` in place of their namesakes when it is given.
///
/// # Errors
/// A file that cannot be read, or a fault in the data.
pub fn policy_book(directory: Option<&Path>) -> Result<PolicyBook, ConfigError> {
    let files = directory.map(policy_files).transpose()?.unwrap_or_default();
    Ok(PolicyBook::embedded_with(files)?)
}

/// The policy files of a directory, by the name they have in the embedded set.
fn policy_files(directory: &Path) -> Result<BTreeMap<String, String>, ConfigError> {
    let mut files = BTreeMap::new();
    for folder in ["", "params", "payers"] {
        let path = directory.join(folder);
        if !folder.is_empty() && !path.is_dir() {
            continue;
        }
        let unreadable = |source| ConfigError::Read { path: path.display().to_string(), source };
        for entry in std::fs::read_dir(&path).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".toml") {
                let key = if folder.is_empty() { name } else { format!("{folder}/{name}") };
                files.insert(key, std::fs::read_to_string(entry.path()).map_err(unreadable)?);
            }
        }
    }
    Ok(files)
}
