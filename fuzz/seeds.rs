//! Writes the first inputs of every target under `fuzz/corpus`: our own samples, and with a folder of CMS files the
//! heads of those.

use std::fs;
use std::path::{Path, PathBuf};

use infusion_coder::catalog::release::{Bundle, Release, ReleaseHeader, ReleaseKind};
use infusion_coder::cms::hcpcs;
use infusion_coder::server::{json, pb};
use infusion_coder::updater::replica::shipment::Shipment;
use infusion_coder::updater::settings::{FeedId, Settings};
use infusion_coder::updater::unpack::unpack;
use infusion_coder_fuzz::xlsx;
use prost::Message;

#[path = "../tests/cms/samples.rs"]
mod samples;

/// Bytes of a CMS file that make one input.
const HEAD_BYTES: usize = 4_000;

fn main() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let corpus = Corpus(project.join("fuzz/corpus"));
    tables(&corpus);
    workbooks(&corpus);
    releases(&corpus);
    texts(&corpus);
    visits(&corpus, &project);
    policies(&corpus, &project);
    if let Some(folder) = std::env::args().nth(1).filter(|folder| !folder.is_empty()) {
        heads(&corpus, Path::new(&folder));
    }
}

struct Corpus(PathBuf);

impl Corpus {
    fn add(&self, target: &str, name: &str, bytes: impl AsRef<[u8]>) {
        let folder = self.0.join(target);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join(format!("seed-{name}")), bytes).expect("a file");
    }

    /// An input behind the byte that picks its form.
    fn add_form(&self, target: &str, name: &str, form: u8, bytes: &[u8]) {
        self.add(target, &format!("{name}-{form}"), [&[form], bytes].concat());
    }
}

/// Each sample for each parser of tables: a header that is not its own is an input too.
fn tables(corpus: &Corpus) {
    corpus.add("hcpcs_text", "sample", samples::CODES);
    for (number, sample) in samples::TABLES.iter().enumerate() {
        for form in 0..11 {
            corpus.add_form("tables", &number.to_string(), form, sample.as_bytes());
        }
    }
}

fn workbooks(corpus: &Corpus) {
    let sheet = "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"inlineStr\"><is><t>SEQNUM</t></is></c>\
                 <c r=\"C1\"><v>1.5</v></c></row><row r=\"2\"><c r=\"A2\" t=\"s\"><v>1</v></c></row></sheetData></worksheet>";
    let texts = "<sst uniqueCount=\"2\"><si><t>HCPC</t></si><si><r><t>J93</t></r><r><t>12</t></r></si></sst>";
    corpus.add_form("workbook", "parts", 1, [sheet, "\0", texts].concat().as_bytes());
    let file = xlsx(sheet.as_bytes(), texts.as_bytes());
    corpus.add_form("workbook", "file", 0, &file);
    corpus.add("unpack", "workbook", &file);
    let record =
        |kind: u16, data: &[u8]| [&kind.to_le_bytes()[..], &(data.len() as u16).to_le_bytes(), data].concat();
    let globals = [
        record(0x0809, b"\0\x06\x05\0"),
        record(0x0085, b"\x40\0\0\0\0\0\x01\0A"),
        record(0x00FC, b"\x02\0\0\0\x02\0\0\0\x04\0\0HCPC\x01\0\x01J\0"),
        record(0x000A, b""),
    ];
    let mut stream = globals.concat();
    stream.resize(0x40, 0);
    stream.extend(record(0x0809, b"\0\x06\x10\0"));
    stream.extend(record(0x00FD, b"\0\0\0\0\0\0\0\0\0\0"));
    stream.extend(record(0x0203, b"\x01\0\0\0\0\0\0\0\0\0\0\0\xF0\x3F"));
    stream.extend(record(0x00BD, b"\x01\0\x01\0\0\0\x06\0\0\0\0\0\x0A\0\0\0\x02\0"));
    stream.extend(record(0x000A, b""));
    corpus.add_form("workbook", "records", 2, &stream);
}

/// A few rows of each table of the embedded release, as a bundle and in a shipment, without their digests.
fn releases(corpus: &Corpus) {
    let embedded = Release::embedded();
    let quarter = "2025Q4".parse().expect("a quarter");
    let mut release =
        Release::empty(ReleaseHeader::new(ReleaseKind::Hcpcs, quarter, "file", "aaaaaaaaaaaaaaaa"));
    release.codes = embedded.codes.iter().step_by(900).cloned().collect();
    release.ndcs = embedded.ndcs.iter().take(2).cloned().collect();
    release.limits.quarters = embedded.limits.quarters.clone();
    release.limits.rows = embedded.limits.rows.iter().take(2).cloned().collect();
    release.pairs.quarters = embedded.pairs.quarters.clone();
    release.pairs.rows = embedded.pairs.rows.iter().take(2).cloned().collect();
    let bundle = Bundle::write(&release);
    corpus.add_form("bundle", "whole", 0, bundle.bytes());
    corpus.add_form("bundle", "rows", 1, without_digest(bundle.bytes()));
    let shipment = Shipment::pack(&[(release.header.id.to_string(), bundle)]);
    corpus.add_form("bundle", "shipment", 2, without_digest(shipment.bytes()));
    let pointer = serde_json::to_vec(&shipment.pointer().expect("a pointer")).expect("its text");
    corpus.add_form("bundle", "pointer", 3, &pointer);
}

/// All lines but the last, without the end of the line before it.
fn without_digest(bytes: &[u8]) -> &[u8] {
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let end = body.iter().rposition(|byte| *byte == b'\n').unwrap_or(body.len());
    &body[..end]
}

