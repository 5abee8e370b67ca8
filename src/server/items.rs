//! Many visits in one call: order kept, every core used, one bad item never sinking the rest.
//!
//! Items are coded in groups, so that handing work to another core costs little beside the work. A stream
//! holds a bounded number of groups, so that a slow reader slows the sender and fills no memory.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::encoded::{EncodedBatchCodeEncountersResponse, EncodedStreamCodeEncountersResponse};
use super::{convert, pb};

/// Visits of one group.
const GROUP_ITEMS: usize = 32;
/// Groups of one stream that may be at work or waiting to be read.
const GROUPS_AHEAD: usize = 8;

/// Codes one visit and appends its answer; where there is none, nothing may be appended.
pub trait CodeOne:
    Fn(pb::CodeEncounterRequest, &mut Vec<u8>) -> Result<(), pb::ItemError> + Clone + Send + Sync + 'static
{
}

impl<F> CodeOne for F where
    F: Fn(pb::CodeEncounterRequest, &mut Vec<u8>) -> Result<(), pb::ItemError>
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// Codes the visits of a batch; the items are in their order and numbered from 0.
///
/// # Errors
/// Only when the server is shutting down.
pub async fn batch(
    requests: Vec<pb::CodeEncounterRequest>,
    code: impl CodeOne,
) -> Result<EncodedBatchCodeEncountersResponse, Status> {
    let mut numbered = (0..).zip(requests.into_iter().map(Some));
    let mut groups = Vec::new();
    loop {
        let group: Vec<Numbered> = numbered.by_ref().take(GROUP_ITEMS).collect();
        if group.is_empty() {
            break;
        }
        let code = code.clone();
        groups.push(tokio::spawn(async move {
            let mut items = Vec::new();
            group.into_iter().for_each(|(number, request)| code_item(&mut items, number, request, &code));
            items
        }));
    }
    let mut pieces = Vec::with_capacity(groups.len());
    for group in groups {
        pieces.push(group.await.map_err(|_| shutting_down())?);
    }
    Ok(EncodedBatchCodeEncountersResponse::new(pieces))
}

/// Codes visits as they come. An answer carries the number its item was sent with, so a caller whose
/// connection broke sends again from the first number it has no answer for.
pub fn stream<S>(
    inbound: S,
    code: impl CodeOne,
) -> ReceiverStream<Result<EncodedStreamCodeEncountersResponse, Status>>
where
    S: Stream<Item = Result<pb::StreamCodeEncountersRequest, Status>> + Send + Unpin + 'static,
{
    let (groups, coded_groups) = mpsc::channel(GROUPS_AHEAD);
    let (answers, outbound) = mpsc::channel(GROUP_ITEMS);
    tokio::spawn(read(inbound, code, groups));
    tokio::spawn(answer(coded_groups, answers));
    ReceiverStream::new(outbound)
}

type Numbered = (u32, Option<pb::CodeEncounterRequest>);
type CodedGroup = Result<JoinHandle<Vec<EncodedStreamCodeEncountersResponse>>, Status>;

async fn read<S>(mut inbound: S, code: impl CodeOne, groups: mpsc::Sender<CodedGroup>)
where
    S: Stream<Item = Result<pb::StreamCodeEncountersRequest, Status>> + Send + Unpin,
{
    loop {
        let mut group = Vec::new();
        let end = poll_fn(|context| ready_items(&mut inbound, &mut group, context)).await;
        let coded = spawn_group(group, code.clone());
        if groups.send(Ok(coded)).await.is_err() {
            return;
        }
        match end {
            End::Open => {}
            End::Closed => return,
            End::Failed(status) => {
                // The reader of the answers may be gone as well.
                let _ = groups.send(Err(*status)).await;
                return;
            }
        }
    }
}

/// Whether more items can come.
enum End {
    Open,
    Closed,
    Failed(Box<Status>),
}

