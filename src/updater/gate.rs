//! Whether a release is plausible enough to be read from.
//!
//! A parser that reads a changed layout wrongly still returns records. The gate compares what came
//! out with what CMS has always published and with the release held before, and refuses by default.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::quarter::read_quarter;
use super::settings::{Feed, FeedId};
use crate::catalog::CodeVersion;
use crate::catalog::release::{Comparison, Release, in_force};
use crate::cms::problem::Problems;
use crate::domain::quarter::Quarter;
use crate::domain::time::Date;

/// What a release must look like; per-thousand shares are compared without rounding.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateLimits {
    pub codes_min: usize,
    pub codes_max: usize,
    /// Codes of the J and Q families together.
    pub drug_codes_min: usize,
    /// First letters that every release has codes of.
    pub families: Vec<char>,
    /// Rows with a problem, in each thousand codes.
    pub problems_per_thousand: usize,
    /// Codes held before that the release no longer lists, in each thousand.
    pub vanished_per_thousand: usize,
    /// Codes held before that have another billing unit, in each thousand.
    pub unit_changed_per_thousand: usize,
    /// Rows of a table beside the codes, in each thousand of those that the one held before has.
    pub rows_kept_per_thousand: usize,
    /// No date lies before this year.
    pub earliest_year: i16,
    /// Days after the end of the quarter a date may lie.
    pub days_ahead: i32,
    /// Codes with a date out of reason that are put up with.
    pub odd_dates: usize,
    /// Quarters after the one in effect that a release may be of.
    pub quarters_ahead: i32,
}

/// One reason to refuse a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{check}: {found}; {accepted}")]
pub struct Objection {
    /// Name of the check.
    pub check: String,
    pub found: String,
    /// What would have passed.
    pub accepted: String,
}

/// What the gate looks at.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    pub feed: &'a Feed,
    pub release: &'a Release,
    /// Name of the member it was read from.
    pub member: &'a str,
    /// Rows the parser could not read whole.
    pub problems: &'a Problems,
    /// The newest release held of an earlier posting.
    pub held: Option<&'a Release>,
    /// The quarter that the file states of itself.
    pub stated: Option<Quarter>,
    /// The quarter in effect, where no other one was asked for.
    pub current: Option<Quarter>,
}

/// Every objection to a release, none when it is plausible.
pub fn objections(candidate: Candidate<'_>, limits: &GateLimits) -> Vec<Objection> {
    let mut objections = Vec::new();
    if candidate.feed.id == FeedId::Hcpcs {
        counts(candidate, limits, &mut objections);
        dates(candidate, limits, &mut objections);
        changes(candidate, limits, &mut objections);
    } else {
        rows(candidate, limits, &mut objections);
    }
    quarters(candidate, limits, &mut objections);
    objections
}

/// What a release says of its quarter must agree, and must not lie in a future that CMS posts nothing of.
fn quarters(candidate: Candidate<'_>, limits: &GateLimits, objections: &mut Vec<Objection>) {
    let quarter = candidate.release.header.quarter;
    if let Some(named) = read_quarter(candidate.member).filter(|named| *named != quarter) {
        object(
            objections,
            "quarter",
            format!("{} is named for {named}", candidate.member),
            format!("the posting is of {quarter}"),
        );
    }
    if let Some(stated) = candidate.stated.filter(|stated| *stated != quarter) {
        let found = format!("{} says that it is for {stated}", candidate.member);
        object(objections, "stated-quarter", found, format!("the posting is of {quarter}"));
    }
    let Some(current) = candidate.current else { return };
    if quarter.since(current) > limits.quarters_ahead {
        let ahead = limits.quarters_ahead;
        let accepted = format!("{current} is in effect, and at most {ahead} after it is posted early");
        object(objections, "future-quarter", format!("the posting is of {quarter}"), accepted);
    }
}

fn object(objections: &mut Vec<Objection>, check: &str, found: String, accepted: String) {
    objections.push(Objection { check: check.to_owned(), found, accepted });
}

fn counts(candidate: Candidate<'_>, limits: &GateLimits, objections: &mut Vec<Objection>) {
    let codes: BTreeSet<&str> = candidate.release.codes.iter().map(|version| version.code.as_str()).collect();
    let count = codes.len();
    if !(limits.codes_min..=limits.codes_max).contains(&count) {
        let accepted = format!("{} to {} are accepted", limits.codes_min, limits.codes_max);
        object(objections, "code-count", format!("{count} codes"), accepted);
    }
    let drugs = codes.iter().filter(|code| code.starts_with(['J', 'Q'])).count();
    if drugs < limits.drug_codes_min {
        let accepted = format!("at least {} are expected", limits.drug_codes_min);
        object(objections, "drug-code-count", format!("{drugs} codes of the J and Q families"), accepted);
    }
    let missing: String =
        limits.families.iter().filter(|f| !codes.iter().any(|c| c.starts_with(**f))).collect();
    if !missing.is_empty() {
        let accepted = "every release has codes of them".to_owned();
        object(objections, "families", format!("no code of the families {missing}"), accepted);
    }
    problems(candidate, count, limits, objections);
}

