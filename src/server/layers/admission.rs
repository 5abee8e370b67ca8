//! Lets in as many calls as can be answered well, and turns the others away at once.
//!
//! A call takes its place when the first bytes of its body come, so that callers who are slow to send keep no
//! place from those who are ready. One that comes when all places are taken gets RESOURCE_EXHAUSTED before its
//! body is read, so that memory and the time of the calls let in stay flat under any load. One whose deadline
//! passed while it waited for a core gets DEADLINE_EXCEEDED, because nobody reads its answer any more. Health
//! needs no place: it answers throughout.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::{Request, Response};
use http_body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;

/// Services that answer however busy the server is.
const ALWAYS_OPEN: &[&str] = &["/grpc.health.v1.Health/"];

/// A layer that bounds the calls in flight on all connections together.
#[derive(Clone)]
pub struct AdmissionLayer {
    places: Arc<Semaphore>,
    limit: usize,
}

impl AdmissionLayer {
    /// A layer that lets `limit` calls in at once.
    pub fn new(limit: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(limit)), limit }
    }
}

impl<S> tower::Layer<S> for AdmissionLayer {
    type Service = Admission<S>;

    fn layer(&self, inner: S) -> Admission<S> {
        Admission { inner, layer: self.clone() }
    }
}

/// The service of [`AdmissionLayer`].
#[derive(Clone)]
pub struct Admission<S> {
    inner: S,
    layer: AdmissionLayer,
}

impl<S> tower::Service<Request<Body>> for Admission<S>
where
    S: tower::Service<Request<Body>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = AdmissionFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let path = request.uri().path();
        let needs_place = !ALWAYS_OPEN.iter().any(|service| path.starts_with(service));
        let AdmissionLayer { places, limit } = &self.layer;
        if needs_place && places.available_permits() == 0 {
            return AdmissionFuture::Refused(exhausted(*limit));
        }
        let deadline = grpc_timeout(&request).map(|timeout| (Instant::now(), timeout));
        let place = Place::default();
        let places = needs_place.then(|| places.clone());
        let mut entry = Some(Entry { places, limit: *limit, deadline, place: place.clone() });
        let begins_now = request.extensions().get::<ReadAhead>().is_some();
        let entered = entry.take_if(|_| begins_now).map_or_else(|| in_time(deadline), Entry::enter);
        if let Err(status) = entered {
            return AdmissionFuture::Refused(status);
        }
        let request = request.map(|body| Body::new(Entering { body, entry }));
        AdmissionFuture::LetIn { inner: Box::pin(self.inner.call(request)), place }
    }
}

/// The call that was let in, or the refusal.
pub enum AdmissionFuture<F> {
    LetIn { inner: Pin<Box<F>>, place: Place },
    Refused(Status),
}

impl<F, E> Future for AdmissionFuture<F>
where
    F: Future<Output = Result<Response<Body>, E>>,
{
    type Output = Result<Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Refused(status) => Poll::Ready(Ok(status.clone().into_http())),
            Self::LetIn { inner, place } => {
                let answered = std::task::ready!(inner.as_mut().poll(context));
                let place = std::mem::take(place);
                Poll::Ready(answered.map(|mut response| {
                    if let Some((_, begun)) = place.get() {
                        response.extensions_mut().insert(Begun(*begun));
                    }
                    response.map(|body| Body::new(Admitted { body, _place: place }))
                }))
            }
        }
    }
}

/// In the extensions of a request: its body is read whole before any of it comes here, so that the call takes its
/// place at once.
#[derive(Debug, Clone, Copy)]
pub struct ReadAhead;

/// In the extensions of a response: when the call had its place and the work on it could begin.
#[derive(Debug, Clone, Copy)]
pub struct Begun(pub Instant);

/// The place that a call has once its body comes, and since when.
type Place = Arc<OnceLock<(Option<OwnedSemaphorePermit>, Instant)>>;

/// What a call needs to take its place.
struct Entry {
    /// Nothing where the call needs none.
    places: Option<Arc<Semaphore>>,
    limit: usize,
    /// When the call came, and how long its caller waits.
    deadline: Option<(Instant, Duration)>,
    place: Place,
}

impl Entry {
    fn enter(self) -> Result<(), Status> {
        in_time(self.deadline)?;
        let taken = self.places.map(|places| places.try_acquire_owned()).transpose();
        let permit = taken.map_err(|_| exhausted(self.limit))?;
        // A body has one beginning, so nothing is there yet.
        let _ = self.place.set((permit, Instant::now()));
        Ok(())
    }
}

fn exhausted(limit: usize) -> Status {
    Status::resource_exhausted(format!("the server answers {limit} calls at once already: try again later"))
}

fn in_time(deadline: Option<(Instant, Duration)>) -> Result<(), Status> {
    if deadline.is_some_and(|(came, timeout)| came.elapsed() >= timeout) {
        return Err(Status::deadline_exceeded("the deadline passed before work could begin"));
    }
    Ok(())
}

/// The body of a request, which takes the place of its call when it begins.
struct Entering {
    body: Body,
    entry: Option<Entry>,
}

