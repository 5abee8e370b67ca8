//! The typed parameters of a policy, one group a family of rules.

mod administration;
mod audit;
mod documentation;
mod drug_line;
mod limits;
mod marks;
mod set;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde::de::DeserializeOwned;

use super::PolicyError;
use super::data::{ParameterSource, ValueId};
use crate::domain::time::Date;
use crate::rules::Rule;

pub use administration::*;
pub use audit::*;
pub use documentation::*;
pub use drug_line::*;
pub use limits::*;
pub use marks::*;
pub use set::*;

/// The values of a parameter that has several. The policies of other dates and payers share them.
pub type List<T> = Arc<[T]>;

/// A parameter in force: its value, and where the value stands in the data files.
#[derive(Clone, PartialEq, Eq)]
pub struct Param<T> {
    value: T,
    /// `family.name`, as in the data files.
    pub key: &'static str,
    /// First date of service the value holds for.
    pub from: Date,
}

impl<T> Param<T> {
    pub(super) fn resolve(key: &'static str, source: &ParameterSource<'_>) -> Result<Self, PolicyError>
    where
        T: DeserializeOwned,
    {
        let (value, from) = source.value(key)?;
        let value = value.clone().try_into().map_err(|error: toml::de::Error| PolicyError::Value {
            key: key.to_owned(),
            message: error.message().to_owned(),
        })?;
        Ok(Self { value, key, from })
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
        write!(f, "{:?} ({} from {})", self.value, self.key, self.from)
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

        impl $crate::policy::parameters::Group for $group {
            const FAMILY: &'static str = $family;
            const KEYS: &'static [&'static str] = &[$(concat!($family, ".", stringify!($field))),*];

            #[allow(unused_variables, unused_mut, reason = "a group may be empty")]
            fn resolve(
                source: &$crate::policy::data::ParameterSource<'_>,
                known: Option<&Self>,
                mut is_known: impl Iterator<Item = bool>,
            ) -> Result<Self, $crate::policy::PolicyError> {
                Ok(Self {
                    $($field: match known.filter(|_| is_known.next() == Some(true)) {
                        Some(known) => known.$field.clone(),
                        None => $crate::policy::Param::resolve(
                            concat!($family, ".", stringify!($field)),
                            source,
                        )?,
                    },)*
                })
            }
        }
    };
}
pub(crate) use parameters;

/// A group of parameters, as its macro declares it.
pub(super) trait Group: Sized {
    /// What the keys of the group's parameters begin with.
    const FAMILY: &'static str;
    /// The keys of the group's parameters.
    const KEYS: &'static [&'static str];

    /// Reads the values of one payer on one date, but for those that a known group is told to have, key by key.
    fn resolve(
        source: &ParameterSource<'_>,
        known: Option<&Self>,
        is_known: impl Iterator<Item = bool>,
    ) -> Result<Self, PolicyError>;
}

/// Groups that were read already, by the values they were read from: the policies of many dates and payers
/// share what does not differ.
#[derive(Default)]
pub(super) struct Groups {
    administration: Pool<AdministrationParameters>,
    drug_line: Pool<DrugLineParameters>,
    marked_codes: FxHashMap<(*const AdministrationParameters, *const DrugLineParameters), Arc<MarkedCodes>>,
    /// Those that were read last: few tables name a code, so most groups mark the same ones.
    last_marked: Arc<MarkedCodes>,
    documentation: Pool<DocumentationParameters>,
    limits: Pool<LimitParameters>,
    audit: Pool<AuditParameters>,
}

struct Pool<T> {
    groups: FxHashMap<Box<[ValueId]>, Arc<T>>,
    /// The group that was read last, which the next one mostly agrees with.
    last: Option<(Box<[ValueId]>, Arc<T>)>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self { groups: FxHashMap::default(), last: None }
    }
}

