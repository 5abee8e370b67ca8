//! Requests as JSON: what is read and written again reads as the same, and what is refused names its faults.
#![no_main]

use infusion_coder::server::{json, pb};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match json::read_request(text) {
        Ok(request) => {
            let written = json::line(&request).expect("every message has a JSON form");
            assert_eq!(json::read::<pb::CodeEncounterRequest>(&written).as_ref().ok(), Some(&request));
        }
        Err(error) => assert!(!error.faults.is_empty()),
    }
    std::hint::black_box(json::read::<pb::AuditClaimRequest>(text)).ok();
    std::hint::black_box(json::read::<pb::CalculateDrugLinesRequest>(text)).ok();
});
