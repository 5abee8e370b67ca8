//! `units`: one drug without a visit.

use serde_json::Value;

use super::served::Served;
use super::{json, printed, run};

const RITUXIMAB: &[&str] = &[
    "units",
    "J9312",
    "--dose",
    "705 mg",
    "--container",
    "500 mg x1",
    "--container",
    "100 mg x3",
    "--discarded",
    "95 mg",
    "--date",
    "2025-11-03",
    "--setting",
    "physician-office",
];

fn lines(answer: &Value) -> String {
    let one = |line: &Value| {
        let modifiers = line["modifiers"].as_array().expect("modifiers").iter();
        let modifiers: String = modifiers.map(|m| format!(" {}", m.as_str().expect("text"))).collect();
        format!("{}×{}{modifiers}", line["code"].as_str().unwrap_or_default(), line["units"])
    };
    answer["lines"].as_array().expect("lines").iter().map(one).collect::<Vec<_>>().join(", ")
}

fn lines_of(arguments: &[&str]) -> String {
    lines(&json(&[arguments, &["--format", "json"]].concat()))
}

#[test]
fn a_dose_becomes_units_and_discarded_units() {
    assert_eq!(lines_of(RITUXIMAB), "J9312×71, J9312×9 JW");
    let text = printed(RITUXIMAB);
    assert!(text.contains("J9312, 705 mg, 2025-11-03") && text.contains(" JW "), "{text}");
    assert!(!text.contains("Administration"), "{text}");
}

#[test]
fn a_service_gives_the_same_answer() {
    let served = Served::start();
    let output = served.client().args(RITUXIMAB).args(["--format", "json"]).output().expect("the program");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let there: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(there, json(&[RITUXIMAB, &["--format", "json"]].concat()));
}

/// 175 mg of a 200 mg vial at 50 mg a unit (row G-17).
#[test]
fn part_units_round_up_and_under_the_guide_down_with_a_warning() {
    let dose = [
        "units",
        "J9045",
        "--dose",
        "175 mg",
        "--container",
        "200 mg x1 single-dose",
        "--discarded",
        "25 mg",
        "--date",
        "2026-07-01",
        "--setting",
        "physician-office",
    ];
    assert_eq!(lines_of(&dose), "J9045×4 JZ");
    let uncoded = [
        "units",
        "--name",
        "a drug",
        "--billing-unit",
        "50 mg",
        "--dose",
        "175 mg",
        "--container",
        "200 mg x1",
        "--discarded",
        "25 mg",
        "--date",
        "2026-07-01",
        "--setting",
        "physician-office",
    ];
    assert_eq!(lines_of(&uncoded), "×4 JZ");
    let guide = json(&[&dose[..], &["--payer", "guide-2026", "--format", "json"]].concat());
    assert_eq!(lines(&guide), "J9045×3");
    let findings = guide["findings"].as_array().expect("findings");
    let warns = |finding: &&Value| {
        finding["severity"] == "WARN" && finding["reason"] == "GUIDE_DEPARTS_FROM_AUTHORITY"
    };
    let text = findings.iter().find(warns).and_then(|finding| finding["text"].as_str()).unwrap_or_default();
    assert!(text.contains("CMS") && text.contains("rounds up"), "{guide:#}");
    assert!(findings.iter().any(|finding| finding["reason"] == "DISCARD_BELOW_ONE_UNIT"), "{guide:#}");
}

#[test]
fn faults_name_the_flag_or_the_field() {
    for (arguments, told, code) in [
        (&["units", "J9312", "--dose", "705", "--setting", "physician-office"][..], "--dose", 2),
        (&["units", "J9312", "--dose", "705 mg", "--setting", "moon"], "hospital-outpatient", 2),
        (&["units", "--dose", "705 mg", "--setting", "physician-office"], "CODE", 2),
        (
            &["units", "J9312", "--dose", "-705 mg", "--setting", "physician-office"],
            "drug.doseAdministered.value",
            3,
        ),
        (
            &["units", "J9312", "--dose", "705 mg", "--setting", "physician-office", "--date", "x"],
            "serviceDate",
            3,
        ),
    ] {
        let output = run(arguments);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {message}");
        assert!(message.contains(told), "{told} is not in: {message}");
    }
}
