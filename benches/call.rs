//! The parts of one call that codes a visit of six drugs with the full trail, each by itself.

use std::sync::Arc;

use divan::{Bencher, black_box};
use infusion_coder::catalog::Catalog;
use infusion_coder::policy::PolicyBook;
use infusion_coder::server::coder::Coder;
use infusion_coder::server::convert::{self, Answering, CitedRules};
use infusion_coder::server::limits::RequestLimits;
use infusion_coder::server::{json, pb};
use infusion_coder::{domain::encounter::Encounter, engine};
use prost::Message;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const REQUEST: &str = include_str!("../examples/r-chop.json");

fn main() {
    divan::main();
}

fn request() -> pb::CodeEncounterRequest {
    let mut request: pb::CodeEncounterRequest = json::read(REQUEST).expect("the example is a request");
    request.detail = pb::Detail::Full.into();
    request
}

fn policies() -> PolicyBook {
    PolicyBook::embedded().expect("the embedded policies")
}

fn visit() -> Encounter {
    convert::encounter(request().encounter, &RequestLimits::default()).expect("the example has no violation")
}

/// From bytes to the message.
#[divan::bench]
fn decode(bencher: Bencher) {
    let bytes = request().encode_to_vec();
    bencher.bench_local(|| pb::CodeEncounterRequest::decode(black_box(bytes.as_slice())));
}

/// Both tracks, documentation and claim checks.
#[divan::bench]
fn engine(bencher: Bencher) {
    let (visit, catalog, policies) = (visit(), Catalog::embedded(), policies());
    let policy = policies.at(visit.service_date, "medicare").expect("medicare");
    bencher.bench_local(|| engine::code(black_box(&visit), &catalog, policy));
}

/// From the engine's result to bytes.
#[divan::bench(args = [pb::Detail::Lines, pb::Detail::Rules, pb::Detail::Full])]
fn answer(bencher: Bencher, detail: pb::Detail) {
    let (visit, catalog, policies) = (visit(), Catalog::embedded(), policies());
    let policy = policies.at(visit.service_date, "medicare").expect("medicare");
    let (result, citations) = (engine::code(&visit, &catalog, policy), policies.citations());
    let answering = Answering {
        encounter: &visit,
        result: &result,
        catalog: &catalog,
        citations,
        cited: &CitedRules::new(citations),
        detail,
        input_digest: "0".repeat(64),
    };
    bencher.bench_local(|| {
        let mut output = Vec::new();
        black_box(&answering).write_visit(&mut output);
        output
    });
}

/// Everything between the message and the bytes of the answer.
#[divan::bench]
fn whole(bencher: Bencher) {
    let (coder, request) = (Coder::on(Catalog::embedded(), Arc::new(policies())), request());
    bencher.with_inputs(|| request.clone()).bench_local_values(|request| {
        let mut output = Vec::new();
        coder.code_to_proto(request, &mut output).map(|_| output)
    });
}
