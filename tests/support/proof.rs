//! Whether an answer proves itself: every line has a decision with a source that resolves, all in words.

use serde_json::Value;

/// What an answer in full detail fails to prove.
pub fn faults(answer: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for line in list(answer, "lines") {
        let code = line["code"].as_str().unwrap_or_default();
        if !list(line, "steps").any(|step| step["outcome"] == "FIRED" && is_cited(step)) {
            faults.push(format!("no decision with a source stands behind {code}"));
        }
        faults.extend(list(line, "steps").filter_map(|step| fault_of(step, code)));
    }
    for part in ["steps", "findings", "questions", "notBilled"] {
        faults.extend(list(answer, part).filter_map(|said| fault_of(said, part)));
    }
    faults
}

/// A decision without words, with a gap in them, or by a rule without a source.
fn fault_of(said: &Value, of: &str) -> Option<String> {
    let text = said["text"].as_str().unwrap_or_default();
    let rule = said["ruleId"].as_str().unwrap_or_default();
    if text.is_empty() || text.contains(['{', '}']) {
        return Some(format!("{of}: {rule} says `{text}`"));
    }
    // Questions carry no sources: their rule stands behind the finding of the same fact.
    let cites = said.get("citations").is_some();
    (rule.is_empty() || cites && !is_cited(said)).then(|| format!("{of}: `{text}` rests on nothing ({rule})"))
}

fn is_cited(said: &Value) -> bool {
    list(said, "citations").any(|source| source["title"].as_str().is_some_and(|title| !title.is_empty()))
}

fn list<'a>(of: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    of[name].as_array().into_iter().flatten()
}
