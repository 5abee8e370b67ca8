//! Which codes replaced an ended one, where CMS gives no cross reference (rule L-03).

use rustc_hash::FxHashMap;

use super::error::DataError;
use super::table::rows;
use crate::domain::code::HcpcsCode;

/// The table `catalog/successors.csv`.
#[derive(Debug, Clone, Default)]
pub struct Successors(FxHashMap<HcpcsCode, Box<[HcpcsCode]>>);

impl Successors {
    /// Reads the table.
    ///
    /// # Errors
    /// The first row that cannot be read.
    pub fn parse(text: &str) -> Result<Self, DataError> {
        rows("successors.csv", text, &["code", "successors", "cite"])?
            .map(|row| row.and_then(|row| Ok((row.read(0)?, row.read_all(1)?))))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The codes that replaced a code; empty where none is known.
    pub fn of(&self, code: HcpcsCode) -> &[HcpcsCode] {
        self.0.get(&code).map_or(&[], |codes| codes)
    }
}
