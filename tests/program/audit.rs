//! `audit`, on one claim and on a file of claims, and AuditClaim over gRPC.

use std::path::PathBuf;
use std::sync::Arc;

use infusion_coder::catalog::store::Library;
use infusion_coder::server::{json as wire, pb};
use serde_json::{Value, json};

use super::{json, printed, program, run};
use crate::support::server::Server;

/// An R-CHOP day of the examples, with the lines somebody billed for it.
fn claim(lines: &[&str]) -> Value {
    let example = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/r-chop.json");
    let text = std::fs::read_to_string(example).expect("the example");
    let visit: Value = serde_json::from_str(&text).expect("JSON");
    let encounter = visit.get("encounter").unwrap_or(&visit).clone();
    let billed: Vec<Value> = lines.iter().map(|text| line(text)).collect();
    json!({"encounter": encounter, "billedLines": billed, "coderId": "c-1"})
}

fn line(text: &str) -> Value {
    let mut parts = text.split(' ');
    let code = parts.next().expect("a code");
    let (mut units, mut modifiers) = (1, Vec::new());
    for part in parts {
        match part.strip_prefix('x') {
            Some(count) => units = count.parse().expect("units"),
            None => modifiers.push(part),
        }
    }
    json!({"code": code, "units": units, "modifiers": modifiers})
}

/// The worked answer of the example, and an office visit that is no business of the audit.
const RIGHT: [&str; 14] = [
    "96413",
    "96415 x2",
    "96417",
    "96375 x2",
    "96411 x2",
    "J1100 x10 JZ",
    "J1200 JZ",
    "J9000 x9 JZ",
    "J9075 x270",
    "J9075 x30 JW",
    "J9312 x71",
    "J9312 x9 JW",
    "J9370 x2 JZ",
    "99214 25",
];

fn without(text: &str) -> Vec<&'static str> {
    RIGHT.into_iter().filter(|line| *line != text).collect()
}

fn file(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("written");
    (folder, path)
}

#[test]
fn the_worked_answer_of_an_example_has_no_difference() {
    let (_folder, path) = file("claim.json", &claim(&RIGHT).to_string());
    let answer = json(&["audit", path.to_str().expect("a path"), "--format", "json"]);
    assert_eq!(answer["discrepancies"], json!([]), "{answer}");
    assert_eq!((&answer["linesJudged"], &answer["linesRight"]), (&json!(13), &json!(13)));
    assert_eq!(answer["linesNotJudged"], json!([13]));
    assert!(printed(&["audit", path.to_str().expect("a path")]).contains("No difference"));
}

#[test]
fn a_difference_is_told_with_its_rule_units_and_dollars() {
    let mut lines = without("J9312 x71");
    lines.retain(|line| *line != "J9312 x9 JW");
    lines.push("J9312 x80");
    let (_folder, path) = file("claim.json", &claim(&lines).to_string());
    let answer = json(&["audit", path.to_str().expect("a path"), "--format", "json"]);
    let found = &answer["discrepancies"][0];
    assert_eq!((&found["kind"], &found["pattern"]), (&json!("WRONG_UNITS"), &json!("WHOLE_VIAL")));
    assert_eq!((&found["billedUnits"], &found["supportedUnits"]), (&json!(80), &json!(71)));
    assert_eq!((&answer["overbilledUnits"], &answer["underbilledUnits"]), (&json!(9), &json!(9)));
    assert_eq!(answer["overbilledDollars"], answer["underbilledDollars"]);
    assert!(found["citations"][0]["title"].is_string() && found["ruleId"] == "U-17");
    assert!(answer["provenance"]["inputDigest"].is_string());
}

#[test]
fn a_file_of_claims_becomes_figures_rows_and_a_page() {
    let claims = [claim(&RIGHT), claim(&without("96415 x2")), claim(&without("96417"))];
    let text: String =
        claims.iter().map(|claim| claim.to_string() + "\n").collect::<String>() + "{\"broken\n";
    let (_folder, path) = file("claims.jsonl", &text);
    let path = path.to_str().expect("a path");
    let summary = json(&["audit", path, "--format", "json", "--seed", "7"]);
    assert_eq!((&summary["visits"], &summary["refused"]), (&json!(3), &json!(1)));
    assert_eq!(summary["total"]["lines"]["of"], json!(39));
    assert_eq!(summary["total"]["lines"]["right"], json!(37));
    assert_eq!(summary["coders"][0]["coder"], "c-1");
    assert_eq!(summary["patterns"][0]["name"], "ADD_ON_HOURS_NEVER_BILLED");
    assert_eq!(summary["sample"]["visits"].as_array().map(Vec::len), Some(1));
    let rows = printed(&["audit", path, "--format", "csv"]);
    assert_eq!(rows.lines().count(), 3, "{rows}");
    assert!(rows.contains("MISSING_LINE,ADD_ON_HOURS_NEVER_BILLED"), "{rows}");
    let each = printed(&["audit", path, "--format", "jsonl"]);
    let last: Value = each.lines().last().and_then(|line| serde_json::from_str(line).ok()).expect("JSON");
    assert_eq!((each.lines().count(), &last["error"]["reason"]), (4, &json!("INVALID_REQUEST")));
    let page = printed(&["audit", path, "--format", "html"]);
    assert!(page.starts_with("<!doctype html>") && page.contains("<svg") && !page.contains("src="));
    assert!(printed(&["audit", path]).contains("further hours of an"));
}

