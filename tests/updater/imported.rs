//! Files imported by hand: which member and which quarter are taken, and what is refused.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::path::PathBuf;

use infusion_coder::updater::history::{self, Deed};
use infusion_coder::updater::settings::{FeedId, Settings};
use infusion_coder::updater::unpack::unpack;
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

use crate::program::program;
use crate::support::anweb::Posting;

const LIMITS: &str = "section 508 version of July 2026 Medicare Part B Payment Limit File 061226.csv";

/// A folder of files and a store.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).expect("written");
        path
    }

    /// Imports a file, and answers whether it was stored and everything that was printed.
    fn import(&self, name: &str, content: impl AsRef<[u8]>, more: &[&str]) -> (bool, String) {
        let path = self.put(name, content);
        self.run(&[&["import", path.to_str().expect("a path")], more].concat())
    }

    /// Runs the program on the store, and answers whether it succeeded and everything that was printed.
    fn run(&self, arguments: &[&str]) -> (bool, String) {
        let mut run = program();
        run.args(arguments).arg("--store").arg(self.0.path().join("store"));
        let done = run.output().expect("the program");
        let text =
            [done.stdout, done.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        (done.status.success(), text)
    }

    fn releases(&self) -> String {
        let mut list = program();
        list.arg("releases").arg("--store").arg(self.0.path().join("store"));
        String::from_utf8_lossy(&list.output().expect("the program").stdout).into_owned()
    }
}

/// A crosswalk in the layout of CMS, of a quarter by its own words, with so many packages.
fn crosswalk(period: &str, packages: usize) -> String {
    let mut text = format!(
        "NDC - HCPCS Crosswalk,,,,,,,,,\n\"     Effective {period}\",,,,,,,,,\n\
         _2026_CODE,Short Description,LABELER NAME,NDC2,Drug Name,HCPCS dosage,PKG SIZE,PKG QTY,BILLUNITS,BILLUNITSPKG\n"
    );
    for number in 0..packages {
        let _ = writeln!(
            text,
            "J{:04},x,Maker,{:05}-0001-01,Brand,1 MG,1,1,10,10",
            number / 10 + 1,
            number + 10_000
        );
    }
    text
}

/// Payment limits in the layout of CMS.
fn limits(period: &str, more: &str) -> String {
    let rows: String = (1..=600).map(|n| format!("J{n:04},x,10 MG,{n}.25,20,\n")).collect();
    format!(
        "Payment Allowance Limits,,,,,\n\"Effective {period}\",,,,,\n\
         HCPCS Code,Short Description,HCPCS Code Dosage,Payment Limit,Co-insurance Percentage,Notes\n{rows}{more}"
    )
}

const THIRD: &str = "July 1, 2026 through September 30, 2026";

fn zip_of(members: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in members {
        writer.start_file(*name, SimpleFileOptions::default()).expect("a member");
        writer.write_all(text.as_bytes()).expect("a text");
    }
    writer.finish().expect("an archive").into_inner()
}

#[test]
fn of_the_crosswalks_of_one_archive_the_one_that_speaks_for_the_quarter_is_taken() {
    let named = |kind: &str, day: &str| {
        format!("folder/section 508 version of July 2026 {kind} NDC-HCPCS Crosswalk {day}.csv")
    };
    let (whole, part) = (crosswalk(THIRD, 3_100), crosswalk(THIRD, 40));
    let names = [
        named("ASP", "061226"),
        named("AWP", "061226"),
        named("OPPS", "062026"),
        named("PrEP", "061226"),
        named("NOC", "063026"),
    ];
    let members: Vec<(&str, &str)> = names
        .iter()
        .enumerate()
        .map(|(at, name)| (name.as_str(), if at == 0 { &*whole } else { &*part }))
        .collect();
    let desk = Desk::new();
    let (done, said) = desk.import("july-2026-asp-ndc-hcpcs-crosswalk.zip", zip_of(&members), &[]);
    assert!(
        done && said.contains("3100 packages") && said.contains("ASP NDC-HCPCS Crosswalk 061226"),
        "{said}"
    );
    let (done, said) = desk.import(names[1].rsplit('/').next().expect("a name"), part.as_bytes(), &[]);
    assert!(!done && said.contains("beside"), "{said}");
    let both = zip_of(&[(LIMITS, &limits(THIRD, "")), (&names[0], &whole), (&names[4], &part)]);
    let (done, said) = desk.import("july-2026-medicare-part-b-payment-limit-files.zip", both, &[]);
    assert!(done && said.contains("600 codes"), "the archive's own name decides: {said}");
}

