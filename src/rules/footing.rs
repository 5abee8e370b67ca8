//! What an answer rests on: whose rules were followed, and whether the catalog reaches the date of service.

use super::{Family, Rule, rule};
use crate::catalog::Catalog;
use crate::domain::encounter::Encounter;
use crate::domain::field::Field;
use crate::domain::finding::{Finding, Reason, Severity};
use crate::engine::CodingResult;
use crate::engine::trail::{NotedFact, Value, fact};
use crate::policy::{Chosen, FALLBACK_PAYER};

rule! {
    pub static P_01: "P-01", "A payer without rules of its own on file",
    basis: Inferred, cites: ["S-ACAAI", "S-PRIORITY"],
    says: "A payer or a variant that no policy file names is coded by the rules of the next wider one, at last by the national rules, and the answer says so.",
    why: "Plans follow the national rules unless they say otherwise, and nobody may take that for granted unseen.",
    example: "`acme-health` has no file: the lines follow Medicare, and a finding asks for its exceptions.",
    exceptions: "A file below the folder of `--policies` gives a payer its own rules.",
}

rule! {
    pub static G_35: "G-35", "The catalog reaches the date of service",
    basis: Secondary, cites: ["GUIDE-2026"],
    says: "Code sets change every quarter, so an answer for a date after the newest codes held says that they may have changed.",
    why: "A new, replaced or ended code shows only in the files of its quarter.",
    example: "A visit of July 2026 on codes of October 2025: the lines stand, and the finding asks for an update.",
    exceptions: "Dates before the newest codes are answered by the versions that were in force.",
}

/// The rules of this file.
pub static FAMILIES: &[Family] = &[("What the answer rests on", &[&P_01, &G_35])];

/// Puts what the reader must know of the footing before the findings about the visit.
pub fn report(result: &mut CodingResult, encounter: &Encounter, catalog: &Catalog, chosen: Chosen) {
    report_catalog(result, encounter, catalog);
    match chosen {
        Chosen::AsNamed => {}
        Chosen::OtherVariant => {
            let text = "No policy file names this variant of the payer, so the payer's own rules were followed: check its exceptions, or give them with --policies";
            put_first(result, Reason::UnknownPayer, "payer_variant", &P_01, text, &[]);
        }
        Chosen::OtherPayer => {
            let text = "No policy file names this payer, so the rules of {followed} were followed: check its exceptions, or give them with --policies";
            let facts = [fact::assumed("followed", Value::Label(FALLBACK_PAYER))];
            put_first(result, Reason::UnknownPayer, "payer", &P_01, text, &facts);
        }
    }
}

fn report_catalog(result: &mut CodingResult, encounter: &Encounter, catalog: &Catalog) {
    let (_, date) = encounter.dates();
    let Some(last) = catalog.code_quarters.last().map(|quarter| quarter.last_day()) else { return };
    if date > last {
        let facts = [fact::given("date", Value::Date(date)), fact::catalog("last", Value::Date(last))];
        let text = "The newest codes held are those in force until {last}; on {date} codes and units may be others: bring the catalog up to date (infusion-coder update), then code again";
        put_first(result, Reason::CatalogOutdated, "service_date", &G_35, text, &facts);
    }
}

fn put_first(
    result: &mut CodingResult,
    reason: Reason,
    field: &'static str,
    rule: &'static Rule,
    text: &'static str,
    facts: &[NotedFact],
) {
    let note = result.trail.note(text, facts);
    let finding = Finding { severity: Severity::Warn, reason, field: Field::Encounter(field), rule, note };
    result.findings.insert(0, finding);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::encounter::Setting;
    use crate::domain::time::date;

    fn reasons(day: crate::domain::time::Date, chosen: Chosen) -> Vec<(&'static str, String)> {
        let (mut result, visit) = (CodingResult::default(), Encounter::new(Setting::PhysicianOffice, day));
        report(&mut result, &visit, &Catalog::embedded(), chosen);
        result.findings.iter().map(|found| (found.reason.as_str(), found.field.to_string())).collect()
    }

    #[test]
    fn a_payer_without_a_file_and_a_date_beyond_the_catalog_are_named() {
        let known = date(2025, 11, 3);
        assert!(reasons(known, Chosen::AsNamed).is_empty());
        assert_eq!(reasons(known, Chosen::OtherPayer), [("UNKNOWN_PAYER", "payer".to_owned())]);
        assert_eq!(reasons(known, Chosen::OtherVariant), [("UNKNOWN_PAYER", "payerVariant".to_owned())]);
        let beyond = Catalog::embedded().code_quarters.last().expect("codes").next().first_day();
        assert_eq!(reasons(beyond, Chosen::AsNamed), [("CATALOG_OUTDATED", "serviceDate".to_owned())]);
    }
}
