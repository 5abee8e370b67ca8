//! The service under strain: releases swapped while it answers, and more calls than it can answer.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use infusion_coder::catalog::release::Release;
use infusion_coder::catalog::store::Library;
use infusion_coder::load::{Call, Pace, Plan, Tally, run};
use infusion_coder::server::layers::metrics::Metrics;
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;
use tonic::Code;

use super::threads::{self, Scheduled};
use super::{CALLERS, Case, LOAD_PERCENT, ROUND, ROUNDS, SERVICE, at_rate, plan};

/// Calls offered for each one that is sustained.
const OVERLOAD: u64 = 4;
/// Share of what callers that wait can sustain that an open schedule asks for, in percent.
const FULL_PERCENT: u64 = 80;
/// Calls in flight on each connection that find what is sustained.
const CALLS_TO_SUSTAIN: usize = 4;
/// Time between two swaps.
const SWAP_EVERY: Duration = Duration::from_millis(250);
/// Health checks a second while the service is overloaded.
const CHECKS_PER_SECOND: u64 = 50;

/// A runtime of one thread, so that each side of an overload has a core of its own.
pub fn one_thread(name: &'static str) -> Runtime {
    Builder::new_multi_thread().worker_threads(1).thread_name(name).enable_all().build().expect("a runtime")
}

/// Keeps the threads of one name on one core; whether the system did so.
fn pin(name: &str, core: usize) -> bool {
    let Some(folders) = threads::folders(name) else { return false };
    let pinned = |thread: &PathBuf| {
        let thread = thread.file_name().unwrap_or_default();
        let taskset = Command::new("taskset").arg("-pc").arg(core.to_string()).arg(thread).output();
        taskset.is_ok_and(|done| done.status.success())
    };
    folders.iter().all(pinned)
}

/// Times at one load without swaps and with them, in turn.
pub async fn swaps(case: &Case, service: SocketAddr, library: &Arc<Library>) {
    println!("releases swapped every {} ms", SWAP_EVERY.as_millis());
    let plan = plan(case, service).await;
    let rate = (run(&plan).await.answered_per_second() * LOAD_PERCENT / 100).max(1);
    for _ in 0..ROUNDS {
        let calm = at_rate(&plan, rate).await;
        let (swaps, swapped) = tokio::join!(swap(library.clone()), at_rate(&plan, rate));
        println!(
            "  at {rate} calls a second: p99 {} µs calm, {} µs over {swaps} swaps; {} calls failed",
            calm.answered().p99,
            swapped.answered().p99,
            failed(&swapped)
        );
    }
}

/// Builds the catalog anew and puts it in the place of the one in use, for one round.
async fn swap(library: Arc<Library>) -> u32 {
    let end = Instant::now() + ROUND;
    let mut swaps = 0;
    while Instant::now() + SWAP_EVERY < end {
        tokio::time::sleep(SWAP_EVERY).await;
        let library = library.clone();
        let swapped = tokio::task::spawn_blocking(move || library.receive(vec![Release::embedded().clone()]));
        swapped.await.expect("a swap");
        swaps += 1;
    }
    swaps
}

/// What is offered beyond what is sustained, what is answered and how fast, and whether health answers.
///
/// The generator may be late as well, and what waits in it is no wait of the service. So beside the times from when calls
/// were meant to be sent stand those from when their connections took them, what the service itself counted, and how
/// busy each side's core was: where the callers' is full, the times are theirs.
pub async fn overload(case: &Case, service: SocketAddr, metrics: &Metrics) {
    let pinned = [SERVICE, CALLERS].iter().zip(0..).all(|(name, core)| pin(name, core));
    let cores = if pinned { "" } else { ", **not** pinned to them" };
    println!("overload by a long stay, a core for the service and one for its callers{cores}");
    let plan = plan(case, service).await;
    // Enough to keep one core busy, and no crowd.
    let closed = Plan { pace: Pace::Closed { calls_per_connection: CALLS_TO_SUSTAIN }, ..plan.clone() };
    let tally = run(&closed).await;
    let sustained = tally.answered_per_second().max(1);
    let full = at_rate(&plan, sustained * FULL_PERCENT / 100).await;
    let before = Buckets::of(metrics);
    let calm = at_rate(&plan, sustained * LOAD_PERCENT / 100).await;
    println!(
        "  sustained {sustained} calls a second, {} turned away; at {FULL_PERCENT} % of it p99 {} µs, {} turned away; at {LOAD_PERCENT} % p99 {} µs, {} since sent, in the service {}",
        tally.of(Code::ResourceExhausted),
        full.answered().p99,
        full.of(Code::ResourceExhausted),
        calm.answered().p99,
        calm.answered_since_sent().p99,
        Buckets::of(metrics).p99_since(&before)
    );
    let path = PathAndQuery::from_static("/grpc.health.v1.Health/Check");
    let health =
        Plan { calls: [Call { path, message: Bytes::new() }].into(), ..super::plan(case, service).await };
    for _ in 0..ROUNDS {
        let before = (Buckets::of(metrics), Cores::now());
        let (offered, checks) =
            tokio::join!(at_rate(&plan, sustained * OVERLOAD), at_rate(&health, CHECKS_PER_SECOND));
        print_round(sustained * OVERLOAD, &offered, &checks);
        println!(
            "    in the service p99 {}; {}; {} in memory",
            Buckets::of(metrics).p99_since(&before.0),
            Cores::now().since(&before.1),
            memory()
        );
    }
}

