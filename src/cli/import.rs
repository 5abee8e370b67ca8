//! `import`: stores a bundle or a file of CMS, or counts what a file holds.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::posting::{Posting, is_judged};
use super::print;
use super::shelf::{Format, StoreFlag};
use crate::catalog::release::Bundle;
use crate::catalog::store::{Entry, Library, RELEASES_RETAINED, Store, is_superseded};
use crate::domain::quarter::Quarter;
use crate::updater::history::{self, Deed, Event};
use crate::updater::keeper::Keeper;
use crate::updater::posting::posting;
use crate::updater::refresh::Shelf as _;

/// What to import.
#[derive(Debug, Args)]
pub struct Flags {
    /// A bundle written by `export`, or a file of CMS as text, CSV, Excel or zip.
    file: PathBuf,
    /// Only read the file, and print what it holds.
    #[arg(long)]
    check: bool,
    /// The quarter of the file, such as 2026Q1, where its name tells none.
    #[arg(long)]
    quarter: Option<Quarter>,
    /// Store a file that the gate of `update` would refuse, for this reason.
    #[arg(long, value_name = "REASON")]
    accept: Option<String>,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    store: StoreFlag,
}

/// Stores the release, or prints the counts of the file.
pub fn run(flags: &Flags) -> anyhow::Result<()> {
    let shown = flags.file.display();
    let bytes = std::fs::read(&flags.file).with_context(|| format!("{shown} cannot be read"))?;
    if bytes.starts_with(b"{") {
        return bundle(flags, bytes);
    }
    let posting = Posting::read(&flags.file, bytes)?;
    if flags.check {
        return check(&posting, flags.format);
    }
    let release = posting.release(flags.quarter)?;
    let (kind, quarter) = (release.header.kind, release.header.quarter);
    let folder = flags.store.folder()?;
    let is_there = folder.join("db").exists();
    // A file that is refused makes no store.
    let library = if is_there { Library::open(&folder)?.0 } else { Library::embedded() };
    let mut keeper = Keeper::new(Arc::new(library), folder.clone());
    let held = if is_judged(kind) { keeper.newest_until(kind, quarter) } else { None };
    let objections: Vec<String> =
        posting.objections(&release, held.as_deref()).iter().map(ToString::to_string).collect();
    let accepted = judge(&posting, &objections, flags.accept.as_deref())?;
    if !is_there {
        keeper = Keeper::new(Arc::new(Library::open(&folder)?.0), folder);
    }
    let store = keeper.store()?;
    let before = store.entries()?;
    let entry = store.put(&release)?;
    let compared = match held {
        Some(held) => format!("; compared with {}", held.header.id),
        None if is_judged(kind) => format!("; nothing of {quarter} or before is held to compare it with"),
        None => String::new(),
    };
    let id = &entry.header.id;
    print(&format!("stored {id} from {}: {}{compared}\n{accepted}", posting.name, counts(&posting)))?;
    let reason = flags.accept.as_deref().filter(|_| !objections.is_empty()).unwrap_or_default();
    record(&keeper, &entry, reason, objections);
    tell_problems(&posting)?;
    tell_speaker(store, &entry, &before)?;
    tell_dropped(store, &before)
}

/// Refuses what the gate of the updater would refuse, as a file that was cut, unless there is a reason to take it.
fn judge(posting: &Posting, objections: &[String], reason: Option<&str>) -> anyhow::Result<String> {
    let Some(reason) = reason.map(str::trim) else {
        if !objections.is_empty() {
            let why = objections.join("; ");
            bail!(
                "{}: refused, and nothing is stored; --accept REASON stores it all the same: {why}",
                posting.name
            );
        }
        return Ok(String::new());
    };
    if reason.is_empty() {
        bail!("--accept wants the reason, for the record");
    }
    Ok(objections.iter().map(|objection| format!("accepted, because {reason}: {objection}\n")).collect())
}

/// Records what was stored by hand; without a record it is stored all the same.
fn record(keeper: &Keeper, entry: &Entry, reason: &str, objections: Vec<String>) {
    let (releases, reason) = (vec![entry.header.id.to_string()], reason.trim().to_owned());
    let event = Event { time: Timestamp::now(), deed: Deed::Imported, releases, reason, objections };
    if let Err(error) = history::record(keeper.folder(), &event) {
        tracing::warn!(%error, "the record cannot be written");
    }
}

