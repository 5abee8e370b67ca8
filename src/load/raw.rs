//! Messages as the bytes they are, so that the generator spends its time on sending.

use std::sync::{Arc, OnceLock};

use bytes::{Buf, BufMut, Bytes};
use tokio::time::Instant;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// Sends bytes that were encoded before, and hands over those that come back without a copy.
#[derive(Debug, Clone, Default)]
pub struct Raw {
    /// When the connection took the first message: before that it waited in the generator, or for the server to allow one
    /// more call on the connection.
    sent: Arc<OnceLock<Instant>>,
}

impl Raw {
    pub(super) fn sent(&self) -> Option<Instant> {
        self.sent.get().copied()
    }
}

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        self.clone()
    }

    fn decoder(&mut self) -> Self {
        self.clone()
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        self.sent.get_or_init(Instant::now);
        buffer.put(message);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
