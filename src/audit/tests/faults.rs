//! Faults that were silent or misnamed: modifiers, NDCs, unknown codes, included items, siblings and duplicates.

use super::*;
use crate::domain::claim::{NdcQualifier, NdcReport};
use crate::domain::code::Modifier;

/// Every difference with its rule, as `KIND billed supported RULE`.
fn ruled(visit: &Encounter, lines: &[&str]) -> Vec<String> {
    let billed: Vec<BilledLine> = lines.iter().map(|text| line(text)).collect();
    let code = |side: &Option<Side>| side.as_ref().map_or("-".to_owned(), |side| side.code.to_string());
    let one = |found: &Discrepancy| {
        format!(
            "{} {} {} {}",
            found.kind.as_str(),
            code(&found.billed),
            code(&found.supported),
            found.rule.id
        )
    };
    audited(visit, &billed).discrepancies.iter().map(one).collect()
}

/// Paclitaxel or another drug in one bag over two hours, from one container of the dose.
fn bag(code: &'static str, dose: &str) -> Encounter {
    let mut visit = Encounter::new(Setting::PhysicianOffice, date(2025, 11, 3));
    visit.administrations = vec![given("a1", Route::IvInfusion, "09:05", "11:10", code, dose)];
    containers(&mut visit.administrations[0], dose, 1, ContainerKind::SingleDose);
    visit
}

#[test]
fn a_code_that_no_table_has_is_unknown_and_not_extra() {
    for code in ["X9999", "J9998", "96364", "W0001", "0001B"] {
        assert_eq!(ruled(&visit(), &changed(9, code)), [format!("UNKNOWN_CODE {code} - L-01")]);
    }
    // What is a code of another kind, or may be one, stays as it was.
    for (code, count) in
        [("G9999", 0), ("0001A", 0), ("D0120", 0), ("99214 25", 0), ("J9267", 1), ("96379", 1)]
    {
        let found = ruled(&visit(), &changed(9, code));
        assert_eq!(found.len(), count, "{found:?}");
        assert!(found.iter().all(|text| text.starts_with("EXTRA_LINE")), "{found:?}");
    }
    // In place of a right one it is a wrong code, and both are said.
    let billed: Vec<BilledLine> = changed(3, "J9998").into_iter().map(line).collect();
    let audit = audited(&visit(), &billed);
    let [found] = audit.discrepancies.as_slice() else { panic!("{:?}", audit.discrepancies) };
    assert_eq!((found.kind, &found.detail), (Kind::WrongCode, &Some(Detail::UnknownCode)));
}

#[test]
fn faulty_modifiers_are_told_whatever_the_record_says() {
    let iron = bag("J1756", "200 mg");
    let faults = |text: &str| {
        let billed: Vec<BilledLine> = ["96365", "96366", text].into_iter().map(line).collect();
        let audit = audited(&iron, &billed);
        let found: Vec<_> =
            audit.discrepancies.into_iter().map(|found| (found.kind, found.rule.id, found.detail)).collect();
        found
    };
    let m = Modifier::of;
    for (text, rule, fault) in [
        ("J1756 x200 JZ JZ", "M-15", ModifierFault::Repeated(m("JZ"))),
        ("J1756 x200 JZ GC GC", "M-15", ModifierFault::Repeated(m("GC"))),
        ("J1756 x200 JZ ZZ", "M-15", ModifierFault::Unknown(m("ZZ"))),
        ("J1756 x200 JW JZ", "Z-03", ModifierFault::Contradiction(m("JW"), m("JZ"))),
        ("J1756 x200 JZ JG", "M-15", ModifierFault::Ended(m("JG"), date(2024, 12, 31))),
    ] {
        let found = faults(text);
        let [(kind, by, Some(Detail::Modifiers(said)))] = found.as_slice() else {
            panic!("{text}: {found:?}")
        };
        assert_eq!((*kind, said.as_slice()), (Kind::WrongModifier, [fault].as_slice()), "{text}");
        assert!(*by == rule || matches!(fault, ModifierFault::Ended(..)), "{text}: {by}");
    }
    for right in ["J1756 x200 JZ", "J1756 x200 JZ GC", "J1756 x200 JZ U5", "J1756 x200 JZ 76"] {
        assert_eq!(faults(right), [], "{right}");
    }
}

