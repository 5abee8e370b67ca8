//! Golden visits, derived by hand from the rules and kept in `tests/golden/administration`.
//!
//! Each file is a visit in the words of a record; it becomes a public request, and the real program codes it.

use std::collections::BTreeSet;
use std::path::Path;

use infusion_coder::rules::{Rule, Status, administration, checks, classify};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::request::{self, Shape};
use super::switches;

/// A visit with the lines that the rules give.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    /// Which rules give the answer, and how.
    derivation: String,
    /// Where a visit like this was published, where it was.
    #[serde(default)]
    source: String,
    policy: String,
    setting: String,
    date: String,
    #[serde(default)]
    primary_reason: Option<String>,
    /// Further fields of the encounter, as the API names them.
    #[serde(default)]
    visit: toml::Table,
    given: Vec<Given>,
    /// `CODE`, `CODE-MODIFIER`, each with ` xUNITS` where there are several.
    lines: Vec<String>,
    #[serde(default)]
    not_billed: usize,
    /// Reasons that findings must have.
    #[serde(default)]
    findings: Vec<String>,
    /// Words that the text of a finding must have.
    #[serde(default)]
    says: Vec<String>,
    /// Words that the text of one finding alone must have.
    #[serde(default)]
    says_once: Vec<String>,
    /// Fields that are asked for.
    #[serde(default)]
    questions: Vec<String>,
    /// Answers that a question must offer, each as it is worded.
    #[serde(default)]
    answers: Vec<String>,
    /// Rules that the answer must name.
    #[serde(default)]
    rules: Vec<String>,
    /// The administrations that lines must name, as `CODE: a1 a2`.
    #[serde(default)]
    names: Vec<String>,
    /// Reasons and rules that the answer must not name.
    #[serde(default)]
    without: Vec<String>,
    /// Rules that decide nothing by themselves and that the visit illustrates.
    #[serde(default)]
    shows: Vec<String>,
}

#[derive(Deserialize)]
struct Given {
    drug: Option<String>,
    /// Several drugs of one bag or syringe.
    #[serde(default)]
    drugs: Vec<String>,
    hcpcs: Option<String>,
    ndc: Option<String>,
    /// Dose in milligrams.
    dose: Option<String>,
    /// Dose in units.
    units: Option<String>,
    class: Option<String>,
    /// Kind of a product without a code of its own.
    kind: Option<String>,
    route: Option<String>,
    start: Option<String>,
    stop: Option<String>,
    minutes: Option<u32>,
    site: Option<String>,
    access_reason: Option<String>,
    visit: Option<u32>,
    #[serde(default)]
    pauses: Vec<[String; 2]>,
    purpose: Option<String>,
    /// Drugs that ran at the same time, by their name or place.
    #[serde(default)]
    with: Vec<String>,
    /// Further fields of the administration, as the API names them.
    #[serde(flatten)]
    more: Map<String, Value>,
}

#[test]
fn golden_visits_hold() {
    let goldens = goldens();
    let encounters: Vec<Value> = goldens.iter().map(|(_, golden)| encounter(golden)).collect();
    let answers = request::code(&encounters, None);
    let faults: Vec<String> = goldens
        .iter()
        .zip(&answers)
        .filter_map(|((name, golden), answer)| Some(format!("{name}: {}", fault(golden, answer)?)))
        .collect();
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

/// A rule that no visit proves could be removed without a test that fails.
#[test]
fn every_rule_has_a_golden_visit() {
    let goldens = goldens();
    let decided = goldens.iter().flat_map(|(_, golden)| &golden.rules).map(String::as_str);
    let decided: BTreeSet<&str> = decided.chain(switches::RULES_PROVED.iter().copied()).collect();
    let shown: BTreeSet<&str> =
        goldens.iter().flat_map(|(_, golden)| &golden.shows).map(String::as_str).collect();
    let families = [classify::FAMILIES, administration::FAMILIES, checks::FAMILIES];
    let rules = families.into_iter().flatten().flat_map(|(_, rules)| rules.iter());
    let is_missing = |rule: &&&'static Rule| match rule.status {
        Status::Active => !decided.contains(rule.id),
        Status::Informational | Status::Withdrawn(_) => !shown.contains(rule.id),
    };
    let missing: Vec<&str> = rules.filter(is_missing).map(|rule| rule.id).collect();
    assert!(missing.is_empty(), "no golden visit proves {missing:?}");
}

