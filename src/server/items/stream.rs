//! Visits as they come.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_util::task::AbortOnDropHandle;
use tonic::Status;

use super::{CodeOne, GROUP_ITEMS, breathe_after, code_item, shutting_down};
use crate::server::encoded::{EncodedStreamCodeEncountersRequest, EncodedStreamCodeEncountersResponse};
use crate::server::lent;

/// Groups of one stream that may be at work or waiting to be read.
const GROUPS_AHEAD: usize = 8;

/// Codes visits as they come. An answer carries the number its item was sent with, so a caller whose
/// connection broke sends again from the first number it has no answer for. One that sends no item for as long as
/// `idle` and has taken its answers keeps its place no longer.
pub fn stream<S>(inbound: S, idle: Duration, code: impl CodeOne) -> Answers
where
    S: Stream<Item = Result<EncodedStreamCodeEncountersRequest, Status>> + Send + Unpin + 'static,
{
    let (sender, groups) = mpsc::channel(GROUPS_AHEAD);
    let reader = AbortOnDropHandle::new(tokio::spawn(read(inbound, idle, code, sender)));
    Answers { groups, group: None, ready: VecDeque::new(), end: None, _reader: reader }
}

/// A group that is at work, or why no further one comes.
type CodedGroup = Result<AbortOnDropHandle<Coded>, Status>;

/// The answers of a group, and why there are no further ones.
#[derive(Default)]
struct Coded {
    answers: VecDeque<EncodedStreamCodeEncountersResponse>,
    end: Option<Status>,
}

/// The answers of a stream, in the order of its visits.
pub struct Answers {
    groups: mpsc::Receiver<CodedGroup>,
    /// The group whose answers come next.
    group: Option<AbortOnDropHandle<Coded>>,
    ready: VecDeque<EncodedStreamCodeEncountersResponse>,
    /// What comes behind the answers that are ready.
    end: Option<Status>,
    /// Reads the visits for as long as somebody waits for the answers.
    _reader: AbortOnDropHandle<()>,
}

impl Stream for Answers {
    type Item = Result<EncodedStreamCodeEncountersResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(answer) = self.ready.pop_front() {
                return Poll::Ready(Some(Ok(answer)));
            }
            if let Some(status) = self.end.take() {
                self.groups.close();
                self.group = None;
                while self.groups.try_recv().is_ok() {}
                return Poll::Ready(Some(Err(status)));
            }
            if let Some(group) = &mut self.group {
                let coded = ready!(Pin::new(group).poll(context));
                self.group = None;
                let coded =
                    coded.unwrap_or_else(|_| Coded { end: Some(shutting_down()), ..Coded::default() });
                self.ready = coded.answers;
                self.end = coded.end;
                continue;
            }
            match ready!(self.groups.poll_recv(context)) {
                Some(Ok(group)) => self.group = Some(group),
                Some(Err(status)) => self.end = Some(status),
                None => return Poll::Ready(None),
            }
        }
    }
}

