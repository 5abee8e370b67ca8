//! Several visits in one message.

use std::sync::Arc;

use bytes::Bytes;
use prost::Message;
use tokio_util::task::AbortOnDropHandle;
use tonic::Status;

use super::room::Room;
use super::{CodeOne, GROUP_ITEMS, breathe_after, code_item, convert, crowded, shutting_down};
use crate::server::encoded::{EncodedBatchCodeEncountersRequest, EncodedBatchCodeEncountersResponse};
use crate::server::lent::{self, Wire};
use crate::server::nested::{self, Unreadable};
use crate::server::pb;
use crate::server::refusal::Refusal;

/// The key of a batch's visits on the wire: field 1, with a length.
const REQUESTS_KEY: u32 = 1 << 3 | 2;

/// Codes the visits of a batch, at most `limit`; the items are in their order and numbered from 0. Those for whose
/// answers there is no room are refused, each for itself.
///
/// # Errors
/// Bytes that are no batch, a batch that is too long, other answers that take all memory, or a server that is
/// shutting down.
pub async fn batch(
    request: EncodedBatchCodeEncountersRequest,
    limit: usize,
    room: &Arc<Room>,
    code: impl CodeOne,
) -> Result<EncodedBatchCodeEncountersResponse, Status> {
    let batch = request.into_bytes();
    let (visits, groups) = split(&batch)?;
    if visits > limit {
        return Err(Refusal::invalid("requests", format!("holds more than {limit} visits")).into());
    }
    let coded = groups.into_iter().zip((0..).step_by(GROUP_ITEMS)).map(|(group, first)| {
        let (code, room) = (code.clone(), room.clone());
        AbortOnDropHandle::new(tokio::spawn(async move { code_visits(&group, first, &room, &code).await }))
    });
    let mut pieces = Vec::new();
    for group in coded.collect::<Vec<_>>() {
        let items = group.await.map_err(|_| shutting_down())?;
        pieces.push(items.map_err(|error| whole_error(&batch, error))?);
    }
    if room.is_crowded() {
        return Err(crowded());
    }
    Ok(EncodedBatchCodeEncountersResponse::new(pieces))
}

/// How many visits a batch has, and its bytes cut into groups of them.
fn split(batch: &Bytes) -> Result<(usize, Vec<Bytes>), Status> {
    if let Some(split) = split_plain(batch) {
        return Ok(split);
    }
    // Whatever else stands between the visits, or is wrong there, the message itself knows it.
    let batch: pb::BatchCodeEncountersRequest = nested::decode(batch)?;
    split_plain(&Bytes::from(batch.encode_to_vec()))
        .ok_or_else(|| Status::internal("a batch that was written here cannot be read"))
}

/// As [`split`]; nothing where anything but visits stands in the batch.
fn split_plain(batch: &Bytes) -> Option<(usize, Vec<Bytes>)> {
    let (mut visits, mut groups) = (0, Vec::new());
    let (mut wire, mut start) = (Wire::of(batch), 0);
    while !wire.is_empty() {
        visit(&mut wire)?;
        visits += 1;
        if visits % GROUP_ITEMS == 0 || wire.is_empty() {
            let end = batch.len() - wire.len();
            groups.push(batch.slice(start..end));
            start = end;
        }
    }
    Some((visits, groups))
}

/// What is wrong with a batch, from its beginning on, one of whose visits cannot be read.
fn whole_error(batch: &Bytes, error: Unreadable) -> Unreadable {
    nested::decode::<pb::BatchCodeEncountersRequest>(batch).err().unwrap_or(error)
}

/// The bytes of the next visit of a batch.
fn visit<'a>(wire: &mut Wire<'a>) -> Option<&'a [u8]> {
    if wire.varint()? == REQUESTS_KEY { wire.bytes() } else { None }
}

