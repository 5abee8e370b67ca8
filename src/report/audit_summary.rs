//! The audit of a file of visits as people and programs read it: one model for JSON, text and the page.

use serde::Serialize;

use super::audit_text;
use super::dollars::dollars;
use crate::audit::accuracy::{Interval, Rate, Standing};
use crate::audit::summary::{Amounts, Occurrence, Summary, VisitRow, Work};
use crate::policy::parameters::AuditParameters;

/// Visits listed as those with most at stake.
const LARGEST_VISITS: usize = 20;

/// What the audit of a file found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditSummary {
    pub visits: u64,
    /// Lines of the file that could not be read.
    pub refused: u64,
    /// Accuracy that audits expect and that the best reach, in percent of the lines.
    pub expected_percent: u32,
    pub best_percent: u32,
    pub total: WorkView,
    pub coders: Vec<WorkView>,
    /// Codes, the least accurate first.
    pub codes: Vec<CodeView>,
    pub kinds: Vec<OccurrenceView>,
    pub patterns: Vec<OccurrenceView>,
    /// Visits with most dollars at stake, the largest first.
    pub largest: Vec<VisitView>,
    pub sample: SampleView,
}

/// A rate with its 95 % confidence interval, in percent as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RateView {
    pub right: u64,
    pub of: u64,
    /// Empty where there is nothing to count.
    pub percent: String,
    pub low_percent: String,
    pub high_percent: String,
    /// The same in hundredths of a percent, for pictures.
    #[serde(skip)]
    pub points: u32,
    #[serde(skip)]
    pub interval: Interval,
}

/// Accuracy of one coder, or of all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkView {
    /// Empty for visits that name no coder, and for the total.
    pub coder: String,
    pub lines: RateView,
    /// Visits without a difference.
    pub visits: RateView,
    /// How the accuracy stands to what audits expect, in words.
    pub standing: &'static str,
    #[serde(skip)]
    pub style: &'static str,
    /// Stop times on the full hour, as a share; about 1.7 % stand there by chance.
    pub stop_times_on_the_hour: RateView,
    pub amounts: AmountsView,
}

/// Units and dollars on the wrong side, as decimal numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AmountsView {
    pub overbilled_units: String,
    pub underbilled_units: String,
    pub overbilled_dollars: String,
    pub underbilled_dollars: String,
    /// The dollars as people read them.
    #[serde(skip)]
    pub over: String,
    #[serde(skip)]
    pub under: String,
}

/// Accuracy of one code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CodeView {
    pub code: String,
    pub lines: RateView,
}

/// How often a kind or a pattern of mistakes was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OccurrenceView {
    /// The published name.
    pub name: &'static str,
    pub title: &'static str,
    /// The rule that a pattern breaks; empty for a kind.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub rule_id: &'static str,
    pub found: u64,
    /// Visits in which it was found, of all.
    pub visits: RateView,
    pub amounts: AmountsView,
}

/// One visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VisitView {
    pub encounter_id: String,
    pub coder: String,
    pub differences: u32,
    pub amounts: AmountsView,
}

/// A reproducible draw of visits for quality review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SampleView {
    pub seed: u64,
    pub percent: u32,
    /// How the visits are drawn, so that anybody can draw them again.
    pub method: &'static str,
    pub visits: Vec<VisitView>,
}

/// Puts the figures into the order and the words in which they are read.
pub fn summarize(summary: &Summary, audit: &AuditParameters, seed: u64) -> AuditSummary {
    let visits = summary.total.visits.of;
    let coders = summary.coders.iter().map(|(coder, work)| WorkView::new(coder, work, audit));
    let kinds = summary
        .kinds
        .iter()
        .map(|(kind, seen)| OccurrenceView::new((kind.as_str(), audit_text::kind(*kind), ""), seen, visits));
    let patterns = summary.patterns.iter().map(|(known, seen)| {
        OccurrenceView::new((known.as_str(), audit_text::pattern(*known), known.rule().id), seen, visits)
    });
    let mut codes: Vec<_> = summary.codes.iter().collect();
    // Of equal rates the one of more lines says more.
    codes.sort_by(|(_, a), (_, b)| {
        let rates = (a.right.saturating_mul(b.of)).cmp(&b.right.saturating_mul(a.of));
        rates.then(b.of.cmp(&a.of))
    });
    let codes =
        codes.into_iter().map(|(code, rate)| CodeView { code: code.to_string(), lines: (*rate).into() });
    let drawn = summary.sample(audit, seed);
    AuditSummary {
        visits,
        refused: summary.refused,
        expected_percent: *audit.accuracy_percent_expected,
        best_percent: *audit.accuracy_percent_best,
        total: WorkView::new("", &summary.total, audit),
        coders: coders.collect(),
        codes: codes.collect(),
        kinds: by_frequency(kinds.collect()),
        patterns: by_frequency(patterns.collect()),
        largest: largest(summary),
        sample: SampleView {
            seed,
            percent: *audit.sample_percent,
            method: "visits with the lowest SHA-256 of `SEED:OCCURRENCE:ENCOUNTER_ID`, occurrences from 0",
            visits: drawn.into_iter().map(|at| VisitView::new(&summary.visits[at])).collect(),
        },
    }
}

