//! One drug in an office: the lines it gets, in a table a rule.

use std::sync::Arc;

use infusion_coder::catalog::Catalog;
use infusion_coder::policy::PolicyBook;
use infusion_coder::server::coder::Coder;
use infusion_coder::server::pb;
use serde_json::{Value, json};

use super::case::{answer, drug_lines};

/// Date, route, the drug, and the lines or findings that are expected, as [`shown`] prints them.
type Given<'a> = (&'a str, &'a str, Value, &'a [&'a str]);

/// Codes each drug and compares; the faults are reported together.
fn judge(given: &[Given<'_>]) {
    let coder =
        Coder::on(Catalog::embedded(), Arc::new(PolicyBook::embedded().expect("the embedded policies")));
    let mut faults = Vec::new();
    for (date, route, drug, expected) in given {
        let encounter = json!({
            "encounterId": "one-drug", "setting": "PHYSICIAN_OFFICE", "payer": "medicare", "serviceDate": date,
            "administrations": [{"route": route, "drugs": [drug]}],
        });
        let answer = answer(&coder, &encounter).expect("an answer");
        let found = shown(&answer, expected.contains(&"CODE_NOT_IN_FORCE"));
        if found != *expected {
            faults.push(format!("{date} {route} {drug}\n  {found:?} for {expected:?}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The drug lines, the reasons for which a line was withheld, and where they are asked for the lines of each answer.
fn shown(answer: &pb::CodeEncounterResponse, with_answers: bool) -> Vec<String> {
    let line = |line: &&pb::Line| {
        let modifiers: String = line.modifiers.iter().map(|modifier| format!(" {modifier}")).collect();
        format!("{} x{}{modifiers}", line.code, line.units)
    };
    let blocks = answer.findings.iter().filter(|finding| finding.severity() == pb::Severity::Block);
    let of_drugs = blocks.filter(|finding| finding.field.contains("drugs"));
    let reason = |finding: &pb::Finding| finding.reason().as_str_name().replace("FINDING_REASON_", "");
    let which =
        answer.questions.iter().filter(|question| with_answers && question.text.starts_with("Which code"));
    let answers = which.flat_map(|question| &question.answers).map(|answer| {
        let lines: Vec<String> = drug_lines(&answer.lines).iter().map(line).collect();
        format!("-> {}", lines.join(", "))
    });
    let swallowed = answer.questions.iter().filter(|question| question.text.contains("swallowed"));
    let by_mouth = swallowed.flat_map(|question| &question.answers).map(|answer| {
        let lines: Vec<String> = drug_lines(&answer.lines).iter().map(line).collect();
        format!("?? {}", lines.join(", "))
    });
    let of_drugs = of_drugs.map(reason).chain(by_mouth);
    drug_lines(&answer.lines).iter().map(line).chain(of_drugs).chain(answers).collect()
}

fn amount(text: &str) -> Value {
    let (value, unit) = text.split_once(' ').expect("a number, a blank and a unit");
    json!({"value": value, "unit": unit})
}

/// A drug of which all was given, from equal single-dose containers.
fn used_up(code: &str, dose: &str, content: &str, count: u32) -> Value {
    let container = json!({"content": amount(content), "count": count, "kind": "SINGLE_DOSE"});
    json!({"hcpcsCode": code, "doseAdministered": amount(dose), "doseDiscarded": {"value": "0", "unit": amount(dose)["unit"]}, "containers": [container]})
}

fn with(mut drug: Value, field: &str, value: Value) -> Value {
    drug[field] = value;
    drug
}

/// Rule U-09: a count of doses counts itself, and of what goes into joints a syringe is a dose; cells and genes are
/// one dose from however many containers.
#[test]
fn doses_of_a_code_a_dose_are_counted() {
    let day = "2024-05-01";
    let joints = |code, dose, content, count| used_up(code, dose, content, count);
    let both = |drug| with(drug, "laterality", json!("BILATERAL"));
    judge(&[
        (day, "INTRAARTICULAR", both(joints("J7324", "60 mg", "30 mg", 2)), &["J7324 x2 JZ"]),
        (day, "INTRAARTICULAR", both(joints("J7323", "40 mg", "20 mg", 2)), &["J7323 x2 JZ"]),
        (day, "INTRAARTICULAR", joints("J7324", "30 mg", "30 mg", 1), &["J7324 x1 JZ"]),
        (day, "INTRAARTICULAR", joints("J7324", "2 dose", "1 dose", 2), &["J7324 x2 JZ"]),
        (day, "IV_PUSH", json!({"hcpcsCode": "A9502", "doseAdministered": amount("2 doses")}), &["A9502 x2"]),
        (day, "IV_PUSH", json!({"hcpcsCode": "A9502", "doseAdministered": amount("30 mCi")}), &["A9502 x1"]),
        (day, "IV_INFUSION", used_up("J3399", "60 mL", "8 mL", 8), &["J3399 x1 JZ"]),
    ]);
}

/// Rules L-04 and N-07: into the eye goes what was stated, and an implant is one package.
#[test]
fn a_drug_into_the_eye_is_the_product_that_was_named() {
    let day = "2025-05-01";
    let named = |name: &str, dose| json!({"name": name, "doseAdministered": amount(dose)});
    let coded = |code: &str, name: &str, dose| with(named(name, dose), "hcpcsCode", json!(code));
    let strong = with(named("dexamethasone 4 mg/mL", "0.1 mL"), "amountPerMl", amount("4 mg"));
    judge(&[
        (day, "INTRAVITREAL", strong, &["J1100 x1"]),
        (day, "INTRAVITREAL", named("dexamethasone", "0.4 mg"), &["J1100 x1"]),
        (day, "INTRAVITREAL", named("dexamethasone", "0.7 mg"), &["J7312 x7"]),
        (day, "INTRAVITREAL", named("Ozurdex", "0.7 mg"), &["J7312 x7"]),
        (day, "INTRAVITREAL", coded("J3301", "Kenalog-40", "4 mg"), &["J3301 x1"]),
        (day, "INTRAVITREAL", named("Kenalog-40", "4 mg"), &["J3301 x1"]),
        (day, "INTRAVITREAL", named("Triesence", "4 mg"), &["J3300 x4"]),
        (day, "OTHER", coded("J3300", "Triesence", "4 mg"), &["J3300 x4"]),
        (day, "INTRAVITREAL", named("ceftazidime", "2.25 mg"), &["J0713 x1"]),
        (day, "INTRAVITREAL", named("Avastin", "1.25 mg"), &["J7999 x1"]),
        (day, "SUBCUTANEOUS", coded("J9355", "Herceptin", "600 mg"), &["WRONG_CODE_FOR_SETTING"]),
    ]);
}

/// Rules M-01 and M-04: JA and JB stand where they were asked for, and on a code of one route never.
#[test]
fn the_route_is_told_where_it_was_asked_for() {
    let drug = |code: &str, dose| json!({"hcpcsCode": code, "doseAdministered": amount(dose)});
    let for_chemotherapy = with(drug("J0885", "40000 unit"), "esaIndication", json!("CHEMOTHERAPY_ANEMIA"));
    judge(&[
        ("2015-05-01", "SUBCUTANEOUS", for_chemotherapy.clone(), &["J0885 x40 EA"]),
        ("2021-05-01", "SUBCUTANEOUS", for_chemotherapy, &["J0885 x40 EA JB"]),
        ("2019-05-01", "IV_INFUSION", drug("J0129", "750 mg"), &["J0129 x75"]),
        ("2021-05-01", "IV_INFUSION", drug("J0129", "750 mg"), &["J0129 x75 JA"]),
        ("2024-03-31", "IV_INFUSION", drug("J3380", "300 mg"), &["J3380 x300 JA"]),
        ("2024-05-01", "IV_INFUSION", used_up("J3380", "300 mg", "300 mg", 1), &["J3380 x300 JZ"]),
    ]);
}

/// Rules L-01 to L-03: liposomal doxorubicin has had four codes, and conventional doxorubicin is none of them.
#[test]
fn liposomal_doxorubicin_has_its_own_codes_in_turn() {
    let coded = |code: &str| json!({"hcpcsCode": code, "doseAdministered": amount("40 mg")});
    let doxil = json!({"name": "Doxil", "doseAdministered": amount("40 mg")});
    judge(&[
        ("2012-08-01", "IV_INFUSION", doxil.clone(), &["Q2048 x4"]),
        ("2013-02-01", "IV_INFUSION", coded("J9002"), &["J9002 x4"]),
        ("2013-02-01", "IV_INFUSION", doxil.clone(), &["J9002 x4"]),
        ("2013-08-01", "IV_INFUSION", doxil, &["Q2050 x4"]),
        ("2013-08-01", "IV_INFUSION", coded("J9002"), &["CODE_NOT_IN_FORCE", "-> Q2050 x4"]),
        ("2013-08-01", "IV_INFUSION", coded("Q2048"), &["CODE_NOT_IN_FORCE", "-> Q2050 x4"]),
        ("2013-02-01", "IV_INFUSION", coded("J9001"), &["CODE_NOT_IN_FORCE", "-> J9002 x4"]),
    ]);
}

/// Rule L-04: a drug with a code by mouth and one for injection is asked about where no route is stated, with the lines
/// of each; how a tablet is called hides no drug.
#[test]
fn a_drug_that_is_swallowed_too_is_asked_about() {
    let day = "2026-01-15";
    let named = |name: &str, dose| json!({"name": name, "doseAdministered": amount(dose)});
    judge(&[
        (day, "UNSPECIFIED", named("Temodar", "140 mg"), &["J9328 x140", "?? J8700 x28", "?? J9328 x140"]),
        (day, "ORAL", named("Temodar", "140 mg"), &["J8700 x28"]),
        (day, "IV_INFUSION", named("Temodar", "140 mg"), &["J9328 x140"]),
        (day, "ORAL", named("capecitabine 500 mg tablets", "1500 mg"), &["J8522 x30"]),
    ]);
}

/// Rule L-04: a brand means its own codes, whatever stands behind it; the drugs of a mixture are one product by either name.
#[test]
fn a_brand_means_no_other_maker_and_short_names_find_their_code() {
    let day = "2025-11-03";
    let named = |name: &str, dose: &str, kind: &str, content: &str| {
        let container = json!({"content": amount(content), "count": 1, "kind": kind});
        json!({"name": name, "doseAdministered": amount(dose), "containers": [container]})
    };
    let lupron = |name: &str| named(name, "7.5 mg", "SINGLE_DOSE", "7.5 mg");
    let celestone = |name: &str| named(name, "6 mg", "MULTI_DOSE", "30 mg");
    judge(&[
        (day, "INTRAMUSCULAR", lupron("Lupron Depot 7.5mg"), &["J9217 x1 JZ"]),
        (day, "INTRAMUSCULAR", lupron("Lupron Depot 7.5"), &["J9217 x1 JZ"]),
        (day, "INTRAMUSCULAR", lupron("Lupron"), &["J9217 x1 JZ"]),
        (day, "INTRAMUSCULAR", celestone("Celestone"), &["J0702 x1"]),
        (day, "INTRAMUSCULAR", celestone("betamethasone sod phos/acetate"), &["J0702 x1"]),
        (day, "INTRAMUSCULAR", celestone("betamethasone"), &["J0702 x1"]),
    ]);
}
