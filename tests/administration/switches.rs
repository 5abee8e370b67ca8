//! Every switch of the rule book, set through a folder of policy files: each value gives its own answer.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::request::{self, Shape};

/// Rules that only a policy file brings into play, so that no golden visit under an embedded policy shows them.
pub const RULES_PROVED: &[&str] = &["CLS-3", "MOD-6"];

/// A switch set to a value, and the lines that each of its visits then earns.
struct Setting {
    switch: &'static str,
    parameter: &'static str,
    value: &'static str,
    answers: &'static [&'static str],
}

const fn set(
    switch: &'static str,
    parameter: &'static str,
    value: &'static str,
    answers: &'static [&'static str],
) -> Setting {
    Setting { switch, parameter, value, answers }
}

const SETTINGS: &[Setting] = &[
    set("D-1", "missing_stop", "'hold_for_query'", &[""]),
    set("D-1", "missing_stop", "'calculate_from_nursing_rate_volume'", &["96365 96366"]),
    set("D-1", "missing_stop", "'downcode_to_push'", &["96374"]),
    set("D-2", "same_drug_infusions", "'sum_per_date'", &["96365"]),
    set("D-2", "same_drug_infusions", "'per_interval'", &["96365 96366"]),
    set("D-3", "overlap_rule", "'deduct_overlap'", &["96365 96367", "96365 96367", "96365 96367"]),
    set("D-3", "overlap_rule", "'majority'", &["96365 96368", "96365 96367", "96365 96367"]),
    set("D-3", "overlap_rule", "'min16'", &["96365 96368", "96365 96368", "96365 96367"]),
    set("D-3", "overlap_rule", "'any'", &["96365 96368", "96365 96368", "96365 96368"]),
    set("D-4", "chemo_prehydration", "'bill_if_necessary'", &["96361x2 96413"]),
    set("D-4", "chemo_prehydration", "'integral_if_label_directed'", &["96413"]),
    set("D-5", "hydration_counting", "'sum'", &["96361 96365"]),
    set("D-5", "hydration_counting", "'per_bag'", &["96365"]),
    set("D-6", "electrolyte_class", "'by_intent'", &["96365"]),
    set("D-6", "electrolyte_class", "'always_hydration'", &["96360"]),
    set("D-7", "drug_class_profile", "'cpt_complexity'", &["96413", "96401", "96413"]),
    set("D-7", "drug_class_profile", "'mac_list'", &["96365", "96401", "96413"]),
    set("D-7", "drug_class_profile", "'payer_list'", &["96413", "96372", "96413"]),
    set("D-7", "drug_class_profile", "'strict_oncology'", &["96365", "96372", "96365"]),
    set("D-8", "split_dose_syringes", "'one_unit'", &["96372"]),
    set("D-8", "split_dose_syringes", "'one_per_injection_59'", &["96372 96372-59"]),
    set("D-9", "discontinued", "'actual_minutes'", &["96409"]),
    set("D-9", "discontinued", "'planned_code_with_53'", &["96413-53"]),
    set("D-10", "facility_tiebreak", "'longest'", &["96365 96365-XS 96366"]),
    set("D-10", "facility_tiebreak", "'highest_payment'", &["96365 96365-XS 96366"]),
    set("D-10", "facility_tiebreak", "'earliest'", &["96365 96365-XS 96366-XS"]),
    set("D-11", "midnight", "'one_encounter'", &["96374 96376"]),
    set("D-11", "midnight", "'new_initial'", &["96374x2"]),
    set("D-12", "sc_multi_site", "'per_pump_setup'", &["96369"]),
    set("D-12", "sc_multi_site", "'per_site'", &["96369 96371"]),
    set("D-13", "concurrent_chemo", "'96549'", &["96413 96549"]),
    set("D-13", "concurrent_chemo", "'drop_second_drug'", &["96413"]),
    set("D-13", "concurrent_chemo", "'prolonged_start'", &["96413 96416"]),
    set("D-14", "office_hydration_push", "'96360+96375'", &["96360 96375"]),
    set("D-14", "office_hydration_push", "'96374+96361'", &["96361 96374"]),
    set("D-15", "modifier_style", "'X{EPSU}'", &["96365 96365-XS"]),
    set("D-15", "modifier_style", "'59'", &["96365 96365-59"]),
    set("D-16", "pump_start", "'G0498'", &["G0498"]),
    set("D-16", "pump_start", "'96416'", &["96416"]),
    set("D-17", "second_access_modifier", "'XS'", &["96365 96365-XS"]),
    set("D-17", "second_access_modifier", "'XU'", &["96365 96365-XU"]),
    set("D-17", "second_access_modifier", "'59'", &["96365 96365-59"]),
    set("D-18", "hydration_minutes_min", "31", &[""]),
    set("D-18", "hydration_minutes_min", "16", &["96360"]),
    set("D-19", "add_on_parents", "'cms_table'", &["96360 96375", "96367 96409"]),
    set("D-19", "add_on_parents", "'CPT parenthetical'", &["96360", "96367 96409"]),
    set("D-19", "add_on_parents", "'hierarchy_overrides'", &["96360 96375", "96367 96368 96409"]),
    set("HIER-O", "office_hierarchy", "'primary_reason'", &["96360 96375"]),
    set("HIER-O", "office_hierarchy", "'hierarchy'", &["96361 96374"]),
    set("G-10", "technique_before_length", "true", &["96365 96375"]),
    set("G-10", "technique_before_length", "false", &["96367 96374"]),
    set("MOD-1", "modifier_on_add_ons", "true", &["96365 96365-XS 96375-XS"]),
    set("MOD-1", "modifier_on_add_ons", "false", &["96365 96365-XS 96375"]),
];

