//! The JSON mapping of the messages, read strictly and without an intermediate tree.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, DeserializeOwned, Deserializer, SeqAccess, Visitor};
use serde::ser::{SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub use super::json_faults::JsonError;
use super::pb::{AuditClaimRequest, CodeEncounterRequest};
use super::{json_faults, json_object};

/// Reads a message.
///
/// # Errors
/// Every fault with the path of its field: broken JSON, unknown fields, values of the wrong kind.
pub fn read<T: DeserializeOwned + 'static>(text: &str) -> Result<T, JsonError> {
    // What is wrong costs time to find, and is only wanted when something is.
    json_object::from_str(text).map_err(|_| {
        let (error, rest) = json_faults::collect::<T>(text);
        json_faults::with_rest(error, rest.as_ref().and_then(|rest| json_faults::of_rest(rest)))
    })
}

/// Reads a visit, alone or in a request.
///
/// # Errors
/// As [`read`], and what is wrong with the fields that could be read.
pub fn read_request(text: &str) -> Result<CodeEncounterRequest, JsonError> {
    let request = |encounter| CodeEncounterRequest { encounter, ..CodeEncounterRequest::default() };
    if is_request(text) {
        return read(text);
    }
    json_object::from_str(text).map(|encounter| request(Some(encounter))).map_err(|_| {
        let (mut error, rest) = json_faults::collect(text);
        for fault in error.faults.iter_mut().filter(|fault| !fault.field.is_empty()) {
            fault.field.insert_str(0, "encounter.");
        }
        let rest = rest.map(|encounter| request(Some(encounter)));
        json_faults::with_rest(error, rest.as_ref().and_then(|rest| json_faults::of_rest(rest)))
    })
}

/// Reads a claim.
///
/// # Errors
/// As [`read_request`].
pub fn read_claim(text: &str) -> Result<AuditClaimRequest, JsonError> {
    read(text)
}

/// Whether a text is a request, and not the visit of one.
pub(super) fn is_request(text: &str) -> bool {
    // The fields of a request and those of a visit have no name in common, so the first one tells.
    let first = text.trim_start().strip_prefix('{').map(str::trim_start).unwrap_or_default();
    ["\"encounter\"", "\"detail\""].iter().any(|name| first.starts_with(name))
}

/// An enum of the protos with the names of its values.
pub trait WireEnum {
    /// What every value name begins with in the protos.
    const PREFIX: &'static str;
    /// The value names without the prefix, and their numbers.
    const NAMES: &'static [(&'static str, i32)];

    /// The number of a value name, with or without its prefix, in any case, with blanks or hyphens too.
    fn number(name: &str) -> Option<i32> {
        let named = |name: &str| {
            let short = name.strip_prefix(Self::PREFIX).unwrap_or(name);
            Self::NAMES.iter().find(|(known, _)| *known == short).map(|(_, number)| *number)
        };
        named(name).or_else(|| named(&name.trim().to_ascii_uppercase().replace([' ', '-'], "_")))
    }

    /// The name of a number without its prefix.
    fn short_name(number: i32) -> Option<&'static str> {
        Self::NAMES.iter().find(|(_, known)| *known == number).map(|(name, _)| *name)
    }
}

/// An enum field, as its value name.
pub struct Name<E>(PhantomData<E>);

impl<E: WireEnum> Name<E> {
    /// Prints the value name; a number without a name is printed as it is.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(number: &i32, serializer: S) -> Result<S::Ok, S::Error> {
        match E::short_name(*number) {
            Some(name) => serializer.serialize_str(name),
            None => serializer.serialize_i32(*number),
        }
    }

    /// Reads a value name, with or without its prefix.
    ///
    /// # Errors
    /// A name that the enum does not have.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
        deserializer.deserialize_any(NameVisitor::<E>(PhantomData))
    }
}

/// A repeated enum field, as a list of value names.
pub struct Names<E>(PhantomData<E>);

impl<E: WireEnum> Names<E> {
    /// Prints the value names.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(numbers: &[i32], serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(numbers.len()))?;
        for number in numbers {
            match E::short_name(*number) {
                Some(name) => list.serialize_element(name)?,
                None => list.serialize_element(number)?,
            }
        }
        list.end()
    }

    /// Reads value names, with or without their prefix.
    ///
    /// # Errors
    /// A name that the enum does not have.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<i32>, D::Error> {
        deserializer.deserialize_any(NamesVisitor::<E>(PhantomData))
    }
}

/// Whether an enum field is left out of the JSON.
pub const fn is_unspecified(number: &i32) -> bool {
    *number == 0
}

