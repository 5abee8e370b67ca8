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

/// An infusion of which the stop and the minutes are known.
fn stopped(stop: &str, minutes: u32, code: &str, dose: &str) -> Value {
    let mut given = given("", stop, code, dose);
    merge(&mut given, &json!({"durationMinutes": minutes}));
    given
}

/// All lines as `11-03 96365 x1`.
fn all_lines(lines: &[pb::Line]) -> Vec<String> {
    let one = |line: &pb::Line| {
        let modifiers: String = line.modifiers.iter().map(|modifier| format!(" {modifier}")).collect();
        format!("{} {} x{}{modifiers}", &line.service_date[5..], line.code, line.units)
    };
    lines.iter().map(one).collect()
}

#[test]
fn a_stop_and_its_minutes_give_the_date_of_both_tracks() {
    let both = |date: &str, stop: &str, minutes, code, dose| {
        all_lines(&coded(date, &[stopped(stop, minutes, code, dose)]).lines)
    };
    let found = both("2025-03-31", "2025-04-01T00:10", 40, "J1300", "900");
    assert_eq!(found, ["03-31 96413 x1", "03-31 J1300 x90 JZ"]);
    // JZ is required from the first of July 2023 on.
    let found = both("2023-06-30", "2023-07-01T00:20", 45, "J9271", "200");
    assert_eq!(found, ["06-30 96413 x1", "06-30 J9271 x200"]);
    let found = both("2025-11-03", "2025-11-04T00:40", 30, "J0692", "1000");
    assert_eq!(found, ["11-04 96365 x1", "11-04 J0692 x2"]);
    // A stop on the date of the visit may follow a start on the day before, and then that is named.
    let answer = coded("2025-11-04", &[stopped("2025-11-04T00:30", 60, "J0692", "1000")]);
    assert_eq!(all_lines(&answer.lines), ["11-03 96365 x1", "11-03 J0692 x2"]);
    let is_early = |finding: &pb::Finding| finding.text.starts_with("This was given on 2025-11-03, before");
    assert!(answer.findings.iter().any(is_early), "{:?}", answer.findings);
}

#[test]
fn minutes_before_a_stop_follow_the_clock_of_the_zone() {
    let night = |zone: Option<&str>| {
        let mut visit = encounter("2025-11-01", &[stopped("2025-11-02T02:30", 200, "J0692", "1000")]);
        if let Some(zone) = zone {
            merge(&mut visit, &json!({"timeZone": zone}));
        }
        lines(&answer(&coder(), &visit).expect("an answer"))
    };
    assert_eq!(night(None), ["11-01 J0692 x2"]);
    // The clock was set back, so the 200 minutes began after midnight.
    assert_eq!(night(Some("America/Chicago")), ["11-02 J0692 x2"]);
}

#[test]
fn a_stop_and_its_minutes_decide_the_modifier_of_340b() {
    let mut late = stopped("2024-01-01T00:20", 45, "J9271", "200");
    merge(&mut late["drugs"][0], &json!({"acquired340b": true}));
    let mut visit = encounter("2023-12-31", &[late]);
    merge(&mut visit, &json!({"entity340b": "CRITICAL_ACCESS"}));
    assert_eq!(lines(&answer(&coder(), &visit).expect("an answer")), ["12-31 J9271 x200 JZ"]);
}

/// The answers to the only question of a visit.
fn answers(date: &str, administrations: &[Value]) -> Vec<(String, Vec<String>)> {
    let coded = coded(date, administrations);
    let [question] = coded.questions.as_slice() else { panic!("{:?}", coded.questions) };
    question.answers.iter().map(|answer| (answer.label.clone(), all_lines(&answer.lines))).collect()
}

/// An injection of azacitidine with its vials of 100 mg and what the record says was discarded.
fn injected(day: &str, dose: &str, vials: u32, discarded: Option<&str>) -> Value {
    let mut drug = json!({"hcpcsCode": "J9025", "doseAdministered": {"value": dose, "unit": "mg"}});
    if vials > 0 {
        let vial = json!({"content": {"value": "100", "unit": "mg"}, "count": vials, "kind": "SINGLE_DOSE"});
        drug["containers"] = json!([vial]);
    }
    if let Some(discarded) = discarded {
        drug["doseDiscarded"] = json!({"value": discarded, "unit": "mg"});
    }
    json!({"administrationId": day, "route": "SUBCUTANEOUS", "startTime": format!("{day}T09:00"), "drugs": [drug]})
}

fn office_answers(administrations: &[Value]) -> Vec<(String, Vec<String>)> {
    let mut visit = encounter("2025-11-03", administrations);
    merge(&mut visit, &json!({"setting": "PHYSICIAN_OFFICE", "indication": "ONCOLOGY"}));
    let coded = answer(&coder(), &visit).expect("an answer");
    let of_drug = |answer: &pb::Answer| {
        let drugs: Vec<pb::Line> = drug_lines(&answer.lines).into_iter().cloned().collect();
        (answer.label.clone(), all_lines(&drugs))
    };
    coded.questions.iter().flat_map(|question| question.answers.iter().map(of_drug)).collect()
}

