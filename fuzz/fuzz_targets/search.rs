//! What people type: a search over the embedded catalog, and National Drug Codes in any form.
#![no_main]

use std::sync::LazyLock;

use infusion_coder::catalog::Catalog;
use infusion_coder::domain::time::date;
use libfuzzer_sys::fuzz_target;

static CATALOG: LazyLock<std::sync::Arc<Catalog>> = LazyLock::new(Catalog::embedded);

const HITS_MAX: usize = 20;

fuzz_target!(|text: &str| {
    assert!(CATALOG.search(text, date(2025, 11, 3), HITS_MAX).len() <= HITS_MAX);
    std::hint::black_box(CATALOG.read_ndc(text)).ok();
});