/// Reads `null` as the value of an absent field.
///
/// # Errors
/// A value of the wrong kind.
pub fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads a decimal number that is written as text, or as a JSON number, whose digits are kept as they stand.
///
/// # Errors
/// Anything but a text or a number.
pub fn decimal_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?.get();
    match raw.as_bytes().first() {
        Some(b'"') => serde_json::from_str(raw).map_err(de::Error::custom),
        Some(b'-' | b'0'..=b'9') => Ok(raw.to_owned()),
        _ if raw == "null" => Ok(String::new()),
        _ => Err(de::Error::custom("expected a decimal number, as text such as \"705\"")),
    }
}

/// Reads a whole number, written as text too, as the JSON mapping of proto3 allows.
///
/// # Errors
/// Anything but a whole number from 0 to 4294967295.
pub fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    Ok(optional_count(deserializer)?.unwrap_or_default())
}

/// Reads a whole number that may be absent. As in that mapping `1.0` is the whole number 1; it is read off its digits, for a
/// floating-point number would also take one that is only near to it.
///
/// # Errors
/// Those of [`count`].
pub fn optional_count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?.get();
    if raw == "null" {
        return Ok(None);
    }
    let refuse = || de::Error::invalid_value(de::Unexpected::Other(&shortened(raw)), &WholeNumber);
    let text: Cow<'_, str> = if raw.starts_with('"') {
        serde_json::from_str(raw).map(|text: String| Cow::Owned(text)).map_err(|_| refuse())?
    } else {
        raw.into()
    };
    let text = text.trim();
    let is_nothing = |rest: &str| !rest.is_empty() && rest.bytes().all(|digit| digit == b'0');
    let whole = text.split_once('.').filter(|(_, rest)| is_nothing(rest)).map_or(text, |(whole, _)| whole);
    whole.parse().map(Some).map_err(|_| refuse())
}

/// What a count must be, for the message where it is none.
struct WholeNumber;

impl de::Expected for WholeNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number from 0 to 4294967295")
    }
}

struct NameVisitor<E>(PhantomData<E>);

impl<E: WireEnum> Visitor<'_> for NameVisitor<E> {
    type Value = i32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one of")?;
        for (name, _) in E::NAMES.iter().filter(|(_, number)| *number != 0) {
            write!(f, " {name}")?;
        }
        Ok(())
    }

    fn visit_str<D: de::Error>(self, name: &str) -> Result<i32, D> {
        E::number(name).ok_or_else(|| D::invalid_value(de::Unexpected::Str(&shortened(name)), &self))
    }

    fn visit_i64<D: de::Error>(self, number: i64) -> Result<i32, D> {
        let known = i32::try_from(number).ok().filter(|number| E::short_name(*number).is_some());
        known.ok_or_else(|| D::invalid_value(de::Unexpected::Signed(number), &self))
    }

    fn visit_u64<D: de::Error>(self, number: u64) -> Result<i32, D> {
        self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
    }

    fn visit_unit<D: de::Error>(self) -> Result<i32, D> {
        Ok(0)
    }
}

struct NamesVisitor<E>(PhantomData<E>);

impl<'de, E: WireEnum> Visitor<'de> for NamesVisitor<E> {
    type Value = Vec<i32>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of names")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<i32>, A::Error> {
        let mut numbers = Vec::new();
        while let Some(Element::<E>(number, _)) = list.next_element()? {
            numbers.push(number);
        }
        Ok(numbers)
    }

    fn visit_unit<D: de::Error>(self) -> Result<Vec<i32>, D> {
        Ok(Vec::new())
    }
}

struct Element<E>(i32, PhantomData<E>);

impl<'de, E: WireEnum> Deserialize<'de> for Element<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Name::<E>::deserialize(deserializer).map(|number| Self(number, PhantomData))
    }
}

/// Keeps an error message short and free of control characters, whatever was sent.
fn shortened(text: &str) -> Cow<'_, str> {
    const CHARACTERS_MAX: usize = 32;
    text.chars().filter(|c| !c.is_control()).take(CHARACTERS_MAX).collect()
}

