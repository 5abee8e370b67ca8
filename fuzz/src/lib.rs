//! Containers around what is fuzzed, so that its bytes are reached without guessing check sums and tables.

use std::io::{Cursor, Write};

use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

const CONTENT_TYPES: &str = r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/></Types>"#;
const RELATIONS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const WORKBOOK: &str = r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const WORKBOOK_RELATIONS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#;

/// An `.xlsx` of one worksheet with these two members.
pub fn xlsx(sheet: &[u8], texts: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, content) in [
        ("[Content_Types].xml", CONTENT_TYPES.as_bytes()),
        ("_rels/.rels", RELATIONS.as_bytes()),
        ("xl/workbook.xml", WORKBOOK.as_bytes()),
        ("xl/_rels/workbook.xml.rels", WORKBOOK_RELATIONS.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet),
        ("xl/sharedStrings.xml", texts),
    ] {
        archive.start_file(name, stored).expect("a member");
        archive.write_all(content).expect("its content");
    }
    archive.finish().expect("an archive").into_inner()
}

const SECTOR: usize = 512;
/// Marks of the table of following sectors.
const END_OF_CHAIN: u32 = 0xFFFF_FFFE;
const FREE: u32 = 0xFFFF_FFFF;
const OF_THE_TABLE: u32 = 0xFFFF_FFFD;
/// Streams below this size would live in another place.
const STREAM_MIN: usize = 4096;

/// An `.xls`: a compound file whose one stream is a workbook of these records.
pub fn compound_file(records: &[u8]) -> Vec<u8> {
    let size = records.len().max(STREAM_MIN);
    let sectors = size.div_ceil(SECTOR);
    // The directory is sector 0, the stream follows, and the table comes last.
    let tables = (sectors + 2).div_ceil(SECTOR / 4 - 1);
    let mut next: Vec<u32> = vec![END_OF_CHAIN];
    next.extend((1..=sectors).map(|at| if at == sectors { END_OF_CHAIN } else { at as u32 + 1 }));
    next.extend(std::iter::repeat_n(OF_THE_TABLE, tables));
    next.resize(tables * SECTOR / 4, FREE);
    let mut file = header(sectors + 1, tables);
    file.extend(directory(size));
    file.extend(records);
    file.resize(SECTOR * (sectors + 2), 0);
    file.extend(next.iter().flat_map(|sector| sector.to_le_bytes()));
    file
}

fn header(first_table: usize, tables: usize) -> Vec<u8> {
    let mut header = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    header.resize(SECTOR, 0xFF);
    header[30..32].copy_from_slice(&9_u16.to_le_bytes());
    header[48..52].copy_from_slice(&0_u32.to_le_bytes());
    header[68..72].copy_from_slice(&END_OF_CHAIN.to_le_bytes());
    for (place, table) in header[76..].chunks_exact_mut(4).zip(first_table..first_table + tables) {
        place.copy_from_slice(&(table as u32).to_le_bytes());
    }
    header
}

fn directory(size: usize) -> Vec<u8> {
    let mut entry = vec![0; SECTOR];
    for (place, unit) in entry.chunks_exact_mut(2).zip("Workbook".encode_utf16()) {
        place.copy_from_slice(&unit.to_le_bytes());
    }
    entry[116..120].copy_from_slice(&1_u32.to_le_bytes());
    entry[120..128].copy_from_slice(&(size as u64).to_le_bytes());
    entry
}
