//! Two real years in one store: what changed between them, and which code a date of service picks.

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::shared;

fn program(store: &TempDir) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_infusion-coder"));
    program.env("INFUSION_CODER_STORE", store.path());
    program
}

fn json(store: &TempDir, arguments: &[&str]) -> Value {
    let output = program(store).args(arguments).args(["--format", "json"]).output().expect("the program");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn rituximab_is_replaced_between_2018_and_2019() {
    let Some(folder) = shared("data/hcpcs") else { return };
    let store = TempDir::new().expect("a folder");
    for year in ["2018", "2019"] {
        let file = folder.join(format!("{year}-Alpha-Numeric-HCPCS-File.zip"));
        program(&store).arg("import").arg(file).assert().success();
    }
    let answer = json(&store, &["diff", "2018", "2019"]);
    let changes = answer["changes"].as_array().expect("changes");
    let of = |code: &str| changes.iter().find(|change| change["code"] == code).expect(code);
    let replaced = of("J9310");
    assert_eq!((&replaced["kind"], &replaced["unitChanges"]), (&"replaced".into(), &true.into()));
    assert_eq!(replaced["successors"][0]["code"], "J9312");
    for kind in ["added", "terminated", "text changed"] {
        assert!(changes.iter().any(|change| change["kind"] == kind), "{kind}");
    }
    for (code, date, standing, unit) in [
        ("J9310", "2018-12-31", "in force", "100"),
        ("J9312", "2018-12-31", "not yet", "10"),
        ("J9310", "2019-01-01", "terminated", "100"),
        ("J9312", "2019-01-01", "in force", "10"),
    ] {
        let answer = json(&store, &["lookup", code, "--date", date]);
        assert_eq!(answer["standing"], standing, "{code} {date}");
        assert_eq!(answer["codeVersion"]["billingUnit"]["value"], unit, "{code} {date}");
    }
    for (date, code) in [("2018-12-31", "J9310"), ("2019-01-01", "J9312")] {
        let visit = store.path().join("visit.json");
        let text = format!(
            r#"{{"setting": "PHYSICIAN_OFFICE", "serviceDate": "{date}", "administrations": [
                {{"administrationId": "a", "route": "IV_INFUSION", "startTime": "{date}T09:00", "stopTime": "{date}T12:00",
                 "drugs": [{{"name": "rituximab", "doseAdministered": {{"value": "700", "unit": "mg"}},
                   "containers": [{{"content": {{"value": "100", "unit": "mg"}}, "count": 7, "kind": "SINGLE_DOSE"}}]}}]}}]}}"#
        );
        std::fs::write(&visit, text).expect("written");
        let answer = json(&store, &["code", visit.to_str().expect("a path")]);
        let lines = answer["lines"].as_array().expect("lines").iter();
        let codes: Vec<&str> = lines.map(|line| line["code"].as_str().expect("a code")).collect();
        assert!(codes.contains(&code), "{date}: {codes:?} {}", answer["findings"]);
    }
}
