//! How a call that was let in takes its place, and when the work on it may begin.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use http_body::{Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;

use super::turn::{InLine, Work};
use super::{Kind, PassedOver, Rooms};
use crate::server::lines::{Line, OpenCall};

/// The place that a call has once its body comes.
pub(super) type Place = Arc<OnceLock<Taken>>;

/// When a call came, and how long its caller waits.
pub(super) type Deadline = Option<(Instant, Duration)>;

/// What a body yields next.
pub(super) type Next = Option<Result<Frame<Bytes>, Status>>;

/// A place that is taken.
pub struct Taken {
    _permits: [Option<OwnedSemaphorePermit>; 2],
    pub(super) since: Instant,
    /// The work on a call that has waited in line for it.
    pub(super) work: OnceLock<Work>,
    pub(super) call: Option<OpenCall>,
}

/// What a call needs to take its place.
pub(super) struct Entry {
    pub rooms: Arc<Rooms>,
    pub kind: Kind,
    /// The connection, where the call keeps it open.
    pub line: Option<Arc<Line>>,
    pub deadline: Deadline,
    pub place: Place,
}

impl Entry {
    pub fn enter(self) -> Result<(), Status> {
        in_time(self.deadline)?;
        let mut permits = [None, None];
        for (permit, room) in permits.iter_mut().zip(self.rooms.of(self.kind)) {
            let Some(room) = room else { continue };
            *permit = Some(room.places.clone().try_acquire_owned().map_err(|_| room.exhausted())?);
        }
        let call = self.line.map(|line| line.open_call());
        // A body has one beginning, so nothing is there yet.
        let _ =
            self.place.set(Taken { _permits: permits, since: Instant::now(), work: OnceLock::new(), call });
        Ok(())
    }
}

pub(super) fn in_time(deadline: Deadline) -> Result<(), Status> {
    if deadline.is_some_and(|(came, timeout)| came.elapsed() >= timeout) {
        return Err(Status::deadline_exceeded("the deadline passed before work could begin"));
    }
    Ok(())
}

/// The body of a request, which takes the place of its call when it begins, and ends when the work may begin.
///
/// A handler answers a message when it knows that no other follows, so who holds the end back holds the work back; and
/// nobody whose message is still on its way stands in the line.
pub(super) struct Entering {
    pub body: Body,
    /// Nothing where the place is taken.
    pub entry: Option<Entry>,
    /// Nothing once the work may begin.
    pub in_line: Option<InLine>,
    /// The work begins with the first message, and others follow.
    pub is_stream: bool,
    /// The end, which has come and is not handed over.
    pub end: Option<Next>,
    pub place: Place,
    pub deadline: Deadline,
}

impl Entering {
    /// Hands the end over when the work may begin.
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<Next> {
        if let Some(in_line) = &mut self.in_line {
            let work = ready!(in_line.poll_start(context));
            self.in_line = None;
            if let Err(late) = in_time(self.deadline) {
                return Poll::Ready(Some(Err(late)));
            }
            if let Some(taken) = self.place.get() {
                // A body has one end, so nothing is there yet.
                let _ = taken.work.set(work);
            }
        }
        Poll::Ready(self.end.take().flatten())
    }
}

impl http_body::Body for Entering {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Next> {
        let this = &mut *self;
        if this.end.is_none() {
            let Poll::Ready(next) = Pin::new(&mut this.body).poll_frame(context) else {
                this.in_line.iter_mut().for_each(InLine::step_aside);
                return Poll::Pending;
            };
            if let Err(refused) = this.entry.take().map_or(Ok(()), Entry::enter) {
                let body = std::mem::replace(&mut this.body, Body::empty());
                let _ = PassedOver { body, is_awaited: false, passed: 0 }.poll_passed(context);
                return Poll::Ready(Some(Err(refused)));
            }
            this.in_line.take_if(|_| this.is_stream);
            let is_end = next.as_ref().is_none_or(|next| next.as_ref().is_ok_and(Frame::is_trailers));
            if !is_end {
                return Poll::Ready(next);
            }
            this.end = Some(next);
        }
        this.poll_end(context)
    }

    fn is_end_stream(&self) -> bool {
        self.in_line.is_none() && self.end.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