impl<T: Group> Pool<T> {
    /// The group of one payer on one date; that of the next date where none of its parameters changes then.
    fn group(
        &mut self,
        source: &ParameterSource<'_>,
        next: Option<(&Arc<T>, &[&str])>,
    ) -> Result<Arc<T>, PolicyError> {
        let is_changed = |key: &&str| key.strip_prefix(T::FAMILY).is_some_and(|name| name.starts_with('.'));
        if let Some((group, _)) = next.filter(|(_, changed)| !changed.iter().any(is_changed)) {
            return Ok(group.clone());
        }
        let values: Box<[ValueId]> = T::KEYS.iter().map(|key| source.id(key)).collect::<Result<_, _>>()?;
        if let Some(known) = self.groups.get(&values) {
            return Ok(known.clone());
        }
        let known = self.last.as_ref();
        let before = known.map_or(&[][..], |(values, _)| values);
        let is_known = values.iter().zip(before).map(|(value, before)| value == before);
        let group = Arc::new(T::resolve(source, known.map(|(_, group)| &**group), is_known)?);
        self.groups.insert(values.clone(), group.clone());
        self.last = Some((values, group.clone()));
        Ok(group)
    }
}

impl Groups {
    fn marked_codes(
        &mut self,
        administration: &Arc<AdministrationParameters>,
        drug_line: &Arc<DrugLineParameters>,
    ) -> Arc<MarkedCodes> {
        let marked = self.marked_codes.entry((Arc::as_ptr(administration), Arc::as_ptr(drug_line)));
        let last = &mut self.last_marked;
        let read = || {
            let marked = MarkedCodes::new(administration, drug_line);
            if **last != marked {
                *last = Arc::new(marked);
            }
            last.clone()
        };
        marked.or_insert_with(read).clone()
    }
}

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
    pub administration: Arc<AdministrationParameters>,
    pub drug_line: Arc<DrugLineParameters>,
    /// Which tables of the rules name a code.
    pub marked_codes: Arc<MarkedCodes>,
    pub documentation: Arc<DocumentationParameters>,
    pub limits: Arc<LimitParameters>,
    pub audit: Arc<AuditParameters>,
    pub(super) rules_off: Arc<[Box<str>]>,
    /// The rules of the payer from the next date on which they change.
    pub(super) next: Option<Arc<Policy>>,
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

    /// What the payer's rules say on a date of service; those of this policy where it begins later.
    pub fn on(&self, date: Date) -> &Self {
        let mut policy = self;
        while let Some(next) = policy.next.as_deref().filter(|next| next.from <= date) {
            policy = next;
        }
        policy
    }

    /// Whether a rule speaks for this payer and date.
    pub fn applies(&self, rule: &Rule) -> bool {
        !self.rules_off.iter().any(|id| **id == *rule.id)
    }

    pub(super) fn resolve(
        source: &ParameterSource<'_>,
        groups: &mut Groups,
        title: &Arc<str>,
        version: &Arc<str>,
        next: Option<(Arc<Self>, Vec<&str>)>,
    ) -> Result<Self, PolicyError> {
        let after = next.as_ref().map(|(next, changed)| (&**next, changed.as_slice()));
        let administration =
            groups.administration.group(source, after.map(|(next, keys)| (&next.administration, keys)))?;
        let drug_line = groups.drug_line.group(source, after.map(|(next, keys)| (&next.drug_line, keys)))?;
        Ok(Self {
            payer: source.payer().clone(),
            title: title.clone(),
            from: source.date(),
            version: version.clone(),
            marked_codes: groups.marked_codes(&administration, &drug_line),
            administration,
            drug_line,
            documentation: groups
                .documentation
                .group(source, after.map(|(next, keys)| (&next.documentation, keys)))?,
            limits: groups.limits.group(source, after.map(|(next, keys)| (&next.limits, keys)))?,
            audit: groups.audit.group(source, after.map(|(next, keys)| (&next.audit, keys)))?,
            rules_off: source.rules_off(),
            next: next.map(|(next, _)| next),
        })
    }
}
