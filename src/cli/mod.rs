//! The command line, one file a subcommand.

/// Prints a line to standard error; where nobody reads it the work goes on.
macro_rules! tell {
    ($($text:tt)*) => {{
        let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("{}\n", format_args!($($text)*)));
    }};
}

/// Prints a line to standard output; whoever stops reading has seen enough.
macro_rules! say {
    ($($text:tt)*) => {{
        let _ = std::io::Write::write_fmt(&mut std::io::stdout(), format_args!("{}\n", format_args!($($text)*)));
    }};
}

mod allocator;
pub mod audit;
pub mod audit_table;
pub mod build_seed;
pub mod checked;
pub mod code;
pub mod code_input;
pub mod code_stream;
mod contradictions;
pub mod demo;
pub mod diff;
mod drug_words;
pub mod explain;
pub mod export;
pub mod formats;
pub mod import;
pub mod load;
pub mod lookup;
pub mod manual;
pub mod ordered_lines;
mod posting;
mod progress;
mod refresh_flags;
mod refused;
pub mod releases;
mod remote;
pub mod replay;
mod rollback;
pub mod rules;
pub mod search;
pub mod serve;
mod serve_again;
pub mod settings;
mod settings_file;
mod shelf;
pub mod stated;
pub mod synthesize;
pub mod units;
pub mod update;
mod update_remote;
mod visit_findings;
pub mod visit_lines;
mod visit_places;
pub mod visit_reasons;
pub mod visit_table;

