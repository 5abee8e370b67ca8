//! What is counted: calls, latencies, lines, findings, the catalog's release and age, refreshes.
//!
//! Every figure is an atomic; nothing of a request body is in a label.

use std::hash::Hash;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use super::counted::{METHODS, Method};
use crate::domain::claim::Track;
use crate::domain::finding::Reason;
use crate::engine::CodingResult;
use crate::updater::desk::Tally;
use crate::updater::refresh::{Outcome, Step};
use crate::updater::settings::FeedId;

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
struct ClosedLabel {
    reason: &'static str,
}

/// Why the service closed a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// Its caller did not begin in time.
    Slow,
    /// It had no call for long.
    Idle,
    /// Its caller left an answer untaken.
    Untaken,
    /// It made room for another.
    Crowded,
}

impl Closed {
    const ALL: [Self; 4] = [Self::Slow, Self::Idle, Self::Untaken, Self::Crowded];

    const fn label(self) -> ClosedLabel {
        let reason = match self {
            Self::Slow => "slow",
            Self::Idle => "idle",
            Self::Untaken => "untaken",
            Self::Crowded => "crowded",
        };
        ClosedLabel { reason }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FeedLabel {
    feed: &'static str,
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
    kept: Kept,
    calls: Family<CallLabels, Counter>,
    latency: Family<MethodLabel, Histogram, LatencyBuckets>,
    in_flight: Gauge,
    connections: Gauge,
    closed: Family<ClosedLabel, Counter>,
    lines: Family<TrackLabel, Counter>,
    findings: Family<ReasonLabel, Counter>,
    refreshes: Family<OutcomeLabel, Counter>,
    missed: Family<FeedLabel, Counter>,
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
            connections: Gauge::default(),
            closed: Family::default(),
            lines: Family::default(),
            findings: Family::default(),
            refreshes: Family::default(),
            missed: Family::default(),
            refresh_steps: Family::new_with_constructor(StepBuckets),
            release: Family::default(),
            quarters_behind: Gauge::default(),
            loaded_seconds: Gauge::default(),
            serving: Gauge::default(),
            registry: Registry::default(),
            kept: Kept::default(),
        };
        registry.register("calls", "Calls by method and gRPC status code", metrics.calls.clone());
        registry.register(
            "call_seconds",
            "Time from the first bytes of the request to the head of the answer, of the calls that were let in",
            metrics.latency.clone(),
        );
        registry.register("calls_in_flight", "Calls being answered now", metrics.in_flight.clone());
        registry.register("connections", "Connections that are open now", metrics.connections.clone());
        registry.register(
            "connections_closed",
            "Connections that the service closed, by reason",
            metrics.closed.clone(),
        );
        registry.register("lines", "Claim lines answered, by track", metrics.lines.clone());
        registry.register("findings", "Findings answered, by reason", metrics.findings.clone());
        registry.register("refreshes", "Catalog refreshes by outcome", metrics.refreshes.clone());
        registry.register(
            "feeds_not_refreshed",
            "Tables beside the codes that a refresh could not bring to what is published",
            metrics.missed.clone(),
        );
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
        metrics.begin_alerts();
        Arc::new(Self { registry, ..metrics })
    }

    /// Shows what alerts watch for from the start, as 0: of a counter that appears with its first event nobody can
    /// tell that it grew.
    fn begin_alerts(&self) {
        let methods = METHODS.iter().map(|path| Method::of(path)).chain([Method::of("")]);
        for method in methods {
            for code in [tonic::Code::ResourceExhausted, tonic::Code::Internal] {
                let label = CallLabels { method: method.label(), code: code as i32 };
                drop(self.calls.get_or_create(&label));
            }
        }
        for outcome in Outcome::ALL {
            drop(self.refreshes.get_or_create(&OutcomeLabel { outcome: outcome.name() }));
        }
        for feed in FeedId::ALL {
            drop(self.missed.get_or_create(&FeedLabel { feed: feed.name() }));
        }
        for reason in Closed::ALL {
            drop(self.closed.get_or_create(&reason.label()));
        }
    }

