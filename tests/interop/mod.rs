//! The program beside other programs: files and pipes, FHIR and X12, browsers and curl.

mod formats;
mod lines;
mod samples;
mod web;

use std::process::Command;

/// The real program, away from any store of the person who runs the tests.
fn program(command: &str) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_infusion-coder"));
    let nowhere = std::env::temp_dir().join("infusion-coder-no-store");
    program.env("XDG_DATA_HOME", nowhere).arg(command);
    program
}
