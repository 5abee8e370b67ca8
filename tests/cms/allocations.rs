//! No parser takes more memory than its stated limit, whatever a file holds or claims.
//!
//! The counts are of the thread that parses, so other tests do not disturb them.

use std::io::{Cursor, Write};
use std::sync::LazyLock;

use allocation_counter::measure;
use infusion_coder::catalog::release::{Bundle, BundleError};
use infusion_coder::cms::recognise::{kind_of, read};
use infusion_coder::cms::text::TEXT_BYTES_MAX;
use infusion_coder::cms::workbook::SHEET_TEXT_BYTES_MAX;
use infusion_coder::cms::{
    FileError, PARSE_BYTES_MAX, add_ons, addendum_b, asp, corrections, hcpcs, mue, ndc_crosswalk, noc, pairs,
};
use infusion_coder::updater::replica::shipment::Shipment;
use infusion_coder::updater::settings::{FeedId, Settings};
use infusion_coder::updater::unpack::{UnpackError, unpack, unpack_all};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

use super::samples::{CODES, TABLES};

static SETTINGS: LazyLock<Settings> = LazyLock::new(Settings::embedded);

/// Memory for a file of a few kilobytes: its buffers and what a small archive unpacks to.
const SMALL_FILE_BYTES_MAX: u64 = 8 << 20;

type Parser = fn(&[u8]) -> Result<(), FileError>;

/// Every parser of a CMS file.
const PARSERS: &[(&str, Parser)] = &[
    ("kind", |bytes| kind_of(bytes).map(drop)),
    ("any", |bytes| read(bytes).map(drop)),
    ("hcpcs text", |bytes| hcpcs::parse_text(bytes).map(drop)),
    ("hcpcs sheet", |bytes| hcpcs::parse_sheet(bytes).map(drop)),
    ("asp", |bytes| asp::parse(bytes).map(drop)),
    ("crosswalk", |bytes| ndc_crosswalk::parse(bytes).map(drop)),
    ("mue", |bytes| mue::parse(bytes).map(drop)),
    ("pairs", |bytes| pairs::parse(bytes).map(drop)),
    ("add-ons", |bytes| add_ons::parse(bytes).map(drop)),
    ("addendum b", |bytes| addendum_b::parse(bytes).map(drop)),
    ("corrections", |bytes| corrections::parse(bytes).map(drop)),
    ("noc codes", |bytes| noc::parse_codes(bytes).map(drop)),
    ("noc prices", |bytes| noc::parse_prices(bytes).map(drop)),
    ("noc packages", |bytes| noc::parse_packages(bytes).map(drop)),
];

/// The most memory that a parser held at once, and what it said.
fn peak(parser: Parser, bytes: &[u8]) -> (u64, Result<(), FileError>) {
    let mut said = Ok(());
    let peak = measure(|| said = parser(bytes)).bytes_max;
    (peak, said)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_small_file_takes_little_memory(
        head in prop::sample::select([TABLES, &[CODES, "PK\u{3}\u{4}"]].concat()),
        tail in prop::collection::vec(any::<u8>(), 0..3_000),
    ) {
        let bytes = [head.as_bytes(), &tail].concat();
        for (name, parser) in PARSERS {
            let (peak, _) = peak(*parser, &bytes);
            prop_assert!(peak < SMALL_FILE_BYTES_MAX, "{name}: {peak}");
        }
    }
}

fn archive(members: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        let options = SimpleFileOptions::default().compression_method(method).compression_level(None);
        archive.start_file(*name, options).expect("a member");
        archive.write_all(content).expect("its content");
    }
    archive.finish().expect("an archive").into_inner()
}

/// A workbook whose worksheet and shared texts are these bytes.
fn workbook(sheet: &[u8], texts: &[u8]) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    book.add_worksheet().write(0, 0, "HCPC").expect("a cell");
    let whole = book.save_to_buffer().expect("a workbook");
    let mut parts = zip::ZipArchive::new(Cursor::new(&whole)).expect("an archive");
    let names: Vec<String> = (0..parts.len())
        .map(|at| parts.by_index(at).expect("a member").name().expect("a name").into_owned())
        .collect();
    let kept: Vec<(String, Vec<u8>)> = names
        .into_iter()
        .map(|name| {
            let content = match name.as_str() {
                "xl/worksheets/sheet1.xml" => sheet.to_vec(),
                "xl/sharedStrings.xml" => texts.to_vec(),
                other => super::member_of(&whole, other),
            };
            (name, content)
        })
        .collect();
    let members: Vec<(&str, &[u8])> =
        kept.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect();
    archive(&members, CompressionMethod::Deflated)
}

/// A text of about so many bytes.
fn repeated(head: &str, part: &str, bytes: usize) -> Vec<u8> {
    [head.as_bytes(), &part.as_bytes().repeat(bytes / part.len())].concat()
}

const MEGABYTE: usize = 1 << 20;

