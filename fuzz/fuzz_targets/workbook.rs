//! Excel workbooks, as the HCPCS parser reads them.
//!
//! The first byte picks the form: the bytes of a file, the two members of an `.xlsx` that hold rows and texts
//! (apart at a NUL), or the stream of records in an `.xls`. Inside a container no check sum stands in the way.
#![no_main]

use infusion_coder::cms::{hcpcs, recognise};
use infusion_coder_fuzz::{compound_file, xlsx};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((form, content)) = bytes.split_first() else { return };
    let file = match form % 3 {
        0 => content.to_vec(),
        1 => {
            let mut parts = content.splitn(2, |byte| *byte == 0);
            xlsx(parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
        }
        _ => compound_file(content),
    };
    std::hint::black_box(hcpcs::parse_sheet(&file)).ok();
    std::hint::black_box(recognise::kind_of(&file)).ok();
});