impl http_body::Body for Entering {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(context));
        match self.entry.take().map_or(Ok(()), Entry::enter) {
            Ok(()) => Poll::Ready(frame),
            Err(refused) => {
                self.body = Body::empty();
                Poll::Ready(Some(Err(refused)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer; the call's place is free again when it is sent or dropped.
struct Admitted {
    body: Body,
    _place: Place,
}

impl http_body::Body for Admitted {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// How long the caller waits, by the header that gRPC defines; nothing where it says nothing readable.
fn grpc_timeout<B>(request: &Request<B>) -> Option<Duration> {
    let text = request.headers().get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let amount: u64 = digits.parse().ok()?;
    const SECONDS_PER_MINUTE: u64 = 60;
    const SECONDS_PER_HOUR: u64 = 3_600;
    match unit {
        "H" => Some(Duration::from_secs(amount.saturating_mul(SECONDS_PER_HOUR))),
        "M" => Some(Duration::from_secs(amount.saturating_mul(SECONDS_PER_MINUTE))),
        "S" => Some(Duration::from_secs(amount)),
        "m" => Some(Duration::from_millis(amount)),
        "u" => Some(Duration::from_micros(amount)),
        "n" => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http_body_util::{BodyExt, Full, StreamBody};
    use tokio_stream::wrappers::ReceiverStream;
    use tower::{Layer, Service, ServiceExt, service_fn};

    use super::*;

    const CODE: &str = "/infusion.coding.v1.CodingService/CodeEncounter";

    fn call(path: &str, timeout: Option<&str>) -> Request<Body> {
        let mut request = Request::builder().uri(path);
        if let Some(timeout) = timeout {
            request = request.header("grpc-timeout", timeout);
        }
        request.body(Body::new("asked".to_owned())).expect("a request")
    }

    fn status<R>(response: &Response<R>) -> Option<&str> {
        response.headers().get("grpc-status").and_then(|value| value.to_str().ok())
    }

    /// Reads what is asked, and sends it back.
    async fn echo(request: Request<Body>) -> Result<Response<Body>, Infallible> {
        let read = request.into_body().collect().await;
        Ok(read.map_or_else(Status::into_http, |read| Response::new(Body::new(Full::new(read.to_bytes())))))
    }

    #[tokio::test]
    async fn a_call_takes_its_place_when_its_body_comes() {
        let mut service = AdmissionLayer::new(1).layer(service_fn(echo));
        let (sender, body) = tokio::sync::mpsc::channel(1);
        let slow = call(CODE, None).map(|_| Body::new(StreamBody::new(ReceiverStream::new(body))));
        let slow = service.call(slow);
        let quick = service.call(call(CODE, None)).await.expect("an answer");
        assert_eq!(status(&quick), None, "a body that has not come holds no place");
        assert!(quick.extensions().get::<Begun>().is_some());
        let frame: Result<_, Status> = Ok(Frame::data(Bytes::from_static(b"late")));
        sender.send(frame).await.expect("a reader");
        drop(sender);
        assert_eq!(status(&slow.await.expect("an answer")), Some("8"), "the place is taken meanwhile");
    }

    #[tokio::test]
    async fn a_place_is_held_until_the_answer_is_sent_and_health_needs_none() {
        let mut service = AdmissionLayer::new(1).layer(service_fn(echo));
        let mut made = async |path| {
            let service = service.ready().await.expect("ready");
            service.call(call(path, None)).await.expect("an answer")
        };
        let first = made(CODE).await;
        let second = made(CODE).await;
        assert_eq!((status(&first), status(&second)), (None, Some("8")));
        assert_eq!(status(&made("/grpc.health.v1.Health/Check").await), None);
        drop(first);
        assert_eq!(status(&made(CODE).await), None);
    }

    #[tokio::test]
    async fn a_call_whose_deadline_has_passed_is_not_begun() {
        let begun = |_: Request<Body>| async { panic!("work on it began") };
        let begun = service_fn(begun)
            .map_result(|done: Result<(), Infallible>| done.map(|()| Response::new(Body::empty())));
        let service = AdmissionLayer::new(1).layer(begun);
        let answer = service.oneshot(call(CODE, Some("0m"))).await.expect("an answer");
        assert_eq!(status(&answer), Some("4"));
    }

    #[test]
    fn deadlines_are_read_in_every_unit() {
        let read = |text| grpc_timeout(&call(CODE, Some(text)));
        assert_eq!(read("2H"), Some(Duration::from_secs(7_200)));
        assert_eq!(read("250m"), Some(Duration::from_millis(250)));
        assert_eq!(read("7u"), Some(Duration::from_micros(7)));
        for unreadable in ["", "m", "7", "7x", "-7m", "é"] {
            assert_eq!(grpc_timeout(&call(CODE, None).map(drop)), None);
            if let Ok(value) = http::HeaderValue::from_str(unreadable) {
                let mut request = call(CODE, None);
                request.headers_mut().insert("grpc-timeout", value);
                assert_eq!(grpc_timeout(&request), None, "{unreadable}");
            }
        }
    }
}
