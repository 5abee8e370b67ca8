//! The allocator's setting, which it reads once, when the process begins.
//!
//! A service lives for weeks on what one start built up, so it gives memory back at once, which a program that ends
//! soon has no use for. The setting is read from the environment alone, so `serve` puts itself in its own place
//! with it; its process id stays.

use std::os::unix::process::CommandExt;
use std::process::Command;

/// What a service sets, unless its operator did: freed memory goes back after this many milliseconds.
const GIVEN_BACK_AFTER: (&str, &str) = ("MIMALLOC_PURGE_DELAY", "10");

/// Runs the program anew with the setting of a service, where it is not set. Where it cannot be run anew, it goes on as
/// it is: more memory is taken, and nothing else is different.
pub fn settle() {
    let (name, value) = GIVEN_BACK_AFTER;
    if !cfg!(feature = "mimalloc") || std::env::var_os(name).is_some() {
        return;
    }
    if let Ok(program) = std::env::current_exe() {
        let mut again = Command::new(program);
        let mut arguments = std::env::args_os();
        // The name that it was called by is the one that it is known by in messages.
        if let Some(called) = arguments.next() {
            again.arg0(called);
        }
        // Comes back only with the reason why it could not be run.
        let reason = again.args(arguments).env(name, value).exec();
        tracing::debug!(%reason, "the service keeps the allocator's own setting");
    }
}
