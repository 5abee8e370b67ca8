//! `diff`: what changed between two releases, quarters or years.

use anyhow::{Context, bail, ensure};
use clap::{Args, ValueEnum};
use serde_json::json;

use super::shelf::{StoreFlag, table, version_json};
use super::{columns, print};
use crate::catalog::diff::{Change, ChangeKind, compare_releases};
use crate::catalog::release::{Comparison, Overlay, Release, ReleaseKind};
use crate::catalog::store::{Library, StoreError};
use crate::catalog::{Catalog, CodeVersion};
use crate::domain::billing::NoUnitReason;
use crate::domain::quarter::Quarter;
use crate::domain::time::{Date, parse_date};
use crate::report::changes;

/// What to compare.
#[derive(Debug, Args)]
pub struct Flags {
    /// A year, a quarter such as 2018Q1, a date, or the name of a release.
    from: String,
    /// As above.
    to: String,
    /// List the changes of codes that are no drugs too.
    #[arg(long)]
    all: bool,
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
        return print(&changes::html(&report(&library, flags)?)?);
    }
    let catalog = library.catalog().context("the catalog is not loaded")?;
    let sides = [&flags.from, &flags.to].map(|text| of_codes(&library, text));
    let are_postings = sides.iter().flatten().all(|side| side.header.kind == ReleaseKind::Hcpcs);
    let found = match &sides {
        [Some(from), Some(to)] if are_postings => compare_releases(from, to, &catalog),
        [Some(from), Some(to)] => compare_with_embedded(from, to)?,
        _ => catalog.compare(day(&library, &flags.from)?, day(&library, &flags.to)?),
    };
    if flags.format == DiffFormat::Json {
        let changes: Vec<_> = found.iter().map(change_json).collect();
        return print(&format!(
            "{:#}\n",
            json!({ "changes": changes, "report": report(&library, flags).ok() })
        ));
    }
    let compared = match sides {
        [Some(from), Some(to)] if are_postings => format!("{} to {}", from.header.source, to.header.source),
        [Some(from), Some(to)] => {
            format!(
                "{} to {}: the codes in force on the first days of their quarters",
                from.header.id, to.header.id
            )
        }
        _ => "the codes in force on the two dates; import both postings to see changed texts too".to_owned(),
    };
    print(&text(&found, flags.all, &compared))
}

/// The release that a year, a quarter or a name stands for.
fn release(library: &Library, text: &str) -> Result<Release, StoreError> {
    library.release(&year(text).map_or_else(|| text.to_owned(), |quarter| quarter.to_string()))
}

/// The same, where it is held and has codes.
fn of_codes(library: &Library, text: &str) -> Option<Release> {
    let has_codes = |kind| matches!(kind, ReleaseKind::Hcpcs | ReleaseKind::Embedded);
    release(library, text).ok().filter(|release| has_codes(release.header.kind))
}

/// What changed between the embedded release and a posting. The embedded one knows the history of drugs and no other
/// code, so row by row thousands would seem new; the two together tell what was in force on each day.
fn compare_with_embedded(from: &Release, to: &Release) -> anyhow::Result<Vec<Change>> {
    let [from_day, to_day] = [from, to].map(|side| side.header.quarter.first_day());
    ensure!(
        from_day != to_day || from.header.id == to.header.id,
        "{} and {} are of one quarter: --format html compares them row by row",
        from.header.id,
        to.header.id
    );
    Ok(Catalog::merge([from, to], Overlay::embedded()).compare(from_day, to_day))
}

fn change_json(change: &Change) -> serde_json::Value {
    json!({
        "kind": word(change.kind),
        "code": change.code,
        "unitChanges": change.changes_unit(),
        "text": change.to_string(),
        "before": change.before.as_ref().map(version_json),
        "after": change.after.as_ref().map(version_json),
        "successors": change.successors.iter().map(version_json).collect::<Vec<_>>(),
    })
}

/// The changes of drug codes as a table, and the others as counts unless all are asked for.
fn text(changes: &[Change], all: bool, compared: &str) -> String {
    let (shown, others): (Vec<&Change>, Vec<&Change>) =
        changes.iter().partition(|change| all || is_drug(change));
    let mut table = table(&["change", "code", "drug", "unit"]);
    table.set_width(u16::try_from(columns()).unwrap_or(u16::MAX));
    for change in &shown {
        let named = change.before.as_ref().or(change.after.as_ref()).map(|version| version.name.to_string());
        table.add_row([
            word(change.kind).to_owned(),
            codes_text(change),
            named.unwrap_or_default(),
            units_text(change),
        ]);
    }
    let counts = |changes: &[&Change]| {
        let count = |kind| changes.iter().filter(|change| change.kind == kind).count();
        let counted = ChangeKind::ALL.iter().map(|kind| (word(*kind), count(*kind)));
        let counted = counted.filter(|(_, count)| *count > 0);
        counted.map(|(word, count)| format!("{count} {word}")).collect::<Vec<_>>().join(", ")
    };
    let mut text = format!("{compared}\n\n{table}\n\n{} changes: {}\n", shown.len(), counts(&shown));
    if !others.is_empty() {
        text += &format!(
            "and {} of codes that are no drugs ({}); --all lists them\n",
            others.len(),
            counts(&others)
        );
    }
    text
}

/// Whether either side of a change has a billing unit, or should have one.
fn is_drug(change: &Change) -> bool {
    let sides = change.before.iter().chain(&change.after);
    sides.into_iter().any(|version| version.billing != Err(NoUnitReason::NotADrug))
}

fn year(text: &str) -> Option<Quarter> {
    text.parse::<i16>().ok().and_then(|year| Quarter::new(year, 1))
}

/// The change report of the releases that both sides name, by id, quarter or year.
fn report(library: &Library, flags: &Flags) -> anyhow::Result<Comparison> {
    Ok(Comparison::between(Some(&release(library, &flags.from)?), &release(library, &flags.to)?))
}

fn day(library: &Library, text: &str) -> anyhow::Result<Date> {
    if let Ok(other) = release(library, text)
        && of_codes(library, text).is_none()
    {
        bail!("`{text}` is held and lists no codes but {}: name releases of codes", other.header.kind.name());
    }
    year(text)
        .or_else(|| text.to_uppercase().parse::<Quarter>().ok())
        .map(Quarter::first_day)
        .or_else(|| parse_date(text).ok())
        .with_context(|| {
            format!("`{text}` is no year, quarter, date or release held: give 2018, 2018Q1 or 2018-01-01")
        })
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
    let before = change.before.as_ref().map(CodeVersion::unit_text);
    let mut after: Vec<String> = if change.successors.is_empty() {
        change
            .after
            .iter()
            .filter(|_| change.kind != ChangeKind::Terminated)
            .map(CodeVersion::unit_text)
            .collect()
    } else {
        change.successors.iter().map(CodeVersion::unit_text).collect()
    };
    // Six successors that count the same are told once.
    after.dedup();
    match before {
        Some(before) if change.changes_unit() => format!("{before} -> {}", after.join(", ")),
        Some(before) => before,
        None => after.join(", "),
    }
}
