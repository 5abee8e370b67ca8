//! What the process says of itself: structured logs, and spans for a collector where the build has them.
//!
//! A line or a span names a method, a status, a time or a release; never anything of a request's body.

#[cfg(feature = "otlp")]
mod otlp;

use std::io::IsTerminal;

use clap::{Args, ValueEnum};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// Parts of libraries that would repeat what a request says, such as the error of a message that cannot be read.
const QUIET: &str = "tonic::codec=info";

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
    /// Collector that spans of calls and refreshes are sent to, over OTLP and gRPC, such as `http://localhost:4317`;
    /// asks for a build with the feature `otlp`.
    #[arg(long, value_name = "URL")]
    otlp_endpoint: Option<String>,
}

/// What goes out of the process, until it is ended.
#[must_use = "spans that wait to be sent are lost unless this is ended"]
pub struct Telemetry {
    #[cfg(feature = "otlp")]
    spans: Option<otlp::Sender>,
}

impl Telemetry {
    /// Sends what still waits.
    pub fn end(self) {
        #[cfg(feature = "otlp")]
        self.spans.into_iter().for_each(otlp::Sender::end);
    }
}

impl TelemetryFlags {
    /// Begins to log, and to send spans. Runs within the runtime, which the sender of spans works on.
    ///
    /// # Errors
    /// A filter that cannot be read, or a collector's address that cannot be used.
    pub fn start(&self) -> anyhow::Result<Telemetry> {
        let filter = EnvFilter::builder().parse(format!("{},{QUIET}", self.log_filter))?;
        let lines = tracing_subscriber::fmt::layer()
            .with_ansi(std::io::stderr().is_terminal())
            .with_writer(std::io::stderr)
            // A log that nobody reads ends nothing.
            .log_internal_errors(false);
        let registry = tracing_subscriber::registry();
        #[cfg(feature = "otlp")]
        let (spans, registry) = {
            let (sender, layer) = otlp::start(self.otlp_endpoint.as_deref())?.unzip();
            (sender, registry.with(layer))
        };
        #[cfg(not(feature = "otlp"))]
        anyhow::ensure!(
            self.otlp_endpoint.is_none(),
            "this build sends no spans: build it with `--features otlp`, or leave out --otlp-endpoint"
        );
        let started = match self.log_format {
            LogFormat::Text => registry.with(lines.with_filter(filter)).try_init(),
            LogFormat::Json => registry.with(lines.json().with_filter(filter)).try_init(),
        };
        // Only a second start in one process can fail, and the first one logs already.
        let _ = started;
        Ok(Telemetry {
            #[cfg(feature = "otlp")]
            spans,
        })
    }
}
