//! Our own golden visits, derived by hand from the rules and kept in `tests/golden/administration`.

use std::collections::BTreeMap;
use std::path::Path;

use infusion_coder::catalog::Catalog;
use infusion_coder::domain::claim::Track;
use infusion_coder::domain::drug::{DrugClass, DrugGiven};
use infusion_coder::domain::encounter::{
    AccessReason, Administration, Encounter, FluidPurpose, Indication, Interruption, Pump, Route, Setting,
};
use infusion_coder::domain::time::{LocalTime, parse_date, parse_local_time};
use infusion_coder::engine;
use infusion_coder::policy::PolicyBook;
use serde::Deserialize;

/// A visit with the lines that the rules give.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    /// Which rules give the answer, and how.
    derivation: String,
    policy: String,
    setting: Setting,
    date: String,
    #[serde(default)]
    indication: Option<Indication>,
    #[serde(default)]
    primary_reason: Option<String>,
    given: Vec<Given>,
    /// `CODE`, `CODE-MODIFIER`, each with ` xUNITS` where there are several.
    lines: Vec<String>,
    #[serde(default)]
    not_billed: usize,
    #[serde(default)]
    findings: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    drug: String,
    class: DrugClass,
    route: Route,
    start: Option<String>,
    stop: Option<String>,
    minutes: Option<u32>,
    site: Option<String>,
    access_reason: Option<AccessReason>,
    visit: Option<u32>,
    pause: Option<[String; 2]>,
    purpose: Option<FluidPurpose>,
    practice_pump: Option<bool>,
    additional_setup: Option<bool>,
    puncture: Option<bool>,
}

#[test]
fn golden_visits_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/administration");
    let book = PolicyBook::embedded().expect("the embedded policies");
    let mut faults = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the golden visits") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("a golden visit");
        let golden: Golden =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(!golden.derivation.is_empty(), "{} says where its answer comes from", path.display());
        if let Some(fault) = fault(&golden, &book) {
            faults.push(format!("{}: {fault}", path.file_name().unwrap_or_default().to_string_lossy()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn fault(golden: &Golden, book: &PolicyBook) -> Option<String> {
    let visit = visit(golden);
    let policy = book.at(visit.service_date, &golden.policy).expect("a policy");
    let result = engine::code(&visit, &Catalog::embedded(), policy);
    let mut found: BTreeMap<String, u32> = BTreeMap::new();
    for line in result.lines.iter().filter(|line| line.track == Track::Administration) {
        let modifiers: String = line.modifiers.iter().map(|m| format!("-{m}")).collect();
        *found.entry(format!("{}{modifiers}", line.code)).or_default() += line.units;
    }
    let expected: BTreeMap<String, u32> = golden.lines.iter().map(|line| shape(line)).collect();
    let reasons: Vec<&str> = result.findings.iter().map(|finding| finding.reason.as_str()).collect();
    let missing: Vec<&String> = golden.findings.iter().filter(|f| !reasons.contains(&f.as_str())).collect();
    // Drugs without a dose are refused on the other track; only whole administrations count here.
    let refused = result
        .not_billed
        .iter()
        .filter(|entry| matches!(entry.what, infusion_coder::domain::field::Field::Administration(_, "")))
        .count();
    (found != expected || !missing.is_empty() || refused != golden.not_billed)
        .then(|| format!("{found:?} for {expected:?}; {refused} not billed; findings {reasons:?}"))
}

fn shape(line: &str) -> (String, u32) {
    match line.split_once(" x") {
        Some((code, units)) => (code.to_owned(), units.parse().expect("units")),
        None => (line.to_owned(), 1),
    }
}

fn visit(golden: &Golden) -> Encounter {
    let mut visit = Encounter::new(golden.setting, parse_date(&golden.date).expect("a date"));
    visit.indication = golden.indication;
    for (at, given) in golden.given.iter().enumerate() {
        if golden.primary_reason.as_deref() == Some(&given.drug) {
            visit.primary_reason = Some(format!("a{at}"));
        }
        let time = |text: &str| clock(&golden.date, text);
        let pump = given.practice_pump.or(given.additional_setup).map(|_| Pump {
            implantable: false,
            supplied_by_practice: given.practice_pump == Some(true),
            additional_setup: given.additional_setup == Some(true),
        });
        visit.administrations.push(Administration {
            id: format!("a{at}"),
            route: Some(given.route),
            access_site: given.site.clone(),
            access_reason: given.access_reason,
            visit_number: given.visit,
            start: given.start.as_deref().map(time),
            stop: given.stop.as_deref().map(time),
            duration_minutes: given.minutes,
            interruptions: given
                .pause
                .iter()
                .map(|[start, stop]| Interruption { start: time(start), stop: time(stop) })
                .collect(),
            fluid_purpose: given.purpose,
            pump,
            includes_puncture: given.puncture,
            drugs: vec![DrugGiven {
                name: Some(given.drug.clone()),
                class: Some(given.class),
                ..DrugGiven::default()
            }],
            ..Administration::default()
        });
    }
    visit
}

/// `09:40` on the visit's date, or a whole local time.
fn clock(date: &str, text: &str) -> LocalTime {
    let whole = if text.len() == 5 { format!("{date}T{text}") } else { text.to_owned() };
    parse_local_time(&whole).expect("a time")
}
