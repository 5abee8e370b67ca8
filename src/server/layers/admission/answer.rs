//! The body of an answer keeps what its call has until its caller has taken it.

use std::any::Any;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Response;
use http_body::{Frame, SizeHint};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;

use super::{Place, Taken};
use crate::server::lines::OpenCall;

/// Largest piece of an answer that is handed over at once, in bytes: the rest of a large one keeps its call's place
/// until its caller takes it.
pub(super) const PIECE_BYTES: usize = 64 * 1024;

/// In the extensions of an answer: what is given back when it is taken, such as its share of memory.
#[derive(Clone)]
pub struct Room(pub Arc<dyn Any + Send + Sync>);

/// In the extensions of an answer that is read whole before any of it goes out: what its call has, for whoever makes
/// another body of it.
#[derive(Clone)]
pub struct Kept {
    place: Place,
    room: Option<Room>,
}

impl Kept {
    /// A body that keeps the place until its caller has taken it.
    pub fn until_taken(self, body: Body) -> Body {
        let Self { place, room } = self;
        call_of(&place).into_iter().for_each(OpenCall::offer);
        Body::new(Admitted { body, place, _room: room, piece: PIECE_BYTES, rest: Bytes::new() })
    }
}

/// The answer, which keeps its place; it is not cut into pieces where it is to be read whole.
pub(super) fn keeping(mut response: Response<Body>, place: Place, is_whole: bool) -> Response<Body> {
    let room = response.extensions_mut().remove::<Room>();
    if is_whole {
        response.extensions_mut().insert(Kept { place: place.clone(), room: room.clone() });
    }
    let piece = if is_whole { usize::MAX } else { PIECE_BYTES };
    response.map(|body| Body::new(Admitted { body, place, _room: room, piece, rest: Bytes::new() }))
}

fn call_of(place: &Place) -> Option<&OpenCall> {
    place.get().and_then(|Taken { call, .. }| call.as_ref())
}

/// The body of an answer; the call's place is free again when it is sent or dropped.
struct Admitted {
    body: Body,
    place: Place,
    _room: Option<Room>,
    piece: usize,
    /// What is left of the last frame.
    rest: Bytes,
}

impl Admitted {
    /// The first piece of what is left.
    fn next_piece(&mut self) -> Frame<Bytes> {
        Frame::data(self.rest.split_to(self.rest.len().min(self.piece)))
    }
}

impl http_body::Body for Admitted {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        let polled = if this.rest.is_empty() {
            Pin::new(&mut this.body).poll_frame(context)
        } else {
            Poll::Ready(Some(Ok(this.next_piece())))
        };
        if let Some(call) = call_of(&this.place) {
            if polled.is_pending() { call.work() } else { call.offer() }
        }
        match polled {
            Poll::Ready(Some(Ok(frame))) if frame.data_ref().is_some_and(|data| data.len() > this.piece) => {
                this.rest = frame.into_data().unwrap_or_default();
                Poll::Ready(Some(Ok(this.next_piece())))
            }
            polled => polled,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.rest.is_empty() { self.body.size_hint() } else { SizeHint::default() }
    }
}
