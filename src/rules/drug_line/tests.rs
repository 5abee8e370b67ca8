//! Whole drug lines on a catalog of one code.

use crate::catalog::codes::CodeTable;
use crate::catalog::{Catalog, CodeFlags, CodeVersion};
use crate::domain::billing::BillingUnit;
use crate::domain::claim::{Line, Track};
use crate::domain::code::HcpcsCode;
use crate::domain::drug::{Container, ContainerKind, DiscardReason, DrugGiven};
use crate::domain::encounter::{Administration, Encounter, Setting};
use crate::domain::finding::Reason;
use crate::domain::quantity::Quantity;
use crate::domain::time::date;
use crate::engine::{self, CodingResult};
use crate::policy::PolicyBook;

const CODE: HcpcsCode = HcpcsCode::of("J9876");

fn quantity(text: &str) -> Quantity {
    let (value, unit) = text.split_once(' ').expect("a number, a blank and a unit");
    Quantity::parse(value, unit).expect("a quantity")
}

fn catalog(unit: &str) -> Catalog {
    let version = CodeVersion {
        code: CODE,
        billing: Ok(BillingUnit::multiple_of(quantity(unit))),
        added: date(1990, 1, 1),
        effective: date(1990, 1, 1),
        terminated: None,
        flags: CodeFlags::NONE,
        name: "testumab".into(),
        brands: Vec::new().into(),
        reference_codes: Vec::new().into(),
        reference_product: None,
        successors: Vec::new().into(),
        coverage: 'D',
        pricing_indicator: "51".into(),
        action: 'N',
        long_descriptor: None,
        short_descriptor: None,
        source: "test".into(),
    };
    let mut catalog = Catalog::default();
    catalog.codes = CodeTable::new(vec![version]);
    catalog
}

fn container(content: &str, count: u32, kind: ContainerKind) -> Container {
    Container {
        content: quantity(content),
        volume: None,
        count,
        kind: Some(kind),
        form: None,
        ndc: None,
        lot_number: None,
        shared_with_later_patient: false,
    }
}

fn visit(dose: &str, containers: Vec<Container>, discarded: Option<&str>) -> Encounter {
    let mut encounter = Encounter::new(Setting::PhysicianOffice, date(2025, 11, 3));
    let drug = DrugGiven {
        code: Some(CODE),
        dose_administered: Some(quantity(dose)),
        dose_discarded: discarded.map(quantity),
        containers,
        ..DrugGiven::default()
    };
    encounter.administrations.push(Administration { drugs: vec![drug], ..Administration::default() });
    encounter
}

fn code(encounter: &Encounter, unit: &str, payer: &str) -> CodingResult {
    let book = PolicyBook::embedded().expect("the embedded policies load");
    let policy = book.at(encounter.service_date, payer).expect("the payer has a file");
    engine::code(encounter, &catalog(unit), policy)
}

/// The drug lines as `units` and modifiers.
fn lines(result: &CodingResult) -> Vec<String> {
    let drug_lines = result.lines.iter().filter(|line| line.code == CODE);
    drug_lines
        .map(|line| {
            let modifiers = line.modifiers.iter().map(|modifier| format!(" {modifier}"));
            format!("{}{}", line.units, modifiers.collect::<String>())
        })
        .collect()
}

fn has(result: &CodingResult, reason: Reason) -> bool {
    result.findings.iter().any(|finding| finding.reason == reason)
}

#[test]
fn discarded_drug_has_its_own_line() {
    let vials = || vec![container("100 mg", 4, ContainerKind::SingleDose)];
    let part = code(&visit("350 mg", vials(), Some("50 mg")), "10 mg", "medicare");
    assert_eq!(lines(&part), ["35", "5 JW"]);
    let whole = code(&visit("400 mg", vials(), None), "10 mg", "medicare");
    assert_eq!(lines(&whole), ["40 JZ"]);
}

#[test]
fn the_guide_and_medicare_part_at_half_a_unit() {
    let visit = visit("175 mg", vec![container("200 mg", 1, ContainerKind::SingleDose)], Some("25 mg"));
    let medicare = code(&visit, "50 mg", "medicare");
    assert_eq!(lines(&medicare), ["4 JZ"]);
    let guide = code(&visit, "50 mg", "guide-2026");
    assert_eq!(lines(&guide), ["3"]);
    assert!(has(&guide, Reason::GuideDepartsFromAuthority) && has(&guide, Reason::DiscardBelowOneUnit));
}

