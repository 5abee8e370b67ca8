//! The parts of one call that codes a visit of six drugs with the full trail, each by itself.

use std::sync::Arc;

use divan::{Bencher, black_box};
use infusion_coder::catalog::Catalog;
use infusion_coder::policy::PolicyBook;
use infusion_coder::server::coder::Coder;
use infusion_coder::server::convert::{self, Answering, CitedRules};
use infusion_coder::server::limits::RequestLimits;
use infusion_coder::server::{json, lent, pb};
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
    let request = request();
    let request = lent::CodeEncounterRequest::from(&request);
    convert::encounter(request.encounter.as_ref(), &RequestLimits::default()).expect("the example is valid")
}

/// From bytes to the visit.
#[divan::bench]
fn read(bencher: Bencher) {
    let (bytes, limits) = (request().encode_to_vec(), RequestLimits::default());
    let read =
        |request: lent::CodeEncounterRequest<'_>| convert::encounter(request.encounter.as_ref(), &limits);
    bencher.bench_local(|| lent::from_wire(black_box(&bytes), read));
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

/// From bytes to bytes.
#[divan::bench]
fn whole(bencher: Bencher) {
    let (coder, bytes) = (Coder::on(Catalog::embedded(), Arc::new(policies())), request().encode_to_vec());
    bencher.bench_local(|| {
        let mut output = Vec::new();
        let code =
            |request: lent::CodeEncounterRequest<'_>| coder.code_to_proto(&request, &mut output).is_ok();
        (lent::from_wire(black_box(&bytes), code), output)
    });
}
