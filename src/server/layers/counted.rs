//! Counts every call with its method, its status and its time.
//!
//! The time runs from when a call has its place, because what a caller takes to send is no time of the service.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::{HeaderMap, Request, Response};
use http_body::{Frame, SizeHint};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;

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

/// Whether a call of this path stays open for more than one message.
pub(super) fn is_stream(path: &str) -> bool {
    path.ends_with("/StreamCodeEncounters") || path.ends_with("/WatchRefresh")
}

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

impl<S, B> tower::Service<Request<B>> for Counted<S>
where
    S: tower::Service<Request<B>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = CountedFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let path = request.uri().path();
        let (method, is_stream) = (Method::of(path), is_stream(path));
        self.metrics.begin_call();
        let (metrics, started) = (self.metrics.clone(), Instant::now());
        let guard = InFlight { metrics, method, started, took: None, code: None };
        CountedFuture { inner: Box::pin(self.inner.call(request)), is_stream, guard: Some(guard) }
    }
}

/// Counts the call when it ends, also when the caller goes away and the future is dropped.
struct InFlight {
    metrics: Arc<Metrics>,
    method: Method,
    started: Instant,
    /// The time to the head of the answer, once that is there.
    took: Option<Duration>,
    code: Option<i32>,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let code = self.code.unwrap_or(tonic::Code::Cancelled as i32);
        let took = self.took.unwrap_or_else(|| self.started.elapsed());
        self.metrics.end_call(self.method, code, took);
    }
}

/// The call, with the guard that counts it.
pub struct CountedFuture<F> {
    inner: Pin<Box<F>>,
    is_stream: bool,
    /// Nothing once the body of a stream has it.
    guard: Option<InFlight>,
}

impl<F, E> Future for CountedFuture<F>
where
    F: Future<Output = Result<Response<Body>, E>>,
{
    type Output = Result<Response<Body>, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answered = std::task::ready!(self.inner.as_mut().poll(context));
        let Some(mut guard) = self.guard.take() else { return Poll::Ready(answered) };
        if let Some(Begun(begun)) = answered.as_ref().ok().and_then(|answer| answer.extensions().get()) {
            guard.started = *begun;
        }
        let code = match &answered {
            Ok(response) => status_code(response.headers()),
            Err(_) => Some(tonic::Code::Unknown as i32),
        };
        guard.took = Some(guard.started.elapsed());
        if self.is_stream && code.is_none() {
            // How a stream ends is known when it does.
            return Poll::Ready(
                answered.map(|response| response.map(|body| Body::new(Counting { body, guard }))),
            );
        }
        guard.code = code.or(Some(tonic::Code::Ok as i32));
        Poll::Ready(answered)
    }
}

/// A refusal carries its status in the head; an answer that streams carries it in the trailers.
fn status_code(headers: &HeaderMap) -> Option<i32> {
    headers.get("grpc-status")?.to_str().ok()?.parse().ok()
}

/// The answers of a stream, which is counted when they end.
struct Counting {
    body: Body,
    guard: InFlight,
}

impl http_body::Body for Counting {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = std::task::ready!(Pin::new(&mut self.body).poll_frame(context));
        match &polled {
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_ref() {
                    self.guard.code = status_code(trailers);
                }
            }
            Some(Err(status)) => self.guard.code = Some(status.code() as i32),
            None => {}
        }
        Poll::Ready(polled)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http_body_util::{BodyExt, StreamBody};
    use tower::{Layer, ServiceExt, service_fn};

    use super::*;

    const STREAM: &str = "/infusion.coding.v1.CodingService/StreamCodeEncounters";

    /// The answer of a stream that ends with a status.
    async fn stream_ending_with(code: &'static str, metrics: &Arc<Metrics>) -> Response<Body> {
        let service =
            MetricsLayer::new(metrics.clone()).layer(service_fn(move |_: Request<Body>| async move {
                let mut trailers = HeaderMap::new();
                trailers.insert("grpc-status", http::HeaderValue::from_static(code));
                let frames = [Frame::data(Bytes::from_static(b"item")), Frame::trailers(trailers)];
                let frames = tokio_stream::iter(frames.map(Ok::<_, Status>));
                Ok::<_, Infallible>(Response::new(Body::new(StreamBody::new(frames))))
            }));
        let request = Request::builder().uri(STREAM).body(Body::empty()).expect("a request");
        service.oneshot(request).await.expect("an answer")
    }

    #[tokio::test]
    async fn a_stream_is_counted_by_how_it_ends() {
        let metrics = Metrics::new();
        let ended = stream_ending_with("4", &metrics).await;
        assert!(metrics.text().contains("infusion_coder_calls_in_flight 1"));
        ended.into_body().collect().await.expect("the frames");
        drop(stream_ending_with("0", &metrics).await);
        let page = metrics.text();
        for (code, count) in [("4", 1), ("1", 1)] {
            let series = format!(
                r#"infusion_coder_calls_total{{method="StreamCodeEncounters",code="{code}"}} {count}"#
            );
            assert!(page.contains(&series), "{series} is not in\n{page}");
        }
        assert!(page.contains("infusion_coder_calls_in_flight 0"));
    }
}
