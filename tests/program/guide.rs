//! The rows of the 2026 billing guide under both readings, through the real program.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use super::program;

const ROWS: &str = include_str!("../golden/guide/rows.json");

/// Codes every row for one payer in one run.
fn answers(rows: &[Value], payer: &str) -> Vec<Value> {
    let mut command = program();
    command.args(["code", "-", "--lines", "--detail", "full"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program");
    let mut input = child.stdin.take().expect("its input");
    let lines: String = rows
        .iter()
        .map(|row| {
            let mut visit = row["visit"].clone();
            visit["payer"] = json!(payer);
            format!("{}\n", json!({ "encounter": visit }))
        })
        .collect();
    // The rows are read while the answers are written.
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = child.wait_with_output().expect("its output");
    writer.join().expect("a writer").expect("written");
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// `96413, J9045×4 JZ`.
fn summary(answer: &Value) -> String {
    let one = |line: &Value| {
        let units = line["units"].as_u64().expect("units");
        let units = if units == 1 { String::new() } else { format!("×{units}") };
        let modifiers = line["modifiers"].as_array().expect("modifiers").iter();
        let modifiers: String = modifiers.map(|m| format!(" {}", m.as_str().expect("text"))).collect();
        format!("{}{units}{modifiers}", line["code"].as_str().unwrap_or_default())
    };
    answer["lines"].as_array().expect("lines").iter().map(one).collect::<Vec<_>>().join(", ")
}

fn fault(answer: &Value, expected: &Value) -> Option<String> {
    let lines = summary(answer);
    if expected["lines"] != *lines {
        return Some(format!("{lines} for {}", expected["lines"]));
    }
    let questions = answer["questions"].as_array().map_or(0, Vec::len);
    if expected["questions"] != questions {
        return Some(format!("{questions} questions for {}", expected["questions"]));
    }
    let findings = answer["findings"].as_array().expect("findings");
    let said = |finding: &Value| format!("{} {}", finding["severity"], finding["reason"]).replace('"', "");
    let missing = expected["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .find(|wanted| !findings.iter().any(|finding| **wanted == *said(finding)))?;
    Some(format!("{missing} is not found"))
}

#[test]
fn every_row_holds_under_both_readings() {
    let rows: Vec<Value> = serde_json::from_str(ROWS).expect("the rows");
    let mut faults = Vec::new();
    for (payer, reading) in [("medicare", "medicare"), ("guide-2026", "guide")] {
        let answers = answers(&rows, payer);
        assert_eq!(answers.len(), rows.len());
        for (row, answer) in rows.iter().zip(&answers) {
            let fault = fault(answer, &row[reading]);
            faults.extend(fault.map(|fault| format!("{} under {payer}: {fault}", row["row"])));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_line_names_its_administrations_and_the_overlap_that_decided_is_told() {
    let rows: Vec<Value> = serde_json::from_str(ROWS).expect("the rows");
    for (row, answer) in rows.iter().zip(answers(&rows, "medicare")) {
        for line in answer["lines"].as_array().expect("lines") {
            assert_ne!(line["administrationIds"], json!([]), "{}: {line:#}", row["row"]);
            assert_ne!(line["steps"], json!([]), "{}: {line:#}", row["row"]);
        }
        if row["row"].as_str().is_some_and(|row| row.starts_with("G-12")) {
            let line = &answer["lines"][2];
            let steps = line["steps"].as_array().expect("steps").iter();
            let texts: Vec<&str> = steps.filter_map(|step| step["text"].as_str()).collect();
            assert!(texts.iter().any(|text| text.contains("120 min")), "{texts:#?}");
        }
    }
}
