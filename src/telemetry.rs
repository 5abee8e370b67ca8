//! What the process says of itself: structured logs.
//!
//! A line names a method, a status, a time or a release; never anything of a request's body.

use std::io::IsTerminal;

use clap::{Args, ValueEnum};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What is logged, and how.
#[derive(Debug, Clone, Args)]
pub struct TelemetryFlags {
    /// How the log on standard error is written.
    #[arg(long, value_enum, default_value_t)]
    pub log_format: LogFormat,
    /// What is logged: a level, or levels by module, such as `info,infusion_coder=debug`.
    #[arg(long, value_name = "FILTER", default_value = "info")]
    log_filter: String,
}

impl TelemetryFlags {
    /// Begins to log.
    ///
    /// # Errors
    /// A filter that cannot be read.
    pub fn start(&self) -> anyhow::Result<()> {
        let filter = EnvFilter::builder().parse(&self.log_filter)?;
        let lines = tracing_subscriber::fmt::layer()
            .with_ansi(std::io::stderr().is_terminal())
            .with_writer(std::io::stderr);
        let registry = tracing_subscriber::registry();
        let started = match self.log_format {
            LogFormat::Text => registry.with(lines.with_filter(filter)).try_init(),
            LogFormat::Json => registry.with(lines.json().with_filter(filter)).try_init(),
        };
        // Only a second start in one process can fail, and the first one logs already.
        let _ = started;
        Ok(())
    }
}