/// The first row with a problem tells what is the matter with all of them.
fn problems(candidate: Candidate<'_>, rows: usize, limits: &GateLimits, objections: &mut Vec<Objection>) {
    let count = candidate.problems.count();
    if !exceeds(count, limits.problems_per_thousand, rows) {
        return;
    }
    let example = candidate.problems.iter().next().map(|first| format!(", as {first}")).unwrap_or_default();
    let accepted = format!("at most {} in 1,000 are accepted", limits.problems_per_thousand);
    object(objections, "problems", format!("{count} rows with problems{example}"), accepted);
}

/// A table beside the codes must have its rows, and nearly all of them readable.
fn rows(candidate: Candidate<'_>, limits: &GateLimits, objections: &mut Vec<Objection>) {
    let count = row_count(candidate.release);
    if count < candidate.feed.rows_min {
        let accepted = format!("at least {} are expected", candidate.feed.rows_min);
        object(objections, "row-count", format!("{count} rows"), accepted);
    } else if let Some(held) = candidate.held {
        let (before, kept) = (row_count(held), limits.rows_kept_per_thousand);
        if count.saturating_mul(1000) < before.saturating_mul(kept) {
            let found = format!("{count} rows, and {} has {before}", held.header.id);
            object(objections, "row-count", found, format!("at least {kept} for each 1,000 are expected"));
        }
    }
    problems(candidate, count, limits, objections);
}

fn row_count(release: &Release) -> usize {
    release.ndcs.len()
        + release.limits.rows.len()
        + release.unit_limits.rows.len()
        + release.add_ons.rows.len()
}

fn dates(candidate: Candidate<'_>, limits: &GateLimits, objections: &mut Vec<Objection>) {
    let last_day = candidate.release.header.quarter.last_day();
    let latest = last_day.checked_add(jiff::Span::new().days(limits.days_ahead)).unwrap_or(Date::MAX);
    let odd = |day: Date| day.year() < limits.earliest_year || day > latest;
    let odd_version = |version: &&CodeVersion| {
        let backwards = version.terminated.is_some_and(|last| last < version.added);
        odd(version.added) || odd(version.effective) || version.terminated.is_some_and(odd) || backwards
    };
    let count = candidate.release.codes.iter().filter(odd_version).count();
    if count > limits.odd_dates {
        let accepted =
            format!("from {} to {latest}, and at most {} others", limits.earliest_year, limits.odd_dates);
        object(objections, "dates", format!("{count} codes with dates out of reason"), accepted);
    }
}

fn changes(candidate: Candidate<'_>, limits: &GateLimits, objections: &mut Vec<Objection>) {
    let Some(held) = candidate.held else { return };
    let comparison = Comparison::between(Some(held), candidate.release);
    let expected = in_force(held, candidate.release.header.quarter.first_day()).count();
    for (check, what, count, limit, total) in [
        (
            "vanished",
            "codes in force vanished",
            comparison.vanished.len(),
            limits.vanished_per_thousand,
            expected,
        ),
        (
            "unit-changes",
            "codes have another billing unit",
            comparison.unit_changed.len(),
            limits.unit_changed_per_thousand,
            held.codes.len(),
        ),
    ] {
        if exceeds(count, limit, total) {
            let accepted = format!("at most {limit} in 1,000 of {total} are accepted");
            object(objections, check, format!("{count} {what} since {}", held.header.id), accepted);
        }
    }
}

