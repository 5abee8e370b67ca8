//! Loads the data files, refuses contradictions, and resolves a policy for each payer and date.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::citations::Citations;
use super::document::{Exception, ParameterEntry, ParameterFile, PayerFile, ValueStatus};
use super::parameters::Policy;
use crate::domain::time::Date;
use crate::rules;

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/policy_files.rs"));
}

/// Why the data files do not make a policy. Every message names the file or the key at fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    #[error("{file}: {message}")]
    Syntax { file: String, message: String },
    #[error("parameter `{key}` is declared in both {first} and {second}")]
    DeclaredTwice { key: String, first: String, second: String },
    #[error("parameter `{key}` has no value for {date}: add one in catalog/params")]
    NoValue { key: String, date: Date },
    #[error("parameter `{key}`: {message}")]
    Value { key: String, message: String },
    #[error("{file}: parameter `{key}` is not one the program reads")]
    UnknownParameter { file: String, key: String },
    #[error("{file}: rule `{rule}` does not exist")]
    UnknownRule { file: String, rule: String },
    #[error("{file}: `{cite}` is not in citations.toml (named by {by})")]
    UnknownCitation { file: String, cite: String, by: String },
    #[error("payer `{payer}` extends `{extends}`, which does not exist or leads back to itself")]
    UnknownBase { payer: String, extends: String },
    #[error("payer `{payer}`: exceptions \"{first}\" and \"{second}\" both speak for {subject} on {date}")]
    Conflict { payer: String, first: String, second: String, subject: String, date: Date },
    #[error("{file}: exception \"{label}\" must name either `parameter` and `value`, or `rule_off`")]
    EmptyException { file: String, label: String },
}

impl PolicyError {
    pub(super) fn syntax(file: &str, error: &toml::de::Error) -> Self {
        Self::Syntax { file: file.to_owned(), message: error.to_string().trim_end().to_owned() }
    }
}

/// The policies of every payer, resolved for every date at which one changes.
#[derive(Debug, Clone)]
pub struct PolicyBook {
    citations: Citations,
    payers: BTreeMap<Arc<str>, Vec<Arc<Policy>>>,
    version: Arc<str>,
}

impl PolicyBook {
    /// The policies compiled into the program.
    ///
    /// # Errors
    /// A fault in the data files; a test keeps the embedded ones free of any.
    pub fn embedded() -> Result<Self, PolicyError> {
        Self::embedded_with(BTreeMap::new())
    }

    /// The embedded policies with other files in place of, or added to, their namesakes
    /// (`citations.toml`, `params/*.toml`, `payers/*.toml`).
    ///
    /// # Errors
    /// A fault in the data.
    pub fn embedded_with(others: BTreeMap<String, String>) -> Result<Self, PolicyError> {
        let mut files: BTreeMap<String, String> =
            embedded::FILES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        files.extend(others);
        Self::from_files(files)
    }

    /// Builds the book from file names and their texts.
    ///
    /// # Errors
    /// The first fault found, naming the file and the key.
    pub fn from_files(files: BTreeMap<String, String>) -> Result<Self, PolicyError> {
        let version = digest(&files);
        let data = Data::read(&files)?;
        let mut payers = BTreeMap::new();
        for id in data.payers.keys() {
            let chain = data.chain(id)?;
            payers.insert(Arc::from(id.as_str()), data.resolve(id, &chain, &version)?);
        }
        Ok(Self { citations: data.citations, payers, version })
    }

    /// The policy of a payer on a date of service; nothing when no file names the payer.
    pub fn at(&self, date: Date, payer: &str) -> Option<&Arc<Policy>> {
        let policies = self.payers.get(payer)?;
        let after = policies.partition_point(|policy| policy.from <= date);
        policies.get(after.saturating_sub(1))
    }

    /// The payers with a file, in the order of their ids.
    pub fn payers(&self) -> impl Iterator<Item = &str> {
        self.payers.keys().map(|id| &**id)
    }

    /// The sources that rules and parameters cite.
    pub fn citations(&self) -> &Citations {
        &self.citations
    }

    /// Digest of the data files.
    pub fn version(&self) -> &str {
        &self.version
    }
}

/// The values of one payer on one date, as the parameters read them.
pub struct ParameterSource<'a> {
    data: &'a Data,
    payer: &'a str,
    /// The payer and those it extends, the most specific first.
    chain: &'a [&'a (String, PayerFile)],
    date: Date,
}

impl<'a> ParameterSource<'a> {
    pub(super) fn payer(&self) -> &str {
        self.payer
    }

    pub(super) fn date(&self) -> Date {
        self.date
    }

