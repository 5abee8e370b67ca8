//! Counts every call with its method, its status and its time.
//!
//! The time runs from when a call has its place, because what a caller takes to send is no time of the service.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use http::{Request, Response};

use super::admission::Begun;
use super::metrics::Metrics;

/// The published methods; any other path is counted as `other`, so that a caller cannot mint labels.
pub(super) const METHODS: &[&str] = &[
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

/// A published method, or any other path.
#[derive(Debug, Clone, Copy)]
pub(super) struct Method {
    /// Its place among the methods; behind the last for any other path.
    pub(super) place: usize,
}

impl Method {
    pub(super) fn of(path: &str) -> Self {
        Self { place: METHODS.iter().position(|method| *method == path).unwrap_or(METHODS.len()) }
    }

    /// The path; nothing where it is not published.
    pub(super) fn path(self) -> Option<&'static str> {
        METHODS.get(self.place).copied()
    }

    pub(super) fn label(self) -> &'static str {
        self.path().and_then(|path| path.rsplit('/').next()).unwrap_or("other")
    }
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
        let method = Method::of(request.uri().path());
        self.metrics.begin_call();
        let guard = InFlight { metrics: self.metrics.clone(), method, started: Instant::now(), code: None };
        CountedFuture { inner: Box::pin(self.inner.call(request)), guard }
    }
}

/// Counts the call when it ends, also when the caller goes away and the future is dropped.
struct InFlight {
    metrics: Arc<Metrics>,
    method: Method,
    started: Instant,
    code: Option<i32>,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let code = self.code.unwrap_or(tonic::Code::Cancelled as i32);
        self.metrics.end_call(self.method, code, self.started.elapsed());
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
        if let Some(Begun(begun)) = answered.as_ref().ok().and_then(|answer| answer.extensions().get()) {
            self.guard.started = *begun;
        }
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
