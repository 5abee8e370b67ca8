//! Requests that were damaged on purpose: each is refused or answered, and none stops the program.
//!
//! The same functions are fuzzed by `fuzz/`; this runs everywhere and every time.

use std::sync::{Arc, LazyLock};

use infusion_coder::catalog::Catalog;
use infusion_coder::policy::PolicyBook;
use infusion_coder::server::coder::Coder;
use infusion_coder::server::lent::{self, Lent};
use infusion_coder::server::{json, pb};
use proptest::prelude::*;
use prost::Message;
use prost_types::FileDescriptorSet;

/// A visit that states everything a visit can state.
const FULL: &str = include_str!("support/full_visit.json");

fn examples() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let files = std::fs::read_dir(folder).expect("the examples").map(|file| file.expect("a file").path());
    let visits = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let mut texts: Vec<_> = visits.map(|path| std::fs::read_to_string(path).expect("an example")).collect();
    texts.sort();
    texts.retain(|text| json::read::<pb::CodeEncounterRequest>(text).is_ok());
    assert!(texts.len() >= 6);
    texts
}

/// One change of some bytes.
#[derive(Debug, Clone)]
enum Damage {
    Set(usize, u8),
    Cut(usize),
    Repeat(usize, usize),
    Remove(usize, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = 0_usize..4_096;
    let length = 1_usize..64;
    prop_oneof![
        4 => (at.clone(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        1 => at.clone().prop_map(Damage::Cut),
        2 => (at.clone(), length.clone()).prop_map(|(at, length)| Damage::Repeat(at, length)),
        2 => (at, length).prop_map(|(at, length)| Damage::Remove(at, length)),
    ]
}

fn apply(bytes: &mut Vec<u8>, damage: &Damage) {
    if bytes.is_empty() {
        return;
    }
    let part = |at: usize, length: usize| {
        let start = at % bytes.len();
        start..bytes.len().min(start + length)
    };
    match *damage {
        Damage::Set(at, byte) => {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        Damage::Cut(at) => bytes.truncate(at % bytes.len()),
        Damage::Repeat(at, length) => {
            let range = part(at, length);
            let copy = bytes[range.clone()].to_vec();
            bytes.splice(range.end..range.end, copy);
        }
        Damage::Remove(at, length) => drop(bytes.drain(part(at, length))),
    }
}

/// The owned reading of a text and the lent one: the same visit, or the same refusal.
fn assert_json_is_read_alike(text: &str) {
    let owned = json::read_request(text);
    let lent = lent::from_json(text, |lent| owned.as_ref().is_ok_and(|owned| lent == owned.into()));
    match (&owned, lent) {
        (Ok(_), Ok(is_same)) => assert!(is_same, "another visit: {text}"),
        (Err(owned), Err(lent)) => assert_eq!(*owned, lent, "{text}"),
        (_, lent) => panic!("the owned reading says {owned:?}, the lent one {lent:?}: {text}"),
    }
}

/// The owned reading of bytes and the lent one: the same visit, written in the same bytes, or the same refusal.
fn assert_wire_is_read_alike(bytes: &[u8]) {
    let owned = pb::CodeEncounterRequest::decode(bytes);
    let lent = lent::from_wire(bytes, |lent| {
        let mut written = Vec::new();
        lent.write_wire(&mut written);
        owned.as_ref().is_ok_and(|owned| lent == owned.into() && written == owned.encode_to_vec())
    });
    match (&owned, lent) {
        (Ok(_), Ok(is_same)) => assert!(is_same, "another visit: {bytes:?}"),
        (Err(owned), Err(lent)) => assert_eq!(owned.to_string(), lent.to_string(), "{bytes:?}"),
        (_, lent) => panic!("the owned reading says {owned:?}, the lent one {lent:?}: {bytes:?}"),
    }
}

/// A visit in the ways that programs write JSON.
fn spellings(text: &str) -> Vec<String> {
    let tree: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let pretty = serde_json::to_string_pretty(&tree).expect("JSON");
    let message = json::read_request(text).expect("a visit");
    let message = serde_json::to_string(&message).expect("JSON");
    vec![text.to_owned(), tree.to_string(), pretty.replace('\n', "\r\n\t"), message, snake(text)]
}

#[test]
fn the_full_visit_states_every_field() {
    let descriptors = FileDescriptorSet::decode(pb::DESCRIPTORS).expect("the descriptors");
    let visit = ["Encounter", "Administration", "Interruption", "Pump", "AdministrationDocumentation"];
    let rest = ["Documentation", "OtherService", "Renal", "Coverage", "Drug", "Container", "Quantity"];
    let messages = descriptors.file.iter().flat_map(|file| &file.message_type);
    let messages = messages.filter(|message| visit.iter().chain(&rest).any(|name| *name == message.name()));
    let fields: Vec<&str> =
        messages.flat_map(|message| &message.field).map(|field| field.json_name()).collect();
    let missing: Vec<_> = fields.iter().filter(|name| !FULL.contains(&format!("{name:?}:"))).collect();
    assert!(fields.len() > 90 && missing.is_empty(), "{missing:?}");
}

#[test]
fn undamaged_visits_are_read_alike() {
    for text in EXAMPLES.iter().map(String::as_str).chain([FULL]) {
        spellings(text).iter().for_each(|text| assert_json_is_read_alike(text));
        let request = json::read_request(text).expect("a visit");
        assert_wire_is_read_alike(&request.encode_to_vec());
    }
}

/// Names as the protos write them. A value in such letters is changed too, for both readings alike.
fn snake(text: &str) -> String {
    let mut snake = String::new();
    for (index, part) in text.split('"').enumerate() {
        let is_name = index % 2 == 1 && part.starts_with(|first: char| first.is_ascii_lowercase());
        for letter in part.chars() {
            if is_name && letter.is_ascii_uppercase() {
                snake.push('_');
                snake.push(letter.to_ascii_lowercase());
            } else {
                snake.push(letter);
            }
        }
        snake.push('"');
    }
    snake.pop();
    snake
}

static EXAMPLES: LazyLock<Vec<String>> = LazyLock::new(examples);

static CODER: LazyLock<Coder> = LazyLock::new(|| {
    Coder::on(Catalog::embedded(), Arc::new(PolicyBook::embedded().expect("the embedded policies")))
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn damaged_messages_are_refused_or_answered(which in 0_usize..64, damages in prop::collection::vec(damage(), 1..6)) {
        let (texts, coder) = (&*EXAMPLES, &*CODER);
        let request: pb::CodeEncounterRequest = json::read(&texts[which % texts.len()]).expect("an example");
        let mut bytes = request.encode_to_vec();
        damages.iter().for_each(|damage| apply(&mut bytes, damage));
        assert_wire_is_read_alike(&bytes);
        if let Ok(request) = pb::CodeEncounterRequest::decode(bytes.as_slice()) {
            match coder.code(request) {
                Ok(coded) => prop_assert!(coded.response.provenance.is_some()),
                Err(refusal) => prop_assert!(!refusal.to_string().is_empty()),
            }
        }
    }

    #[test]
    fn damaged_json_is_refused_or_answered(which in 0_usize..64, damages in prop::collection::vec(damage(), 1..6)) {
        let (texts, coder) = (&*EXAMPLES, &*CODER);
        let mut bytes = texts[which % texts.len()].clone().into_bytes();
        damages.iter().for_each(|damage| apply(&mut bytes, damage));
        let text = String::from_utf8_lossy(&bytes);
        assert_json_is_read_alike(&text);
        if let Ok(request) = json::read::<pb::CodeEncounterRequest>(&text)
            && let Err(refusal) = coder.code(request)
        {
            prop_assert!(!refusal.to_string().is_empty());
        }
    }

    #[test]
    fn a_damaged_full_visit_is_read_alike(which in 0_usize..5, damages in prop::collection::vec(damage(), 0..4)) {
        let mut bytes = spellings(FULL).swap_remove(which).into_bytes();
        damages.iter().for_each(|damage| apply(&mut bytes, damage));
        assert_json_is_read_alike(&String::from_utf8_lossy(&bytes));
        let mut bytes = json::read_request(FULL).expect("a visit").encode_to_vec();
        damages.iter().for_each(|damage| apply(&mut bytes, damage));
        assert_wire_is_read_alike(&bytes);
    }
}
