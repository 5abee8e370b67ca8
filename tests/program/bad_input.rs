//! Requests at fault: every field is named, on the command line and over gRPC, and nothing ever panics.

use std::io::Write;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use super::program;
use super::served::Served;

/// A visit that is right, as the ground that each fault is put on.
fn visit() -> Value {
    json!({"encounter": {
        "encounterId": "v-1", "setting": "PHYSICIAN_OFFICE", "payer": "medicare", "serviceDate": "2025-11-03",
        "timeZone": "America/Chicago", "primaryReason": "a1",
        "administrations": [
            {"administrationId": "a1", "route": "IV_INFUSION", "startTime": "2025-11-03T09:40",
             "stopTime": "2025-11-03T12:15",
             "drugs": [{"hcpcsCode": "J9312", "doseAdministered": {"value": "705", "unit": "mg"},
                        "containers": [{"content": {"value": "100", "unit": "mg"}, "count": 8}],
                        "doseDiscarded": {"value": "95", "unit": "mg"}}]},
            {"administrationId": "a2", "route": "IV_PUSH", "startTime": "2025-11-03T09:20",
             "drugs": [{"hcpcsCode": "J1200", "doseAdministered": {"value": "50", "unit": "mg"}}]}]}})
}

/// A pointer into the visit, what is put there, and what the refusal must name.
const REFUSED: &[(&str, &str, &str)] = &[
    ("/encounter/setting", r#""MOON""#, "encounter.setting"),
    ("/encounter/setting", "99", "encounter.setting"),
    ("/encounter/setting", "null", "encounter.setting"),
    ("/encounter/serviceDate", r#""2025-02-30""#, "encounter.serviceDate"),
    ("/encounter/serviceDate", r#""11/03/2025""#, "encounter.serviceDate"),
    ("/encounter/serviceDate", r#""""#, "encounter.serviceDate"),
    ("/encounter/timeZone", r#""America/Nowhere""#, "encounter.timeZone"),
    ("/encounter/timeZone", r#""../../etc/passwd""#, "encounter.timeZone"),
    ("/encounter/primaryReason", r#""a9""#, "encounter.primaryReason"),
    ("/encounter/administrations", "[]", "encounter.administrations"),
    ("/encounter/administrations", "null", "encounter.administrations"),
    ("/encounter/administrations", "7", "encounter.administrations"),
    ("/encounter/administrations/1/administrationId", r#""a1""#, "administrations[1].administrationId"),
    ("/encounter/administrations/1/concurrentWith", r#"["a7"]"#, "administrations[1].concurrentWith[0]"),
    ("/encounter/administrations/1/concurrentWith", r#"["a2"]"#, "administrations[1].concurrentWith[0]"),
    ("/encounter/administrations/0/route", r#""BY_CARRIER""#, "administrations[0].route"),
    ("/encounter/administrations/0/stopTime", r#""2025-11-03T12:15Z""#, "administrations[0].stopTime"),
    ("/encounter/administrations/0/stopTime", r#""12:15""#, "administrations[0].stopTime"),
    ("/encounter/administrations/0/stopTime", r#""2027-11-03T12:15""#, "administrations[0].stopTime"),
    ("/encounter/administrations/0/durationMinutes", "-5", "administrations[0].durationMinutes"),
    ("/encounter/administrations/0/durationMinutes", "99999999999", "administrations[0].durationMinutes"),
    ("/encounter/administrations/0/visitNumber", "0", "administrations[0].visitNumber"),
    ("/encounter/administrations/0/drugs/0/hcpcsCode", r#""J93""#, "drugs[0].hcpcsCode"),
    ("/encounter/administrations/0/drugs/0/hcpcsCode", r#""é9312""#, "drugs[0].hcpcsCode"),
    ("/encounter/administrations/0/drugs/0/ndc", r#""12-34""#, "drugs[0].ndc"),
    ("/encounter/administrations/0/drugs/0/doseAdministered/value", r#""-1""#, "doseAdministered.value"),
    ("/encounter/administrations/0/drugs/0/doseAdministered/value", r#""lots""#, "doseAdministered.value"),
    ("/encounter/administrations/0/drugs/0/doseAdministered/value", r#""NaN""#, "doseAdministered.value"),
    ("/encounter/administrations/0/drugs/0/doseAdministered/value", r#""1e999""#, "doseAdministered.value"),
    ("/encounter/administrations/0/drugs/0/doseAdministered/value", "1e999999999", "doseAdministered.value"),
    (
        "/encounter/administrations/0/drugs/0/doseAdministered/value",
        r#""99999999999999999999""#,
        "doseAdministered.value",
    ),
    (
        "/encounter/administrations/0/drugs/0/doseAdministered/value",
        r#""0.0000000001""#,
        "doseAdministered.value",
    ),
    ("/encounter/administrations/0/drugs/0/doseAdministered/value", r#""1,000""#, "doseAdministered.value"),
    ("/encounter/administrations/0/drugs/0/doseAdministered/value", "{}", "doseAdministered.value"),
    ("/encounter/administrations/0/drugs/0/doseAdministered/unit", r#""stone""#, "doseAdministered.unit"),
    ("/encounter/administrations/0/drugs/0/doseAdministered/unit", r#""""#, "doseAdministered.unit"),
    ("/encounter/administrations/0/drugs/0/containers/0/count", "0", "containers[0].count"),
    ("/encounter/administrations/0/drugs/0/containers/0/count", "4294967295", "containers[0].count"),
    (
        "/encounter/administrations/0/drugs/0/containers/0/content/value",
        r#""0""#,
        "containers[0].content.value",
    ),
    ("/encounter/administrations/0/drugs/0/patientName", r#""x""#, "drugs[0].patientName"),
    ("/encounter/patient", "{}", "encounter.patient"),
    ("/visit", "{}", "visit"),
];

/// A pointer into the visit, what is put there, and the reason of the finding that answers it.
const FOUND: &[(&str, &str, &str)] = &[
    ("/encounter/payer", r#""acme-health""#, "UNKNOWN_PAYER"),
    ("/encounter/payerVariant", r#""no such""#, "UNKNOWN_PAYER"),
    ("/encounter/serviceDate", r#""2025-11-02""#, ""),
    ("/encounter/administrations/0/drugs/0/hcpcsCode", r#""J0000""#, "UNKNOWN_CODE"),
    ("/encounter/administrations/0/drugs/0/hcpcsCode", r#""J9310""#, "CODE_NOT_IN_FORCE"),
    ("/encounter/administrations/0/drugs/0/doseAdministered/unit", r#""mL""#, "MISSING_CONCENTRATION"),
    ("/encounter/administrations/0/drugs/0/doseAdministered/unit", r#""units""#, "INCOMPATIBLE_UNITS"),
    ("/encounter/administrations/0/drugs/0/doseAdministered", "null", "MISSING_DOSE"),
    ("/encounter/administrations/0/drugs/0/ndc", r#""5024200530""#, "AMBIGUOUS_NDC"),
    ("/encounter/administrations/0/stopTime", "null", "MISSING_STOP_TIME"),
    ("/encounter/administrations/0/stopTime", r#""2025-11-03T09:00""#, "CONTRADICTORY_TIMES"),
    ("/encounter/administrations/0/route", "null", "MISSING_ROUTE"),
];

fn with(pointer: &str, value: &str) -> String {
    let mut visit = visit();
    let (parent, field) = pointer.rsplit_once('/').expect("a pointer");
    let value: Value = match serde_json::from_str(value) {
        Ok(value) => value,
        // A number beyond what a tree can hold is put into the text.
        Err(_) => return with(pointer, r#""@@""#).replace(r#""@@""#, value),
    };
    visit.pointer_mut(parent).expect("a parent")[field] = value;
    visit.to_string()
}

fn code(text: &str, flags: &[&str]) -> Output {
    let mut command = program();
    command.args(["code", "-"]).args(flags);
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().expect("the program");
    // A program that refuses its flags reads nothing.
    let _ = child.stdin.take().expect("its input").write_all(text.as_bytes());
    child.wait_with_output().expect("its output")
}

fn refusal(text: &str) -> String {
    let output = code(text, &["--detail", "lines"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    let shown: String = text.chars().take(200).collect();
    assert_eq!(output.status.code(), Some(3), "{shown}\n{message}");
    assert!(!message.contains("panicked") && output.stdout.is_empty(), "{shown}\n{message}");
    message
}

/// Codes many visits in one run, a visit a line; a refused one has its error in the place of the answer.
fn answers(table: &[(&str, &str, &str)]) -> Vec<Value> {
    let lines: Vec<String> = table.iter().map(|(pointer, value, _)| with(pointer, value)).collect();
    let output = code(&lines.join("\n"), &["--lines", "--detail", "rules"]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !message.contains("panicked"), "{message}");
    let text = String::from_utf8(output.stdout).expect("text");
    let answers: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(answers.len(), table.len());
    answers
}

#[test]
fn each_fault_is_refused_by_the_name_of_its_field() {
    for ((pointer, value, named), answer) in REFUSED.iter().zip(answers(REFUSED)) {
        let violations = answer["error"]["violations"].as_array();
        let is_named =
            |violation: &Value| violation["field"].as_str().is_some_and(|field| field.ends_with(named));
        let found = violations.is_some_and(|violations| violations.iter().any(is_named));
        assert!(found, "{pointer} = {value}: {named} is not in\n{answer:#}");
        assert_eq!(answer["error"]["reason"], "INVALID_REQUEST");
    }
}

#[test]
fn what_a_record_can_say_is_answered_with_a_finding() {
    for ((pointer, value, reason), answer) in FOUND.iter().zip(answers(FOUND)) {
        let findings = answer["findings"].as_array().unwrap_or_else(|| panic!("{pointer}: {answer:#}"));
        let found = reason.is_empty() || findings.iter().any(|finding| finding["reason"] == *reason);
        assert!(found, "{pointer} = {value}: {reason} is not in\n{findings:#?}");
    }
}

#[test]
fn texts_that_are_no_visit_are_refused() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    for text in
        ["", "{", "[]", "null", "7", r#""x""#, r#"{"encounter": null}"#, r#"{"encounter": []}"#, "{}", &deep]
    {
        refusal(text);
    }
    let output = code("\u{fffd}\0", &[]);
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn long_lists_and_texts_are_refused_with_the_limit() {
    let mut many = visit();
    let push = many["encounter"]["administrations"][1].clone();
    let list = many["encounter"]["administrations"].as_array_mut().expect("a list");
    list.extend(std::iter::repeat_n(push, 10_000));
    let message = refusal(&many.to_string());
    assert!(message.contains("encounter.administrations: 10002 are given and at most 500"), "{message}");
    let long = format!("\"{}\"", "x".repeat(100_000));
    for (pointer, named) in [
        ("/encounter/encounterId", "encounter.encounterId"),
        ("/encounter/payer", "encounter.payer"),
        ("/encounter/administrations/0/accessSite", "accessSite"),
        ("/encounter/administrations/0/drugs/0/name", "drugs[0].name"),
        ("/encounter/administrations/0/drugs/0/hcpcsCode", "drugs[0].hcpcsCode"),
        ("/encounter/administrations/0/drugs/0/doseAdministered/value", "doseAdministered.value"),
    ] {
        let message = refusal(&with(pointer, &long));
        assert!(message.contains(named) && message.len() < 5_000, "{pointer}: {message}");
    }
}

#[test]
fn every_fault_of_a_visit_is_told_at_once() {
    let mut visit = visit();
    visit["encounter"]["setting"] = json!("MOON");
    visit["encounter"]["serviceDate"] = json!("never");
    visit["encounter"]["nickname"] = json!("x");
    visit["encounter"]["administrations"][0]["stopTime"] = json!("08:00");
    visit["encounter"]["administrations"][1]["administrationId"] = json!("a1");
    visit["encounter"]["administrations"][0]["drugs"][0]["doseAdministered"]["value"] = json!("-1");
    let message = refusal(&visit.to_string());
    for field in [
        "encounter.setting",
        "encounter.serviceDate",
        "encounter.nickname",
        "encounter.administrations[0].stopTime",
        "encounter.administrations[1].administrationId",
        "encounter.administrations[0].drugs[0].doseAdministered.value",
    ] {
        assert!(message.contains(&format!("\n  {field}: ")), "{field} is not in\n{message}");
    }
}

#[test]
fn a_zero_dose_earns_no_drug_line() {
    let zero = [("/encounter/administrations/1/drugs/0/doseAdministered/value", r#""0""#, "")];
    let answer = &answers(&zero)[0];
    let lines = answer["lines"].as_array().expect("lines");
    assert!(lines.iter().all(|line| line["code"] != "J1200"), "{lines:#?}");
}

#[test]
fn a_service_refuses_with_the_same_fields() {
    let served = Served::start();
    for (pointer, value, named) in [
        ("/encounter/serviceDate", r#""never""#, "encounter.serviceDate"),
        ("/encounter/primaryReason", r#""a9""#, "encounter.primaryReason"),
        ("/encounter/administrations/0/drugs/0/doseAdministered/value", r#""-1""#, "doseAdministered.value"),
    ] {
        let message = {
            let output = code(&with(pointer, value), &["--server", &served.url]);
            assert_eq!(output.status.code(), Some(3));
            String::from_utf8_lossy(&output.stderr).into_owned()
        };
        assert!(message.contains(named), "{named} is not in\n{message}");
        assert_eq!(message, refusal(&with(pointer, value)));
    }
}
