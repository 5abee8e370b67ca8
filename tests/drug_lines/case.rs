//! A published dose as a request, by the fields of the case alone, and the judgement of the answer.

use std::collections::BTreeMap;

use infusion_coder::server::coder::Coder;
use infusion_coder::server::{json, pb};
use serde_json::{Value, json};

use crate::support::proof;

/// A date on which the answer is asked for where the case names none.
const SOME_DATE: &str = "2025-11-03";

/// Code, units and modifiers of each line; units that a source does not state are 0.
pub type Shape = BTreeMap<(String, u64, Vec<String>), usize>;

/// The request that a case's own fields make. `patch` adds what the case tells only in its prose.
pub fn request(case: &Value, patch: &Value) -> Value {
    let drugs = case["given"]["drugs"].as_array().expect("drugs");
    let administrations: Vec<Value> = drugs.iter().map(administration).collect();
    let mut encounter = json!({
        "encounterId": case["id"],
        "setting": setting(case["setting"].as_str().unwrap_or("any")),
        "payer": case["payer"],
        "serviceDate": case["date_of_service"].as_str().unwrap_or(SOME_DATE),
        "administrations": administrations,
    });
    merge(&mut encounter, patch);
    encounter
}

fn administration(drug: &Value) -> Value {
    let containers: Vec<Value> = drug["vials"].as_array().into_iter().flatten().map(container).collect();
    let mut given = json!({
        "hcpcsCode": drug["hcpcs"],
        "name": drug["name"],
        "ndc": drug["ndc"],
        "billingUnit": quantity(&drug["billing_unit"]),
        "doseAdministered": quantity(&drug["administered"]),
        "doseDiscarded": quantity(&drug["discarded"]),
        "containers": containers,
    });
    given.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    json!({ "route": route(drug["route"].as_str().unwrap_or_default()), "drugs": [given] })
}

fn container(vial: &Value) -> Value {
    let kind = match vial["single_dose"].as_bool() {
        Some(true) => "SINGLE_DOSE",
        Some(false) => "MULTI_DOSE",
        None => "UNSPECIFIED",
    };
    json!({ "content": quantity(vial), "count": vial["count"], "kind": kind })
}

fn quantity(value: &Value) -> Value {
    if value.is_null() {
        return Value::Null;
    }
    json!({ "value": value["quantity"].to_string().trim_end_matches(".0"), "unit": value["unit"] })
}

fn setting(name: &str) -> String {
    if name == "any" { "PHYSICIAN_OFFICE".to_owned() } else { name.to_uppercase() }
}

fn route(name: &str) -> &'static str {
    match name {
        "" => "UNSPECIFIED",
        "intravenous" | "IV" => "IV_INFUSION",
        "subcutaneous" => "SUBCUTANEOUS",
        "intramuscular" => "INTRAMUSCULAR",
        "intravitreal" => "INTRAVITREAL",
        "intrathecal" => "INTRATHECAL",
        other => panic!("route {other}"),
    }
}