#[test]
fn the_quarter_that_a_table_states_is_its_quarter() {
    let desk = Desk::new();
    let (done, said) =
        desk.import("section 508 version of Jluy 2026 Payment Limit File.csv", limits(THIRD, ""), &[]);
    assert!(done && said.contains("asp-2026Q3"), "a misspelt month is no January: {said}");
    for (name, more) in [
        (LIMITS, &["--quarter", "2026Q1"][..]),
        ("section 508 version of January 2026 Medicare Part B Payment Limit File 121725.csv", &[]),
    ] {
        let (done, said) = desk.import(name, limits(THIRD, ""), more);
        assert!(!done && said.contains("2026Q1") && said.contains("2026Q3"), "{said}");
    }
    let text = Posting::plausible().text();
    let (done, said) = desk.import("HCPC2024_JUL_ANWEB.txt", &text, &["--quarter", "2026Q1"]);
    assert!(!done && said.contains("2024Q3"), "{said}");
    let (done, said) = desk.import("HCPC2024_JLU_ANWEB.txt", &text, &[]);
    assert!(!done && said.contains("tells no quarter"), "{said}");
    let (done, said) = desk.import("HCPC2024_JLU_ANWEB.txt", &text, &["--quarter", "2024Q3"]);
    assert!(done && said.contains("hcpcs-2024Q3"), "{said}");
    let releases = desk.releases();
    let held = ["asp-2026Q3", "hcpcs-2024Q3", "2026Q1"].map(|id| releases.contains(id));
    assert_eq!(held, [true, true, false], "{releases}");
}

#[test]
fn a_file_that_was_cut_is_refused_and_rows_that_are_lost_are_told() {
    let desk = Desk::new();
    let cut = Posting::plausible().cut(2_000).text();
    let (done, said) = desk.import("HCPC2024_JUL_ANWEB.txt", &cut, &[]);
    assert!(!done && said.contains("code-count") && said.contains("--accept"), "{said}");
    assert!(!desk.releases().contains("2024Q3"));
    let (done, said) = desk.import("HCPC2024_JUL_ANWEB.txt", &cut, &["--accept", "a trial"]);
    assert!(done && said.contains("because a trial"), "{said}");
    let (done, said) =
        desk.import(LIMITS, limits(THIRD, "J9312*,x,10 MG,5,20,\nJ9271,x,1 MG,59.726*,20,\n"), &[]);
    assert!(
        done && said.contains("problems 2") && said.contains("J9312*") && said.contains("59.726*"),
        "{said}"
    );
}

/// Files that `update` refuses are refused: every unit ten times too large, and a part of the codes.
#[test]
fn a_file_unlike_what_is_held_is_refused_and_an_older_quarter_is_not() {
    let desk = Desk::new();
    let text = Posting::plausible().text();
    let (done, said) = desk.import("HCPC2024_JUL_ANWEB.txt", &text, &[]);
    assert!(done && said.contains("nothing of 2024Q3 or before is held"), "{said}");
    let tenfold = |posting: Posting, number: usize| {
        posting.reworded(
            &format!("J{number:04}"),
            &format!("Injection, testdrug{number}, 100 mg"),
            "20100101",
        )
    };
    let wrong = (1..=200).fold(Posting::plausible(), tenfold).text();
    let (done, said) = desk.import("HCPC2024_OCT_ANWEB.txt", &wrong, &[]);
    assert!(!done && said.contains("unit-changes") && said.contains("since hcpcs-2024Q3-"), "{said}");
    let (done, said) = desk.import("HCPC2024_JUL_ANWEB_v2.txt", &wrong, &[]);
    assert!(!done && said.contains("unit-changes"), "a second posting of the quarter too: {said}");
    let part = Posting::plausible().cut(5_040).text();
    let (done, said) = desk.import("HCPC2024_OCT_ANWEB.txt", &part, &[]);
    assert!(!done && said.contains("vanished"), "{said}");
    assert!(!desk.releases().contains("2024Q4"));
    let (done, said) = desk.import("HCPC2024_APR_ANWEB.txt", &wrong, &[]);
    assert!(done && said.contains("nothing of 2024Q2 or before"), "an older quarter is history: {said}");
    let (done, said) = desk.import("HCPC2024_OCT_ANWEB.txt", &wrong, &["--accept", "announced"]);
    assert!(done && said.contains("compared with hcpcs-2024Q3-"), "{said}");
    let events = history::events(&desk.0.path().join("store"));
    let last = events.last().expect("a record");
    assert_eq!((last.deed, last.reason.as_str(), last.objections.len()), (Deed::Imported, "announced", 1));
}

/// On a new store the embedded table is what there is to compare with, and a refusal makes no store.
#[test]
fn a_first_file_is_compared_with_the_embedded_table() {
    let desk = Desk::new();
    let (done, said) = desk.import("HCPC2026_OCT_ANWEB.txt", Posting::plausible().text(), &[]);
    assert!(!done && said.contains("vanished") && said.contains("since embedded-"), "{said}");
    assert!(!desk.0.path().join("store").exists());
    let (done, said) = desk.import("HCPC2026_OCT_ANWEB.txt", Posting::plausible().text(), &["--accept", "x"]);
    assert!(done && said.contains("compared with embedded-"), "{said}");
    let july = "July 1, 2026 through September 30, 2026";
    assert!(desk.import(LIMITS, limits(july, ""), &[]).0);
    let half: String = limits("October 1, 2026 through December 31, 2026", "")
        .lines()
        .take(503)
        .map(|line| format!("{line}\n"))
        .collect();
    let many: String = (0..9_000).map(|n| format!("Q{n:04},x,1 MG,1,20,\n")).collect();
    assert!(desk.import(LIMITS, limits(july, &many), &[]).0);
    let name = "section 508 version of October 2026 Medicare Part B Payment Limit File 091626.csv";
    let (done, said) = desk.import(name, half, &[]);
    assert!(!done && said.contains("row-count: 500 rows, and asp-2026Q3-"), "{said}");
}