#[test]
fn a_sibling_is_a_wrong_code_with_the_rule_of_the_right_line() {
    let (antibiotic, chemotherapy) = (bag("J0696", "2 g"), bag("J9267", "300 mg"));
    let kinds = |visit: &Encounter, lines: &[&str]| found(visit, lines);
    for (visit, drug, lines, expected) in [
        (&antibiotic, "J0696 x8 JZ", ["96365", "96365"], "WRONG_CODE 96365x1 96366x1 TWO_INITIALS"),
        (&antibiotic, "J0696 x8 JZ", ["96365", "96367"], "WRONG_CODE 96367x1 96366x1 ADD_ON_OF_ANOTHER_KIND"),
        (&antibiotic, "J0696 x8 JZ", ["96366", "96366"], "WRONG_CODE 96366x1 96365x1 ADD_ON_FOR_INITIAL"),
        (&antibiotic, "J0696 x8 JZ", ["96365", "96361"], "WRONG_CODE 96361x1 96366x1 HYDRATION_AND_THERAPY"),
        (&chemotherapy, "J9267 x300 JZ", ["96413", "96413"], "WRONG_CODE 96413x1 96415x1 TWO_INITIALS"),
        (&chemotherapy, "J9267 x300 JZ", ["96413", "96366"], "WRONG_CODE 96366x1 96415x1 THERAPEUTIC_CODE"),
        (&chemotherapy, "J9267 x300 JZ", ["96409", "96415"], "WRONG_CODE 96409x1 96413x1 OTHER_TECHNIQUE"),
    ] {
        assert_eq!(kinds(visit, &[lines[0], lines[1], drug]), [expected], "{lines:?}");
        let rules = ruled(visit, &[lines[0], lines[1], drug]);
        assert!(!rules[0].ends_with("G-01"), "{rules:?}");
    }
    let mut under_skin = Encounter::new(Setting::PhysicianOffice, date(2025, 11, 3));
    under_skin.administrations = vec![given("a1", Route::Subcutaneous, "09:05", "", "J9041", "3.5 mg")];
    containers(&mut under_skin.administrations[0], "3.5 mg", 1, ContainerKind::SingleDose);
    for (code, pattern) in [("96372", "THERAPEUTIC_CODE"), ("96365", "THERAPEUTIC_CODE")] {
        let expected = format!("WRONG_CODE {code}x1 96401x1 {pattern}");
        assert_eq!(found(&under_skin, &[code, "J9041 x35 JZ"]), [expected]);
    }
}

#[test]
fn a_line_without_the_ndc_that_its_payer_wants_is_told_it() {
    let mut iron = bag("J1756", "200 mg");
    let wanted = |visit: &Encounter, ndc: Option<&str>| {
        let mut billed: Vec<BilledLine> = ["96365", "96366", "J1756 x200 JZ"].into_iter().map(line).collect();
        billed[2].ndc = ndc.and_then(|ndc| ndc.parse().ok());
        let one = |payer| audited_for(payer, visit, &billed).discrepancies;
        assert_eq!(one("medicare").len(), 0);
        one("medicaid").into_iter().map(|found| (found.kind, found.detail)).collect::<Vec<_>>()
    };
    let missing = |ndc| (Kind::MissingNdc, Some(Detail::Ndc(ndc)));
    assert_eq!(wanted(&iron, None), [missing(WantedNdc::Quantity(Decimal::ONE, NdcQualifier::Unit))]);
    let own = "00517-2340-10";
    iron.administrations[0].drugs[0].containers[0].ndc = own.parse().ok().map(NdcGiven::Read);
    iron.administrations[0].drugs[0].containers[0].volume = Quantity::parse("10", "mL").ok();
    let report = NdcReport {
        ndc: own.parse().expect("an NDC"),
        qualifier: NdcQualifier::Milliliter,
        quantity: Decimal::whole(10),
    };
    assert_eq!(wanted(&iron, None), [missing(WantedNdc::Known(vec![report]))]);
    assert_eq!(wanted(&iron, Some(own)), []);
}

#[test]
fn a_quantity_of_an_ndc_that_the_record_does_not_have_is_told() {
    let mut iron = bag("J1756", "200 mg");
    let container = &mut iron.administrations[0].drugs[0].containers[0];
    container.ndc = "00517-2340-10".parse().ok().map(NdcGiven::Read);
    container.volume = Quantity::parse("10", "mL").ok();
    let with = |quantity: i32, qualifier| {
        let mut billed: Vec<BilledLine> = ["96365", "96366", "J1756 x200 JZ"].into_iter().map(line).collect();
        billed[2].ndc = "00517-2340-10".parse().ok();
        billed[2].ndc_quantity = Some((Decimal::whole(quantity), qualifier));
        let found = audited(&iron, &billed).discrepancies;
        found.iter().map(|found| found.kind).collect::<Vec<_>>()
    };
    assert_eq!(with(10, NdcQualifier::Milliliter), []);
    assert_eq!(with(999, NdcQualifier::Milliliter), [Kind::WrongNdc]);
    assert_eq!(with(10, NdcQualifier::Unit), [Kind::WrongNdc]);
}

#[test]
fn supplies_are_included_in_an_office_and_no_business_of_the_audit_elsewhere() {
    for supply in ["A4222", "A4300", "99070", "36000", "36410", "96523", "S1015", "J1642"] {
        let found = ruled(&visit(), &changed(9, supply));
        let rule = if supply == "96523" { "CHM-8" } else { "G-08" };
        assert_eq!(found, [format!("INCLUDED {supply} - {rule}")]);
    }
    assert_eq!(ruled(&visit(), &changed(9, "99070 59")), Vec::<String>::new());
    let mut hospital = visit();
    hospital.setting = Setting::HospitalOutpatient;
    assert!(!ruled(&hospital, &changed(9, "A4222")).iter().any(|text| text.contains("A4222")));
}

