//! Ordinary doses as testers and charts write them, each with the lines that it earns.

use std::sync::Arc;

use infusion_coder::catalog::Catalog;
use infusion_coder::policy::PolicyBook;
use infusion_coder::server::coder::Coder;
use infusion_coder::server::pb;
use serde::Deserialize;
use serde_json::{Value, json};

use super::case::{answer, drug_lines};

/// A dose as one row: what is given, and what it earns.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    date: String,
    /// Empty for none.
    route: String,
    #[serde(default = "office")]
    setting: String,
    #[serde(default = "medicare")]
    payer: String,
    #[serde(default)]
    diagnoses: Vec<String>,
    #[serde(default)]
    code: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    ndc: String,
    dose: String,
    #[serde(default)]
    discarded: String,
    /// One of `content x count kind`.
    #[serde(default)]
    containers: Vec<String>,
    /// Further fields of the drug, as JSON.
    #[serde(default)]
    more: String,
    /// Lines as `J0000 x1 JZ`, with the NDC and its quantity where `ndc` is given.
    lines: Vec<String>,
    /// Reasons of the findings on the drug that must be there, or with `-` before them must not.
    #[serde(default)]
    findings: Vec<String>,
    /// Words that some finding must say, or with `-` before them none may.
    #[serde(default)]
    says: Vec<String>,
    because: String,
}

fn office() -> String {
    "PHYSICIAN_OFFICE".to_owned()
}

fn medicare() -> String {
    "medicare".to_owned()
}

#[derive(Deserialize)]
struct Rows {
    dose: Vec<Row>,
}

fn quantity(text: &str) -> Value {
    let (value, unit) = text.split_once(' ').expect("a number and a unit");
    json!({"value": value, "unit": unit})
}

fn container(text: &str) -> Value {
    let words: Vec<&str> = text.split(' ').collect();
    let [value, unit, count, kind] = words.as_slice() else { panic!("{text}") };
    let count: u32 = count.trim_start_matches('x').parse().expect("a count");
    json!({"content": {"value": value, "unit": unit}, "count": count, "kind": kind})
}

fn request(row: &Row) -> Value {
    let mut drug: Value = if row.more.is_empty() { json!({}) } else { row.more.parse().expect("JSON") };
    for (field, text) in [("hcpcsCode", &row.code), ("name", &row.name), ("ndc", &row.ndc)] {
        if !text.is_empty() {
            drug[field] = json!(text);
        }
    }
    drug["doseAdministered"] = quantity(&row.dose);
    if !row.discarded.is_empty() {
        drug["doseDiscarded"] = quantity(&row.discarded);
    }
    if !row.containers.is_empty() {
        drug["containers"] = row.containers.iter().map(|text| container(text)).collect();
    }
    let mut administration = json!({"drugs": [drug]});
    if !row.route.is_empty() {
        administration["route"] = json!(row.route);
    }
    json!({
        "encounterId": "dose", "setting": row.setting, "payer": row.payer, "serviceDate": row.date,
        "diagnoses": row.diagnoses, "administrations": [administration],
    })
}

fn printed(answer: &pb::CodeEncounterResponse, with_ndc: bool) -> Vec<String> {
    let one = |line: &&pb::Line| {
        let modifiers: String = line.modifiers.iter().map(|modifier| format!(" {modifier}")).collect();
        let ndc = line.ndc.as_ref().filter(|_| with_ndc);
        let ndc = ndc.map(|ndc| format!(" {}{}", ndc.qualifier, ndc.quantity)).unwrap_or_default();
        format!("{} x{}{modifiers}{ndc}", line.code, line.units)
    };
    drug_lines(&answer.lines).iter().map(one).collect()
}

#[test]
fn doses_earn_their_lines() {
    let rows: Rows = toml::from_str(include_str!("../golden/doses.toml")).expect("the doses");
    let coder = Coder::on(Catalog::embedded(), Arc::new(PolicyBook::embedded().expect("the policies")));
    let mut faults = Vec::new();
    for row in &rows.dose {
        assert!(row.because.len() > 10, "{}: each dose says why", row.name);
        let answer = answer(&coder, &request(row)).expect("an answer");
        let reasons: Vec<String> =
            answer.findings.iter().map(|finding| finding.reason().as_str_name().to_owned()).collect();
        let has = |reason: &str| reasons.contains(&format!("FINDING_REASON_{reason}"));
        let is_right = row.findings.iter().all(|wanted| match wanted.strip_prefix('-') {
            Some(unwanted) => !has(unwanted),
            None => has(wanted),
        });
        let says = |words: &str| answer.findings.iter().any(|finding| finding.text.contains(words));
        let is_said = row.says.iter().all(|wanted| match wanted.strip_prefix('-') {
            Some(unwanted) => !says(unwanted),
            None => says(wanted),
        });
        let is_right = is_right && is_said;
        let lines = printed(&answer, row.lines.iter().any(|line| line.contains('#')));
        if lines != row.lines.iter().map(|line| line.replace('#', "")).collect::<Vec<_>>() || !is_right {
            let texts: Vec<&str> = answer.findings.iter().map(|finding| &*finding.text).collect();
            faults.push(format!("{} {} {}: {lines:?} {reasons:?} {texts:?}", row.date, row.code, row.name));
        }
    }
    assert!(faults.is_empty(), "{} of {}\n{}", faults.len(), rows.dose.len(), faults.join("\n"));
}
