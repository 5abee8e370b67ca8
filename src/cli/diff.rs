//! `diff`: what changed between two releases, quarters or years.

use anyhow::Context;
use clap::Args;
use serde_json::json;

use super::shelf::{Format, StoreFlag, table, unit_text, version_json};
use crate::catalog::diff::{Change, ChangeKind};
use crate::domain::quarter::Quarter;
use crate::domain::time::{Date, parse_date};

/// What to compare.
#[derive(Debug, Args)]
pub struct Flags {
    /// A year, a quarter such as 2018Q1, or a date.
    from: String,
    /// A year, a quarter or a date.
    to: String,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    store: StoreFlag,
}

/// Prints the differences, replacements first.
pub fn run(flags: &Flags) -> anyhow::Result<()> {
    let catalog = flags.store.catalog()?;
    let changes = catalog.compare(day(&flags.from)?, day(&flags.to)?);
    if flags.format == Format::Json {
        let changes: Vec<_> = changes
            .iter()
            .map(|change| {
                json!({
                    "kind": word(change.kind),
                    "code": change.code,
                    "unitChanges": change.changes_unit(),
                    "before": change.before.as_ref().map(version_json),
                    "after": change.after.as_ref().map(version_json),
                    "successors": change.successors.iter().map(version_json).collect::<Vec<_>>(),
                })
            })
            .collect();
        println!("{:#}", json!({ "changes": changes }));
        return Ok(());
    }
    let mut table = table(&["change", "code", "drug", "unit"]);
    for change in &changes {
        let named = change.before.as_ref().or(change.after.as_ref()).map(|version| version.name.to_string());
        table.add_row([
            word(change.kind).to_owned(),
            codes_text(change),
            named.unwrap_or_default(),
            units_text(change),
        ]);
    }
    println!("{table}\n{} changes", changes.len());
    Ok(())
}

fn day(text: &str) -> anyhow::Result<Date> {
    let year = text.parse::<i16>().ok().and_then(|year| Quarter::new(year, 1));
    year.or_else(|| text.parse::<Quarter>().ok())
        .map(Quarter::first_day)
        .or_else(|| parse_date(text).ok())
        .with_context(|| format!("`{text}` is no year, quarter or date: give 2018, 2018Q1 or 2018-01-01"))
}

const fn word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Replaced => "replaced",
        ChangeKind::Terminated => "terminated",
        ChangeKind::UnitChanged => "unit changed",
        ChangeKind::Added => "added",
        ChangeKind::TextChanged => "text changed",
        ChangeKind::FactsChanged => "facts changed",
    }
}

fn codes_text(change: &Change) -> String {
    let successors: Vec<String> = change.successors.iter().map(|version| version.code.to_string()).collect();
    if successors.is_empty() {
        return change.code.to_string();
    }
    format!("{} -> {}", change.code, successors.join(", "))
}

fn units_text(change: &Change) -> String {
    let before = change.before.as_ref().map(unit_text);
    let after: Vec<String> = if change.successors.is_empty() {
        change.after.iter().filter(|_| change.kind != ChangeKind::Terminated).map(unit_text).collect()
    } else {
        change.successors.iter().map(unit_text).collect()
    };
    match before {
        Some(before) if change.changes_unit() => format!("{before} -> {}", after.join(", ")),
        Some(before) => before,
        None => after.join(", "),
    }
}
