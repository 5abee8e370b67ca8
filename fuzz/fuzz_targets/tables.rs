//! The comma- and tab-separated tables; the first byte picks the parser.
#![no_main]

use infusion_coder::cms::{asp, mue, ndc_crosswalk};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, text)) = bytes.split_first() else { return };
    match kind % 3 {
        0 => drop(std::hint::black_box(asp::parse(text))),
        1 => drop(std::hint::black_box(mue::parse(text))),
        _ => drop(std::hint::black_box(ndc_crosswalk::parse(text))),
    }
});
