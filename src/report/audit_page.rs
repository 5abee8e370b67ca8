//! One self-contained HTML page for the audit of a file of visits.

use askama::Template;

use super::audit_summary::{AuditSummary, OccurrenceView, RateView, WorkView};
use super::audit_text;
use crate::audit::Kind;
use crate::rules;

/// The page of an audit.
///
/// # Errors
/// Only what the template engine reports of itself; the page writes to memory.
pub fn audit_page(
    summary: &AuditSummary,
    differences: &[Difference],
    footer: &str,
) -> Result<String, askama::Error> {
    let rows = summary.coders.iter().map(|work| named(work, "no coder named")).collect();
    let chart = AccuracyChart::new(summary, rows);
    let shown = &differences[..differences.len().min(DIFFERENCES_SHOWN)];
    AuditPage { summary, differences: shown, total: differences.len(), chart, footer }.render()
}

/// Differences that the page lists; the CSV holds them all.
const DIFFERENCES_SHOWN: usize = 200;

/// One difference, as a row of the page or of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub encounter_id: String,
    pub coder: String,
    pub kind: &'static str,
    pub rule_id: String,
    pub dollars: String,
    pub text: String,
}

impl Difference {
    fn rule_title(&self) -> &'static str {
        rules::find(&self.rule_id).map_or("", |rule| rule.title)
    }

    /// The kind in words, as the table of kinds has it.
    fn kind_title(&self) -> &'static str {
        let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == self.kind);
        kind.map_or(self.kind, audit_text::kind)
    }
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage<'a> {
    summary: &'a AuditSummary,
    differences: &'a [Difference],
    total: usize,
    chart: AccuracyChart,
    footer: &'a str,
}

/// A list of frequencies under its heading.
type Section<'a> = (&'static str, &'a [OccurrenceView]);

impl AuditPage<'_> {
    fn sections(&self) -> [Section<'_>; 2] {
        [("Kinds of difference", &self.summary.kinds), ("Known patterns", &self.summary.patterns)]
    }

    /// Whether what is counted breaks rules of its own; a kind of difference breaks many.
    fn has_rules(&self, list: &[OccurrenceView]) -> bool {
        list.iter().any(|seen| !seen.rule_id.is_empty())
    }

    /// The longest bar of a list of frequencies is the most frequent one's.
    fn bar(&self, found: &u64, list: &[OccurrenceView]) -> u64 {
        const FULL_PERCENT: u64 = 100;
        let most = list.iter().map(|seen| seen.found).max().unwrap_or_default();
        (found * FULL_PERCENT).checked_div(most).unwrap_or_default().max(1)
    }
}

/// Accuracy by coder: a point with its interval, between the accuracies that audits expect.
struct AccuracyChart {
    height: i64,
    rows: Vec<ChartRow>,
    marks: Vec<Mark>,
}

struct ChartRow {
    y: i64,
    name: String,
    text: String,
    low: i64,
    point: i64,
    high: i64,
    style: &'static str,
}

/// A line through the chart at a percentage.
struct Mark {
    x: i64,
    label: String,
    style: &'static str,
}

const CHART_WIDTH: i64 = 1000;
const NAMES_WIDTH: i64 = 190;
const FIGURES_WIDTH: i64 = 250;
/// Room of a label above the chart, such as `100 %`.
const LABEL_WIDTH: i64 = 48;
const ROW_HEIGHT: i64 = 30;
const CHART_TOP: i64 = 30;
/// Hundredths of a percent in a whole rate.
const POINTS_FULL: i64 = 10_000;
/// The axis begins at a round percentage below everything shown.
const AXIS_STEP_POINTS: i64 = 500;

fn named(work: &WorkView, unnamed: &str) -> (String, WorkView) {
    let name = if work.coder.is_empty() { unnamed.to_owned() } else { work.coder.clone() };
    (name, work.clone())
}

impl AccuracyChart {
    fn new(summary: &AuditSummary, coders: Vec<(String, WorkView)>) -> Self {
        let total = (("All".to_owned()), summary.total.clone());
        let all: Vec<(String, WorkView)> = std::iter::once(total).chain(coders).collect();
        let lows = all.iter().map(|(_, work)| i64::from(work.lines.interval.low));
        let expected = i64::from(summary.expected_percent) * 100;
        let lowest = lows.min().unwrap_or_default().min(expected - AXIS_STEP_POINTS);
        let from = (lowest - lowest.rem_euclid(AXIS_STEP_POINTS)).max(0);
        let x = |points: i64| {
            let room = CHART_WIDTH - NAMES_WIDTH - FIGURES_WIDTH;
            NAMES_WIDTH + (points - from) * room / (POINTS_FULL - from)
        };
        let row = |(at, (name, work)): (usize, (String, WorkView))| {
            let RateView { points, interval, percent, low_percent, high_percent, .. } = &work.lines;
            ChartRow {
                y: CHART_TOP + at as i64 * ROW_HEIGHT + ROW_HEIGHT / 2,
                name,
                text: format!("{percent} % ({low_percent} – {high_percent})"),
                low: x(i64::from(interval.low)),
                point: x(i64::from(*points)),
                high: x(i64::from(interval.high)),
                style: work.style,
            }
        };
        let rows: Vec<ChartRow> = all.into_iter().enumerate().map(row).collect();
        let step = if POINTS_FULL - from > 4_000 { 4 * AXIS_STEP_POINTS } else { AXIS_STEP_POINTS };
        let ticks = (0..).map(|n| from + n * step).take_while(|points| *points <= POINTS_FULL);
        let mark = |points: i64, style| Mark { x: x(points), label: format!("{} %", points / 100), style };
        let thresholds =
            [summary.expected_percent, summary.best_percent].map(|percent| i64::from(percent) * 100);
        let marks = ticks
            .filter(|points| !thresholds.contains(points))
            .map(|points| mark(points, "grid"))
            .chain(thresholds.map(|points| mark(points, "threshold")))
            .collect();
        let marks = labelled_apart(marks);
        Self { height: CHART_TOP + rows.len() as i64 * ROW_HEIGHT + 10, rows, marks }
    }
}

/// Takes the labels off marks that would run into one before them, a grid line before a threshold.
fn labelled_apart(mut marks: Vec<Mark>) -> Vec<Mark> {
    let mut labelled: Vec<i64> = Vec::new();
    for style in ["threshold", "grid"] {
        for mark in marks.iter_mut().filter(|mark| mark.style == style) {
            if labelled.iter().any(|x| (x - mark.x).abs() < LABEL_WIDTH) {
                mark.label.clear();
            } else {
                labelled.push(mark.x);
            }
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::summary::Summary;
    use crate::domain::time::date;
    use crate::policy::PolicyBook;
    use crate::report::audit_summary::summarize;

    #[test]
    fn the_page_stands_alone_and_escapes_what_it_was_given() {
        let book = PolicyBook::embedded().expect("the embedded policies");
        let policy = book.at(date(2025, 11, 3), "medicare").expect("a policy");
        let mut summary = Summary::default();
        summary.coders.entry("<script>alert(1)</script>".to_owned()).or_default().lines.count(true);
        let view = summarize(&summary, &policy.audit, 7);
        let page = audit_page(&view, &[], "catalog <em>").expect("a page");
        assert!(!page.contains("<script") && !page.contains("<em>"), "text of the file became markup");
        for outside in ["src=", "@import", "<link"] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(page.contains("95 %") && page.matches("<line class=\"threshold\"").count() == 2);
    }
}
