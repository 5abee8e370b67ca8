//! The rule book for people: every rule under the same headings, with its example and its sources.
//!
//! `infusion-coder rules --markdown` writes it to `catalog/rules.md`, and `rule_text` prints one rule of it for `explain ID`.

use std::fmt::Write as _;

use super::explanation::{CitedSource, cited};
use crate::policy::Citations;
use crate::rules::{self, Basis, Rule, Status};

/// What each word beside a rule says about its source.
const BASES: [(Basis, &str); 5] = [
    (Basis::Primary, "text or data of CMS, NCCI or a Medicare contractor"),
    (Basis::Quoted, "such a text as another public source quotes it"),
    (Basis::Secondary, "an association, payer, vendor or hospital only"),
    (Basis::Inferred, "follows from sourced rules"),
    (Basis::Unsourced, "no source was found; a payer file can override it"),
];

/// Every rule in reading order, as Markdown.
pub fn markdown(citations: &Citations) -> String {
    let mut text = String::with_capacity(256 * 1024);
    let count = rules::all().count();
    let _ = write!(
        text,
        "# The rules\n\n\
         <!-- Written by `infusion-coder rules --markdown`. Change the rule in src/rules, not this file. -->\n\n\
         {count} rules decide the lines of an answer. Each step of an answer names one of them by its id, and\n\
         `infusion-coder explain ID` prints it. Ids are never reused. The word behind each title says how solid\n\
         its source is:\n\n"
    );
    for (basis, meaning) in BASES {
        let _ = writeln!(text, "- *{}*: {meaning}", basis.as_str());
    }
    text.push_str("\n## Families\n\n");
    for (title, rules) in rules::families() {
        let ids: Vec<String> = rules.iter().map(|rule| format!("[{}](#{})", rule.id, anchor(rule))).collect();
        let _ = writeln!(text, "- **{title}**: {}", ids.join(", "));
    }
    for (title, rules) in rules::families() {
        let _ = writeln!(text, "\n## {title}");
        for rule in rules {
            text.push('\n');
            write_rule(&mut text, rule, citations);
        }
    }
    text
}

/// One rule under its fixed headings, as Markdown.
pub fn rule_markdown(rule: &Rule, citations: &Citations) -> String {
    let mut text = String::new();
    write_rule(&mut text, rule, citations);
    text
}

/// Whether a rule speaks, since when, and how solid its source is: `In force from 2023-07-01 · primary source`.
pub fn standing(rule: &Rule) -> String {
    let mut text = match rule.status {
        Status::Active => "In force".to_owned(),
        Status::Informational => "For reference; it decides no line".to_owned(),
        Status::Withdrawn(reason) => format!("Withdrawn: {reason}"),
    };
    if !rule.in_force_from.is_empty() {
        let _ = write!(text, " from {}", rule.in_force_from);
    }
    if !rule.in_force_until.is_empty() {
        let _ = write!(text, " until {}", rule.in_force_until);
    }
    let _ = write!(text, " · {}", rule.basis.as_str());
    text
}

fn write_rule(text: &mut String, rule: &Rule, citations: &Citations) {
    let says = &rule.documentation;
    let _ = write!(
        text,
        "<a id=\"{}\"></a>\n### {} · {}\n\n*{}*\n\n**What it says.** {}\n\n**Why.** {}\n\n**Example.** {}\n\n**Exceptions.** {}\n\n",
        anchor(rule),
        rule.id,
        rule.title,
        standing(rule),
        says.what_it_says,
        says.why,
        says.example,
        says.exceptions
    );
    let sources = rule.citations.iter().filter_map(|key| cited(key, citations)).map(linked);
    let sources: Vec<String> = sources.collect();
    if !sources.is_empty() {
        let _ = writeln!(text, "**References.** {}", sources.join("; "));
    }
}

/// A source with its section, linked where its address is known.
fn linked(source: CitedSource<'_>) -> String {
    let title = if source.url.is_empty() {
        source.title.to_owned()
    } else {
        // A bracket in an address would end the link.
        let address = source.url.replace('(', "%28").replace(')', "%29").replace(' ', "%20");
        format!("[{}]({address})", source.title)
    };
    if source.section.is_empty() { title } else { format!("{title}, {}", source.section) }
}

/// The link target of a rule within the page.
fn anchor(rule: &Rule) -> String {
    rule.id.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::PolicyBook;

    #[test]
    fn every_rule_stands_once_under_every_heading() {
        let book = PolicyBook::embedded().expect("the embedded policies");
        let text = markdown(book.citations());
        let count = rules::all().count();
        for heading in
            ["\n### ", "\n**What it says.** ", "\n**Why.** ", "\n**Example.** ", "\n**Exceptions.** "]
        {
            assert_eq!(text.matches(heading).count(), count, "{heading}");
        }
        for rule in rules::all() {
            assert_eq!(text.matches(&format!("\n### {} · ", rule.id)).count(), 1, "{}", rule.id);
        }
    }

    #[test]
    fn a_rule_links_its_sources_with_their_sections() {
        let citations = "[BOOK]\ntitle = \"A book\"\nsection = \"§3\"\nurl = \"https://example.org/a(b)\"\n";
        let citations = Citations::parse("citations.toml", citations).expect("citations");
        rules::rule! {
            pub static EXAMPLE: "EXAMPLE-1", "An example",
            basis: Primary, cites: ["BOOK"],
            from: "2023-07-01",
            says: "Says.", why: "Why.", example: "Example.", exceptions: "None.",
        }
        let text = rule_markdown(&EXAMPLE, &citations);
        assert!(text.contains("*In force from 2023-07-01 · primary source*"), "{text}");
        assert!(text.contains("[A book](https://example.org/a%28b%29), §3"), "{text}");
    }
}
