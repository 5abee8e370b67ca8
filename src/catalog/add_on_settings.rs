//! In which setting a primary code supports an add-on code, where a file of edits came without its notes.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::edits::AddOnSetting;
use super::error::DataError;
use super::table::rows;
use crate::domain::code::HcpcsCode;

/// The table `catalog/add_on_settings.csv`. An add-on code listed without a primary code has the setting with all.
#[derive(Debug, Clone, Default)]
pub struct AddOnSettings(FxHashMap<(HcpcsCode, Option<HcpcsCode>), AddOnSetting>);

impl AddOnSettings {
    /// The table that the program carries.
    pub fn embedded() -> &'static Self {
        static EMBEDDED: LazyLock<AddOnSettings> = LazyLock::new(|| {
            let text = include_str!("../../catalog/add_on_settings.csv");
            // Compiled in, and read by a test, so a refusal cannot reach a user.
            AddOnSettings::parse(text).unwrap_or_else(|error| panic!("embedded table: {error}"))
        });
        &EMBEDDED
    }

    /// Reads the table.
    ///
    /// # Errors
    /// The first row that cannot be read.
    pub fn parse(text: &str) -> Result<Self, DataError> {
        rows("add_on_settings.csv", text, &["add_on", "primary", "setting", "cite"])?
            .map(|row| {
                let row = row?;
                let setting = match row.text(2) {
                    "practitioner" => AddOnSetting::PractitionerOnly,
                    "facility" => AddOnSetting::FacilityOnly,
                    other => return Err(row.refuse(&format!("`{other}` must be practitioner or facility"))),
                };
                Ok(((row.read(0)?, row.read_optional(1)?), setting))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The setting of a pair.
    pub fn of(&self, add_on: HcpcsCode, primary: HcpcsCode) -> AddOnSetting {
        let listed = self.0.get(&(add_on, Some(primary))).or_else(|| self.0.get(&(add_on, None)));
        listed.copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_speaks_before_the_add_on_code_alone() {
        let of =
            |add_on, primary| AddOnSettings::embedded().of(HcpcsCode::of(add_on), HcpcsCode::of(primary));
        assert_eq!(of("96375", "96360"), AddOnSetting::PractitionerOnly);
        assert_eq!(of("96375", "96365"), AddOnSetting::Both);
        assert_eq!(of("96376", "96413"), AddOnSetting::FacilityOnly);
    }
}
