//! FHIR Bundles: a visit, or the path of the element that cannot be read.
#![no_main]

use infusion_coder::interop::fhir::{VisitDefaults, read_visit};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let bare = read_visit(text, VisitDefaults::default());
    let zone = Some("America/Chicago");
    let in_zone = read_visit(
        text,
        VisitDefaults { time_zone: zone, payer: Some("medicare"), ..VisitDefaults::default() },
    );
    for error in [bare.err(), in_zone.err()].into_iter().flatten() {
        assert!(!error.to_string().is_empty());
    }
});
