//! Archives from the network.
#![no_main]

use infusion_coder::updater::settings::{FeedId, Settings};
use infusion_coder::updater::unpack::{unpack, unpack_all};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let settings = Settings::embedded();
    let feed = settings.feed(FeedId::Hcpcs).expect("the embedded settings name it");
    std::hint::black_box(unpack(bytes, feed, None, settings.unpack)).ok();
    std::hint::black_box(unpack_all(bytes, settings.unpack)).ok();
});
