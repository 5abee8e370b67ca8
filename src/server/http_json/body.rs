//! A body of JSON that becomes a gRPC message when somebody reads it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Bytes;
use http_body::Frame;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tonic::Status;
use tonic::body::Body;

use super::{FRAME_HEAD_BYTES, Transcoder};
use crate::server::nested;
use crate::server::refusal::Refusal;

type Reading = Pin<Box<dyn Future<Output = Result<Bytes, Status>> + Send>>;

/// A body that nobody has begun to read; a refusal finds it there.
pub(super) type Unread = Arc<Mutex<Option<Body>>>;

/// Most of a body that nobody wants that is read all the same, in bytes, and for how long.
const DROPPED_BYTES_MAX: usize = 16 * 1024 * 1024;
const DROPPED_FOR: Duration = Duration::from_secs(2);

/// Reads a body to its end and drops it. A caller over HTTP/2 who still sends is told by a reset that nobody listens,
/// and many then lose the answer that says why.
pub(super) async fn drop_rest(body: Body) {
    let mut body = Limited::new(body, DROPPED_BYTES_MAX);
    let reading = async { while let Some(Ok(_)) = body.frame().await {} };
    // Whoever sends for longer is cut off.
    let _ = tokio::time::timeout(DROPPED_FOR, reading).await;
}

/// As [`drop_rest`], where the body is still there.
pub(super) async fn drop_unread(unread: &Unread) {
    if let Some(body) = taken(unread) {
        drop_rest(body).await;
    }
}

fn taken(unread: &Unread) -> Option<Body> {
    // A body is there or not, whoever panicked.
    unread.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// The message that a body of JSON holds: one frame, made when it is first asked for.
pub(super) struct Transcoded {
    /// Nothing once the frame was handed out.
    reading: Option<Reading>,
}

impl Transcoded {
    /// Nothing is read yet, so a call that is refused costs no more than its head.
    pub(super) fn new(body: Unread, transcoder: &'static Transcoder, bytes_max: usize) -> Self {
        let reading = async move {
            let body = taken(&body).unwrap_or_else(Body::empty);
            frame(body, transcoder, bytes_max).await
        };
        Self { reading: Some(Box::pin(reading)) }
    }
}

impl http_body::Body for Transcoded {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some(reading) = &mut self.reading else { return Poll::Ready(None) };
        let read = std::task::ready!(reading.as_mut().poll(context));
        self.reading = None;
        Poll::Ready(Some(read.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.reading.is_none()
    }
}

async fn frame(mut body: Body, transcoder: &'static Transcoder, bytes_max: usize) -> Result<Bytes, Status> {
    let too_large = || Status::out_of_range(format!("the body has more than {bytes_max} bytes"));
    // A caller that announces too much need not send it.
    if http_body::Body::size_hint(&body).lower() > u64::try_from(bytes_max).unwrap_or(u64::MAX) {
        drop_rest(body).await;
        return Err(too_large());
    }
    let read = match Limited::new(&mut body, bytes_max).collect().await {
        Ok(read) => read.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            drop_rest(body).await;
            return Err(too_large());
        }
        Err(_) => return Err(Status::cancelled("the body broke off")),
    };
    let text = std::str::from_utf8(&read).map_err(|_| Status::invalid_argument("the body is not UTF-8"))?;
    nested::check_json(text).map_err(Refusal::Unreadable)?;
    let message = (transcoder.request)(text).map_err(Refusal::from)?;
    let length = u32::try_from(message.len()).map_err(|_| too_large())?;
    let mut frame = Vec::with_capacity(FRAME_HEAD_BYTES + message.len());
    frame.push(0);
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(&message);
    Ok(Bytes::from(frame))
}
