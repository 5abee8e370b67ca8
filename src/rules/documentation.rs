//! What the record must show for the lines to stand (rows G-30 to G-34, rules DOC-2 and DOC-4).
//!
//! Start and stop times, routes and doses are asked for where they decide a code, by the rules of the
//! two tracks. Here stand the parts that decide no code and without which an auditor takes it back.

mod gaps;
mod stake;
mod twice;

use arrayvec::ArrayVec;

use super::{Family, rule};
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::engine::Coding;
use crate::engine::trail::{NotedFact, Value, fact};
use gaps::Gap;
use stake::{OfDrugs, Scope};

rule! {
    pub static G_30: "G-30", "A signed order",
    basis: Primary, cites: ["GUIDE-2026", "WPS-CERT", "AAPC-DOC"],
    says: "The record holds a valid, signed order for each drug and its route.",
    why: "Lines without a signed order are taken back whole, whatever was given.",
    example: "A rituximab infusion of 155 minutes whose order nobody signed: its administration and drug lines are named as at risk.",
    exceptions: "A payer file sets how grave the gap is; an order that the request does not mention is only pointed out.",
}

rule! {
    pub static G_32: "G-32", "Assessment, monitoring and response",
    basis: Secondary, cites: ["GUIDE-2026", "AAPC-DOC", "HC-10"],
    says: "The record holds the nurse's assessment, adverse reactions or their absence, and the patient's response.",
    why: "The administration codes pay for this work, and auditors look for its trace.",
    example: "A first-hour infusion without a nurse's note: the line stands, and the gap is named.",
    exceptions: "None known; the severity is the payer's.",
}

rule! {
    pub static G_33: "G-33", "Who gave the drug, and its lot",
    basis: Secondary, cites: ["GUIDE-2026", "AAPC-DOC", "WPS-CERT"],
    says: "The record names who gave each drug and the lot number of each container.",
    why: "The signature proves the service; the lot ties the drug to the purchase.",
    example: "Two 100 mg vials without a lot number: the drug line stands, and the gap is named.",
    exceptions: "No CMS text asks for the lot number on an administration line, so it is for information only.",
}

rule! {
    pub static G_34: "G-34", "Plan of care for chemotherapy",
    basis: Secondary, cites: ["GUIDE-2026", "WPS-CERT"],
    says: "Chemotherapy rests on a documented plan of care and treatment protocol.",
    why: "The plan is the medical necessity of the complex administration codes.",
    example: "A first hour of oxaliplatin without a plan of care: the chemotherapy lines are named as at risk.",
    exceptions: "Visits without a line of the chemotherapy family need none here.",
}

rule! {
    pub static DOC_2: "DOC-2", "Hydration needs its signs and symptoms",
    basis: Primary, cites: ["NOR-HYD", "RAC137"],
    says: "Hydration rests on an order and on the signs, symptoms or findings that made it necessary.",
    why: "Hydration without its clinical reason is what auditors deny most often.",
    example: "500 mL of saline over 60 minutes with no reason on record: the hydration line is named as at risk.",
    exceptions: "Fluid that is not reported needs no reason.",
}

rule! {
    pub static DOC_4: "DOC-4", "Times entered to the full hour",
    basis: Primary, cites: ["NOR-PPR", "WPS-CERT"],
    says: "An infusion whose start and stop both stand on the full hour looks estimated.",
    why: "Auditors deny units whose times were not taken from the clock.",
    example: "09:00 to 11:00 is coded as it stands, and the finding asks to confirm it.",
    exceptions: "A single time on the full hour is nothing unusual.",
}

/// The rules of this file.
pub static FAMILIES: &[Family] =
    &[("What the record must show", &[&G_30, &G_32, &G_33, &G_34, &DOC_2, &DOC_4])];

/// Names every gap of the record, with the lines that rest on it.
pub fn check(coding: &mut Coding<'_>) {
    if coding.result.lines.is_empty() {
        return;
    }
    gaps::report_all(coding);
    twice::check(coding);
    unstated(coding);
}

