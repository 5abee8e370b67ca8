//! Drugs as charts name them, without a code: which line each gives.

use std::sync::Arc;

use infusion_coder::catalog::Catalog;
use infusion_coder::policy::PolicyBook;
use infusion_coder::server::coder::Coder;
use serde_json::{Value, json};

use super::case;

/// The drug lines of one drug of a visit, as `J1040 x1`.
fn lines(coder: &Coder, date: &str, route: &str, drug: &Value) -> Vec<String> {
    let encounter = json!({
        "setting": "PHYSICIAN_OFFICE", "payer": "medicare", "serviceDate": date,
        "administrations": [{ "route": route, "drugs": [drug] }],
    });
    let answer = case::answer(coder, &encounter).expect("an answer");
    case::drug_lines(&answer.lines).iter().map(|line| format!("{} x{}", line.code, line.units)).collect()
}

fn coder() -> Coder {
    let policies = Arc::new(PolicyBook::embedded().expect("the embedded policies"));
    Coder::on(Catalog::embedded(), policies)
}

/// Date, route, name, dose, and the line.
const NAMED: &[(&str, &str, &str, &str, &str)] = &[
    // The volume tells which bag (rule L-05).
    ("2024-05-01", "IV_INFUSION", "normal saline", "1000 mL", "J7030 x1"),
    ("2024-05-01", "IV_INFUSION", "Normal Saline 250 mL", "250 mL", "J7050 x1"),
    ("2024-05-01", "IV_INFUSION", "sodium chloride 0.9% 500 mL", "1 bag", "J7040 x1"),
    ("2024-05-01", "IV_INFUSION", "NS 500 mL bolus", "500 mL", "J7040 x1"),
    ("2024-05-01", "IV_INFUSION", "D5W", "1000 mL", "J7070 x1"),
    ("2024-05-01", "IV_INFUSION", "normal saline", "750 mL", ""),
    // The dose tells which denomination.
    ("2023-05-01", "INTRAMUSCULAR", "Depo-Medrol 20 mg", "20 mg", "J1020 x1"),
    ("2023-05-01", "INTRAMUSCULAR", "Depo-Medrol 40 mg", "40 mg", "J1030 x1"),
    ("2023-05-01", "INTRAMUSCULAR", "Depo-Medrol 80 mg/mL", "80 mg", "J1040 x1"),
    ("2024-03-01", "IV_PUSH", "Solu-Medrol", "40 mg", "J2920 x1"),
    ("2024-03-01", "IV_PUSH", "Solu-Medrol 125mg", "125 mg", "J2930 x1"),
    ("2013-06-01", "INTRAMUSCULAR", "testosterone cypionate", "100 mg", "J1070 x1"),
    ("2013-06-01", "INTRAMUSCULAR", "testosterone cypionate", "200 mg", "J1080 x1"),
    ("2024-05-01", "INTRATHECAL", "Lioresal", "40 mg", "J0475 x4"),
    ("2024-05-01", "INTRATHECAL", "baclofen", "50 mcg", "J0476 x1"),
    ("2024-05-01", "INTRAMUSCULAR", "Lupron Depot 22.5 mg", "22.5 mg", "J9217 x3"),
    ("2024-05-01", "INTRAMUSCULAR", "Lupron Depot 3.75 mg", "3.75 mg", "J1950 x1"),
    // A brand is one maker's product.
    ("2024-05-01", "INTRAMUSCULAR", "Acthar", "80 unit", "J0801 x2"),
    ("2025-11-03", "IV_INFUSION", "Merrem", "1 g", "J2185 x10"),
    ("2025-11-03", "IV_INFUSION", "Tygacil", "50 mg", "J3243 x50"),
    ("2025-11-03", "IV_INFUSION", "Avelox", "400 mg", "J2280 x4"),
    ("2024-05-01", "IV_PUSH", "Versed", "5 mg", "J2250 x5"),
    ("2024-05-01", "INTRAARTICULAR", "Kenalog 40 mg/mL", "1.5 mL", "J3301 x6"),
    ("2025-11-03", "IV_INFUSION", "Exondys 51", "2100 mg", "J1428 x210"),
    ("2025-11-03", "SUBCUTANEOUS", "Novolog", "10 unit", "J1815 x2"),
    // Words of the package and the form.
    ("2025-11-03", "IV_INFUSION", "Keytruda 100mg/4ml SDV", "200 mg", "J9271 x200"),
    ("2025-11-03", "IV_INFUSION", "ceftriaxone 1 gram vial", "1 g", "J0696 x4"),
    ("2025-11-03", "IV_INFUSION", "Ceftriaxone Sodium for Injection USP", "1 g", "J0696 x4"),
    ("2025-11-03", "SUBCUTANEOUS", "Prolia prefilled syringe 60 mg/mL", "60 mg", "J0897 x60"),
    ("2025-11-03", "SUBCUTANEOUS", "Neulasta Onpro kit", "6 mg", "J2506 x12"),
    ("2025-11-03", "IV_INFUSION", "IVIG Gammagard Liquid", "30 g", "J1569 x60"),
    // Written by either component, and the two differ fivefold: asked.
    ("2025-11-03", "IV_INFUSION", "sulfamethoxazole-trimethoprim", "800 mg", ""),
    ("2025-11-03", "IV_INFUSION", "liposomal amphotericin B", "100 mg", "J0289 x10"),
];

