//! An encounter of several days: each drug is coded by what held on the day on which its administration began.

use std::sync::Arc;

use infusion_coder::catalog::Catalog;
use infusion_coder::policy::PolicyBook;
use infusion_coder::server::coder::Coder;
use infusion_coder::server::{json, pb};
use serde_json::{Value, json};

use super::case::{answer, drug_lines, merge};

fn coder() -> Coder {
    Coder::on(Catalog::embedded(), Arc::new(PolicyBook::embedded().expect("the embedded policies")))
}

/// An infusion from its start to its stop of a whole vial of its dose.
fn given(start: &str, stop: &str, code: &str, dose: &str) -> Value {
    let amount = json!({"value": dose, "unit": "mg"});
    json!({
        "administrationId": format!("{code} {start}"), "route": "IV_INFUSION", "accessSite": "port",
        "startTime": start, "stopTime": stop,
        "drugs": [{
            "hcpcsCode": code, "doseAdministered": amount, "doseDiscarded": {"value": "0", "unit": "mg"},
            "containers": [{"content": amount, "count": 1, "kind": "SINGLE_DOSE"}],
        }],
    })
}

fn encounter(date: &str, administrations: &[Value]) -> Value {
    json!({"encounterId": "days", "setting": "HOSPITAL_OUTPATIENT", "serviceDate": date, "administrations": administrations})
}

/// The drug lines as `11-03 J0248 x200 JZ`.
fn lines(answer: &pb::CodeEncounterResponse) -> Vec<String> {
    let one = |line: &&pb::Line| {
        let modifiers: String = line.modifiers.iter().map(|modifier| format!(" {modifier}")).collect();
        format!("{} {} x{}{modifiers}", &line.service_date[5..], line.code, line.units)
    };
    drug_lines(&answer.lines).iter().map(one).collect()
}

fn coded(date: &str, administrations: &[Value]) -> pb::CodeEncounterResponse {
    answer(&coder(), &encounter(date, administrations)).expect("an answer")
}

fn remdesivir() -> [Value; 3] {
    [
        given("2025-11-03T09:00", "2025-11-03T09:40", "J0248", "200"),
        given("2025-11-04T09:00", "2025-11-04T09:40", "J0248", "100"),
        given("2025-11-05T09:00", "2025-11-05T09:40", "J0248", "100"),
    ]
}

#[test]
fn a_drug_of_three_days_has_a_line_on_each_and_meets_the_limit_of_a_day() {
    let answer = coded("2025-11-03", &remdesivir());
    assert_eq!(lines(&answer), ["11-03 J0248 x200 JZ", "11-04 J0248 x100 JZ", "11-05 J0248 x100 JZ"]);
    let above = |answer: &pb::CodeEncounterResponse| {
        let is_above = |finding: &&pb::Finding| finding.reason() == pb::FindingReason::UnitsAboveMue;
        answer.findings.iter().find(is_above).map(|finding| finding.text.clone())
    };
    assert_eq!(above(&answer), None);
    let twice = given("2025-11-04T21:00", "2025-11-04T21:40", "J0248", "200");
    let answer = coded("2025-11-03", &[&remdesivir()[..], &[twice]].concat());
    assert_eq!(lines(&answer), ["11-03 J0248 x200 JZ", "11-04 J0248 x300 JZ", "11-05 J0248 x100 JZ"]);
    let above = above(&answer).expect("a finding");
    assert!(above.starts_with("300 units of J0248 on 2025-11-04"), "{above}");
}

#[test]
fn a_part_unit_is_rounded_on_each_date() {
    let half = |day| given(&format!("{day}T09:00"), &format!("{day}T09:40"), "J2270", "4");
    let days = ["2025-11-03", "2025-11-04", "2025-11-05"].map(half);
    assert_eq!(lines(&coded("2025-11-03", &days)), ["11-03 J2270 x1", "11-04 J2270 x1", "11-05 J2270 x1"]);
}

