//! Opens the archives CMS publishes: the one place that knows zip.
//!
//! An archive comes from the network, so every claim it makes is checked before a byte is believed.
//! Nothing is ever written to disk: members are read into memory under limits.

use std::io::{Cursor, Read};

use serde::Deserialize;
use zip::ZipArchive;
use zip::result::ZipError;

use super::quarter::{posting, read_quarter};
use super::settings::Feed;
use crate::domain::quarter::Quarter;

/// What an archive may ask of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnpackLimits {
    /// Entries in the archive.
    pub entries: usize,
    /// Bytes after decompression for each byte before it.
    pub ratio: u64,
    /// Bytes of one member.
    pub entry_bytes: u64,
    /// Bytes of all members together.
    pub total_bytes: u64,
}

/// A member that was chosen, read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// File name without folders.
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Why an archive was refused.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    #[error("the download is not a zip archive, or is cut short: {0}")]
    NotAnArchive(ZipError),
    #[error("the archive has {count} entries, and at most {limit} are accepted")]
    TooManyEntries { count: usize, limit: usize },
    #[error("{name}: the entry is encrypted, and CMS never encrypts")]
    Encrypted { name: String },
    #[error("{name}: the entry's name leads out of the archive")]
    Escaping { name: String },
    #[error("{name}: the entry is a symbolic link")]
    Link { name: String },
    #[error("{name}: the entry unpacks to more than {limit} bytes")]
    EntryTooLarge { name: String, limit: u64 },
    #[error("the archive unpacks to more than {limit} bytes")]
    ArchiveTooLarge { limit: u64 },
    #[error("{name}: the entry grows more than {limit} times when unpacked, as a zip bomb does")]
    Ratio { name: String, limit: u64 },
    #[error("entries of the archive share bytes, as a zip bomb's do")]
    Overlapping,
    #[error("{name}: the entry is damaged: {reason}")]
    Damaged { name: String, reason: String },
    #[error("the archive holds none of the expected members; it holds {}", .names.join(", "))]
    NoMember { names: Vec<String> },
}

/// The members of a feed in an archive: the newest posting in each format, the preferred format first.
///
/// The member rule looks at the file name only, since members may sit in a folder. Members named for
/// another quarter than the `expected` one are taken only when there is none other: whether to believe
/// such an archive is for the gate to say.
///
/// # Errors
/// [`UnpackError`] names the first thing that was wrong; nothing is returned from a doubtful archive.
pub fn unpack(
    archive: &[u8],
    feed: &Feed,
    expected: Option<Quarter>,
    limits: UnpackLimits,
) -> Result<Vec<Member>, UnpackError> {
    let mut archive = ZipArchive::new(Cursor::new(archive)).map_err(UnpackError::NotAnArchive)?;
    let entries = inspect(&mut archive, limits)?;
    let chosen = choose(&entries, feed, expected)?;
    let mut remaining = limits.total_bytes;
    let mut members = Vec::with_capacity(chosen.len());
    for entry in chosen {
        let member = read(&mut archive, entry, limits, remaining)?;
        remaining = remaining.saturating_sub(member.bytes.len() as u64);
        members.push(member);
    }
    Ok(members)
}

/// Formats of tables, the preferred first.
const TABLE_FORMATS: &[&str] = &["xlsx", "csv", "txt", "xls"];

/// Every member in a format of tables, the newest posting first, and of one posting the preferred format.
///
/// # Errors
/// As for [`unpack`].
pub fn unpack_all(archive: &[u8], limits: UnpackLimits) -> Result<Vec<Member>, UnpackError> {
    let mut archive = ZipArchive::new(Cursor::new(archive)).map_err(UnpackError::NotAnArchive)?;
    let entries = inspect(&mut archive, limits)?;
    let rank = |entry: &Entry| TABLE_FORMATS.iter().position(|format| *format == extension(&entry.name));
    let mut tables: Vec<(&Entry, usize)> =
        entries.iter().filter_map(|entry| Some((entry, rank(entry)?))).collect();
    tables.sort_by_cached_key(|(entry, rank)| (std::cmp::Reverse(posting(stem(&entry.name))), *rank));
    let mut remaining = limits.total_bytes;
    let mut members = Vec::new();
    for (entry, _) in tables {
        let member = read(&mut archive, entry, limits, remaining)?;
        remaining = remaining.saturating_sub(member.bytes.len() as u64);
        members.push(member);
    }
    if members.is_empty() {
        return Err(UnpackError::NoMember { names: entries.into_iter().map(|entry| entry.name).collect() });
    }
    Ok(members)
}

