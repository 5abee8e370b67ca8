//! Published visits, turned into requests by a generic converter and coded by the real program.
//!
//! Each is run in four forms that a record may take: as written, with minutes and an order only, with clock
//! times only, and with drugs named and not classed.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::request::{self, Shape};
use crate::support::shared;

/// Cases that hold only under another value of a switch, with the parameters that set it.
const SWITCHES: &[(&str, &[(&str, &str)])] = &[
    ("medlearn-2021-11-22-two-lines-incompatible", &[("modifier_style", "'59'")]),
    ("aapc-onc-two-trips-two-initials", &[("modifier_style", "'59'"), ("modifier_on_add_ons", "false")]),
    ("hcpro-port-and-peripheral-chemo", &[("modifier_style", "'59'")]),
    ("noridian-two-iv-sites", &[("modifier_style", "'59'")]),
    ("medlearn-2022-12-26-transfusion-then-hydration", &[("modifier_style", "'59'")]),
    ("rca-no-stop-time", &[("missing_stop", "'downcode_to_push'")]),
    ("cms-faq-hydration-no-stop-calculated", &[("missing_stop", "'calculate_from_nursing_rate_volume'")]),
    (
        "hcpro-pip-levaquin-vanc-overlaps",
        &[("overlap_rule", "'majority'"), ("facility_tiebreak", "'earliest'")],
    ),
];

/// Cases whose published answer the rules give too, though the source is weak or disputed.
const LOW_BUT_RIGHT: &[(&str, &str)] = &[(
    "palmetto-peritoneal-no-paracentesis-2007",
    "the expected line is the modern code; the published one is in `other`",
)];

/// Cases whose answer rests on clock times that overlap, which minutes alone do not tell.
const NEEDS_CLOCK: &[&str] = &["hcpro-pip-levaquin-vanc-overlaps"];

/// How a record may tell a visit.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    AsWritten,
    /// Minutes, the order of the list, and what ran together.
    Minutes,
    /// Clock times for everything.
    Clock,
    /// No class: the catalog knows the drug by its name or code, or asks.
    Names,
}

/// One run of a case.
struct Run {
    id: String,
    form: Form,
    encounter: Value,
    expected: Shape,
    must_differ: bool,
}

