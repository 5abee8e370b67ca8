//! The data files as read and checked, and the values of one payer on one date.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::PolicyError;
use super::citations::{self, Citations};
use super::document::{DatedValue, Exception, ParameterEntry, ParameterFile, PayerFile, ValueStatus};
use super::parameters::{Groups, Policy};
use crate::domain::time::Date;
use crate::rules;

/// A value of the data files by its place in memory, which no other value shares while they are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ValueId(usize);

/// The values of one payer on one date, as the parameters read them.
pub struct ParameterSource<'a> {
    data: &'a Data,
    payer: &'a Arc<str>,
    /// The payer and those it extends, the most specific first.
    chain: &'a [&'a (String, PayerFile)],
    date: Date,
}

impl<'a> ParameterSource<'a> {
    pub(super) fn payer(&self) -> &Arc<str> {
        self.payer
    }

    pub(super) fn date(&self) -> Date {
        self.date
    }

    /// The value in force and its first date.
    pub(super) fn value(&self, key: &str) -> Result<(&'a toml::Value, Date), PolicyError> {
        for (_, payer) in self.chain {
            let exception = payer.exceptions.iter().find(|exception| {
                exception.parameter.as_deref() == Some(key) && exception.holds_on(self.date)
            });
            if let Some(Exception { value: Some(value), from, .. }) = exception {
                return Ok((value, *from));
            }
        }
        let missing = || PolicyError::NoValue { key: key.to_owned(), date: self.date };
        let (_, entry) = self.data.parameters.get(key).ok_or_else(missing)?;
        let dated = entry
            .values
            .iter()
            .filter(|value| value.status == ValueStatus::InForce && value.from <= self.date)
            .max_by_key(|value| value.from)
            .or_else(|| entry.values.iter().min_by_key(|value| value.from))
            .ok_or_else(missing)?;
        Ok((&dated.value, dated.from))
    }

    /// Which value is in force.
    pub(super) fn id(&self, key: &str) -> Result<ValueId, PolicyError> {
        self.value(key).map(|(value, _)| ValueId(std::ptr::from_ref(value).addr()))
    }

    pub(super) fn rules_off(&self) -> Arc<[Box<str>]> {
        let exceptions = self.chain.iter().flat_map(|(_, payer)| &payer.exceptions);
        exceptions
            .filter(|exception| exception.holds_on(self.date))
            .filter_map(|exception| exception.rule_off.as_deref().map(Into::into))
            .collect()
    }
}

impl Exception {
    fn holds_on(&self, date: Date) -> bool {
        self.from <= date && self.until.is_none_or(|until| date < until)
    }

    fn subject(&self) -> &str {
        self.parameter.as_deref().or(self.rule_off.as_deref()).unwrap_or_default()
    }
}

pub(super) struct Data {
    pub(super) citations: Citations,
    /// Key → file and entry; every payer asks on every date at which anything changes, so they are found in one step.
    parameters: FxHashMap<String, (String, ParameterEntry)>,
    /// Id → file and payer.
    pub(super) payers: BTreeMap<String, (String, PayerFile)>,
}

impl Data {
    pub(super) fn read(files: &BTreeMap<String, String>) -> Result<Self, PolicyError> {
        let mut data = Self {
            citations: Citations::default(),
            parameters: FxHashMap::default(),
            payers: BTreeMap::new(),
        };
        for (file, text) in files {
            if file == citations::OWN || file == citations::ADDED {
                data.citations.extend(Citations::parse(file, text)?);
            } else if file.starts_with("params/") {
                data.add_parameters(file, text)?;
            } else if file.starts_with("payers/") {
                let payer: PayerFile =
                    toml::from_str(text).map_err(|error| PolicyError::syntax(file, &error))?;
                let name = payer.id.clone();
                if let Some((first, _)) = data.payers.insert(name.clone(), (file.clone(), payer)) {
                    return Err(PolicyError::NamedTwice { name, first, second: file.clone() });
                }
            } else {
                return Err(PolicyError::Misplaced { file: file.clone() });
            }
        }
        data.check()?;
        Ok(data)
    }

