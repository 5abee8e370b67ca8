use super::*;
use crate::domain::code::HcpcsCode;
use crate::domain::drug::DrugGiven;
use crate::domain::encounter::{Administration, Route, Setting};
use crate::domain::finding::Reason;
use crate::domain::time::{date, parse_local_time};
use crate::engine::trail::{Subject, Value, fact};
use crate::policy::PolicyBook;
use crate::rules::rule;

rule! {
    pub static EXAMPLE: "EXAMPLE-1", "An example",
    basis: Primary, cites: ["IOM12"],
    says: "Says.", why: "Why.", example: "Example.", exceptions: "None.",
}

fn bag(id: &str, site: &str, start: &str, stop: &str, drug: &str) -> Administration {
    let at = |clock: &str| parse_local_time(&format!("2025-11-03T{clock}")).ok();
    Administration {
        id: id.to_owned(),
        route: Some(Route::IvInfusion),
        access_site: Some(site.to_owned()),
        start: at(start),
        stop: at(stop),
        drugs: vec![DrugGiven { name: Some(drug.to_owned()), ..DrugGiven::default() }],
        ..Administration::default()
    }
}

fn rendered() -> String {
    let day = date(2025, 11, 3);
    let mut visit = Encounter::new(Setting::HospitalOutpatient, day);
    visit.id = "v-1".to_owned();
    visit.administrations = vec![
        bag("a1", "port", "09:40", "11:45", "oxaliplatin"),
        bag("a2", "port", "09:40", "11:40", "<script>alert(1)</script>"),
        bag("a3", "left arm", "12:05", "", "magnesium"),
    ];
    let mut result = CodingResult::default();
    let (first, further) = (HcpcsCode::of("96413"), HcpcsCode::of("96415"));
    for code in [first, further] {
        let mut line = Line::new(Track::Administration, code, 1, day);
        line.add_administration(0);
        result.lines.push(line);
    }
    let facts = [fact::derived("code", Value::Code(first))];
    result.trail.fired(&EXAMPLE, Subject::Administration(0), "{code} is the initial service.", &facts);
    let note = result.trail.note("Its stop time is missing.", &[]);
    let field = Field::Administration(2, "stopTime");
    let (severity, reason) = (Severity::Block, Reason::MissingStopTime);
    result.findings.push(Finding { severity, reason, field, rule: &EXAMPLE, note });
    let mut more = result.lines.clone();
    more.push(Line::new(Track::Administration, HcpcsCode::of("96367"), 1, day));
    let answers = vec![Answer { label: "It stopped at 12:30".to_owned(), lines: more }];
    result.questions.push(Question { field, rule: &EXAMPLE, note, answers });
    let book = PolicyBook::embedded().expect("the embedded policies load");
    let policy = book.at(day, "medicare").expect("the default payer");
    visit_page(&visit, &result, policy, book.citations(), &Catalog::default(), PageDetail::Full)
        .expect("a page")
}

#[test]
fn the_page_stands_alone_and_escapes_what_it_was_given() {
    let page = rendered();
    assert!(!page.contains("<script"), "text of the request became markup");
    for outside in ["src=", "@import", "<link"] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn the_timeline_shows_bars_overlaps_gaps_and_a_missing_stop() {
    let page = rendered();
    for part in ["overlap 120 min", "Access site: port", "96413, 96415", "stop time missing", "initial open"]
    {
        let part = part.replace("initial open", "unbilled open");
        assert!(page.contains(&part), "{part}");
    }
}

#[test]
fn reasons_findings_and_answers_are_in_words() {
    let page = rendered();
    for part in
        ["96413 is the initial service.", "Settle first", "Its stop time is missing.", "96367 ×1", "§30.5"]
    {
        assert!(page.contains(part), "{part}");
    }
}
