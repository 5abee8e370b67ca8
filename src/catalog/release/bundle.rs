//! A release as JSON lines with its own SHA-256: what the store keeps and what `export` writes.
//!
//! The first line is the header, every further line one row as `["table", cell, …]`, and the last
//! line the digest of all bytes before it. Equal releases give equal bytes. Behind the digest of an exported one stands
//! the place that it had in its store, with a checksum of its own.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::rows::{self, TABLES, Table};
use super::{Release, ReleaseHeader};
use crate::catalog::error::DataError;
use crate::catalog::table::{Cell, Row};

/// Names the format and its version; another version is refused rather than guessed at.
const FORMAT: &str = "infusion-coder release 1";

/// Largest bundle that is read, in bytes: ten times a release with every table.
const BYTES_MAX: usize = 64 * 1024 * 1024;

/// Why bytes are not a bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    #[error("the bundle is larger than {BYTES_MAX} bytes")]
    TooLarge,
    #[error("this is no bundle: it does not begin with the line of a release, as what `export` writes does")]
    NoHeader,
    #[error("the bundle has no digest at its end, so it was cut short: export it again")]
    NoDigest,
    #[error("the bundle's content does not match its SHA-256, so it was changed or damaged: export it again")]
    Digest,
    #[error("line {0} of the bundle is not a row")]
    NotARow(u64),
    #[error(transparent)]
    Row(#[from] DataError),
}

/// A release as a text and its digest. What is read from it keeps its texts where they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// Without the place, so that it is the same wherever the release stood.
    text: Arc<String>,
    sha256: String,
    place: Option<Place>,
}

/// Where a release stood in the store that it was exported from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// When it came: of two postings of a quarter the one that came later speaks.
    pub stored: jiff::Timestamp,
    /// Whether answers were read from it.
    pub active: bool,
}

#[derive(Serialize, Deserialize)]
struct Header {
    format: String,
    #[serde(flatten)]
    release: ReleaseHeader,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trailer {
    sha256: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<Place>,
    /// CRC-32 of the digest and the place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    crc32: Option<u32>,
}

impl Trailer {
    fn new(sha256: &str, place: Option<Place>) -> Self {
        let crc32 = place.map(|place| {
            // A time and a truth always have a JSON form.
            crc32fast::hash(&serde_json::to_vec(&(sha256, place)).unwrap_or_default())
        });
        Self { sha256: sha256.to_owned(), place, crc32 }
    }

    fn line(&self) -> String {
        // Texts and numbers always have a JSON form.
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }
}

impl Bundle {
    /// Writes a release.
    pub fn write(release: &Release) -> Self {
        let mut text = String::new();
        let push = |text: &mut String, line: serde_json::Result<String>| {
            // Texts and lists of texts always have a JSON form.
            text.push_str(&line.unwrap_or_default());
            text.push('\n');
        };
        let header = Header { format: FORMAT.to_owned(), release: release.header.clone() };
        push(&mut text, serde_json::to_string(&header));
        let mut cells: Vec<String> = Vec::new();
        rows::write(release, |table, row| {
            cells.clear();
            cells.push(table.name.to_owned());
            // Empty cells at the end are left out; a short row reads as if they were there.
            let used = row.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1);
            cells.extend(row[..used].iter().map(|cell| (*cell).to_owned()));
            push(&mut text, serde_json::to_string(&cells));
        });
        let sha256 = hex(&Sha256::digest(&text));
        text.push_str(&Trailer::new(&sha256, None).line());
        Self { text: Arc::new(text), sha256, place: None }
    }

    /// Takes bytes that are a bundle, and checks their digest.
    ///
    /// # Errors
    /// Bytes that are another file, too large, cut short, or do not match their digest.
    pub fn verify(bytes: Vec<u8>) -> Result<Self, BundleError> {
        if bytes.len() > BYTES_MAX {
            return Err(BundleError::TooLarge);
        }
        // Of another file it would mislead to say that it was cut short.
        Header::read(bytes.split(|byte| *byte == b'\n').next().unwrap_or_default())?;
        let body = bytes.strip_suffix(b"\n").ok_or(BundleError::NoDigest)?;
        let at = body.iter().rposition(|byte| *byte == b'\n').ok_or(BundleError::NoDigest)? + 1;
        let trailer: Trailer = serde_json::from_slice(&body[at..]).map_err(|_| BundleError::NoDigest)?;
        let sealed = Trailer::new(&trailer.sha256, trailer.place);
        if hex(&Sha256::digest(&bytes[..at])) != trailer.sha256 || sealed.crc32 != trailer.crc32 {
            return Err(BundleError::Digest);
        }
        let mut text = String::from_utf8(bytes).map_err(|error| {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            BundleError::NotARow(1 + before.iter().filter(|byte| **byte == b'\n').count() as u64)
        })?;
        if trailer.place.is_some() {
            text.truncate(at);
            text.push_str(&Trailer::new(&trailer.sha256, None).line());
        }
        Ok(Self { text: Arc::new(text), sha256: trailer.sha256, place: trailer.place })
    }