#[test]
fn every_switch_changes_its_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut encounters = Vec::new();
    let mut expected: Vec<(&Setting, &str)> = Vec::new();
    for (at, setting) in SETTINGS.iter().enumerate() {
        let payer = format!("switch-{at}");
        request::write_payer(folder.path(), &payer, "medicare", &[(setting.parameter, setting.value)]);
        let visits = visits(setting.switch);
        assert_eq!(visits.len(), setting.answers.len(), "{}", setting.switch);
        for (mut visit, answer) in visits.into_iter().zip(setting.answers) {
            visit["payer"] = json!(payer);
            encounters.push(visit);
            expected.push((setting, answer));
        }
    }
    let answers = request::code(&encounters, Some(folder.path()));
    let faults: Vec<String> = expected
        .iter()
        .zip(&answers)
        .filter_map(|((setting, expected), answer)| {
            let (found, wanted) = (request::lines(answer), shape(expected));
            let Setting { switch, parameter, value, .. } = setting;
            (found != wanted).then(|| format!("{switch} {parameter} = {value}: {found:?} for {wanted:?}"))
        })
        .collect();
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
    let named: Vec<&str> = answers.iter().flat_map(request::rules).collect();
    for rule in RULES_PROVED {
        assert!(named.contains(rule), "{rule}");
    }
}

#[test]
fn every_switch_is_set_to_two_values() {
    for number in 1..=19 {
        let name = format!("D-{number}");
        let settings: Vec<&Setting> = SETTINGS.iter().filter(|setting| setting.switch == name).collect();
        let differ = settings.iter().any(|setting| setting.answers != settings[0].answers);
        assert!(settings.len() > 1 && differ, "{name}");
    }
}

#[test]
fn a_payer_switches_a_rule_off_that_only_marks_a_line() {
    let visit = |payer: &str| {
        let mut visit = visit(
            "HOSPITAL_OUTPATIENT",
            json!([infusion("iron sucrose", "09:00", "09:40"), given("B12", "INTRAMUSCULAR", "09:45")]),
        );
        visit["payer"] = json!(payer);
        visit
    };
    let folder = tempfile::tempdir().expect("a folder");
    write_rule_off(folder.path(), "INJ-2");
    let answers = request::code(&[visit("plan"), visit("medicare")], Some(folder.path()));
    assert_eq!(request::lines(&answers[0]), shape("96365 96372"));
    assert_eq!(request::lines(&answers[1]), shape("96365 96372-XU"));
}

