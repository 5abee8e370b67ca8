//! `explain`: one rule with its reason, its example and its sources.

use clap::Args;

use super::shelf::Format;
use super::{PoliciesFlag, columns, print};
use crate::report::rule_text::rule_text;
use crate::rules;
use crate::server::limits::RequestLimits;
use crate::server::rule_book;

/// Which rule to explain.
#[derive(Debug, Args)]
pub struct Flags {
    /// Id of the rule, in any case, such as TIME-3.
    #[arg(value_name = "ID")]
    rule: String,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    policies: PoliciesFlag,
}

/// Prints the record of a rule.
///
/// # Errors
/// No rule has the id, or policy files that cannot be used.
pub fn run(flags: &Flags) -> anyhow::Result<()> {
    let policies = flags.policies.book()?;
    let citations = policies.citations();
    let record = rule_book::get(&flags.rule, citations, &RequestLimits::default())?;
    match (flags.format, rules::find_with_family(&record.rule_id)) {
        (Format::Text, Some((family, rule))) => print(&rule_text(rule, family, citations, columns())),
        _ => print(&(serde_json::to_string_pretty(&record)? + "\n")),
    }
}