#[test]
fn a_modifier_that_only_an_answer_supports_is_unsupported() {
    let mut open = visit();
    // Ten of 570 mg are left, and nothing tells what became of them.
    open.administrations[1].drugs[0].dose_discarded = None;
    let lines = |drug: &'static str| ["96413", "96415", "96375", "J1200", drug];
    assert_eq!(found(&open, &lines("Q5114 x56 JZ")), ["UNSUPPORTED Q5114x56 Q5114x56"]);
    assert_eq!(found(&open, &lines("Q5114 x56")), Vec::<String>::new());
}

#[test]
fn a_line_that_lacks_its_jw_is_that_of_the_discarded_part() {
    for discarded in ["Q5114", "Q5114 JZ"] {
        let lines = ["96413", "96415", "96375", "J1200", "Q5114 x56", discarded];
        assert_eq!(found(&visit(), &lines), ["WRONG_MODIFIER Q5114x1 Q5114x1"], "{discarded}");
    }
}

#[test]
fn a_line_that_stands_twice_is_a_duplicate() {
    let twice = ["96413", "96415", "96375", "J1200", "Q5114 x56", "Q5114 x56", "Q5114 JW"];
    let billed: Vec<BilledLine> = twice.into_iter().map(line).collect();
    let audit = audited(&visit(), &billed);
    let places: Vec<_> =
        audit.discrepancies.iter().filter_map(|found| found.billed.as_ref()).map(|side| side.line).collect();
    assert_eq!(
        (audit.patterns.as_slice(), places.as_slice()),
        ([Pattern::DuplicateLine].as_slice(), [5].as_slice())
    );
    assert_eq!(found(&visit(), &twice), ["EXTRA_LINE Q5114x56 - DUPLICATE_LINE"]);
}

#[test]
fn a_visit_that_the_record_marks_and_the_claim_does_not_lacks_the_modifier() {
    let mut marked = visit();
    let modifiers = vec![Modifier::of("25")];
    let code = HcpcsCode::of("99213");
    marked.other_services.push(OtherService { code, modifiers, units: 1, date: None });
    assert_eq!(ruled(&marked, &changed(9, "99213")), ["WRONG_MODIFIER 99213 99213 MOD-2"]);
    assert_eq!(ruled(&marked, &changed(9, "99213 25")), Vec::<String>::new());
}

#[test]
fn jz_on_a_drug_that_a_hospital_is_not_paid_for_is_no_mistake() {
    let mut visit = bag("Q5114", "420 mg");
    let mut push = given("a2", Route::IvPush, "09:20", "", "J2405", "4 mg");
    containers(&mut push, "4 mg", 1, ContainerKind::SingleDose);
    visit.administrations.push(push);
    visit.setting = Setting::HospitalOutpatient;
    let claim = |packaged| found(&visit, &["96413", "96415", "96375", "Q5114 x42 JZ", packaged]);
    assert_eq!(claim("J2405 x4 JZ"), Vec::<String>::new());
    assert_eq!(claim("J2405 x4"), Vec::<String>::new());
    visit.setting = Setting::PhysicianOffice;
    let office = found(&visit, &["96413", "96415", "96375", "Q5114 x42 JZ", "J2405 x4"]);
    assert_eq!(office, ["WRONG_MODIFIER J2405x4 J2405x4"]);
}

#[test]
fn a_line_that_the_record_declines_is_told_with_the_reason() {
    let mut visit = visit();
    let mut fluid = given("a3", Route::IvInfusion, "11:20", "11:49", "J7030", "500 mL");
    fluid.drugs[0].class = Some(DrugClass::Hydration);
    visit.administrations.push(fluid);
    let audit = audited(&visit, &[line("96413"), line("96415"), line("96375"), line("96361")]);
    let extra = audit.discrepancies.iter().find(|found| found.kind == Kind::ExtraLine).expect("the line");
    assert!(matches!(extra.detail, Some(Detail::Declined(_))), "{extra:?}");
    assert_eq!(extra.rule.id, "TIME-4");
}

#[test]
fn a_pump_taken_for_the_next_drug_is_no_mix_of_push_and_infusion() {
    let mut visit = bag("J9271", "200 mg");
    let mut next = given("a2", Route::IvInfusion, "13:00", "13:40", "J9045", "450 mg");
    containers(&mut next, "450 mg", 1, ContainerKind::MultiDose);
    visit.administrations.push(next);
    let wrong = found(&visit, &["96413", "96416"]);
    assert!(wrong.iter().any(|found| found == "WRONG_CODE 96416x1 96417x1"), "{wrong:?}");
}
