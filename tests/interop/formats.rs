//! `code` reads a FHIR Bundle and writes claims.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::program;

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

fn coded(file: &str, flags: &[&str]) -> String {
    let output = program("code").arg(example(file)).args(flags).output().expect("the program");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn a_fhir_bundle_is_recognised_and_coded_like_its_twin() {
    let text = coded("fhir/rituximab.json", &["--format", "json", "--detail", "lines"]);
    let answer: Value = serde_json::from_str(&text).expect("an answer");
    let lines = answer["lines"].as_array().expect("lines").iter();
    let lines: Vec<String> =
        lines.map(|line| format!("{} {} {}", line["code"], line["units"], line["modifiers"])).collect();
    // 155 minutes: a first hour and two more, the last of 35 minutes. 705 mg at 10 mg round up to 71 units.
    assert_eq!(lines, [r#""96413" 1 []"#, r#""96415" 2 []"#, r#""J9312" 71 []"#], "{text}");
    // 800 mg were opened. FHIR has no element for what was discarded, so it is asked for and not billed.
    let asked = answer["questions"].as_array().expect("questions").iter();
    let fields: Vec<&str> = asked.filter_map(|question| question["field"].as_str()).collect();
    assert_eq!(fields, ["administrations[0].drugs[0].doseDiscarded"]);
}

#[test]
fn lines_are_written_as_x12_by_the_setting_and_as_fhir() {
    let professional = coded("r-chop.json", &["--format", "x12"]);
    assert!(professional.contains("SV1*HC:J9312:JW**UN*9***1~\nDTP*472*D8*20251103~\n"), "{professional}");
    let flags = ["--format", "x12", "--drug-revenue-code", "0636", "--administration-revenue-code", "0335"];
    let institutional = coded("folfox-pump-start.json", &flags);
    assert!(institutional.contains("SV2*0335*HC:96413**UN*1~"), "{institutional}");
    assert!(institutional.contains("SV2*0636*HC:J9263**UN*300~"), "{institutional}");
    for (format, kind) in [("fhir-claim", "Claim"), ("fhir-charge-items", "Bundle")] {
        let written: Value =
            serde_json::from_str(&coded("r-chop.json", &["--format", format])).expect("JSON");
        assert_eq!(written["resourceType"], kind);
    }
}

#[test]
fn a_bundle_that_cannot_be_read_names_its_element() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let text = std::fs::read_to_string(example("fhir/rituximab.json")).expect("the example");
    std::fs::write(file.path(), text.replace("\"J9312\"", "\"J93\"")).expect("written");
    let output = program("code").arg(file.path()).output().expect("the program");
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains("the FHIR visit cannot be read\n  Bundle.entry["), "{message}");
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn the_setting_of_a_bundle_counts_before_that_of_the_flags() {
    let file = example("fhir/rituximab.json");
    let stated = ["--setting", "HOSPITAL_INPATIENT", "--format", "json"];
    let output = program("code").arg(file).args(stated).output().expect("the program");
    let told = coded("fhir/rituximab.json", &["--format", "json"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), told);
    assert!(String::from_utf8_lossy(&output.stderr).contains("which is not used"));
}

/// A dose of a drug without a code, counted in a stated unit, and the NDCs of two package sizes.
fn visit(drug: &Value) -> tempfile::NamedTempFile {
    let visit = serde_json::json!({
        "setting": "PHYSICIAN_OFFICE", "serviceDate": "2025-05-05",
        "administrations": [{"administrationId": "a1", "route": "IV_INFUSION", "drugs": [drug]}]
    });
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), visit.to_string()).expect("written");
    file
}

#[test]
fn a_line_without_a_code_is_no_claim() {
    let drug = serde_json::json!({
        "name": "newdrug", "doseAdministered": {"value": "7", "unit": "mg"},
        "billingUnit": {"value": "10", "unit": "mg"}
    });
    let file = visit(&drug);
    for format in ["fhir-claim", "fhir-charge-items", "x12", "x12-837p", "x12-837i"] {
        let output =
            program("code").arg(file.path()).args(["--format", format]).output().expect("the program");
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(3), 0), "{message}");
        assert!(message.contains("administrations[0].drugs[0].hcpcsCode: line 1"), "{message}");
    }
}

