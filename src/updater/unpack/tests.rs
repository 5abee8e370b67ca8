//! Archives of every era, and archives that no CMS file is.

use std::io::Write as _;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;
use crate::updater::settings::{FeedId, Settings};

fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in members {
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn open(archive: &[u8], id: FeedId, quarter: Option<&str>) -> Result<Vec<String>, UnpackError> {
    let settings = Settings::embedded();
    let feed = settings.feed(id).unwrap();
    let expected = quarter.map(|text| text.parse().unwrap());
    let members = unpack(archive, feed, expected, settings.unpack)?;
    Ok(members.into_iter().map(|member| member.name).collect())
}

fn chosen(names: &[&str], id: FeedId, quarter: Option<&str>) -> Vec<String> {
    let members: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, b"x".as_slice())).collect();
    open(&zip_of(&members), id, quarter).unwrap()
}

#[test]
fn the_code_file_is_chosen_among_reports_and_older_postings() {
    let names = [
        "hcpc2026_jan_anweb_01122026/HCPC2026_JAN_ANWEB_12082025.txt",
        "hcpc2026_jan_anweb_01122026/HCPC2026_JAN_ANWEB_01122026.txt",
        "HCPC2026_JAN_ANWEB_12292025.xlsx",
        "HCPC2026_JAN_ANWEB_Corrections_01122026.xlsx",
        "HCPC2026_JAN_ANWEB_Transaction Report_12292025.xlsx",
        "HCPC2026_recordlayout.txt",
        "NOC codes_JAN2026.xlsx",
        "proc_notes_JAN2026.txt",
    ];
    assert_eq!(chosen(&names, FeedId::Hcpcs, Some("2026Q1")), ["HCPC2026_JAN_ANWEB_01122026.txt"]);
    let versions = ["HCPC2026_OCT_ANWEB_v2.txt", "HCPC2026_OCT_ANWEB.txt", "HCPC2026_OCT_ANWEB_v10.txt"];
    assert_eq!(chosen(&versions, FeedId::Hcpcs, Some("2026Q4")), ["HCPC2026_OCT_ANWEB_v10.txt"]);
}

#[test]
fn a_newer_posting_goes_before_a_preferred_format_of_an_older_one() {
    for names in [
        ["HCPC2027_JAN_ANWEB_12082026.txt", "HCPC2027_JAN_ANWEB_12292026.xlsx"],
        ["HCPC2027_JAN_ANWEB.txt", "HCPC2027_JAN_ANWEB_v2.xlsx"],
        ["HCPC2027_JAN_ANWEB.txt", "HCPC2027_JAN_ANWEB_final.csv"],
    ] {
        assert_eq!(
            chosen(&names, FeedId::Hcpcs, Some("2027Q1")),
            names[1..],
            "an older table is no other format"
        );
    }
    let both = ["HCPC2027_JAN_ANWEB_12292026.xlsx", "HCPC2027_JAN_ANWEB_12292026.txt"];
    assert_eq!(chosen(&both, FeedId::Hcpcs, Some("2027Q1")), [both[1], both[0]]);
}

#[test]
fn every_format_that_is_read_is_taken_from_an_archive() {
    for (id, name) in [
        (FeedId::Hcpcs, "HCPC2027_JAN_ANWEB.csv"),
        (FeedId::AspLimits, "October 2026 Medicare Part B Payment Limit File 091726.xlsx"),
        (FeedId::NdcCrosswalk, "October 2026 ASP NDC-HCPCS Crosswalk 091726.xls"),
    ] {
        assert_eq!(chosen(&[name, "readme.docx"], id, None), [name]);
    }
}

#[test]
fn names_of_every_era_are_known() {
    for (names, text) in [
        (&["12anweb.txt", "12anweb.xls", "HCPCREAD_12.txt", "proc_notes_2012.txt"][..], "12anweb.txt"),
        (&["HCPC2013_A-N.txt", "HCPC2013_A-N.xlsx", "HCPCREAD_13.txt"], "HCPC2013_A-N.txt"),
        (
            &["HCPC18_Trans_Report_Alpha_ChangesbyHCPC.prn", "HCPC2018_CONTR_ANWEB_disc.txt"],
            "HCPC2018_CONTR_ANWEB_disc.txt",
        ),
        (
            &[
                "Changes_by_ActionCode.prn",
                "HCPC2020_ANWEB_w_disclaimer.txt",
                "HCPC2020_TRANS_ALPHA_w_disclaimer.xlsx",
            ],
            "HCPC2020_ANWEB_w_disclaimer.txt",
        ),
        (&["HCPC2025_OCT_ANWEB.xlsx"], "HCPC2025_OCT_ANWEB.xlsx"),
    ] {
        assert_eq!(chosen(names, FeedId::Hcpcs, None)[0], text);
    }
}

#[test]
fn price_and_crosswalk_archives_are_told_apart() {
    let names = [
        "section 508 verision of January 2026 ASP NDC-HCPCS Crosswalk 121725.csv",
        "section 508 version of January 2026 AWP NDC-HCPCS Crosswalk 121725.csv",
        "section 508 version of January 2026 NOC NDC-HCPCS Crosswalk 121725.csv",
        "section 508 version of January 2026 Medicare Part B Payment Limit File 121725.csv",
    ];
    assert_eq!(chosen(&names, FeedId::NdcCrosswalk, Some("2026Q1")), names[..1]);
    assert_eq!(chosen(&names, FeedId::AspLimits, Some("2026Q1")), names[3..]);
}

