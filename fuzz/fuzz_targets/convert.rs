//! Any bytes as a request: read, or refused with every violation, and never a panic.
#![no_main]

use infusion_coder::server::limits::RequestLimits;
use infusion_coder::server::{convert, lent, pb};
use libfuzzer_sys::fuzz_target;
use prost::Message;

fuzz_target!(|bytes: &[u8]| {
    if let Some(request) = lent::read_wire::<lent::CodeEncounterRequest<'_>>(bytes) {
        let owned = pb::CodeEncounterRequest::decode(bytes).expect("what is lent can be owned");
        assert_eq!(request, (&owned).into());
    }
    if let Ok(request) = pb::CodeEncounterRequest::decode(bytes) {
        let _ = convert::encounter(
            request.encounter.as_ref().map(Into::into).as_ref(),
            &RequestLimits::default(),
        );
    }
    if let Ok(request) = pb::CalculateDrugLinesRequest::decode(bytes) {
        let _ = convert::drug_alone(&request, &RequestLimits::default());
    }
});
