//! Answers as bytes: what is written straight to the wire is the message, byte for byte as prost writes it.

use std::sync::{Arc, LazyLock};

use infusion_coder::catalog::Catalog;
use infusion_coder::policy::PolicyBook;
use infusion_coder::server::coder::Coder;
use infusion_coder::server::pb::{self, Detail};
use infusion_coder::server::{convert, json};
use infusion_coder::synthetic::{self, Recipe};
use proptest::prelude::*;
use prost::Message;

static CODER: LazyLock<Coder> = LazyLock::new(|| {
    Coder::on(Catalog::embedded(), Arc::new(PolicyBook::embedded().expect("the embedded policies")))
});

const DETAILS: [Detail; 4] = [Detail::Unspecified, Detail::Lines, Detail::Rules, Detail::Full];

/// The answer that the bytes are, after they were found to be as prost would have written it.
fn answer(encounter: &pb::Encounter, detail: Detail) -> pb::CodeEncounterResponse {
    let request = pb::CodeEncounterRequest { encounter: Some(encounter.clone()), detail: detail.into() };
    let mut bytes = b"before".to_vec();
    CODER.code_to_proto(&(&request).into(), &mut bytes).expect("an answer");
    let answer = pb::CodeEncounterResponse::decode(&bytes[6..]).expect("a message");
    assert!(bytes[6..] == answer.encode_to_vec(), "{detail:?} {answer:?}");
    answer
}

/// An answer without what a lower detail leaves out.
fn without_reasons(mut answer: pb::CodeEncounterResponse, detail: Detail) -> pb::CodeEncounterResponse {
    let steps = answer.lines.iter_mut().map(|line| &mut line.steps).chain([&mut answer.steps]);
    for steps in steps {
        if detail == Detail::Lines {
            steps.clear();
        }
        for step in steps {
            *step = pb::Step { rule_id: step.rule_id.clone(), outcome: step.outcome, ..Default::default() };
        }
    }
    for finding in &mut answer.findings {
        (finding.facts, finding.citations) = Default::default();
    }
    for item in &mut answer.not_billed {
        (item.facts, item.citations) = Default::default();
    }
    answer
}

fn assert_written_as_prost_writes(encounter: &pb::Encounter) {
    let [unspecified, lines, rules, full] = DETAILS.map(|detail| answer(encounter, detail));
    assert!(full.lines.iter().all(|line| !line.steps.is_empty()), "a line without a reason: {full:?}");
    let steps = full.lines.iter().flat_map(|line| &line.steps).chain(&full.steps);
    for step in steps {
        assert!(!step.text.is_empty() && !step.citations.is_empty(), "{step:?}");
    }
    assert_eq!(unspecified, full);
    assert_eq!(rules, without_reasons(full.clone(), Detail::Rules));
    assert_eq!(lines, without_reasons(full, Detail::Lines));
}

#[test]
fn the_bytes_of_the_examples_are_their_messages() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let mut examples = 0;
    for file in std::fs::read_dir(folder).expect("the examples") {
        let path = file.expect("a file").path();
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        if let Ok(request) = json::read::<pb::CodeEncounterRequest>(&text) {
            assert_written_as_prost_writes(&request.encounter.expect("a visit"));
            examples += 1;
        }
    }
    assert!(examples >= 6);
}

#[test]
fn an_item_is_an_answer_or_an_error_and_never_both() {
    let answer = pb::CodeEncounterResponse { encounter_id: "v".repeat(20_000), ..Default::default() };
    let error = pb::ItemError { message: "no".to_owned(), ..Default::default() };
    let mut bytes = Vec::new();
    for number in [0, 1, 300] {
        convert::write_item(&mut bytes, number, |output| {
            output.extend(answer.encode_to_vec());
            if number == 1 { Err(error.clone()) } else { Ok(()) }
        });
    }
    let item = |item_number, error: Option<&pb::ItemError>| pb::CodingItem {
        item_number,
        response: error.is_none().then(|| answer.clone()),
        error: error.cloned(),
    };
    let items = vec![item(0, None), item(1, Some(&error)), item(300, None)];
    assert!(bytes == pb::BatchCodeEncountersResponse { items }.encode_to_vec());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn the_bytes_of_any_visit_are_its_message(seed in any::<u64>(), number in 0_u64..1_000, without in 0_u8..16) {
        let mut visit = synthetic::visit(Recipe { seed, mistakes_percent: 0 }, number);
        // What is left out becomes a finding and a question with the lines of each answer.
        for (index, administration) in visit.administrations.iter_mut().enumerate() {
            if index % 2 == usize::from(without & 1) {
                if without & 2 > 0 { administration.stop_time.clear(); }
                if without & 4 > 0 { administration.route = 0; }
                if without & 8 > 0 { administration.drugs.iter_mut().for_each(|drug| drug.containers.clear()); }
            }
        }
        assert_written_as_prost_writes(&visit);
    }
}
