//! An answer as a biller reads it in a terminal: two tracks, then what needs attention.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use super::columns;
use super::visit_findings::{findings, not_billed, questions};
use super::visit_places::Places;
use crate::server::pb;

/// An answer, with the request it belongs to.
pub struct Shown<'a> {
    pub title: String,
    /// The date of service of the visit; empty where it is not known.
    pub date: &'a str,
    /// The administrations of the request, which give the places of the answer their names.
    pub administrations: &'a [pb::Administration],
    pub lines: &'a [pb::Line],
    pub not_billed: &'a [pb::NotBilled],
    pub findings: &'a [pb::Finding],
    pub questions: &'a [pb::Question],
    pub provenance: Option<&'a pb::Provenance>,
    /// Whether the answer has an administration track.
    pub is_visit: bool,
}

impl<'a> Shown<'a> {
    /// The answer to a visit.
    pub fn visit(encounter: Option<&'a pb::Encounter>, answer: &'a pb::CodeEncounterResponse) -> Self {
        let id = if answer.encounter_id.is_empty() { "without an id" } else { &answer.encounter_id };
        let date = encounter.map(|encounter| format!(", {}", encounter.service_date)).unwrap_or_default();
        Self {
            title: format!("Visit {id}{date}"),
            date: encounter.map(|encounter| &*encounter.service_date).unwrap_or_default(),
            administrations: encounter.map(|encounter| &*encounter.administrations).unwrap_or_default(),
            lines: &answer.lines,
            not_billed: &answer.not_billed,
            findings: &answer.findings,
            questions: &answer.questions,
            provenance: answer.provenance.as_ref(),
            is_visit: true,
        }
    }

    /// The same of a visit that was read from another format, under its date of service.
    pub fn dated(self, date: &'a str) -> Self {
        Self { title: format!("{}, {date}", self.title), date, ..self }
    }

    /// The answer to one drug.
    pub fn drug(title: String, answer: &'a pb::CalculateDrugLinesResponse) -> Self {
        Self {
            title,
            date: "",
            administrations: &[],
            lines: &answer.lines,
            not_billed: &answer.not_billed,
            findings: &answer.findings,
            questions: &answer.questions,
            provenance: answer.provenance.as_ref(),
            is_visit: false,
        }
    }

    /// The answer as text that fits the terminal.
    pub fn render(&self) -> String {
        let (mut page, places) = (String::new(), Places::new(self.administrations, self.date));
        heading(&mut page, self);
        if self.is_visit {
            track(&mut page, "Administration", self, pb::Track::Administration);
        }
        track(&mut page, "Drugs", self, pb::Track::Drug);
        not_billed(&mut page, self.not_billed, &places);
        findings(&mut page, self.findings, &places);
        questions(&mut page, self.questions, self.lines);
        page
    }
}

fn heading(page: &mut String, shown: &Shown<'_>) {
    line(page, &shown.title);
    if let Some(rests_on) = shown.provenance {
        line(page, &format!("payer {}, catalog {}", rests_on.payer, rests_on.catalog_release));
    }
}

fn track(page: &mut String, title: &str, shown: &Shown<'_>, track: pb::Track) {
    let lines: Vec<&pb::Line> = shown.lines.iter().filter(|line| line.track == i32::from(track)).collect();
    if lines.is_empty() {
        line(page, &format!("\n{title}: no line"));
        return;
    }
    line(page, &format!("\n{title}"));
    // Without the rules that decided, as with the detail of the lines alone, there is no such column.
    let explains = lines.iter().any(|line| !line.steps.is_empty());
    // The dates are told where the claim has another one than the visit.
    let is_dated = !shown.date.is_empty() && shown.lines.iter().any(|line| line.service_date != shown.date);
    let mut header = vec!["Code", "Units", "Mod", "For"];
    header.extend(is_dated.then_some("Date"));
    header.extend(explains.then_some("Why"));
    let mut table = table(&header);
    for billed in lines {
        let code = if billed.code.is_empty() { "(none)" } else { &billed.code };
        let mut row =
            vec![code.to_owned(), billed.units.to_string(), billed.modifiers.join(" "), what_for(billed)];
        if is_dated {
            row.push(billed.service_date.clone());
        }
        if explains {
            row.push(rules_of(billed));
        }
        table.add_row(row);
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

/// A table that fits the terminal.
pub(super) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    // No terminal is wider than the numbers of a table can say.
    table.set_width(u16::try_from(columns()).unwrap_or(u16::MAX));
    table.set_header(header.iter().copied());
    table
}

/// Adds a line.
pub(super) fn line(page: &mut String, text: &str) {
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
        let answer = pb::CodeEncounterResponse {
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
        };
        let page = Shown::visit(None, &answer).render();
        let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} is not in\n{page}"));
        assert!(at("Administration") < at("96413") && at("96413") < at("Drugs") && at("Drugs") < at("J9312"));
        assert!(at("withheld") < at("for your note"));
        assert!(!page.contains("Why"), "no rule is named\n{page}");
    }

    #[test]
    fn one_drug_has_no_administration_track_and_may_have_no_code() {
        let lines = vec![billed(pb::Track::Drug, "", 3, &["JW"])];
        let answer = pb::CalculateDrugLinesResponse { lines, ..Default::default() };
        let page = Shown::drug("rituximab, 95 mg".to_owned(), &answer).render();
        assert!(page.contains("(none)") && !page.contains("Administration"), "{page}");
    }
}
