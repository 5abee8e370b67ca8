mod faults;

use super::*;
use crate::domain::drug::{Container, ContainerKind, DrugClass, DrugGiven, DrugSource, NdcGiven};
use crate::domain::encounter::{Administration, OtherService, Route, Setting};
use crate::domain::quantity::Quantity;
use crate::domain::time::{date, parse_local_time};
use crate::engine;
use crate::policy::PolicyBook;

/// An administration of one drug by its code, with its clock times.
fn given(id: &str, route: Route, start: &str, stop: &str, code: &'static str, dose: &str) -> Administration {
    let at = |clock: &str| parse_local_time(&format!("2025-11-03T{clock}")).ok();
    let (value, unit) = dose.split_once(' ').expect("a dose and its unit");
    let dose = Quantity::parse(value, unit).expect("a dose");
    Administration {
        id: id.to_owned(),
        route: Some(route),
        access_site: Some("port".to_owned()),
        start: at(start),
        stop: at(stop),
        drugs: vec![DrugGiven {
            code: Some(HcpcsCode::of(code)),
            dose_administered: Some(dose),
            ..DrugGiven::default()
        }],
        ..Administration::default()
    }
}

fn containers(given: &mut Administration, content: &str, count: u32, kind: ContainerKind) {
    let (value, unit) = content.split_once(' ').expect("a content and its unit");
    given.drugs[0].containers.push(Container {
        content: Quantity::parse(value, unit).expect("a content"),
        volume: None,
        count,
        kind: Some(kind),
        form: None,
        ndc: None,
        lot_number: None,
        shared_with_later_patient: false,
    });
}

/// Trastuzumab over 92 minutes: 560 mg of 570 mg, and a push of diphenhydramine before it.
fn visit() -> Encounter {
    let mut visit = Encounter::new(Setting::PhysicianOffice, date(2025, 11, 3));
    let push = given("a1", Route::IvPush, "09:20", "", "J1200", "50 mg");
    let mut bag = given("a2", Route::IvInfusion, "09:40", "11:12", "Q5114", "560 mg");
    containers(&mut bag, "420 mg", 1, ContainerKind::SingleDose);
    containers(&mut bag, "150 mg", 1, ContainerKind::SingleDose);
    bag.drugs[0].dose_discarded = Quantity::parse("10", "mg").ok();
    visit.primary_reason = Some("a2".to_owned());
    visit.administrations = vec![push, bag];
    visit
}

fn line(text: &str) -> BilledLine {
    let mut parts = text.split(' ');
    let code = parts.next().expect("a code").parse().expect("a code");
    let mut line = BilledLine::new(code, Decimal::ONE);
    for part in parts {
        match part.strip_prefix('x') {
            Some(units) => line.units = units.parse().expect("units"),
            None => line.modifiers.push(part.parse().expect("a modifier")),
        }
    }
    line
}

/// Every difference as `KIND billed supported`, with the ids of the rules.
fn found(visit: &Encounter, lines: &[&str]) -> Vec<String> {
    let billed: Vec<BilledLine> = lines.iter().map(|text| line(text)).collect();
    let audit = audited(visit, &billed);
    let side = |side: &Option<Side>| {
        side.as_ref().map_or("-".to_owned(), |side| format!("{}x{}", side.code, side.units))
    };
    let one = |found: &Discrepancy| {
        let pattern = found.pattern.map_or("", Pattern::as_str);
        let (billed, supported) = (side(&found.billed), side(&found.supported));
        format!("{} {billed} {supported} {pattern}", found.kind.as_str()).trim_end().to_owned()
    };
    audit.discrepancies.iter().map(one).collect()
}

fn audited(visit: &Encounter, billed: &[BilledLine]) -> Audit {
    audited_for("medicare", visit, billed)
}

fn audited_for(payer: &str, visit: &Encounter, billed: &[BilledLine]) -> Audit {
    let book = PolicyBook::embedded().expect("the embedded policies");
    let policy = book.at(visit.service_date, payer).expect("a policy");
    let catalog = Catalog::embedded();
    let mut visit = visit.clone();
    add_other_services(&mut visit, billed, policy);
    let result = engine::code(&visit, &catalog, policy);
    audit(&Case { encounter: &visit, result: &result, catalog: &catalog, policy }, billed)
}

const RIGHT: [&str; 6] = ["96413", "96415", "96375", "J1200", "Q5114 x56", "Q5114 JW"];

