//! The sources that rules and parameters cite.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::PolicyError;

/// The file of the sources that the program brings along.
pub(super) const OWN: &str = "citations.toml";

/// Sources that a folder of policies adds under the same name; read after [`OWN`], so that they win.
pub(super) const ADDED: &str = "citations.toml of the policies folder";

/// A source: its title, the section meant, and where it can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Citation {
    pub title: String,
    #[serde(default)]
    pub section: String,
    /// Empty where no public address is known.
    #[serde(default)]
    pub url: String,
}

/// Every source by its key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Citations(BTreeMap<String, Citation>);

impl Citations {
    /// Reads `citations.toml`.
    ///
    /// # Errors
    /// A message that names the file and the key at fault.
    pub fn parse(file: &str, text: &str) -> Result<Self, PolicyError> {
        toml::from_str(text).map(Self).map_err(|error| PolicyError::syntax(file, &error))
    }

    /// Takes in further sources, which win over those of the same key.
    pub(super) fn extend(&mut self, further: Self) {
        self.0.extend(further.0);
    }

    /// The source of a key.
    pub fn get(&self, key: &str) -> Option<&Citation> {
        self.0.get(key)
    }

    /// Every source in the order of its key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Citation)> {
        self.0.iter().map(|(key, citation)| (key.as_str(), citation))
    }
}
