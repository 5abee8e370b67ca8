//! Published doses with the drug lines that their sources print, judged by their confidence.

mod case;
mod charted_names;
mod crosswalk;
mod days;
mod doses;
mod imported;
mod listed_names;
mod one_drug;
mod packages;
mod properties;
mod rules;
mod switches;

use std::path::Path;
use std::sync::Arc;

use infusion_coder::catalog::Catalog;
use infusion_coder::domain::time::parse_date;
use infusion_coder::policy::PolicyBook;
use infusion_coder::server::coder::Coder;
use infusion_coder::server::pb;
use serde_json::Value;

use crate::support::shared;

/// What a case tells only in its prose, kept in `tests/golden/drug-line-facts.json` by its id: what is
/// added to the request, which finding is asserted, and why a weak answer is right or not reproduced.
fn facts() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/drug-line-facts.json");
    serde_json::from_str(&std::fs::read_to_string(path).expect("the facts")).expect("JSON")
}

#[test]
fn published_doses_are_judged_by_their_confidence() {
    let Some(path) = shared("cases/drug-lines.jsonl") else { return };
    judge(&std::fs::read_to_string(path).expect("the cases"));
}

#[test]
fn our_own_golden_doses_hold() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/drug-lines.jsonl");
    judge(&std::fs::read_to_string(path).expect("the cases"));
}

/// Compares every case; the faults are reported together.
fn judge(cases: &str) {
    let facts = facts();
    let policies = Arc::new(PolicyBook::embedded().expect("the embedded policies"));
    let coder = Coder::on(Catalog::embedded(), policies);
    let mut faults = Vec::new();
    let mut count = 0;
    for line in cases.lines().filter(|line| !line.trim().is_empty()) {
        let case: Value = serde_json::from_str(line).expect("a case");
        let id = case["id"].as_str().expect("an id");
        count += 1;
        if let Err(fault) = verdict(&coder, &case, &facts[id]) {
            faults.push(format!("{id} ({}): {fault}", case["confidence"]));
        }
    }
    assert!(count > 0, "there are cases");
    assert!(faults.is_empty(), "{} of {count}\n{}", faults.len(), faults.join("\n"));
}

/// Whether a case is answered as its confidence asks.
fn verdict(coder: &Coder, case: &Value, facts: &Value) -> Result<(), String> {
    let encounter = case::request(case, &facts["add"]);
    let answer = case::answer(coder, &encounter)?;
    let lines = case::drug_lines(&answer.lines);
    same_without_visit(coder, &encounter, &lines)?;
    asserted_finding(&answer, &facts["finding"])?;
    if let Some(unit) = facts["unit"].as_str() {
        return unit_of_one(case, unit);
    }
    let is_low = case["confidence"] == "low";
    let published = judged(case, &case["expect"], facts, &lines);
    if !is_low {
        return published;
    }
    match (facts["low"].as_str(), case.get("engine_expect")) {
        (Some("right"), _) => published,
        (None, Some(corrected)) => judged(case, corrected, facts, &lines),
        _ if published.is_ok() => Err("the published answer is wrong and was reproduced".to_owned()),
        _ if facts["why"].is_null() => Err("why it is not reproduced is not recorded".to_owned()),
        _ => Ok(()),
    }
}

fn judged(case: &Value, expected: &Value, facts: &Value, lines: &[&pb::Line]) -> Result<(), String> {
    if expected["lines"].as_array().is_none_or(Vec::is_empty) {
        return Ok(());
    }
    let (found, wanted) = case::compared(case, expected, facts["code"].as_str(), lines);
    if found != wanted {
        return Err(format!("{found:?} for {wanted:?}"));
    }
    let asserts_ndc = case["asserts"].as_array().into_iter().flatten().any(|asserted| asserted == "ndc");
    case::ndc_fault(expected, lines).filter(|_| asserts_ndc).map_or(Ok(()), Err)
}

/// The call for one drug gives the same drug lines as the visit.
fn same_without_visit(coder: &Coder, encounter: &Value, lines: &[&pb::Line]) -> Result<(), String> {
    let Some(answer) = case::drug_answer(coder, encounter) else { return Ok(()) };
    let facts = |line: &pb::Line| (line.code.clone(), line.units, line.modifiers.clone(), line.ndc.clone());
    let alone: Vec<_> = answer?.lines.iter().map(facts).collect();
    let in_visit: Vec<_> = lines.iter().map(|line| facts(line)).collect();
    if alone == in_visit { Ok(()) } else { Err(format!("{alone:?} alone and {in_visit:?} in a visit")) }
}

fn asserted_finding(answer: &pb::CodeEncounterResponse, asserted: &Value) -> Result<(), String> {
    let Some(asserted) = asserted.as_str() else { return Ok(()) };
    let is_it =
        |finding: &pb::Finding| finding.reason().as_str_name() == format!("FINDING_REASON_{asserted}");
    if answer.findings.iter().any(is_it) { Ok(()) } else { Err(format!("no finding {asserted}")) }
}

/// A page that states a false billing unit is a test of the catalog.
fn unit_of_one(case: &Value, unit: &str) -> Result<(), String> {
    let code = case["given"]["drugs"][0]["hcpcs"].as_str().expect("a code");
    let date = parse_date("2025-11-03").expect("a date");
    let catalog = Catalog::embedded();
    let version = catalog.lookup(code.parse().expect("a code"), date).billable();
    let found = version.and_then(|version| version.billing_unit()).map(|unit| unit.quantity.to_string());
    if found.as_deref() == Some(unit) { Ok(()) } else { Err(format!("{code} counts {found:?}")) }
}
