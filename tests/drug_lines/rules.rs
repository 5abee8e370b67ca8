//! Every active drug-line rule at work once, with its lines worked out by hand (`tests/golden/drug-rules.toml`).

use std::collections::BTreeSet;
use std::sync::Arc;

use infusion_coder::catalog::Catalog;
use infusion_coder::policy::PolicyBook;
use infusion_coder::rules::{Status, drug_line};
use infusion_coder::server::coder::Coder;
use infusion_coder::server::pb;
use serde::Deserialize;
use serde_json::{Value, json};

use super::case::{answer, drug_lines, merge};

/// Rules that no embedded payer file asks for, or that speak through another switch of §13; `switches.rs` tries them.
/// M-15 and D-02 are broken by claims alone: the tests of the audit try them.
const ELSEWHERE: &[&str] = &["M-11", "G-27", "M-15", "D-02"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    rule: String,
    #[serde(default = "medicare")]
    payer: String,
    #[serde(default = "some_date")]
    date: String,
    #[serde(default = "office")]
    setting: String,
    /// JSON laid over the visit.
    #[serde(default)]
    with: String,
    drugs: Vec<Given>,
    /// `J9312 x71 JW`, with `N4 …` where an NDC is asserted; the order of the lines does not matter.
    lines: Vec<String>,
    #[serde(default)]
    finding: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    #[serde(default)]
    code: String,
    #[serde(default)]
    name: String,
    /// The billing unit of a drug without a code.
    #[serde(default)]
    unit: String,
    dose: String,
    #[serde(default)]
    vials: String,
    #[serde(default)]
    discarded: String,
    #[serde(default = "infusion")]
    route: String,
    /// JSON laid over the drug.
    #[serde(default)]
    more: String,
}

fn medicare() -> String {
    "medicare".to_owned()
}

fn some_date() -> String {
    "2025-11-03".to_owned()
}

fn office() -> String {
    "PHYSICIAN_OFFICE".to_owned()
}

fn infusion() -> String {
    "IV_INFUSION".to_owned()
}

fn quantity(text: &str) -> Value {
    match text.split_once(' ') {
        Some((value, unit)) => json!({ "value": value, "unit": unit }),
        None => Value::Null,
    }
}

/// `100 mg x4 MULTI_DOSE` is four such containers.
fn container(text: &str) -> Value {
    let (content, rest) = text.split_once(" x").expect("a content and a count");
    let (count, kind) = rest.split_once(' ').unwrap_or((rest, "SINGLE_DOSE"));
    json!({ "content": quantity(content.trim()), "count": count.parse::<u32>().expect("a count"), "kind": kind })
}

pub fn parsed(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { serde_json::from_str(text).expect("JSON") }
}

impl Given {
    fn administration(&self) -> Value {
        let vials = self.vials.split(';').map(str::trim).filter(|vial| !vial.is_empty());
        let mut drug = json!({
            "hcpcsCode": self.code,
            "name": self.name,
            "billingUnit": quantity(&self.unit),
            "doseAdministered": quantity(&self.dose),
            "doseDiscarded": quantity(&self.discarded),
            "containers": vials.map(container).collect::<Vec<_>>(),
        });
        merge(&mut drug, &parsed(&self.more));
        json!({ "route": self.route, "durationMinutes": 60, "drugs": [drug] })
    }
}

/// A visit with these drugs, each by itself.
pub fn visit(payer: &str, date: &str, setting: &str, drugs: &[Given], with: &Value) -> Value {
    let administrations: Vec<Value> = drugs.iter().map(Given::administration).collect();
    let mut visit = json!({
        "setting": setting,
        "payer": payer,
        "serviceDate": date,
        "administrations": administrations,
    });
    merge(&mut visit, with);
    visit
}

impl Case {
    fn verdict(&self, coder: &Coder) -> Result<(), String> {
        let visit = visit(&self.payer, &self.date, &self.setting, &self.drugs, &parsed(&self.with));
        let answer = answer(coder, &visit)?;
        let with_ndc = self.lines.iter().any(|line| line.contains("N4"));
        let mut found: Vec<String> =
            drug_lines(&answer.lines).into_iter().map(|line| printed(line, with_ndc)).collect();
        let mut wanted = self.lines.clone();
        found.sort();
        wanted.sort();
        if found != wanted {
            return Err(format!("{found:?} for {wanted:?}"));
        }
        if !spoken(&answer).contains(self.rule.as_str()) {
            return Err(format!("the rule does not speak, but {:?}", spoken(&answer)));
        }
        let reasons: Vec<&str> = answer.findings.iter().map(|f| f.reason().as_str_name()).collect();
        let is_found =
            reasons.iter().any(|reason| reason.ends_with(&format!("FINDING_REASON_{}", self.finding)));
        if self.finding.is_empty() || is_found { Ok(()) } else { Err(format!("{reasons:?}")) }
    }
}

pub fn printed(line: &pb::Line, with_ndc: bool) -> String {
    let modifiers: String = line.modifiers.iter().map(|modifier| format!(" {modifier}")).collect();
    let reports = line.ndc.iter().chain(&line.further_ndcs).filter(|_| with_ndc);
    let ndcs: String = reports.map(|r| format!(" N4 {} {}{}", r.ndc, r.qualifier, r.quantity)).collect();
    format!("{} x{}{modifiers}{ndcs}", line.code, line.units)
}

/// The rules that an answer names anywhere.
fn spoken(answer: &pb::CodeEncounterResponse) -> BTreeSet<&str> {
    let lines = answer.lines.iter().flat_map(|line| &line.steps).chain(&answer.steps);
    let steps = lines.map(|step| step.rule_id.as_str());
    let findings = answer.findings.iter().map(|finding| finding.rule_id.as_str());
    let refused = answer.not_billed.iter().map(|refused| refused.rule_id.as_str());
    steps.chain(findings).chain(refused).collect()
}

/// Judges the cases by a catalog.
pub fn judge(catalog: Arc<Catalog>, cases: &str) -> Cases {
    let cases: Cases = toml::from_str(cases).expect("the cases");
    let coder = Coder::on(catalog, Arc::new(PolicyBook::embedded().expect("the policies")));
    let faults: Vec<String> = cases
        .case
        .iter()
        .filter_map(|case| case.verdict(&coder).err().map(|fault| format!("{}: {fault}", case.rule)))
        .collect();
    assert!(faults.is_empty(), "{} of {}\n{}", faults.len(), cases.case.len(), faults.join("\n"));
    cases
}

#[test]
fn every_active_rule_is_at_work_once() {
    let cases = judge(Catalog::embedded(), include_str!("../golden/drug-rules.toml"));
    let tried: BTreeSet<&str> = cases.case.iter().map(|case| case.rule.as_str()).collect();
    let rules = drug_line::FAMILIES.iter().flat_map(|(_, rules)| rules.iter());
    let idle: Vec<&str> = rules
        .filter(|rule| rule.status == Status::Active)
        .map(|rule| rule.id)
        .filter(|id| !tried.contains(id) && !ELSEWHERE.contains(id))
        .collect();
    assert!(idle.is_empty(), "no case shows {idle:?}");
}
