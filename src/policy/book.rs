//! Loads the data files, refuses contradictions, and resolves a policy for each payer and date.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::citations::{self, Citations};
use super::data::Data;
use super::error::PolicyError;
use super::parameters::{BiosimilarCoding, Groups, Policy};
use crate::domain::time::Date;

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/policy_files.rs"));
}

/// The policies of every payer, resolved for every date at which one changes.
#[derive(Debug, Clone)]
pub struct PolicyBook {
    citations: Citations,
    payers: BTreeMap<Arc<str>, Vec<Arc<Policy>>>,
    /// Folded ids and other names of the payers, and the ids they stand for.
    names: BTreeMap<String, Arc<str>>,
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
    /// (`params/*.toml`, `payers/*.toml`), and the sources of `citations.toml` beside the embedded ones.
    ///
    /// # Errors
    /// A fault in the data.
    pub fn embedded_with(mut others: BTreeMap<String, String>) -> Result<Self, PolicyError> {
        let mut files: BTreeMap<String, String> =
            embedded::FILES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let sources = others.remove(citations::OWN);
        files.extend(others);
        files.extend(sources.map(|sources| (citations::ADDED.to_owned(), sources)));
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
        let mut groups = Groups::default();
        for id in data.payers.keys() {
            let id: Arc<str> = id.as_str().into();
            let policies = data.resolve(&id, &mut groups, &version)?;
            if policies.iter().any(|policy| lacks_reference_modifier(policy)) {
                return Err(PolicyError::NoReferenceModifier { payer: id.to_string() });
            }
            payers.insert(id, policies);
        }
        let names = names(&data)?;
        Ok(Self { citations: data.citations, payers, names, version })
    }

    /// The policy of a payer on a date of service; nothing when no file names the payer.
    ///
    /// The payer is told by its id or by another name of its file, in any case and punctuation.
    pub fn at(&self, date: Date, payer: &str) -> Option<&Arc<Policy>> {
        let by_name = || self.payers.get(self.names.get(&folded(payer))?);
        let policies = self.payers.get(payer).or_else(by_name)?;
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

/// Whether a policy would bill a biosimilar as its reference product and say nothing of it (rule B-04).
fn lacks_reference_modifier(policy: &Policy) -> bool {
    let drug_line = &policy.drug_line;
    *drug_line.biosimilar_coding == BiosimilarCoding::ReferenceCodeWithModifier
        && drug_line.biosimilar_reference_modifiers.is_empty()
}

/// The names of the payers; two files may not share one.
fn names(data: &Data) -> Result<BTreeMap<String, Arc<str>>, PolicyError> {
    let mut names: BTreeMap<String, Arc<str>> = BTreeMap::new();
    for (file, payer) in data.payers.values() {
        for name in std::iter::once(&payer.id).chain(&payer.aliases) {
            let earlier = names.insert(folded(name), payer.id.as_str().into());
            if let Some(first) = earlier.filter(|first| **first != *payer.id) {
                let (name, second) = (name.clone(), file.clone());
                return Err(PolicyError::NamedTwice { name, first: first.to_string(), second });
            }
        }
    }
    Ok(names)
}

/// A payer's name without case and punctuation: `NC_Medicaid` and `nc medicaid` are one.
fn folded(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
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
    fn a_folder_names_only_the_sources_it_adds() {
        let payer = format!(
            "id = \"plan\"\ntitle = \"Plan\"\nextends = \"medicare\"\n{}from = \"2020-01-01\"\n",
            UNITS.replace("IOM12", "PLAN-1")
        );
        let mut others = files(&payer);
        assert!(PolicyBook::embedded_with(others.clone()).is_err(), "a source that nobody names");
        others.insert("citations.toml".to_owned(), "[\"PLAN-1\"]\ntitle = \"Policy 1\"\n".to_owned());
        let book = PolicyBook::embedded_with(others).expect("a book");
        assert!(book.citations().get("PLAN-1").is_some() && book.citations().get("IOM12").is_some());
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
    fn a_parameter_with_two_values_of_one_date_and_two_files_of_one_payer_refuse_to_load() {
        let own = "params/limits.toml";
        let (_, text) = embedded::FILES.iter().find(|(name, _)| *name == own).expect("the limits");
        let second =
            "[[limits.units_per_line_max.value]]\nfrom = \"2003-01-01\"\nvalue = 5\ncite = \"IOM12\"\n";
        let twice = format!("{text}{second}");
        let error = PolicyBook::embedded_with([(own.to_owned(), twice)].into()).expect_err("a fault");
        assert!(matches!(&error, PolicyError::ValuedTwice { file, .. } if file == own), "{error}");

        let payer = "id = \"plan\"\ntitle = \"Plan\"\nextends = \"medicare\"\n";
        let mut others = files(payer);
        others.insert("payers/another.toml".to_owned(), payer.to_owned());
        let error = PolicyBook::embedded_with(others).expect_err("a fault");
        assert!(matches!(&error, PolicyError::NamedTwice { name, .. } if name == "plan"), "{error}");
    }

    #[test]
    fn a_file_that_nothing_reads_and_a_reference_code_without_its_modifier_refuse_to_load() {
        let others = [("plan.toml".to_owned(), "no policy".to_owned())].into();
        let error = PolicyBook::embedded_with(others).expect_err("a fault");
        assert!(matches!(&error, PolicyError::Misplaced { file } if file == "plan.toml"), "{error}");

        let reference = "[[exception]]\nlabel = \"a\"\nparameter = \"drug_line.biosimilar_coding\"\nvalue = \"reference-code-with-modifier\"\ncite = \"IOM12\"\nfrom = \"2020-01-01\"\n";
        let error = fault(reference);
        assert!(matches!(&error, PolicyError::NoReferenceModifier { payer } if payer == "plan"), "{error}");
    }

    #[test]
    fn a_payer_is_known_by_its_other_names_and_two_payers_share_none() {
        let file = |aliases| {
            format!("id = \"plan\"\ntitle = \"Plan\"\naliases = [{aliases}]\nextends = \"medicare\"\n")
        };
        let book = PolicyBook::embedded_with(files(&file("\"The Plan, Inc.\""))).expect("a book");
        let id = |name| book.at(date(2025, 1, 1), name).map(|policy| policy.payer.to_string());
        for name in ["plan", "PLAN", "the_plan inc", "The Plan, Inc."] {
            assert_eq!(id(name).as_deref(), Some("plan"), "{name}");
        }
        assert_eq!(id("Medicare").as_deref(), Some("medicare"));
        let error = PolicyBook::embedded_with(files(&file("\"Medicare\""))).expect_err("a fault");
        assert!(matches!(error, PolicyError::NamedTwice { .. }), "{error}");
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