#[test]
fn a_wrong_member_or_quarter_is_an_error_that_lists_what_is_there() {
    let wrong = zip_of(&[("HCPC2026_JAN_ANWEB_Corrections.xlsx", b"x"), ("NOC codes_JAN2026.xlsx", b"x")]);
    let error = open(&wrong, FeedId::Hcpcs, Some("2026Q1")).unwrap_err().to_string();
    assert!(error.contains("NOC codes_JAN2026.xlsx"), "{error}");
    let both = ["HCPC2025_OCT_ANWEB_v3.txt", "HCPC2026_JAN_ANWEB.txt"];
    assert_eq!(chosen(&both, FeedId::Hcpcs, Some("2026Q1")), both[1..]);
    assert_eq!(chosen(&both, FeedId::Hcpcs, Some("2025Q4")), both[..1]);
}

#[test]
fn bombs_are_refused_before_they_grow() {
    let zeros = vec![0; 400_000];
    let error = open(&zip_of(&[("HCPC2026_JAN_ANWEB.txt", &zeros)]), FeedId::Hcpcs, None).unwrap_err();
    assert!(matches!(error, UnpackError::Ratio { .. }), "{error}");
    let many: Vec<(String, &[u8])> = (0..65).map(|n| (format!("{n}.txt"), b"x".as_slice())).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    let error = open(&zip_of(&many), FeedId::Hcpcs, None).unwrap_err();
    assert!(matches!(error, UnpackError::TooManyEntries { count: 65, .. }), "{error}");
    let feed = Settings::embedded().feed(FeedId::Hcpcs).unwrap().clone();
    let small = UnpackLimits { entries: 9, ratio: 200, entry_bytes: 9, total_bytes: 12 };
    let text = zip_of(&[("HCPC2026_JAN_ANWEB.txt", b"0123456789")]);
    let error = unpack(&text, &feed, None, small).unwrap_err();
    assert!(matches!(error, UnpackError::EntryTooLarge { limit: 9, .. }), "{error}");
    let pair = zip_of(&[("HCPC2026_JAN_ANWEB.txt", b"01234567"), ("a.txt", b"01234567")]);
    let error = unpack(&pair, &feed, None, small).unwrap_err();
    assert!(matches!(error, UnpackError::ArchiveTooLarge { limit: 12 }), "{error}");
}

#[test]
fn an_understated_size_does_not_pass_the_limit() {
    let text: Vec<u8> = (0..40_000u32).map(|n| b'0' + (n % 10) as u8).collect();
    let mut archive = zip_of(&[("HCPC2026_JAN_ANWEB.txt", &text)]);
    let declared = 40_000u32.to_le_bytes();
    let places: Vec<usize> = (0..archive.len() - 4).filter(|&at| archive[at..at + 4] == declared).collect();
    assert!(!places.is_empty());
    for at in places {
        archive[at..at + 4].copy_from_slice(&7u32.to_le_bytes());
    }
    assert!(open(&archive, FeedId::Hcpcs, None).is_err());
}

#[test]
fn names_that_escape_links_and_encryption_are_refused() {
    for name in ["../HCPC2026_JAN_ANWEB.txt", "/etc/HCPC2026_JAN_ANWEB.txt", "a/../HCPC2026_JAN_ANWEB.txt"] {
        let error = open(&zip_of(&[(name, b"x")]), FeedId::Hcpcs, None).unwrap_err();
        assert!(matches!(error, UnpackError::Escaping { .. }), "{name}: {error}");
    }
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.add_symlink("HCPC2026_JAN_ANWEB.txt", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    let linked = writer.finish().unwrap().into_inner();
    let error = open(&linked, FeedId::Hcpcs, None).unwrap_err();
    assert!(matches!(error, UnpackError::Link { .. }), "{error}");
    let mut locked = zip_of(&[("HCPC2026_JAN_ANWEB.txt", b"x")]);
    let central = locked.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
    locked[central + 8] |= 1;
    locked[6] |= 1;
    let error = open(&locked, FeedId::Hcpcs, None).unwrap_err();
    assert!(matches!(error, UnpackError::Encrypted { .. }), "{error}");
}

#[test]
fn every_cut_and_every_flipped_byte_is_an_error_or_the_same_text() {
    let text = b"a text that deflate keeps in one block, long enough to be cut".repeat(20);
    let whole = zip_of(&[("HCPC2026_JAN_ANWEB.txt", &text)]);
    let settings = Settings::embedded();
    let feed = settings.feed(FeedId::Hcpcs).unwrap();
    for cut in 0..whole.len() {
        assert!(unpack(&whole[..cut], feed, None, settings.unpack).is_err(), "cut at {cut}");
    }
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x55;
        if let Ok(members) = unpack(&flipped, feed, None, settings.unpack) {
            assert_eq!(members[0].bytes, text, "byte {at}");
        }
    }
    assert!(unpack(b"<html>sign in</html>", feed, None, settings.unpack).is_err());
}
