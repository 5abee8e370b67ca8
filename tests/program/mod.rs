//! The real program, driven from outside as its users drive it.

mod audit;
mod bad_input;
mod bounds;
mod demo;
mod guide;
mod killed;
mod places;
mod remote;
mod replay;
mod rules;
mod served;
mod serving;
mod settings;
#[cfg(feature = "otlp")]
mod traces;
mod units;

use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

/// The program, away from any store and any setting of the person who runs the tests.
pub fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_infusion-coder"));
    // A folder of its own for each run, so that no run finds the store of another.
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let run = RUNS.fetch_add(1, Ordering::Relaxed);
    let nowhere = std::env::temp_dir().join(format!("infusion-coder-no-store-{}-{run}", std::process::id()));
    for (name, _) in
        std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("INFUSION_CODER_"))
    {
        program.env_remove(name);
    }
    program.env("XDG_DATA_HOME", nowhere);
    program
}

/// Runs the program to its end.
pub fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().expect("the program")
}

/// What the program printed when all was well.
pub fn printed(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// What the program printed as JSON when all was well.
pub fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&printed(arguments)).expect("JSON")
}