fn print_round(rate: u64, offered: &Tally, checks: &Tally) {
    println!(
        "  offered {rate} a second: {} answered, p50 {} µs p99 {} µs, {} and {} since sent; {} turned away, p99 {} µs; {} failed {:?}; \
         health p99 {} µs, {} failed; sent after p50 {} µs p99 {} µs, {} not sent",
        offered.of(Code::Ok),
        offered.answered().p50,
        offered.answered().p99,
        offered.answered_since_sent().p50,
        offered.answered_since_sent().p99,
        offered.of(Code::ResourceExhausted),
        offered.refused().p99,
        failed(offered),
        offered.codes().keys().collect::<Vec<_>>(),
        checks.answered().p99,
        failed(checks),
        offered.sending().p50,
        offered.sending().p99,
        offered.unsent,
    );
}

/// The time on their cores of the service and of its callers, at one moment.
struct Cores {
    at: Instant,
    sides: [Option<Scheduled>; 2],
}

impl Cores {
    fn now() -> Self {
        Self { at: Instant::now(), sides: [SERVICE, CALLERS].map(threads::scheduled) }
    }

    /// How busy the cores were since an earlier look.
    fn since(&self, earlier: &Self) -> String {
        let all = self.at.duration_since(earlier.at).as_micros().max(1);
        let percent =
            |later: Duration, earlier: Duration| later.saturating_sub(earlier).as_micros() * 100 / all;
        let sides = [SERVICE, CALLERS].into_iter().zip(self.sides.iter().zip(&earlier.sides));
        let told = sides.filter_map(|(name, (now, before))| {
            let (now, before) = (now.as_ref()?, before.as_ref()?);
            let (used, waited) = (percent(now.used, before.used), percent(now.waited, before.waited));
            Some(format!("{name} at work for {used} % and waiting for a core for {waited} %"))
        });
        told.collect::<Vec<_>>().join(", ")
    }
}

/// How many calls to code a visit took at most so long, from the page of figures, by rising length.
struct Buckets(Vec<(String, u64)>);

impl Buckets {
    fn of(metrics: &Metrics) -> Self {
        let page = metrics.text();
        let lines = page.lines().filter(|line| line.starts_with("infusion_coder_call_seconds_bucket"));
        let bucket = |line: &str| {
            let length = line.split_once("le=\"")?.1.split('"').next()?.to_owned();
            Some((length, line.rsplit(' ').next()?.parse().ok()?))
        };
        Self(lines.filter(|line| line.contains("\"CodeEncounter\"")).filter_map(bucket).collect())
    }

    /// The bucket that the 99th of a hundred calls fell in since an earlier look.
    fn p99_since(&self, earlier: &Self) -> String {
        let since = |(at, (_, count)): (usize, &(String, u64))| {
            count - earlier.0.get(at).map_or(0, |(_, before)| *before)
        };
        let counts: Vec<u64> = self.0.iter().enumerate().map(since).collect();
        let all = counts.last().copied().unwrap_or_default();
        let place = counts.iter().position(|count| count * 100 >= all * 99).unwrap_or_default();
        self.0.get(place).map_or_else(|| "nothing".to_owned(), |(length, _)| format!("at most {length} s"))
    }
}

/// Calls that were neither answered nor turned away.
fn failed(tally: &Tally) -> u64 {
    let sent: u64 = tally.codes().values().sum();
    sent - tally.of(Code::Ok) - tally.of(Code::ResourceExhausted)
}

/// Resident memory of the process, servers and callers together, where the system tells it.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    resident.map_or_else(|| "nobody knows what".to_owned(), |resident| resident.trim().to_owned())
}
