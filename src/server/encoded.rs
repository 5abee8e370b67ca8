//! Messages as the bytes they are on the wire, for visits and answers that are read and written as such.

use std::fmt;
use std::marker::PhantomData;

use bytes::{Buf, BufMut, Bytes};
use prost::encoding::{DecodeContext, WireType};
use prost::{DecodeError, Message};
use smallvec::SmallVec;

use super::pb;

/// A visit to be coded.
pub type EncodedCodeEncounterRequest = Encoded<pb::CodeEncounterRequest>;
/// The answer to one visit.
pub type EncodedCodeEncounterResponse = Encoded<pb::CodeEncounterResponse>;
/// The visits of a batch.
pub type EncodedBatchCodeEncountersRequest = Encoded<pb::BatchCodeEncountersRequest>;
/// One visit of a stream.
pub type EncodedStreamCodeEncountersRequest = Encoded<pb::StreamCodeEncountersRequest>;
/// The drug of a drug line without a visit.
pub type EncodedCalculateDrugLinesRequest = Encoded<pb::CalculateDrugLinesRequest>;
/// A claim to be audited.
pub type EncodedAuditClaimRequest = Encoded<pb::AuditClaimRequest>;
/// The answer to a batch; each group of its items may be a piece.
pub type EncodedBatchCodeEncountersResponse = Encoded<pb::BatchCodeEncountersResponse>;
/// The answer to one visit of a stream.
pub type EncodedStreamCodeEncountersResponse = Encoded<pb::StreamCodeEncountersResponse>;

/// A message in its encoding. Pieces stand one after the other, which is how messages are merged.
pub struct Encoded<M> {
    pieces: SmallVec<[Bytes; 1]>,
    message: PhantomData<fn() -> M>,
}

impl<M> Encoded<M> {
    /// The message of these pieces. Whoever wrote them vouches that together they are such a message.
    pub fn new(pieces: impl IntoIterator<Item = impl Into<Bytes>>) -> Self {
        Self { pieces: pieces.into_iter().map(Into::into).collect(), message: PhantomData }
    }

    /// The whole encoding; nothing is copied where it is one piece, as a message that was received is.
    pub fn into_bytes(self) -> Bytes {
        match self.pieces.into_inner() {
            Ok([whole]) => whole,
            Err(pieces) => pieces.concat().into(),
        }
    }
}

impl<M> Default for Encoded<M> {
    fn default() -> Self {
        Self { pieces: SmallVec::new(), message: PhantomData }
    }
}

/// Tells its length alone: what it says belongs to a visit, and into no log.
impl<M> fmt::Debug for Encoded<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length: usize = self.pieces.iter().map(Bytes::len).sum();
        write!(f, "{length} bytes")
    }
}

impl<M: Message + Default> Message for Encoded<M> {
    fn encode_raw(&self, buffer: &mut impl BufMut) {
        for piece in &self.pieces {
            buffer.put_slice(piece);
        }
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buffer: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        let mut field = M::default();
        field.merge_field(tag, wire_type, buffer, context)?;
        self.pieces.push(field.encode_to_vec().into());
        Ok(())
    }

    /// Takes the bytes as they are: whoever reads the message finds what is wrong with them.
    fn merge(&mut self, mut buffer: impl Buf) -> Result<(), DecodeError> {
        self.pieces.push(buffer.copy_to_bytes(buffer.remaining()));
        Ok(())
    }

    fn encoded_len(&self) -> usize {
        self.pieces.iter().map(Bytes::len).sum()
    }

    fn clear(&mut self) {
        self.pieces.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_merged_into_one_message() {
        let item = |number| pb::CodingItem { item_number: number, ..Default::default() };
        let piece = |number| pb::BatchCodeEncountersResponse { items: vec![item(number)] }.encode_to_vec();
        let encoded = EncodedBatchCodeEncountersResponse::new([piece(1), piece(2)]);
        let message = pb::BatchCodeEncountersResponse { items: vec![item(1), item(2)] };
        assert_eq!(encoded.encode_to_vec(), message.encode_to_vec());
        let whole = EncodedBatchCodeEncountersResponse::decode(encoded.encode_to_vec().as_slice());
        assert_eq!(whole.expect("a message").into_bytes(), message.encode_to_vec());
        let mut delimited = Vec::new();
        encoded.encode_length_delimited(&mut delimited).expect("room");
        let read = EncodedBatchCodeEncountersResponse::decode_length_delimited(delimited.as_slice());
        assert_eq!(read.expect("a message").into_bytes(), message.encode_to_vec());
        assert_eq!(encoded.into_bytes(), message.encode_to_vec());
    }

    #[test]
    fn what_an_answer_says_is_not_printed() {
        let answer = pb::CodeEncounterResponse { encounter_id: "v-1".to_owned(), ..Default::default() };
        let encoded = EncodedCodeEncounterResponse::new([answer.encode_to_vec()]);
        assert_eq!(format!("{encoded:?}"), "5 bytes");
    }
}
