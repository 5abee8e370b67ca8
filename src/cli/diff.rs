//! `diff`: what changed between two releases, quarters or years.

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde_json::json;

use super::shelf::{StoreFlag, table, unit_text, version_json};
use crate::catalog::diff::{Change, ChangeKind};
use crate::catalog::release::Comparison;
use crate::catalog::store::Library;
use crate::domain::quarter::Quarter;
use crate::domain::time::{Date, parse_date};
use crate::report::changes;

/// What to compare.
#[derive(Debug, Args)]
pub struct Flags {
    /// A year, a quarter such as 2018Q1, a date, or the name of a release that the store holds.
    from: String,
    /// A year, a quarter, a date or a release.
    to: String,
    /// As html it is the change report of two releases, which both sides must name.
    #[arg(long, value_enum, default_value_t)]
    format: DiffFormat,
    #[command(flatten)]
    store: StoreFlag,
}

/// How the changes are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum DiffFormat {
    #[default]
    Text,
    /// The changes, and the change report where both sides name releases.
    Json,
    /// The change report as a page.
    Html,
}

/// Prints the differences, replacements first.
pub fn run(flags: &Flags) -> anyhow::Result<()> {
    let library = flags.store.held()?;
    if flags.format == DiffFormat::Html {
        println!("{}", changes::html(&report(&library, flags)?)?);
        return Ok(());
    }
    let catalog = library.catalog().context("the library has no catalog")?;
    let changes = catalog.compare(day(&flags.from)?, day(&flags.to)?);
    if flags.format == DiffFormat::Json {
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
        let report = report(&library, flags).ok();
        println!("{:#}", json!({ "changes": changes, "report": report }));
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

/// The change report of the releases that both sides name, by id, quarter or year.
fn report(library: &Library, flags: &Flags) -> anyhow::Result<Comparison> {
    let release = |name: &str| {
        let year = name.parse::<i16>().ok().and_then(|year| Quarter::new(year, 1));
        library.release(&year.map_or_else(|| name.to_owned(), |quarter| quarter.to_string()))
    };
    Ok(Comparison::between(Some(&release(&flags.from)?), &release(&flags.to)?))
}

fn day(text: &str) -> anyhow::Result<Date> {
    let year = text.parse::<i16>().ok().and_then(|year| Quarter::new(year, 1));
    year.or_else(|| text.parse::<Quarter>().ok())
        .map(Quarter::first_day)
        .or_else(|| parse_date(text).ok())
        .or_else(|| text.split('-').find_map(|part| part.parse::<Quarter>().ok()).map(Quarter::first_day))
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