#[test]
fn the_guide_departs_only_where_its_figure_does() {
    let visit = visit("4 mg", vec![container("10 mg", 1, ContainerKind::SingleDose)], Some("6 mg"));
    let guide = code(&visit, "10 mg", "guide-2026");
    assert_eq!(lines(&guide), ["1"]);
    let departures: Vec<_> =
        guide.findings.iter().filter(|finding| finding.reason == Reason::GuideDepartsFromAuthority).collect();
    assert_eq!(departures.iter().map(|finding| finding.rule.id).collect::<Vec<_>>(), ["Z-02"]);
    assert_eq!(lines(&code(&visit, "10 mg", "medicare")), ["1 JZ"]);
}

#[test]
fn the_guide_bills_the_rest_of_an_unstable_drug_and_says_that_cms_does_not() {
    let mut visit = visit("60 mg", vec![container("100 mg", 1, ContainerKind::MultiDose)], Some("40 mg"));
    visit.administrations[0].drugs[0].discard_reason = Some(DiscardReason::UnstableAfterOpening);
    let guide = code(&visit, "10 mg", "guide-2026");
    assert_eq!(lines(&guide), ["6", "4 JW"]);
    assert!(has(&guide, Reason::GuideDepartsFromAuthority));
    assert_eq!(lines(&code(&visit, "10 mg", "medicare")), ["6"]);
}

#[test]
fn an_undocumented_remainder_is_held_and_asked_for() {
    let visit = visit("80 mg", vec![container("100 mg", 1, ContainerKind::SingleDose)], None);
    let result = code(&visit, "1 mg", "medicare");
    assert_eq!(lines(&result), ["80"]);
    assert!(has(&result, Reason::DiscardNotDocumented));
    let asked = result.questions.iter().find(|question| question.rule.id == "W-14").expect("the question");
    let of_drug = |lines: &[Line]| lines.iter().filter(|line| line.track == Track::Drug).count();
    let billed: Vec<usize> = asked.answers.iter().map(|answer| of_drug(&answer.lines)).collect();
    assert_eq!(billed, [2, 1]);
}

#[test]
fn multi_dose_containers_leave_no_waste() {
    let visit = visit("140 mg", vec![container("440 mg", 1, ContainerKind::MultiDose)], None);
    assert_eq!(lines(&code(&visit, "10 mg", "medicare")), ["14"]);
}

#[test]
fn payers_differ() {
    let visit = visit("350 mg", vec![container("100 mg", 4, ContainerKind::SingleDose)], Some("50 mg"));
    assert_eq!(lines(&code(&visit, "10 mg", "blue-cross-idaho")), ["40"]);
    let whole = super::tests::visit("400 mg", vec![container("100 mg", 4, ContainerKind::SingleDose)], None);
    assert_eq!(lines(&code(&whole, "10 mg", "bcbs-north-dakota")), ["40"]);
}

#[test]
fn doses_of_a_day_are_rounded_once() {
    let mut twice = visit("15 mg", vec![container("15 mg", 1, ContainerKind::SingleDose)], None);
    let again = twice.administrations[0].clone();
    twice.administrations.push(again);
    assert_eq!(lines(&code(&twice, "10 mg", "medicare")), ["3 JZ"]);
}

#[test]
fn a_volume_without_strength_is_refused() {
    let result = code(&visit("5 mL", Vec::new(), None), "10 mg", "medicare");
    assert!(lines(&result).is_empty() && has(&result, Reason::MissingConcentration));
}

#[test]
fn a_dose_of_both_eyes_that_does_not_divide_is_asked_about() {
    use crate::domain::drug::Laterality;
    use crate::domain::encounter::Route;
    let mut both = visit("3 mg", vec![container("2 mg", 2, ContainerKind::SingleDose)], Some("1 mg"));
    both.administrations[0].route = Some(Route::Intravitreal);
    both.administrations[0].drugs[0].laterality = Some(Laterality::Bilateral);
    let result = code(&both, "1 mg", "medicare");
    assert!(lines(&result).is_empty() && has(&result, Reason::MissingModifierFact));
    let asked = result.questions.iter().find(|question| question.rule.id == "M-12").expect("the question");
    let billed = asked.answers[0].lines.iter().map(|line| (line.units, line.modifiers[0].to_string()));
    assert_eq!(billed.collect::<Vec<_>>(), [(2, "RT".to_owned()), (2, "LT".to_owned())]);
}
