//! Lets in as many calls as can be answered well, and turns the others away at once.
//!
//! A call is let in if there is a place and those before it are answered soon, and it begins in its turn.
//! It takes its place when the first bytes of its body come, so that callers who are slow to send keep no
//! place from those who are ready. One that comes when all places are taken gets RESOURCE_EXHAUSTED and its
//! body is dropped as it comes, so that memory and the time of the calls let in stay flat under any load. One whose deadline
//! passed while it waited for a core gets DEADLINE_EXCEEDED, because nobody reads its answer any more. Health
//! needs no place: it answers throughout. Streams stay open for long, so they have some of the places and never
//! all; and what strangers may ask has a few of its own.

mod answer;
mod entry;
mod turn;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use http::{Request, Response};
use http_body::Body as _;
use tokio::sync::Semaphore;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;

pub use answer::{Kept, Room as AnswerRoom};

use entry::{Entering, Entry, Place, Taken, in_time};

use super::deadline::grpc_timeout;
use turn::{InLine, Turns, Work};

use super::counted::is_stream;
use crate::server::lines::OpenCall;
use crate::server::listen::Peer;
use crate::server::refusal::overloaded;

/// The service that answers however busy the server is.
const ALWAYS_OPEN: &str = "/grpc.health.v1.Health/";
/// Services that ask for no role, and whose calls last as long as their callers like.
const FOR_STRANGERS: &str = "/grpc.reflection.";
/// Calls of those services that are answered at once.
const STRANGERS: usize = 16;
/// Bytes of a refused body that are waited for before its caller is told.
const PASSED_OVER_MAX_BYTES: usize = 64 * 1024;

/// A layer that bounds the calls in flight on all connections together.
#[derive(Clone)]
pub struct AdmissionLayer {
    rooms: Arc<Rooms>,
}

/// The places there are.
struct Rooms {
    calls: Room,
    /// A stream takes one of these as well.
    streams: Room,
    strangers: Room,
    turns: Arc<Turns>,
}

struct Room {
    places: Arc<Semaphore>,
    /// What is said where no place is left, made once: many calls may be turned away.
    full: Status,
}

/// Which places a call takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Call,
    Stream,
    Stranger,
    /// None.
    Health,
}

impl Kind {
    fn of(path: &str) -> Self {
        if path.starts_with(ALWAYS_OPEN) {
            Self::Health
        } else if path.starts_with(FOR_STRANGERS) {
            Self::Stranger
        } else if is_stream(path) {
            Self::Stream
        } else {
            Self::Call
        }
    }
}

impl Room {
    /// So many places for what is named in the plural and stands under a limit.
    fn new(limit: usize, what: &'static str, key: &'static str) -> Self {
        let what = if limit == 1 { what.strip_suffix('s').unwrap_or(what) } else { what };
        let full = format!("the server answers {limit} {what} at once already{key}: try again later");
        Self { places: Arc::new(Semaphore::new(limit.min(Semaphore::MAX_PERMITS))), full: overloaded(full) }
    }

    fn exhausted(&self) -> Status {
        self.full.clone()
    }
}

impl Rooms {
    /// Where a call takes its places.
    fn of(&self, kind: Kind) -> [Option<&Room>; 2] {
        match kind {
            Kind::Call => [Some(&self.calls), None],
            Kind::Stream => [Some(&self.calls), Some(&self.streams)],
            Kind::Stranger => [Some(&self.strangers), None],
            Kind::Health => [None, None],
        }
    }

    /// Lets a call in, or names the room without a place for it. Who is asked for little stands in no line.
    fn let_in(&self, kind: Kind) -> Result<Option<InLine>, &Room> {
        let full = |room: &&Room| room.places.available_permits() == 0;
        let full = self.of(kind).into_iter().flatten().find(full);
        if matches!(kind, Kind::Call | Kind::Stream) {
            let in_line = self.turns.let_in(Instant::now(), full.is_none());
            return in_line.map(Some).ok_or(full.unwrap_or(&self.calls));
        }
        full.map_or(Ok(None), Err)
    }
}

