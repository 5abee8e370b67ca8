//! Whether an answer is produced again from its visit and its provenance.

use serde_json::Value;

use super::pb::{self, CodeEncounterResponse, Provenance};

/// What the answer rests on and is not at hand, in words.
pub fn mismatches(then: &Provenance, now: Option<&Provenance>) -> Vec<String> {
    let Some(now) = now else { return vec!["nothing says what the new answer rests on".to_owned()] };
    let parts = [
        ("it was given for another visit: input digest", &then.input_digest, &now.input_digest),
        ("it needs the policy files of version", &then.policy_version, &now.policy_version),
        ("it needs the rules of version", &then.rules_version, &now.rules_version),
        ("it needs the program of version", &then.engine_version, &now.engine_version),
        ("it was coded by the rules of payer", &then.payer, &now.payer),
        ("it needs the catalog", &then.catalog_release, &now.catalog_release),
    ];
    let differing = parts.into_iter().filter(|(_, then, now)| then != now);
    differing.map(|(what, then, now)| format!("{what} {then}, and here is {now}")).collect()
}

/// The level of detail that an answer was asked for, as its contents tell.
pub fn detail_of(answer: &CodeEncounterResponse) -> pb::Detail {
    let mut steps = answer.lines.iter().flat_map(|line| &line.steps).chain(&answer.steps).peekable();
    let has_steps = steps.peek().is_some();
    let is_full = steps.any(|step| !step.text.is_empty())
        || answer.findings.iter().any(|finding| !finding.citations.is_empty())
        || answer.not_billed.iter().any(|item| !item.citations.is_empty());
    match (is_full, has_steps) {
        (true, _) => pb::Detail::Full,
        (false, true) => pb::Detail::Rules,
        (false, false) => pb::Detail::Lines,
    }
}

/// Where an answer differs first from the one produced again; nothing where both are the same.
pub fn difference(answer: &CodeEncounterResponse, again: &CodeEncounterResponse) -> Option<String> {
    if answer == again {
        return None;
    }
    let value = |answer| serde_json::to_value(answer).unwrap_or_default();
    Some(first_difference(&value(answer), &value(again), String::new()).unwrap_or_default())
}

/// The path at which two answers differ first.
fn first_difference(one: &Value, other: &Value, at: String) -> Option<String> {
    match (one, other) {
        _ if one == other => None,
        (Value::Object(one), Value::Object(other)) => {
            let names = one.keys().chain(other.keys().filter(|name| !one.contains_key(*name)));
            let null = Value::Null;
            names
                .filter_map(|name| {
                    let path = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                    first_difference(one.get(name).unwrap_or(&null), other.get(name).unwrap_or(&null), path)
                })
                .next()
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let items = one.iter().zip(other).enumerate();
            items
                .filter_map(|(index, (one, other))| first_difference(one, other, format!("{at}[{index}]")))
                .next()
        }
        _ => Some(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_difference_is_named_by_its_path() {
        let one = json!({"lines": [{"code": "96413", "units": 1}], "steps": []});
        let other = json!({"lines": [{"code": "96413", "units": 2}], "steps": []});
        assert_eq!(first_difference(&one, &other, String::new()).as_deref(), Some("lines[0].units"));
        assert_eq!(first_difference(&one, &one, String::new()), None);
    }

    #[test]
    fn every_version_that_is_not_at_hand_is_named() {
        let then = Provenance { engine_version: "1".to_owned(), ..Provenance::default() };
        let now = Provenance { engine_version: "2".to_owned(), ..Provenance::default() };
        assert_eq!(mismatches(&then, Some(&now)), ["it needs the program of version 1, and here is 2"]);
        assert!(mismatches(&then, Some(&then)).is_empty());
    }
}
