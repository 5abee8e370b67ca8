//! What is counted: calls, latencies, lines, findings, the catalog's release and age, refreshes.
//!
//! Every figure is an atomic; nothing of a request body is in a label.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::{Request, Response};
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::server::pb;
use crate::updater::desk::Tally;
use crate::updater::refresh::{Outcome, Step};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MethodLabel {
    method: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    method: &'static str,
    code: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TrackLabel {
    track: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReleaseLabel {
    release: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StepLabel {
    step: &'static str,
}

/// Makes the histogram of a refresh's steps: sixteen of them from a millisecond to half a minute.
#[derive(Clone)]
struct StepBuckets;

impl MetricConstructor<Histogram> for StepBuckets {
    fn new_metric(&self) -> Histogram {
        const SHORTEST_SECONDS: f64 = 0.001;
        const STEPS: u16 = 16;
        Histogram::new(exponential_buckets(SHORTEST_SECONDS, 2.0, STEPS))
    }
}

/// Makes the latency histogram: thirteen steps from a hundred microseconds to some four tenths of a second.
#[derive(Clone)]
struct LatencyBuckets;

impl MetricConstructor<Histogram> for LatencyBuckets {
    fn new_metric(&self) -> Histogram {
        const SHORTEST_SECONDS: f64 = 0.000_1;
        const STEPS: u16 = 13;
        Histogram::new(exponential_buckets(SHORTEST_SECONDS, 2.0, STEPS))
    }
}

/// The figures of one server.
pub struct Metrics {
    registry: Registry,
    calls: Family<CallLabels, Counter>,
    latency: Family<MethodLabel, Histogram, LatencyBuckets>,
    in_flight: Gauge,
    lines: Family<TrackLabel, Counter>,
    findings: Family<ReasonLabel, Counter>,
    refreshes: Family<OutcomeLabel, Counter>,
    refresh_steps: Family<StepLabel, Histogram, StepBuckets>,
    release: Family<ReleaseLabel, Gauge>,
    quarters_behind: Gauge,
    loaded_seconds: Gauge<u64, AtomicU64>,
    serving: Gauge,
}

impl Metrics {
    /// An empty set of figures, registered under their published names.
    pub fn new() -> Arc<Self> {
        let mut registry = Registry::with_prefix("infusion_coder");
        let latency = Family::new_with_constructor(LatencyBuckets);
        let metrics = Self {
            calls: Family::default(),
            latency,
            in_flight: Gauge::default(),
            lines: Family::default(),
            findings: Family::default(),
            refreshes: Family::default(),
            refresh_steps: Family::new_with_constructor(StepBuckets),
            release: Family::default(),
            quarters_behind: Gauge::default(),
            loaded_seconds: Gauge::default(),
            serving: Gauge::default(),
            registry: Registry::default(),
        };
        registry.register("calls", "Calls by method and gRPC status code", metrics.calls.clone());
        registry.register("call_seconds", "Time from request to response head", metrics.latency.clone());
        registry.register("calls_in_flight", "Calls being answered now", metrics.in_flight.clone());
        registry.register("lines", "Claim lines answered, by track", metrics.lines.clone());
        registry.register("findings", "Findings answered, by reason", metrics.findings.clone());
        registry.register("refreshes", "Catalog refreshes by outcome", metrics.refreshes.clone());
        registry.register(
            "refresh_step_seconds",
            "Time of each step of a refresh",
            metrics.refresh_steps.clone(),
        );
        registry.register("catalog_release", "The release in use", metrics.release.clone());
        registry.register(
            "catalog_quarters_behind",
            "Quarters that the newest release in effect lags behind the calendar; alert when above 0",
            metrics.quarters_behind.clone(),
        );
        registry.register(
            "catalog_loaded_timestamp_seconds",
            "When the snapshot in use was loaded (Unix time)",
            metrics.loaded_seconds.clone(),
        );
        registry.register(
            "serving",
            "1 when a catalog is loaded and the process is not stopping",
            metrics.serving.clone(),
        );
        Arc::new(Self { registry, ..metrics })
    }

    /// The figures in the OpenMetrics text format.
    pub fn text(&self) -> String {
        let mut page = String::new();
        // Writing into a String cannot fail; an encoder's fault leaves a short page, never a wrong one.
        let _ = text::encode(&mut page, &self.registry);
        page
    }

    /// Counts the lines of an answer by track, and its findings by reason.
    pub fn count_answer(&self, lines: &[pb::Line], findings: &[pb::Finding]) {
        let drug = lines.iter().filter(|line| line.track() == pb::Track::Drug).count();
        self.lines.get_or_create(&TrackLabel { track: "drug" }).inc_by(drug as u64);
        let administration = (lines.len() - drug) as u64;
        self.lines.get_or_create(&TrackLabel { track: "administration" }).inc_by(administration);
        for finding in findings {
            let reason = finding.reason().as_str_name();
            let reason = reason.strip_prefix("FINDING_REASON_").unwrap_or(reason);
            self.findings.get_or_create(&ReasonLabel { reason }).inc();
        }
    }

    /// Counts one refresh by its outcome.
    pub fn count_refresh(&self, outcome: &'static str) {
        self.refreshes.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    /// Counts the time of one step of a refresh.
    pub fn observe_step(&self, step: &'static str, elapsed: Duration) {
        self.refresh_steps.get_or_create(&StepLabel { step }).observe(elapsed.as_secs_f64());
    }

    /// Names the release in use and how many quarters it lags behind; and when it was loaded (Unix
    /// seconds), where it is another one than before.
    pub fn show_release(&self, release: &str, loaded_seconds: Option<u64>, quarters_behind: i64) {
        self.release.clear();
        self.release.get_or_create(&ReleaseLabel { release: release.to_owned() }).set(1);
        if let Some(loaded_seconds) = loaded_seconds {
            self.loaded_seconds.set(loaded_seconds);
        }
        self.quarters_behind.set(quarters_behind);
    }

    /// Says whether calls are answered.
    pub fn show_serving(&self, serving: bool) {
        self.serving.set(serving.into());
    }

    fn count_call(&self, method: &'static str, code: i32, elapsed: Duration) {
        self.calls.get_or_create(&CallLabels { method, code }).inc();
        self.latency.get_or_create(&MethodLabel { method }).observe(elapsed.as_secs_f64());
    }
}

impl Tally for Metrics {
    fn step(&self, step: Step, elapsed: Duration) {
        self.observe_step(step.name(), elapsed);
    }

    fn ended(&self, outcome: Outcome) {
        self.count_refresh(outcome.name());
    }
}

/// The published methods; any other path is counted as `other`, so that a caller cannot mint labels.
const METHODS: &[&str] = &[
    "/infusion.coding.v1.CodingService/CodeEncounter",
    "/infusion.coding.v1.CodingService/BatchCodeEncounters",
    "/infusion.coding.v1.CodingService/StreamCodeEncounters",
    "/infusion.coding.v1.CodingService/CalculateDrugLines",
    "/infusion.coding.v1.CodingService/AuditClaim",
    "/infusion.coding.v1.CodingService/GetRule",
    "/infusion.coding.v1.CodingService/ListRules",
    "/infusion.coding.v1.CatalogService/GetCode",
    "/infusion.coding.v1.CatalogService/BatchGetCodes",
    "/infusion.coding.v1.CatalogService/ListCodes",
    "/infusion.coding.v1.CatalogService/SearchDrugs",
    "/infusion.coding.v1.CatalogService/LookupNdc",
    "/infusion.coding.v1.CatalogService/ListBiosimilars",
    "/infusion.coding.v1.CatalogService/ListReleases",
    "/infusion.coding.v1.CatalogService/CompareReleases",
    "/infusion.coding.v1.CatalogAdminService/StartRefresh",
    "/infusion.coding.v1.CatalogAdminService/GetRefresh",
    "/infusion.coding.v1.CatalogAdminService/WatchRefresh",
    "/infusion.coding.v1.CatalogAdminService/ActivateRelease",
    "/infusion.coding.v1.CatalogAdminService/RollBack",
];

fn method_label(path: &str) -> &'static str {
    METHODS
        .iter()
        .find(|method| **method == path)
        .and_then(|method| method.rsplit('/').next())
        .unwrap_or("other")
}

/// The service and the method of a path, where it is a published one.
#[cfg(feature = "otlp")]
pub(super) fn published(path: &str) -> Option<&'static str> {
    METHODS.iter().find(|method| **method == path).map(|method| method.trim_start_matches('/'))
}

/// A layer that counts every call with its status and time.
#[derive(Clone)]
pub struct MetricsLayer {
    metrics: Arc<Metrics>,
}

impl MetricsLayer {
    /// A layer that counts into these figures.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self { metrics }
    }
}

impl<S> tower::Layer<S> for MetricsLayer {
    type Service = Counted<S>;

    fn layer(&self, inner: S) -> Counted<S> {
        Counted { inner, metrics: self.metrics.clone() }
    }
}

/// The service of [`MetricsLayer`].
#[derive(Clone)]
pub struct Counted<S> {
    inner: S,
    metrics: Arc<Metrics>,
}

impl<S, B, R> tower::Service<Request<B>> for Counted<S>
where
    S: tower::Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = CountedFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let method = method_label(request.uri().path());
        self.metrics.in_flight.inc();
        let guard = InFlight { metrics: self.metrics.clone(), method, started: Instant::now(), code: None };
        CountedFuture { inner: Box::pin(self.inner.call(request)), guard }
    }
}

