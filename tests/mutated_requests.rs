//! Requests that were damaged on purpose: each is refused or answered, and none stops the program.
//!
//! The same functions are fuzzed by `fuzz/`; this runs everywhere and every time.

use std::sync::{Arc, LazyLock};

use infusion_coder::catalog::Catalog;
use infusion_coder::policy::PolicyBook;
use infusion_coder::server::coder::Coder;
use infusion_coder::server::{json, pb};
use proptest::prelude::*;
use prost::Message;

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
        if let Ok(request) = json::read::<pb::CodeEncounterRequest>(&text)
            && let Err(refusal) = coder.code(request)
        {
            prop_assert!(!refusal.to_string().is_empty());
        }
    }
}
