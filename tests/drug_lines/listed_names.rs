//! A product that a CMS crosswalk lists under a code is never refused for its name or its maker under that code.

use std::collections::BTreeSet;

use infusion_coder::catalog::Catalog;
use infusion_coder::cms::descriptor::read;
use infusion_coder::domain::code::HcpcsCode;
use infusion_coder::domain::drug::DrugGiven;
use infusion_coder::domain::encounter::{Administration, Encounter, Setting};
use infusion_coder::domain::finding::{Finding, Reason, Severity};
use infusion_coder::domain::quantity::Quantity;
use infusion_coder::domain::time::{Date, parse_date};
use infusion_coder::engine;
use infusion_coder::policy::PolicyBook;

use super::crosswalk::CROSSWALKS;
use crate::support::shared;

/// One product as a crosswalk prints it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Listed {
    code: HcpcsCode,
    labeler: String,
    name: String,
    dosage: String,
}

/// Rows whose product is another drug than that of their code, so that the finding on them is right.
const MISPRINTED: &[(&str, &str)] = &[("J0697", "Ceftriaxone")];

#[test]
fn listed_products_are_not_refused_for_their_names() {
    let Some(folder) = shared("data/asp") else { return };
    let book = PolicyBook::embedded().expect("the embedded policies");
    let catalog = Catalog::embedded();
    let (mut refused, mut tried) = (BTreeSet::new(), 0);
    for (file, date) in CROSSWALKS {
        let date = parse_date(date).expect("a date");
        let policy = book.at(date, "medicare").expect("a policy");
        let bytes = std::fs::read(folder.join(file)).expect(file);
        for listed in products(&bytes) {
            let Some(dosage) = read(&listed.dosage) else { continue };
            let Some(version) = catalog.lookup(listed.code, date).billable() else { continue };
            if MISPRINTED.contains(&(listed.code.as_str(), &*listed.name)) {
                continue;
            }
            let maker = short_maker(&listed.labeler);
            let names = [
                listed.name.clone(),
                format!("{} ({})", listed.name, listed.labeler),
                format!("{} ({maker})", listed.name),
                format!("{} ({maker})", version.name),
                format!("{maker} {}", listed.name),
            ];
            for name in names {
                tried += 1;
                let encounter = encounter(listed.code, &name, dosage.unit.quantity, date);
                let result = engine::code_drug(&encounter, &catalog, policy);
                let refusing = |finding: &&Finding| {
                    finding.severity == Severity::Block && finding.reason == Reason::AmbiguousProduct
                };
                if let Some(finding) = result.findings.iter().find(refusing) {
                    refused.insert(format!("{} {name}: {}", listed.code, finding.rule.id));
                }
            }
        }
    }
    assert!(tried > 10_000, "only {tried} names");
    let list: Vec<&str> = refused.iter().map(String::as_str).collect();
    assert!(refused.is_empty(), "{} names of {tried}\n{}", refused.len(), list.join("\n"));
}

/// The first words of a labeler, without what firms of all kinds are called.
fn short_maker(labeler: &str) -> String {
    const KINDS: &[&str] = &[
        "inc",
        "llc",
        "corp",
        "corporation",
        "usa",
        "us",
        "pharmaceuticals",
        "ltd",
        "healthcare",
        "company",
        "co",
        "lp",
        "laboratories",
        "pharma",
    ];
    let words = labeler.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
    let is_told = |word: &&str| !KINDS.contains(&word.trim_matches('.').to_lowercase().as_str());
    let kept: Vec<&str> = words.filter(is_told).collect();
    kept.join(" ")
}

/// The distinct products of a crosswalk.
fn products(bytes: &[u8]) -> BTreeSet<Listed> {
    let text = String::from_utf8_lossy(bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let rows = reader.records().map(|row| row.expect("a row"));
    let listed = rows.filter_map(|row| {
        let code = row.get(0)?.trim().parse().ok()?;
        let column = |at: usize| row.get(at).map(|text| text.trim().to_owned());
        Some(Listed { code, labeler: column(2)?, name: column(4)?, dosage: column(5)? })
    });
    listed.collect()
}

fn encounter(code: HcpcsCode, name: &str, dose: Quantity, date: Date) -> Encounter {
    let drug = DrugGiven {
        code: Some(code),
        name: Some(name.into()),
        dose_administered: Some(dose),
        ..DrugGiven::default()
    };
    let mut encounter = Encounter::new(Setting::PhysicianOffice, date);
    encounter.administrations.push(Administration { drugs: vec![drug], ..Administration::default() });
    encounter
}

#[test]
fn the_maker_of_another_drug_is_no_excuse() {
    let book = PolicyBook::embedded().expect("the embedded policies");
    let catalog = Catalog::embedded();
    let date = parse_date("2026-01-15").expect("a date");
    let policy = book.at(date, "medicare").expect("a policy");
    let dose = read("500 MG").expect("a dosage").unit.quantity;
    for (code, name, is_refused) in [
        ("J9033", "Bendamustine (Apotex)", false),
        ("J0736", "clindamycin (Baxter)", false),
        ("J0690", "clindamycin (Baxter)", true),
        ("J9041", "bortezomib (Sandoz)", false),
        ("J1442", "filgrastim (G-CSF)", false),
        ("J0687", "cefazolin (WG Critical Care)", false),
        ("J9201", "gemcitabine (Infugem)", true),
    ] {
        let code: HcpcsCode = code.parse().expect("a code");
        let result = engine::code_drug(&encounter(code, name, dose, date), &catalog, policy);
        let is_found = result.findings.iter().any(|it| it.reason == Reason::AmbiguousProduct);
        assert_eq!(is_found, is_refused, "{code} {name}: {:?}", result.findings);
    }
}
