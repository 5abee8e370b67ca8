//! Add-on parents, unit limits and code pairs are data by quarter: a new quarter changes the answer, and no rule does.

use std::sync::Arc;

use infusion_coder::catalog::Catalog;
use infusion_coder::catalog::edits::{Adjudication, EditKind, ProcedurePair, UnitLimit};
use infusion_coder::domain::code::HcpcsCode;
use infusion_coder::domain::drug::DrugGiven;
use infusion_coder::domain::encounter::{Administration, Encounter, Route, Setting};
use infusion_coder::domain::finding::Reason;
use infusion_coder::domain::quarter::Quarter;
use infusion_coder::domain::time::{Date, date};
use infusion_coder::engine::{self, CodingResult};
use infusion_coder::policy::PolicyBook;

const DECEMBER: Date = date(2025, 12, 31);
const JANUARY: Date = date(2026, 1, 1);

/// The embedded catalog with another first quarter of 2026.
fn catalog(change: impl FnOnce(&mut Catalog, Quarter)) -> Catalog {
    let mut catalog = Arc::unwrap_or_clone(Catalog::embedded());
    change(&mut catalog, "2026Q1".parse().expect("a quarter"));
    catalog
}

/// Hydration of three hours, which an office visit is for, and a push.
fn code(catalog: &Catalog, day: Date) -> CodingResult {
    code_office(catalog, day, &[("NS", Route::IvInfusion, Some(180)), ("Zofran", Route::IvPush, None)])
}

/// An office visit whose reason is the first of its services.
fn code_office(catalog: &Catalog, day: Date, given: &[(&str, Route, Option<u32>)]) -> CodingResult {
    let given = given.iter().map(|&(id, route, minutes)| Administration {
        id: id.to_owned(),
        route: Some(route),
        duration_minutes: minutes,
        drugs: vec![DrugGiven { name: Some(id.to_owned()), ..DrugGiven::default() }],
        ..Administration::default()
    });
    let mut visit = Encounter::new(Setting::PhysicianOffice, day);
    visit.administrations = given.collect();
    visit.primary_reason = Some(visit.administrations[0].id.clone());
    let book = PolicyBook::embedded().expect("the embedded policies");
    engine::code(&visit, catalog, book.at(day, "medicare").expect("medicare"))
}

fn codes(result: &CodingResult) -> Vec<String> {
    result.lines.iter().map(|line| line.code.to_string()).collect()
}

fn has(result: &CodingResult, reason: Reason) -> bool {
    result.findings.iter().any(|finding| finding.reason == reason)
}

#[test]
fn a_quarter_without_a_parent_refuses_its_add_on() {
    let push = HcpcsCode::of("96375");
    let catalog = catalog(|catalog, quarter| {
        let rows = catalog.edits.add_ons.on(&push, DECEMBER).expect("an add-on").value.clone();
        let rows = rows.iter().copied().filter(|parent| parent.code != HcpcsCode::of("96360")).collect();
        catalog.edits.add_ons.put_quarter(quarter, [(push, rows)]);
    });
    let (before, after) = (code(&catalog, DECEMBER), code(&catalog, JANUARY));
    assert_eq!(codes(&before), ["96360", "96361", "96375"]);
    assert!(!codes(&after).contains(&"96375".to_owned()) && has(&after, Reason::NoCleanCode));
    assert!(!has(&before, Reason::NoCleanCode));
}

#[test]
fn a_quarter_with_a_lower_limit_has_a_finding() {
    let key = (HcpcsCode::of("96361"), EditKind::Practitioner);
    let limit = UnitLimit { units: 1, adjudication: Adjudication::DateClinical };
    let catalog = catalog(|catalog, quarter| catalog.edits.unit_limits.put_quarter(quarter, [(key, limit)]));
    assert!(!has(&code(&catalog, DECEMBER), Reason::UnitsAboveMue));
    assert!(has(&code(&catalog, JANUARY), Reason::UnitsAboveMue));
}

#[test]
fn a_quarter_with_a_new_pair_has_a_finding() {
    let key = (HcpcsCode::of("96360"), HcpcsCode::of("96375"), EditKind::Practitioner);
    let pair = ProcedurePair { modifier_allowed: false, effective: None, deleted: None };
    let catalog = catalog(|catalog, quarter| catalog.edits.pairs.put_quarter(quarter, [(key, pair)]));
    assert!(!has(&code(&catalog, DECEMBER), Reason::ProcedurePair));
    assert!(has(&code(&catalog, JANUARY), Reason::ProcedurePair));
}

#[test]
fn a_pair_is_not_held_against_a_date_before_its_first() {
    let key = (HcpcsCode::of("96360"), HcpcsCode::of("96375"), EditKind::Practitioner);
    let pair = ProcedurePair { modifier_allowed: false, effective: Some(JANUARY), deleted: None };
    // The table of the earlier quarter is not held, so that of the later one answers for both dates.
    let catalog = catalog(|catalog, quarter| {
        catalog.edits.pairs = Default::default();
        catalog.edits.pairs.put_quarter(quarter, [(key, pair)]);
    });
    assert!(!has(&code(&catalog, DECEMBER), Reason::ProcedurePair));
    assert!(has(&code(&catalog, JANUARY), Reason::ProcedurePair));
}

#[test]
fn a_reason_that_leaves_chemotherapy_without_a_parent_is_asked_for_again() {
    let catalog = Catalog::embedded();
    let infused = |drug, minutes| (drug, Route::IvInfusion, Some(minutes));
    let result = code_office(&catalog, DECEMBER, &[infused("iron sucrose", 60), infused("cisplatin", 120)]);
    assert!(has(&result, Reason::NoCleanCode));
    let asked = result.questions.iter().find(|question| question.rule.id == "HIER-O").expect("the question");
    let of = |label: &str| {
        let answer = asked.answers.iter().find(|answer| answer.label == label).expect(label);
        answer.lines.iter().map(|line| line.code.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(of("iron sucrose"), codes(&result));
    assert_eq!(of("iron sucrose"), ["96365"]);
    assert_eq!(of("cisplatin"), ["96413", "96415", "96367"]);
    // With chemotherapy as the reason everything has a code, and the reason is not asked for.
    let result = code_office(&catalog, DECEMBER, &[infused("cisplatin", 120), infused("iron sucrose", 60)]);
    assert!(!has(&result, Reason::NoCleanCode));
    assert!(result.questions.iter().all(|question| question.rule.id != "HIER-O"));
}