/// Whether `count` of `total` is more than a share, without dividing.
const fn exceeds(count: usize, per_thousand: usize, total: usize) -> bool {
    count.saturating_mul(1000) > total.saturating_mul(per_thousand)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::release::ReleaseHeader;
    use crate::cms::problem::ProblemKind;
    use crate::domain::billing::NoUnitReason;
    use crate::domain::time::date;
    use crate::updater::settings::Settings;

    /// The embedded release holds drugs only, so the counts are fitted to it.
    fn limits() -> GateLimits {
        GateLimits { codes_min: 100, families: vec!['J', 'Q'], ..Settings::embedded().gate }
    }

    fn checks(release: &Release, member: &str, problems: usize, held: Option<&Release>) -> Vec<String> {
        let found = found(FeedId::Hcpcs, release, member, problems, held);
        found.into_iter().map(|objection| objection.check).collect()
    }

    fn found(
        feed: FeedId,
        release: &Release,
        member: &str,
        problems: usize,
        held: Option<&Release>,
    ) -> Vec<Objection> {
        let (settings, mut noted) = (Settings::embedded(), Problems::default());
        (0..problems).for_each(|_| noted.note(7, ProblemKind::bad("date", "2026-00-00")));
        let feed = settings.feed(feed).expect("a feed");
        let (problems, stated, current) = (&noted, None, None);
        objections(Candidate { feed, release, member, problems, held, stated, current }, &limits())
    }

    fn plausible() -> Release {
        Release::embedded().clone()
    }

    #[test]
    fn a_plausible_release_passes() {
        let release = plausible();
        assert_eq!(checks(&release, "anweb.txt", 0, Some(&release)), [""; 0]);
    }

    #[test]
    fn too_few_codes_and_missing_families_are_refused() {
        let mut release = plausible();
        release.codes.truncate(9);
        let found = checks(&release, "anweb.txt", 0, None);
        assert!(found.contains(&"code-count".to_owned()) && found.contains(&"drug-code-count".to_owned()));
        let mut release = plausible();
        release.codes.retain(|version| !version.code.as_str().starts_with('Q'));
        assert!(checks(&release, "anweb.txt", 0, None).contains(&"families".to_owned()));
    }

    #[test]
    fn problems_and_dates_out_of_reason_are_refused() {
        let mut release = plausible();
        assert_eq!(checks(&release, "anweb.txt", release.codes.len(), None), ["problems"]);
        let refused = found(FeedId::Hcpcs, &release, "anweb.txt", release.codes.len(), None);
        assert!(refused[0].found.contains("as line 7: `2026-00-00` is not a date"), "{}", refused[0]);
        for version in release.codes.iter_mut().take(6) {
            version.added = date(1901, 1, 1);
        }
        assert_eq!(checks(&release, "anweb.txt", 0, None), ["dates"]);
    }

    #[test]
    fn a_release_unlike_the_held_one_is_refused() {
        let held = plausible();
        let mut release = plausible();
        for version in &mut release.codes {
            version.billing = Err(NoUnitReason::Unclassified);
        }
        assert_eq!(checks(&release, "anweb.txt", 0, Some(&held)), ["unit-changes"]);
        let mut release = plausible();
        let keep = release.codes.len() * 9 / 10;
        release.codes.truncate(keep);
        assert!(checks(&release, "anweb.txt", 0, Some(&held)).contains(&"vanished".to_owned()));
    }

    #[test]
    fn a_table_of_half_the_rows_of_the_held_one_is_refused() {
        let mut held = plausible();
        (held.limits, held.unit_limits, held.add_ons) = Default::default();
        assert!(held.ndcs.len() > 7_000, "the embedded release holds the packages of a quarter");
        held.header = ReleaseHeader { id: "ndc-2025Q4-aa".into(), ..held.header };
        let of = |count: usize| Release { ndcs: held.ndcs[..count].to_vec(), ..held.clone() };
        let checks = |count, before| found(FeedId::NdcCrosswalk, &of(count), "x.csv", 0, before);
        assert_eq!(checks(held.ndcs.len() * 6 / 10, Some(&held)), []);
        assert_eq!(checks(held.ndcs.len() * 4 / 10, None), []);
        let cut = checks(held.ndcs.len() * 4 / 10, Some(&held));
        assert!(cut[0].check == "row-count" && cut[0].found.contains("ndc-2025Q4-aa"), "{cut:?}");
        assert_eq!(checks(30, Some(&held))[0].accepted, "at least 3000 are expected");
    }

    #[test]
    fn codes_that_ended_or_are_to_come_have_not_vanished() {
        let held = plausible();
        let quarter = held.header.quarter;
        let mut release = plausible();
        release.codes.retain(|version| version.in_force_on(quarter.first_day()));
        assert!(release.codes.len() < held.codes.len() * 9 / 10, "the embedded table is a history");
        assert_eq!(checks(&release, "anweb.txt", 0, Some(&held)), [""; 0]);
        let half = release.codes.len() / 2;
        release.codes.truncate(half);
        assert!(checks(&release, "anweb.txt", 0, Some(&held)).contains(&"vanished".to_owned()));
    }

    #[test]
    fn a_quarter_that_the_file_contradicts_or_that_is_not_posted_yet_is_refused() {
        let release = plausible();
        let quarter = release.header.quarter;
        let settings = Settings::embedded();
        let feed = settings.feed(FeedId::Hcpcs).expect("the codes");
        let problems = Problems::default();
        let found = |stated, current| {
            let candidate = Candidate {
                feed,
                release: &release,
                member: "x",
                problems: &problems,
                held: None,
                stated,
                current,
            };
            let checks = objections(candidate, &limits()).into_iter().map(|objection| objection.check);
            checks.collect::<Vec<_>>()
        };
        let before = |count| (0..count).fold(quarter, |quarter: Quarter, _| quarter.previous());
        assert_eq!(found(Some(quarter), Some(quarter)), [""; 0]);
        assert_eq!(found(Some(before(1)), None), ["stated-quarter"]);
        assert_eq!(found(None, Some(before(1))), [""; 0], "CMS posts the next quarter early");
        assert_eq!(found(None, Some(before(2))), ["future-quarter"]);
        assert_eq!(found(None, Some(quarter.next())), [""; 0], "an old quarter may be fetched");
    }

    #[test]
    fn a_file_named_for_another_quarter_is_refused() {
        let release = plausible();
        assert_eq!(checks(&release, "HCPC2013_A-N.txt", 0, None), ["quarter"]);
    }
}
