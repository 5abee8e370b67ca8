//! X12 837 files: claims and what was passed over, or the reason why the text is none.
#![no_main]

use infusion_coder::interop::x12;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(read) = x12::read_claims(text) {
        assert!(read.problems.iter().all(|problem| problem.position > 0 && !problem.reason.is_empty()));
    }
});