/// Lays a patch over a request: objects by field, lists by position.
pub fn merge(onto: &mut Value, patch: &Value) {
    match (onto, patch) {
        (Value::Object(onto), Value::Object(patch)) => {
            for (name, value) in patch {
                merge(onto.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (Value::Array(onto), Value::Array(patch)) => {
            onto.resize(onto.len().max(patch.len()), Value::Null);
            onto.iter_mut().zip(patch).for_each(|(onto, patch)| merge(onto, patch));
        }
        (_, Value::Null) => {}
        (onto, patch) => *onto = patch.clone(),
    }
}

/// The answer to a request, through the JSON and the coder that the program and the service share.
pub fn answer(coder: &Coder, encounter: &Value) -> Result<pb::CodeEncounterResponse, String> {
    let text = json!({ "encounter": encounter, "detail": "FULL" }).to_string();
    let request = json::read::<pb::CodeEncounterRequest>(&text).map_err(|error| error.to_string())?;
    let answer = coder.code(request).map(|coded| coded.response).map_err(|error| error.to_string())?;
    let faults = proof::faults(&serde_json::to_value(&answer).map_err(|error| error.to_string())?);
    if faults.is_empty() { Ok(answer) } else { Err(faults.join("; ")) }
}

/// The answer of the call for one drug, where the case holds one.
pub fn drug_answer(
    coder: &Coder,
    encounter: &Value,
) -> Option<Result<pb::CalculateDrugLinesResponse, String>> {
    let [administration] = encounter["administrations"].as_array()?.as_slice() else { return None };
    let [drug] = administration["drugs"].as_array()?.as_slice() else { return None };
    let mut fields = encounter.as_object()?.clone();
    fields.retain(|name, _| !["encounterId", "administrations", "documentation"].contains(&name.as_str()));
    fields.insert("drug".to_owned(), drug.clone());
    fields.insert("route".to_owned(), administration["route"].clone());
    let text = Value::Object(fields).to_string();
    let request = json::read::<pb::CalculateDrugLinesRequest>(&text).map_err(|error| error.to_string());
    let answered = |request| coder.drug_lines(request).map(|(_, answer)| answer);
    Some(request.and_then(|request| answered(request).map_err(|error| error.to_string())))
}

/// The drug lines of an answer.
pub fn drug_lines(lines: &[pb::Line]) -> Vec<&pb::Line> {
    lines.iter().filter(|line| line.track == i32::from(pb::Track::Drug)).collect()
}

/// What the answer says of what the case asserts, beside what the case expects.
///
/// `code` is the code that the request was given in place of none.
pub fn compared(case: &Value, expected: &Value, code: Option<&str>, lines: &[&pb::Line]) -> (Shape, Shape) {
    let asserts = |name: &str| case["asserts"].as_array().into_iter().flatten().any(|a| a == name);
    let expected = expected["lines"].as_array().expect("lines");
    let with_units = expected.iter().any(|line| !line["units"].is_null());
    let mut found = Shape::new();
    for line in lines {
        let modifiers = if asserts("modifiers") { line.modifiers.clone() } else { Vec::new() };
        let units = if with_units { u64::from(line.units) } else { 0 };
        *found.entry(key(line.code.clone(), units, modifiers)).or_default() += 1;
    }
    let mut wanted = Shape::new();
    for line in expected {
        let modifiers = line["modifiers"].as_array().into_iter().flatten();
        let modifiers = modifiers.filter(|_| asserts("modifiers")).filter_map(|m| m.as_str());
        let code = line["code"].as_str().or(code).unwrap_or_default().to_owned();
        let units = line["units"].as_u64().unwrap_or(0);
        *wanted.entry(key(code, units, modifiers.map(str::to_owned).collect())).or_default() += 1;
    }
    (found, wanted)
}

fn key(code: String, units: u64, mut modifiers: Vec<String>) -> (String, u64, Vec<String>) {
    modifiers.sort();
    (code, units, modifiers)
}

/// The first NDC that is not reported as the case says.
pub fn ndc_fault(expected: &Value, lines: &[&pb::Line]) -> Option<String> {
    let expected = expected["lines"].as_array().expect("lines");
    expected.iter().zip(lines).find_map(|(wanted, line)| {
        let wanted = wanted.get("ndc")?;
        let report = line.ndc.clone().unwrap_or_default();
        let is_same = |name: &str, found: &str| match &wanted[name] {
            Value::Null => true,
            Value::String(text) => text == found,
            number => number.to_string().trim_end_matches(".0") == found,
        };
        let holds = is_same("ndc11", &report.ndc)
            && is_same("qualifier", &report.qualifier)
            && is_same("quantity", &report.quantity);
        (!holds).then(|| format!("NDC {report:?} for {wanted}"))
    })
}
