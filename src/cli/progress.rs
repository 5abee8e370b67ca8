//! What a refresh does, as a bar on a terminal and as plain lines in a log.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::updater::refresh::{Observer, Progress, Step};

/// How a step is shown whose share is known, and one whose end alone is.
const MEASURED: &str = "{spinner} {msg:40} {bar:30} {pos:>3} %";
const UNMEASURED: &str = "{spinner} {msg}";

/// Pause between two pictures of the spinner.
const TICK: Duration = Duration::from_millis(100);

/// Shows progress on standard error.
pub struct Shown {
    bar: Option<ProgressBar>,
    last: Mutex<Option<Progress>>,
}

impl Shown {
    /// A bar where standard error is a terminal.
    pub fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(100).with_style(style(UNMEASURED));
            bar.enable_steady_tick(TICK);
            bar
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

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
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
        let was_measured = last.is_some_and(|last| last.percent.is_some());
        *last = Some(progress);
        match &self.bar {
            Some(bar) => {
                if was_measured != progress.percent.is_some() {
                    bar.set_style(style(if was_measured { UNMEASURED } else { MEASURED }));
                }
                bar.set_message(words(&progress));
                bar.set_position(progress.percent.map_or(0, u64::from));
            }
            None if is_new => tell!("{}", words(&progress)),
            None => {}
        }
    }

    fn took(&self, step: Step, elapsed: Duration) {
        tracing::debug!(step = step.name(), ?elapsed, "step done");
    }
}
