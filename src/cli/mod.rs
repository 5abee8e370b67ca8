//! The command line, one file a subcommand.

pub mod build_seed;
pub mod code;
pub mod code_stream;
pub mod diff;
pub mod export;
pub mod formats;
pub mod import;
pub mod lookup;
pub mod ordered_lines;
pub mod releases;
pub mod search;
pub mod serve;
mod shelf;
pub mod visit_table;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Codes infusion and oncology visits: administration codes, drug codes, billing units and discarded drug.
#[derive(Debug, Parser)]
#[command(name = "infusion-coder", version)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Code a visit: administration lines and drug lines, with the reason for each.
    Code(code::Flags),
    /// Serve the coding calls over gRPC.
    Serve(serve::Flags),
    /// Say what a code, or a National Drug Code, stands for on a date of service.
    Lookup(lookup::Flags),
    /// Find codes by code, ingredient, brand or name with suffix.
    Search(search::Flags),
    /// List the releases that the store holds.
    Releases(releases::Flags),
    /// Say what changed between two releases, quarters or years.
    Diff(diff::Flags),
    /// Write a release as a bundle that carries its own digest.
    Export(export::Flags),
    /// Store a bundle or a HCPCS file, or only check one.
    Import(import::Flags),
    /// Write the embedded table of facts anew; for maintainers.
    #[command(hide = true)]
    BuildSeed(build_seed::Flags),
}

/// Runs the program; an error is one line that says what to do.
pub fn main() -> ExitCode {
    let done = match Program::parse().command {
        Command::Code(flags) => code::run(&flags),
        Command::Serve(flags) => serve::run(&flags),
        Command::Lookup(flags) => lookup::run(&flags),
        Command::Search(flags) => search::run(&flags),
        Command::Releases(flags) => releases::run(&flags),
        Command::Diff(flags) => diff::run(&flags),
        Command::Export(flags) => export::run(&flags),
        Command::Import(flags) => import::run(&flags),
        Command::BuildSeed(flags) => build_seed::run(&flags),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            if error.is::<code::RefusedLines>() {
                ExitCode::from(code::RefusedLines::EXIT_CODE)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}
pub mod visit_lines;
