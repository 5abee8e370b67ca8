//! An answer as a biller reads it in a terminal: two tracks, then what needs attention.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use crate::server::json::WireEnum;
use crate::server::pb;

/// Columns assumed where the output is no terminal.
const COLUMNS_DEFAULT: u16 = 110;

/// The answer as text that fits the terminal's width.
pub fn render(answer: &pb::CodeEncounterResponse) -> String {
    let mut page = String::new();
    heading(&mut page, answer);
    track(&mut page, "Administration", answer, pb::Track::Administration);
    track(&mut page, "Drugs", answer, pb::Track::Drug);
    not_billed(&mut page, answer);
    findings(&mut page, answer);
    questions(&mut page, answer);
    page
}

fn heading(page: &mut String, answer: &pb::CodeEncounterResponse) {
    let id = if answer.encounter_id.is_empty() { "(no id)" } else { &answer.encounter_id };
    line(page, &format!("Visit {id}"));
    if let Some(rests_on) = &answer.provenance {
        line(page, &format!("payer {}, catalog {}", rests_on.payer, rests_on.catalog_release));
    }
}

fn track(page: &mut String, title: &str, answer: &pb::CodeEncounterResponse, track: pb::Track) {
    let lines: Vec<&pb::Line> = answer.lines.iter().filter(|line| line.track == i32::from(track)).collect();
    if lines.is_empty() {
        line(page, &format!("\n{title}: no line"));
        return;
    }
    line(page, &format!("\n{title}"));
    let mut table = table(&["Code", "Units", "Modifiers", "For", "Why"]);
    for billed in lines {
        table.add_row([
            billed.code.clone(),
            billed.units.to_string(),
            billed.modifiers.join(" "),
            what_for(billed),
            rules_of(billed),
        ]);
    }
    if let Some(units) = table.column_mut(1) {
        units.set_cell_alignment(CellAlignment::Right);
    }
    line(page, &table.to_string());
}

/// The drug, and what else the line must carry: its NDC and its narrative.
fn what_for(billed: &pb::Line) -> String {
    let mut text = billed.description.clone();
    for ndc in billed.ndc.iter().chain(&billed.further_ndcs) {
        // Writing into a String cannot fail.
        let _ = write!(text, "\nN4{} {}{}", ndc.ndc, ndc.qualifier, ndc.quantity);
    }
    if !billed.narrative.is_empty() {
        let _ = write!(text, "\nnarrative: {}", billed.narrative);
    }
    text
}

/// The rules that decided, each once, in the order they spoke.
fn rules_of(billed: &pb::Line) -> String {
    let mut ids: Vec<&str> = Vec::new();
    for step in billed.steps.iter().filter(|step| step.outcome == i32::from(pb::Outcome::Fired)) {
        if !ids.contains(&step.rule_id.as_str()) {
            ids.push(&step.rule_id);
        }
    }
    ids.join(" ")
}

fn not_billed(page: &mut String, answer: &pb::CodeEncounterResponse) {
    if answer.not_billed.is_empty() {
        return;
    }
    line(page, "\nNot billed");
    let mut table = table(&["What", "Rule", "Why"]);
    for item in &answer.not_billed {
        let what = if item.description.is_empty() { &item.field } else { &item.description };
        table.add_row([what, &item.rule_id, &item.text]);
    }
    line(page, &table.to_string());
}

fn findings(page: &mut String, answer: &pb::CodeEncounterResponse) {
    if answer.findings.is_empty() {
        return;
    }
    line(page, "\nFindings");
    let mut table = table(&["", "Reason", "Field", "What to do", "Rule"]);
    let mut ordered: Vec<&pb::Finding> = answer.findings.iter().collect();
    // What withholds a line comes first; the order of the visit is kept within one severity.
    ordered.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    for finding in ordered {
        table.add_row([
            pb::Severity::short_name(finding.severity).unwrap_or_default(),
            pb::FindingReason::short_name(finding.reason).unwrap_or_default(),
            &finding.field,
            &finding.text,
            &finding.rule_id,
        ]);
    }
    line(page, &table.to_string());
}

fn questions(page: &mut String, answer: &pb::CodeEncounterResponse) {
    for question in &answer.questions {
        line(page, &format!("\nQuestion: {} ({})", question.text, question.field));
        let mut table = table(&["If the record says", "the visit bills"]);
        for possible in &question.answers {
            table.add_row([possible.label.clone(), summary(&possible.lines)]);
        }
        line(page, &table.to_string());
    }
}

/// Lines in a row: `96413, 96415×2, J9312×71 JW`.
fn summary(lines: &[pb::Line]) -> String {
    let one = |billed: &pb::Line| {
        let units = if billed.units == 1 { String::new() } else { format!("×{}", billed.units) };
        let modifiers: String = billed.modifiers.iter().map(|modifier| format!(" {modifier}")).collect();
        format!("{}{units}{modifiers}", billed.code)
    };
    if lines.is_empty() { "nothing".to_owned() } else { lines.iter().map(one).collect::<Vec<_>>().join(", ") }
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    if table.width().is_none() {
        table.set_width(COLUMNS_DEFAULT);
    }
    table.set_header(header.iter().copied());
    table
}

fn line(page: &mut String, text: &str) {
    page.push_str(text);
    page.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn billed(track: pb::Track, code: &str, units: u32, modifiers: &[&str]) -> pb::Line {
        pb::Line {
            track: track.into(),
            code: code.to_owned(),
            units,
            modifiers: modifiers.iter().map(ToString::to_string).collect(),
            description: "rituximab".to_owned(),
            ..pb::Line::default()
        }
    }

    #[test]
    fn both_tracks_stand_apart_and_what_blocks_comes_first() {
        let finding = |severity: pb::Severity, text: &str| pb::Finding {
            severity: severity.into(),
            text: text.to_owned(),
            ..pb::Finding::default()
        };
        let page = render(&pb::CodeEncounterResponse {
            encounter_id: "v-1".to_owned(),
            lines: vec![
                billed(pb::Track::Administration, "96413", 1, &[]),
                billed(pb::Track::Drug, "J9312", 71, &["JZ"]),
            ],
            findings: vec![
                finding(pb::Severity::Info, "for your note"),
                finding(pb::Severity::Block, "withheld"),
            ],
            ..pb::CodeEncounterResponse::default()
        });
        let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} is not in\n{page}"));
        assert!(at("Administration") < at("96413") && at("96413") < at("Drugs") && at("Drugs") < at("J9312"));
        assert!(at("withheld") < at("for your note"));
    }

    #[test]
    fn an_answer_names_every_line_in_one_row() {
        let lines = [billed(pb::Track::Drug, "J1745", 35, &[]), billed(pb::Track::Drug, "J1745", 5, &["JW"])];
        assert_eq!(summary(&lines), "J1745×35, J1745×5 JW");
        assert_eq!(summary(&[]), "nothing");
    }
}
