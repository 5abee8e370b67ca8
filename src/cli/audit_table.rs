//! An audit in a terminal and as CSV: the differences of one claim, or the figures of a file.

use std::borrow::Cow;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use super::columns;
use crate::audit::{Audit, Side};
use crate::domain::quantity::Decimal;
use crate::report::audit_summary::{AuditSummary, OccurrenceView, WorkView};
use crate::report::audit_text;
use crate::report::dollars::dollars;
use crate::server::json::WireEnum;
use crate::server::pb;

/// Columns of the table of differences.
const CSV_COLUMNS: [&str; 17] = [
    "encounter_id",
    "coder_id",
    "kind",
    "pattern",
    "billed_line",
    "billed_code",
    "billed_units",
    "billed_modifiers",
    "supported_code",
    "supported_units",
    "supported_modifiers",
    "overbilled_units",
    "underbilled_units",
    "dollars",
    "rule_id",
    "text",
    "catalog_release",
];

/// The differences of one claim. Units are those of the audit, for a claim may hold part units and the answer
/// whole ones alone.
pub fn claim(answer: &pb::AuditClaimResponse, audit: &Audit) -> String {
    let id = if answer.encounter_id.is_empty() { "(no id)" } else { &answer.encounter_id };
    let mut page =
        format!("Audit of visit {id}\n{} of {} lines are right", answer.lines_right, answer.lines_judged);
    let others = audit.not_judged.len().saturating_sub(audit.unread.len());
    if others > 0 {
        page += &format!("; {others} of other services not judged");
    }
    if !audit.unread.is_empty() {
        let codes: Vec<&str> = audit.unread.iter().map(|code| code.as_str()).collect();
        page += &format!("; not readable and not judged: {}", codes.join(", "));
    }
    let is_billed = answer.lines_right > 0 || audit.discrepancies.iter().any(|found| found.billed.is_some());
    if !is_billed && others == 0 && audit.unread.is_empty() && answer.lines_judged > 0 {
        page += "; the claim has no line, so all of them are missing";
    }
    page.push('\n');
    if answer.discrepancies.is_empty() {
        let judged = if audit.unread.is_empty() { "was billed" } else { "could be read" };
        page += &format!("\nNo difference: the record supports what {judged}.\n");
    } else {
        let mut rows = table(&["Difference", "Billed", "Supported", "What", "Dollars", "Rule"]);
        for (found, exact) in answer.discrepancies.iter().zip(&audit.discrepancies) {
            rows.add_row([
                words(pb::DiscrepancyKind::short_name(found.kind).unwrap_or_default()),
                exact.billed.as_ref().map(audit_text::in_short).unwrap_or_default(),
                exact.supported.as_ref().map(audit_text::in_short).unwrap_or_default(),
                found.text.clone(),
                found.dollars.clone(),
                found.rule_id.clone(),
            ]);
        }
        page += &format!("\n{rows}\n");
    }
    page += &amounts(answer, audit);
    // What only informs stands in the answer as JSON.
    for finding in answer.findings.iter().filter(|finding| finding.severity() != pb::Severity::Info) {
        let severity = pb::Severity::short_name(finding.severity).unwrap_or_default();
        page += &format!("{severity} {}: {}\n", finding.rule_id, finding.text);
    }
    for question in &answer.questions {
        page += &format!("To ask: {} ({})\n", question.text, question.field);
    }
    page
}

fn amounts(answer: &pb::AuditClaimResponse, audit: &Audit) -> String {
    // An answer of a service holds decimal numbers; an empty text is one whose limit is not known.
    let worth = |amount: &str| match amount.parse() {
        Ok(amount) => format!(", ${} at the payment limit", dollars(amount)),
        Err(_) => String::new(),
    };
    let mut text = String::new();
    let (over, under) = audit.units();
    let open = match audit.units_open() {
        open if open.is_zero() => String::new(),
        open if open == over => "; the record may still support them, see what to ask".to_owned(),
        open => format!("; the record may still support {open} of them, see what to ask"),
    };
    for (what, units, amount, open) in [
        ("Overbilled", over, &answer.overbilled_dollars, open.as_str()),
        ("Underbilled", under, &answer.underbilled_dollars, ""),
    ] {
        if !units.is_zero() || !amount.is_empty() {
            let plural = if units == Decimal::ONE { "" } else { "s" };
            text += &format!("{what}: {units} unit{plural}{}{open}\n", worth(amount));
        }
    }
    text
}

