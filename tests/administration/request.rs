//! Visits as public JSON, coded by the real program.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::proof;

/// Units by code and modifiers: `96415` or `96413-XS`.
pub type Shape = BTreeMap<String, u64>;

/// Codes visits as a file of lines, with policy files of `policies` beside the embedded ones.
pub fn code(encounters: &[Value], policies: Option<&Path>) -> Vec<Value> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("visits.jsonl");
    let lines: Vec<String> = encounters
        .iter()
        .map(|encounter| serde_json::json!({ "encounter": encounter }).to_string())
        .collect();
    std::fs::write(&file, lines.join("\n")).expect("the visits");
    let mut command = Command::new(env!("CARGO_BIN_EXE_infusion-coder"));
    command.args(["code", "--format", "json", "--detail", "full"]).arg(&file);
    if let Some(policies) = policies {
        command.arg("--policies").arg(policies);
    }
    let output = command.output().expect("the program runs");
    let answers: Vec<Value> = String::from_utf8(output.stdout)
        .expect("text")
        .lines()
        .map(|line| serde_json::from_str(line).expect("an answer"))
        .collect();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(answers.len(), encounters.len(), "an answer for each visit: {errors}");
    for (encounter, answer) in encounters.iter().zip(&answers) {
        let faults = proof::faults(answer);
        assert!(faults.is_empty(), "{}: {faults:#?}", encounter["encounterId"]);
    }
    answers
}

/// The administration lines of an answer.
pub fn lines(answer: &Value) -> Shape {
    let mut shape = Shape::new();
    for line in answer["lines"].as_array().unwrap_or_else(|| panic!("no lines: {answer}")) {
        if line["track"] == "ADMINISTRATION" {
            let modifiers = line["modifiers"].as_array().expect("modifiers");
            let modifiers: String =
                modifiers.iter().map(|m| format!("-{}", m.as_str().expect("a modifier"))).collect();
            let code = line["code"].as_str().expect("a code");
            *shape.entry(format!("{code}{modifiers}")).or_default() += line["units"].as_u64().expect("units");
        }
    }
    shape
}

/// The reasons of the findings.
pub fn reasons(answer: &Value) -> Vec<&str> {
    texts(&answer["findings"], "reason")
}

/// Every rule that the answer names: on its lines, for the visit, and for what it does not bill.
pub fn rules(answer: &Value) -> Vec<&str> {
    let lines = answer["lines"].as_array().into_iter().flatten();
    let mut rules: Vec<&str> = lines.flat_map(|line| texts(&line["steps"], "ruleId")).collect();
    for part in ["steps", "notBilled", "findings", "questions"] {
        rules.extend(texts(&answer[part], "ruleId"));
    }
    rules
}

/// Writes a payer file that sets parameters of the administration rules to other values.
pub fn write_payer(folder: &Path, id: &str, extends: &str, parameters: &[(&str, &str)]) {
    let payers = folder.join("payers");
    std::fs::create_dir_all(&payers).expect("a folder");
    let mut text = format!("id = '{id}'\ntitle = 'Test'\nextends = '{extends}'\n");
    for (name, value) in parameters {
        text += &format!(
            "[[exception]]\nlabel = '{name}'\nparameter = 'administration.{name}'\nvalue = {value}\nfrom = '2000-01-01'\ncite = 'IOM12'\n"
        );
    }
    std::fs::write(payers.join(format!("{id}.toml")), text).expect("the payer");
}

fn texts<'a>(list: &'a Value, key: &str) -> Vec<&'a str> {
    list.as_array().into_iter().flatten().filter_map(|item| item[key].as_str()).collect()
}