    /// The bundle as it is exported, with the place that its release has in the store.
    pub fn placed(&self, place: Place) -> String {
        let rows = self.text.trim_end_matches('\n').rsplit_once('\n').map_or("", |(rows, _)| rows);
        format!("{rows}\n{}", Trailer::new(&self.sha256, Some(place)).line())
    }

    /// The place that the release had where it was exported; an older export tells none.
    pub const fn place(&self) -> Option<Place> {
        self.place
    }

    /// The whole bundle, digest line included.
    pub fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// SHA-256 of the content, in hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Reads the release.
    ///
    /// # Errors
    /// The first line that is not a row of a known table.
    pub fn read(&self) -> Result<Release, BundleError> {
        let mut lines = self.text.split('\n');
        let first = lines.next().unwrap_or_default();
        let header = Header::read(first.as_bytes())?;
        let mut release = Release::empty(header.release);
        // The longest lists are made room for at once: a list that grows is copied again and again.
        let count = |table: Table| lines.clone().filter(|line| is_of(line, table)).count();
        release.codes.reserve_exact(count(rows::CODES));
        release.descriptors.reserve_exact(count(rows::DESCRIPTORS));
        let mut cells = Vec::new();
        for (line, number) in lines.zip(2..).filter(|(line, _)| line.starts_with('[')) {
            if !split_plain(line, &mut cells) {
                cells = serde_json::from_str(line).map_err(|_| BundleError::NotARow(number))?;
            }
            let (table, cells) = cells.split_first().ok_or(BundleError::NotARow(number))?;
            rows::read(&mut release, &table.0, &Row::new("bundle", number, &self.text, cells))?;
        }
        Ok(release)
    }
}

impl Header {
    fn read(line: &[u8]) -> Result<Self, BundleError> {
        let header = serde_json::from_slice(line).map_err(|_| BundleError::NoHeader)?;
        Some(header).filter(|header: &Self| header.format == FORMAT).ok_or(BundleError::NoHeader)
    }
}

/// Whether a line is a row of a table.
fn is_of(line: &str, table: Table) -> bool {
    line.strip_prefix("[\"")
        .and_then(|rest| rest.strip_prefix(table.name))
        .is_some_and(|rest| rest.starts_with('"'))
}

/// Reads a row as this program writes nearly all of them: texts without an escape, and nothing but a comma between.
/// Says no of any other, which is then read as JSON.
fn split_plain<'a>(line: &'a str, cells: &mut Vec<Cell<'a>>) -> bool {
    cells.clear();
    let Some(mut rest) = line.strip_prefix("[\"") else { return false };
    // A text ends at the first quotation mark, unless an escape comes before.
    while let Some(end) = memchr::memchr2(b'"', b'\\', rest.as_bytes()) {
        cells.push(Cell(Cow::Borrowed(&rest[..end])));
        match rest[end..].strip_prefix("\",\"") {
            Some(next) => rest = next,
            None => return &rest[end..] == "\"]",
        }
    }
    false
}

impl Release {
    /// Reads a release from its tables as comma-separated files, by name. A table may be absent.
    ///
    /// # Errors
    /// The first row that cannot be read.
    pub fn read_tables(header: ReleaseHeader, files: &[(&str, &str)]) -> Result<Self, DataError> {
        let mut release = Self::empty(header);
        for (name, text) in files {
            let Some(table) = TABLES.iter().find(|table| table.name == *name) else {
                let message = "this is no table of a release".into();
                return Err(DataError { file: (*name).into(), line: 0, message });
            };
            for row in crate::catalog::table::rows(name, text, table.columns)? {
                rows::read(&mut release, name, &row?)?;
            }
        }
        Ok(release)
    }

    /// Writes the tables as comma-separated files, by name; one without rows has its header only.
    pub fn write_tables(&self) -> Vec<(&'static str, String)> {
        let mut files: Vec<(&'static str, csv::Writer<Vec<u8>>)> = TABLES
            .iter()
            .map(|table| {
                let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
                // Writing into memory does not fail.
                let _ = writer.write_record(table.columns);
                (table.name, writer)
            })
            .collect();
        rows::write(self, |table, cells| {
            if let Some((_, writer)) = files.iter_mut().find(|(name, _)| *name == table.name) {
                let _ = writer.write_record(cells);
            }
        });
        let text = |writer: csv::Writer<Vec<u8>>| {
            String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
        };
        files.into_iter().map(|(name, writer)| (name, text(writer))).collect()
    }
}

/// Bytes in hexadecimal, lower case.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::release::{Descriptors, Overlay, ReleaseKind};
    use crate::catalog::{Catalog, CodeFlag, CodeFlags};
    use crate::domain::code::HcpcsCode;