#[test]
fn each_date_has_its_code_and_its_rules() {
    let vancomycin = [
        given("2025-06-30T21:00", "2025-06-30T22:30", "J3370", "1000"),
        given("2025-07-01T09:00", "2025-07-01T10:30", "J3373", "1000"),
    ];
    assert_eq!(lines(&coded("2025-06-30", &vancomycin)), ["06-30 J3370 x2", "07-01 J3373 x100"]);
    // JZ is required from the first of July 2023 on.
    let infliximab = [
        given("2023-06-30T09:00", "2023-06-30T11:30", "J1745", "400"),
        given("2023-07-01T09:00", "2023-07-01T11:30", "J1745", "400"),
    ];
    assert_eq!(lines(&coded("2023-06-30", &infliximab)), ["06-30 J1745 x40", "07-01 J1745 x40 JZ"]);
    // What was given before the date that the visit names follows the rules of its own day too.
    assert_eq!(lines(&coded("2023-07-01", &infliximab)), ["06-30 J1745 x40", "07-01 J1745 x40 JZ"]);
}

#[test]
fn containers_and_discarded_drug_belong_to_their_date() {
    let day = |day: &str| {
        let mut given = given(&format!("{day}T09:00"), &format!("{day}T09:40"), "J9047", "55");
        let part = json!({"doseDiscarded": {"value": "5"}, "containers": [{"content": {"value": "60"}}]});
        merge(&mut given["drugs"][0], &part);
        given
    };
    let answer = coded("2025-11-03", &["2025-11-03", "2025-11-04"].map(day));
    let expected = ["11-03 J9047 x55", "11-03 J9047 x5 JW", "11-04 J9047 x55", "11-04 J9047 x5 JW"];
    assert_eq!(lines(&answer), expected);
    let is_avoidable = |finding: &pb::Finding| finding.reason() == pb::FindingReason::AvoidableWaste;
    assert!(!answer.findings.iter().any(is_avoidable), "{:?}", answer.findings);
}

#[test]
fn a_flow_past_midnight_is_of_the_day_on_which_it_began_and_an_unknown_time_of_the_visits() {
    let late = given("2025-11-03T23:30", "2025-11-04T01:00", "J0696", "1000");
    let mut untimed = given("", "", "J0692", "1000");
    merge(&mut untimed, &json!({"durationMinutes": 30}));
    let next = given("2025-11-04T09:00", "2025-11-04T09:30", "J0696", "1000");
    let found = lines(&coded("2025-11-03", &[late, untimed, next]));
    assert_eq!(found, ["11-03 J0692 x2", "11-03 J0696 x4", "11-04 J0696 x4"]);
}

#[test]
fn an_audit_holds_each_line_against_its_date() {
    let audit = |lines: &[(&str, u32)]| {
        let lines: Vec<Value> = lines
            .iter()
            .map(|(day, units)| {
                json!({"code": "J0248", "units": units, "modifiers": ["JZ"], "serviceDate": day})
            })
            .collect();
        let request = json!({"encounter": encounter("2025-11-03", &remdesivir()), "billedLines": lines});
        let request: pb::AuditClaimRequest = json::read(&request.to_string()).expect("a request");
        let found = coder().audit(request).expect("an audit").response.discrepancies;
        let of_drug =
            found.iter().filter(|found| found.billed_code == "J0248" || found.supported_code == "J0248");
        of_drug.map(|found| found.text.clone()).collect::<Vec<_>>()
    };
    let right = [("2025-11-03", 200), ("2025-11-04", 100), ("2025-11-05", 100)];
    assert_eq!(audit(&right), Vec::<String>::new());
    let pooled = audit(&[("2025-11-03", 400)]);
    let [over, second, third] = pooled.as_slice() else { panic!("{pooled:?}") };
    assert_eq!(over, "J0248: 400 units were billed where 200 are supported.");
    assert!(second.starts_with("On 2025-11-04: J0248 ×100"), "{second}");
    assert!(third.starts_with("On 2025-11-05: J0248 ×100"), "{third}");
}