#[test]
fn a_rule_that_decides_is_not_switched_off() {
    let folder = tempfile::tempdir().expect("a folder");
    write_rule_off(folder.path(), "INIT-1");
    let file = folder.path().join("visit.json");
    std::fs::write(&file, json!({ "encounter": visit("PHYSICIAN_OFFICE", json!([])) }).to_string())
        .expect("a visit");
    let mut command = Command::new(env!("CARGO_BIN_EXE_infusion-coder"));
    let output =
        command.arg("code").arg(&file).arg("--policies").arg(folder.path()).output().expect("it runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && errors.contains("INIT-1"), "{errors}");
}

fn write_rule_off(folder: &Path, rule: &str) {
    std::fs::create_dir_all(folder.join("payers")).expect("a folder");
    let text = format!(
        "id = 'plan'\ntitle = 'Plan'\nextends = 'medicare'\n[[exception]]\nlabel = 'no modifier'\nrule_off = '{rule}'\nfrom = '2000-01-01'\ncite = 'IOM12'\n"
    );
    std::fs::write(folder.join("payers/plan.toml"), text).expect("the payer");
}

/// `96365 96361x2 96372-59`, in any order.
fn shape(text: &str) -> Shape {
    let mut shape = Shape::new();
    for line in text.split_whitespace() {
        let (code, units) = line.split_once('x').unwrap_or((line, "1"));
        *shape.entry(code.to_owned()).or_default() += units.parse::<u64>().expect("units");
    }
    shape
}

/// The visits that show a switch.
fn visits(switch: &str) -> Vec<Value> {
    let hospital = |administrations| visit("HOSPITAL_OUTPATIENT", administrations);
    let office = |administrations| visit("PHYSICIAN_OFFICE", administrations);
    let hydration_and_push = || {
        let mut visit =
            office(json!([infusion("NS", "09:00", "10:00"), given("Zofran", "IV_PUSH", "09:05")]));
        visit["primaryReason"] = json!("NS");
        visit
    };
    let two_sites = || {
        hospital(json!([
            at_site(infusion("vancomycin", "08:00", "09:00"), "left arm"),
            at_site(infusion("Zosyn", "08:00", "08:30"), "right arm"),
        ]))
    };
    match switch {
        "D-1" => {
            let mut bag = given("vancomycin", "IV_INFUSION", "09:00");
            bag["volumeInfused"] = json!({ "value": "500", "unit": "mL" });
            bag["rateMlPerHour"] = json!("250");
            vec![hospital(json!([bag]))]
        }
        "D-2" => vec![hospital(json!([
            infusion("cefazolin", "08:00", "08:45"),
            infusion("cefazolin", "10:45", "11:30"),
        ]))],
        "D-3" => ["09:20", "09:40", "09:55"]
            .into_iter()
            .map(|start| {
                let stop = format!("10:{}", &start[3..]);
                hospital(json!([infusion("vancomycin", "09:00", "10:00"), infusion("Zosyn", start, &stop)]))
            })
            .collect(),
        "D-4" => {
            let mut fluid = infusion("NS", "08:00", "10:00");
            fluid["fluidPurpose"] = json!("LABEL_DIRECTED");
            vec![hospital(json!([fluid, infusion("cisplatin", "10:05", "11:05")]))]
        }
        "D-5" => vec![hospital(json!([
            infusion("NS", "08:00", "08:20"),
            infusion("ceftriaxone", "08:20", "08:50"),
            infusion("NS", "08:50", "09:15"),
        ]))],
        "D-6" => {
            let mut fluid = infusion("potassium chloride in NS", "08:00", "09:00");
            fluid["fluidPurpose"] = json!("ELECTROLYTE_REPLACEMENT");
            vec![hospital(json!([fluid]))]
        }
        "D-7" => [("J2323", "IV_INFUSION"), ("J0717", "SUBCUTANEOUS"), ("J9312", "IV_INFUSION")]
            .into_iter()
            .map(|(code, route)| {
                let mut drug = infusion("", "09:00", "10:00");
                drug["route"] = json!(route);
                drug["drugs"] = json!([{ "hcpcsCode": code }]);
                let mut visit = office(json!([drug]));
                visit["indication"] = json!("NON_ONCOLOGY");
                visit
            })
            .collect(),
        "D-8" => vec![office(json!([
            given("ceftriaxone", "INTRAMUSCULAR", "09:00"),
            given("ceftriaxone", "INTRAMUSCULAR", "09:01"),
        ]))],
        "D-9" => {
            let mut bag = infusion("Taxol", "09:00", "09:05");
            bag["discontinuedPlannedMinutes"] = json!(180);
            vec![office(json!([bag]))]
        }
        "D-10" => vec![hospital(json!([
            at_site(infusion("Zosyn", "08:00", "08:30"), "left arm"),
            at_site(infusion("vancomycin", "09:00", "10:40"), "right arm"),
        ]))],
        "D-11" => {
            let mut second = given("Zofran", "IV_PUSH", "02:00");
            second["startTime"] = json!("2025-11-04T02:00");
            vec![hospital(json!([given("Zofran", "IV_PUSH", "22:00"), second]))]
        }
        "D-12" => {
            let part = |site| {
                let mut part = at_site(infusion("Hizentra", "09:00", "10:00"), site);
                part["route"] = json!("SUBCUTANEOUS_INFUSION");
                part
            };
            vec![office(json!([part("abdomen"), part("thigh")]))]
        }
        "D-13" => vec![office(json!([
            infusion("cisplatin", "09:00", "10:00"),
            infusion("gemcitabine", "09:00", "10:00"),
        ]))],
        "D-14" | "HIER-O" => vec![hydration_and_push()],
        "G-10" => {
            let mut push = given("ondansetron", "IV_PUSH", "08:00");
            push["stopTime"] = json!("2025-11-03T08:20");
            push["attendedThroughout"] = json!(true);
            vec![hospital(json!([push, infusion("ceftriaxone", "09:00", "09:16")]))]
        }
        "D-15" | "D-17" => vec![two_sites()],
        "D-16" => {
            let mut pump = given("5-FU", "PUMP_START", "09:00");
            pump["pump"] = json!({ "suppliedByPractice": true });
            vec![office(json!([pump]))]
        }
        "D-18" => vec![office(json!([infusion("NS", "09:00", "09:20")]))],
        "D-19" => vec![
            hydration_and_push(),
            hospital(json!([
                given("vincristine", "IV_PUSH", "09:00"),
                infusion("vancomycin", "09:10", "10:10"),
                infusion("Zosyn", "09:10", "10:00"),
            ])),
        ],
        _ => vec![hospital(json!([
            at_site(infusion("vancomycin", "08:00", "09:00"), "left arm"),
            at_site(infusion("Zosyn", "08:00", "08:30"), "right arm"),
            at_site(given("Zofran", "IV_PUSH", "08:40"), "right arm"),
        ]))],
    }
}

fn visit(setting: &str, administrations: Value) -> Value {
    json!({ "setting": setting, "serviceDate": "2025-11-03", "administrations": administrations })
}

fn given(drug: &str, route: &str, start: &str) -> Value {
    // The id of a first administration is its drug, so that a visit can name its reason.
    let mut given = json!({
        "route": route, "startTime": format!("2025-11-03T{start}"), "drugs": [{ "name": drug }],
    });
    if drug == "NS" && start == "09:00" {
        given["administrationId"] = json!(drug);
    }
    given
}

fn infusion(drug: &str, start: &str, stop: &str) -> Value {
    let mut given = given(drug, "IV_INFUSION", start);
    given["stopTime"] = json!(format!("2025-11-03T{stop}"));
    given
}

fn at_site(mut administration: Value, site: &str) -> Value {
    administration["accessSite"] = json!(site);
    administration["accessReason"] = json!("INCOMPATIBLE_DRUGS");
    administration
}
