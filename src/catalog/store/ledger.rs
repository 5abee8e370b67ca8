//! The ledger beside the exports: in which order the releases came, and which of them are in use.
//!
//! The database says the same and is what is read. The ledger is what it is held against once damage may have
//! taken its last writes: an export alone does not tell that somebody took its release out of use, nor that a
//! later posting of its quarter speaks in its place.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::recovery::write_whole;
use super::{Entry, StoreError};

const FILE: &str = "ledger.json";

/// What the ledger says of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    /// Order of arrival.
    pub sequence: u64,
    /// Whether answers are read from it.
    pub active: bool,
    /// When it was stored; an earlier program wrote none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored: Option<jiff::Timestamp>,
}

/// What is said of every release but the embedded one, by its id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ledger {
    pub lines: BTreeMap<String, Line>,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    ledger: Ledger,
    /// CRC-32 of the ledger as JSON.
    crc32: u32,
}

impl Ledger {
    /// What entries say.
    pub(super) fn of(entries: &[Entry]) -> Self {
        let lines = entries.iter().filter(|entry| !entry.is_embedded()).map(|entry| {
            let Entry { sequence, active, stored, .. } = *entry;
            (entry.header.id.to_string(), Line { sequence, active, stored })
        });
        Self { lines: lines.collect() }
    }

    /// The ledger in a folder; none where there is none, or damage has changed it.
    pub(super) fn read(folder: &Path) -> Option<Self> {
        let sealed: Sealed = serde_json::from_slice(&std::fs::read(folder.join(FILE)).ok()?).ok()?;
        (sealed.crc32 == sealed.ledger.crc32()).then_some(sealed.ledger)
    }

    /// Writes it so that a crash leaves the old one or the new one.
    ///
    /// # Errors
    /// A folder that cannot be written, as on a full disk; the old one then stays.
    pub(super) fn write(&self, folder: &Path) -> Result<(), StoreError> {
        let sealed = Sealed { crc32: self.crc32(), ledger: self.clone() };
        let json =
            serde_json::to_vec_pretty(&sealed).map_err(|error| StoreError::Damaged(error.to_string()))?;
        write_whole(&folder.join(FILE), &json)
    }

    fn crc32(&self) -> u32 {
        // A map of numbers and words always has a JSON form.
        crc32fast::hash(&serde_json::to_vec(self).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_ledger_is_no_ledger() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(Ledger::read(folder.path()), None);
        let lines = BTreeMap::from([(
            "hcpcs-2025Q4-aa".to_owned(),
            Line { sequence: 2, active: false, stored: None },
        )]);
        let ledger = Ledger { lines };
        ledger.write(folder.path()).expect("written");
        assert_eq!(Ledger::read(folder.path()), Some(ledger));
        let path = folder.path().join(FILE);
        let text = std::fs::read_to_string(&path).expect("the file");
        std::fs::write(&path, text.replace("false", "true")).expect("changed");
        assert_eq!(Ledger::read(folder.path()), None);
    }
}