async fn read<S>(mut inbound: S, idle: Duration, code: impl CodeOne, groups: mpsc::Sender<CodedGroup>)
where
    S: Stream<Item = Result<EncodedStreamCodeEncountersRequest, Status>> + Send + Unpin,
{
    loop {
        let mut group = Vec::new();
        let end = loop {
            let items = poll_fn(|context| ready_items(&mut inbound, &mut group, context));
            match tokio::time::timeout(idle, items).await {
                Ok(end) => break end,
                // A caller that still reads is not idle.
                Err(_) if groups.capacity() < groups.max_capacity() => {}
                Err(_) => break End::Failed(Box::new(no_item(idle))),
            }
        };
        let code = code.clone();
        let coded = AbortOnDropHandle::new(tokio::spawn(async move { code_group(&group, &code).await }));
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

fn no_item(idle: Duration) -> Status {
    let seconds = idle.as_secs();
    Status::deadline_exceeded(format!("no item came for {seconds} seconds: open another stream to send on"))
}

/// Whether more items can come.
enum End {
    Open,
    Closed,
    Failed(Box<Status>),
}

/// Takes what has arrived, at most a group; waits only for the first item.
fn ready_items<S>(inbound: &mut S, group: &mut Vec<Bytes>, context: &mut Context<'_>) -> Poll<End>
where
    S: Stream<Item = Result<EncodedStreamCodeEncountersRequest, Status>> + Unpin,
{
    loop {
        match Pin::new(&mut *inbound).poll_next(context) {
            Poll::Ready(Some(Ok(item))) => group.push(item.into_bytes()),
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

/// The answers to the items of a stream, up to the first whose bytes are no item.
async fn code_group(group: &[Bytes], code: &impl CodeOne) -> Coded {
    let mut written = Vec::with_capacity(group.iter().map(Bytes::len).sum());
    let mut ends = Vec::with_capacity(group.len());
    let mut end = None;
    for item in group {
        let coded = lent::item_from_wire(item, |item| {
            code_item(&mut written, item.item_number, item.request.as_ref(), code);
        });
        if let Err(error) = coded {
            end = Some(error.into());
            break;
        }
        ends.push(written.len());
        breathe_after(item.len()).await;
    }
    let (written, mut start) = (Bytes::from(written), 0);
    let answers = ends.into_iter().map(|end| {
        let answer = written.slice(start..end);
        start = end;
        EncodedStreamCodeEncountersResponse::new([answer])
    });
    Coded { answers: answers.collect(), end }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use prost::Message;
    use tokio_stream::StreamExt;

    use super::super::tests::{echo, request, slow};
    use super::*;
    use crate::server::pb;

    const IDLE: Duration = Duration::from_secs(60);

    type Sent = Result<EncodedStreamCodeEncountersRequest, Status>;

    fn sent(number: u32, id: &str) -> Sent {
        let item = pb::StreamCodeEncountersRequest { item_number: number, request: Some(request(id)) };
        Ok(EncodedStreamCodeEncountersRequest::new([item.encode_to_vec()]))
    }

    /// The item of one answer.
    fn item(answer: EncodedStreamCodeEncountersResponse) -> pb::CodingItem {
        let bytes = answer.encode_to_vec();
        let answer = pb::StreamCodeEncountersResponse::decode(bytes.as_slice()).expect("a message");
        answer.item.expect("an item")
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_stream_answers_in_order_with_the_numbers_it_was_given() {
        let inbound = (0..5000u32).map(|number| sent(number * 3, &format!("v{number}")));
        let answers: Vec<_> = stream(tokio_stream::iter(inbound), IDLE, echo).collect().await;
        assert_eq!(answers.len(), 5000);
        for (number, answer) in answers.into_iter().enumerate() {
            let item = item(answer.expect("an answer"));
            assert_eq!(item.item_number as usize, number * 3);
            assert_eq!(item.response.map(|response| response.encounter_id), Some(format!("v{number}")));
        }
    }

    async fn three_answers(inbound: [Sent; 4]) -> (Option<pb::ErrorReason>, tonic::Code) {
        let answers: Vec<_> = stream(tokio_stream::iter(inbound), IDLE, echo).collect().await;
        let [_, second, last] = <[_; 3]>::try_from(answers).expect("three answers");
        let error = item(second.expect("an answer")).error.map(|error| error.reason());
        (error, last.map(item).expect_err("a status").code())
    }

    #[tokio::test]
    async fn a_broken_stream_answers_what_came_before() {
        let missing = || Ok(EncodedStreamCodeEncountersRequest::new([vec![8, 2]]));
        let gone = Err(Status::cancelled("gone"));
        let ended = three_answers([sent(1, "a"), missing(), gone, sent(4, "never")]).await;
        assert_eq!(ended, (Some(pb::ErrorReason::InvalidRequest), tonic::Code::Cancelled));
        let unreadable = Ok(EncodedStreamCodeEncountersRequest::new([vec![0xff]]));
        let ended = three_answers([sent(1, "a"), missing(), unreadable, sent(4, "never")]).await;
        assert_eq!(ended, (Some(pb::ErrorReason::InvalidRequest), tonic::Code::InvalidArgument));
    }

    #[tokio::test]
    async fn a_stream_without_items_ends_behind_its_answers() {
        const SHORT: Duration = Duration::from_millis(200);
        let inbound = tokio_stream::iter([sent(1, "a")]).chain(tokio_stream::pending());
        let answers: Vec<_> = stream(inbound, SHORT, echo).collect().await;
        let [first, last] = <[_; 2]>::try_from(answers).expect("an answer and the end");
        assert_eq!(item(first.expect("an answer")).item_number, 1);
        assert_eq!(last.map(item).expect_err("a status").code(), tonic::Code::DeadlineExceeded);
        let slow = tokio_stream::iter(0..8).then(|number| async move {
            tokio::time::sleep(SHORT / 4).await;
            sent(number, "a")
        });
        let answers: Vec<_> = stream(Box::pin(slow), SHORT, echo).collect().await;
        assert!(answers.len() == 8 && answers.iter().all(Result::is_ok), "an item each time keeps it open");
    }

    #[tokio::test]
    async fn a_reader_that_stops_holds_the_sender() {
        let taken = Arc::new(AtomicUsize::new(0));
        let counter = taken.clone();
        let endless = std::iter::repeat_with(move || {
            counter.fetch_add(1, Ordering::Relaxed);
            sent(0, "v")
        });
        let mut answers = stream(tokio_stream::iter(endless), IDLE, echo);
        assert!(answers.next().await.is_some());
        tokio::time::sleep(Duration::from_millis(50)).await;
        let ahead = taken.load(Ordering::Relaxed);
        assert!(ahead <= GROUP_ITEMS * (GROUPS_AHEAD + 4), "{ahead} items were taken in");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn nobody_codes_for_a_caller_who_has_left() {
        let coded = Arc::new(AtomicUsize::new(0));
        let endless = tokio_stream::iter(std::iter::repeat_with(|| sent(0, "v")));
        let mut answers = stream(endless, IDLE, slow(&coded));
        assert!(answers.next().await.is_some());
        drop(answers);
        tokio::time::sleep(Duration::from_millis(GROUP_ITEMS as u64 * 4)).await;
        let at_work = coded.load(Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(GROUP_ITEMS as u64 * 2)).await;
        assert_eq!(coded.load(Ordering::Relaxed), at_work);
    }
}
