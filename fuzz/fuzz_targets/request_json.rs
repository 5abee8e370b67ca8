//! Requests as JSON: what is read and written again reads as the same, and what is refused names its faults.
#![no_main]

use infusion_coder::server::{json, lent, pb};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match json::read_request(text) {
        Ok(request) => {
            let written = json::line(&request).expect("every message has a JSON form");
            assert_eq!(json::read::<pb::CodeEncounterRequest>(&written).as_ref().ok(), Some(&request));
            assert!(lent::from_json(text, |lent| assert_eq!(lent, (&request).into())).is_ok());
        }
        Err(error) => {
            assert!(!error.faults.is_empty());
            assert!(lent::from_json(text, |_| ()).is_err());
        }
    }
    std::hint::black_box(json::read::<pb::AuditClaimRequest>(text)).ok();
    std::hint::black_box(json::read::<pb::CalculateDrugLinesRequest>(text)).ok();
});
