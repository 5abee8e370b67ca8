//! A body of JSON that becomes a gRPC message when somebody reads it.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Bytes;
use http_body::Frame;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tonic::Status;
use tonic::body::Body;

use super::{FRAME_HEAD_BYTES, Transcoder};
use crate::server::nested;
use crate::server::refusal::Refusal;

type Reading = Pin<Box<dyn Future<Output = Result<Bytes, Status>> + Send>>;

/// The message that a body of JSON holds: one frame, made when it is first asked for.
pub(super) struct Transcoded {
    /// Nothing once the frame was handed out.
    reading: Option<Reading>,
}

impl Transcoded {
    /// Nothing is read yet, so a call that is refused costs no more than its head.
    pub(super) fn new(body: Body, transcoder: &'static Transcoder, bytes_max: usize) -> Self {
        Self { reading: Some(Box::pin(frame(body, transcoder, bytes_max))) }
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

async fn frame(body: Body, transcoder: &'static Transcoder, bytes_max: usize) -> Result<Bytes, Status> {
    let too_large = || Status::out_of_range(format!("the body has more than {bytes_max} bytes"));
    // A caller that announces too much need not send it.
    if http_body::Body::size_hint(&body).lower() > u64::try_from(bytes_max).unwrap_or(u64::MAX) {
        return Err(too_large());
    }
    let body = Limited::new(body, bytes_max).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() { too_large() } else { Status::cancelled("the body broke off") }
    });
    let body = body?.to_bytes();
    let text = std::str::from_utf8(&body).map_err(|_| Status::invalid_argument("the body is not UTF-8"))?;
    nested::check_json(text).map_err(Refusal::Unreadable)?;
    let message = (transcoder.request)(text).map_err(Refusal::from)?;
    let length = u32::try_from(message.len()).map_err(|_| too_large())?;
    let mut frame = Vec::with_capacity(FRAME_HEAD_BYTES + message.len());
    frame.push(0);
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(&message);
    Ok(Bytes::from(frame))
}