fn goldens() -> Vec<(String, Golden)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/administration");
    let mut goldens = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the golden visits") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("a golden visit");
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let golden: Golden = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let is_sourced = golden.source.is_empty() || golden.source.contains("://");
        assert!(!golden.derivation.is_empty() && is_sourced, "{name} says where its answer comes from");
        goldens.push((name, golden));
    }
    goldens.sort_by(|one, other| one.0.cmp(&other.0));
    goldens
}

fn fault(golden: &Golden, answer: &Value) -> Option<String> {
    if answer["lines"].is_null() {
        return Some(answer.to_string());
    }
    let found = request::lines(answer);
    let expected: Shape = golden.lines.iter().map(|line| shape(line)).collect();
    let mut faults = Vec::new();
    if found != expected {
        faults.push(format!("{found:?} for {expected:?}"));
    }
    // Drugs without a dose are refused on the other track; only whole administrations count here.
    let is_whole = |item: &&Value| item["field"].as_str().is_some_and(|field| field.ends_with(']'));
    let is_administration = |item: &&Value| !item["field"].as_str().is_some_and(|f| f.contains(".drugs"));
    let refused = answer["notBilled"].as_array().into_iter().flatten();
    let refused = refused.filter(is_whole).filter(is_administration).count();
    if refused != golden.not_billed {
        faults.push(format!("{refused} not billed for {}", golden.not_billed));
    }
    let asked: Vec<&str> =
        answer["questions"].as_array().into_iter().flatten().filter_map(|q| q["field"].as_str()).collect();
    let questions = answer["questions"].as_array().into_iter().flatten();
    let offered = questions.filter_map(|question| question["answers"].as_array()).flatten();
    let offered: Vec<&str> = offered.filter_map(|answer| answer["label"].as_str()).collect();
    for (name, wanted, found) in [
        ("answers", &golden.answers, offered),
        ("findings", &golden.findings, request::reasons(answer)),
        ("questions", &golden.questions, asked),
        ("rules", &golden.rules, request::rules(answer)),
    ] {
        if wanted.iter().any(|wanted| !found.contains(&wanted.as_str())) {
            faults.push(format!("{name} {found:?} lack some of {wanted:?}"));
        }
    }
    let findings = answer["findings"].as_array().into_iter().flatten();
    let texts: Vec<&str> = findings.filter_map(|finding| finding["text"].as_str()).collect();
    if let Some(words) = golden.says.iter().find(|words| !texts.iter().any(|text| text.contains(*words))) {
        faults.push(format!("no finding says {words:?}: {texts:?}"));
    }
    for words in &golden.says_once {
        let count = texts.iter().filter(|text| text.contains(&**words)).count();
        if count != 1 {
            faults.push(format!("{count} findings say {words:?}: {texts:?}"));
        }
    }
    for wanted in &golden.names {
        let named = named_by(answer, wanted.split(':').next().unwrap_or_default());
        if !named.contains(wanted) {
            faults.push(format!("{named:?} for {wanted}"));
        }
    }
    let named = [request::reasons(answer), request::rules(answer)].concat();
    if let Some(unwanted) = golden.without.iter().find(|unwanted| named.contains(&unwanted.as_str())) {
        faults.push(format!("{unwanted} is named"));
    }
    (!faults.is_empty()).then(|| faults.join("; "))
}

/// The administrations of each line of a code, as `CODE: a1 a2`.
fn named_by(answer: &Value, code: &str) -> Vec<String> {
    let lines = answer["lines"].as_array().into_iter().flatten().filter(|line| line["code"] == code);
    let ids = |line: &Value| {
        let ids = line["administrationIds"].as_array().into_iter().flatten();
        let ids: Vec<&str> = ids.filter_map(Value::as_str).collect();
        format!("{code}: {}", ids.join(" "))
    };
    lines.map(ids).collect()
}

