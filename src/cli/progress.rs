//! What a refresh does, as a bar on a terminal and as plain lines in a log.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::updater::refresh::{Observer, Progress, Step};

/// Shows progress on standard error.
pub struct Shown {
    bar: Option<ProgressBar>,
    last: Mutex<Option<Progress>>,
}

impl Shown {
    /// A bar where standard error is a terminal.
    pub fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{spinner} {msg:40} {bar:30} {pos:>3} %");
            ProgressBar::new(100).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self { bar, last: Mutex::new(None) }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A step in words.
pub fn words(progress: &Progress) -> String {
    let quarter = progress.quarter.map(|quarter| format!(" of {quarter}")).unwrap_or_default();
    format!("{} {}{quarter}", progress.step.name(), progress.feed.name())
}

impl Observer for Shown {
    fn progress(&self, progress: Progress) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = last.is_none_or(|last| {
            (last.step, last.feed, last.quarter) != (progress.step, progress.feed, progress.quarter)
        });
        *last = Some(progress);
        match &self.bar {
            Some(bar) => {
                bar.set_message(words(&progress));
                bar.set_position(progress.percent.map_or(0, u64::from));
                bar.tick();
            }
            None if is_new => eprintln!("{}", words(&progress)),
            None => {}
        }
    }

    fn took(&self, step: Step, elapsed: Duration) {
        tracing::debug!(step = step.name(), ?elapsed, "step done");
    }
}