/// The items of the visits of a group, whose first one has a number.
async fn code_visits(
    group: &[u8],
    first: u32,
    room: &Room,
    code: &impl CodeOne,
) -> Result<Vec<u8>, Unreadable> {
    let mut items = Vec::with_capacity(group.len());
    // Nobody gets an answer that lacks a group.
    let mut wire = Wire::of(if room.is_crowded() { &[] } else { group });
    for number in first.. {
        let Some(visit) = visit(&mut wire) else { break };
        let before = items.len();
        lent::from_wire(visit, |request| code_item(&mut items, number, Some(&request), code))?;
        if !room.take(items.len() - before) {
            items.truncate(before);
            items.shrink_to_fit();
            convert::write_item(&mut items, number, |_| {
                Err(Refusal::AnswerTooLarge(room.bytes()).into_item_error())
            });
        }
        breathe_after(visit.len()).await;
    }
    if !room.hold(items.len()) {
        items = Vec::new();
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Poll;
    use std::time::Duration;

    use super::super::LONG_VISIT_BYTES;
    use super::super::room::Shared;
    use super::super::tests::{echo, request, slow};
    use super::*;

    /// As many visits as a batch of these tests may hold.
    const LIMIT: usize = 1000;

    fn room(bytes: usize) -> Arc<Room> {
        Arc::new(Shared::new(1 << 20).room(bytes))
    }

    fn sent(ids: impl Iterator<Item = String>) -> Vec<u8> {
        let requests = ids.map(|id| request(&id)).collect();
        pb::BatchCodeEncountersRequest { requests }.encode_to_vec()
    }

    async fn answered(sent: Vec<u8>) -> Result<Vec<pb::CodingItem>, Status> {
        answered_within(sent, &room(1 << 20)).await
    }

    async fn answered_within(sent: Vec<u8>, room: &Arc<Room>) -> Result<Vec<pb::CodingItem>, Status> {
        let bytes =
            batch(EncodedBatchCodeEncountersRequest::new([sent]), LIMIT, room, echo).await?.encode_to_vec();
        let answer = pb::BatchCodeEncountersResponse::decode(bytes.as_slice()).expect("a message");
        assert_eq!(answer.encode_to_vec(), bytes);
        Ok(answer.items)
    }

    #[tokio::test]
    async fn a_batch_keeps_its_order_and_its_good_items() {
        let ids: Vec<String> = (0..LIMIT)
            .map(|number| match number {
                7 => "bad".to_owned(),
                8 => "fault".to_owned(),
                number => format!("v{number}"),
            })
            .collect();
        let items = answered(sent(ids.iter().cloned())).await.expect("items");
        assert_eq!(items.len(), ids.len());
        for (index, (item, id)) in items.iter().zip(&ids).enumerate() {
            assert_eq!(item.item_number as usize, index);
            let reason = item.error.as_ref().map(|error| error.reason());
            match index {
                7 => assert_eq!(reason, Some(pb::ErrorReason::InvalidRequest)),
                8 => assert_eq!(reason, Some(pb::ErrorReason::Internal)),
                _ => assert_eq!(item.response.as_ref().map(|response| &response.encounter_id), Some(id)),
            }
        }
        assert_eq!(answered(Vec::new()).await.expect("no items"), []);
    }

    #[tokio::test]
    async fn a_batch_above_its_limit_is_refused() {
        let refused = answered(sent((0..=LIMIT).map(|number| number.to_string()))).await;
        assert_eq!(refused.expect_err("a refusal").code(), tonic::Code::InvalidArgument);
    }

    #[tokio::test]
    async fn an_answer_that_grows_too_large_loses_items_and_not_the_others() {
        let sent = sent((0..100).map(|number| format!("v{number}-{}", "x".repeat(90))));
        let items = answered_within(sent, &room(2_000)).await.expect("items");
        let numbers: Vec<u32> = items.iter().map(|item| item.item_number).collect();
        assert_eq!(numbers, (0..100).collect::<Vec<_>>());
        let (answered, refused): (Vec<_>, Vec<_>) = items.iter().partition(|item| item.error.is_none());
        assert!((10..20).contains(&answered.len()), "{} are answered", answered.len());
        for item in refused {
            let error = item.error.as_ref().expect("an error");
            assert_eq!(error.reason(), pb::ErrorReason::AnswerTooLarge);
            assert!(error.message.contains("2000 bytes"), "{}", error.message);
        }
    }

    #[tokio::test]
    async fn answers_that_nobody_takes_leave_no_room_for_others() {
        let shared = Shared::new(10_000);
        let ids = || sent((0..100).map(|number| format!("v{number}-{}", "x".repeat(80))));
        let first = Arc::new(shared.room(1 << 20));
        assert_eq!(answered_within(ids(), &first).await.expect("items").len(), 100);
        let second = Arc::new(shared.room(1 << 20));
        let refused = answered_within(ids(), &second).await.expect_err("no room");
        assert_eq!(refused.code(), tonic::Code::ResourceExhausted);
        drop((first, second));
        assert!(answered_within(ids(), &Arc::new(shared.room(1 << 20))).await.is_ok());
    }

    #[tokio::test]
    async fn a_batch_is_read_as_its_message_is() {
        let unknown_field = [0x7a, 1, b'x'];
        let visits = |from: usize| sent((from..from + 40).map(|number| number.to_string()));
        let items = answered([&visits(0)[..], &unknown_field, &visits(40)].concat()).await.expect("items");
        let ids: Vec<_> =
            items.into_iter().map(|item| item.response.unwrap_or_default().encounter_id).collect();
        assert_eq!(ids, (0..80).map(|number| number.to_string()).collect::<Vec<_>>());
        let not_a_text = [0x0a, 5, 0x0a, 3, 0x0a, 1, 0xff];
        let broken_off = [0x0a, 5, 0x0a];
        for broken in [&not_a_text[..], &broken_off] {
            let bytes = [&visits(0)[..], broken].concat();
            let expected = pb::BatchCodeEncountersRequest::decode(bytes.as_slice()).expect_err("a fault");
            let status = answered(bytes).await.expect_err("a fault");
            assert_eq!(
                (status.code(), status.message()),
                (tonic::Code::InvalidArgument, expected.to_string().as_str())
            );
        }
    }

    #[tokio::test]
    async fn nobody_codes_for_a_caller_who_has_left() {
        let coded = Arc::new(AtomicUsize::new(0));
        let request = EncodedBatchCodeEncountersRequest::new([sent((0..LIMIT).map(|_| String::new()))]);
        let room = room(1 << 20);
        let mut call = Box::pin(batch(request, LIMIT, &room, slow(&coded)));
        let groups_wait = poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_pending()));
        assert!(groups_wait.await);
        drop(call);
        // On one thread no group has begun, and whatever is left of them comes before this goes on.
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert_eq!(coded.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn the_long_visits_of_a_caller_who_leaves_are_not_all_coded() {
        let coded = Arc::new(AtomicUsize::new(0));
        let long = "x".repeat(LONG_VISIT_BYTES);
        let request = EncodedBatchCodeEncountersRequest::new([sent((0..GROUP_ITEMS).map(|_| long.clone()))]);
        let room = room(1 << 20);
        let mut call = Box::pin(batch(request, LIMIT, &room, slow(&coded)));
        assert!(poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_pending())).await);
        while coded.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        drop(call);
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert!(coded.load(Ordering::Relaxed) < GROUP_ITEMS / 2);
    }
}