#[test]
fn texts_made_to_take_memory_stay_within_the_limit() {
    let full = TEXT_BYTES_MAX - MEGABYTE;
    let header = "HCPCS,LONG DESCRIPTION,ADD DATE,TERM DATE\n";
    let inputs: &[(&str, Vec<u8>, Option<FileError>)] = &[
        ("a text too long", vec![b'x'; TEXT_BYTES_MAX + 1], None),
        ("one line", repeated(header, "x", full), None),
        ("one line in another encoding", [header.as_bytes(), &vec![0xFF; full]].concat(), None),
        ("cells without end", repeated(header, ",", full), None),
        ("quotes that open again and again", repeated(header, "\"x\n", 4 * MEGABYTE), None),
        ("cells and line ends inside quotes", repeated(header, ",,,,,,,,\"\n\"", 8 * MEGABYTE), None),
        (
            "the shortest rows",
            repeated(header, "J1000,,,\n", 12 * MEGABYTE),
            Some(FileError::TooManyRows(1_000_000)),
        ),
        ("the shortest records", repeated("", "J1000001003\nJ1000002004x\n", 4 * MEGABYTE), None),
    ];
    for (what, bytes, expected) in inputs {
        for (name, parser) in PARSERS.iter().filter(|(name, _)| ["hcpcs text", "noc codes"].contains(name)) {
            let (peak, said) = peak(*parser, bytes);
            assert!(peak <= PARSE_BYTES_MAX as u64, "{what}, {name}: {peak}");
            if let (Some(expected), "noc codes") = (expected, *name) {
                assert_eq!(said.as_ref().err(), Some(expected), "{what}");
            }
        }
    }
}

#[test]
fn workbooks_made_to_take_memory_stay_within_the_limit() {
    let cells = |cell: &str, count: usize| {
        format!("<worksheet><sheetData><row r=\"1\">{}", cell.repeat(count)).into_bytes()
    };
    let long = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(8 * MEGABYTE)).into_bytes();
    let nested = ["<worksheet>", &"<a>".repeat(1_000_000)].concat().into_bytes();
    let shared = "<c r=\"A1\" t=\"s\"><v>0</v></c>";
    let inputs: &[(&str, Vec<u8>, Option<FileError>)] = &[
        (
            "one text in many cells",
            workbook(&cells(shared, 100), &long),
            Some(FileError::TooMuchText(SHEET_TEXT_BYTES_MAX)),
        ),
        ("elements in elements", workbook(&nested, b"<sst/>"), None),
        (
            "texts beyond number",
            workbook(&cells(shared, 1), &repeated("<sst>", "<si><t>x</t></si>", 8 * MEGABYTE)),
            None,
        ),
        ("a claim of texts", workbook(&cells(shared, 1), b"<sst uniqueCount=\"4000000000\"></sst>"), None),
        (
            "a member that swells",
            archive(
                &[("[Content_Types].xml", b""), ("x", &vec![0; 80 * MEGABYTE])],
                CompressionMethod::Deflated,
            ),
            None,
        ),
        ("cells far to the right", workbook(&cells("<c r=\"XFD1\"><v>1</v></c>", 100_000), b"<sst/>"), None),
        (
            "the last row",
            workbook(&cells("<c r=\"A1048576\"><v>1</v></c>", 2), b"<sst/>"),
            Some(FileError::TooManyRows(1_000_000)),
        ),
        ("a row beyond any", workbook(&cells("<c r=\"A4294967295\"><v>1</v></c>", 2), b"<sst/>"), None),
    ];
    for (what, bytes, expected) in inputs {
        for (name, parser) in PARSERS.iter().filter(|(name, _)| ["any", "hcpcs sheet"].contains(name)) {
            let (peak, said) = peak(*parser, bytes);
            assert!(peak <= PARSE_BYTES_MAX as u64, "{what}, {name}: {peak}");
            assert!(said.is_err(), "{what}, {name}");
            if let (Some(expected), "hcpcs sheet") = (expected, *name) {
                assert_eq!(said.as_ref().err(), Some(expected), "{what}");
            }
        }
    }
}

#[test]
fn archives_that_swell_are_refused_before_they_do() {
    let bomb =
        archive(&[("HCPC2031_JAN_ANWEB.txt", &vec![b'0'; 80 * MEGABYTE])], CompressionMethod::Deflated);
    let feed = SETTINGS.feed(FeedId::Hcpcs).expect("the embedded settings name it");
    let mut said: Vec<Option<UnpackError>> = Vec::new();
    let peak = measure(|| {
        said.push(unpack(&bomb, feed, None, SETTINGS.unpack).err());
        said.push(unpack_all(&bomb, SETTINGS.unpack).err());
    });
    assert!(said.iter().all(Option::is_some), "{said:?}");
    assert!(peak.bytes_max < SMALL_FILE_BYTES_MAX, "{}", peak.bytes_max);
}

/// The lines with that of their digest.
fn sealed(lines: &str) -> Vec<u8> {
    let digest: String = Sha256::digest(lines).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{lines}{{\"sha256\":\"{digest}\"}}\n").into_bytes()
}

#[test]
fn bundles_that_claim_much_take_little() {
    let parts = "{\"id\":\"\",\"bytes\":18446744073709551615},".repeat(100_000);
    let header = format!(
        "{{\"format\":\"infusion-coder catalog 1\",\"releases\":[{}]}}\n",
        parts.trim_end_matches(',')
    );
    let shipment = Shipment::verify(sealed(&header)).expect("the digest matches");
    let mut refused = false;
    let peak = measure(|| refused = shipment.releases().is_err());
    assert!(refused && peak.bytes_max < SMALL_FILE_BYTES_MAX, "{}", peak.bytes_max);
    let nested = sealed(&format!("{}\n", "[".repeat(4 * MEGABYTE)));
    let mut said = None;
    let peak = measure(|| said = Bundle::verify(nested).err());
    assert_eq!(said, Some(BundleError::NoHeader));
    assert!(peak.bytes_max < SMALL_FILE_BYTES_MAX, "{}", peak.bytes_max);
}
