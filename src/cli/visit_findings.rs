//! What needs attention: what earned no line, the findings, the questions.

use textwrap::{Options, fill};

use super::columns;
use super::visit_places::Places;
use super::visit_table::{line, table};
use crate::server::json::WireEnum;
use crate::server::pb;

/// Words in which the texts of two findings may differ and still say the same of different subjects.
const DIFFERING_WORDS_MAX: usize = 3;
/// Width of the word for the severity, and the text's indentation.
const SEVERITY_COLUMNS: usize = 7;

/// What was given and earns no line.
pub(super) fn not_billed(page: &mut String, items: &[pb::NotBilled], places: &Places<'_>) {
    if items.is_empty() {
        return;
    }
    line(page, "\nNot billed");
    for item in items {
        let place = places.of(&item.field);
        let subject = if place.subject.is_empty() { &item.description } else { &place.subject };
        paragraph(page, "", &format!("{subject}: {} ({})", item.text, item.rule_id));
    }
}

/// The findings: what withholds a line first, and what is said of several drugs once.
pub(super) fn findings(page: &mut String, findings: &[pb::Finding], places: &Places<'_>) {
    if findings.is_empty() {
        return;
    }
    line(page, "\nFindings");
    let mut ordered: Vec<&pb::Finding> = findings.iter().collect();
    // The order of the visit is kept within one severity.
    ordered.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    for group in alike(&ordered, places) {
        let (first, others) = (group[0], &group[1..]);
        let severity = pb::Severity::short_name(first.severity).unwrap_or_default();
        paragraph(page, severity, &format!("{} ({})", first.text, labels(first, places)));
        if !others.is_empty() {
            let subjects: Vec<String> = others.iter().map(|other| places.of(&other.field).subject).collect();
            paragraph(page, "", &format!("Likewise, each with its own figures: {}.", subjects.join(", ")));
        }
    }
}

