//! Many visits at a time: a file of them, batches and a stream, in visits a second and processor time a visit.
//!
//! `cargo bench --bench streams` codes visits of six administrations whose doses and times differ from visit to
//! visit; `-- file`, `-- batch` or `-- stream` measures one of the three. The callers of the RPCs send bytes that
//! were encoded before, over loopback and from threads of their own: their processor time is counted apart, and
//! the rate that was seen is that of both ends on the same cores.

mod calls;
#[path = "../service/threads.rs"]
mod threads;
mod visits;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use infusion_coder::catalog::store::Library;
use infusion_coder::cli::ordered_lines;
use infusion_coder::cli::stated::Stated;
use infusion_coder::cli::visit_lines::VisitLines;
use infusion_coder::policy::PolicyBook;
use infusion_coder::server::coder::Coder;
use infusion_coder::server::pb;
use infusion_coder::server::serve::Service;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Visits of the file.
const FILE_VISITS: usize = 1_000_000;
/// Visits a second that are asked of a file on two cores, and of the calls.
const FILE_GOAL: u128 = 150_000;
const CALLS_GOAL: u128 = 200_000;
/// Cores that the goals are set for.
const CORES: u128 = 2;
/// What the threads that serve are called, and those that call.
const SERVER: &str = "server";
const CALLERS: &str = "callers";

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_asked = |part: &str| asked.is_empty() || asked.iter().any(|asked| asked == part);
    let library = Arc::new(Library::embedded());
    let policies = Arc::new(PolicyBook::embedded_with(Default::default()).expect("the embedded policies"));
    if is_asked("file") {
        file(&Coder::new(library.snapshot(), policies.clone()));
    }
    if is_asked("batch") || is_asked("stream") {
        let server = threads::runtime(SERVER);
        let address = threads::start(&server, Service::open(library, policies));
        for (part, name, is_stream) in
            [("batch", "BatchCodeEncounters", false), ("stream", "StreamCodeEncounters", true)]
        {
            if is_asked(part) {
                rpc(name, is_stream, address);
            }
        }
    }
}

/// Codes a file of visits into a file, and prints what it cost.
fn file(coder: &Coder) {
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let visits = visits::Lines::new(FILE_VISITS);
    let mut output = tempfile::tempfile().expect("a file");
    let each = || VisitLines::new(coder.clone(), pb::Detail::Lines, Stated::default(), None);
    let (started, before) = (Instant::now(), process_time());
    let done = ordered_lines::run(visits, &mut output, workers, 0, each, |_, _| {}).expect("no fault");
    let (elapsed, used) = (started.elapsed(), process_time().saturating_sub(before));
    assert_eq!((done.lines, done.refused), (FILE_VISITS as u64, 0));
    report("a file of visits", FILE_VISITS, elapsed, used, FILE_GOAL);
    println!("    peak memory of the process: {}; goal 200 MiB", peak_memory());
}

/// Calls a method with many visits, and prints what it cost the server.
fn rpc(name: &str, is_stream: bool, address: SocketAddr) {
    let callers = threads::runtime(CALLERS);
    let server_time = || threads::used_by(SERVER).expect("processor time of the threads");
    let (started, before) = (Instant::now(), server_time());
    let coded = callers.block_on(calls::run(address, is_stream));
    report(name, coded, started.elapsed(), server_time() - before, CALLS_GOAL);
    let theirs = threads::used_by(CALLERS).expect("processor time of the threads");
    println!("    the callers beside it: {} ns a visit", theirs.as_nanos() / coded as u128);
}

fn report(name: &str, visits: usize, elapsed: Duration, used: Duration, goal: u128) {
    let per_second = visits as u128 * 1_000_000 / elapsed.as_micros().max(1);
    let each = (used.as_nanos() / visits as u128).max(1);
    let enough_for = CORES * 1_000_000_000 / each;
    println!("{name}: {per_second} visits/s seen; {each} ns of processor time a visit");
    println!("    enough for {enough_for} visits/s on {CORES} cores of its own; goal {goal}");
}

/// User and system time of this process so far; nothing where the system does not tell it.
fn process_time() -> Duration {
    const TICK_MILLISECONDS: u64 = 10;
    let statistics = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name before the closing parenthesis may hold anything; user and system time are 12th and 13th after it.
    let fields = statistics.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * TICK_MILLISECONDS)
}

/// The most memory that the process has held at once, as the system tells it.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.map_or_else(|| "not told".to_owned(), |peak| peak.trim().to_owned())
}