#[test]
fn charted_names_find_their_codes() {
    let coder = coder();
    let faults: Vec<String> = NAMED
        .iter()
        .filter_map(|(date, route, name, dose, expected)| {
            let (value, unit) = dose.split_once(' ').expect("an amount");
            let drug = json!({ "name": name, "doseAdministered": { "value": value, "unit": unit } });
            let found = lines(&coder, date, route, &drug).join(", ");
            let is_right =
                if expected.contains(' ') { found == *expected } else { found.starts_with(expected) };
            let is_none = expected.is_empty() && !found.is_empty();
            (!is_right || is_none).then(|| format!("{name} {dose} on {date}: {found} and not {expected}"))
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn amounts_are_read_as_charts_write_them() {
    let coder = coder();
    let amount = |value: &str, unit: &str| json!({ "value": value, "unit": unit });
    let container = |value: &str, unit: &str, count: u32, kind: &str| json!([{ "content": amount(value, unit), "count": count, "kind": kind }]);
    for (date, route, drug, expected) in [
        // 120 mg in 1.7 mL have no exact amount in one millilitre.
        (
            "2025-11-03",
            "SUBCUTANEOUS",
            json!({ "hcpcsCode": "J0897", "name": "Xgeva 120 mg/1.7 mL",
            "doseAdministered": amount("1.7", "mL") }),
            "J0897 x120",
        ),
        // Antivenoms are charted in vials, and the content of the vials is counted.
        (
            "2024-05-01",
            "IV_INFUSION",
            json!({ "hcpcsCode": "J0840", "doseAdministered": amount("6", "vials"),
            "containers": container("1", "g", 6, "SINGLE_DOSE") }),
            "J0840 x6",
        ),
        (
            "2024-05-01",
            "IV_INFUSION",
            json!({ "hcpcsCode": "J9271", "doseAdministered": amount("2", "vials"),
            "containers": container("100", "mg", 2, "SINGLE_DOSE") }),
            "J9271 x200",
        ),
        (
            "2024-05-01",
            "OTHER",
            json!({ "hcpcsCode": "J3398", "doseAdministered": amount("150000000000", "vg") }),
            "J3398 x150",
        ),
        // A package that is older than its code was under the code before it (rule L-03).
        (
            "2018-06-01",
            "IV_INFUSION",
            json!({ "ndc": "50242-0051-21", "doseAdministered": amount("700", "mg") }),
            "J9310 x7",
        ),
        (
            "2020-06-01",
            "SUBCUTANEOUS",
            json!({ "ndc": "55513-0190-01", "doseAdministered": amount("6", "mg") }),
            "J2505 x1",
        ),
        (
            "2017-06-01",
            "IV_INFUSION",
            json!({ "ndc": "00069-0809-01", "doseAdministered": amount("400", "mg") }),
            "Q5102 x40",
        ),
    ] {
        assert_eq!(lines(&coder, date, route, &drug).join(", "), expected, "{drug}");
    }
}

#[test]
fn a_multi_dose_vial_by_its_strength_alone_asks_for_no_container() {
    let drug = json!({ "hcpcsCode": "J3301", "doseAdministered": { "value": "1", "unit": "mL" },
        "containers": [{ "content": { "value": "40", "unit": "mg/mL" }, "count": 1, "kind": "MULTI_DOSE" }] });
    let encounter = json!({ "setting": "PHYSICIAN_OFFICE", "payer": "medicare", "serviceDate": "2024-07-01",
        "administrations": [{ "route": "INTRAARTICULAR", "drugs": [drug] }] });
    let answer = case::answer(&coder(), &encounter).expect("an answer");
    assert!(answer.questions.is_empty(), "{:?}", answer.questions);
    assert_eq!(
        lines(&coder(), "2024-07-01", "INTRAARTICULAR", &encounter["administrations"][0]["drugs"][0]),
        ["J3301 x4"]
    );
}

/// Names of the table above with their route and a dose, and what a nurse writes behind them.
const CHARTED: &[(&str, &str, &str)] = &[
    ("Keytruda", "IV_INFUSION", "200 mg"),
    ("Benadryl 25 mg", "IV_PUSH", "25 mg"),
    ("Solu-Medrol", "IV_PUSH", "125 mg"),
    ("Gamunex-C", "IV_INFUSION", "20 g"),
    ("Brixadi", "SUBCUTANEOUS", "24 mg"),
    ("Remicade", "IV_INFUSION", "400 mg"),
    ("vitamin B12", "INTRAMUSCULAR", "1000 mcg"),
    ("ceftriaxone", "IV_INFUSION", "1 g"),
];
const NOTES: &[&str] = &[
    "weekly",
    "prn itching",
    "tolerated well",
    "cycle 3",
    "every 8 weeks",
    "q2weeks",
    "2nd dose",
    "#2",
    "left arm",
    "per Dr order",
    "for nausea",
    "before Taxol",
    "loading",
];

#[test]
fn a_note_behind_a_name_changes_no_line() {
    let coder = coder();
    for (name, route, dose) in CHARTED {
        let of = |name: &str| lines(&coder, "2025-11-03", route, &case_drug(name, dose));
        let bare = of(name);
        assert_eq!(bare.len(), 1, "{name}: {bare:?}");
        for note in NOTES {
            assert_eq!(of(&format!("{name} {note}")), bare, "{name} {note}");
        }
    }
}

#[test]
fn another_product_behind_a_name_is_no_note() {
    let coder = coder();
    for name in [
        "Remicade changed to Inflectra",
        "Inflectra switched from Remicade",
        "Keytruda and ipilimumab",
        "ifosfamide / mesna",
        "rituximab not tolerated",
    ] {
        let lines = lines(&coder, "2025-11-03", "IV_INFUSION", &case_drug(name, "400 mg"));
        assert_eq!(lines, Vec::<String>::new(), "{name}");
    }
}

fn case_drug(name: &str, dose: &str) -> Value {
    let (value, unit) = dose.split_once(' ').expect("a dose and its unit");
    json!({ "name": name, "doseAdministered": { "value": value, "unit": unit } })
}
