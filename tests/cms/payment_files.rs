//! The Part B files, and their dosage column as an independent check of the descriptors.

use std::collections::HashMap;

use infusion_coder::cms::descriptor::{Conventions, read};
use infusion_coder::cms::facts::{CodeFacts, facts};
use infusion_coder::cms::{asp, mue, ndc_crosswalk};
use infusion_coder::domain::quantity::{Measure, Quantity};

use super::{bytes_of, release_of};
use crate::support::shared;

/// Payment files, each with the HCPCS files that describe its codes, the nearest one last.
const LIMITS: &[(&str, &[&str])] = &[
    (
        "section 508 version of January 2024 ASP Pricing File 121223.csv",
        &["HCPC2025_OCT_ANWEB.xlsx", "HCPC2023_JAN_ANWEB_v3.xlsx"],
    ),
    ("section 508 version of Oct 2025 ASP Pricing File 091725.csv", &["HCPC2025_OCT_ANWEB.xlsx"]),
    (
        "section 508 version of January 2026 Medicare Part B Payment Limit File 121725.csv",
        &["HCPC2025_OCT_ANWEB.xlsx"],
    ),
];

const CROSSWALKS: &[&str] = &[
    "section 508 version of January 2024 ASP NDC-HCPCS Crosswalk 122023.csv",
    "section 508 version of October 2025 ASP NDC-HCPCS Crosswalk 090525.csv",
    "section 508 version of January 2026 ASP NDC-HCPCS Crosswalk 121725.csv",
];

#[test]
fn every_dosage_agrees_with_the_descriptor_or_is_a_listed_disagreement() {
    let (Some(codes), Some(folder)) = (shared("data/hcpcs"), shared("data/asp")) else { return };
    let listed = include_str!("../../catalog/dosage_disagreements.toml");
    let mut releases: HashMap<&str, Vec<CodeFacts>> = HashMap::new();
    for (file, sources) in LIMITS {
        let mut known: HashMap<String, CodeFacts> = HashMap::new();
        for source in *sources {
            let release = releases.entry(source).or_insert_with(|| {
                let release = release_of(&codes, source);
                release.codes.iter().map(|row| facts(row, &Conventions::embedded())).collect()
            });
            known.extend(release.iter().map(|it| (it.code.to_string(), it.clone())));
        }
        let limits = asp::parse(&bytes_of(&folder, file)).expect(file);
        assert!(limits.problems.is_empty(), "{file}: {:?}", limits.problems);
        let mut compared = 0;
        let mut faults = Vec::new();
        for row in &limits.rows {
            let Some(facts) = known.get(row.code.as_str()) else { continue };
            compared += 1;
            let is_listed = listed.contains(&format!("code = \"{}\"\ndosage = \"{}\"", row.code, row.dosage));
            if !agrees(facts, &row.dosage) && !is_listed {
                faults.push(format!(
                    "{} `{}` against {:?} {:?}",
                    row.code, row.dosage, facts.billing, facts.components
                ));
            }
        }
        assert!(faults.is_empty(), "{file}: {faults:#?}");
        assert!(compared > 750, "{file}: only {compared} compared");
    }
}

/// Whether the dosage gives the unit, its content, its components or their total.
fn agrees(facts: &CodeFacts, dosage: &str) -> bool {
    let (Ok(unit), Some(stated)) = (facts.billing, read(dosage)) else { return false };
    let same = |a: Quantity, b: Quantity| a.is_same_measure(b) && a.in_base() == b.in_base();
    let counts = |quantity: Quantity| quantity.unit.measure() == Measure::Count;
    let content = [Some(unit.quantity), unit.limit, facts.restated].into_iter().flatten();
    let said = stated.unit.quantity;
    content.clone().any(|own| same(own, said))
        || stated.restated.is_some_and(|said| content.clone().any(|own| same(own, said)))
        || stated.unit.limit.is_some_and(|limit| content.clone().any(|own| same(own, limit)))
        || (counts(said) && counts(unit.quantity))
        || (!facts.components.is_empty() && stated.components == facts.components)
}

#[test]
fn every_row_of_the_crosswalks_is_a_record_or_counted() {
    let Some(folder) = shared("data/asp") else { return };
    for file in CROSSWALKS {
        let bytes = bytes_of(&folder, file);
        let crosswalk = ndc_crosswalk::parse(&bytes).expect(file);
        // No field of these files holds a line break, so lines count rows.
        let is_row =
            |line: &&[u8]| line.get(5) == Some(&b',') && line[..5].iter().all(u8::is_ascii_alphanumeric);
        let lines = bytes.split(|byte| *byte == b'\n').filter(is_row).count();
        let seen = crosswalk.rows.len() + crosswalk.alternates.len() + crosswalk.problems.count();
        assert_eq!(seen, lines, "{file}: {:?}", crosswalk.problems);
        assert!(crosswalk.rows.len() > 5_000, "{file}: {}", crosswalk.rows.len());
    }
}

#[test]
fn every_unit_edit_is_read() {
    let Some(folder) = shared("data/ncci") else { return };
    for kind in ["practitioner", "outpatient_hospital", "dme"] {
        let file = format!("ncci_mue_{kind}_2024-07-01.levelII_and_drugadmin.csv");
        let bytes = bytes_of(&folder, &file);
        let edits = mue::parse(&bytes).expect(&file);
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count();
        assert_eq!((edits.rows.len(), edits.problems.count()), (lines - 1, 0), "{file}");
        assert!(edits.rows.iter().all(|edit| edit.kind.is_some() && edit.adjudication.is_some()), "{file}");
    }
}