#[test]
fn the_lines_of_an_837_are_held_against_their_visits() {
    let claim = claim(&[]);
    let (_visits, visits) = file("visits.jsonl", &format!("{}\n", claim["encounter"]));
    let services: String = RIGHT
        .iter()
        .zip(1..)
        .map(|(text, number)| {
            let line = line(text);
            let modifiers = line["modifiers"].as_array().expect("modifiers").iter();
            let modifiers: String =
                modifiers.map(|m| format!(":{}", m.as_str().expect("a modifier"))).collect();
            let code = line["code"].as_str().expect("a code");
            format!("LX*{number}~SV1*HC:{code}{modifiers}*100*UN*{}*11**1~\n", line["units"])
        })
        .collect();
    let (_claims, claims) = file("claims.837", &format!("CLM*A*100***11:B:1~\n{services}"));
    let arguments = ["audit", visits.to_str().expect("a path"), "--claims", claims.to_str().expect("a path")];
    let rows = printed(&[arguments.as_slice(), &["--format", "csv"]].concat());
    assert_eq!(rows.lines().count(), 1, "{rows}");
    let (_twice, twice) = file("visits.jsonl", &format!("{0}\n{0}\n", claim["encounter"]));
    let output = run(&["audit", twice.to_str().expect("a path"), arguments[2], arguments[3]]);
    assert!(!output.status.success());
}

/// The lines of an 837 beside the visit of a claim, in an interchange whose account number is no UTF-8.
fn held_against(visit: &Value, services: &str, flags: &[&str]) -> std::process::Output {
    let (_visit, visit) = file("claim.json", &visit.to_string());
    let (_claims, claims) = file("claims.837", "");
    let account = [b"CLM*M".as_slice(), b"\xfcLLER*100***11:B:1~\n"].concat();
    std::fs::write(&claims, [&account, services.as_bytes()].concat()).expect("written");
    let arguments = ["audit", visit.to_str().expect("a path"), "--claims", claims.to_str().expect("a path")];
    run(&[arguments.as_slice(), flags].concat())
}

#[test]
fn a_line_of_an_837_that_cannot_be_read_is_not_judged() {
    let mut visit = claim(&[]);
    visit["encounter"]["administrations"].as_array_mut().expect("administrations").truncate(1);
    visit["encounter"]["primaryReason"] = json!("");
    let visit = json!({"coderId": "c-1", "encounter": visit["encounter"]});
    let right = held_against(&visit, "", &["--format", "json"]);
    let right: Value = serde_json::from_slice(&right.stdout).expect("JSON");
    let supported = right["supportedLines"].as_array().expect("lines");
    let code = supported[0]["code"].as_str().expect("a code");
    let services = format!("LX*1~SV1*HC:{code}*30*UN*XYZ***1~\n");
    let found = held_against(&visit, &services, &["--format", "json"]);
    let answer: Value = serde_json::from_slice(&found.stdout).expect("JSON");
    assert_eq!(answer["linesNotJudged"], json!([0]), "{answer}");
    let missing = answer["discrepancies"].as_array().expect("differences");
    assert!(missing.iter().all(|found| found["supportedCode"] != code), "{answer}");
    assert_eq!(missing.len(), right["discrepancies"].as_array().expect("differences").len() - 1);
    let shown = held_against(&visit, &services, &[]);
    let text = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(text.contains(&format!("not readable and not judged: {code}")), "{text}");
    assert!(String::from_utf8_lossy(&shown.stderr).contains("segment 3 `SV1`: SV104: `XYZ`"));
    // The coder of the file is kept, and lines are taken from one place alone.
    let part = services.replace("XYZ", "0.25");
    let rows = held_against(&visit, &part, &["--format", "csv"]);
    let rows = String::from_utf8_lossy(&rows.stdout).into_owned();
    assert!(
        rows.lines().skip(1).all(|row| row.contains(",c-1,")) && rows.contains(&format!(",{code},0.25,")),
        "{rows}"
    );
    let both = held_against(&claim(&["96413"]), &services, &[]);
    assert_eq!(both.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&both.stderr).contains("\n  billedLines: "));
}

#[test]
fn a_claim_at_fault_names_every_field() {
    let mut faulty = claim(&["96413 x0", "J9312"]);
    faulty["encounter"]["serviceDate"] = json!("2025-13-01");
    faulty["encounter"]["ward"] = json!("3");
    let (_folder, path) = file("claim.json", &faulty.to_string());
    let output = program().args(["audit"]).arg(path).output().expect("the program");
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3));
    for field in ["billedLines[0].units", "encounter.serviceDate", "encounter.ward"] {
        assert!(message.contains(&format!("\n  {field}: ")), "{message}");
    }
}

#[tokio::test]
async fn the_service_audits_a_claim() {
    let server = Server::start(Arc::new(Library::embedded())).await;
    let mut client = pb::coding_service_client::CodingServiceClient::new(server.channel().await);
    let request: pb::AuditClaimRequest =
        wire::read(&claim(&without("96417")).to_string()).expect("a request");
    let answer = client.audit_claim(request).await.expect("an answer").into_inner();
    let found: Vec<i32> = answer.discrepancies.iter().map(|found| found.kind).collect();
    assert_eq!(found, [i32::from(pb::DiscrepancyKind::MissingLine)]);
    assert_eq!(answer.discrepancies[0].supported_code, "96417");
    assert!(!answer.supported_lines[0].steps[0].citations.is_empty());
    let refused = client.audit_claim(pb::AuditClaimRequest::default()).await.expect_err("a refusal");
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
}
