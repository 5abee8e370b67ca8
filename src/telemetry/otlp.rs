//! Spans for an OpenTelemetry collector. The standard `OTEL_` variables hold: where to send, as whom, and how many.

use std::env;
use std::time::Duration;

use anyhow::Context;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing::level_filters::LevelFilter;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::filter::{Filtered, Targets};
use tracing_subscriber::{Layer, Registry};

/// How the service calls itself unless `OTEL_SERVICE_NAME` does.
const SERVICE: &str = env!("CARGO_PKG_NAME");

/// How long the last spans may take to leave when the process ends.
const FLUSH: Duration = Duration::from_secs(3);

/// Turns our spans into those of OpenTelemetry.
pub(super) type Spans = Filtered<OpenTelemetryLayer<Registry, SdkTracer>, Targets, Registry>;

/// Sends spans in batches.
pub(super) struct Sender(SdkTracerProvider);

impl Sender {
    /// Sends what still waits, for as long as [`FLUSH`].
    pub(super) fn end(self) {
        if let Err(error) = self.0.shutdown_with_timeout(FLUSH) {
            tracing::warn!(%error, "the last spans did not reach the collector");
        }
    }
}

/// The sender and the layer before it; nothing where neither the flag nor a variable names a collector.
pub(super) fn start(endpoint: Option<&str>) -> anyhow::Result<Option<(Sender, Spans)>> {
    if !is_asked_for(endpoint) {
        return Ok(None);
    }
    let exporter = SpanExporter::builder().with_tonic();
    let exporter = match endpoint {
        Some(endpoint) => exporter.with_endpoint(endpoint),
        None => exporter,
    };
    let exporter = exporter.build().context("spans cannot be sent to that collector")?;
    let provider =
        SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource()).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer(SERVICE)).with_location(false);
    // Only our own spans: those of the sender would beget further ones.
    let ours = Targets::new().with_target(env!("CARGO_CRATE_NAME"), LevelFilter::DEBUG);
    Ok(Some((Sender(provider), layer.with_threads(false).with_filter(ours))))
}

fn is_asked_for(endpoint: Option<&str>) -> bool {
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|set| set.eq_ignore_ascii_case(value));
    let named = |name: &str| env::var_os(name).is_some_and(|set| !set.is_empty());
    let has_collector = endpoint.is_some()
        || named("OTEL_EXPORTER_OTLP_ENDPOINT")
        || named("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    has_collector && !is("OTEL_SDK_DISABLED", "true") && !is("OTEL_TRACES_EXPORTER", "none")
}

fn resource() -> Resource {
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder().with_attribute(version);
    match env::var_os("OTEL_SERVICE_NAME") {
        Some(_) => resource.build(),
        None => resource.with_service_name(SERVICE).build(),
    }
}
