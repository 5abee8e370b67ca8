//! Calls a running service as many callers would, and measures how it answers.
//!
//! An open loop sends by a schedule, whether or not earlier calls were answered, and measures each
//! call from the moment it was meant to be sent: a server that stalls cannot hide the calls that waited. How long each
//! waited before its connection took it is counted as well, because a generator that is late is no fault of the server. A
//! closed loop sends the next call when one is answered, which finds the greatest throughput.

mod raw;
mod tally;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::uri::PathAndQuery;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};
use tonic::codegen::Bytes;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;
use tonic::{Code, Request};

pub use raw::Raw;
use tally::Times;
pub use tally::{Percentiles, Tally};

/// The grain of an open schedule: the calls of one tick are meant to be sent together.
const TICK: Duration = Duration::from_millis(1);
/// Calls of an open schedule that may be unanswered at once; beyond them the generator itself would give way.
const UNANSWERED_MAX: usize = 20_000;
/// How long calls that are still unanswered at the end are waited for.
const LAST_ANSWERS: Duration = Duration::from_secs(10);

/// A call, encoded once.
#[derive(Debug, Clone)]
pub struct Call {
    pub path: PathAndQuery,
    pub message: Bytes,
}

/// When calls are sent.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// So many calls a second, come what may.
    Open { calls_per_second: u64 },
    /// So many calls in flight on each connection.
    Closed { calls_per_connection: usize },
}

/// What to send, how, and for how long.
#[derive(Debug, Clone)]
pub struct Plan {
    pub channels: Vec<Channel>,
    /// Sent in turn.
    pub calls: Arc<[Call]>,
    pub token: Option<MetadataValue<Ascii>>,
    pub pace: Pace,
    pub length: Duration,
}

/// Sends as planned, and tells what came back.
pub async fn run(plan: &Plan) -> Tally {
    match plan.pace {
        Pace::Open { calls_per_second } => open(plan, calls_per_second).await,
        Pace::Closed { calls_per_connection } => closed(plan, calls_per_connection).await,
    }
}

async fn closed(plan: &Plan, calls_per_connection: usize) -> Tally {
    let began = Instant::now();
    let end = began + plan.length;
    let mut callers = JoinSet::new();
    for (index, channel) in plan.channels.iter().enumerate() {
        for place in 0..calls_per_connection {
            let mut caller = Caller::new(channel, plan);
            let first = index + place * plan.channels.len();
            callers.spawn(async move {
                let mut tally = Tally::default();
                let mut turn = first;
                while Instant::now() < end {
                    let intended = Instant::now();
                    let (code, sent) = caller.call(turn).await;
                    tally.count(code, Times::until_now(intended, sent));
                    turn += 1;
                }
                tally
            });
        }
    }
    let mut all = Tally::default();
    while let Some(tally) = callers.join_next().await {
        // A caller that panicked counted nothing that could be trusted.
        all.add(&tally.unwrap_or_default());
    }
    all.ended(began.elapsed())
}

async fn open(plan: &Plan, calls_per_second: u64) -> Tally {
    let tallies: Vec<Arc<std::sync::Mutex<Tally>>> = plan.channels.iter().map(|_| Arc::default()).collect();
    let unanswered = Arc::new(AtomicUsize::new(0));
    let callers: Vec<Caller> = plan.channels.iter().map(|channel| Caller::new(channel, plan)).collect();
    let began = Instant::now();
    let mut ticks = tokio::time::interval_at(began, TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut turn, mut unsent) = (0_u64, 0);
    loop {
        let intended = ticks.tick().await;
        let elapsed = intended.duration_since(began);
        if elapsed >= plan.length {
            break;
        }
        let due = u64::try_from(elapsed.as_millis() + 1).unwrap_or(u64::MAX).saturating_mul(calls_per_second)
            / 1_000;
        while turn < due {
            let connection = usize::try_from(turn).unwrap_or_default() % callers.len();
            if unanswered.load(Ordering::Relaxed) >= UNANSWERED_MAX {
                unsent += 1;
            } else {
                let (mut caller, tally) = (callers[connection].clone(), tallies[connection].clone());
                let waiting = Waiting::new(&unanswered);
                tokio::spawn(async move {
                    let (code, sent) = caller.call(usize::try_from(turn).unwrap_or_default()).await;
                    drop(waiting);
                    // No caller panics while it counts.
                    tally
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .count(code, Times::until_now(intended, sent));
                });
            }
            turn += 1;
        }
    }
    let elapsed = began.elapsed();
    let given_up = Instant::now() + LAST_ANSWERS;
    while unanswered.load(Ordering::Relaxed) > 0 && Instant::now() < given_up {
        tokio::time::sleep(TICK).await;
    }
    let mut all = Tally::default();
    (all.unsent, all.unanswered) = (unsent, unanswered.load(Ordering::Relaxed));
    for tally in tallies {
        all.add(&tally.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }
    all.ended(elapsed)
}

/// A call that was sent and not answered yet.
struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    fn new(unanswered: &Arc<AtomicUsize>) -> Self {
        unanswered.fetch_add(1, Ordering::Relaxed);
        Self(unanswered.clone())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Clone)]
struct Caller {
    client: tonic::client::Grpc<Channel>,
    calls: Arc<[Call]>,
    token: Option<MetadataValue<Ascii>>,
}

impl Caller {
    fn new(channel: &Channel, plan: &Plan) -> Self {
        let client = tonic::client::Grpc::new(channel.clone()).max_decoding_message_size(usize::MAX);
        Self { client, calls: plan.calls.clone(), token: plan.token.clone() }
    }

    /// The status of the answer, and when the connection took the call.
    async fn call(&mut self, turn: usize) -> (Code, Option<Instant>) {
        let call = &self.calls[turn % self.calls.len()];
        if self.client.ready().await.is_err() {
            return (Code::Unavailable, None);
        }
        let mut request = Request::new(call.message.clone());
        if let Some(token) = &self.token {
            request.metadata_mut().insert("authorization", token.clone());
        }
        let raw = Raw::default();
        let answer = self.client.unary(request, call.path.clone(), raw.clone()).await;
        (answer.map_or_else(|status| status.code(), |_| Code::Ok), raw.sent())
    }
}