/// The right claim with one line changed, left out or added.
fn changed(at: usize, to: &'static str) -> Vec<&'static str> {
    let mut lines = RIGHT.to_vec();
    if at < lines.len() {
        lines.remove(at);
    }
    lines.extend(Some(to).filter(|text| !text.is_empty()));
    lines
}

#[test]
fn the_right_claim_has_no_difference() {
    assert_eq!(found(&visit(), &RIGHT), Vec::<String>::new());
    let split = ["96413", "96415", "96375", "J1200", "Q5114 x50", "Q5114 x6", "Q5114 JW", "99213 25"];
    assert_eq!(found(&visit(), &split), Vec::<String>::new());
}

#[test]
fn each_mistake_has_the_rule_that_it_breaks() {
    for (at, to, expected) in [
        (0, "96365", "CLS-"),
        (3, "", "L-01"),
        (3, "J1200 x2", "U-"),
        (4, "Q5117 x56", "B-04"),
        (5, "", "W-"),
        (9, "J1200 JW", "W-01"),
        (9, "96367", "G-01"),
    ] {
        let billed: Vec<BilledLine> = changed(at, to).into_iter().map(line).collect();
        let rules: Vec<&str> =
            audited(&visit(), &billed).discrepancies.iter().map(|found| found.rule.id).collect();
        assert!(matches!(rules.as_slice(), [rule] if rule.starts_with(expected)), "{at} {to}: {rules:?}");
    }
}

#[test]
fn each_mistake_has_its_kind() {
    for (at, to, expected) in [
        (1, "", "MISSING_LINE - 96415x1 ADD_ON_HOURS_NEVER_BILLED"),
        (2, "", "MISSING_LINE - 96375x1"),
        (2, "96374", "WRONG_CODE 96374x1 96375x1 TWO_INITIALS"),
        (2, "96376", "WRONG_CODE 96376x1 96375x1 REPEAT_PUSH_IN_OFFICE"),
        (0, "96365", "WRONG_CODE 96365x1 96413x1 THERAPEUTIC_CODE"),
        (3, "J1200 x2", "WRONG_UNITS J1200x2 J1200x1"),
        (4, "Q5117 x56", "WRONG_CODE Q5117x56 Q5114x56"),
        (4, "J3490 x56", "WRONG_CODE J3490x56 Q5114x56 UNCLASSIFIED_CODE"),
        (3, "J1200 JB", "WRONG_MODIFIER J1200x1 J1200x1"),
        (9, "96523", "INCLUDED 96523x1 -"),
        (9, "96367", "EXTRA_LINE 96367x1 -"),
    ] {
        assert_eq!(found(&visit(), &changed(at, to)), [expected], "{to} in place of {at}");
    }
}

#[test]
fn what_is_never_paid_beside_an_administration_is_found() {
    for (service, expected) in [
        ("99211", Some("EXTRA_LINE 99211x1 -")),
        ("99211 25", Some("EXTRA_LINE 99211x1 -")),
        ("99213", Some("UNSUPPORTED 99213x1 -")),
        ("99213 25", None),
        ("36000", Some("INCLUDED 36000x1 -")),
        ("A4216", Some("INCLUDED A4216x1 -")),
        ("85025", None),
    ] {
        let lines = changed(9, service);
        assert_eq!(found(&visit(), &lines).first().map(String::as_str), expected, "{service}");
        let billed: Vec<BilledLine> = lines.iter().map(|text| line(text)).collect();
        let audit = audited(&visit(), &billed);
        let judged = (audit.judged.len(), audit.not_judged.len());
        assert_eq!(judged, if expected.is_some() { (7, 0) } else { (6, 1) }, "{service}");
    }
}

#[test]
fn lines_without_a_date_are_those_of_the_dates_that_support_them() {
    let mut days = visit();
    let mut next = given("a3", Route::IvPush, "09:20", "", "J1200", "100 mg");
    next.start = parse_local_time("2025-11-04T09:20").ok();
    days.administrations.push(next);
    let of_drug = |lines: &[&str]| -> Vec<String> {
        found(&days, lines).into_iter().filter(|text| text.contains("J1200")).collect()
    };
    assert_eq!(of_drug(&["J1200 x2", "J1200"]), Vec::<String>::new());
    assert_eq!(of_drug(&["J1200 x3"]), ["WRONG_UNITS J1200x3 J1200x1", "MISSING_LINE - J1200x2"]);
    // A service on a date on which nothing was given stands beside nothing.
    let mut beside: Vec<BilledLine> = RIGHT.iter().chain(&["36000"]).map(|text| line(text)).collect();
    beside[6].service_date = Some(date(2025, 11, 7));
    let audit = audited(&visit(), &beside);
    assert!(audit.discrepancies.is_empty(), "{:?}", audit.discrepancies);
    // The same service on a date with an administration does, and is found alone.
    beside.push(line("36000"));
    let found: Vec<_> = audited(&visit(), &beside).discrepancies;
    let places: Vec<_> =
        found.iter().filter_map(|found| found.billed.as_ref()).map(|side| side.line).collect();
    assert_eq!(places, [7]);
}

#[test]
fn a_service_on_another_date_has_the_wrong_date() {
    let mut stay = visit();
    stay.setting = Setting::HospitalOutpatient;
    let mut next = given("a3", Route::IvInfusion, "09:20", "10:20", "J0696", "1000 mg");
    (next.start, next.stop) =
        (parse_local_time("2025-11-04T09:20").ok(), parse_local_time("2025-11-04T10:20").ok());
    stay.administrations.push(next);
    let observation = HcpcsCode::of("G0378");
    stay.other_services.push(OtherService {
        code: observation,
        modifiers: Vec::new(),
        units: 30,
        date: None,
    });
    let on = |day: i8, texts: &[&str]| -> Vec<BilledLine> {
        let dated = |text: &&str| BilledLine { service_date: Some(date(2025, 11, day)), ..line(text) };
        texts.iter().map(dated).collect()
    };
    let of = |claim: &[Vec<BilledLine>]| -> Vec<String> {
        let audit = audited(&stay, &claim.concat());
        let side = |side: &Option<Side>| {
            side.as_ref()
                .map_or("-".to_owned(), |side| format!("{}:{}x{}", side.date.day(), side.code, side.units))
        };
        audit
            .discrepancies
            .iter()
            .map(|f| format!("{} {} {}", f.kind.as_str(), side(&f.billed), side(&f.supported)))
            .collect()
    };
    assert_eq!(of(&[on(3, &RIGHT), on(4, &["96367", "J0696 x4"])]), Vec::<String>::new());
    assert_eq!(
        of(&[on(3, &RIGHT), on(3, &["96367", "J0696 x4"])]),
        ["WRONG_DATE 3:96367x1 4:96367x1", "WRONG_DATE 3:J0696x4 4:J0696x4"]
    );
    // What is billed beyond the right units is still too much.
    assert_eq!(
        of(&[on(3, &RIGHT), on(4, &["96367"]), on(3, &["J0696 x5"])]),
        ["EXTRA_LINE 3:J0696x1 -", "WRONG_DATE 3:J0696x4 4:J0696x4"]
    );
}

#[test]
fn a_line_that_could_not_be_read_is_neither_judged_nor_missing() {
    let mut billed: Vec<BilledLine> = RIGHT.iter().map(|text| line(text)).collect();
    let drug = billed.iter().position(|line| line.code == HcpcsCode::of("Q5114")).expect("the drug");
    billed[drug] = BilledLine::unread(HcpcsCode::of("Q5114"));
    let audit = audited(&visit(), &billed);
    assert!(audit.discrepancies.is_empty(), "{:?}", audit.discrepancies);
    assert_eq!(
        (audit.not_judged.as_slice(), audit.unread.as_slice()),
        ([drug].as_slice(), [HcpcsCode::of("Q5114")].as_slice())
    );
    // Without the line its code is missing.
    billed.remove(drug);
    assert_eq!(audited(&visit(), &billed).discrepancies.len(), 1);
}

#[test]
fn a_whole_vial_is_told_from_other_units() {
    let lines = ["96413", "96415", "96375", "J1200", "Q5114 x57"];
    assert_eq!(
        found(&visit(), &lines),
        ["WRONG_UNITS Q5114x57 Q5114x56 WHOLE_VIAL", "MISSING_LINE - Q5114x1 WHOLE_VIAL"]
    );
}

#[test]
fn dollars_are_those_of_the_payment_limit() {
    let billed: Vec<BilledLine> = changed(4, "Q5114 x60").iter().map(|text| line(text)).collect();
    let audit = audited(&visit(), &billed);
    let limit = Catalog::embedded()
        .asp_limit(HcpcsCode::of("Q5114"), date(2025, 11, 3))
        .expect("a limit")
        .value
        .dollars;
    assert_eq!(audit.dollars(), (limit.checked_times(4), None));
    assert_eq!(audit.units(), (Decimal::whole(4), Decimal::ZERO));
}

#[test]
fn a_missing_stop_time_makes_a_line_unsupported_and_not_wrong() {
    let mut open = visit();
    open.administrations[1].stop = None;
    let found = found(&open, &RIGHT);
    assert!(found.iter().any(|text| text.starts_with("UNSUPPORTED 96413")), "{found:?}");
    assert!(
        found.iter().all(|text| text.starts_with("UNSUPPORTED 964") || text.starts_with("UNSUPPORTED 963")),
        "{found:?}"
    );
}

#[test]
fn discarded_drug_of_a_multi_dose_vial_is_a_known_pattern() {
    let mut other = visit();
    other.administrations[1].drugs[0].containers.clear();
    containers(&mut other.administrations[1], "420 mg", 2, ContainerKind::MultiDose);
    let found = found(&other, &["96413", "96415", "96375", "J1200", "Q5114 x56", "Q5114 x28 JW"]);
    assert_eq!(found, ["EXTRA_LINE Q5114x28 - DISCARD_OF_MULTI_DOSE"]);
}

#[test]
fn each_mistake_with_discarded_drug_has_its_rule() {
    let bag = |change: &dyn Fn(&mut Administration)| {
        let mut visit = visit();
        change(&mut visit.administrations[1]);
        visit
    };
    let used_up = |bag: &mut Administration, kind| {
        bag.drugs[0].containers.clear();
        bag.drugs[0].dose_administered = Quantity::parse("420", "mg").ok();
        bag.drugs[0].dose_discarded = None;
        containers(bag, "420 mg", 1, kind);
    };
    let multi_dose = bag(&|bag| used_up(bag, ContainerKind::MultiDose));
    let mut early = bag(&|bag| used_up(bag, ContainerKind::SingleDose));
    early.service_date = date(2022, 5, 5);
    early.administrations.remove(0);
    early.administrations[0].start = parse_local_time("2022-05-05T09:40").ok();
    early.administrations[0].stop = parse_local_time("2022-05-05T11:12").ok();
    let white_bagged = bag(&|bag| {
        (bag.drugs[0].code, bag.drugs[0].name) = (None, Some("Ogivri".to_owned()));
        bag.drugs[0].source = DrugSource::WhiteBagged;
    });
    let rest = ["96413", "96415", "96375", "J1200"];
    for (visit, lines, expected) in [
        (visit(), vec!["Q5114 x56 JZ", "Q5114 JW"], "Z-03"),
        (visit(), vec!["Q5114 JW"], "W-13"),
        (multi_dose, vec!["Q5114 x42 JZ"], "W-07"),
        (early, vec!["Q5114 x42 JZ"], "Z-01"),
        (white_bagged, vec!["Q5114 x56 JZ"], "W-12"),
    ] {
        let services = rest.iter().take(2 * visit.administrations.len());
        let billed: Vec<BilledLine> = services.chain(&lines).map(|text| line(text)).collect();
        let rules: Vec<&str> =
            audited(&visit, &billed).discrepancies.iter().map(|found| found.rule.id).collect();
        assert_eq!(rules, [expected], "{lines:?}");
    }
}

#[test]
fn an_ndc_of_another_product_is_named() {
    let with_ndc = |ndc: &str| {
        let mut billed: Vec<BilledLine> = RIGHT.iter().map(|text| line(text)).collect();
        billed[4].ndc = ndc.parse().ok();
        billed
    };
    // Rituximab's package on a trastuzumab line.
    let audit = audited(&visit(), &with_ndc("50242-0053-06"));
    assert_eq!(audit.discrepancies.len(), 1);
    assert_eq!(audit.patterns, [Pattern::NdcOfAnotherProduct]);
    // The record names the containers, and the claim another product; another package of it is no fault.
    let mut recorded = visit();
    recorded.administrations[1].drugs[0].ndc = "11111-2222-01".parse().ok().map(NdcGiven::Read);
    assert_eq!(audited(&recorded, &with_ndc("11111-3333-01")).patterns, [Pattern::NdcOfAnotherProduct]);
    assert!(audited(&recorded, &with_ndc("11111-2222-02")).discrepancies.is_empty());
}

#[test]
fn a_chemotherapy_code_for_iron_is_overstated() {
    let mut iron = Encounter::new(Setting::PhysicianOffice, date(2025, 11, 3));
    iron.administrations = vec![given("a1", Route::IvInfusion, "09:00", "09:35", "J1756", "200 mg")];
    iron.administrations[0].drugs[0].class = Some(DrugClass::Therapeutic);
    let found = found(&iron, &["96413", "J1756 x200"]);
    assert_eq!(found, ["WRONG_CODE 96413x1 96365x1 CHEMOTHERAPY_CODE"]);
}

#[test]
fn the_content_of_a_multi_dose_vial_is_a_whole_vial_too() {
    let mut visit = Encounter::new(Setting::PhysicianOffice, date(2025, 11, 3));
    visit.administrations = vec![given("a1", Route::IvInfusion, "09:00", "12:05", "J9267", "260 mg")];
    containers(&mut visit.administrations[0], "300 mg", 1, ContainerKind::MultiDose);
    let whole = found(&visit, &["96413", "96415 x2", "J9267 x300"]);
    assert_eq!(whole, ["WRONG_UNITS J9267x300 J9267x260 WHOLE_VIAL"]);
    let other = found(&visit, &["96413", "96415 x2", "J9267 x2600"]);
    assert_eq!(other, ["WRONG_UNITS J9267x2600 J9267x260"]);
}