/// One finding for a gap, with the lines that rest on it; a grave one withholds them. `of_drugs` are the stakes of the
/// drugs, once they are known.
fn report(coding: &mut Coding<'_>, gap: &Gap, of_drugs: &mut Option<OfDrugs>) {
    let Some(severity) = gap.severity.finding() else { return };
    let at_stake = match gap.scope {
        Scope::Drug(a, d) => of_drugs.get_or_insert_with(|| OfDrugs::new(coding)).of(a, d),
        scope => stake::of(scope, coding),
    };
    if at_stake.lines == 0 {
        return;
    }
    let dollars = at_stake.dollars.map_or(Value::None, Value::Dollars);
    let facts = [
        fact::given("subject", Value::Of(gap.field)),
        fact::derived("lines", Value::Count(at_stake.lines as i64)),
        fact::catalog("dollars", dollars),
    ];
    let known = if at_stake.dollars.is_some() { facts.len() } else { facts.len() - 1 };
    coding.find(severity, gap.reason, gap.field, gap.rule, gap.text, &facts[..known]);
    if severity == Severity::Block {
        withhold(coding, gap);
    }
}

/// Takes the lines away that rest on a gap, and asks for the missing part.
fn withhold(coding: &mut Coding<'_>, gap: &Gap) {
    let record = gap.record;
    coding.ask(gap.field, gap.rule, gap.question, &[], |coding| {
        vec![
            coding.answer("Yes, it is on record", |visit| record(visit, true)),
            coding.answer("No", |visit| record(visit, false)),
        ]
    });
    let parameters = &coding.policy.administration;
    coding.result.lines.retain(|line| !stake::rests(line, gap.scope, parameters));
}

/// One finding for everything that the request does not speak of.
fn unstated(coding: &mut Coding<'_>) {
    let Some(severity) = coding.policy.documentation.unstated_severity.finding() else { return };
    let mut facts: ArrayVec<NotedFact, { gaps::UNSTATED_MAX + 1 }> = ArrayVec::new();
    facts.push(fact::derived("count", Value::None));
    facts.extend(gaps::unstated(coding).map(fact::missing));
    let count = facts.len() - 1;
    if count == 0 {
        return;
    }
    facts[0] = fact::derived("count", Value::Count(count as i64));
    let text = "The request does not speak of what auditors ask for ({count}): {missing}.";
    coding.find(severity, Reason::DocumentationGap, Field::Encounter("documentation"), &G_30, text, &facts);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::domain::claim::{Line, Track};
    use crate::domain::code::HcpcsCode;
    use crate::domain::encounter::{Administration, Encounter, Setting};
    use crate::domain::time::{date, parse_local_time};
    use crate::engine::CodingResult;
    use crate::policy::PolicyBook;
    use crate::rules::Rule;

    fn checked(payer: &str, change: impl FnOnce(&mut Encounter)) -> CodingResult {
        let day = date(2025, 11, 3);
        let mut visit = Encounter::new(Setting::PhysicianOffice, day);
        visit.administrations.push(Administration { id: "a1".to_owned(), ..Administration::default() });
        change(&mut visit);
        let book = PolicyBook::embedded().expect("the embedded policies load");
        let catalog = Catalog::default();
        let mut coding = Coding::new(&visit, &catalog, book.at(day, payer).expect("a payer"));
        let mut line = Line::new(Track::Administration, HcpcsCode::of("96413"), 1, day);
        line.add_administration(0);
        coding.result.lines.push(line);
        check(&mut coding);
        coding.result
    }

    fn severity(result: &CodingResult, rule: &Rule) -> Option<Severity> {
        result.findings.iter().find(|finding| finding.rule == rule).map(|finding| finding.severity)
    }

    #[test]
    fn a_missing_plan_of_care_puts_chemotherapy_lines_at_risk() {
        let result = checked("medicare", |visit| visit.documentation.plan_of_care = Some(false));
        assert_eq!(severity(&result, &G_34), Some(Severity::Warn));
        assert_eq!(result.lines.len(), 1);
    }

    #[test]
    fn what_the_request_does_not_mention_is_one_finding_for_information() {
        let result = checked("medicare", |_| {});
        assert_eq!(result.findings.len(), 1);
        assert_eq!(severity(&result, &G_30), Some(Severity::Info));
    }

    #[test]
    fn a_held_record_has_no_finding() {
        let result = checked("medicare", |visit| {
            let held = Some(true);
            let documentation = &mut visit.documentation;
            (documentation.order_signed, documentation.plan_of_care) = (held, held);
            (documentation.nursing_assessment, documentation.adverse_reactions) = (held, held);
            documentation.patient_response = held;
        });
        assert!(result.findings.is_empty());
    }

    #[test]
    fn two_times_on_the_full_hour_are_named() {
        let result = checked("medicare", |visit| {
            let bag = &mut visit.administrations[0];
            bag.start = parse_local_time("2025-11-03T09:00").ok();
            bag.stop = parse_local_time("2025-11-03T11:00").ok();
        });
        assert_eq!(severity(&result, &DOC_4), Some(Severity::Info));
    }
}
