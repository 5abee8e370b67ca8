//! Which amount one unit of a code counts, where its descriptor states several amounts or none.

use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::Reading;
use crate::domain::billing::BillingUnit;
use crate::domain::code::HcpcsCode;

/// The conventions that ship with the program.
const EMBEDDED: &str = include_str!("../../../catalog/unit_conventions.toml");

/// One convention, cited (rules U-08, U-09).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Convention {
    pub code: HcpcsCode,
    pub unit: BillingUnit,
    /// Key into the citations.
    pub cite: Box<str>,
    /// What shows the convention.
    pub note: Box<str>,
}

/// The conventions by code.
#[derive(Debug, Clone, Default)]
pub struct Conventions(FxHashMap<HcpcsCode, Convention>);

/// Why the data file of conventions was refused.
#[derive(Debug, thiserror::Error)]
pub enum ConventionError {
    #[error("unit_conventions.toml: {0}")]
    Syntax(#[from] toml::de::Error),
    #[error("unit_conventions.toml: {0} has two conventions; keep one")]
    Twice(HcpcsCode),
}

impl Conventions {
    /// Those that ship with the program.
    pub fn embedded() -> Self {
        // A test reads the same text, so it cannot fail here.
        Self::parse(EMBEDDED).unwrap_or_default()
    }

    /// Reads a data file.
    ///
    /// # Errors
    /// [`ConventionError`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, ConventionError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            convention: Vec<Convention>,
        }
        let file: File = toml::from_str(text)?;
        let mut conventions = FxHashMap::default();
        for convention in file.convention {
            let code = convention.code;
            if conventions.insert(code, convention).is_some() {
                return Err(ConventionError::Twice(code));
            }
        }
        Ok(Self(conventions))
    }

    /// The unit of a code: by its convention if the descriptor states several amounts, else as read.
    pub fn unit(&self, code: HcpcsCode, reading: &Reading) -> BillingUnit {
        match self.0.get(&code) {
            Some(convention) if !reading.components.is_empty() => convention.unit,
            _ => reading.unit,
        }
    }

    /// The unit of a code whose descriptor states no amount: one piece, where a convention says so (rule U-09).
    pub fn without_amount(&self, code: HcpcsCode) -> Option<BillingUnit> {
        self.0.get(&code).map(|convention| convention.unit)
    }

    /// Every convention, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Convention> {
        self.0.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cms::descriptor::read;

    #[test]
    fn a_convention_applies_to_several_components_only() {
        let conventions = Conventions::parse(EMBEDDED).expect("the file that ships");
        let unit =
            |text| conventions.unit(HcpcsCode::of("J0702"), &read(text).expect(text)).quantity.to_string();
        assert_eq!(unit("Injection, one ester 3 mg and another ester 3 mg"), "6 mg");
        assert_eq!(unit("Injection, one ester, 4 mg"), "4 mg");
    }

    #[test]
    fn two_conventions_for_one_code_are_refused() {
        let one = "[[convention]]\ncode = \"J0702\"\ncite = \"\"\nnote = \"\"\n\
                   unit = { quantity = { value = \"6\", unit = \"mg\" }, form = \"components\" }\n";
        assert!(Conventions::parse(one).is_ok());
        assert!(matches!(Conventions::parse(&one.repeat(2)), Err(ConventionError::Twice(_))));
    }
}