/// Says which posting speaks for the quarter where several are held: the one that came last is not always the newest.
fn tell_speaker(store: &Store, stored: &Entry, before: &[Entry]) -> anyhow::Result<()> {
    let (id, quarter, kind) = (&stored.header.id, stored.header.quarter, stored.header.kind);
    if kind.files_per_quarter() > 1 {
        return Ok(());
    }
    let is_other = |entry: &&Entry| {
        entry.active && entry.header.id != *id && (entry.header.kind, entry.header.quarter) == (kind, quarter)
    };
    let last = |entries: &[Entry]| entries.iter().rfind(is_other).map(|entry| entry.header.clone());
    let held = store.entries()?;
    if !stored.active {
        return print(&format!("{id} is out of use, as it was exported: `infusion-coder activate {id}`\n"));
    }
    if is_superseded(stored, &held) {
        let speaks = last(&held).map(|header| header.id).unwrap_or_default();
        return print(&format!(
            "{speaks} speaks for {quarter}, for it came after {id}: `infusion-coder activate {id}` puts this one in its place\n"
        ));
    }
    let Some(replaced) = last(before) else { return Ok(()) };
    let was = &replaced.id;
    let newness = |source: &str| posting(source).newness();
    let is_older = newness(&stored.header.source) < newness(&replaced.source);
    let doubt = if is_older { ", which is the newer one by its name" } else { "" };
    print(&format!(
        "{id} speaks for {quarter} now, in place of {was}{doubt}: `infusion-coder activate {was}` undoes it\n"
    ))
}

/// Says how many rows were not read whole, and which, as far as a person reads on.
fn tell_problems(posting: &Posting) -> anyhow::Result<()> {
    const SHOWN_MAX: usize = 10;
    let problems = posting.file.problems();
    if problems.is_empty() {
        return Ok(());
    }
    let shown: String = problems.iter().take(SHOWN_MAX).map(|problem| format!("  {problem}\n")).collect();
    let rest = problems.count().saturating_sub(SHOWN_MAX);
    let rest = if rest == 0 { String::new() } else { format!("  {rest} more: see --check\n") };
    print(&format!("problems {}\n{shown}{rest}", problems.count()))
}

/// Says which releases went, for the store keeps the newest of a kind alone.
fn tell_dropped(store: &Store, before: &[Entry]) -> anyhow::Result<()> {
    let held = store.entries()?;
    let is_gone = |entry: &&Entry| !held.iter().any(|left| left.header.id == entry.header.id);
    for entry in before.iter().filter(is_gone) {
        let id = &entry.header.id;
        print(&format!("dropped {id}: the store keeps the newest {RELEASES_RETAINED} quarters of a kind\n"))?;
    }
    Ok(())
}

fn bundle(flags: &Flags, bytes: Vec<u8>) -> anyhow::Result<()> {
    let bundle = Bundle::verify(bytes)?;
    let release = bundle.read()?;
    let (codes, packages) = (release.codes.len(), release.ndcs.len());
    if flags.check {
        print(&format!("release {}: {codes} codes, {packages} NDC rows\n", release.header.id))?;
        return Ok(());
    }
    let folder = flags.store.folder()?;
    let keeper = Keeper::new(Arc::new(Library::open(&folder)?.0), folder);
    let store = keeper.store()?;
    let before = store.entries()?;
    let entry = store.import(&bundle)?;
    print(&format!("stored {}: {codes} codes, {packages} NDC rows\n", entry.header.id))?;
    record(&keeper, &entry, "", Vec::new());
    tell_speaker(store, &entry, &before)?;
    tell_dropped(store, &before)
}

fn counts(posting: &Posting) -> String {
    let counts = posting.file.counts();
    counts.iter().map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
}

/// Prints the counts that can be compared with any other reader's, and the problems of the file.
fn check(posting: &Posting, format: Format) -> anyhow::Result<()> {
    let (file, problems) = (&posting.file, posting.file.problems());
    let quarter = posting.quarter().map(|quarter| quarter.to_string());
    if format == Format::Json {
        let counts: serde_json::Map<String, serde_json::Value> =
            file.counts().iter().map(|(name, count)| ((*name).to_owned(), json!(count))).collect();
        let listed: Vec<_> = problems
            .iter()
            .map(|problem| {
                let kept = problem.kind.keeps_the_row();
                json!({ "line": problem.line, "rowKept": kept, "text": problem.kind.to_string() })
            })
            .collect();
        let answer = json!({
            "file": posting.name,
            "kind": file.kind().title(),
            "quarter": quarter,
            "sha256": posting.sha256,
            "counts": counts,
            "problemCount": problems.count(),
            "problems": listed,
        });
        print(&format!("{answer:#}\n"))?;
        return Ok(());
    }
    print(&format!("{}\n", posting.name))?;
    print(&format!("kind {}\n", file.kind().title()))?;
    print(&format!("quarter {}\n", quarter.as_deref().unwrap_or("not told by the name")))?;
    for (name, count) in file.counts() {
        print(&format!("{name} {count}\n"))?;
    }
    print(&format!("problems {}\n", problems.count()))?;
    for problem in problems {
        print(&format!("  {problem}\n"))?;
    }
    Ok(())
}
