//! Biosimilars and their reference products (rules B-01..B-08).

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::error::DataError;
use super::table::rows;
use super::text::Text;
use crate::domain::code::HcpcsCode;

/// The columns of `catalog/biosimilars.csv`.
pub(super) const COLUMNS: &[&str] =
    &["code", "name", "brands", "reference_product", "reference_codes", "cite"];

/// One biosimilar code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Biosimilar {
    pub code: HcpcsCode,
    /// Nonproprietary name with its suffix.
    pub name: Text,
    /// One code may serve several brands of one applicant (rule B-03).
    pub brands: Arc<[Text]>,
    pub reference_product: Arc<str>,
    /// Codes of the reference product, the current one first.
    pub reference_codes: Arc<[HcpcsCode]>,
}

/// The table of biosimilars. They are not all Q51xx (rule B-02).
#[derive(Debug, Clone, Default)]
pub struct Biosimilars(FxHashMap<HcpcsCode, Biosimilar>);

impl Biosimilars {
    /// Reads the table.
    ///
    /// # Errors
    /// The first row that cannot be read.
    pub fn parse(text: &str) -> Result<Self, DataError> {
        let rows = rows("biosimilars.csv", text, COLUMNS)?.map(|row| {
            let row = row?;
            let biosimilar = Biosimilar {
                code: row.read(0)?,
                name: row.text(1).into(),
                brands: row.texts(2).map(Into::into).collect(),
                reference_product: row.text(3).into(),
                reference_codes: row.read_all(4)?.into(),
            };
            Ok((biosimilar.code, biosimilar))
        });
        rows.collect::<Result<_, _>>().map(Self)
    }

    /// The biosimilar that a code stands for.
    pub fn get(&self, code: HcpcsCode) -> Option<&Biosimilar> {
        self.0.get(&code)
    }

    /// Every biosimilar, by code.
    pub fn iter(&self) -> impl Iterator<Item = &Biosimilar> {
        let mut all: Vec<&Biosimilar> = self.0.values().collect();
        all.sort_by_key(|biosimilar| biosimilar.code);
        all.into_iter()
    }
}
