//! The compound file that an `.xls` is: a small file system, of which one stream is read.
//!
//! Read here rather than by the spreadsheet library, whose reader of old workbooks trusts their claims:
//! every allocation below is bounded by the size of the file.

use super::unreadable;
use crate::cms::problem::FileError;

const MAGIC: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
const HEADER_BYTES: usize = 512;
/// Numbers from here on mark ends and gaps and are no sectors.
const SPECIAL_SECTORS_FROM: u32 = 0xFFFF_FFFA;
const DIRECTORY_ENTRY_BYTES: usize = 128;
/// Streams below this size live in another place; no CMS workbook is that small.
const SMALL_STREAM_BYTES: u64 = 4096;
/// Names of the stream that holds the workbook, the newer first.
const WORKBOOK_NAMES: [&str; 2] = ["Workbook", "Book"];

/// Whether the bytes begin as a compound file does.
pub(super) fn is_compound(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// The stream of the workbook.
pub(super) fn workbook_stream(bytes: &[u8]) -> Result<Vec<u8>, FileError> {
    let file = Compound::open(bytes).ok_or_else(|| unreadable("its header is damaged"))?;
    let directory = file.chain(file.directory);
    let entries = || directory.chunks_exact(DIRECTORY_ENTRY_BYTES);
    let entry = WORKBOOK_NAMES
        .iter()
        .find_map(|name| entries().find(|entry| name_of(entry) == *name))
        .ok_or_else(|| unreadable("it holds no workbook"))?;
    let size = u64_at(entry, 120).unwrap_or(0) & 0xFFFF_FFFF;
    if size < SMALL_STREAM_BYTES {
        return Err(unreadable("its workbook is smaller than any of CMS"));
    }
    let mut stream = file.chain(u32_at(entry, 116).unwrap_or(SPECIAL_SECTORS_FROM));
    if (stream.len() as u64) < size {
        return Err(unreadable("its workbook is cut short"));
    }
    stream.truncate(usize::try_from(size).unwrap_or(usize::MAX));
    Ok(stream)
}

struct Compound<'a> {
    bytes: &'a [u8],
    sector_bytes: usize,
    /// The sector that follows each sector.
    next: Vec<u32>,
    directory: u32,
}

impl<'a> Compound<'a> {
    fn open(bytes: &'a [u8]) -> Option<Self> {
        let header = bytes.get(..HEADER_BYTES)?;
        let shift = u16_at(header, 30)?;
        let sector_bytes = match shift {
            9 | 12 => 1_usize << shift,
            _ => return None,
        };
        let directory = u32_at(header, 48)?;
        let mut file = Self { bytes, sector_bytes, next: Vec::new(), directory };
        for table in file.table_sectors(header)? {
            let sector = file.sector(table)?;
            file.next.extend(sector.chunks_exact(4).filter_map(|word| u32_at(word, 0)));
        }
        Some(file)
    }

    /// The sectors that hold the table of following sectors: 109 in the header, more in a chain of their own.
    fn table_sectors(&self, header: &[u8]) -> Option<Vec<u32>> {
        let words = |part: &[u8]| part.chunks_exact(4).filter_map(|word| u32_at(word, 0)).collect::<Vec<_>>();
        let mut tables = words(header.get(76..HEADER_BYTES)?);
        let mut more = u32_at(header, 68)?;
        for _ in 0..self.sectors_max() {
            if more >= SPECIAL_SECTORS_FROM {
                break;
            }
            let mut listed = words(self.sector(more)?);
            more = listed.pop()?;
            tables.extend(listed);
        }
        tables.retain(|table| *table < SPECIAL_SECTORS_FROM);
        tables.truncate(self.sectors_max());
        Some(tables)
    }

    /// No chain is longer than the file, so a loop ends there.
    const fn sectors_max(&self) -> usize {
        self.bytes.len() / self.sector_bytes + 1
    }

    fn sector(&self, number: u32) -> Option<&'a [u8]> {
        let start = (usize::try_from(number).ok()?.checked_add(1)?).checked_mul(self.sector_bytes)?;
        let rest = self.bytes.get(start..).filter(|rest| !rest.is_empty())?;
        Some(&rest[..rest.len().min(self.sector_bytes)])
    }

    /// The bytes of a chain of sectors, as far as it is whole.
    fn chain(&self, first: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut at = first;
        for _ in 0..self.sectors_max() {
            let Some(sector) = (at < SPECIAL_SECTORS_FROM).then(|| self.sector(at)).flatten() else { break };
            bytes.extend_from_slice(sector);
            at = self.next.get(at as usize).copied().unwrap_or(SPECIAL_SECTORS_FROM);
        }
        bytes
    }
}

fn name_of(entry: &[u8]) -> String {
    let units = entry[..64].chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    char::decode_utf16(units.take_while(|unit| *unit != 0)).filter_map(Result::ok).collect()
}

/// A little-endian number at a place; nothing beyond the end.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|word| u16::from_le_bytes(*word))
}

/// As above, of four bytes.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|word| u32::from_le_bytes(*word))
}

/// As above, of eight bytes.
pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|word| u64::from_le_bytes(*word))
}