/// The figures of a file.
pub fn summary(summary: &AuditSummary) -> String {
    let total = &summary.total;
    let mut page = format!("Audit of {} visits", summary.visits);
    if summary.refused > 0 {
        page += &format!(", and {} lines that could not be read", summary.refused);
    }
    page += &format!(
        "\n{} % of {} lines are right, 95 % interval {} to {} %: {} ({} %)\n",
        total.lines.percent,
        total.lines.of,
        total.lines.low_percent,
        total.lines.high_percent,
        total.standing,
        summary.expected_percent
    );
    page += &format!(
        "overbilled ${}, underbilled ${} at the payment limits known\n",
        total.amounts.over, total.amounts.under
    );
    page += &coders(&summary.coders);
    for (title, list) in [("Kinds of difference", &summary.kinds), ("Known patterns", &summary.patterns)] {
        page += &occurrences(title, list);
    }
    page += &codes(summary);
    let drawn: Vec<&str> = summary.sample.visits.iter().map(|visit| visit.encounter_id.as_str()).collect();
    page + &format!(
        "\nSample for review, {} % by seed {}: {} visits\n{}\n",
        summary.sample.percent,
        summary.sample.seed,
        drawn.len(),
        drawn.join(" ")
    )
}

fn coders(list: &[WorkView]) -> String {
    let mut rows =
        table(&["Coder", "Lines", "Accuracy %", "95 % interval", "Overbilled $", "Underbilled $", "Stands"]);
    for work in list {
        let name = if work.coder.is_empty() { "(no coder named)" } else { &work.coder };
        rows.add_row([
            name.to_owned(),
            work.lines.of.to_string(),
            work.lines.percent.clone(),
            format!("{} – {}", work.lines.low_percent, work.lines.high_percent),
            work.amounts.over.clone(),
            work.amounts.under.clone(),
            work.standing.to_owned(),
        ]);
    }
    align_right(&mut rows, 1..6);
    format!("\n{rows}\n")
}

fn occurrences(title: &str, list: &[OccurrenceView]) -> String {
    if list.is_empty() {
        return String::new();
    }
    let mut rows = table(&[title, "Rule", "Found", "Visits", "% of visits", "Overbilled $", "Underbilled $"]);
    for seen in list {
        rows.add_row([
            seen.title.to_owned(),
            seen.rule_id.to_owned(),
            seen.found.to_string(),
            seen.visits.right.to_string(),
            format!("{} ({} – {})", seen.visits.percent, seen.visits.low_percent, seen.visits.high_percent),
            seen.amounts.over.clone(),
            seen.amounts.under.clone(),
        ]);
    }
    align_right(&mut rows, 2..7);
    format!("\n{rows}\n")
}

fn codes(summary: &AuditSummary) -> String {
    const CODES_SHOWN: usize = 15;
    let mut rows = table(&["Code", "Lines", "Accuracy %", "95 % interval"]);
    for code in summary.codes.iter().take(CODES_SHOWN) {
        let interval = format!("{} – {}", code.lines.low_percent, code.lines.high_percent);
        rows.add_row([code.code.clone(), code.lines.of.to_string(), code.lines.percent.clone(), interval]);
    }
    align_right(&mut rows, 1..4);
    format!("\nThe least accurate codes\n{rows}\n")
}

/// The first row of the table of differences.
pub fn csv_header() -> String {
    CSV_COLUMNS.join(",") + "\n"
}

/// A row a difference, its units as billed.
///
/// # Errors
/// Only what the writer reports of itself; it writes to memory.
pub fn csv_rows(answer: &pb::AuditClaimResponse, audit: &Audit, coder: &str) -> anyhow::Result<String> {
    let units = |side: &Option<Side>| side.as_ref().map_or(Decimal::ZERO, |side| side.units).to_string();
    let mut rows = csv::Writer::from_writer(Vec::new());
    let release =
        answer.provenance.as_ref().map(|rests_on| rests_on.catalog_release.clone()).unwrap_or_default();
    for (found, exact) in answer.discrepancies.iter().zip(&audit.discrepancies) {
        let billed_line = found.billed_line.map(|line| line.to_string()).unwrap_or_default();
        rows.write_record([
            &*plain(&answer.encounter_id),
            &*plain(coder),
            pb::DiscrepancyKind::short_name(found.kind).unwrap_or_default(),
            if found.pattern == 0 {
                ""
            } else {
                pb::AuditPattern::short_name(found.pattern).unwrap_or_default()
            },
            &billed_line,
            &found.billed_code,
            &units(&exact.billed),
            &found.billed_modifiers.join(" "),
            &found.supported_code,
            &units(&exact.supported),
            &found.supported_modifiers.join(" "),
            &exact.overbilled.to_string(),
            &exact.underbilled.to_string(),
            &found.dollars,
            &found.rule_id,
            &*plain(&found.text),
            &*plain(&release),
        ])?;
    }
    Ok(String::from_utf8(rows.into_inner()?)?)
}

/// A text that a spreadsheet does not take for a formula: whoever names an encounter or a coder chooses it.
fn plain(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

fn words(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', " ")
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(columns()).unwrap_or(u16::MAX));
    table.set_header(header.iter().copied());
    table
}

fn align_right(table: &mut Table, columns: std::ops::Range<usize>) {
    for at in columns {
        if let Some(column) = table.column_mut(at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_of_a_cell_begins_a_formula() {
        for formula in ["=cmd|'/C calc'!A0", "+1", "-1", "@SUM(1)", "\tx", "\rx"] {
            assert_eq!(plain(formula), format!("'{formula}"));
        }
        assert_eq!(plain("v-1"), "v-1");
    }
}
