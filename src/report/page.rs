//! One self-contained HTML page for a coded visit: timeline, lines, reasons, findings, questions.

use askama::Template;

use super::chart::{self, BAR_HEIGHT, Chart, Shape};
use super::dollars::dollars;
use super::explanation::{self, ExplainedStep};
use super::grouping;
use super::note;
use super::role::role_of;
use crate::catalog::Catalog;
use crate::domain::claim::{Line, Track};
use crate::domain::encounter::Encounter;
use crate::domain::field::Field;
use crate::domain::finding::{Answer, Finding, Question, Severity};
use crate::domain::quantity::Decimal;
use crate::engine::CodingResult;
use crate::engine::trail::Note;
use crate::policy::{Citations, Policy};
use crate::rules::Rule;

/// How much of the reasons a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PageDetail {
    /// The lines alone.
    Lines,
    /// The rules that decided, by id and title.
    Rules,
    /// Every decision in words, with its facts and sources.
    #[default]
    Full,
}

/// The page of a coded visit.
///
/// # Errors
/// Only what the template engine reports of itself; the page writes to memory.
pub fn visit_page(
    visit: &Encounter,
    result: &CodingResult,
    policy: &Policy,
    citations: &Citations,
    catalog: &Catalog,
    detail: PageDetail,
) -> Result<String, askama::Error> {
    let visit = &with_names(visit, catalog);
    let explanation = explanation::explain(visit, result, citations);
    let mut lines: Vec<LineView<'_>> = result
        .lines
        .iter()
        .zip(explanation.lines)
        .map(|(line, steps)| LineView::new(line, shown(steps, detail), visit, policy))
        .collect();
    let drug_lines = lines.extract_if(.., |line| line.track == Track::Drug).collect();
    let page = VisitPage {
        title: if visit.id.is_empty() { "Infusion visit".to_owned() } else { format!("Visit {}", visit.id) },
        date: dates(visit),
        setting: note::words(&format!("{:?}", visit.setting)),
        policy,
        verdict: Verdict::of(result),
        charts: chart::charts(visit, result, policy),
        tracks: [("What was done", "Administration", lines), ("What was given", "Drug", drug_lines)],
        not_billed: result
            .not_billed
            .iter()
            .map(|item| Remark::new(item.what, item.rule, &item.note, visit, result))
            .collect(),
        findings: findings(visit, result),
        questions: questions(visit, result, catalog),
        visit_steps: shown(explanation.visit, detail),
        result,
    };
    page.render()
}

/// The date of service, or the first and the last of several.
fn dates(visit: &Encounter) -> String {
    let (first, last) = visit.dates();
    if first == last { first.to_string() } else { format!("{first} to {last}") }
}

/// The visit with the catalog's name of each drug that the request names by its code alone.
fn with_names(visit: &Encounter, catalog: &Catalog) -> Encounter {
    let mut named = visit.clone();
    for drug in named.administrations.iter_mut().flat_map(|given| &mut given.drugs) {
        let Some(code) = drug.code.filter(|_| drug.name.is_none()) else { continue };
        let version = catalog.codes.get(&code).and_then(|versions| versions.first());
        drug.name = version.map(|version| version.name.to_string()).filter(|name| !name.is_empty());
    }
    named
}

/// What the page shows of the decisions.
fn shown(steps: Vec<ExplainedStep<'_>>, detail: PageDetail) -> Vec<ExplainedStep<'_>> {
    let rule_only = |step: ExplainedStep<'_>| ExplainedStep {
        text: String::new(),
        facts: Vec::new(),
        citations: Vec::new(),
        ..step
    };
    match detail {
        PageDetail::Lines => Vec::new(),
        PageDetail::Rules => steps.into_iter().map(rule_only).collect(),
        PageDetail::Full => steps,
    }
}

