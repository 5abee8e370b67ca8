//! The messages of a visit with their texts borrowed from the bytes they were read from.
//!
//! A visit holds a hundred texts, and a text of its own costs more than all the rest of reading it. These
//! readers take the usual spelling only: whatever else there is, unknown fields, escaped texts, faults, they
//! give up, and the owned message is read in their place. So the owned reading alone decides what is
//! refused and why, and a test holds both against each other.

mod json;
mod wire;

use prost::Message as _;

use super::json::{self as owned_json, JsonError};
use super::nested::{self, Unreadable};
use super::pb;
use json::Json;
pub use messages::*;
pub use wire::Wire;
pub(super) use wire::write;

/// The messages, generated at build time.
#[allow(clippy::all, missing_docs, reason = "generated code")]
mod messages {
    use super::json::Json;
    use super::wire::{Wire, write};
    use super::{Lent, added, first, pb};

    include!(concat!(env!("OUT_DIR"), "/lent.rs"));
}

/// A message that can be read without owning its texts.
pub trait Lent<'a>: Default {
    /// Reads the fields of a whole message; nothing where anything is unusual.
    fn read_wire(&mut self, wire: Wire<'a>) -> Option<()>;

    /// Appends the canonical encoding, the same as the owned message has.
    fn write_wire(&self, output: &mut Vec<u8>);

    /// Reads an object; nothing where anything is unusual.
    fn read_json(&mut self, json: &mut Json<'a>) -> Option<()>;
}

/// Reads a visit to be coded from protobuf and hands it on.
///
/// # Errors
/// Those of the owned message, or too many messages within it.
pub fn from_wire<T>(
    bytes: &[u8],
    hand_on: impl FnOnce(CodeEncounterRequest<'_>) -> T,
) -> Result<T, Unreadable> {
    nested::check::<pb::CodeEncounterRequest>(bytes)?;
    match read_wire(bytes) {
        Some(request) => Ok(hand_on(request)),
        None => Ok(hand_on((&pb::CodeEncounterRequest::decode(bytes)?).into())),
    }
}

/// Reads a visit of a stream from protobuf and hands it on.
///
/// # Errors
/// Those of the owned message, or too many messages within it.
pub fn item_from_wire<T>(
    bytes: &[u8],
    hand_on: impl FnOnce(StreamCodeEncountersRequest<'_>) -> T,
) -> Result<T, Unreadable> {
    nested::check::<pb::StreamCodeEncountersRequest>(bytes)?;
    match read_wire(bytes) {
        Some(item) => Ok(hand_on(item)),
        None => Ok(hand_on((&pb::StreamCodeEncountersRequest::decode(bytes)?).into())),
    }
}

/// Reads a visit to be coded, alone or in a request, from JSON and hands it on.
///
/// # Errors
/// Those of [`owned_json::read_request`].
pub fn from_json<T>(text: &str, hand_on: impl FnOnce(CodeEncounterRequest<'_>) -> T) -> Result<T, JsonError> {
    match read_json(text) {
        Some(request) => Ok(hand_on(request)),
        None => Ok(hand_on((&owned_json::read_request(text)?).into())),
    }
}

/// Reads a message from protobuf; nothing where anything is unusual.
pub fn read_wire<'a, M: Lent<'a>>(bytes: &'a [u8]) -> Option<M> {
    let mut message = M::default();
    message.read_wire(Wire::of(bytes))?;
    Some(message)
}

/// Reads a visit, alone or in a request, from JSON; nothing where anything is unusual.
fn read_json(text: &str) -> Option<CodeEncounterRequest<'_>> {
    let mut json = Json::of(text);
    let mut request = CodeEncounterRequest::default();
    if owned_json::is_request(text) {
        request.read_json(&mut json)?;
    } else {
        first(&mut request.encounter)?.read_json(&mut json)?;
    }
    json.ends().then_some(request)
}

/// A new item at the end of a list.
fn added<T: Default>(list: &mut Vec<T>) -> &mut T {
    let last = list.len();
    list.push(T::default());
    &mut list[last]
}

/// The message of a field that has none yet; a second one would have to be merged into the first.
fn first<T: Default>(slot: &mut Option<T>) -> Option<&mut T> {
    if slot.is_some() { None } else { Some(slot.insert(T::default())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An example, and a visit that states everything a visit can state.
    const VISITS: [&str; 2] = [
        include_str!("../../../examples/r-chop.json"),
        include_str!("../../../tests/support/full_visit.json"),
    ];

    #[test]
    fn a_lent_visit_is_the_owned_one() {
        for visit in VISITS {
            let owned = owned_json::read_request(visit).expect("a visit");
            let bytes = owned.encode_to_vec();
            let lent = read_json(visit).expect("a usual visit");
            assert_eq!(lent, (&owned).into());
            assert_eq!(read_wire(&bytes), Some(lent.clone()));
            let mut written = Vec::new();
            lent.write_wire(&mut written);
            assert_eq!(written, bytes);
        }
    }

    #[test]
    fn what_is_unusual_is_read_as_the_owned_message_or_refused_by_it() {
        let id = |text: &str| {
            from_json(text, |request| request.encounter.map(|visit| visit.encounter_id.to_owned()))
        };
        for (unusual, read) in [
            (r#"{"encounterId": "a\"b"}"#, "a\"b"),
            (r#"{"encounter": {"encounterId": "v"}, "detail": 1}"#, "v"),
            (r#"{"encounterId": "v", "setting": "physician office"}"#, "v"),
        ] {
            assert!(read_json(unusual).is_none(), "{unusual}");
            assert_eq!(id(unusual).expect("a visit").as_deref(), Some(read));
        }
        for wrong in ["", "{", "{} {}", r#"{"x": 1}"#, r#"{"encounterId": "a", "encounter_id": "a"}"#] {
            assert!(read_json(wrong).is_none() && id(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_message_that_comes_in_two_parts_is_merged() {
        let part = |id: &str, payer: &str| {
            let encounter = pb::Encounter {
                encounter_id: id.to_owned(),
                payer: payer.to_owned(),
                ..pb::Encounter::default()
            };
            let request = pb::CodeEncounterRequest { encounter: Some(encounter), ..Default::default() };
            request.encode_to_vec()
        };
        let bytes = [part("v", ""), part("", "medicare")].concat();
        assert!(read_wire::<CodeEncounterRequest>(&bytes).is_none());
        let read = from_wire(&bytes, |request| {
            request.encounter.map(|visit| (visit.encounter_id.to_owned(), visit.payer.to_owned()))
        });
        assert_eq!(read.expect("a request"), Some(("v".to_owned(), "medicare".to_owned())));
    }
}
