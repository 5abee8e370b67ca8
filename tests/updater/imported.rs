//! Files imported by hand: which member and which quarter are taken, and what is refused.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::path::PathBuf;

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
        let mut import = program();
        import.arg("import").arg(path).arg("--store").arg(self.0.path().join("store")).args(more);
        let done = import.output().expect("the program");
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
