//! The typed parameters of a policy, one group a family of rules.

mod administration;
mod audit;
mod documentation;
mod drug_line;
mod limits;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::PolicyError;
use super::data::ParameterSource;
use crate::domain::time::Date;
use crate::rules::Rule;

pub use administration::*;
pub use audit::*;
pub use documentation::*;
pub use drug_line::*;
pub use limits::*;

/// A parameter in force: its value, and where the value comes from.
#[derive(Clone, PartialEq, Eq)]
pub struct Param<T> {
    value: T,
    /// `family.name`, as in the data files.
    pub key: &'static str,
    /// First date of service the value holds for.
    pub from: Date,
    /// Key into `citations.toml`.
    pub cite: Arc<str>,
    /// The payer whose exception set the value; empty for the national rule.
    pub payer: Option<Arc<str>>,
}

impl<T> Param<T> {
    pub(super) fn resolve(key: &'static str, source: &ParameterSource<'_>) -> Result<Self, PolicyError>
    where
        T: DeserializeOwned,
    {
        let (value, from, cite, payer) = source.value(key)?;
        let value = value.clone().try_into().map_err(|error: toml::de::Error| PolicyError::Value {
            key: key.to_owned(),
            message: error.message().to_owned(),
        })?;
        Ok(Self { value, key, from, cite: cite.into(), payer: payer.map(Into::into) })
    }
}

impl<T> Deref for Param<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Param<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} ({} from {}, {})", self.value, self.key, self.from, self.cite)
    }
}

/// Declares a group of parameters; the name of each field is its name in the data files.
macro_rules! parameters {
    (
        $(#[$meta:meta])*
        pub struct $group:ident in $family:literal {
            $($(#[$doc:meta])* pub $field:ident: $type:ty,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $group { $($(#[$doc])* pub $field: $crate::policy::Param<$type>,)* }

        impl $group {
            /// The keys of the group's parameters.
            pub const KEYS: &'static [&'static str] = &[$(concat!($family, ".", stringify!($field))),*];

            #[allow(unused_variables, reason = "a group may be empty")]
            pub(in $crate::policy) fn resolve(
                source: &$crate::policy::data::ParameterSource<'_>,
            ) -> Result<Self, $crate::policy::PolicyError> {
                Ok(Self {
                    $($field: $crate::policy::Param::resolve(
                        concat!($family, ".", stringify!($field)),
                        source,
                    )?,)*
                })
            }
        }
    };
}
pub(crate) use parameters;

/// Everything a payer's rules say on one date of service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Id of the payer file.
    pub payer: Arc<str>,
    pub title: Arc<str>,
    /// First date of service this resolved policy holds for.
    pub from: Date,
    /// Digest of the data files, so that an answer can be replayed.
    pub version: Arc<str>,
    pub administration: AdministrationParameters,
    pub drug_line: DrugLineParameters,
    pub documentation: DocumentationParameters,
    pub limits: LimitParameters,
    pub audit: AuditParameters,
    pub(super) rules_off: Arc<[Box<str>]>,
}

impl Policy {
    /// Every parameter key that the program reads.
    pub fn keys() -> impl Iterator<Item = &'static str> {
        [
            AdministrationParameters::KEYS,
            DrugLineParameters::KEYS,
            DocumentationParameters::KEYS,
            LimitParameters::KEYS,
            AuditParameters::KEYS,
        ]
        .into_iter()
        .flatten()
        .copied()
    }

    /// Whether a rule speaks for this payer and date.
    pub fn applies(&self, rule: &Rule) -> bool {
        !self.rules_off.iter().any(|id| **id == *rule.id)
    }

    pub(super) fn resolve(
        source: &ParameterSource<'_>,
        title: &str,
        version: &Arc<str>,
    ) -> Result<Self, PolicyError> {
        Ok(Self {
            payer: source.payer().into(),
            title: title.into(),
            from: source.date(),
            version: version.clone(),
            administration: AdministrationParameters::resolve(source)?,
            drug_line: DrugLineParameters::resolve(source)?,
            documentation: DocumentationParameters::resolve(source)?,
            limits: LimitParameters::resolve(source)?,
            audit: AuditParameters::resolve(source)?,
            rules_off: source.rules_off(),
        })
    }
}