#[test]
fn published_visits_are_judged_by_their_confidence() {
    let Some(path) = shared("cases/administration.jsonl") else { return };
    let text = std::fs::read_to_string(path).expect("the cases");
    let policies = tempfile::tempdir().expect("a folder");
    for (id, parameters) in SWITCHES {
        request::write_payer(policies.path(), id, "medicare", parameters);
    }
    let cases = text.lines().filter(|line| !line.trim().is_empty());
    let cases: Vec<Value> = cases.map(|line| serde_json::from_str(line).expect("a case")).collect();
    let runs: Vec<Run> = cases.iter().flat_map(runs).collect();
    let faults = faults(&runs, policies.path());
    assert!(cases.len() >= 99 && runs.len() > 3 * cases.len());
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

fn faults(runs: &[Run], policies: &Path) -> Vec<String> {
    let encounters: Vec<Value> = runs.iter().map(|run| run.encounter.clone()).collect();
    let answers = request::code(&encounters, Some(policies));
    let judge = |(run, answer): (&Run, &Value)| {
        let found = request::lines(answer);
        if run.form == Form::Names && request::reasons(answer).contains(&"MISSING_DRUG_CLASS") {
            return invented_line(answer)
                .map(|line| format!("{}: {line} for a drug of unknown class", run.id));
        }
        let must = if run.must_differ { "must not be" } else { "must be" };
        let text = || format!("{} ({:?}): {found:?} {must} {:?}", run.id, run.form, run.expected);
        ((found == run.expected) == run.must_differ).then(text)
    };
    runs.iter().zip(&answers).filter_map(judge).collect()
}

/// A line of an administration whose drug has no known class.
fn invented_line(answer: &Value) -> Option<String> {
    let findings = answer["findings"].as_array().expect("findings");
    let unknown = findings.iter().filter(|finding| finding["reason"] == "MISSING_DRUG_CLASS");
    let places = unknown.filter_map(|finding| {
        let digits = finding["field"].as_str()?.trim_start_matches("administrations[");
        digits.split(']').next()?.parse::<usize>().ok()
    });
    let ids: Vec<Value> = places.map(|place| json!(format!("a{}", place + 1))).collect();
    let lines = answer["lines"].as_array().expect("lines");
    let is_invented = |line: &&Value| {
        line["track"] == "ADMINISTRATION"
            && line["administrationIds"].as_array().expect("ids").iter().any(|id| ids.contains(id))
    };
    lines.iter().find(is_invented).map(|line| line["code"].to_string())
}

fn runs(case: &Value) -> Vec<Run> {
    let id = case["id"].as_str().expect("an id");
    let is_low = case["confidence"] == "low";
    let must_differ = is_low && !LOW_BUT_RIGHT.iter().any(|(known, _)| *known == id);
    let settings: &[&str] = match case["setting"].as_str() {
        Some("physician_office") => &["PHYSICIAN_OFFICE"],
        Some("hospital_outpatient") => &["HOSPITAL_OUTPATIENT"],
        _ => &["PHYSICIAN_OFFICE", "HOSPITAL_OUTPATIENT"],
    };
    let forms: &[Form] = match () {
        () if is_low => &[Form::AsWritten],
        () if NEEDS_CLOCK.contains(&id) => &[Form::AsWritten, Form::Clock],
        () => &[Form::AsWritten, Form::Minutes, Form::Clock, Form::Names],
    };
    let run = |setting: &&str, form: Form| Run {
        id: format!("{id} {setting}"),
        form,
        encounter: encounter(case, setting, form),
        expected: expected(case),
        must_differ,
    };
    settings.iter().flat_map(|setting| forms.iter().map(move |form| run(setting, *form))).collect()
}

fn expected(case: &Value) -> Shape {
    let mut shape = Shape::new();
    for line in case["expect"]["lines"].as_array().expect("lines") {
        let modifiers = line["modifiers"].as_array().expect("modifiers");
        let modifiers: String = modifiers.iter().map(|m| format!("-{}", m.as_str().expect("text"))).collect();
        let code = line["code"].as_str().expect("a code");
        *shape.entry(format!("{code}{modifiers}")).or_default() += line["units"].as_u64().expect("units");
    }
    shape
}

fn payer(case: &Value) -> &str {
    let id = case["id"].as_str().expect("an id");
    match () {
        () if SWITCHES.iter().any(|(known, _)| *known == id) => id,
        () if case["given"]["other"]["payer_name"] == "Select Health" => "select-health",
        () if case["given"]["other"]["mac"] == "noridian" => "medicare-noridian",
        () if case["payer"] == "commercial" => "commercial",
        () => "medicare",
    }
}

fn encounter(case: &Value, setting: &str, form: Form) -> Value {
    let given = &case["given"];
    let services = given["services"].as_array().expect("services");
    let mut clock = Clock { next: 9 * 60, previous: 9 * 60 };
    let administrations: Vec<Value> = services
        .iter()
        .enumerate()
        .map(|(at, service)| administration(given, service, at, form, &mut clock))
        .collect();
    let mut encounter = json!({
        "encounterId": case["id"], "setting": setting, "payer": payer(case), "serviceDate": "2025-11-03",
        "administrations": administrations,
    });
    let reason = services.iter().position(|service| service["drug"] == given["primary_reason"]);
    if let (Some(at), true) = (reason, given["primary_reason"].is_string()) {
        encounter["primaryReason"] = json!(format!("a{}", at + 1));
    }
    let other = &given["other"];
    if other["hydration_reason_documented"] == false
        || other["documentation"]["hydration_indication"] == false
    {
        encounter["documentation"] = json!({ "hydrationNecessity": false });
    }
    encounter
}

/// Lays services out on the clock, in minutes of the day.
struct Clock {
    next: u64,
    previous: u64,
}

fn administration(given: &Value, service: &Value, at: usize, form: Form, clock: &mut Clock) -> Value {
    let text = |key: &str| service[key].as_str();
    let mut drug = Map::new();
    // The parts of one dose are one drug, whatever the note behind the name says.
    let name = text("drug").expect("a drug");
    let name = name.split(" (dose").next().unwrap_or(name).replace(" test dose 25 mg", "");
    drug.insert("name".to_owned(), json!(name));
    if let Some(code) = text("hcpcs") {
        drug.insert("hcpcsCode".to_owned(), json!(code));
    }
    if form != Form::Names {
        let class = match given["other"]["class_override"].as_str() {
            Some(class) => class,
            None => text("class").expect("a class"),
        };
        drug.insert("drugClass".to_owned(), json!(drug_class(class)));
    }
    let mut administration = Map::new();
    administration.insert("administrationId".to_owned(), json!(format!("a{}", at + 1)));
    administration.insert("route".to_owned(), json!(route(text("route").expect("a route"))));
    administration.insert("drugs".to_owned(), json!([drug]));
    if let Some(site) = text("access") {
        administration.insert("accessSite".to_owned(), json!(site));
    }
    times(&mut administration, given, service, at, form, clock);
    notes(&mut administration, given, service, at);
    Value::Object(administration)
}

fn times(
    administration: &mut Map<String, Value>,
    given: &Value,
    service: &Value,
    at: usize,
    form: Form,
    clock: &mut Clock,
) {
    let minutes = service["minutes"].as_u64();
    let day = if service["notes"].as_str().is_some_and(|n| n.starts_with("day 2")) { 24 * 60 } else { 0 };
    let time = |key: &str| service[key].as_str().map(|text| minute_of_day(text) + day);
    let gap = given["other"]["gap_minutes_between"].as_u64();
    let (start, stop) = match (time("start"), time("stop"), form, gap) {
        (_, _, _, Some(gap)) => (Some(9 * 60 + gap * at as u64), None),
        (_, _, Form::Minutes, _) if minutes.is_some() => (None, None),
        (None, _, Form::Clock, _) if service["route"] != "transfusion" => {
            let is_concurrent = service["mode"] == "concurrent" && at > 0;
            let start = if is_concurrent { clock.previous } else { clock.next };
            clock.previous = start;
            clock.next = clock.next.max(start + minutes.filter(|minutes| *minutes < 600).unwrap_or(5));
            (Some(start), minutes.map(|minutes| start + minutes))
        }
        // Blood without times that the case sets before the hydration of the day.
        (None, None, _, _) if service["route"] == "transfusion" => (Some(5 * 60), Some(7 * 60)),
        (start, stop, _, _) => (start, stop.map(|stop| stop + if Some(stop) < start { 24 * 60 } else { 0 })),
    };
    if let Some(start) = start {
        administration.insert("startTime".to_owned(), json!(local_time(start)));
    }
    match (stop, minutes) {
        (Some(stop), _) => administration.insert("stopTime".to_owned(), json!(local_time(stop))),
        (None, Some(minutes)) => administration.insert("durationMinutes".to_owned(), json!(minutes)),
        (None, None) => None,
    };
    if service["mode"] == "concurrent" && start.is_none() && at > 0 {
        let others: Vec<String> = (1..=at).map(|other| format!("a{other}")).collect();
        administration.insert("concurrentWith".to_owned(), json!(others));
    }
}

/// Facts that the cases hold in words or outside their schema.
fn notes(administration: &mut Map<String, Value>, given: &Value, service: &Value, at: usize) {
    let notes = service["notes"].as_str().unwrap_or_default();
    let other = &given["other"];
    let mut put = |key: &str, value: Value| administration.insert(key.to_owned(), value);
    if service["access"].as_str().is_some_and(|site| site == "B" || site == "peripheral") {
        put("accessReason", json!("PROTOCOL"));
    }
    if notes.contains("continuously present") || other["attended_push"] == true {
        put("attendedThroughout", json!(true));
    }
    if other["encounters"] == 2 {
        put("visitNumber", json!(if notes.contains("encounter 2") { 2 } else { 1 }));
    }
    let purpose = match () {
        () if service["class"] != "hydration" && !notes.contains("hypokalaemia") => None,
        () if other["hydration_purpose"] == "keep_open" => Some("KEEP_OPEN"),
        () if notes.contains("carrier") => Some("CARRIER"),
        () if notes.contains("label-directed") => Some("LABEL_DIRECTED"),
        () if notes.contains("electrolytes given for") || notes.contains("hypokalaemia") => {
            Some("ELECTROLYTE_REPLACEMENT")
        }
        () if notes.contains("dehydration") => Some("HYDRATION"),
        () => None,
    };
    if let Some(purpose) = purpose {
        put("fluidPurpose", json!(purpose));
    }
    if notes.contains("1000 mL at 250 mL/h") {
        put("volumeInfused", json!({ "value": "1000", "unit": "mL" }));
        put("rateMlPerHour", json!("250"));
    }
    if let Some(lesions) = other["lesions"].as_u64() {
        put("lesionCount", json!(lesions));
    }
    if notes.contains("NOT performed") || notes.contains("another physician") {
        put("includesPuncture", json!(false));
    } else if notes.contains("thoracentesis performed") || notes.contains("same physician") {
        put("includesPuncture", json!(true));
    }
    if service["route"].as_str().is_some_and(|route| route.contains("pump")) {
        let (own, implanted) = (notes.contains("office-provided"), notes.contains("implantable"));
        put("pump", json!({ "suppliedByPractice": own, "implantable": implanted }));
    }
    if other["pumps"] == 2 && at == 0 {
        put("pump", json!({ "additionalSetup": true }));
    }
}

fn drug_class(class: &str) -> &str {
    match class {
        "chemo" => "ANTINEOPLASTIC",
        "complex_biologic" => "COMPLEX_BIOLOGIC",
        "hormonal_antineoplastic" => "HORMONAL_ANTINEOPLASTIC",
        "hydration" => "HYDRATION",
        "blood" => "BLOOD_PRODUCT",
        "contrast" => "CONTRAST",
        "therapeutic" => "THERAPEUTIC",
        other => panic!("class {other}"),
    }
}

fn route(route: &str) -> &str {
    match route {
        "iv_infusion" => "IV_INFUSION",
        "iv_push" => "IV_PUSH",
        "iv_infusion_pump" => "PUMP_START",
        "im" => "INTRAMUSCULAR",
        "sc" => "SUBCUTANEOUS",
        "sc_infusion" => "SUBCUTANEOUS_INFUSION",
        "intra_arterial" => "INTRA_ARTERIAL_INFUSION",
        "intrathecal" => "INTRATHECAL",
        "intraperitoneal" => "INTRAPERITONEAL",
        "intrapleural" => "INTRAPLEURAL",
        "intralesional" => "INTRALESIONAL",
        "on_body_injector" => "ON_BODY_INJECTOR",
        "pump_refill" => "PUMP_REFILL",
        "flush" => "LINE_FLUSH",
        "transfusion" => "TRANSFUSION",
        other => panic!("route {other}"),
    }
}

fn minute_of_day(text: &str) -> u64 {
    let (hour, minute) = text.split_once(':').expect("HH:MM");
    hour.parse::<u64>().expect("an hour") * 60 + minute.parse::<u64>().expect("a minute")
}

fn local_time(minute: u64) -> String {
    let (day, minute) = (3 + minute / 1440, minute % 1440);
    format!("2025-11-{day:02}T{:02}:{:02}", minute / 60, minute % 60)
}