/// Takes what has arrived, at most a group; waits only for the first item.
fn ready_items<S>(inbound: &mut S, group: &mut Vec<Numbered>, context: &mut Context<'_>) -> Poll<End>
where
    S: Stream<Item = Result<pb::StreamCodeEncountersRequest, Status>> + Unpin,
{
    loop {
        match Pin::new(&mut *inbound).poll_next(context) {
            Poll::Ready(Some(Ok(item))) => group.push((item.item_number, item.request)),
            Poll::Ready(Some(Err(status))) => return Poll::Ready(End::Failed(Box::new(status))),
            Poll::Ready(None) => return Poll::Ready(End::Closed),
            Poll::Pending if group.is_empty() => return Poll::Pending,
            Poll::Pending => return Poll::Ready(End::Open),
        }
        if group.len() == GROUP_ITEMS {
            return Poll::Ready(End::Open);
        }
    }
}

async fn answer(
    mut groups: mpsc::Receiver<CodedGroup>,
    answers: mpsc::Sender<Result<EncodedStreamCodeEncountersResponse, Status>>,
) {
    while let Some(group) = groups.recv().await {
        let items = match group {
            Ok(group) => group.await.map_err(|_| shutting_down()),
            Err(status) => Err(status),
        };
        match items {
            Ok(items) => {
                for answer in items {
                    if answers.send(Ok(answer)).await.is_err() {
                        return;
                    }
                }
            }
            Err(status) => {
                let _ = answers.send(Err(status)).await;
                return;
            }
        }
    }
}

fn spawn_group(
    group: Vec<Numbered>,
    code: impl CodeOne,
) -> JoinHandle<Vec<EncodedStreamCodeEncountersResponse>> {
    tokio::spawn(async move {
        let coded = group.into_iter().map(|(number, request)| {
            let mut item = Vec::new();
            code_item(&mut item, number, request, &code);
            EncodedStreamCodeEncountersResponse::new([item])
        });
        coded.collect()
    })
}

/// Appends the item of a visit.
fn code_item(
    output: &mut Vec<u8>,
    item_number: u32,
    request: Option<pb::CodeEncounterRequest>,
    code: &impl CodeOne,
) {
    convert::write_item(output, item_number, |output| match request {
        None => Err(item_error(pb::ErrorReason::InvalidRequest, "request: is missing")),
        // A fault of the program costs its own item only; what it left behind is cut off with the error.
        Some(request) => catch_unwind(AssertUnwindSafe(|| code(request, output)))
            .unwrap_or_else(|_| Err(item_error(pb::ErrorReason::Internal, "a fault of the server"))),
    });
}

fn item_error(reason: pb::ErrorReason, message: &str) -> pb::ItemError {
    pb::ItemError { reason: reason as i32, message: message.to_owned(), violations: Vec::new() }
}

fn shutting_down() -> Status {
    Status::unavailable("the server is shutting down; send the items without an answer again")
}

#[cfg(test)]
mod tests {
    use prost::Message;
    use tokio_stream::StreamExt;

    use super::*;

    /// Answers with the id it was given; refuses `bad` and panics on `fault`.
    fn echo(request: pb::CodeEncounterRequest, output: &mut Vec<u8>) -> Result<(), pb::ItemError> {
        let encounter_id = request.encounter.unwrap_or_default().encounter_id;
        assert!(encounter_id != "fault", "asked for");
        if encounter_id == "bad" {
            return Err(item_error(pb::ErrorReason::InvalidRequest, "asked for"));
        }
        let answer = pb::CodeEncounterResponse { encounter_id, ..Default::default() };
        output.extend(answer.encode_to_vec());
        Ok(())
    }

    /// The item of one answer of a stream.
    fn item(answer: EncodedStreamCodeEncountersResponse) -> pb::CodingItem {
        let bytes = answer.encode_to_vec();
        let answer = pb::StreamCodeEncountersResponse::decode(bytes.as_slice()).expect("a message");
        answer.item.expect("an item")
    }

    fn request(id: &str) -> pb::CodeEncounterRequest {
        let encounter = pb::Encounter { encounter_id: id.to_owned(), ..Default::default() };
        pb::CodeEncounterRequest { encounter: Some(encounter), ..Default::default() }
    }

    fn sent(number: u32, id: &str) -> Result<pb::StreamCodeEncountersRequest, Status> {
        Ok(pb::StreamCodeEncountersRequest { item_number: number, request: Some(request(id)) })
    }

    #[tokio::test]
    async fn a_batch_keeps_its_order_and_its_good_items() {
        let ids: Vec<String> = (0..1000)
            .map(|number| match number {
                7 => "bad".to_owned(),
                8 => "fault".to_owned(),
                number => format!("v{number}"),
            })
            .collect();
        let answer = batch(ids.iter().map(|id| request(id)).collect(), echo).await.expect("items");
        let bytes = answer.encode_to_vec();
        let answer = pb::BatchCodeEncountersResponse::decode(bytes.as_slice()).expect("a message");
        assert_eq!(answer.encode_to_vec(), bytes);
        let items = answer.items;
        assert_eq!(items.len(), ids.len());
        for (index, (item, id)) in items.iter().zip(&ids).enumerate() {
            assert_eq!(item.item_number as usize, index);
            match index {
                7 => {
                    assert_eq!(item.error.as_ref().map(|e| e.reason()), Some(pb::ErrorReason::InvalidRequest))
                }
                8 => assert_eq!(item.error.as_ref().map(|e| e.reason()), Some(pb::ErrorReason::Internal)),
                _ => assert_eq!(item.response.as_ref().map(|r| &r.encounter_id), Some(id)),
            }
        }
        assert_eq!(batch(Vec::new(), echo).await.expect("no items").encoded_len(), 0);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_stream_answers_in_order_with_the_numbers_it_was_given() {
        let inbound = (0..5000u32).map(|number| sent(number * 3, &format!("v{number}")));
        let answers: Vec<_> = stream(tokio_stream::iter(inbound), echo).collect().await;
        assert_eq!(answers.len(), 5000);
        for (number, answer) in answers.into_iter().enumerate() {
            let item = item(answer.expect("an answer"));
            assert_eq!(item.item_number as usize, number * 3);
            assert_eq!(item.response.map(|r| r.encounter_id), Some(format!("v{number}")));
        }
    }

    #[tokio::test]
    async fn a_broken_stream_answers_what_came_before() {
        let missing = Ok(pb::StreamCodeEncountersRequest { item_number: 2, request: None });
        let inbound = [sent(1, "a"), missing, Err(Status::cancelled("gone")), sent(4, "never")];
        let answers: Vec<_> = stream(tokio_stream::iter(inbound), echo).collect().await;
        let [_, missing, broken] = <[_; 3]>::try_from(answers).expect("three answers");
        let missing = item(missing.expect("an answer")).error.map(|error| error.reason());
        assert_eq!(missing, Some(pb::ErrorReason::InvalidRequest));
        assert_eq!(broken.map(item).map_err(|status| status.code()), Err(tonic::Code::Cancelled));
    }

    #[tokio::test]
    async fn a_reader_that_stops_holds_the_sender() {
        let taken = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
        let counter = taken.clone();
        let endless = std::iter::repeat_with(move || {
            counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            sent(0, "v")
        });
        let mut answers = stream(tokio_stream::iter(endless), echo);
        assert!(answers.next().await.is_some());
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        let ahead = taken.load(std::sync::atomic::Ordering::Relaxed);
        assert!(ahead as usize <= GROUP_ITEMS * (GROUPS_AHEAD + 4), "{ahead} items were taken in");
    }
}
