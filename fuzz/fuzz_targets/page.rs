//! Pages of the CMS site: the links to the files of each feed.
#![no_main]

use std::sync::LazyLock;

use infusion_coder::updater::discover::links;
use infusion_coder::updater::settings::Settings;
use libfuzzer_sys::fuzz_target;
use url::Url;

static SETTINGS: LazyLock<Settings> = LazyLock::new(Settings::embedded);

fuzz_target!(|html: &str| {
    let page =
        Url::parse("https://www.cms.gov/medicare/coding-billing/quarterly-update").expect("an address");
    for feed in &SETTINGS.feeds {
        assert!(links(html, &page, feed).iter().all(|link| link.url.host_str() == page.host_str()));
    }
});