fn texts(corpus: &Corpus) {
    for (number, text) in [
        "J9312",
        "JW",
        "50242-0051-21",
        "50242005121",
        "5024205121",
        "2025-11-03",
        "2025-11-03T09:40",
        "2025-11-03T09:40:00-06:00",
        "America/Chicago",
        "705.5 mg",
        "0.000000001 [iU]",
        "2026Q3",
        "HCPC2026_OCT_ANWEB_v3.xlsx",
        "rituximab",
        "pembrolizumab biosimilar",
        "filgrastm",
    ]
    .iter()
    .enumerate()
    {
        corpus.add("words", &number.to_string(), text);
        corpus.add("search", &number.to_string(), text);
    }
    for (number, text) in [
        "Injection, rituximab, 10 mg",
        "Injection, interferon beta-1a, 1 mcg for intramuscular use",
        "Injection, factor viii, per i.u., up to 1,000 units",
        "Technetium tc-99m sestamibi, diagnostic, per study dose, up to 40 millicuries",
        "Infusion, 5% dextrose/normal saline (500 ml = 1 unit)",
        "Injection, imipenem 4 mg, cilastatin 4 mg and relebactam 2 mg, not therapeutically equivalent to j0743, 10 mg",
    ]
    .iter()
    .enumerate()
    {
        corpus.add("descriptor", &number.to_string(), text);
    }
    corpus.add("page", "links", "<a href=\"/files/zip/october-2025-alpha-numeric-hcpcs-file.zip\" title=\"x\">October 2025</a><item>https://www.cms.gov/a/2019-Alpha-Numeric-HCPCS-File.html</item>");
    corpus.add("claims", "professional", "ISA*00*          *00*          *ZZ*CLINIC         *ZZ*PAYER          *251104*0900*^*00501*000000001*0*T*:~ST*837*0001*005010X222A1~CLM*A*9*** 11:B:1~HI*ABK:C8330~LX*1~SV1*HC:J9312:JZ*8000*UN*71***1~DTP*472*RD8*20251103-20251103~NTE*ADD*WEEK 3~LIN**N4*50242005306~CTP****70.5*ML~SE*20*0001~");
    corpus.add("claims", "institutional", "ST|837|1|005010X223A2!CLM|A|1|||13>A>1!LX|2!SV2|0636|HC>J1745>JW|12.34|UN|5!DTP|472|D8|20251103!SE|9|1!");
    corpus.add("claims", "lines", "LX*1~SV1*HC:96413*200.5*UN*1***1~");
}

fn visits(corpus: &Corpus, project: &Path) {
    for path in files(&project.join("examples")) {
        let name = stem(&path);
        let text = fs::read_to_string(&path).expect("an example");
        corpus.add("request_json", &name, &text);
        let request = json::read_request(&text).expect("an example is a request");
        let message = request.encode_to_vec();
        corpus.add("convert", &name, &message);
        corpus.add_form("engine", &name, 0, &message);
        let claim = pb::AuditClaimRequest {
            encounter: request.encounter.clone(),
            ..pb::AuditClaimRequest::default()
        };
        corpus.add_form("engine", &name, 2, &claim.encode_to_vec());
        let drugs =
            request.encounter.into_iter().flat_map(|visit| visit.administrations).flat_map(|it| it.drugs);
        for (number, drug) in drugs.enumerate() {
            let alone = pb::CalculateDrugLinesRequest {
                drug: Some(drug),
                service_date: "2025-11-03".into(),
                payer: "medicare".into(),
                ..pb::CalculateDrugLinesRequest::default()
            };
            corpus.add_form("engine", &format!("{name}-{number}"), 1, &alone.encode_to_vec());
        }
    }
    for path in files(&project.join("examples/fhir")) {
        corpus.add("fhir", &stem(&path), fs::read(&path).expect("an example"));
    }
}

fn policies(corpus: &Corpus, project: &Path) {
    let catalog = project.join("catalog");
    for path in files(&catalog.join("payers")) {
        corpus.add_form("policy", &stem(&path), b'0', &fs::read(&path).expect("a payer"));
    }
    for (form, path) in [(b'1', "params/limits.toml"), (b'2', "citations.toml"), (b'3', "updater.toml")] {
        corpus.add_form("policy", "file", form, &fs::read(catalog.join(path)).expect("a file"));
    }
}

/// The first bytes of every table and of every list of codes, archives opened.
fn heads(corpus: &Corpus, folder: &Path) {
    for path in ["asp", "ncci", "opps"].iter().flat_map(|part| files(&folder.join(part))) {
        let bytes = fs::read(&path).expect("a table");
        for form in 0..11 {
            corpus.add_form("tables", &stem(&path), form, &bytes[..bytes.len().min(HEAD_BYTES)]);
        }
    }
    let settings = Settings::embedded();
    let feed = settings.feed(FeedId::Hcpcs).expect("the embedded settings name it");
    for path in files(&folder.join("hcpcs")) {
        let bytes = fs::read(&path).expect("a list of codes");
        for member in unpack(&bytes, feed, None, settings.unpack).unwrap_or_default() {
            if !member.name.ends_with(".txt") {
                continue;
            }
            let middle = member.bytes.len() / 2;
            corpus.add("hcpcs_text", &stem(&path), &member.bytes[..member.bytes.len().min(HEAD_BYTES)]);
            corpus.add(
                "hcpcs_text",
                &format!("{}-middle", stem(&path)),
                &member.bytes[middle..member.bytes.len().min(middle + HEAD_BYTES)],
            );
        }
        let release = hcpcs::parse(&bytes).unwrap_or_default();
        for row in release.codes.iter().filter(|row| "JQ".contains(row.code.family())).step_by(5) {
            corpus.add("descriptor", row.code.as_str(), &row.details.long_description);
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file()).collect()
}

fn stem(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}
