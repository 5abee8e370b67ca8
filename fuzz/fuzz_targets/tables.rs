//! The tables, as text and as workbooks; the first byte picks the parser, so that each is reached without its header.
#![no_main]

use infusion_coder::cms::{add_ons, addendum_b, asp, corrections, mue, ndc_crosswalk, noc, pairs, recognise};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, text)) = bytes.split_first() else { return };
    match kind % 11 {
        0 => drop(std::hint::black_box(asp::parse(text))),
        1 => drop(std::hint::black_box(mue::parse(text))),
        2 => drop(std::hint::black_box(ndc_crosswalk::parse(text))),
        3 => drop(std::hint::black_box(add_ons::parse(text))),
        4 => drop(std::hint::black_box(addendum_b::parse(text))),
        5 => drop(std::hint::black_box(corrections::parse(text))),
        6 => drop(std::hint::black_box(pairs::parse(text))),
        7 => drop(std::hint::black_box(noc::parse_codes(text))),
        8 => drop(std::hint::black_box(noc::parse_prices(text))),
        9 => drop(std::hint::black_box(noc::parse_packages(text))),
        _ => drop(std::hint::black_box(recognise::read(text))),
    }
});