fn shape(line: &str) -> (String, u64) {
    match line.split_once(" x") {
        Some((code, units)) => (code.to_owned(), units.parse().expect("units")),
        None => (line.to_owned(), 1),
    }
}

fn encounter(golden: &Golden) -> Value {
    let mut encounter = json!({
        "encounterId": "golden", "setting": wire(&golden.setting), "payer": golden.policy,
        "serviceDate": golden.date,
    });
    for (key, value) in &golden.visit {
        encounter[key] = serde_json::to_value(value).expect("JSON");
    }
    if let Some(reason) = &golden.primary_reason {
        encounter["primaryReason"] = json!(id_of(golden, reason));
    }
    let administrations = golden.given.iter().enumerate();
    let administrations = administrations.map(|(at, given)| administration(golden, given, at)).collect();
    encounter["administrations"] = Value::Array(administrations);
    encounter
}

fn administration(golden: &Golden, given: &Given, at: usize) -> Value {
    let mut fields = given.more.clone();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(key.to_owned(), value);
        }
    };
    let time = |text: &String| json!(clock(&golden.date, text));
    put("administrationId", Some(json!(format!("a{}", at + 1))));
    put("route", given.route.as_deref().map(|route| json!(wire(route))));
    put("accessSite", given.site.as_ref().map(|site| json!(site)));
    put("accessReason", given.access_reason.as_deref().map(|reason| json!(wire(reason))));
    put("visitNumber", given.visit.map(|number| json!(number)));
    put("startTime", given.start.as_ref().map(time));
    put("stopTime", given.stop.as_ref().map(time));
    put("durationMinutes", given.minutes.map(|minutes| json!(minutes)));
    put("fluidPurpose", given.purpose.as_deref().map(|purpose| json!(wire(purpose))));
    // An empty time is one that the record leaves out.
    let at = |text: &String| if text.is_empty() { json!("") } else { time(text) };
    let pauses = given.pauses.iter();
    let pauses: Vec<Value> =
        pauses.map(|[start, stop]| json!({ "startTime": at(start), "stopTime": at(stop) })).collect();
    put("interruptions", (!pauses.is_empty()).then(|| json!(pauses)));
    let with: Vec<String> = given.with.iter().map(|other| id_of(golden, other)).collect();
    put("concurrentWith", (!with.is_empty()).then(|| json!(with)));
    let names = given.drug.iter().chain(&given.drugs);
    let mut drugs: Vec<Value> = names.map(|name| json!({ "name": name })).collect();
    if drugs.is_empty() && (given.hcpcs.is_some() || given.ndc.is_some()) {
        drugs.push(json!({}));
    }
    for drug in &mut drugs {
        if let Some(code) = &given.hcpcs {
            drug["hcpcsCode"] = json!(code);
        }
        if let Some(ndc) = &given.ndc {
            drug["ndc"] = json!(ndc);
        }
        if let Some(dose) = &given.dose {
            drug["doseAdministered"] = json!({ "value": dose, "unit": "mg" });
        }
        if let Some(units) = &given.units {
            drug["doseAdministered"] = json!({ "value": units, "unit": "unit" });
        }
        if let Some(kind) = &given.kind {
            drug["productKind"] = json!(wire(kind));
        }
        if let Some(class) = &given.class {
            drug["drugClass"] = json!(wire(class));
        }
    }
    put("drugs", Some(Value::Array(drugs)));
    Value::Object(fields)
}

/// The id of a drug's administration, by the drug's name or the place of the administration, from 1.
fn id_of(golden: &Golden, name: &str) -> String {
    let place = golden.given.iter().position(|given| given.drug.as_deref() == Some(name));
    let place = place.map(|at| at + 1).or_else(|| name.parse().ok());
    format!("a{}", place.unwrap_or_else(|| panic!("no administration {name}")))
}

/// A name as the API writes it: `iv-infusion` is `IV_INFUSION`.
fn wire(name: &str) -> String {
    name.to_uppercase().replace('-', "_")
}

/// `09:40` on the visit's date, or a whole local time.
fn clock(date: &str, text: &str) -> String {
    if text.len() == 5 { format!("{date}T{text}") } else { text.to_owned() }
}
