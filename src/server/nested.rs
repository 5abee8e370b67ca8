//! Counts the messages within a request before any of them is made.
//!
//! An empty message takes two bytes on the wire or in JSON and some hundred in memory, so a bound on the bytes of
//! a request bounds no memory. Requests that are too short to hold too many are not looked at.

use prost::{DecodeError, Message};

use super::limits::MESSAGES_MAX;
use super::pb;
use super::refusal::Refusal;

/// Bytes that a message within another takes at least, on the wire and in JSON: its field and its length, or `{}`.
const BYTES_MIN: usize = 2;
/// Messages within messages that are followed; the protos go five deep.
const DEPTH_MAX: usize = 100;

/// The wire types of protobuf.
const VARINT: u64 = 0;
const EIGHT_BYTES: u64 = 1;
const DELIMITED: u64 = 2;
const GROUP: u64 = 3;
const END_OF_GROUP: u64 = 4;
const FOUR_BYTES: u64 = 5;

/// A message of the protos, by its place in the table of those that hold others.
pub trait Nested {
    const PLACE: usize;
}

include!(concat!(env!("OUT_DIR"), "/nested.rs"));

/// Why the bytes of a request are not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error(transparent)]
    Bytes(#[from] DecodeError),
    #[error(
        "the request holds more than {MESSAGES_MAX} messages, such as administrations, drugs and amounts: send less at once"
    )]
    TooManyMessages,
}

impl From<Unreadable> for tonic::Status {
    fn from(error: Unreadable) -> Self {
        Refusal::Unreadable(error).into()
    }
}

/// Reads a request of a bounded number of messages.
///
/// # Errors
/// Bytes that are no such request, or too many messages.
pub fn decode<M: Message + Default + Nested>(bytes: &[u8]) -> Result<M, Unreadable> {
    check::<M>(bytes)?;
    Ok(M::decode(bytes)?)
}

/// Whether the bytes of a request hold a bounded number of messages; what else is wrong with them is for the
/// reader to find.
///
/// # Errors
/// Too many messages.
pub fn check<M: Nested>(bytes: &[u8]) -> Result<(), Unreadable> {
    if bytes.len() / BYTES_MIN <= MESSAGES_MAX {
        return Ok(());
    }
    let mut left = MESSAGES_MAX;
    count(M::PLACE, &mut { bytes }, &mut left, DEPTH_MAX).map_or(Ok(()), |within| within)
}

/// Whether a JSON text holds a bounded number of objects and lists.
///
/// # Errors
/// Too many of them.
pub fn check_json(text: &str) -> Result<(), Unreadable> {
    let is_bounded = |open| memchr::memchr_iter(open, text.as_bytes()).count() <= MESSAGES_MAX;
    let is_short = text.len() / BYTES_MIN <= MESSAGES_MAX;
    if is_short || is_bounded(b'{') && is_bounded(b'[') { Ok(()) } else { Err(Unreadable::TooManyMessages) }
}

/// Takes the messages within one off those that may be; nothing where the bytes are no message.
fn count(place: usize, rest: &mut &[u8], left: &mut usize, depth: usize) -> Option<Result<(), Unreadable>> {
    while !rest.is_empty() {
        let key = varint(rest)?;
        match key & 7 {
            DELIMITED => {
                let length = usize::try_from(varint(rest)?).ok()?;
                let (mut inner, after) = rest.split_at_checked(length)?;
                *rest = after;
                let nested = NESTED[place].iter().find(|(number, _)| *number == key >> 3);
                if let Some(&(_, place)) = nested {
                    match left.checked_sub(1) {
                        Some(fewer) => *left = fewer,
                        None => return Some(Err(Unreadable::TooManyMessages)),
                    }
                    if let Err(error) = count(place, &mut inner, left, depth.checked_sub(1)?)? {
                        return Some(Err(error));
                    }
                }
            }
            wire_type => skip(wire_type, rest, depth)?,
        }
    }
    Some(Ok(()))
}

