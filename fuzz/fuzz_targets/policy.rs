//! Files of an operator: a payer, parameters or citations beside the embedded ones, and the updater's settings.
//! The first byte picks which.
#![no_main]

use std::collections::BTreeMap;

use infusion_coder::policy::PolicyBook;
use infusion_coder::updater::settings::Settings;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Some(first) = text.chars().next() else { return };
    let rest = text[first.len_utf8()..].to_owned();
    let file = match u32::from(first) % 4 {
        0 => "payers/plan.toml",
        1 => "params/limits.toml",
        2 => "citations.toml",
        _ => {
            std::hint::black_box(Settings::parse(&rest)).ok();
            return;
        }
    };
    if let Err(error) = PolicyBook::embedded_with(BTreeMap::from([(file.to_owned(), rest)])) {
        assert!(!error.to_string().is_empty());
    }
});