fn by_frequency(mut list: Vec<OccurrenceView>) -> Vec<OccurrenceView> {
    list.sort_by_key(|seen| std::cmp::Reverse(seen.found));
    list
}

fn largest(summary: &Summary) -> Vec<VisitView> {
    let at_stake = |visit: &VisitRow| {
        visit.amounts.overbilled_dollars.nanos().saturating_add(visit.amounts.underbilled_dollars.nanos())
    };
    let mut visits: Vec<&VisitRow> = summary.visits.iter().filter(|visit| at_stake(visit) > 0).collect();
    visits.sort_by_key(|visit| std::cmp::Reverse(at_stake(visit)));
    visits.into_iter().take(LARGEST_VISITS).map(VisitView::new).collect()
}

impl WorkView {
    fn new(coder: &str, work: &Work, audit: &AuditParameters) -> Self {
        let (standing, style) = match work.lines.standing(audit) {
            Standing::Best => ("reaches the best", "ready"),
            Standing::Expected => ("reaches what audits expect", "ready"),
            Standing::Open => ("not shown either way by so many lines", "info"),
            Standing::Below => ("below what audits expect", "block"),
        };
        let stops = work.stop_times;
        Self {
            coder: coder.to_owned(),
            lines: work.lines.into(),
            visits: work.visits.into(),
            standing,
            style,
            stop_times_on_the_hour: Rate { right: stops.of - stops.right, of: stops.of }.into(),
            amounts: work.amounts.into(),
        }
    }
}

impl OccurrenceView {
    fn new(
        (name, title, rule_id): (&'static str, &'static str, &'static str),
        seen: &Occurrence,
        of: u64,
    ) -> Self {
        let visits = Rate { right: seen.visits, of }.into();
        Self { name, title, rule_id, found: seen.found, visits, amounts: seen.amounts.into() }
    }
}

impl VisitView {
    fn new(visit: &VisitRow) -> Self {
        Self {
            encounter_id: visit.reference.clone(),
            coder: visit.coder.clone(),
            differences: visit.differences,
            amounts: visit.amounts.into(),
        }
    }
}

impl From<Rate> for RateView {
    fn from(rate: Rate) -> Self {
        let interval = rate.interval();
        let points = rate.basis_points();
        Self {
            right: rate.right,
            of: rate.of,
            percent: points.map(percent).unwrap_or_default(),
            low_percent: percent(interval.low),
            high_percent: percent(interval.high),
            points: points.unwrap_or_default(),
            interval,
        }
    }
}

impl From<Amounts> for AmountsView {
    fn from(amounts: Amounts) -> Self {
        Self {
            overbilled_units: amounts.overbilled_units.to_string(),
            underbilled_units: amounts.underbilled_units.to_string(),
            overbilled_dollars: amounts.overbilled_dollars.to_string(),
            underbilled_dollars: amounts.underbilled_dollars.to_string(),
            over: dollars(amounts.overbilled_dollars),
            under: dollars(amounts.underbilled_dollars),
        }
    }
}

/// Hundredths of a percent as people write them: `94.32`.
fn percent(points: u32) -> String {
    format!("{}.{:02}", points / 100, points % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_written_as_people_read_them() {
        let rate: RateView = Rate { right: 940, of: 1000 }.into();
        let text = [rate.percent, rate.low_percent, rate.high_percent];
        assert_eq!(text, ["94.00", "92.35", "95.32"]);
    }
}