impl AdmissionLayer {
    /// A layer that lets `calls` in at once, and among them so many streams, to be answered by so many threads.
    pub fn new(calls: usize, streams: usize, threads: usize) -> Self {
        let rooms = Rooms {
            calls: Room::new(calls, "calls", " (limit-in-flight)"),
            streams: Room::new(streams, "streams", " (limit-open-streams)"),
            strangers: Room::new(STRANGERS, "calls of that service", ""),
            turns: Turns::new(calls, threads),
        };
        Self { rooms: Arc::new(rooms) }
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
        let (rooms, kind) = (&self.layer.rooms, Kind::of(request.uri().path()));
        let begins_now = request.extensions().get::<ReadAhead>().is_some();
        // A stream may go on for long, so nobody waits for its end; what is read ahead has come.
        let is_awaited = !begins_now && kind == Kind::Call;
        let refused = |status, body| AdmissionFuture::Refused {
            status,
            body: (!begins_now).then(|| PassedOver { body, is_awaited, passed: 0 }),
        };
        let in_line = match rooms.let_in(kind) {
            Ok(in_line) => in_line,
            Err(room) => return refused(room.exhausted(), request.into_body()),
        };
        let deadline = grpc_timeout(&request).map(|timeout| (Instant::now(), timeout));
        // Who may call keeps the connection open by it; a stranger does not.
        let called = matches!(kind, Kind::Call | Kind::Stream);
        let line = request.extensions().get::<Peer>().filter(|_| called).map(|peer| peer.line.clone());
        let place = Place::default();
        let mut entry = Some(Entry { rooms: rooms.clone(), kind, line, deadline, place: place.clone() });
        let entered = entry.take_if(|_| begins_now).map_or_else(|| in_time(deadline), Entry::enter);
        if let Err(status) = entered {
            return refused(status, request.into_body());
        }
        let (is_stream, kept) = (kind == Kind::Stream, place.clone());
        let entering = |body| Entering { body, entry, in_line, is_stream, end: None, place: kept, deadline };
        let request = request.map(|body| Body::new(entering(body)));
        AdmissionFuture::LetIn { inner: Box::pin(self.inner.call(request)), place, is_read_ahead: begins_now }
    }
}

/// The call that was let in, or the refusal.
pub enum AdmissionFuture<F> {
    LetIn {
        inner: Pin<Box<F>>,
        place: Place,
        is_read_ahead: bool,
    },
    Refused {
        status: Status,
        /// The body, where it was not read before.
        body: Option<PassedOver>,
    },
}

impl<F, E> Future for AdmissionFuture<F>
where
    F: Future<Output = Result<Response<Body>, E>>,
{
    type Output = Result<Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Refused { status, body } => {
                if let Some(body) = body {
                    std::task::ready!(body.poll_passed(context));
                }
                Poll::Ready(Ok(status.clone().into_http()))
            }
            Self::LetIn { inner, place, is_read_ahead } => {
                let answered = std::task::ready!(inner.as_mut().poll(context));
                let place = std::mem::take(place);
                Poll::Ready(answered.map(|mut response| {
                    if let Some(taken) = place.get() {
                        taken.call.iter().for_each(OpenCall::offer);
                        taken.work.get().into_iter().for_each(Work::end);
                        response.extensions_mut().insert(Begun(taken.since));
                    }
                    answer::keeping(response, place, *is_read_ahead)
                }))
            }
        }
    }
}

/// The body of a call that was turned away.
///
/// A stream of HTTP/2 whose body came whole ends with its answer. Any other has to be reset, and while the reset
/// waits to be sent, a caller who believes that the stream has ended has its next call refused as one too many.
pub struct PassedOver {
    body: Body,
    /// Its end is waited for, unless it is long.
    is_awaited: bool,
    /// Bytes that came.
    passed: usize,
}

impl PassedOver {
    /// Drops what comes of the body; ready when it needs no further look.
    fn poll_passed(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while self.passed <= PASSED_OVER_MAX_BYTES {
            match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => self.passed += frame.data_ref().map_or(0, Bytes::len),
                Poll::Ready(_) => break,
                Poll::Pending if self.is_awaited => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        Poll::Ready(())
    }
}

/// In the extensions of a request: its body is read whole before any of it comes here, so that the call takes its
/// place at once.
#[derive(Debug, Clone, Copy)]
pub struct ReadAhead;

/// In the extensions of a response: when the call had its place and the work on it could begin.
#[derive(Debug, Clone, Copy)]
pub struct Begun(pub Instant);

#[cfg(test)]
mod tests;
