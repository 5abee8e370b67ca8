mod dispense;

use proptest::prelude::*;

use super::*;
use crate::domain::claim::{Line, NdcQualifier, NdcReport, Track};
use crate::domain::code::{HcpcsCode, Modifier};
use crate::domain::drug::NdcGiven;
use crate::domain::encounter::{Encounter, OffCampus, Route, Setting};
use crate::domain::quantity::Quantity;
use crate::domain::time::{date, parse_local_time};

const VISIT: &str = r##"{"resourceType": "Bundle", "type": "collection", "entry": [
  {"resource": {"resourceType": "Patient", "id": "p1", "name": [{"family": "Surname"}], "birthDate": "1950-01-01"}},
  {"fullUrl": "urn:uuid:e1", "resource": {"resourceType": "Encounter", "id": "e1", "status": "finished",
    "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
    "subject": {"reference": "Patient/p1"}, "period": {"start": "2025-11-03T09:00:00-06:00"},
    "location": [{"location": {"reference": "Location/l1"}}],
    "diagnosis": [{"condition": {"reference": "Condition/c2"}}]}},
  {"resource": {"resourceType": "Location", "id": "l1", "type": [{"coding": [{"code": "11",
    "system": "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set"}]}]}},
  {"resource": {"resourceType": "Condition", "id": "c1", "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "D63.0"}]}}},
  {"resource": {"resourceType": "Condition", "id": "c2", "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "C83.30"}]}}},
  {"resource": {"resourceType": "Medication", "id": "m1", "batch": {"lotNumber": "A1"},
    "code": {"text": "rituximab", "coding": [{"system": "http://hl7.org/fhir/sid/ndc", "code": "50242-0053-06"},
      {"system": "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "code": "J9312"}]},
    "amount": {"numerator": {"value": 500, "unit": "mg"}, "denominator": {"value": 1, "unit": "vial"}},
    "ingredient": [{"itemCodeableConcept": {"text": "rituximab"},
      "strength": {"numerator": {"value": 10, "unit": "mg"}, "denominator": {"value": 1, "unit": "mL"}}}]}},
  {"resource": {"resourceType": "MedicationRequest", "id": "r1",
    "dosageInstruction": [{"doseAndRate": [{"doseQuantity": {"value": 705.0, "unit": "mg"}}]}]}},
  {"resource": {"resourceType": "MedicationDispense", "status": "completed", "medicationReference": {"reference": "Medication/m1"},
    "authorizingPrescription": [{"reference": "MedicationRequest/r1"}], "quantity": {"value": 2}}},
  {"resource": {"resourceType": "MedicationAdministration", "id": "a1", "status": "completed",
    "medicationReference": {"reference": "Medication/m1"}, "request": {"reference": "MedicationRequest/r1"},
    "effectivePeriod": {"start": "2025-11-03T09:40:00-06:00", "end": "2025-11-03T12:15:00-06:00"},
    "dosage": {"route": {"coding": [{"system": "http://snomed.info/sct", "code": "47625008"}]}, "site": {"text": "port"},
      "rateQuantity": {"value": 100, "unit": "mL/h"}, "dose": {"value": 705.1, "unit": "milligram", "code": "mg"}}}},
  {"resource": {"resourceType": "MedicationAdministration", "id": "a2", "status": "not-done",
    "medicationCodeableConcept": {"text": "x"}, "effectiveDateTime": "2025-11-03"}},
  {"resource": {"resourceType": "MedicationAdministration", "id": "a3", "status": "completed",
    "contained": [{"resourceType": "Medication", "id": "c", "code": {"text": "diphenhydramine"}}],
    "medicationReference": {"reference": "#c"}, "effectiveDateTime": "2025-11-03T09:20:00-06:00",
    "dosage": {"route": {"text": "IV push"}, "dose": {"value": 50, "unit": "mg"}}}}
]}"##;

fn refusal(text: &str) -> String {
    let defaults = VisitDefaults { setting: Some(Setting::PhysicianOffice), ..VisitDefaults::default() };
    read_visit(text, defaults).expect_err("a refusal").to_string()
}

#[test]
fn a_bundle_becomes_a_visit_without_its_patient() {
    let visit = read_visit(VISIT, VisitDefaults::default()).expect("a visit");
    assert_eq!((visit.setting, visit.service_date), (Setting::PhysicianOffice, date(2025, 11, 3)));
    assert_eq!((visit.id.as_str(), visit.payer.as_str()), ("e1", "medicare"));
    assert_eq!(visit.diagnoses, ["C83.30", "D63.0"]);
    let [first, second] = visit.administrations.as_slice() else { panic!("{visit:?}") };
    assert_eq!((first.route, first.access_site.as_deref()), (Some(Route::IvInfusion), Some("port")));
    assert_eq!(first.start, parse_local_time("2025-11-03T09:40").ok());
    assert_eq!(first.stop, parse_local_time("2025-11-03T12:15").ok());
    let drug = &first.drugs[0];
    assert_eq!(drug.code, Some(HcpcsCode::of("J9312")));
    assert_eq!(drug.ndc, "50242-0053-06".parse().ok().map(NdcGiven::Read));
    assert_eq!(drug.dose_administered, Quantity::parse("705.1", "mg").ok());
    assert_eq!(drug.dose_ordered, Quantity::parse("705", "mg").ok());
    assert_eq!(drug.amount_per_ml, Quantity::parse("10", "mg").ok());
    let [container] = drug.containers.as_slice() else { panic!("{drug:?}") };
    assert_eq!((Some(container.content), container.count), (Quantity::parse("500", "mg").ok(), 2));
    assert_eq!(container.lot_number.as_deref(), Some("A1"));
    assert_eq!((second.route, second.stop), (Some(Route::IvPush), None));
    assert_eq!(second.drugs[0].name.as_deref(), Some("diphenhydramine"));
    let printed = format!("{visit:?}");
    assert!(!printed.contains("Surname") && !printed.contains("1950"), "{printed}");
}

#[test]
fn a_refusal_names_the_element() {
    assert!(refusal("[]").starts_with("Bundle: "));
    assert_eq!(refusal("{}"), "Bundle: resourceType is missing");
    let replaced = |from: &str, to: &str| refusal(&VISIT.replacen(from, to, 1));
    assert_eq!(
        replaced("\"code\": \"mg\"", "\"comparator\": \"<\""),
        "Bundle.entry[8].resource.dosage.dose.comparator: a dose must be one number, not a bound"
    );
    assert!(
        replaced("J9312", "J93").starts_with("Bundle.entry[5].resource.code.coding[1].code: `J93` is not")
    );
    assert!(replaced("IV push", "somehow").starts_with("Bundle.entry[10].resource.dosage.route: "));
    assert!(
        replaced("\"Medication/m1\"}, \"request\"", "\"Medication/m9\"}, \"request\"")
            .starts_with("Bundle.entry[8].resource.medicationReference: ")
    );
    assert!(
        replaced("12:15:00-06:00", "12:15:00-05:00")
            .starts_with("Bundle.entry[8].resource.effectivePeriod: ")
    );
    let open = refusal(&VISIT.replace(r#""a3", "status": "completed""#, r#""a3", "status": "in-progress""#));
    assert!(open.starts_with("Bundle.entry[10].resource.status: `in-progress`"), "{open}");
    let undone = refusal(&VISIT.replace("\"completed\"", "\"not-done\""));
    assert!(undone.contains("no MedicationAdministration of the visit took place"), "{undone}");
    assert!(
        replaced("\"value\": 2}", "\"value\": 0}").starts_with("Bundle.entry[7].resource.quantity.value: ")
    );
}

/// A history of two visits; `a1` belongs to the first and `a3` to the second.
fn history() -> String {
    let second = r#"{"resource": {"resourceType": "Encounter", "id": "e2", "period": {"start": "2025-11-10"}}},
        {"resource": {"resourceType": "Condition", "encounter": {"reference": "Encounter/e2"},
         "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "E86.0"}]}}},
        {"resource": {"resourceType": "Location""#;
    let of = |id, encounter: &str| {
        let named = format!(r#""id": "{id}", "status": "completed""#);
        let context = format!(r#"{named}, "context": {{"reference": "{encounter}"}}"#);
        (named, context)
    };
    let mut text = VISIT.replacen(r#"{"resource": {"resourceType": "Location""#, second, 1);
    for (named, context) in [of("a1", "urn:uuid:e1"), of("a3", "Encounter/e2")] {
        assert!(text.contains(&named));
        text = text.replacen(&named, &context, 1);
    }
    text
}

#[test]
fn one_visit_of_a_history_is_read_when_it_is_named() {
    assert!(refusal(&history()).starts_with("Bundle.entry[2].resource: a second Encounter"));
    let named = |id| {
        let setting = Some(Setting::PhysicianOffice);
        read_visit(&history(), VisitDefaults { setting, encounter: Some(id), ..VisitDefaults::default() })
    };
    let first = named("e1").expect("a visit");
    assert_eq!((first.id.as_str(), first.administrations.len()), ("e1", 1));
    assert_eq!(first.diagnoses, ["C83.30", "D63.0"]);
    let second = named("e2").expect("a visit");
    assert_eq!((second.service_date, second.administrations[0].id.as_str()), (date(2025, 11, 10), "a3"));
    assert_eq!(second.diagnoses.first().map(String::as_str), Some("E86.0"));
    assert!(named("e3").is_err());
    let of_first_only = history().replace("Encounter/e2", "Encounter/e1");
    let stated = VisitDefaults { setting: Some(Setting::PhysicianOffice), ..VisitDefaults::default() };
    let visit = read_visit(&of_first_only, stated).expect("a visit");
    assert_eq!((visit.id.as_str(), visit.administrations.len()), ("e1", 2));
}

#[test]
fn a_setting_that_is_not_told_is_asked_for() {
    let ambulatory = VISIT.replace("\"code\": \"11\"", "\"code\": \"99\"");
    let error = read_visit(&ambulatory, VisitDefaults::default()).expect_err("a refusal");
    assert_eq!(error.path, "Bundle.entry[1].resource.class");
    assert!(error.reason.contains("the place of service 99"), "{error}");
    let stated = VisitDefaults { setting: Some(Setting::HospitalOutpatient), ..VisitDefaults::default() };
    assert_eq!(read_visit(&ambulatory, stated).map(|visit| visit.setting), Ok(Setting::HospitalOutpatient));
    assert_eq!(read_visit(VISIT, stated).map(|visit| visit.setting), Ok(Setting::PhysicianOffice));
    for (class, setting, told) in [
        ("IMP", Some(Setting::HospitalOutpatient), Setting::HospitalInpatient),
        ("EMER", None, Setting::HospitalOutpatient),
        ("OBSENC", Some(Setting::PhysicianOffice), Setting::HospitalOutpatient),
        ("OBSENC", Some(Setting::CriticalAccessHospital), Setting::CriticalAccessHospital),
    ] {
        let other = ambulatory.replace("AMB", class);
        let visit = read_visit(&other, VisitDefaults { setting, ..VisitDefaults::default() });
        assert_eq!(visit.map(|visit| visit.setting), Ok(told), "{class}");
    }
}

#[test]
fn a_place_off_campus_is_told_and_its_status_is_not() {
    let off_campus = VISIT.replace("\"code\": \"11\"", "\"code\": \"19\"");
    let visit = read_visit(&off_campus, VisitDefaults::default()).expect("a visit");
    assert_eq!(
        (visit.setting, visit.off_campus),
        (Setting::HospitalOutpatient, Some(OffCampus::StatusUnknown))
    );
    let on_campus = VISIT.replace("\"code\": \"11\"", "\"code\": \"22\"");
    assert_eq!(read_visit(&on_campus, VisitDefaults::default()).map(|visit| visit.off_campus), Ok(None));
}

#[test]
fn every_fault_of_a_bundle_is_named() {
    let faulty = VISIT.replace("09:40:00-06:00", "9:40").replace("12:15:00-06:00", "12h15");
    let untold = faulty.replace(r#""a3", "status": "completed""#, r#""a3", "status": "on-hold""#);
    let untold = untold.replace("\"code\": \"11\"", "\"code\": \"99\"");
    let error = read_visit(&untold, VisitDefaults::default()).expect_err("a refusal");
    let paths: Vec<String> = error.parted().into_iter().map(|error| error.path).collect();
    for end in ["effectivePeriod.start", "effectivePeriod.end", ".status", "entry[1].resource.class"] {
        assert!(paths.iter().any(|path| path.ends_with(end)), "{end} of {paths:?}");
    }
}

#[test]
fn times_in_utc_need_the_zone() {
    let utc = VISIT.replace("09:40:00-06:00", "15:40:00Z").replace("12:15:00-06:00", "18:15:00Z");
    let error = read_visit(&utc, VisitDefaults::default()).expect_err("a refusal");
    assert_eq!(error.path, "Bundle.entry[8].resource.effectivePeriod.start");
    let chicago = VisitDefaults { time_zone: Some("America/Chicago"), ..VisitDefaults::default() };
    let visit = read_visit(&utc, chicago).expect("a visit");
    assert_eq!(visit.administrations[0].start, parse_local_time("2025-11-03T09:40").ok());
}

#[test]
fn a_single_administration_is_a_visit_of_its_own() {
    let single = r#"{"resourceType": "MedicationAdministration", "medicationCodeableConcept": {"text": "x"}, "effectiveDateTime": "2025-11-03"}"#;
    let stated = VisitDefaults { setting: Some(Setting::PhysicianOffice), ..VisitDefaults::default() };
    let visit = read_visit(single, stated).expect("a visit");
    assert_eq!((visit.service_date, visit.administrations.len()), (date(2025, 11, 3), 1));
}

fn drug_line() -> Line {
    let mut line = Line::new(Track::Drug, HcpcsCode::of("J9312"), 71, date(2025, 11, 3));
    assert!(line.add_modifier(Modifier::of("JZ")));
    line.narrative = Some("week 3".into());
    line.ndc = Some(NdcReport {
        ndc: "50242005306".parse().expect("an NDC"),
        qualifier: NdcQualifier::Milliliter,
        quantity: "70.5".parse().expect("a number"),
    });
    line
}

#[test]
fn a_claim_carries_lines_in_the_systems_of_cms() {
    let mut visit = Encounter::new(Setting::PhysicianOffice, date(2025, 11, 3));
    visit.diagnoses = vec!["C83.30".to_owned()];
    let lines = [Line::new(Track::Administration, HcpcsCode::of("96413"), 1, date(2025, 11, 3)), drug_line()];
    let claim = serde_json::to_value(write_claim(&visit, &lines)).expect("JSON");
    assert_eq!(claim["type"]["coding"][0]["code"], "professional");
    assert_eq!(claim["item"][0]["productOrService"]["coding"][0]["system"], "http://www.ama-assn.org/go/cpt");
    let drug = &claim["item"][1];
    assert_eq!(drug["modifier"][0]["coding"][0]["code"], "JZ");
    assert_eq!((&drug["quantity"]["value"], &drug["diagnosisSequence"][0]), (&71.into(), &1.into()));
    assert_eq!(drug["detail"][0]["productOrService"]["coding"][0]["code"], "50242005306");
    assert_eq!(drug["detail"][0]["quantity"]["code"], "mL");
    assert_eq!(claim["supportingInfo"][0]["valueString"], "week 3");
    let text = serde_json::to_string(&write_claim(&visit, &lines)).expect("JSON");
    assert!(text.contains(r#""value":70.5,"#), "{text}");
    assert!(!text.contains("[]"), "FHIR allows no empty list: {text}");
}

#[test]
fn charge_items_keep_the_modifiers() {
    let lines = [drug_line()];
    let bundle = serde_json::to_value(write_charge_items(&lines)).expect("JSON");
    let item = &bundle["entry"][0]["resource"];
    assert_eq!(item["extension"][0]["valueCodeableConcept"]["coding"][0]["code"], "JZ");
    assert_eq!(item["productCodeableConcept"]["coding"][0]["code"], "50242005306");
}

#[test]
fn the_bundle_of_a_simulator_is_read_by_its_ingredient_or_refused_for_its_bare_amount() {
    let bundle = |dose: &str| {
        format!(
            r#"{{"resourceType": "Bundle", "type": "transaction", "entry": [
            {{"fullUrl": "urn:uuid:e", "resource": {{"resourceType": "Encounter", "id": "e", "class": {{"code": "AMB"}},
              "period": {{"start": "2025-10-03T09:00:00-04:00"}}}}, "request": {{"method": "POST", "url": "Encounter"}}}},
            {{"fullUrl": "urn:uuid:a", "resource": {{"resourceType": "MedicationAdministration", "id": "a", "status": "completed",
              "medicationCodeableConcept": {{"text": "10 ML oxaliplatin 5 MG/ML Injection", "coding": [
                {{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1736776",
                  "display": "10 ML oxaliplatin 5 MG/ML Injection"}}]}},
              "context": {{"reference": "urn:uuid:e"}}, "effectiveDateTime": "2025-10-03T09:15:00-04:00",
              "dosage": {{"dose": {dose}}}}}}}]}}"#
        )
    };
    let defaults = VisitDefaults { setting: Some(Setting::PhysicianOffice), ..VisitDefaults::default() };
    let visit = read_visit(&bundle(r#"{"value": 150, "code": "mg"}"#), defaults).expect("a visit");
    assert_eq!(visit.administrations[0].drugs[0].name.as_deref(), Some("oxaliplatin"));
    let path = "Bundle.entry[1].resource.dosage.dose.unit: ";
    assert!(refusal(&bundle(r#"{"value": 2.0}"#)).starts_with(path));
}

#[test]
fn a_medication_without_a_code_is_named_by_its_only_ingredient() {
    let text = r##"{"resourceType": "MedicationAdministration", "id": "a", "status": "completed",
        "contained": [{"resourceType": "Medication", "id": "m", "ingredient": [{"itemCodeableConcept": {"text": "zoledronic acid"}}]}],
        "medicationReference": {"reference": "#m"}, "effectiveDateTime": "2025-11-03"}"##;
    let defaults = VisitDefaults { setting: Some(Setting::PhysicianOffice), ..VisitDefaults::default() };
    let visit = read_visit(text, defaults).expect("a visit");
    assert_eq!(visit.administrations[0].drugs[0].name.as_deref(), Some("zoledronic acid"));
}

#[test]
fn a_resource_that_holds_no_visit_is_named() {
    let refused = refusal(r#"{"resourceType": "Claim", "id": "c"}"#);
    assert!(refused.starts_with("Claim.resourceType: ") && refused.contains("Bundle"), "{refused}");
    let refused =
        refusal(r#"{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Claim"}}]}"#);
    assert!(refused.starts_with("Bundle.entry: "), "{refused}");
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
        let _ = read_visit(&text, VisitDefaults::default());
    }

    /// A Bundle with one element put out of order is read or refused, never worse.
    #[test]
    fn no_change_of_a_bundle_makes_the_reader_panic(at in 0usize..4000, with in "[\\[\\]{}\",:0-9a-zTé-]{0,3}") {
        let mut text: Vec<char> = VISIT.chars().collect();
        let at = at % text.len();
        text.splice(at..at + 1, with.chars());
        let _ = read_visit(&text.into_iter().collect::<String>(), VisitDefaults::default());
    }
}

#[test]
fn a_version_of_a_resource_a_time_taken_and_a_time_in_another_form_are_read() {
    let visit = VISIT
        .replacen("\"Medication/m1\"}, \"request\"", "\"Medication/m1/_history/2\"}, \"request\"", 1)
        .replacen("\"rateQuantity\": {\"value\": 100, \"unit\": \"mL/h\"},", "", 1);
    let read = read_visit(&visit, VisitDefaults::default()).expect("a visit");
    let first = &read.administrations[0];
    assert_eq!((first.route, first.drugs[0].code), (Some(Route::IvInfusion), Some(HcpcsCode::of("J9312"))));
    let other = refusal(&VISIT.replacen("2025-11-03T09:20:00-06:00", "11/03/2025 09:20", 1));
    assert!(
        other.starts_with("Bundle.entry[10].resource.effectiveDateTime: it is no time of FHIR"),
        "{other}"
    );
}