    /// The figures in the OpenMetrics text format.
    pub fn text(&self) -> String {
        let mut page = String::new();
        // Writing into a String cannot fail; an encoder's fault leaves a short page, never a wrong one.
        let _ = text::encode(&mut page, &self.registry);
        page
    }

    /// Counts the lines of an answer by track, and its findings by reason.
    pub fn count_answer(&self, answer: &CodingResult) {
        let drug = answer.lines.iter().filter(|line| line.track == Track::Drug).count();
        let administration = answer.lines.len() - drug;
        let counts = [("drug", drug), ("administration", administration)];
        for (place, (track, count)) in self.kept.lines.iter().zip(counts) {
            kept(place, &self.lines, || TrackLabel { track }).inc_by(count as u64);
        }
        for finding in &answer.findings {
            let place = &self.kept.findings[finding.reason as usize];
            kept(place, &self.findings, || ReasonLabel { reason: finding.reason.as_str() }).inc();
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

    /// Counts a connection among those that are open.
    pub fn open_connection(&self) {
        self.connections.inc();
    }

    /// Counts it no more.
    pub fn end_connection(&self) {
        self.connections.dec();
    }

    /// Counts a connection that the service closes.
    pub fn close_connection(&self, reason: Closed) {
        self.closed.get_or_create(&reason.label()).inc();
    }

    /// Counts a call among those in flight.
    pub(super) fn begin_call(&self) {
        self.in_flight.inc();
    }

    /// Counts a call that ended, by its method and status, with the time it took.
    pub(super) fn end_call(&self, method: Method, code: i32, elapsed: Duration) {
        let label = || CallLabels { method: method.label(), code };
        self.in_flight.dec();
        let known = usize::try_from(code).ok().and_then(|code| self.kept.calls[method.place].get(code));
        match known {
            Some(place) => drop(kept(place, &self.calls, label).inc()),
            None => drop(self.calls.get_or_create(&label()).inc()),
        }
        // What is turned away at once would hide how long the others take.
        if code == tonic::Code::ResourceExhausted as i32 {
            return;
        }
        let latency =
            kept(&self.kept.latency[method.place], &self.latency, || MethodLabel { method: method.label() });
        latency.observe(elapsed.as_secs_f64());
    }
}

/// Counters that every call needs, found once by their labels: finding one takes a lock and hashes the labels.
struct Kept {
    /// Of drug lines, then of administration lines.
    lines: [OnceLock<Counter>; 2],
    findings: [OnceLock<Counter>; Reason::ALL.len()],
    /// By method and status.
    calls: [[OnceLock<Counter>; STATUSES]; METHOD_LABELS],
    latency: [OnceLock<Histogram>; METHOD_LABELS],
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            lines: [const { OnceLock::new() }; 2],
            findings: [const { OnceLock::new() }; Reason::ALL.len()],
            calls: [const { [const { OnceLock::new() }; STATUSES] }; METHOD_LABELS],
            latency: [const { OnceLock::new() }; METHOD_LABELS],
        }
    }
}

/// Statuses that gRPC defines.
const STATUSES: usize = 17;
/// The published methods, and `other`.
const METHOD_LABELS: usize = METHODS.len() + 1;

fn kept<'a, L, M, C>(place: &'a OnceLock<M>, family: &Family<L, M, C>, label: impl FnOnce() -> L) -> &'a M
where
    L: Clone + Hash + Eq,
    M: Clone,
    C: MetricConstructor<M>,
{
    place.get_or_init(|| family.get_or_create(&label()).clone())
}

impl Tally for Metrics {
    fn step(&self, step: Step, elapsed: Duration) {
        self.observe_step(step.name(), elapsed);
    }

    fn ended(&self, outcome: Outcome) {
        self.count_refresh(outcome.name());
    }

    fn missed(&self, feed: FeedId) {
        self.missed.get_or_create(&FeedLabel { feed: feed.name() }).inc();
    }
}

#[cfg(test)]
mod tests;