#[derive(Template)]
#[template(path = "visit.html")]
struct VisitPage<'a> {
    title: String,
    date: String,
    setting: String,
    policy: &'a Policy,
    verdict: Verdict,
    charts: Vec<Chart>,
    tracks: [(&'static str, &'static str, Vec<LineView<'a>>); 2],
    not_billed: Vec<Remark>,
    findings: Vec<FindingView>,
    questions: Vec<QuestionView>,
    visit_steps: Vec<ExplainedStep<'a>>,
    result: &'a CodingResult,
}

/// How far the claim is ready, in one sentence.
struct Verdict {
    style: &'static str,
    text: String,
}

impl Verdict {
    fn of(result: &CodingResult) -> Self {
        let count = |severity| result.findings.iter().filter(|finding| finding.severity == severity).count();
        let (blocks, warnings) = (count(Severity::Block), count(Severity::Warn));
        let lines = counted(result.lines.len(), "line");
        match (blocks, warnings) {
            (0, 0) => Self { style: "ready", text: format!("{lines}, nothing open.") },
            (0, _) => Self {
                style: "warn",
                text: format!("{lines}; {} to read before the claim goes out.", counted(warnings, "warning")),
            },
            _ => Self {
                style: "block",
                text: format!(
                    "{lines}, and something is withheld: {} to settle first.",
                    counted(blocks, "finding")
                ),
            },
        }
    }
}

/// A line of the claim with its reasons.
struct LineView<'a> {
    track: Track,
    code: String,
    units: u32,
    modifiers: String,
    /// The date of service, where the visit has several.
    date: String,
    role: &'static str,
    style: &'static str,
    what: String,
    ndc: String,
    narrative: String,
    steps: Vec<ExplainedStep<'a>>,
}

impl<'a> LineView<'a> {
    fn new(line: &Line, steps: Vec<ExplainedStep<'a>>, visit: &Encounter, policy: &Policy) -> Self {
        let role = role_of(line.code, &policy.administration);
        let is_drug = line.track == Track::Drug;
        let (first, last) = visit.dates();
        let modifiers: Vec<&str> = line.modifiers.iter().map(|modifier| modifier.as_str()).collect();
        Self {
            track: line.track,
            code: line.code.to_string(),
            units: line.units,
            modifiers: modifiers.join(" "),
            date: if first == last { String::new() } else { line.service_date.to_string() },
            role: if is_drug { "" } else { role.as_str() },
            style: if is_drug { "drug" } else { role.style() },
            what: what(line, visit),
            ndc: line.ndc.iter().chain(&line.further_ndcs).map(ndc).collect::<Vec<_>>().join("; "),
            narrative: line.narrative.as_deref().unwrap_or_default().to_owned(),
            steps,
        }
    }

    fn has_role(&self) -> bool {
        !self.role.is_empty()
    }
}

/// Something said about a part of the visit.
struct Remark {
    about: String,
    text: String,
    rule: &'static Rule,
}

impl Remark {
    fn new(field: Field, rule: &'static Rule, note: &Note, visit: &Encounter, result: &CodingResult) -> Self {
        let text = note::render(note, &result.trail, visit);
        Self { about: note::dated(field, visit), text, rule }
    }
}

struct FindingView {
    style: &'static str,
    severity: &'static str,
    remark: Remark,
}

struct QuestionView {
    remark: Remark,
    answers: Vec<AnswerView>,
}

/// What one answer to a question would bill, beside the lines as they stand.
struct AnswerView {
    label: String,
    added: Vec<String>,
    dropped: Vec<String>,
    /// What it adds in dollars at the payment limits known.
    worth: String,
}

impl AnswerView {
    fn new(answer: &Answer, present: &[String]) -> Self {
        let lines: Vec<String> = answer.lines.iter().map(in_short).collect();
        let (added, dropped) = (beyond(&lines, present), beyond(present, &lines));
        Self { label: answer.label.clone(), added, dropped, worth: String::new() }
    }

    fn is_as_now(&self) -> bool {
        self.added.is_empty() && self.dropped.is_empty()
    }
}

/// The lines of one claim that the other does not hold, each as often as it is short of them.
fn beyond(these: &[String], those: &[String]) -> Vec<String> {
    let mut others: Vec<&String> = those.iter().collect();
    let mut missing = |line: &&String| match others.iter().position(|other| other == line) {
        Some(at) => {
            others.swap_remove(at);
            false
        }
        None => true,
    };
    these.iter().filter(|line| missing(line)).cloned().collect()
}