/// Prints a message as one line of JSON.
///
/// # Errors
/// None that a message of the protos can cause.
pub fn line<T: Serialize>(message: &T) -> Result<String, serde_json::Error> {
    serde_json::to_string(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::pb::{
        Administration, CodeEncounterRequest, CodeVersion, Drug, Encounter, Route, Setting,
    };

    #[test]
    fn both_spellings_of_names_and_values_are_read() {
        let camel: Encounter = read(
            r#"{"encounterId": "v", "setting": "PHYSICIAN_OFFICE", "administrations": [{"startTime": "x"}]}"#,
        )
        .expect("camel case");
        let snake: Encounter = read(
            r#"{"encounter_id": "v", "setting": "SETTING_PHYSICIAN_OFFICE", "administrations": [{"start_time": "x"}]}"#,
        )
        .expect("snake case");
        assert_eq!(camel, snake);
        assert_eq!(camel.setting(), Setting::PhysicianOffice);
    }

    #[test]
    fn faults_name_their_field() {
        let read = |text| read::<CodeEncounterRequest>(text).expect_err("a fault").to_string();
        let unknown = read(r#"{"encounter": {"administrations": [{"rout": "IV_PUSH"}]}}"#);
        assert!(unknown.starts_with("encounter.administrations[0].rout: unknown field `rout`"), "{unknown}");
        let value = read(r#"{"encounter": {"setting": "OFFICE"}}"#);
        assert!(value.contains("encounter.setting") && value.contains("PHYSICIAN_OFFICE"), "{value}");
        let kind =
            read(r#"{"encounter": {"administrations": [{"drugs": [{"doseAdministered": {"value": []}}]}]}}"#);
        assert!(kind.contains("doseAdministered.value") && kind.contains("a decimal number"), "{kind}");
        let count = read(r#"{"encounter": {"administrations": [{"durationMinutes": -5}]}}"#);
        assert!(count.contains("durationMinutes") && count.contains("a whole number"), "{count}");
    }

    #[test]
    fn a_list_that_an_item_took_out_is_not_called_empty() {
        let visit = |list: &str| {
            format!(
                r#"{{"setting": "PHYSICIAN_OFFICE", "serviceDate": "2025-11-03", "administrations": {list}}}"#
            )
        };
        let fields = |list: &str| {
            let faults = read_request(&visit(list)).expect_err("a fault").faults;
            faults.into_iter().map(|fault| fault.field).collect::<Vec<_>>()
        };
        assert_eq!(fields("[7]"), ["encounter.administrations[0]"]);
        assert_eq!(fields("7"), ["encounter.administrations"]);
    }

    #[test]
    fn a_long_text_with_many_faults_is_searched_within_a_bound() {
        let mut text = format!(r#"{{"encounter": {{"administrations": [{}{{}}]}}"#, "{},".repeat(1_000_000));
        (0..50).for_each(|number| text.push_str(&format!(r#", "x{number}": 1"#)));
        text.push('}');
        let faults = read::<CodeEncounterRequest>(&text).expect_err("faults").faults;
        assert!((1..=3).contains(&faults.len()), "{}", faults.len());
    }

    #[test]
    fn numbers_are_read_as_text_and_text_as_numbers_without_rounding() {
        let dose = |value: &str| {
            let drug: Drug = read(&format!(r#"{{"doseAdministered": {{"value": {value}, "unit": "mg"}}}}"#))?;
            Ok::<_, JsonError>(drug.dose_administered.unwrap_or_default().value)
        };
        for (value, text) in [
            ("705", "705"),
            ("\"705\"", "705"),
            ("0.1", "0.1"),
            ("9007199254.740993001", "9007199254.740993001"),
            ("-1e3", "-1e3"),
            ("null", ""),
        ] {
            assert_eq!(dose(value).as_deref(), Ok(text));
        }
        let bag: Administration = read(r#"{"durationMinutes": "90", "lesionCount": 3}"#).expect("counts");
        assert_eq!((bag.duration_minutes, bag.lesion_count), (Some(90), Some(3)));
        let minutes = |value: &str| {
            let bag: Result<Administration, _> = read(&format!(r#"{{"durationMinutes": {value}}}"#));
            bag.ok().and_then(|bag| bag.duration_minutes)
        };
        assert_eq!(["1.0", "90.00", "\"2.0\""].map(minutes), [Some(1), Some(90), Some(2)]);
        assert_eq!(["1.5", "1.", "1.0000000000000000001", "-1", "1e2", "true"].map(minutes), [None; 6]);
    }

    #[test]
    fn values_are_read_in_any_case() {
        for name in ["iv_infusion", "IV infusion", "Iv-Infusion", "ROUTE_IV_INFUSION", "route_iv_infusion"] {
            assert_eq!(Route::number(name), Some(Route::IvInfusion as i32), "{name}");
        }
    }

    #[test]
    fn null_is_an_absent_value() {
        let encounter: Encounter = read(
            r#"{"encounterId": null, "setting": null, "diagnoses": null, "documentation": null, "administrations": []}"#,
        )
        .expect("nulls");
        assert_eq!(encounter, Encounter::default());
    }

    #[test]
    fn values_are_printed_short_and_lists_always() {
        let version = CodeVersion {
            code: "J9312".into(),
            routes: vec![Route::IvInfusion.into()],
            ..Default::default()
        };
        let text = line(&version).expect("JSON");
        assert!(text.contains(r#""routes":["IV_INFUSION"]"#) && text.contains(r#""brands":[]"#), "{text}");
        assert!(!text.contains("standing"), "{text}");
    }
}