use std::io::{ErrorKind, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use self::refused::{EXIT_HELD, EXIT_MISUSED, EXIT_REFUSED, Misused, Refused};
use crate::catalog::Catalog;
use crate::catalog::store::StoreError;
use crate::causes::with_causes;
use crate::config;
use crate::policy::PolicyBook;
use crate::server::convert;

/// Codes infusion and oncology visits: administration codes, drug codes, billing units and discarded drug.
#[derive(Debug, Parser)]
#[command(name = "infusion-coder", version)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "one is made, once")]
enum Command {
    /// Start the service, code the example visits through it, and serve on.
    Demo(demo::Flags),
    /// Code a visit: administration lines and drug lines, with the reason for each.
    Code(code::Flags),
    /// Code one drug without a visit: its units, and what the claim says of the discarded rest.
    Units(Box<units::Flags>),
    /// Compare billed claims with what the record supports: one claim, or a file of them.
    Audit(audit::Flags),
    /// Produce an answer again from its visit and its provenance, and compare them byte for byte.
    Replay(replay::Flags),
    /// Serve the coding calls over gRPC.
    Serve(serve::Flags),
    /// Say what a code, or a National Drug Code, stands for on a date of service.
    Lookup(lookup::Flags),
    /// Find codes by code, NDC, ingredient, brand, or a word of the trade such as IVIG.
    Search(search::Flags),
    /// Bring the store to the current quarter, or ask a running service to.
    Update(update::Flags),
    /// List the rules, by family.
    Rules(rules::Flags),
    /// Explain a rule: what it says, why, an example, its exceptions and its sources.
    Explain(explain::Flags),
    /// Take a release out of use: answers come from the one before.
    Rollback(rollback::Flags),
    /// Put a release that the store holds into use.
    Activate(rollback::ActivateFlags),
    /// List the releases that the store holds.
    Releases(releases::Flags),
    /// Say what changed between two releases, quarters or years.
    Diff(diff::Flags),
    /// Write a release as a bundle that carries its own digest.
    Export(export::Flags),
    /// Store a bundle or a file of CMS, or only check one.
    Import(import::Flags),
    /// Make visits by a seed, with claims and known mistakes; for benchmarks and trials.
    Synthesize(synthesize::Flags),
    /// Call a running service as many callers would, and measure how it answers.
    Load(load::Flags),
    /// Print the completions of a shell.
    Completions(manual::CompletionsFlags),
    /// Print the manual page.
    Man,
    /// Write the embedded table of facts anew; for maintainers.
    #[command(hide = true)]
    BuildSeed(build_seed::Flags),
}

/// Runs the program; an error is one line that says what to do.
pub fn main() -> ExitCode {
    // Answered here, because the versions of the rules and of the catalog are costly to know.
    if std::env::args_os().nth(1).is_some_and(|first| first == "--version" || first == "-V") {
        say!("infusion-coder {}", version());
        return ExitCode::SUCCESS;
    }
    // Before the command line is read, so that it is not read twice.
    if std::env::args_os().nth(1).is_some_and(|first| first == "serve") {
        allocator::settle();
    }
    let done = settings::matches(command(), std::env::args_os().collect()).and_then(|matches| {
        contradictions::settle(&matches);
        let program = Program::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        tell_unknown_variables(&program.command);
        run(program.command)
    });
    match done {
        Ok(code) => code,
        Err(error) => {
            tell!("error: {}", with_causes(error.as_ref()));
            exit_code(&error)
        }
    }
}

/// What an error tells whoever started the program.
fn exit_code(error: &anyhow::Error) -> ExitCode {
    let is_held = |cause: &(dyn std::error::Error + 'static)| {
        matches!(cause.downcast_ref(), Some(StoreError::Locked { .. }))
    };
    if error.is::<Refused>() || error.is::<code::RefusedLines>() {
        ExitCode::from(EXIT_REFUSED)
    } else if error.is::<Misused>() {
        ExitCode::from(EXIT_MISUSED)
    } else if error.chain().any(is_held) {
        ExitCode::from(EXIT_HELD)
    } else {
        ExitCode::FAILURE
    }
}

/// Says which variables are passed over; `serve` says so in the form of its log.
fn tell_unknown_variables(asked: &Command) {
    if !matches!(asked, Command::Serve(_)) {
        settings::unknown_variables(&command()).iter().for_each(|name| tell!("note: {name} {NO_SETTING}"));
    }
}

/// What is said of a variable that no flag has.
const NO_SETTING: &str = "is set, and is no setting: see --help for the variables";

/// The whole command line, each flag with its environment variable.
pub fn command() -> clap::Command {
    settings::with_environment(Program::command())
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    let done = match command {
        Command::Demo(flags) => demo::run(&flags),
        Command::Code(flags) => code::run(&flags),
        Command::Units(flags) => units::run(&flags),
        Command::Audit(flags) => audit::run(&flags),
        Command::Replay(flags) => replay::run(&flags),
        Command::Serve(flags) => serve::run(&flags),
        Command::Lookup(flags) => lookup::run(&flags),
        Command::Search(flags) => search::run(&flags),
        Command::Update(flags) => return update::run(&flags),
        Command::Rules(flags) => rules::run(&flags),
        Command::Explain(flags) => explain::run(&flags),
        Command::Rollback(flags) => rollback::run(&flags),
        Command::Activate(flags) => rollback::activate(&flags),
        Command::Releases(flags) => releases::run(&flags),
        Command::Diff(flags) => diff::run(&flags),
        Command::Export(flags) => export::run(&flags),
        Command::Import(flags) => import::run(&flags),
        Command::Synthesize(flags) => synthesize::run(&flags),
        Command::Load(flags) => load::run(&flags),
        Command::Completions(flags) => manual::completions(&flags),
        Command::Man => manual::page(),
        Command::BuildSeed(flags) => build_seed::run(&flags),
    };
    done.map(|()| ExitCode::SUCCESS)
}

/// The program's version, with those of the rules and of the embedded catalog.
fn version() -> String {
    let (program, rules) = (env!("CARGO_PKG_VERSION"), convert::rules_version());
    format!("{program} (rules {rules}, catalog {})", Catalog::embedded().release)
}

/// Where the policy files are.
#[derive(Debug, Clone, Args)]
pub struct PoliciesFlag {
    /// A folder of policy files in place of, or added to, the embedded ones.
    #[arg(long, value_name = "DIR")]
    pub policies: Option<PathBuf>,
}

impl PoliciesFlag {
    /// Whether the folder can be read, which costs less than to read it.
    ///
    /// # Errors
    /// A folder that is not there.
    pub fn check(&self) -> anyhow::Result<()> {
        let Some(folder) = &self.policies else { return Ok(()) };
        std::fs::read_dir(folder).map(drop).with_context(|| format!("{} cannot be read", folder.display()))
    }

    /// The policies in use.
    ///
    /// # Errors
    /// A file that cannot be read, or a fault in the data.
    pub fn book(&self) -> anyhow::Result<PolicyBook> {
        Ok(config::policy_book(self.policies.as_deref())?)
    }
}

/// Prints to standard output; whoever stops reading has seen enough.
fn print(text: &str) -> anyhow::Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("standard output cannot be written"),
    }
}

/// Columns of the terminal, or of a page where the output is none.
fn columns() -> usize {
    const PAGE_COLUMNS: usize = 110;
    const READABLE_COLUMNS_MAX: usize = 120;
    let table = comfy_table::Table::new();
    let wide = std::io::stdout().is_terminal().then(|| table.width()).flatten();
    wide.map_or(PAGE_COLUMNS, |width| usize::from(width).min(READABLE_COLUMNS_MAX))
}
