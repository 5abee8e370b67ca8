//! Biosimilars and their reference products (rules B-01..B-08).

/// The columns of `catalog/biosimilars.csv`.
pub(super) const COLUMNS: &[&str] =
    &["code", "name", "brands", "reference_product", "reference_codes", "cite"];
