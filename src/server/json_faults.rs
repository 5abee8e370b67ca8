//! Everything that is wrong with a JSON text, not only the first fault.

use std::any::Any;

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use super::convert::{self, Violation, Violations};
use super::json_object::Object;
use super::lent;
use super::limits::{RequestLimits, VIOLATIONS_MAX};
use super::pb::{AuditClaimRequest, CodeEncounterRequest};

/// Bytes that are read in search of further faults: a long text with many must not hold up other calls.
const SEARCHED_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Why a text is not the JSON form of a message: every fault, each with the path of its field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", listed(.faults))]
pub struct JsonError {
    /// At least one; the path is empty where the text as a whole is at fault.
    pub faults: Vec<Violation>,
}

fn listed(faults: &[Violation]) -> String {
    let one = |fault: &Violation| match fault.field.as_str() {
        "" => fault.description.clone(),
        field => format!("{field}: {}", fault.description),
    };
    faults.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// The faults of a text that could not be read, and the message that the rest of it makes.
///
/// Each fault is noted and taken out of the text, until what is left can be read or enough was searched.
pub(super) fn collect<T: DeserializeOwned>(text: &str) -> (JsonError, Option<T>) {
    let mut rest: Value = match serde_json::from_str(text) {
        Ok(rest) => rest,
        Err(_) if text.trim().is_empty() => {
            return (whole("it is empty; send a JSON object".to_owned()), None);
        }
        Err(error) => return (whole(format!("it is not JSON ({error}); send a JSON object")), None),
    };
    let mut faults = Vec::new();
    // The text itself is read first, because a tree has lost the fields that occur twice.
    let mut attempt = text.to_owned();
    let mut searched = 0;
    while faults.len() < VIOLATIONS_MAX && searched < SEARCHED_BYTES_MAX {
        searched += attempt.len();
        let mut deserializer = serde_json::Deserializer::from_str(&attempt);
        let error = match serde_path_to_error::deserialize(&mut deserializer) {
            Ok(Object(message)) => return (JsonError { faults }, Some(message)),
            Err(error) => error,
        };
        let path = error.path();
        let shown = if path.iter().next().is_none() { String::new() } else { path.to_string() };
        faults.push(fault(shown, without_position(&error.inner().to_string())));
        if !take_out(&mut rest, path) {
            break;
        }
        attempt = rest.to_string();
    }
    (JsonError { faults }, None)
}

/// A fault of the text as a whole.
fn whole(description: String) -> JsonError {
    JsonError { faults: vec![fault(String::new(), description)] }
}

fn fault(field: String, description: String) -> Violation {
    Violation { field, description }
}

/// A place in a text that faults were taken out of would mislead; the path tells it.
fn without_position(message: &str) -> String {
    message.split(" at line ").next().unwrap_or(message).to_owned()
}

/// Takes the field at a path out of a tree; says whether there was one. With an item of a list the whole list
/// goes, so that no later fault is told at a shifted place.
fn take_out(tree: &mut Value, path: &Path) -> bool {
    let mut segments: Vec<&Segment> = path.iter().collect();
    while segments.last().is_some_and(|last| !matches!(last, Segment::Map { .. })) {
        segments.pop();
    }
    let Some(Segment::Map { key: field }) = segments.pop() else { return false };
    let parent = segments.into_iter().try_fold(tree, |tree, segment| match segment {
        Segment::Map { key } => tree.get_mut(key),
        Segment::Seq { index } => tree.get_mut(index),
        _ => None,
    });
    parent.and_then(Value::as_object_mut).is_some_and(|fields| fields.remove(field).is_some())
}

/// What is wrong with the rest of a message whose faults were taken out.
pub(super) fn of_rest(rest: &dyn Any) -> Option<Violations> {
    if let Some(claim) = rest.downcast_ref::<AuditClaimRequest>() {
        return convert::claim(claim, &RequestLimits::default()).err();
    }
    let request = lent::CodeEncounterRequest::from(rest.downcast_ref::<CodeEncounterRequest>()?);
    convert::encounter(request.encounter.as_ref(), &RequestLimits::default()).err()
}

/// Adds what is wrong with the rest of a request whose faults were taken out.
pub(super) fn with_rest(mut error: JsonError, rest: Option<Violations>) -> JsonError {
    let Some(violations) = rest else { return error };
    // What was taken out is not missing; with an item of a list its whole list went.
    let is_taken_out = |fault: &Violation, field: &str| {
        let list = fault.field.strip_suffix(']').and_then(|item| item.rsplit_once('['));
        list.map_or(fault.field.as_str(), |(list, _)| list) == field
    };
    let is_new =
        |violation: &&Violation| !error.faults.iter().any(|fault| is_taken_out(fault, &violation.field));
    let mut more: Vec<Violation> = violations.list().iter().filter(is_new).cloned().collect();
    error.faults.append(&mut more);
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        let (error, _) = collect::<CodeEncounterRequest>(text);
        error.faults.into_iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn a_text_that_is_not_json_is_told_so() {
        for (text, told) in [("hello world", "not JSON"), ("{\"encounter\":", "not JSON"), (" ", "empty")] {
            let (error, _) = collect::<CodeEncounterRequest>(text);
            assert!(error.to_string().contains(told), "{error}");
        }
    }

    #[test]
    fn a_value_without_a_name_hides_no_other_fault() {
        let text = r#"{"encounter": {"setting": "MOON", "serviceDate": "2025-13-03",
            "administrations": [{"route": "BY_MOUTH", "startTime": "nine"}]}}"#;
        let error = crate::server::json::read::<CodeEncounterRequest>(text).expect_err("faults");
        let fields: Vec<&str> = error.faults.iter().map(|fault| fault.field.as_str()).collect();
        for field in ["setting", "serviceDate", "administrations[0].route", "administrations[0].startTime"] {
            assert!(fields.contains(&format!("encounter.{field}").as_str()), "{fields:?}");
        }
    }

    #[test]
    fn every_fault_is_found() {
        let text = r#"{"encounter": {"setting": "MOON", "patientName": "x", "administrations": [
            {"route": "BY_MOUTH", "durationMinutes": -1}, {"rout": 1, "drugs": [{"doseAdministered": {"value": []}}]}]}}"#;
        let mut found = paths(text);
        found.sort_unstable();
        let expected = [
            "encounter.administrations[0].durationMinutes",
            "encounter.administrations[0].route",
            "encounter.administrations[1].drugs[0].doseAdministered.value",
            "encounter.administrations[1].rout",
            "encounter.patientName",
            "encounter.setting",
        ];
        assert_eq!(found, expected);
    }

    /// The derived reader would take the items of a list as the fields of the message in their order.
    #[test]
    fn a_list_in_place_of_a_message_is_refused_by_its_field() {
        for (text, field) in [
            (r#"{"encounter": ["v-1"]}"#, "encounter"),
            (r#"{"encounter": {"administrations": [["a1"]]}}"#, "encounter.administrations[0]"),
            (
                r#"{"encounter": {"administrations": [{"drugs": [{"doseAdministered": ["1", "g"]}]}]}}"#,
                "encounter.administrations[0].drugs[0].doseAdministered",
            ),
            (r#"[{"encounterId": "v-1"}]"#, ""),
        ] {
            let (error, _) = collect::<CodeEncounterRequest>(text);
            let [fault] = &error.faults[..] else { panic!("{text}: {error}") };
            assert_eq!(fault.field, field, "{text}");
            assert!(fault.description.contains("expected an object"), "{text}: {error}");
        }
    }

    #[test]
    fn a_text_that_is_no_message_has_one_fault() {
        for text in ["", "{", "[1]", "null", "7", r#"{"encounter": [7]}"#] {
            assert_eq!(paths(text).len(), 1, "{text}");
        }
    }
}
