//! The fixed-width HCPCS text, and the facts that each of its rows proves.
#![no_main]

use infusion_coder::cms::descriptor::Conventions;
use infusion_coder::cms::{facts, hcpcs};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(release) = hcpcs::parse_text(bytes) {
        let conventions = Conventions::embedded();
        for row in &release.codes {
            std::hint::black_box(facts::facts(row, &conventions));
        }
    }
});
