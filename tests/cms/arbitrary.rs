//! No parser panics on arbitrary bytes, nor on real layouts that were damaged.

use std::sync::LazyLock;

use infusion_coder::cms::descriptor::{self, Conventions};
use infusion_coder::cms::recognise::{kind_of, read};
use infusion_coder::cms::{
    add_ons, addendum_b, asp, corrections, facts, hcpcs, mue, ndc_crosswalk, noc, pairs,
};
use infusion_coder::updater::settings::{FeedId, Settings};
use infusion_coder::updater::unpack::{unpack, unpack_all};
use proptest::prelude::*;

use super::samples::{CODES, TABLES};

static CONVENTIONS: LazyLock<Conventions> = LazyLock::new(Conventions::embedded);
static SETTINGS: LazyLock<Settings> = LazyLock::new(Settings::embedded);

fn parse_all(bytes: &[u8]) {
    let _ = kind_of(bytes);
    let _ = read(bytes);
    if let Ok(release) = hcpcs::parse_text(bytes) {
        release.codes.iter().for_each(|row| drop(facts::facts(row, &CONVENTIONS)));
    }
    let _ = hcpcs::parse_sheet(bytes);
    let _ = (asp::parse(bytes), ndc_crosswalk::parse(bytes), mue::parse(bytes), pairs::parse(bytes));
    let _ = (add_ons::parse(bytes), addendum_b::parse(bytes), corrections::parse(bytes));
    let _ = (noc::parse_codes(bytes), noc::parse_prices(bytes), noc::parse_packages(bytes));
    let feed = SETTINGS.feed(FeedId::Hcpcs).expect("the embedded settings name it");
    let _ = (unpack(bytes, feed, None, SETTINGS.unpack), unpack_all(bytes, SETTINGS.unpack));
}

/// Puts other bytes into a text, and cuts it.
fn damaged(sample: &[u8], changes: &[(usize, u8)], cut: usize) -> Vec<u8> {
    let mut bytes = sample.to_vec();
    for (at, byte) in changes {
        let at = at % bytes.len();
        bytes[at] = *byte;
    }
    bytes.truncate(cut % (bytes.len() + 1));
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        parse_all(&bytes);
    }

    #[test]
    fn arbitrary_bytes_behind_the_marks_of_archives_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..1500)) {
        parse_all(&[b"PK\x03\x04".as_slice(), &bytes].concat());
        parse_all(&[b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".as_slice(), &bytes].concat());
    }

    #[test]
    fn damaged_files_never_panic(
        sample in prop::sample::select([TABLES, &[CODES]].concat()),
        changes in prop::collection::vec((any::<usize>(), any::<u8>()), 0..12),
        cut in any::<usize>(),
    ) {
        parse_all(&damaged(sample.as_bytes(), &changes, cut));
    }

    #[test]
    fn arbitrary_descriptors_never_panic(text in "[a-z0-9 .,;/()%^=-]{0,120}|\\PC{0,60}") {
        let _ = descriptor::read(&text);
    }
}

#[test]
fn damaged_workbooks_never_panic() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, text) in (0..).zip(["HCPC", "SEQNUM", "RECID", "LONG DESCRIPTION"]) {
        sheet.write(0, column, text).expect("a cell");
    }
    let whole = book.save_to_buffer().expect("a workbook");
    for seed in 0..150_usize {
        let changes: Vec<(usize, u8)> = (1..6)
            .map(|step| (seed.wrapping_mul(7919).wrapping_add(step * 104_729), (seed * step) as u8))
            .collect();
        parse_all(&damaged(&whole, &changes, whole.len() - seed % 7 * (whole.len() / 9)));
    }
}
