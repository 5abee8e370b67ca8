//! Descriptors to billing units.
#![no_main]

use infusion_coder::cms::descriptor;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    std::hint::black_box(descriptor::read(text));
});