/// Which posting speaks is told, whichever way it comes.
#[test]
fn the_posting_that_speaks_and_the_one_it_replaces_are_told() {
    let desk = Desk::new();
    let first = Posting::plausible().text();
    let second = Posting::plausible().with("J9901", "Injection, testdrug, 4 mg", "20240701").text();
    let (_, said) = desk.import("HCPC2024_JUL_ANWEB.txt", &first, &[]);
    assert!(!said.contains("speaks"), "{said}");
    let old = id_in(&said);
    let (_, said) = desk.import("HCPC2024_JUL_ANWEB_v2.txt", &second, &[]);
    let new = id_in(&said);
    assert!(said.contains(&format!("{new} speaks for 2024Q3 now, in place of {old}: ")), "{said}");
    let line =
        |id: &str| desk.releases().lines().find(|line| line.contains(id)).unwrap_or_default().to_owned();
    assert!(line(&old).contains("superseded") && line(&new).contains("yes"), "{}", desk.releases());
    let out = desk.0.path().join("out");
    let (done, said) = desk.run(&["export", "--out", out.to_str().expect("a path")]);
    assert!(done, "{said}");
    let (_, said) = desk.import("HCPC2024_JUL_ANWEB.txt", &first, &[]);
    let told = format!("{old} speaks for 2024Q3 now, in place of {new}, which is the newer one by its name");
    assert!(said.contains(&told), "{said}");
    // What was exported goes back to its place, in whatever order.
    let other = Desk::new();
    let exported = |id: &str| {
        let mut files = std::fs::read_dir(&out).expect("exports").map(|file| file.expect("a file").path());
        files.find(|path| path.to_string_lossy().contains(id)).expect("an export")
    };
    for (id, told) in
        [(&new, String::new()), (&old, format!("{new} speaks for 2024Q3, for it came after {old}"))]
    {
        let (done, said) = other.import("bundle.jsonl", std::fs::read(exported(id)).expect("a bundle"), &[]);
        assert!(done && said.contains(&told), "{said}");
    }
    assert!(other.releases().lines().any(|line| line.contains(&old) && line.contains("superseded")));
}

/// The release that was stored.
fn id_in(said: &str) -> String {
    said.split_whitespace().nth(1).expect("an id").to_owned()
}

#[test]
fn a_file_without_a_quarter_asks_for_it() {
    let pairs = "96413\t36000\t\t20021001\t*\t1\n96413\t36410\t\t20021001\t*\t1\n";
    let desk = Desk::new();
    let (done, said) = desk.import("ccipra-v323r0-f1.TXT", pairs, &[]);
    assert!(!done && said.contains("--quarter") && !said.contains("keep CMS's name"), "{said}");
    let (done, said) = desk.import("ccipra-v323r0-f1.TXT", pairs, &["--quarter", "2026Q4"]);
    assert!(done && said.contains("ncci-2026Q4-"), "{said}");
}

/// Unit limits came as a workbook alone.
#[test]
fn a_workbook_in_an_archive_is_a_table_too() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    let header = ["HCPCS/CPT Code", "Practitioner Services MUE Values", "MUE Adjudication Indicator"];
    for (column, title) in (0..).zip(header) {
        sheet.write(0, column, title).expect("a cell");
    }
    for row in 1..=1_100 {
        let code = format!("J{row:04}");
        for (column, cell) in (0..).zip([code.as_str(), "4", "3 Date of Service Edit: Clinical"]) {
            sheet.write(row, column, cell).expect("a cell");
        }
    }
    let bytes = book.save_to_buffer().expect("a workbook");
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let name = "MCR_MUE_PractitionerServices_Eff_10-01-2026.xlsx";
    writer.start_file(name, SimpleFileOptions::default()).expect("a member");
    writer.write_all(&bytes).expect("a content");
    let archive = writer.finish().expect("an archive").into_inner();
    let settings = Settings::embedded();
    let members = unpack(&archive, settings.feed(FeedId::Mue).expect("a feed"), None, settings.unpack);
    assert_eq!(members.map(|members| members.len()).ok(), Some(1));
    let (done, said) =
        Desk::new().import("medicare-ncci-2026-q4-practitioner-services-mue-table.zip", archive, &[]);
    assert!(done && said.contains("1100 edits"), "{said}");
}
