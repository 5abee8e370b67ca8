//! Any request that can be read is answered, with its provenance, or refused, and never a panic.
//! The first byte picks the request: a visit, drugs alone, or a claim to audit.
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
    let Some((kind, message)) = bytes.split_first() else { return };
    match kind % 3 {
        0 => {
            if let Some(coded) = decoded(message).and_then(|request| CODER.code(request).ok()) {
                assert!(coded.response.provenance.is_some());
            }
        }
        1 => {
            if let Some((_, lines)) = decoded(message).and_then(|request| CODER.drug_lines(request).ok()) {
                assert!(lines.provenance.is_some());
            }
        }
        _ => drop(decoded::<pb::AuditClaimRequest>(message).map(|request| CODER.audit(request))),
    }
});

fn decoded<T: Message + Default>(message: &[u8]) -> Option<T> {
    T::decode(message).ok()
}