#[test]
fn an_ndc_that_a_format_has_no_place_for_is_named() {
    let vial = |ndc: &str, grams: &str, milliliters: &str| {
        serde_json::json!({
            "content": {"value": grams, "unit": "g"}, "volume": {"value": milliliters, "unit": "mL"},
            "kind": "SINGLE_DOSE", "ndc": ndc
        })
    };
    let drug = serde_json::json!({
        "hcpcsCode": "J1459", "doseAdministered": {"value": "25", "unit": "g"},
        "doseDiscarded": {"value": "0", "unit": "g"},
        "containers": [vial("44206-0438-20", "20", "200"), vial("44206-0436-05", "5", "50")]
    });
    let file = visit(&drug);
    let flags = ["--format", "x12", "--partial"];
    let output = program("code").arg(file.path()).args(flags).output().expect("the program");
    let (text, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    let is_left_out = |digits: &str, ndc: &str| !text.contains(digits) && said.contains(ndc);
    let large = is_left_out("44206043820", "44206-0438-20 with 200 ML");
    assert!(large != is_left_out("44206043605", "44206-0436-05 with 50 ML"), "{text}{said}");
}

/// A claim format has no place for a finding, so what is withheld would vanish.
#[test]
fn a_claim_that_lacks_lines_is_not_written_unless_it_is_asked_for() {
    for format in ["x12", "fhir-claim", "fhir-charge-items"] {
        let asked = |flags: &[&str]| {
            let mut asked = program("code");
            asked.arg(example("missing-stop-time.json")).args(["--format", format]).args(flags);
            asked.output().expect("the program")
        };
        let refused = asked(&[]);
        let message = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!((refused.status.code(), refused.stdout.is_empty()), (Some(3), true), "{message}");
        assert!(message.contains("stopTime") && message.contains("--partial"), "{message}");
        let partial = asked(&["--partial"]);
        let message = String::from_utf8_lossy(&partial.stderr).into_owned();
        assert!(partial.status.success() && message.contains("warning: "), "{message}");
        assert!(String::from_utf8_lossy(&partial.stdout).contains("J1745"));
    }
}

/// Two pages of a search that were joined, or two versions of one resource.
#[test]
fn a_resource_that_is_twice_in_a_bundle_counts_once() {
    let text = std::fs::read_to_string(example("fhir/rituximab.json")).expect("the example");
    let bundle: Value = serde_json::from_str(&text).expect("JSON");
    let entries = bundle["entry"].as_array().expect("entries");
    let at = entries.iter().position(|entry| entry["resource"]["resourceType"] == "MedicationAdministration");
    let at = at.expect("an administration");
    let answered = |change: &dyn Fn(&mut Value)| {
        let mut bundle = bundle.clone();
        let mut again = bundle["entry"][at].clone();
        change(&mut again);
        bundle["entry"].as_array_mut().expect("entries").push(again);
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), bundle.to_string()).expect("written");
        let flags = ["--format", "json", "--detail", "lines"];
        program("code").arg(file.path()).args(flags).output().expect("the program")
    };
    let lines = |output: &[u8]| {
        let answer: Value = serde_json::from_slice(output).expect("an answer");
        answer["lines"].clone()
    };
    let once = coded("fhir/rituximab.json", &["--format", "json", "--detail", "lines"]);
    let twice = answered(&|_| ());
    assert!(twice.status.success(), "{}", String::from_utf8_lossy(&twice.stderr));
    assert_eq!(lines(&twice.stdout), lines(once.as_bytes()));
    let changed = answered(&|again| again["resource"]["status"] = "in-progress".into());
    let message = String::from_utf8_lossy(&changed.stderr).into_owned();
    assert_eq!(changed.status.code(), Some(3), "{message}");
    let [first, second] = [at, entries.len()].map(|at| format!("Bundle.entry[{at}]"));
    assert!(message.contains(&first) && message.contains(&second), "{message}");
}
