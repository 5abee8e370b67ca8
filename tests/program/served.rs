//! The real program as a server on a port of its own, ended when the test lets go of it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use super::program;

/// A running `serve` or `demo`.
pub struct Served {
    child: Child,
    pub url: String,
    /// What it printed before it told its address.
    pub printed: String,
    /// Its own store, away from those of other tests.
    _store: tempfile::TempDir,
}

impl Served {
    /// `serve` on a free port.
    pub fn start() -> Self {
        let store = tempfile::tempdir().expect("a folder");
        let mut command = program();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--store"])
            .arg(store.path())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program");
        let output = child.stderr.take().expect("its output");
        Self::await_address(child, output, store)
    }

    /// `demo` on a free port.
    pub fn demo() -> Self {
        let mut command = program();
        command.args(["demo", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program");
        let output = child.stdout.take().expect("its output");
        Self::await_address(child, output, tempfile::tempdir().expect("a folder"))
    }

    fn await_address(child: Child, output: impl Read + Send + 'static, store: tempfile::TempDir) -> Self {
        let mut printed = String::new();
        let mut lines = BufReader::new(output).lines();
        while let Some(line) = lines.next() {
            let line = line.expect("text");
            let address = line.to_lowercase().split_once("serving on ").map(|(_, rest)| rest.to_owned());
            if let Some(address) = address {
                let address = address.split_whitespace().next().expect("an address");
                let url = format!("http://{}", address.trim_end_matches('.'));
                // A program whose reader is gone would fail at its next line.
                std::thread::spawn(move || lines.for_each(drop));
                return Self { child, url, printed, _store: store };
            }
            printed.push_str(&line);
            printed.push('\n');
        }
        panic!("the program ended before it served: {printed}")
    }

    /// The program with this service as the one that answers.
    pub fn client(&self) -> Command {
        let mut command = program();
        command.env("INFUSION_CODER_SERVER", &self.url);
        command
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