/// The place, the reason and the rule of a finding.
fn labels(finding: &pb::Finding, places: &Places<'_>) -> String {
    let place = places.of(&finding.field);
    let reason = pb::FindingReason::short_name(finding.reason).unwrap_or_default();
    let labels = [place.subject.as_str(), &place.field, reason, &finding.rule_id];
    labels.into_iter().filter(|label| !label.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// Groups the findings that say the same of different subjects, each at the place of its first one.
fn alike<'f>(findings: &[&'f pb::Finding], places: &Places<'_>) -> Vec<Vec<&'f pb::Finding>> {
    let mut groups: Vec<Vec<&pb::Finding>> = Vec::new();
    for finding in findings {
        match groups.iter_mut().find(|group| is_alike(group[0], finding, places)) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups
}

fn is_alike(one: &pb::Finding, other: &pb::Finding, places: &Places<'_>) -> bool {
    let (here, there) = (places.of(&one.field), places.of(&other.field));
    let same_kind = (one.severity, one.reason, &one.rule_id, &here.field)
        == (other.severity, other.reason, &other.rule_id, &there.field);
    same_kind
        && !here.subject.is_empty()
        && !there.subject.is_empty()
        && differing_words(&one.text, &other.text).is_some_and(|count| count <= DIFFERING_WORDS_MAX)
}

/// In how many words two texts of one length differ.
fn differing_words(one: &str, other: &str) -> Option<usize> {
    let (mut one, mut other) = (one.split_whitespace(), other.split_whitespace());
    let mut count = 0;
    loop {
        match (one.next(), other.next()) {
            (None, None) => return Some(count),
            (Some(here), Some(there)) => count += usize::from(here != there),
            _ => return None,
        }
    }
}

/// The questions, with what each answer would change.
pub(super) fn questions(page: &mut String, questions: &[pb::Question], billed: &[pb::Line]) {
    for question in questions {
        line(page, &format!("\nQuestion: {} ({} · {})", question.text, question.field, question.rule_id));
        if question.answers.is_empty() {
            let field = &question.field;
            line(
                page,
                &format!("No answer is listed, for only the record knows it: state {field}, and ask again."),
            );
            continue;
        }
        let mut table = table(&["If the record says", "the claim becomes"]);
        for possible in &question.answers {
            table.add_row([possible.label.clone(), change(billed, &possible.lines)]);
        }
        line(page, &table.to_string());
    }
}

/// What an answer changes: the lines it adds to those that are billed already, or all lines where some go.
fn change(billed: &[pb::Line], possible: &[pb::Line]) -> String {
    let mut added: Vec<&pb::Line> = possible.iter().collect();
    for line in billed {
        let is_same = |other: &&pb::Line| other.service_date == line.service_date && one(other) == one(line);
        match added.iter().position(is_same) {
            Some(place) => drop(added.remove(place)),
            None => return summary(possible),
        }
    }
    match (billed.is_empty(), added.is_empty()) {
        (false, true) => "as above".to_owned(),
        (false, false) => {
            let added: Vec<String> = added.into_iter().map(one).collect();
            format!("as above, and {}", added.join(", "))
        }
        (true, _) => summary(possible),
    }
}

/// Lines in a row: `96413, 96415×2, J9312×71 JW`.
fn summary(lines: &[pb::Line]) -> String {
    if lines.is_empty() { "nothing".to_owned() } else { lines.iter().map(one).collect::<Vec<_>>().join(", ") }
}

fn one(billed: &pb::Line) -> String {
    let units = if billed.units == 1 { String::new() } else { format!("×{}", billed.units) };
    let modifiers: String = billed.modifiers.iter().map(|modifier| format!(" {modifier}")).collect();
    format!("{}{units}{modifiers}", billed.code)
}

/// A wrapped paragraph behind a word in the margin.
fn paragraph(page: &mut String, margin: &str, text: &str) {
    let (first, rest) = (format!("  {margin:<SEVERITY_COLUMNS$}"), " ".repeat(SEVERITY_COLUMNS + 2));
    line(page, &fill(text, Options::new(columns()).initial_indent(&first).subsequent_indent(&rest)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line_of(code: &str, units: u32, modifiers: &[&str]) -> pb::Line {
        let modifiers = modifiers.iter().map(ToString::to_string).collect();
        pb::Line { code: code.to_owned(), units, modifiers, ..pb::Line::default() }
    }

    fn finding(drug: usize, text: &str) -> pb::Finding {
        pb::Finding {
            severity: pb::Severity::Info.into(),
            field: format!("administrations[{drug}].drugs[0].containers.lotNumber"),
            rule_id: "G-33".to_owned(),
            text: text.to_owned(),
            ..pb::Finding::default()
        }
    }

    #[test]
    fn what_is_said_of_several_drugs_is_said_once() {
        let mut page = String::new();
        let said = [
            finding(0, "No lot number for J1200; 1 of the lines"),
            finding(1, "No lot number for J9312; 2 of the lines"),
            finding(2, "No lot number for J9000; 1 of the lines"),
            finding(2, "Something else"),
        ];
        findings(&mut page, &said, &Places::new(&[], ""));
        assert_eq!(page.matches("No lot number").count(), 1, "{page}");
        assert!(page.contains("figures: a2, a3.") && page.contains("Something else"), "{page}");
    }

    #[test]
    fn an_answer_shows_what_it_changes() {
        let billed = [line_of("J1745", 35, &[]), line_of("J1745", 5, &["JW"])];
        let with = |more: &[pb::Line]| [&billed[..], more].concat();
        assert_eq!(
            change(&billed, &with(&[line_of("96413", 1, &[]), line_of("96415", 2, &[])])),
            "as above, and 96413, 96415×2"
        );
        assert_eq!(change(&billed, &billed), "as above");
        assert_eq!(change(&billed, &billed[..1]), "J1745×35");
        assert_eq!(change(&[], &billed), "J1745×35, J1745×5 JW");
        assert_eq!(change(&billed, &[]), "nothing");
    }
}
