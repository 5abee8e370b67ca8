use super::*;
use crate::domain::claim::Line;
use crate::domain::code::HcpcsCode;
use crate::domain::field::Field;
use crate::domain::finding::{Finding, Severity};
use crate::domain::time::date;
use crate::rules::audit::G_01;

/// The rules that the repository gives to Prometheus, and the series that they name.
#[test]
fn what_alerts_watch_is_there_from_the_start() {
    let rules = include_str!("../../../../deploy/prometheus/infusion-coder.rules.yml");
    let series: Vec<&str> = rules
        .split("infusion_coder_")
        .skip(1)
        .map(|rest| rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default())
        .collect();
    assert!(series.len() > 5, "{series:?}");
    let page = Metrics::new().text();
    for name in series.iter().filter(|name| name.ends_with("_total")) {
        assert!(page.contains(&format!("infusion_coder_{name}{{")), "no {name} in\n{page}");
    }
    for expected in [
        r#"infusion_coder_calls_total{method="CodeEncounter",code="13"} 0"#,
        r#"infusion_coder_calls_total{method="other",code="8"} 0"#,
        r#"infusion_coder_refreshes_total{outcome="refused"} 0"#,
    ] {
        assert!(page.contains(expected), "{expected} is not in\n{page}");
    }
}

#[test]
fn the_page_shows_what_was_counted_and_no_foreign_label() {
    let metrics = Metrics::new();
    let mut answer = CodingResult::default();
    let day = date(2025, 11, 3);
    for track in [Track::Administration, Track::Drug, Track::Drug] {
        answer.lines.push(Line::new(track, HcpcsCode::of("96413"), 1, day));
    }
    let note = answer.trail.note("", &[]);
    let (severity, reason) = (Severity::Info, Reason::MissingStopTime);
    answer.findings.push(Finding { severity, reason, field: Field::Encounter(""), rule: &G_01, note });
    metrics.count_answer(&answer);
    metrics.count_answer(&answer);
    metrics.count_refresh("updated");
    metrics.show_release("2025-10", Some(1_700_000_000), 1);
    metrics.begin_call();
    metrics.begin_call();
    metrics.end_call(Method::of("/evil\"} 1"), 0, Duration::from_millis(1));
    metrics.end_call(Method::of(METHODS[0]), 99, Duration::from_millis(1));
    let page = metrics.text();
    for expected in [
        "infusion_coder_lines_total{track=\"drug\"} 4",
        "infusion_coder_findings_total{reason=\"MISSING_STOP_TIME\"} 2",
        "infusion_coder_catalog_quarters_behind 1",
        "infusion_coder_catalog_release{release=\"2025-10\"} 1",
        "infusion_coder_calls_total{method=\"other\",code=\"0\"} 1",
        "infusion_coder_calls_total{method=\"CodeEncounter\",code=\"99\"} 1",
        "infusion_coder_call_seconds_count{method=\"CodeEncounter\"} 1",
    ] {
        assert!(page.contains(expected), "{expected} is not in\n{page}");
    }
    assert!(!page.contains("evil"));
}
