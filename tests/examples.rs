//! The example visits give the answers that were worked out by hand from the rule books.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::proof;

/// Each visit with its lines: administration track, then drug track.
const EXPECTED: &[(&str, &str)] = &[
    // 210 minutes: a first hour and two more. A second chemotherapy infusion of 65 minutes follows.
    // 705 mg of 800 mg at 10 mg: 71 units and 9 whole units discarded. 1,350 mg of 1,500 mg at 5 mg.
    (
        "r-chop",
        "96413, 96415×2, 96417, 96375×2, 96411×2, J1100×10 JZ, J1200 JZ, J9000×9 JZ, J9075×270, J9075×30 JW, \
         J9312×71, J9312×9 JW, J9370×2 JZ",
    ),
    // 92 minutes: a first hour and one more. 560 mg of 570 mg at 10 mg.
    ("trastuzumab-biosimilar", "96413, 96415, Q5114×56, Q5114 JW"),
    // 125 minutes; leucovorin runs together with oxaliplatin; 700 mg and 4,200 mg of fluorouracil round once.
    // Every drug is packaged in the outpatient department that quarter, so no JW or JZ is asked for.
    (
        "folfox-pump-start",
        "96413, 96415, 96368, 96375, 96411, 96416, J0640×14, J2469×10, J9190×10, J9263×300",
    ),
    // 255 minutes: three hours more than the first. The class follows the drug and not the diagnosis.
    ("rituximab-rheumatoid-arthritis", "96413, 96415×3, 96375, J1200 JZ, J9312×100 JZ"),
    // 35 minutes of iron are the initial service; 65 minutes of hydration follow it.
    ("iron-with-hydration", "96365, 96361, J1756×200 JZ, J7040"),
    // No infusion code is guessed; the drug itself can be billed.
    ("missing-stop-time", "J1745×35, J1745×5 JW"),
];

#[test]
fn every_example_gives_its_worked_answer() {
    for (name, expected) in EXPECTED {
        assert_eq!(summary(&coded(name)), *expected, "{name}");
    }
}

#[test]
fn every_example_file_is_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for entry in fs::read_dir(folder).expect("the examples") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            // The same visits in other formats; tests/interop reads them.
            continue;
        }
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        assert!(EXPECTED.iter().any(|(known, _)| *known == name), "{name} has no expected answer");
    }
}

#[test]
fn a_missing_stop_time_is_asked_about_with_the_lines_of_each_answer() {
    let answer = coded("missing-stop-time");
    let question = &answer["questions"][0];
    assert_eq!(question["field"], "administrations[0].stopTime");
    let codes = |place: usize| summary(&question["answers"][place]);
    assert_eq!(codes(0), "96409, J1745×35, J1745×5 JW");
    assert_eq!(codes(2), "96413, 96415, J1745×35, J1745×5 JW");
    assert!(
        answer["findings"].as_array().expect("findings").iter().any(|f| f["reason"] == "MISSING_STOP_TIME")
    );
}

#[test]
fn a_request_at_fault_names_every_field() {
    let visit = r#"{"setting": "MOON", "serviceDate": "2025-13-01", "administrations": [
        {"administrationId": "a", "route": "IV_PUSH", "startTime": "2025-11-03T10:00", "stopTime": "2025-11-03T09:00",
         "drugs": [{"hcpcsCode": "J9312", "doseAdministered": {"value": "-1", "unit": "mg"}}]}]}"#;
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), visit.replace("\"MOON\"", "\"PHYSICIAN_OFFICE\"")).expect("written");
    let message = refusal(file.path());
    for field in ["serviceDate", "doseAdministered"] {
        assert!(message.contains(field), "{field} is not in: {message}");
    }
    fs::write(file.path(), visit).expect("written");
    assert!(refusal(file.path()).contains("setting"));
}

fn coded(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(format!("{name}.json"));
    let output =
        program().arg(path).args(["--format", "json", "--detail", "full"]).output().expect("the program");
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    let answer = serde_json::from_slice(&output.stdout).expect("an answer");
    assert_eq!(proof::faults(&answer), Vec::<String>::new(), "{name}");
    answer
}

fn refusal(path: &Path) -> String {
    let output = program().arg(path).output().expect("the program");
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The real program, away from any store of the person who runs the tests.
fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_infusion-coder"));
    let nowhere = std::env::temp_dir().join(format!("infusion-coder-no-store-{}", std::process::id()));
    program.env("XDG_DATA_HOME", nowhere).arg("code");
    program
}

fn summary(answer: &Value) -> String {
    let one = |line: &Value| {
        let units = line["units"].as_u64().expect("units");
        let units = if units == 1 { String::new() } else { format!("×{units}") };
        let modifiers = line["modifiers"].as_array().expect("modifiers").iter();
        let modifiers: String = modifiers.map(|m| format!(" {}", m.as_str().expect("a modifier"))).collect();
        format!("{}{units}{modifiers}", line["code"].as_str().expect("a code"))
    };
    answer["lines"].as_array().expect("lines").iter().map(one).collect::<Vec<_>>().join(", ")
}
