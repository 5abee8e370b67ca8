//! No request takes much more memory to refuse than its own bytes, whatever it holds or claims.
//!
//! The counts are of the thread that reads, so other tests do not disturb them.

use allocation_counter::measure;
use infusion_coder::server::limits::{RequestLimits, ServiceLimits};
use infusion_coder::server::nested::{self, Nested};
use infusion_coder::server::{convert, lent, pb};
use prost::Message;

/// Memory for reading the largest request.
const READING_BYTES_MAX: u64 = 64 << 20;

/// A request of empty messages that is as large as one may be, each in two bytes; `keys` leads to their list.
fn of_empty_messages(keys: &[u8]) -> Vec<u8> {
    let limit = ServiceLimits::default().message_bytes;
    let (list, outer) = keys.split_last().expect("a list");
    let mut bytes: Vec<u8> = [*list, 0].repeat((limit - 100) / 2);
    for key in outer.iter().rev() {
        let mut message = vec![*key];
        prost::encoding::encode_varint(bytes.len() as u64, &mut message);
        message.append(&mut bytes);
        bytes = message;
    }
    assert!(bytes.len() <= limit);
    bytes
}

fn most_memory(read: impl FnOnce()) -> u64 {
    measure(read).bytes_max
}

fn assert_refused<M: Message + Default + Nested>(keys: &[u8]) {
    let bytes = of_empty_messages(keys);
    assert!(M::decode(bytes.as_slice()).is_ok(), "{keys:?} is a request");
    let used = most_memory(|| assert!(nested::decode::<M>(&bytes).is_err(), "{keys:?} is refused"));
    assert!(used < READING_BYTES_MAX, "{keys:?} took {used} bytes");
}

/// Keys of fields that hold a message: their number, and the wire type of what has a length.
const fn field(number: u8) -> u8 {
    number << 3 | 2
}

#[test]
fn requests_of_empty_messages_are_refused_before_they_are_made() {
    // The field of a request, and under it those of an encounter's administrations and their drugs.
    let encounter = pb::Encounter {
        administrations: vec![pb::Administration { drugs: vec![pb::Drug::default()], ..Default::default() }],
        ..Default::default()
    };
    let bytes = encounter.encode_to_vec();
    let (administrations, drugs) = (bytes[0], bytes[2]);
    assert_refused::<pb::CodeEncounterRequest>(&[field(1), administrations]);
    assert_refused::<pb::CodeEncounterRequest>(&[field(1), administrations, drugs]);
    assert_refused::<pb::AuditClaimRequest>(&[field(1), administrations, drugs]);
    assert_refused::<pb::AuditClaimRequest>(&[field(2)]);
    assert_refused::<pb::BatchCodeEncountersRequest>(&[field(1)]);
    assert_refused::<pb::BatchCodeEncountersRequest>(&[field(1), field(1), administrations, drugs]);
}

#[test]
fn the_largest_request_that_is_read_takes_bounded_memory() {
    // As many drugs as are read, each empty, and every limit of a list broken.
    let drugs = vec![pb::Drug::default(); infusion_coder::server::limits::MESSAGES_MAX - 2];
    let administrations = vec![pb::Administration { drugs, ..Default::default() }];
    let encounter = pb::Encounter { administrations, ..Default::default() };
    let request = pb::CodeEncounterRequest { encounter: Some(encounter), ..Default::default() };
    let bytes = request.encode_to_vec();
    let limits = RequestLimits::default();
    let used = most_memory(|| {
        let refused = lent::from_wire(&bytes, |request| {
            convert::encounter(request.encounter.as_ref(), &limits).expect_err("too many drugs")
        });
        assert!(refused.expect("a request").list().iter().any(|fault| fault.field.ends_with("drugs")));
    });
    assert!(used < READING_BYTES_MAX, "took {used} bytes");
}
