//! What flushed or locked a line is part of the service through it, and no drug of its own (rules CHM-13, MOD-2).

use super::Asked;
use crate::domain::claim::{Line, Track};
use crate::domain::drug::DrugClass;
use crate::domain::field::Field;
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::policy::parameters::CodeMark;
use crate::rules::administration::modifiers::edit_kind;
use crate::rules::administration::{CHM_13, is_flush};
use crate::rules::checks::MOD_2;
use crate::rules::drug_line::treatment::Dose;
use crate::rules::identity;

/// Settles the fluid of a flush, which no code describes; reports whether it is one.
pub(super) fn is_settled(coding: &mut Coding<'_>, asked: &Asked<'_>) -> bool {
    let is_fluid = asked.marks().has(CodeMark::IncludedSupply) || is_fluid(coding, asked);
    if is_fluid {
        let facts = [fact::given("drug", Value::Of(asked.field("")))];
        let text = "{drug} flushed the line or diluted a drug, and that is part of the service";
        coding.not_billed(asked.field(""), &CHM_13, text, &facts);
    }
    is_fluid
}

/// Whether the name is of a flush, and the code, or what the name means, of a fluid or of nothing.
fn is_fluid(coding: &Coding<'_>, asked: &Asked<'_>) -> bool {
    let formulary = &coding.catalog.formulary;
    let Some(name) = asked.drug.name.as_deref().filter(|name| formulary.names_flush(name)) else {
        return false;
    };
    match identity::code_of(coding, asked.drug) {
        Some(code) => formulary.drug(code).is_some_and(|facts| facts.class == DrugClass::Hydration),
        None => {
            let named = formulary.class_of_name(name);
            named.is_some_and(|named| {
                named.class == DrugClass::Hydration
                    || coding.catalog.codes_of_name(&named.drug, coding.date).is_empty()
            })
        }
    }
}

/// Settles heparin that flushed or locked the line where NCCI pairs it with a service of its date; reports whether it
/// is so. A modifier would say that it served another purpose, so none is added.
pub(super) fn is_included(coding: &mut Coding<'_>, dose: &Dose<'_>) -> bool {
    if !dose.marks.has(CodeMark::AdmittedApart) || !is_flush(coding, dose.administration) {
        return false;
    }
    let (code, date, kind) = (dose.code, coding.date, edit_kind(coding));
    let is_first = |line: &&Line| {
        line.track == Track::Administration
            && line.service_date == date
            && coding.catalog.procedure_pair(line.code, code, kind, date).is_some()
    };
    let Some(first) = coding.result.lines.iter().find(is_first).map(|line| line.code) else { return false };
    let facts = [fact::derived("code", Value::Code(code)), fact::derived("first", Value::Code(first))];
    let text = "{code} flushed or locked the line, which {first} of the date includes: NCCI pairs the two, and a modifier would say that it served another purpose";
    coding.not_billed(Field::Drug(dose.at.0, dose.at.1, ""), &MOD_2, text, &facts);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::domain::code::HcpcsCode;
    use crate::domain::drug::DrugGiven;
    use crate::domain::encounter::{Administration, Encounter, Route, Setting};
    use crate::domain::finding::Severity;
    use crate::domain::quantity::Quantity;
    use crate::domain::time::date;
    use crate::engine::{self, CodingResult};
    use crate::policy::PolicyBook;

    /// Codes the push of a drug, by its code or its name, as the only service of a visit.
    fn pushed(setting: Setting, drug: &str, dose: (&str, &str)) -> CodingResult {
        let day = date(2025, 11, 3);
        let code: Option<HcpcsCode> = drug.parse().ok();
        let drug = DrugGiven {
            code,
            name: code.is_none().then(|| drug.to_owned()),
            dose_administered: Quantity::parse(dose.0, dose.1).ok(),
            ..DrugGiven::default()
        };
        let mut visit = Encounter::new(setting, day);
        visit.administrations.push(Administration {
            route: Some(Route::IvPush),
            drugs: vec![drug],
            ..Administration::default()
        });
        let book = PolicyBook::embedded().expect("the embedded policies");
        engine::code(&visit, &Catalog::embedded(), book.at(day, "medicare").expect("medicare"))
    }

    fn codes(result: &CodingResult) -> Vec<&str> {
        result.lines.iter().map(|line| line.code.as_str()).collect()
    }

    #[test]
    fn the_fluid_of_a_flush_is_no_drug_and_stops_no_claim() {
        for fluid in ["NS flush", "saline flush", "0.9% sodium chloride flush", "D5W flush", "flush", "A4216"]
        {
            let result = pushed(Setting::HospitalOutpatient, fluid, ("10", "mL"));
            assert_eq!(codes(&result), ["96523"], "{fluid}");
            let of_drug = |item: &&crate::domain::finding::NotBilled| item.what == Field::Drug(0, 0, "");
            let rules: Vec<&str> =
                result.not_billed.iter().filter(of_drug).map(|item| item.rule.id).collect();
            assert_eq!(rules, ["CHM-13"], "{fluid}");
            assert!(result.findings.iter().all(|found| found.severity != Severity::Block), "{fluid}");
        }
    }

    #[test]
    fn heparin_of_a_flush_is_a_line_where_nothing_pairs_it() {
        for heparin in ["J1642", "heparin flush", "heparin sodium lock flush", "hep lock"] {
            let hospital = pushed(Setting::HospitalOutpatient, heparin, ("500", "unit"));
            assert_eq!(codes(&hospital), ["96523", "J1642"], "{heparin}");
            let office = pushed(Setting::PhysicianOffice, heparin, ("500", "unit"));
            assert_eq!(codes(&office), ["96523"], "{heparin}");
            assert!(office.not_billed.iter().any(|item| item.rule == &MOD_2), "{heparin}");
        }
    }
}
