//! Opens the archives CMS publishes: the one place that knows zip.
//!
//! An archive comes from the network, so every claim it makes is checked before a byte is believed.
//! Nothing is ever written to disk: members are read into memory under limits.

use std::io::{Cursor, Read};

use serde::Deserialize;
use zip::ZipArchive;
use zip::result::ZipError;

use super::posting::posting;
use super::quarter::read_quarter;
use super::settings::Feed;
use crate::cms::workbook::is_xlsx;
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
    #[error(
        "the download is not a zip archive, or is cut short: {0}; a table that is no archive is stored by `import`"
    )]
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
    #[error("this is a workbook and no archive of CMS: `import` stores it")]
    Workbook,
    #[error("the archive holds none of the expected members; it holds {}; another table is stored by `import`",
        if .names.is_empty() { "nothing".to_owned() } else { .names.join(", ") })]
    NoMember { names: Vec<String> },
}

/// The members of a feed in an archive: the newest posting in each format that it has, the preferred format first.
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
    if is_xlsx(archive) {
        return Err(UnpackError::Workbook);
    }
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

/// The matching entries of the newest posting, one of each format, in the order of preference.
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
    let newness = |entry: &Entry| (in_quarter(entry), posting(stem(&entry.name)).newness());
    let newest = named.iter().map(|entry| newness(entry)).max();
    // An older posting is another table, and no other format of the newest.
    let of_newest: Vec<&Entry> = named.into_iter().filter(|entry| Some(newness(entry)) == newest).collect();
    let in_format = |format: &String| {
        let of_format = of_newest.iter().filter(|entry| extension(&entry.name) == *format);
        of_format.max_by_key(|entry| posting(&entry.name)).copied()
    };
    Ok(feed.formats.iter().filter_map(in_format).collect())
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
mod tests;