    #[test]
    fn a_release_survives_as_a_bundle_and_as_tables() {
        let release = Release::embedded();
        let bundle = Bundle::write(release);
        let again = Bundle::verify(bundle.bytes().to_vec()).and_then(|bundle| bundle.read());
        assert_eq!(again.as_ref(), Ok(release));
        let files = release.write_tables();
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        assert_eq!(Release::read_tables(release.header.clone(), &files).as_ref(), Ok(release));
    }

    #[test]
    fn a_row_that_is_split_is_one_that_json_reads_as_well() {
        for (line, is_plain) in [
            (r#"["codes","J0120","","naïve"]"#, true),
            (r#"["codes"]"#, true),
            (r#"["","",""]"#, true),
            (r#"["codes", "J0120"]"#, false),
            (r#"["codes","5\" tube"]"#, false),
            (r#"["codes","J0120""#, false),
            (r#"["codes","J0120"] "#, false),
            (r#"["codes",["J0120"]]"#, false),
            ("[]", false),
        ] {
            let mut cells = Vec::new();
            assert_eq!(split_plain(line, &mut cells), is_plain, "{line}");
            let texts = |cells: &[Cell<'_>]| cells.iter().map(|cell| cell.0.to_string()).collect::<Vec<_>>();
            if is_plain {
                let read: Vec<Cell<'_>> = serde_json::from_str(line).expect("JSON");
                assert_eq!(texts(&cells), texts(&read), "{line}");
            }
        }
    }

    #[test]
    fn a_catalog_lets_go_of_the_bundles_it_was_read_from() {
        let quarter = "2030Q1".parse().expect("a quarter");
        let header = ReleaseHeader::new(ReleaseKind::Hcpcs, quarter, "posting.txt", "aaaaaaaaaaaa");
        let mut posting = Release { header, ..Release::read_embedded() };
        for version in &mut posting.codes {
            // Another version of each code, which shares its brands with the one before.
            version.flags = CodeFlags::NONE.with(CodeFlag::Inhaled);
            let (code, long, short) = (version.code, "our wording".into(), "ours".into());
            posting.descriptors.push(Descriptors { code, long, short });
        }
        let bundles = [Release::embedded(), &posting].map(Bundle::write);
        let releases = bundles.each_ref().map(|bundle| bundle.read().expect("a release"));
        assert!(bundles.iter().all(|bundle| Arc::strong_count(&bundle.text) > 1_000));
        let catalog = Catalog::merge(&releases, Overlay::embedded());
        drop(releases);
        assert_eq!(bundles.each_ref().map(|bundle| Arc::strong_count(&bundle.text)), [1, 1]);
        let version = &catalog.codes.get(&HcpcsCode::of("J9312")).expect("a code")[0];
        assert_eq!((version.long_descriptor.as_deref(), &*version.name), (Some("our wording"), "rituximab"));
    }

    #[test]
    fn the_place_of_an_export_is_told_and_guarded_and_no_part_of_the_bundle() {
        let bundle = Bundle::write(&Release::empty(Release::embedded().header.clone()));
        let stored = "2026-11-15T06:20:00Z".parse().expect("a time");
        for active in [true, false] {
            let place = Place { stored, active };
            let placed = bundle.placed(place).into_bytes();
            let read = Bundle::verify(placed.clone()).expect("a bundle");
            assert_eq!((read.bytes(), read.place()), (bundle.bytes(), Some(place)));
            for at in 0..placed.len() {
                let mut damaged = placed.clone();
                damaged[at] ^= 1;
                let found = Bundle::verify(damaged);
                // The letters of a time may be small ones.
                assert!(found.is_err() || found.as_ref() == Ok(&read), "byte {at}: {found:?}");
            }
        }
        assert_eq!(bundle.place(), None);
    }

    #[test]
    fn damage_is_noticed() {
        let bytes = Bundle::write(&Release::empty(Release::embedded().header.clone())).bytes().to_vec();
        assert!(Bundle::verify(bytes.clone()).is_ok());
        for length in 0..bytes.len() {
            assert!(Bundle::verify(bytes[..length].to_vec()).is_err(), "cut to {length} bytes");
        }
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert!(Bundle::verify(damaged).is_err(), "byte {at}");
        }
    }
}
