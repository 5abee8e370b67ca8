//! Why each line of an answer stands, for a terminal: decisions, facts, declined alternatives and sources.

use std::fmt::Write as _;

use super::columns;
use crate::server::json::WireEnum;
use crate::server::pb;

/// The decisions behind every line, then those about the visit; nothing where the answer carries no text.
pub fn render(answer: &pb::CodeEncounterResponse) -> String {
    let mut page = String::new();
    for line in &answer.lines {
        let modifiers: String = line.modifiers.iter().map(|modifier| format!(" {modifier}")).collect();
        let units = if line.units == 1 { String::new() } else { format!(" ×{}", line.units) };
        let what = format!("{}{units}{modifiers} · {}", line.code, line.description);
        block(&mut page, &format!("\nWhy {}", what.trim_end_matches([' ', '·'])), &line.steps);
    }
    block(&mut page, "\nThe visit as a whole", &answer.steps);
    page
}

fn block(page: &mut String, title: &str, steps: &[pb::Step]) {
    let told: Vec<&pb::Step> = steps.iter().filter(|step| !step.text.is_empty()).collect();
    if told.is_empty() {
        return;
    }
    // Writing into a String cannot fail.
    let _ = writeln!(page, "{title}");
    for step in told {
        let declined = step.outcome() == pb::Outcome::Declined;
        let mark = if declined { "- not taken: " } else { "+ " };
        wrapped(page, &format!("{mark}{} [{}]", step.text, step.rule_id), "  ", "    ");
        if !step.facts.is_empty() {
            let facts: Vec<String> = step.facts.iter().map(fact).collect();
            wrapped(page, &format!("facts: {}", facts.join("; ")), "    ", "      ");
        }
        if !declined {
            for source in &step.citations {
                wrapped(page, &format!("source: {}", cited(source)), "    ", "      ");
            }
        }
    }
}

/// `minutes 155 min (derived)`, `floor 31 min (parameter administration.hour_minutes from 2006-01-01)`.
fn fact(fact: &pb::Fact) -> String {
    let source = pb::FactSource::short_name(fact.source).unwrap_or_default().to_lowercase();
    let parameter = if fact.parameter.is_empty() {
        String::new()
    } else {
        format!(" {} from {}", fact.parameter, fact.parameter_from)
    };
    format!("{} {} ({source}{parameter})", fact.name, fact.value)
}

fn cited(source: &pb::Citation) -> String {
    let mut text = source.title.clone();
    if !source.section.is_empty() {
        let _ = write!(text, ", {}", source.section);
    }
    if !source.url.is_empty() {
        let _ = write!(text, " <{}>", source.url);
    }
    text
}

/// Breaks a text at its words, so that a line fits the terminal; an address is never broken.
fn wrapped(page: &mut String, text: &str, first: &str, further: &str) {
    let options = textwrap::Options::new(columns())
        .initial_indent(first)
        .subsequent_indent(further)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    page.push_str(&textwrap::fill(text, options));
    page.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_followed_by_its_decisions_facts_and_sources() {
        let step = |text: &str, outcome: pb::Outcome| pb::Step {
            rule_id: "TIME-3".to_owned(),
            outcome: outcome.into(),
            text: text.to_owned(),
            facts: vec![pb::Fact {
                name: "floor".to_owned(),
                value: "31 min".to_owned(),
                source: pb::FactSource::Parameter.into(),
                parameter: "administration.hour".to_owned(),
                parameter_from: "2006-01-01".to_owned(),
            }],
            citations: vec![pb::Citation {
                title: "A manual".to_owned(),
                section: "§30.5".to_owned(),
                ..pb::Citation::default()
            }],
        };
        let line = pb::Line {
            code: "96415".to_owned(),
            units: 2,
            steps: vec![
                step("Two hours more.", pb::Outcome::Fired),
                step("No third.", pb::Outcome::Declined),
            ],
            ..pb::Line::default()
        };
        let page = render(&pb::CodeEncounterResponse { lines: vec![line], ..Default::default() });
        for part in [
            "Why 96415 ×2\n",
            "+ Two hours more. [TIME-3]",
            "facts: floor 31 min (parameter administration.hour from 2006-01-01)",
            "source: A manual, §30.5",
            "- not taken: No third. [TIME-3]",
        ] {
            assert!(page.contains(part), "{part} is not in\n{page}");
        }
    }
}