/// A name without its extension.
fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// An entry whose declarations are within limits.
struct Entry {
    index: usize,
    /// File name without folders.
    name: String,
    compressed: u64,
}

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// Checks what every entry declares; folders are passed over.
fn inspect(archive: &mut Archive, limits: UnpackLimits) -> Result<Vec<Entry>, UnpackError> {
    if archive.len() > limits.entries {
        return Err(UnpackError::TooManyEntries { count: archive.len(), limit: limits.entries });
    }
    let mut total: u64 = 0;
    let mut entries = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(UnpackError::NotAnArchive)?;
        let name = entry.name().map_err(UnpackError::NotAnArchive)?.into_owned();
        if entry.encrypted() {
            return Err(UnpackError::Encrypted { name });
        }
        if entry.is_symlink() {
            return Err(UnpackError::Link { name });
        }
        if entry.enclosed_name().is_none() || escapes(&name) {
            return Err(UnpackError::Escaping { name });
        }
        if entry.size() > limits.entry_bytes {
            return Err(UnpackError::EntryTooLarge { name, limit: limits.entry_bytes });
        }
        if entry.size() > entry.compressed_size().saturating_mul(limits.ratio) {
            return Err(UnpackError::Ratio { name, limit: limits.ratio });
        }
        total = total.saturating_add(entry.size());
        if !entry.is_dir() {
            let file = name.rsplit(['/', '\\']).next().unwrap_or(&name).to_owned();
            entries.push(Entry { index, name: file, compressed: entry.compressed_size() });
        }
    }
    if total > limits.total_bytes {
        return Err(UnpackError::ArchiveTooLarge { limit: limits.total_bytes });
    }
    if archive.has_overlapping_entries().map_err(UnpackError::NotAnArchive)? {
        return Err(UnpackError::Overlapping);
    }
    Ok(entries)
}

/// Whether a name is absolute, names a drive, or climbs; stricter than what merely resolves outside.
fn escapes(name: &str) -> bool {
    name.starts_with(['/', '\\']) || name.contains(':') || name.split(['/', '\\']).any(|part| part == "..")
}

/// The newest matching entry of each format, in the order of preference.
fn choose<'a>(
    entries: &'a [Entry],
    feed: &Feed,
    expected: Option<Quarter>,
) -> Result<Vec<&'a Entry>, UnpackError> {
    let matching =
        |entry: &&Entry| feed.member.matches(&entry.name) && !feed.member_ignored.matches(&entry.name);
    let readable = |entry: &&Entry| feed.formats.iter().any(|format| *format == extension(&entry.name));
    let named: Vec<&Entry> = entries.iter().filter(matching).filter(readable).collect();
    if named.is_empty() {
        return Err(UnpackError::NoMember {
            names: entries.iter().map(|entry| entry.name.clone()).collect(),
        });
    }
    let in_quarter = |entry: &Entry| {
        let other = expected.zip(read_quarter(&entry.name)).is_some_and(|(sought, found)| sought != found);
        !other
    };
    let newest = |format: &String| {
        let of_format = named.iter().filter(|entry| extension(&entry.name) == *format);
        of_format.max_by_key(|entry| (in_quarter(entry), posting(&entry.name))).copied()
    };
    Ok(feed.formats.iter().filter_map(newest).collect())
}

/// Reads one entry, believing none of its declared sizes.
fn read(
    archive: &mut Archive,
    entry: &Entry,
    limits: UnpackLimits,
    remaining: u64,
) -> Result<Member, UnpackError> {
    let name = entry.name.clone();
    let damaged = |error: &dyn std::fmt::Display| UnpackError::Damaged {
        name: entry.name.clone(),
        reason: error.to_string(),
    };
    let grown = entry.compressed.saturating_mul(limits.ratio);
    let cap = limits.entry_bytes.min(remaining).min(grown);
    let reader = archive.by_index(entry.index).map_err(|error| damaged(&error))?;
    let mut bytes = Vec::new();
    reader.take(cap.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| damaged(&error))?;
    if bytes.len() as u64 <= cap {
        return Ok(Member { name, bytes });
    }
    Err(match cap {
        cap if cap == grown => UnpackError::Ratio { name, limit: limits.ratio },
        cap if cap == remaining => UnpackError::ArchiveTooLarge { limit: limits.total_bytes },
        _ => UnpackError::EntryTooLarge { name, limit: limits.entry_bytes },
    })
}

/// The file name's extension as written in settings: after the last dot, in small letters.
fn extension(name: &str) -> String {
    name.rsplit_once('.').map_or_else(String::new, |(_, after)| after.to_lowercase())
}

#[cfg(test)]
mod tests {
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
        let expected = ["HCPC2026_JAN_ANWEB_01122026.txt", "HCPC2026_JAN_ANWEB_12292025.xlsx"];
        assert_eq!(chosen(&names, FeedId::Hcpcs, Some("2026Q1")), expected);
        let versions = ["HCPC2026_OCT_ANWEB_v2.txt", "HCPC2026_OCT_ANWEB.txt", "HCPC2026_OCT_ANWEB_v10.txt"];
        assert_eq!(chosen(&versions, FeedId::Hcpcs, Some("2026Q4")), ["HCPC2026_OCT_ANWEB_v10.txt"]);
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
        let wrong =
            zip_of(&[("HCPC2026_JAN_ANWEB_Corrections.xlsx", b"x"), ("NOC codes_JAN2026.xlsx", b"x")]);
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
        let places: Vec<usize> =
            (0..archive.len() - 4).filter(|&at| archive[at..at + 4] == declared).collect();
        assert!(!places.is_empty());
        for at in places {
            archive[at..at + 4].copy_from_slice(&7u32.to_le_bytes());
        }
        assert!(open(&archive, FeedId::Hcpcs, None).is_err());
    }

    #[test]
    fn names_that_escape_links_and_encryption_are_refused() {
        for name in
            ["../HCPC2026_JAN_ANWEB.txt", "/etc/HCPC2026_JAN_ANWEB.txt", "a/../HCPC2026_JAN_ANWEB.txt"]
        {
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
}
