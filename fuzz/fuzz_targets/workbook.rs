//! Excel workbooks, as the HCPCS parser reads them.
#![no_main]

use infusion_coder::cms::hcpcs;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    std::hint::black_box(hcpcs::parse_sheet(bytes)).ok();
});