#[test]
fn no_answer_bills_more_of_a_vial_than_it_held() {
    let label = |text: &str| text.to_owned();
    let none = label("nothing was discarded");
    // The rest of the vial is told by the record of the next day: 30 mg given and 20 mg discarded.
    let told = [injected("2025-11-03", "50", 1, None), injected("2025-11-04", "30", 0, Some("20"))];
    let lines = ["11-03 J9025 x50 JZ", "11-04 J9025 x30", "11-04 J9025 x20 JW"].map(label).to_vec();
    assert_eq!(office_answers(&told), [(none.clone(), lines)]);
    // Of the rest 30 mg were given on the next day, so 20 mg may have been discarded.
    let given = [injected("2025-11-03", "50", 1, None), injected("2025-11-04", "30", 0, Some("0"))];
    let part = label("20 mg was discarded, and the others were given on a later date");
    let lines = ["11-03 J9025 x50", "11-03 J9025 x20 JW", "11-04 J9025 x30 JZ"].map(label).to_vec();
    let kept = ["11-03 J9025 x50 JZ", "11-04 J9025 x30 JZ"].map(label).to_vec();
    assert_eq!(office_answers(&given), [(part, lines), (none.clone(), kept)]);
    // A vial of each day: an answer about the one says nothing of the other.
    let each = [injected("2025-11-03", "50", 1, None), injected("2025-11-04", "60", 1, Some("40"))];
    let all = label("the record shows that it was discarded");
    let next = ["11-04 J9025 x60", "11-04 J9025 x40 JW"].map(label);
    let lines = [&["11-03 J9025 x50", "11-03 J9025 x50 JW"].map(label)[..], &next].concat();
    let kept = [&["11-03 J9025 x50 JZ"].map(label)[..], &next].concat();
    assert_eq!(office_answers(&each), [(all.clone(), lines), (none, kept)]);
    let both = [injected("2025-11-03", "50", 1, None), injected("2025-11-04", "60", 1, None)];
    let lines = ["11-03 J9025 x50", "11-03 J9025 x50 JW", "11-04 J9025 x60"].map(label).to_vec();
    assert_eq!(office_answers(&both)[0], (all, lines));
}

#[test]
fn discarded_drug_of_no_listed_container_is_asked_about() {
    let given = [injected("2025-11-03", "30", 0, Some("20"))];
    let single = ["11-03 J9025 x30", "11-03 J9025 x20 JW"].map(str::to_owned).to_vec();
    let multi = vec!["11-03 J9025 x30".to_owned()];
    let label = |kind| format!("{kind} containers of 50 mg in all");
    assert_eq!(office_answers(&given), [(label("single-dose"), single), (label("multi-dose"), multi)]);
}

#[test]
fn a_dose_without_containers_is_of_the_kind_that_is_listed_elsewhere() {
    let mut first = injected("2025-11-03", "50", 1, None);
    merge(&mut first["drugs"][0]["containers"][0], &json!({"kind": "MULTI_DOSE"}));
    assert_eq!(office_answers(&[first, injected("2025-11-04", "30", 0, None)]), []);
    let asked =
        office_answers(&[injected("2025-11-03", "100", 1, None), injected("2025-11-04", "30", 0, None)]);
    assert_eq!(asked.len(), 1);
}

#[test]
fn no_answer_about_a_push_moves_it_to_another_date() {
    let push = |start: &str| {
        let mut push = given(start, "", "J2405", "4");
        merge(&mut push, &json!({"route": "IV_PUSH", "administrationId": format!("push {start}")}));
        push
    };
    let more = "More than 30 minutes".to_owned();
    let found = answers("2025-11-03", &[push(""), push("2025-11-04T10:00")]);
    let lines = ["11-03 96374 x1", "11-04 96376 x1", "11-03 J2405 x4", "11-04 J2405 x4"];
    assert_eq!(found, [(more.clone(), lines.map(str::to_owned).to_vec())]);
    // Close to midnight the two may be under 30 minutes apart.
    let found = answers("2025-11-03", &[push(""), push("2025-11-04T00:10")]);
    let close = ["11-03 96374 x1", "11-03 J2405 x4", "11-04 J2405 x4"].map(str::to_owned).to_vec();
    assert_eq!(found, [(more, lines.map(str::to_owned).to_vec()), ("30 minutes or less".to_owned(), close)]);
}

#[test]
fn the_minutes_asked_for_follow_those_already_given() {
    let further = |start: &str| {
        let first = given("2025-11-03T10:00", "2025-11-03T10:40", "J0696", "1000");
        let found = answers("2025-11-03", &[first, given(start, "", "J0696", "1000")]);
        let hours = |lines: Vec<String>| {
            lines.iter().find_map(|line| Some(line.split_once("96366 x")?.1.to_owned())).unwrap_or_default()
        };
        found.into_iter().map(|(label, lines)| format!("{label}: {}", hours(lines))).collect::<Vec<_>>()
    };
    let next_day = [
        "15 minutes or less: ",
        "16 to 30 minutes: ",
        "31 to 90 minutes: 1",
        "91 to 150 minutes: 2",
        "151 to 210 minutes: 3",
        "211 to 270 minutes: 4",
    ];
    assert_eq!(further("2025-11-04T10:00"), next_day);
    // Hours after the first bag a short one is a push of its own, and what is longer adds to it.
    let same_day = [
        "15 minutes or less: ",
        "16 to 50 minutes: ",
        "51 to 110 minutes: 1",
        "111 to 170 minutes: 2",
        "171 to 230 minutes: 3",
        "231 to 270 minutes: 4",
    ];
    assert_eq!(further("2025-11-03T16:00"), same_day);
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
    assert_eq!(
        pooled,
        [
            "J0248 ×100 JZ was billed for 2025-11-03, and it was given on 2025-11-04.",
            "J0248 ×100 JZ was billed for 2025-11-03, and it was given on 2025-11-05."
        ]
    );
    // What is beyond the units of all the dates is too much.
    let beyond = audit(&[("2025-11-03", 450)]);
    assert_eq!(beyond[0], "J0248: 450 units were billed where 200 are supported.");
    assert_eq!(beyond.len(), 3);
}
