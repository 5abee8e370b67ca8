//! The shape of the data files: parameter files and payer files, strictly read.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::time::Date;

/// A parameter file: `[family.name]` tables of dated values.
pub type ParameterFile = BTreeMap<String, BTreeMap<String, ParameterEntry>>;

/// One parameter with its values by date.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "description and unit are for the reader of the file, who must write them")]
pub struct ParameterEntry {
    /// One sentence in our own words.
    pub description: String,
    /// Unit of the value, where it has one.
    #[serde(default)]
    pub unit: String,
    /// Values in force from a date until the next one.
    #[serde(rename = "value")]
    pub values: Vec<DatedValue>,
}

/// A value and the first date of service it holds for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatedValue {
    pub from: Date,
    pub value: toml::Value,
    pub cite: String,
    /// `expected` values load and are never used.
    #[serde(default)]
    pub status: ValueStatus,
}

/// Whether a value may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValueStatus {
    #[default]
    InForce,
    Expected,
}

/// A payer file: labelled exceptions to the national rules.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PayerFile {
    pub id: String,
    pub title: String,
    /// Other names that requests use for the payer, in any case and punctuation.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The payer whose rules hold where this file is silent.
    #[serde(default)]
    pub extends: Option<String>,
    #[serde(default, rename = "exception")]
    pub exceptions: Vec<Exception>,
}

/// One exception: another value of a parameter, or a rule that does not apply.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// Says what the payer does, in our own words.
    pub label: String,
    #[serde(default)]
    pub parameter: Option<String>,
    #[serde(default)]
    pub value: Option<toml::Value>,
    /// Id of a rule that is switched off.
    #[serde(default)]
    pub rule_off: Option<String>,
    pub from: Date,
    /// First date the exception no longer holds for.
    #[serde(default)]
    pub until: Option<Date>,
    pub cite: String,
}
