//! A span for every call: its method, its status and, where the caller sent a `traceparent`, its place in
//! the caller's trace. Nothing of a request's body, and no path that is not published.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{HeaderMap, Request, Response};
use http_body::{Frame, SizeHint};
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::{Code, Status};
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::counted::Method;

/// A layer that gives every call its span.
#[derive(Debug, Clone, Copy)]
pub struct TraceLayer;

impl<S> tower::Layer<S> for TraceLayer {
    type Service = Traced<S>;

    fn layer(&self, inner: S) -> Traced<S> {
        Traced { inner }
    }
}

/// The service of [`TraceLayer`].
#[derive(Clone)]
pub struct Traced<S> {
    inner: S,
}

impl<S, B> tower::Service<Request<B>> for Traced<S>
where
    S: tower::Service<Request<B>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = TracedFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let span = span_of(&request);
        let inner = span.in_scope(|| self.inner.call(request));
        TracedFuture { inner: Box::pin(inner), span }
    }
}

/// The call within its span.
pub struct TracedFuture<F> {
    inner: Pin<Box<F>>,
    span: Span,
}

impl<F, E> Future for TracedFuture<F>
where
    F: Future<Output = Result<Response<Body>, E>>,
{
    type Output = Result<Response<Body>, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let answered = ready!(this.span.in_scope(|| this.inner.as_mut().poll(context)));
        let span = this.span.clone();
        Poll::Ready(answered.map(|response| {
            record(&span, response.headers());
            response.map(|body| Body::new(TracedBody { body, span }))
        }))
    }
}

/// The body of an answer; the span ends with it, since a stream tells its status last.
struct TracedBody {
    body: Body,
    span: Span,
}

impl http_body::Body for TracedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        let frame = ready!(this.span.in_scope(|| Pin::new(&mut this.body).poll_frame(context)));
        if let Some(Ok(frame)) = &frame
            && let Some(trailers) = frame.trailers_ref()
        {
            record(&this.span, trailers);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A span at the level of details, so that the log keeps its lines as they are.
fn span_of<B>(request: &Request<B>) -> Span {
    let path = Method::of(request.uri().path()).path().map(|path| path.trim_start_matches('/'));
    let (service, method) = path.and_then(|path| path.rsplit_once('/')).unwrap_or(("other", "other"));
    let span = tracing::debug_span!(
        "call",
        otel.name = path.unwrap_or("other"),
        otel.kind = "server",
        otel.status_code = Empty,
        rpc.system = "grpc",
        rpc.service = service,
        rpc.method = method,
        rpc.grpc.status_code = Empty,
    );
    if !span.is_disabled() {
        let parent = TraceContextPropagator::new().extract(&Headers(request.headers()));
        // Without a collector nothing keeps spans, and a parent has no meaning.
        let _ = span.set_parent(parent);
    }
    span
}

/// Notes the status where these headers or trailers carry it; a fault of the service marks the span.
fn record(span: &Span, headers: &HeaderMap) {
    let Some(status) = Status::from_header_map(headers) else { return };
    span.record("rpc.grpc.status_code", status.code() as i32);
    let at_fault = [
        Code::Unknown,
        Code::DeadlineExceeded,
        Code::Unimplemented,
        Code::Internal,
        Code::Unavailable,
        Code::DataLoss,
    ];
    if at_fault.contains(&status.code()) {
        span.record("otel.status_code", "ERROR");
    }
}

/// The headers of a call, as OpenTelemetry reads them.
struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}
