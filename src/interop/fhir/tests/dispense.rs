//! The containers of a dispense, and whose they were.

use super::*;
use crate::rules::drug_line::package;

/// The visit with its infusion of 705.1 mg cut in two under one order, and what else is said of the second and of the dispense.
fn two_bags(second: &str, dispense: &str) -> String {
    let bag = r#""id": "a2b", "status": "completed", "medicationReference": {"reference": "Medication/m1"},
        "request": {"reference": "MedicationRequest/r1"}, "dosage": {"route": {"text": "IV infusion"}, "dose": {"value": 100, "unit": "mg"}},"#;
    let entry = format!(
        r#"{{"resource": {{"resourceType": "MedicationAdministration", {bag} {second}}}}},
        {{"resource": {{"resourceType": "MedicationAdministration", "id": "a2""#
    );
    let at = r#"{"resource": {"resourceType": "MedicationAdministration", "id": "a2""#;
    VISIT.replacen(at, &entry, 1).replacen(r#""quantity": {"value": 2}"#, dispense, 1)
}

/// How many containers each administration of the order has.
fn vials(text: &str) -> Vec<(String, u32)> {
    let visit = read_visit(text, VisitDefaults::default()).expect("a visit");
    let of_order = visit.administrations.iter().filter(|it| it.drugs[0].code.is_some());
    of_order
        .map(|it| (it.id.clone(), it.drugs[0].containers.iter().map(|container| container.count).sum()))
        .collect()
}

#[test]
fn the_containers_of_one_order_are_counted_once() {
    let counted = |first, second| [("a1".to_owned(), first), ("a2b".to_owned(), second)];
    let two = r#""quantity": {"value": 2}"#;
    let today = |time: &str| format!(r#""effectiveDateTime": "2025-11-03T{time}-06:00""#);
    // Doses of one date are billed together, so the first takes the containers of both.
    assert_eq!(vials(&two_bags(&today("14:00:00"), two)), counted(2, 0));
    assert_eq!(vials(&two_bags(&today("08:00:00"), two)), counted(0, 2));
    // A link says whose they were.
    let linked = format!(r#"{two}, "partOf": [{{"reference": "MedicationAdministration/a2b"}}]"#);
    assert_eq!(vials(&two_bags(&today("14:00:00"), &linked)), counted(0, 2));
    // Of two dates that of the dispense decides, and without one nobody is given what may be another's.
    let later = r#""effectiveDateTime": "2025-11-04T14:00:00-06:00""#;
    let handed = format!(r#"{two}, "whenHandedOver": "2025-11-04T08:00:00-06:00""#);
    assert_eq!(vials(&two_bags(later, &handed)), counted(0, 2));
    assert_eq!(vials(&two_bags(later, two)), counted(0, 0));
    // What was not given used up no container.
    let undone = two_bags(later, two)
        .replace(r#""id": "a2b", "status": "completed""#, r#""id": "a2b", "status": "not-done""#);
    assert_eq!(vials(&undone), [("a1".to_owned(), 2)]);
}

#[test]
fn an_order_of_two_visits_gives_each_its_own_containers() {
    let of = |visit: &str| {
        let dispense = r#"{"resource": {"resourceType": "MedicationDispense""#;
        history().replacen(
            dispense,
            &format!(r#"{dispense}, "context": {{"reference": "Encounter/{visit}"}}"#),
            1,
        )
    };
    // The second visit gets the drug of the first one's order too.
    let shared = |text: String| {
        text.replace(
            r##""contained": [{"resourceType": "Medication", "id": "c", "code": {"text": "diphenhydramine"}}],
    "medicationReference": {"reference": "#c"}"##,
            r#""request": {"reference": "MedicationRequest/r1"},
    "medicationReference": {"reference": "Medication/m1"}"#,
        )
    };
    let counted = |text: &str, visit| {
        let setting = Some(Setting::PhysicianOffice);
        let read =
            read_visit(text, VisitDefaults { setting, encounter: Some(visit), ..VisitDefaults::default() });
        read.expect("a visit").administrations[0].drugs[0].containers.len()
    };
    let (first, second) = (shared(of("e1")), shared(of("e2")));
    assert!(second.contains(
        r#""request": {"reference": "MedicationRequest/r1"},
    "medicationReference""#
    ));
    assert_eq!((counted(&first, "e1"), counted(&first, "e2")), (1, 0));
    assert_eq!((counted(&second, "e1"), counted(&second, "e2")), (0, 1));
    // Without a word on the visit nobody can tell.
    let unsaid = shared(history());
    assert_eq!((counted(&unsaid, "e1"), counted(&unsaid, "e2")), (0, 0));
}

#[test]
fn a_dispensed_amount_of_drug_is_so_many_containers() {
    let dispensed = |quantity: &str| VISIT.replacen(r#""quantity": {"value": 2}"#, quantity, 1);
    let count = |quantity| vials(&dispensed(quantity))[0].1;
    assert_eq!(count(r#""quantity": {"value": 1000, "unit": "mg", "code": "mg"}"#), 2);
    assert_eq!(count(r#""quantity": {"value": 3, "unit": "vial"}"#), 3);
    assert_eq!(count(r#""quantity": {"value": 2, "unit": "unit"}"#), 2);
    // A prepared dose tells nothing of the vials.
    assert_eq!(count(r#""quantity": {"value": 705.1, "unit": "mg"}"#), 0);
    let of_volume = VISIT.replace(
        r#""denominator": {"value": 1, "unit": "vial"}"#,
        r#""denominator": {"value": 50, "unit": "mL"}"#,
    );
    assert_eq!(vials(&of_volume.replacen(r#""value": 2}"#, r#""value": 100, "unit": "mL"}"#, 1))[0].1, 2);
    // Nor does a part of a vial, and none at all is refused.
    assert_eq!(count(r#""quantity": {"value": 0.6, "unit": "vial"}"#), 0);
    assert!(read_visit(&dispensed(r#""quantity": {"value": 0}"#), VisitDefaults::default()).is_err());
}

#[test]
fn an_ndc_tells_what_a_dispensed_container_holds() {
    let amount = r#""amount": {"numerator": {"value": 500, "unit": "mg"}, "denominator": {"value": 1, "unit": "vial"}},"#;
    let by_ndc = VISIT.replacen(amount, "", 1);
    assert_ne!(by_ndc, VISIT);
    let visit = read_visit(&by_ndc, VisitDefaults::default()).expect("a visit");
    let containers = visit.administrations.iter().flat_map(|it| &it.drugs[0].containers);
    let read: Vec<_> = containers.map(|one| (one.content, one.count, one.lot_number.as_deref())).collect();
    assert_eq!(read, [(package::UNSTATED, 2, Some("A1"))]);
    // A dispense may name the product itself, and one without an NDC or an amount tells nothing.
    let reference = r#""medicationReference": {"reference": "Medication/m1"},"#;
    let dispense = r#"{"resourceType": "MedicationDispense", "status": "completed", "#;
    let named = |code: &str| {
        let concept = format!(r#"{dispense}"medicationCodeableConcept": {{"coding": [{code}]}},"#);
        let text = VISIT.replacen(&format!("{dispense}{reference}"), &concept, 1);
        assert_ne!(text, VISIT);
        text
    };
    let with_ndc = named(r#"{"system": "http://hl7.org/fhir/sid/ndc", "code": "50242-0053-06"}"#);
    assert_eq!(vials(&with_ndc)[0].1, 2);
    assert_eq!(vials(&named(r#"{"display": "rituximab"}"#))[0].1, 0);
}
