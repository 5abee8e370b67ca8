//! Any request that can be read is coded: an answer with its provenance, or a refusal, and never a panic.
#![no_main]

use std::sync::{Arc, LazyLock};

use infusion_coder::catalog::Catalog;
use infusion_coder::policy::PolicyBook;
use infusion_coder::server::coder::Coder;
use infusion_coder::server::pb;
use libfuzzer_sys::fuzz_target;
use prost::Message;

static CODER: LazyLock<Coder> = LazyLock::new(|| {
    let policies = PolicyBook::embedded().expect("the embedded policies");
    Coder::on(Catalog::embedded(), Arc::new(policies))
});

fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = pb::CodeEncounterRequest::decode(bytes)
        && let Ok(coded) = CODER.code(request)
    {
        assert!(coded.response.provenance.is_some());
    }
});
