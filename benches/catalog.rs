//! The catalog: a look-up, the import of one quarter from bytes to the swapped snapshot, and the opening of a
//! store of four releases. `cargo bench --bench catalog`; times and peaks of memory are printed by divan.
//!
//! The quarter is made here in the layout of the real file, with as many codes, since no CMS text is in the project.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use divan::{AllocProfiler, Bencher, black_box};
use infusion_coder::catalog::compose::{self, Readings};
use infusion_coder::catalog::release::{Release, ReleaseHeader, ReleaseKind};
use infusion_coder::catalog::store::Library;
use infusion_coder::catalog::{Catalog, CodeVersion};
use infusion_coder::cms::recognise::read;
use infusion_coder::domain::code::HcpcsCode;
use infusion_coder::domain::quarter::Quarter;
use infusion_coder::domain::time::date;
use tempfile::TempDir;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

/// Codes of the file of April 2026, and lines of text that each has there on average.
const CODES: usize = 9_068;

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 200)]
fn look_up(bencher: Bencher) {
    let catalog = Catalog::embedded();
    let mut codes: Vec<HcpcsCode> = catalog.codes.keys().copied().collect();
    codes.sort_unstable();
    let day = date(2025, 11, 3);
    let mut next = (0..codes.len()).cycle().step_by(97);
    bencher.bench_local(|| {
        let code = codes[next.next().unwrap_or(0)];
        black_box(catalog.lookup(black_box(code), day).version().map(|version| version.effective))
    });
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn import_one_quarter(bencher: Bencher) {
    let text = quarter_as_text();
    let prepare = || {
        let folder = TempDir::new().expect("a folder");
        let (library, _) = Library::open(folder.path()).expect("a library");
        (folder, library)
    };
    bencher.with_inputs(prepare).bench_local_values(|(folder, library)| {
        let release = release_of(&text, "2026Q2", "aaaaaaaa");
        library.store().expect("a store").put(&release).expect("stored and read back");
        let catalog = library.reload().expect("swapped");
        (folder, library, catalog)
    });
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn open_four_releases(bencher: Bencher) {
    let text = quarter_as_text();
    let prepared = TempDir::new().expect("a folder");
    {
        let (library, _) = Library::open(prepared.path()).expect("a library");
        for (quarter, digest) in
            [("2025Q3", "aaaa"), ("2025Q4", "bbbb"), ("2026Q1", "cccc"), ("2026Q2", "dddd")]
        {
            library.store().expect("a store").put(&release_of(&text, quarter, digest)).expect("stored");
        }
    }
    let copy = || {
        let folder = TempDir::new().expect("a folder");
        copy_folder(prepared.path(), folder.path());
        folder
    };
    bencher.with_inputs(copy).bench_local_values(|folder| {
        let (library, _) = Library::open(folder.path()).expect("a library");
        (folder, library)
    });
}

fn release_of(text: &str, quarter: &str, digest: &str) -> Release {
    let quarter: Quarter = quarter.parse().expect("a quarter");
    let header = ReleaseHeader::new(ReleaseKind::Hcpcs, quarter, "quarter.txt", digest);
    let file = read(text.as_bytes()).expect("a file of codes");
    assert_eq!(file.counts()[0].1, CODES);
    compose::release(header, None, &file, &Readings::embedded()).expect("a release")
}

/// The fixed-width text: the drug codes that are embedded, and made-up supplies up to the number of a real file.
fn quarter_as_text() -> String {
    let mut known: Vec<&CodeVersion> = Release::embedded().codes.iter().collect();
    known.dedup_by_key(|version| version.code);
    let drugs = known.iter().map(|version| {
        let unit = version.billing_unit().map_or_else(String::new, |unit| format!(", {}", unit.quantity));
        (version.code.to_string(), format!("Injection, {}{unit}", version.name))
    });
    let supplies = (0..CODES - known.len()).map(|number| {
        let code = format!("{}{:04}", char::from(b'E' + (number / 9_000) as u8), number % 9_000);
        (
            code,
            "A supply of our own making with a long description for the second line of the text".to_owned(),
        )
    });
    let mut codes: Vec<(String, String)> = drugs.chain(supplies).collect();
    codes.sort();
    let mut text = String::new();
    for (code, description) in codes {
        let first: String = description.chars().take(80).collect();
        let head = format!("{code}001003{first:<80}{:<28}51", "Short");
        let dated = format!("{:<268}2019010120190101        N", format!("{head:<256}O1E 1P"));
        let _ = writeln!(text, "{dated:<320}\r");
        let _ = writeln!(text, "{code}002004{:<80}\r", "and a continuation");
    }
    text
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