    fn add_parameters(&mut self, file: &str, text: &str) -> Result<(), PolicyError> {
        let families: ParameterFile =
            toml::from_str(text).map_err(|error| PolicyError::syntax(file, &error))?;
        for (family, entries) in families {
            for (name, entry) in entries {
                let key = format!("{family}.{name}");
                if let Some((first, _)) = self.parameters.get(&key) {
                    return Err(PolicyError::DeclaredTwice {
                        key,
                        first: first.clone(),
                        second: file.to_owned(),
                    });
                }
                self.parameters.insert(key, (file.to_owned(), entry));
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<(), PolicyError> {
        let known: BTreeSet<&str> = Policy::keys().collect();
        for (key, (file, entry)) in &self.parameters {
            if !known.contains(key.as_str()) {
                return Err(PolicyError::UnknownParameter { file: file.clone(), key: key.clone() });
            }
            for (index, value) in entry.values.iter().enumerate() {
                self.check_citation(file, &value.cite, key)?;
                let is_again = |other: &DatedValue| (other.from, other.status) == (value.from, value.status);
                if entry.values[..index].iter().any(is_again) {
                    let (file, key) = (file.clone(), key.clone());
                    return Err(PolicyError::ValuedTwice { file, key, date: value.from });
                }
            }
        }
        for (file, payer) in self.payers.values() {
            for exception in &payer.exceptions {
                self.check_exception(file, exception, &known)?;
            }
            check_conflicts(payer)?;
        }
        Ok(())
    }

    fn check_exception(
        &self,
        file: &str,
        exception: &Exception,
        known: &BTreeSet<&str>,
    ) -> Result<(), PolicyError> {
        let file = file.to_owned();
        match (&exception.parameter, &exception.value, &exception.rule_off) {
            (Some(key), Some(_), None) if !known.contains(key.as_str()) => {
                return Err(PolicyError::UnknownParameter { file, key: key.clone() });
            }
            (None, None, Some(rule)) if rules::find(rule).is_none() => {
                return Err(PolicyError::UnknownRule { file, rule: rule.clone() });
            }
            (None, None, Some(rule)) if rules::find(rule).is_some_and(|found| !found.is_optional) => {
                return Err(PolicyError::RuleDecides { file, rule: rule.clone() });
            }
            (Some(_), Some(_), None) | (None, None, Some(_)) => {}
            _ => return Err(PolicyError::EmptyException { file, label: exception.label.clone() }),
        }
        self.check_citation(&file, &exception.cite, &exception.label)
    }

    fn check_citation(&self, file: &str, cite: &str, by: &str) -> Result<(), PolicyError> {
        match self.citations.get(cite) {
            Some(_) => Ok(()),
            None => Err(PolicyError::UnknownCitation {
                file: file.to_owned(),
                cite: cite.to_owned(),
                by: by.to_owned(),
            }),
        }
    }

    /// The payer's file and those it extends, the most specific first.
    pub(super) fn chain(&self, id: &str) -> Result<Vec<&(String, PayerFile)>, PolicyError> {
        let mut chain: Vec<&(String, PayerFile)> = Vec::new();
        let mut next = Some(id);
        let mut from = id;
        while let Some(id) = next {
            let unknown = || PolicyError::UnknownBase { payer: from.to_owned(), extends: id.to_owned() };
            let entry = self.payers.get(id).ok_or_else(unknown)?;
            if chain.iter().any(|(_, seen)| seen.id == entry.1.id) {
                return Err(unknown());
            }
            chain.push(entry);
            from = &entry.1.id;
            next = entry.1.extends.as_deref();
        }
        Ok(chain)
    }

    /// One policy for each date on which a value or an exception begins or ends.
    pub(super) fn resolve(
        &self,
        id: &Arc<str>,
        groups: &mut Groups,
        version: &Arc<str>,
    ) -> Result<Vec<Arc<Policy>>, PolicyError> {
        let chain = &self.chain(id)?;
        let changes = self.changes(chain);
        let title: Arc<str> = chain[0].1.title.as_str().into();
        let mut next = None;
        let mut policies = Vec::with_capacity(changes.len());
        // From the last one back, so that each knows the one that follows it, and reads only what changes between them.
        for (date, changed) in changes.into_iter().rev() {
            let source = ParameterSource { data: self, payer: id, chain, date };
            let policy = Arc::new(Policy::resolve(&source, groups, &title, version, next.take())?);
            next = Some((policy.clone(), changed));
            policies.push(policy);
        }
        policies.reverse();
        Ok(policies)
    }
}

/// The dates on which anything changes, each with the parameters that may.
type ParametersByDate<'a> = BTreeMap<Date, Vec<&'a str>>;

impl Data {
    fn changes<'a>(&'a self, chain: &[&'a (String, PayerFile)]) -> ParametersByDate<'a> {
        let mut changes = ParametersByDate::from([(Date::MIN, Vec::new())]);
        for (key, (_, entry)) in &self.parameters {
            entry.values.iter().for_each(|value| changes.entry(value.from).or_default().push(key));
        }
        for exception in chain.iter().flat_map(|(_, payer)| &payer.exceptions) {
            for date in [Some(exception.from), exception.until].into_iter().flatten() {
                changes.entry(date).or_default().extend(exception.parameter.as_deref());
            }
        }
        changes
    }
}

fn check_conflicts(payer: &PayerFile) -> Result<(), PolicyError> {
    for (index, first) in payer.exceptions.iter().enumerate() {
        for second in &payer.exceptions[index + 1..] {
            let start = first.from.max(second.from);
            if first.subject() == second.subject() && first.holds_on(start) && second.holds_on(start) {
                return Err(PolicyError::Conflict {
                    payer: payer.id.clone(),
                    first: first.label.clone(),
                    second: second.label.clone(),
                    subject: first.subject().to_owned(),
                    date: start,
                });
            }
        }
    }
    Ok(())
}
