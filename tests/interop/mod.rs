//! The program beside other programs: files and pipes, FHIR and X12, browsers and curl.

mod formats;
mod java;
mod lines;
mod many_visits;
mod python;
mod samples;
mod web;

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStderr, Command, Stdio};

/// The real program, away from any store of the person who runs the tests.
fn program(command: &str) -> Command {
    let mut program = crate::program::program();
    program.arg(command);
    program
}

/// A running service that ends with its test.
struct Served {
    process: Child,
    address: String,
    /// Kept open: a service that cannot say what it has to say ends.
    #[allow(dead_code, reason = "held for as long as the service runs")]
    said: Lines<BufReader<ChildStderr>>,
}

impl Served {
    fn with(flags: &[&str]) -> Self {
        let mut process = program("serve")
            .args(["--listen", "127.0.0.1:0"])
            .args(flags)
            .stderr(Stdio::piped())
            .spawn()
            .expect("the service starts");
        let mut said = BufReader::new(process.stderr.take().expect("its standard error")).lines();
        let address = said.by_ref().map_while(Result::ok).find_map(|line| {
            let address = line.split("serving on ").nth(1)?;
            Some(first_word(address))
        });
        Self { process, address: address.expect("the service says where it listens"), said }
    }

    /// The address of a path under it.
    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

fn first_word(text: &str) -> String {
    text.split_whitespace().next().unwrap_or_default().to_owned()
}

impl Drop for Served {
    fn drop(&mut self) {
        // A process that has gone already needs no ending.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
