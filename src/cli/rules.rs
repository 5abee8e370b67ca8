//! `rules`: the rule book, by family; as JSON with the names of the API.

use clap::Args;

use super::refused::Misused;
use super::shelf::Format;
use super::{PoliciesFlag, print};
use crate::report::rule_reference;
use crate::server::{convert, rule_book};

/// Which rules to list, and how.
#[derive(Debug, Args)]
pub struct Flags {
    /// Only the rules of this family, such as `Time`.
    #[arg(long, value_name = "TITLE")]
    family: Option<String>,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Write the whole rule book as Markdown, as `catalog/rules.md` holds it.
    #[arg(long, conflicts_with_all = ["family", "format"])]
    markdown: bool,
    #[command(flatten)]
    policies: PoliciesFlag,
}

/// Lists the rules.
///
/// # Errors
/// A family that does not exist, or policy files that cannot be used.
pub fn run(flags: &Flags) -> anyhow::Result<()> {
    if flags.markdown {
        return print(&rule_reference::markdown(flags.policies.book()?.citations()));
    }
    let title = flags.family.as_deref().unwrap_or_default();
    let rules = rule_book::of_family(title);
    if rules.is_empty() {
        return Err(Misused(format!("--family `{title}` {}", rule_book::no_family())).into());
    }
    if flags.format == Format::Json {
        let policies = flags.policies.book()?;
        let records = rules.iter().map(|(family, rule)| convert::rule(rule, family, policies.citations()));
        return print(&(serde_json::to_string_pretty(&records.collect::<Vec<_>>())? + "\n"));
    }
    let mut text = String::new();
    for family in rules.chunk_by(|(one, _), (next, _)| one == next) {
        text += &format!("{}\n", family[0].0);
        let widest = family.iter().map(|(_, rule)| rule.title.chars().count()).max().unwrap_or_default();
        for (_, rule) in family {
            text += &format!("  {:<9} {:<widest$}  {}\n", rule.id, rule.title, rule.basis.as_str());
        }
        text.push('\n');
    }
    print(&(text + "`infusion-coder explain ID` prints a rule with its sources.\n"))
}