/// Passes the value of a field that holds no message.
fn skip(wire_type: u64, rest: &mut &[u8], depth: usize) -> Option<()> {
    let length = match wire_type {
        VARINT => return varint(rest).map(|_| ()),
        EIGHT_BYTES => 8,
        FOUR_BYTES => 4,
        DELIMITED => usize::try_from(varint(rest)?).ok()?,
        GROUP => {
            let depth = depth.checked_sub(1)?;
            loop {
                match varint(rest)? & 7 {
                    END_OF_GROUP => return Some(()),
                    wire_type => skip(wire_type, rest, depth)?,
                }
            }
        }
        _ => return None,
    };
    *rest = rest.get(length..)?;
    Some(())
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    const BYTES_MAX: usize = 10;
    let mut number = 0;
    for (index, &byte) in rest.iter().enumerate().take(BYTES_MAX) {
        number |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            *rest = &rest[index + 1..];
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::pb::{Administration, AuditClaimRequest, CodeEncounterRequest, Drug, Encounter};

    fn encounter(administrations: usize, drugs: usize) -> Encounter {
        let one = Administration { drugs: vec![Drug::default(); drugs], ..Administration::default() };
        Encounter { administrations: vec![one; administrations], ..Encounter::default() }
    }

    fn request(administrations: usize, drugs: usize) -> CodeEncounterRequest {
        CodeEncounterRequest { encounter: Some(encounter(administrations, drugs)), ..Default::default() }
    }

    #[test]
    fn messages_are_counted_at_every_depth() {
        for (administrations, drugs) in [(MESSAGES_MAX - 1, 0), (1, MESSAGES_MAX - 2), (100, 590)] {
            let bytes = request(administrations, drugs).encode_to_vec();
            assert_eq!(check::<CodeEncounterRequest>(&bytes), Ok(()), "{administrations}, {drugs}");
        }
        for (administrations, drugs) in [(MESSAGES_MAX, 0), (1, MESSAGES_MAX - 1), (200, 300)] {
            let bytes = request(administrations, drugs).encode_to_vec();
            assert_eq!(check::<CodeEncounterRequest>(&bytes), Err(Unreadable::TooManyMessages));
            let claim = AuditClaimRequest {
                encounter: Some(encounter(administrations, drugs)),
                ..Default::default()
            };
            let refused = decode::<AuditClaimRequest>(&claim.encode_to_vec());
            assert_eq!(refused, Err(Unreadable::TooManyMessages));
        }
    }

    #[test]
    fn what_stands_before_the_messages_hides_none() {
        // A number, four and eight bytes, a text and a group, of fields that no message has.
        let strange: [&[u8]; 5] = [
            &[0xf8, 0x7f, 0xff, 0x01],
            &[0xfd, 0x7f, 1, 2, 3, 4],
            &[0xf9, 0x7f, 1, 2, 3, 4, 5, 6, 7, 8],
            &[0xfa, 0x7f, 1, b'x'],
            &[0xfb, 0x7f, 0x08, 0x01, 0xfc, 0x7f],
        ];
        for before in strange {
            let bytes = [before, &request(MESSAGES_MAX, 0).encode_to_vec()].concat();
            assert!(CodeEncounterRequest::decode(bytes.as_slice()).is_ok());
            assert_eq!(check::<CodeEncounterRequest>(&bytes), Err(Unreadable::TooManyMessages));
        }
    }

    #[test]
    fn broken_bytes_are_left_to_the_reader_who_stops_where_they_break() {
        let whole = request(MESSAGES_MAX, 0).encode_to_vec();
        let cut = &whole[..whole.len() - 1];
        assert!(CodeEncounterRequest::decode(cut).is_err());
        assert_eq!(check::<CodeEncounterRequest>(cut), Ok(()));
        assert_eq!(check::<CodeEncounterRequest>(&[0xff; 2 * MESSAGES_MAX + 2]), Ok(()));
    }

    #[test]
    fn objects_and_lists_of_json_are_counted() {
        let text = |item: &str, count: usize| format!("[{}]", vec![item; count].join(","));
        assert_eq!(check_json(&text("{}", MESSAGES_MAX)), Ok(()));
        assert_eq!(check_json(&text("{}", MESSAGES_MAX + 1)), Err(Unreadable::TooManyMessages));
        assert_eq!(check_json(&text("[]", MESSAGES_MAX)), Err(Unreadable::TooManyMessages));
    }
}
