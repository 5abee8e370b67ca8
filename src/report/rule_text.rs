//! One rule for the terminal: its record under the fixed headings, with its sources and their addresses.

use std::fmt::Write as _;

use textwrap::{Options, fill};

use super::explanation::cited;
use super::rule_reference::standing;
use crate::policy::Citations;
use crate::rules::Rule;

/// Spaces before the text under a heading.
const INDENT: &str = "  ";

/// The record of a rule as text of at most `columns` columns; an address is never broken.
pub fn rule_text(rule: &Rule, family: &str, citations: &Citations, columns: usize) -> String {
    let mut text = format!("{}  {}\n{family} · {}\n", rule.id, rule.title, standing(rule));
    let says = &rule.documentation;
    for (heading, paragraph) in [
        ("What it says", says.what_it_says),
        ("Why", says.why),
        ("Example", says.example),
        ("Exceptions", says.exceptions),
    ] {
        // Writing into a String cannot fail.
        let _ = write!(text, "\n{heading}\n{}\n", indented(paragraph, columns));
    }
    let mut sources = rule.citations.iter().filter_map(|key| cited(key, citations)).peekable();
    if sources.peek().is_some() {
        text.push_str("\nReferences\n");
    }
    for source in sources {
        let section = if source.section.is_empty() { "" } else { ", " };
        let named = format!("{}: {}{section}{}", source.id, source.title, source.section);
        let _ = writeln!(text, "{}", indented(&named, columns));
        if !source.url.is_empty() {
            let _ = writeln!(text, "{INDENT}{INDENT}{}", source.url);
        }
    }
    text
}

fn indented(paragraph: &str, columns: usize) -> String {
    fill(paragraph, Options::new(columns).initial_indent(INDENT).subsequent_indent(INDENT).break_words(false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::PolicyBook;
    use crate::rules;

    #[test]
    fn every_rule_fits_the_columns_except_for_addresses() {
        const COLUMNS: usize = 80;
        let book = PolicyBook::embedded().expect("the embedded policies");
        for rule in rules::all() {
            let text = rule_text(rule, "Family", book.citations(), COLUMNS);
            for heading in ["\nWhat it says\n", "\nWhy\n", "\nExample\n", "\nExceptions\n"] {
                assert!(text.contains(heading), "{heading} of {}", rule.id);
            }
            let body = text.lines().skip(2).filter(|line| !line.contains("://"));
            for line in body {
                assert!(line.chars().count() <= COLUMNS, "{}: {line}", rule.id);
            }
        }
    }

    #[test]
    fn a_rule_names_its_sources_with_section_and_address() {
        let citations = "[BOOK]\ntitle = \"A book\"\nsection = \"§3\"\nurl = \"https://example.org/a\"\n";
        let citations = Citations::parse("citations.toml", citations).expect("citations");
        rules::rule! {
            pub static EXAMPLE: "EXAMPLE-1", "An example",
            basis: Primary, cites: ["BOOK"],
            from: "2023-07-01",
            says: "Says.", why: "Why.", example: "Example.", exceptions: "None.",
        }
        let text = rule_text(&EXAMPLE, "Time", &citations, 80);
        assert!(text.starts_with(
            "EXAMPLE-1  An example\nTime · In force from 2023-07-01 · primary source\n\nWhat it says\n  Says.\n"
        ));
        assert!(text.ends_with("References\n  BOOK: A book, §3\n    https://example.org/a\n"), "{text}");
    }
}