/// The findings, the gravest first; those that say the same of several things stand together.
fn findings(visit: &Encounter, result: &CodingResult) -> Vec<FindingView> {
    let mut findings: Vec<&Finding> = result.findings.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let kind = |finding: &&Finding| (finding.severity, finding.reason, finding.rule.id);
    let mut views = Vec::new();
    for group in grouping::by_kind(findings, kind) {
        let remarks: Vec<Remark> = group
            .iter()
            .map(|finding| Remark::new(finding.field, finding.rule, &finding.note, visit, result))
            .collect();
        let texts: Vec<&str> = remarks.iter().map(|remark| remark.text.as_str()).collect();
        let (style, severity) = match group[0].severity {
            Severity::Block => ("block", "Settle first"),
            Severity::Warn => ("warn", "Warning"),
            Severity::Info => ("info", "For information"),
        };
        let view = |remark| FindingView { style, severity, remark };
        match grouping::merged(&texts) {
            Some(text) if remarks.len() > 1 => {
                let mut about: Vec<&str> = remarks.iter().map(|remark| remark.about.as_str()).collect();
                about.dedup();
                let (about, rule) = (about.join(", "), group[0].rule);
                views.push(view(Remark { about, text, rule }));
            }
            _ => views.extend(remarks.into_iter().map(view)),
        }
    }
    views
}

fn questions(visit: &Encounter, result: &CodingResult, catalog: &Catalog) -> Vec<QuestionView> {
    let present: Vec<String> = result.lines.iter().map(in_short).collect();
    let now = catalog.value(&result.lines).unwrap_or_default();
    let answer_view = |answer: &Answer| {
        let then = catalog.value(&answer.lines).unwrap_or_default();
        AnswerView { worth: worth(now, then), ..AnswerView::new(answer, &present) }
    };
    let view = |question: &Question| QuestionView {
        remark: Remark::new(question.field, question.rule, &question.note, visit, result),
        answers: question.answers.iter().map(answer_view).collect(),
    };
    result.questions.iter().map(view).collect()
}

/// What one answer adds to the claim at the payment limits that are known; empty where nothing changes.
fn worth(now: Decimal, then: Decimal) -> String {
    let difference = Decimal::from_nanos(then.nanos().saturating_sub(now.nanos()));
    let amount = Decimal::from_nanos(difference.nanos().abs());
    match difference.nanos().signum() {
        1 => format!("+${}", dollars(amount)),
        -1 => format!("−${}", dollars(amount)),
        _ => String::new(),
    }
}

/// A line as people write it in a row of text: `96415 ×2`, `J9312 ×71 JZ`.
pub fn in_short(line: &Line) -> String {
    let mut text = format!("{} ×{}", line.code, line.units);
    for modifier in &line.modifiers {
        text.push(' ');
        text.push_str(modifier.as_str());
    }
    text
}

/// An NDC with the quantity in its own unit.
fn ndc(report: &crate::domain::claim::NdcReport) -> String {
    format!("{} · {} {}", report.ndc.hyphenated(), report.qualifier.as_str(), report.quantity)
}

/// The drug of a drug line with its dose, or the drugs behind an administration line.
pub fn what(line: &Line, visit: &Encounter) -> String {
    let index = |a: u16| visit.administrations.get(usize::from(a));
    if let (Some(&a), Some(d)) = (line.administrations.first(), line.drug) {
        let name = note::named(Field::Drug(a, d, ""), visit);
        let dose =
            index(a).and_then(|bag| bag.drugs.get(usize::from(d))).and_then(|drug| drug.dose_administered);
        return dose.map_or(name.clone(), |dose| format!("{name}, {dose} given"));
    }
    let bags = line.administrations.iter().filter_map(|&a| Some((a, index(a)?)));
    let names = bags.map(|(a, bag)| {
        let drugs = (0..bag.drugs.len()).map(|d| note::named(Field::Drug(a, d as u16, ""), visit));
        let drugs = drugs.collect::<Vec<_>>().join(" + ");
        let id = note::named(Field::Administration(a, ""), visit);
        if drugs.is_empty() || drugs == id { id } else { format!("{drugs} ({id})") }
    });
    names.collect::<Vec<_>>().join(", ")
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests;
