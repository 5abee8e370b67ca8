//! The service under strain: releases swapped while it answers, and more calls than it can answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use infusion_coder::catalog::release::Release;
use infusion_coder::catalog::store::Library;
use infusion_coder::load::{Call, Plan, Tally, run};
use infusion_coder::server::layers::metrics::Metrics;
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;
use tonic::Code;

use super::{Case, LOAD_PERCENT, ROUND, ROUNDS, at_rate, plan};

/// Calls offered for each one that is sustained.
const OVERLOAD: u64 = 4;
/// Time between two swaps.
const SWAP_EVERY: Duration = Duration::from_millis(250);
/// Health checks a second while the service is overloaded.
const CHECKS_PER_SECOND: u64 = 50;

/// A runtime of one thread, so that each side of an overload has a core of its own.
pub fn one_thread(name: &'static str) -> Runtime {
    Builder::new_multi_thread().worker_threads(1).thread_name(name).enable_all().build().expect("a runtime")
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
/// The generator has the same cores, and what waits in it is no wait of the service: so the service's own count
/// of how long the calls let in took is printed beside the callers' times.
pub async fn overload(case: &Case, service: SocketAddr, metrics: &Metrics) {
    println!("overload by a long stay, a core for the service and one for its callers");
    let plan = plan(case, service).await;
    let sustained = run(&plan).await.answered_per_second().max(1);
    let before = Buckets::of(metrics);
    let calm = at_rate(&plan, sustained * LOAD_PERCENT / 100).await;
    println!(
        "  sustained {sustained} calls a second; p99 {} µs at {LOAD_PERCENT} % of it, in the service {}",
        calm.answered().p99,
        Buckets::of(metrics).p99_since(&before)
    );
    let path = PathAndQuery::from_static("/grpc.health.v1.Health/Check");
    let health =
        Plan { calls: [Call { path, message: Bytes::new() }].into(), ..super::plan(case, service).await };
    for _ in 0..ROUNDS {
        let before = Buckets::of(metrics);
        let (offered, checks) =
            tokio::join!(at_rate(&plan, sustained * OVERLOAD), at_rate(&health, CHECKS_PER_SECOND));
        println!(
            "  offered {} a second: {} answered, p50 {} µs p99 {} µs, in the service {}, {} turned away, p99 {} µs, {} failed {:?}, {} held back by the generator; \
             health p99 {} µs, {} failed; {} in memory",
            sustained * OVERLOAD,
            offered.of(Code::Ok),
            offered.answered().p50,
            offered.answered().p99,
            Buckets::of(metrics).p99_since(&before),
            offered.of(Code::ResourceExhausted),
            offered.refused().p99,
            failed(&offered),
            offered.codes().keys().collect::<Vec<_>>(),
            offered.unsent,
            checks.answered().p99,
            failed(&checks),
            memory()
        );
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
