//! The visit that the engine is measured on: premedication, rituximab, two chemotherapy pushes, cyclophosphamide.

use std::sync::Arc;

use divan::Bencher;
use infusion_coder::catalog::Catalog;
use infusion_coder::domain::encounter::Encounter;
use infusion_coder::engine;
use infusion_coder::policy::{Policy, PolicyBook};
use infusion_coder::server::{convert, json, pb};

const REQUEST: &str = include_str!("../../examples/r-chop.json");

/// Reads the visit as the service reads a request, with what a request is coded by.
fn ready() -> (Encounter, Arc<Catalog>, Arc<Policy>) {
    let request: pb::CodeEncounterRequest = json::read(REQUEST).expect("the example is a request");
    let limits = infusion_coder::server::limits::RequestLimits::default();
    let visit = convert::encounter(request.encounter.as_ref().map(Into::into).as_ref(), &limits)
        .expect("the example has no violation");
    let book = PolicyBook::embedded().expect("the embedded policies");
    let policy = book.at(visit.service_date, "medicare").expect("medicare").clone();
    (visit, Catalog::embedded(), policy)
}

/// Lines and steps of the answer.
#[allow(dead_code, reason = "one of the two benchmarks prints it")]
pub fn size() -> (usize, usize) {
    let (visit, catalog, policy) = ready();
    let answer = engine::code(&visit, &catalog, &policy);
    (answer.lines.len(), answer.trail.steps.len())
}

/// Both tracks, documentation and claim checks, with the full trail. A sample is a batch, because one coding is shorter than what a
/// reading of the clock disturbs.
#[divan::bench(sample_count = 400, sample_size = 500)]
fn code(bencher: Bencher) {
    let (visit, catalog, policy) = ready();
    bencher.bench_local(|| drop(divan::black_box(engine::code(divan::black_box(&visit), &catalog, &policy))));
}

/// The same visit with no stop time for its longest infusion: what each of five answers would bill is worked out too.
#[divan::bench]
fn code_with_a_question(bencher: Bencher) {
    let (mut visit, catalog, policy) = ready();
    let stops = visit.administrations.iter_mut().filter(|administration| administration.stop.is_some());
    stops.take(1).for_each(|administration| administration.stop = None);
    let answer = engine::code(&visit, &catalog, &policy);
    assert_eq!(answer.questions[0].answers.len(), 5, "a question with five answers");
    bencher.bench_local(|| engine::code(divan::black_box(&visit), &catalog, &policy));
}
