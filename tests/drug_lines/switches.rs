//! Every switch of the rule book's §13 changes an answer: the lines under Medicare, and under the other value.

use std::collections::BTreeMap;
use std::sync::Arc;

use infusion_coder::catalog::Catalog;
use infusion_coder::policy::PolicyBook;
use infusion_coder::server::coder::Coder;
use serde::Deserialize;
use serde_json::Value;

use super::case::{answer, drug_lines};
use super::rules::{Given, parsed, printed, visit};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Switches {
    switch: Vec<Switch>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Switch {
    parameter: String,
    value: toml::Value,
    /// Other exceptions that the switch works with.
    #[serde(default)]
    also: BTreeMap<String, toml::Value>,
    date: String,
    #[serde(default)]
    with: String,
    drugs: Vec<Given>,
    medicare: Vec<String>,
    switched: Vec<String>,
    /// A word that the findings under the switch hold, where its lines are the same.
    #[serde(default)]
    says: String,
}

impl Switch {
    fn file(&self) -> String {
        let mut file = "id = 'case'\ntitle = 'Case'\nextends = 'medicare'\n".to_owned();
        let own = [(&self.parameter, &self.value)];
        for (name, value) in own.into_iter().chain(&self.also) {
            let value = written(value);
            file += &format!(
                "[[exception]]\nlabel = '{name}'\nparameter = 'drug_line.{name}'\nvalue = {value}\nfrom = '1900-01-01'\ncite = 'S-CMS-DD'\n"
            );
        }
        file
    }

    fn verdict(&self) -> Result<(), String> {
        let files = [("payers/case.toml".to_owned(), self.file())].into();
        let book = PolicyBook::embedded_with(files).map_err(|error| error.to_string())?;
        let coder = Coder::on(Catalog::embedded(), Arc::new(book));
        let under = |payer: &str| -> Result<(Vec<String>, String), String> {
            let with: Value = parsed(&self.with);
            let visit = visit(payer, &self.date, "PHYSICIAN_OFFICE", &self.drugs, &with);
            let answer = answer(&coder, &visit)?;
            let lines = drug_lines(&answer.lines);
            let with_ndc = self.medicare.iter().chain(&self.switched).any(|line| line.contains("N4"));
            let mut lines: Vec<String> = lines.into_iter().map(|line| printed(line, with_ndc)).collect();
            lines.sort();
            Ok((lines, answer.findings.iter().map(|finding| finding.text.as_str()).collect()))
        };
        let sorted = |lines: &[String]| {
            let mut lines = lines.to_vec();
            lines.sort();
            lines
        };
        let (before, said_before) = under("medicare")?;
        let (after, said_after) = under("case")?;
        if (&before, &after) != (&sorted(&self.medicare), &sorted(&self.switched)) {
            return Err(format!("{before:?} and {after:?}"));
        }
        let is_heard =
            !self.says.is_empty() && said_after.contains(&self.says) && !said_before.contains(&self.says);
        if before != after || is_heard { Ok(()) } else { Err(format!("nothing changes; {said_after}")) }
    }
}

/// A value as TOML, on one line.
fn written(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => format!("{text:?}"),
        toml::Value::Array(values) => {
            format!("[{}]", values.iter().map(written).collect::<Vec<_>>().join(", "))
        }
        toml::Value::Table(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("{name} = {}", written(value)));
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Boolean(flag) => flag.to_string(),
        other => panic!("{other:?} is no value of a switch"),
    }
}

#[test]
fn every_switch_changes_an_answer() {
    let switches: Switches =
        toml::from_str(include_str!("../golden/drug-switches.toml")).expect("the switches");
    let faults: Vec<String> = switches
        .switch
        .iter()
        .filter_map(|switch| switch.verdict().err().map(|fault| format!("{}: {fault}", switch.parameter)))
        .collect();
    assert!(faults.is_empty(), "{} of {}\n{}", faults.len(), switches.switch.len(), faults.join("\n"));
}
