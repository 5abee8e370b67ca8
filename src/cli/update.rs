//! `update`: brings the store to the current quarter, or asks a running service to.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;

use super::checked::{date, place, source};
use super::progress::Shown;
use super::remote::ServerFlag;
use super::shelf::{Format, StoreFlag, date_or_today};
use super::update_remote;
use crate::catalog::store::{Library, Store};
use crate::domain::quarter::Quarter;
use crate::server::pb;
use crate::updater::keeper::Keeper;
use crate::updater::refresh::{Order, Outcome, Report};
use crate::updater::replica::Place;
use crate::updater::run::{change_reports, run as refresh};
use crate::updater::settings::Settings;
use crate::updater::source::{Sought, Source};

/// What the exit code tells a scheduler.
const EXIT_CODES: &str = "\
Exit codes:
  0  updated: a new release is stored and in use (with --validate-only: would be)
  1  failed: a file was damaged or could not be stored; the old release stays in use
  2  the command line is wrong
  3  already current: everything published is held, the quarter in effect too (0 with --current-is-success)
  4  refused by the gate: see the objections, and --accept; the old release stays in use
  5  source unreachable or not understood, or the quarter in effect or asked for is not found; what is held stays in use
  6  the store is held by another process: ask it with --server
  7  the codes are current, and a table beside them could not be refreshed: see the notes";

/// What to refresh from, and where to.
#[derive(Debug, Args)]
#[command(after_long_help = EXIT_CODES, after_help = "See --help for the exit codes.")]
pub struct Flags {
    /// The site, its page that lists the files, one zip file, or a zip file on this machine.
    #[arg(long, value_name = "URL", value_parser = source)]
    source: Option<String>,
    #[command(flatten)]
    server: ServerFlag,
    /// Of the call to the service: the same text never starts a second refresh.
    #[arg(long, value_name = "TEXT", requires = "server", default_value = "", hide_default_value = true)]
    request_id: String,
    /// The day that decides which quarter is in effect; today without it.
    #[arg(long, value_name = "DATE", conflicts_with = "server", value_parser = date)]
    as_of: Option<String>,
    /// Fetch these quarters alone, such as 2025Q3.
    #[arg(long, value_name = "QUARTER", conflicts_with_all = ["as_of", "server"])]
    quarter: Vec<Quarter>,
    /// Fetch, read and judge, and change nothing.
    #[arg(long)]
    validate_only: bool,
    /// Take a release that the gate refuses, for this reason, which is recorded.
    #[arg(long, value_name = "REASON")]
    accept: Option<String>,
    /// Publish what is then in use for replicas: a folder, or s3://BUCKET/PREFIX.
    #[arg(long, value_name = "PLACE", conflicts_with = "server", value_parser = place)]
    publish: Option<String>,
    /// A file of addresses, names and limits in place of the embedded one (catalog/updater.toml).
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Exit with 0 when everything is held already, for schedulers that take any other code as a failure.
    #[arg(long)]
    current_is_success: bool,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    store: StoreFlag,
}

/// Refreshes, and says how it ended.
///
/// # Errors
/// A flag that cannot be used, or a store that cannot be opened.
pub fn run(flags: &Flags) -> anyhow::Result<ExitCode> {
    if flags.accept.as_deref().is_some_and(|reason| reason.trim().is_empty()) {
        bail!("--accept wants the reason, for the record");
    }
    if let Some(remote) = flags.server.connect_administration()? {
        let (outcome, is_partial) = update_remote::run(&remote, asked(flags))?;
        return Ok(exit_code(outcome, is_partial, flags.current_is_success));
    }
    let settings = settings(flags.settings.as_deref())?;
    let source = flags.source.as_deref().unwrap_or(&settings.origin);
    let source = Source::parse(source)?;
    let sought = match flags.quarter.as_slice() {
        [] => Sought::From(Quarter::of(date_or_today("--as-of", flags.as_of.as_deref())?)),
        quarters => Sought::Only(quarters.to_vec()),
    };
    let order = Order { source, sought, validate_only: flags.validate_only, accept: flags.accept.clone() };
    let folder = flags.store.folder()?;
    // What only looks makes no store.
    let only_looks = flags.validate_only && !Store::is_in(&folder);
    let library = if only_looks { Library::embedded() } else { Library::open(&folder)?.0 };
    let place = flags.publish.as_deref().map(Place::parse).transpose()?;
    let keeper = Keeper::new(Arc::new(library), folder).publishing(place);
    let runtime = tokio::runtime::Runtime::new().context("the runtime cannot start")?;
    let shown = Shown::new();
    let report = runtime.block_on(refresh(&keeper, &settings, &order, &shown))?;
    shown.finish();
    print(&keeper, &report, flags.format)?;
    if report.outcome == Outcome::Failed {
        // sled would try to write for ever as it closes, as on a full disk; the process ends instead.
        std::mem::forget(keeper);
    }
    Ok(exit_code(report.outcome, !report.not_refreshed.is_empty(), flags.current_is_success))
}

fn asked(flags: &Flags) -> pb::StartRefreshRequest {
    pb::StartRefreshRequest {
        request_id: flags.request_id.clone(),
        validate_only: flags.validate_only,
        source: flags.source.clone().unwrap_or_default(),
        accept_reason: flags.accept.clone().unwrap_or_default(),
    }
}

/// The settings of a file, or those compiled in.
pub fn settings(file: Option<&std::path::Path>) -> anyhow::Result<Settings> {
    let Some(file) = file else { return Ok(Settings::embedded()) };
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    Settings::parse(&text).with_context(|| file.display().to_string())
}

/// What a scheduler is told.
pub fn exit_code(outcome: Outcome, is_partial: bool, current_is_success: bool) -> ExitCode {
    ExitCode::from(match outcome {
        Outcome::Updated => 0,
        // Nobody knows whether everything that is published is held.
        Outcome::AlreadyCurrent if is_partial => 7,
        Outcome::AlreadyCurrent if current_is_success => 0,
        Outcome::Failed => 1,
        Outcome::AlreadyCurrent => 3,
        Outcome::Refused => 4,
        Outcome::SourceUnreachable => 5,
    })
}

fn print(keeper: &Keeper, report: &Report, format: Format) -> anyhow::Result<()> {
    if format == Format::Json {
        say!("{}", serde_json::to_string_pretty(report)?);
        return Ok(());
    }
    say!("{}", report.summary());
    for note in report.notes.iter().filter(|_| report.outcome <= Outcome::Updated) {
        say!("note: {note}");
    }
    for objection in &report.objections {
        say!("objection: {objection}");
    }
    if let Some(reason) = &report.accepted {
        say!("accepted: {reason}");
    }
    for comparison in report.changes.iter().filter(|_| !report.validate_only) {
        let [page, _] = change_reports(keeper, &comparison.after.release);
        say!("change report: {}", page.display());
    }
    Ok(())
}