    /// The value in force, its first date, its citation, and the payer whose exception set it.
    pub(super) fn value(
        &self,
        key: &str,
    ) -> Result<(&'a toml::Value, Date, &'a str, Option<&'a str>), PolicyError> {
        for (_, payer) in self.chain {
            let exception = payer.exceptions.iter().find(|exception| {
                exception.parameter.as_deref() == Some(key) && exception.holds_on(self.date)
            });
            if let Some(Exception { value: Some(value), from, cite, .. }) = exception {
                return Ok((value, *from, cite, Some(&payer.id)));
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
        Ok((&dated.value, dated.from, &dated.cite, None))
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

struct Data {
    citations: Citations,
    /// Key → file and entry.
    parameters: BTreeMap<String, (String, ParameterEntry)>,
    /// Id → file and payer.
    payers: BTreeMap<String, (String, PayerFile)>,
}

impl Data {
    fn read(files: &BTreeMap<String, String>) -> Result<Self, PolicyError> {
        let mut data =
            Self { citations: Citations::default(), parameters: BTreeMap::new(), payers: BTreeMap::new() };
        for (file, text) in files {
            if file == "citations.toml" {
                data.citations = Citations::parse(file, text)?;
            } else if file.starts_with("params/") {
                data.add_parameters(file, text)?;
            } else if file.starts_with("payers/") {
                let payer: PayerFile =
                    toml::from_str(text).map_err(|error| PolicyError::syntax(file, &error))?;
                data.payers.insert(payer.id.clone(), (file.clone(), payer));
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
            for value in &entry.values {
                self.check_citation(file, &value.cite, key)?;
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
    fn chain(&self, id: &str) -> Result<Vec<&(String, PayerFile)>, PolicyError> {
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
    fn resolve(
        &self,
        id: &str,
        chain: &[&(String, PayerFile)],
        version: &Arc<str>,
    ) -> Result<Vec<Arc<Policy>>, PolicyError> {
        let mut dates = BTreeSet::new();
        for (_, entry) in self.parameters.values() {
            dates.extend(entry.values.iter().map(|value| value.from));
        }
        for exception in chain.iter().flat_map(|(_, payer)| &payer.exceptions) {
            dates.insert(exception.from);
            dates.extend(exception.until);
        }
        dates.insert(Date::MIN);
        let title = &chain[0].1.title;
        dates
            .into_iter()
            .map(|date| {
                let source = ParameterSource { data: self, payer: id, chain, date };
                Policy::resolve(&source, title, version).map(Arc::new)
            })
            .collect()
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

fn digest(files: &BTreeMap<String, String>) -> Arc<str> {
    let mut hash = Sha256::new();
    for (name, text) in files {
        hash.update(name.as_bytes());
        hash.update([0]);
        hash.update(text.as_bytes());
        hash.update([0]);
    }
    let digest = hash.finalize();
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::date;

    fn files(payer: &str) -> BTreeMap<String, String> {
        [("payers/plan.toml", payer)].map(|(name, text)| (name.to_owned(), text.to_owned())).into()
    }

    fn fault(exceptions: &str) -> PolicyError {
        let payer = format!("id = \"plan\"\ntitle = \"Plan\"\nextends = \"medicare\"\n{exceptions}");
        PolicyBook::embedded_with(files(&payer)).expect_err("a fault")
    }

    const UNITS: &str = "[[exception]]\nlabel = \"a\"\nparameter = \"limits.units_per_line_max\"\nvalue = 999\ncite = \"IOM12\"\n";

    #[test]
    fn an_exception_holds_between_its_dates_and_the_base_outside_them() {
        let payer = format!(
            "id = \"plan\"\ntitle = \"Plan\"\nextends = \"medicare\"\n{UNITS}from = \"2020-01-01\"\nuntil = \"2021-01-01\"\n"
        );
        let book = PolicyBook::embedded_with(files(&payer)).expect("a book");
        let units = |day| *book.at(day, "plan").expect("a policy").limits.units_per_line_max;
        assert_ne!(units(date(2019, 12, 31)), 999);
        assert_eq!(units(date(2020, 1, 1)), 999);
        assert_eq!(units(date(2020, 12, 31)), 999);
        assert_ne!(units(date(2021, 1, 1)), 999);
        assert!(book.at(date(2020, 1, 1), "nobody").is_none());
    }

    #[test]
    fn two_exceptions_for_one_date_refuse_to_load_and_name_both() {
        let twice = format!(
            "{UNITS}from = \"2020-01-01\"\n{}from = \"2021-01-01\"\n",
            UNITS.replace("\"a\"", "\"b\"")
        );
        let message = fault(&twice).to_string();
        assert!(message.contains("\"a\"") && message.contains("\"b\""), "{message}");
    }

    #[test]
    fn unknown_names_are_refused() {
        let with = |line: &str| {
            fault(&format!("[[exception]]\nlabel = \"a\"\n{line}\nfrom = \"2020-01-01\"\ncite = \"IOM12\"\n"))
        };
        assert!(matches!(
            with("parameter = \"limits.none\"\nvalue = 1"),
            PolicyError::UnknownParameter { .. }
        ));
        assert!(matches!(with("rule_off = \"NONE-1\""), PolicyError::UnknownRule { .. }));
        assert!(matches!(with(""), PolicyError::EmptyException { .. }));
        assert!(matches!(with("color = 1"), PolicyError::Syntax { .. }));
        let uncited = UNITS.replace("IOM12", "NOWHERE");
        assert!(matches!(
            fault(&format!("{uncited}from = \"2020-01-01\"\n")),
            PolicyError::UnknownCitation { .. }
        ));
    }

    #[test]
    fn a_payer_that_extends_itself_is_refused() {
        let payer = "id = \"plan\"\ntitle = \"Plan\"\nextends = \"plan\"\n";
        let error = PolicyBook::embedded_with(files(payer)).expect_err("a fault");
        assert!(matches!(error, PolicyError::UnknownBase { .. }));
    }
}