/// Counts the call when it ends, also when the caller goes away and the future is dropped.
struct InFlight {
    metrics: Arc<Metrics>,
    method: &'static str,
    started: Instant,
    code: Option<i32>,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.metrics.in_flight.dec();
        let code = self.code.unwrap_or(tonic::Code::Cancelled as i32);
        self.metrics.count_call(self.method, code, self.started.elapsed());
    }
}

/// The call, with the guard that counts it.
pub struct CountedFuture<F> {
    inner: std::pin::Pin<Box<F>>,
    guard: InFlight,
}

impl<F, R, E> Future for CountedFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<R>, E>;

    fn poll(mut self: std::pin::Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answered = std::task::ready!(self.inner.as_mut().poll(context));
        self.guard.code = Some(match &answered {
            Ok(response) => status_code(response),
            Err(_) => tonic::Code::Unknown as i32,
        });
        Poll::Ready(answered)
    }
}

/// A refusal carries its status in the head; an answer that streams well carries it in the trailers.
fn status_code<R>(response: &Response<R>) -> i32 {
    response
        .headers()
        .get("grpc-status")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse().ok())
        .unwrap_or(tonic::Code::Ok as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_what_was_counted_and_no_foreign_label() {
        let metrics = Metrics::new();
        let line = |track: pb::Track| pb::Line { track: track.into(), ..pb::Line::default() };
        let finding =
            pb::Finding { reason: pb::FindingReason::MissingStopTime.into(), ..pb::Finding::default() };
        let lines = [line(pb::Track::Administration), line(pb::Track::Drug), line(pb::Track::Drug)];
        metrics.count_answer(&lines, &[finding]);
        metrics.count_refresh("updated");
        metrics.show_release("2025-10", Some(1_700_000_000), 1);
        metrics.count_call(method_label("/evil\"} 1"), 0, Duration::from_millis(1));
        let page = metrics.text();
        for expected in [
            "infusion_coder_lines_total{track=\"drug\"} 2",
            "infusion_coder_findings_total{reason=\"MISSING_STOP_TIME\"} 1",
            "infusion_coder_catalog_quarters_behind 1",
            "infusion_coder_catalog_release{release=\"2025-10\"} 1",
            "infusion_coder_calls_total{method=\"other\",code=\"0\"} 1",
        ] {
            assert!(page.contains(expected), "{expected} is not in\n{page}");
        }
        assert!(!page.contains("evil"));
    }
}
