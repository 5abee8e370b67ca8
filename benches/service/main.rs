//! The service against a bare tonic echo of the same request and response bytes, in one interleaved run.
//!
//! `cargo bench --bench service` prints the throughputs and their ratios, the processor time of each side, and the times at
//! one load; then a swap of releases under load, and an overload. `-- visit`, `look-up`, `swap` and `overload` run a part.
//! Servers and callers share the machine, so compare the ratios and not
//! the figures; a busy machine spoils times and throughputs, and leaves processor time nearly as it is.

mod echo;
mod strain;
mod threads;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use infusion_coder::catalog::store::Library;
use infusion_coder::load::{Call, Pace, Plan, Tally, run};
use infusion_coder::policy::PolicyBook;
use infusion_coder::server::code_book::CodeBook;
use infusion_coder::server::coder::Coder;
use infusion_coder::server::serve::Service;
use infusion_coder::server::{json, pb};
use prost::Message;
use tonic::transport::Channel;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: u32 = 5;
const ROUND: Duration = Duration::from_secs(2);
const CONNECTIONS: usize = 8;
const CALLS_PER_CONNECTION: usize = 10;
/// Share of the slowest server's throughput at which the times are compared, in percent.
const LOAD_PERCENT: u64 = 30;

const SIX_DRUGS: &str = include_str!("../../examples/r-chop.json");

const DATE: &str = "2025-11-03";
const FIRST_DAY: u32 = 3;
/// Dates of the long stay.
const DATES: u32 = 14;

/// The servers that take turns, by the names of their threads.
const SERVICE: &str = "service";
const ECHO: &str = "echo";
const TYPED_ECHO: &str = "typed echo";
const CALLERS: &str = "callers";

/// One of the answers that are compared: what is asked, and what the service says.
struct Case {
    title: &'static str,
    call: Call,
    answer: Vec<u8>,
}

fn main() {
    let parts: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|named| named == part);
    let library = Arc::new(Library::embedded());
    let policies = Arc::new(PolicyBook::embedded_with(Default::default()).expect("the embedded policies"));
    let runtimes = [SERVICE, ECHO, TYPED_ECHO].map(threads::runtime);
    let callers = threads::runtime(CALLERS);
    let service = threads::start(&runtimes[0], Service::open(library.clone(), policies.clone()));
    if wanted("visit") {
        let case = visit(&library, &policies);
        let echo = echo::of_bytes(&runtimes[1], &case.answer);
        let typed = echo::of_messages::<pb::CodeEncounterRequest, pb::CodeEncounterResponse>(
            &runtimes[2],
            &case.answer,
        );
        callers.block_on(compare(&case, [service, echo, typed]));
    }
    if wanted("look-up") {
        let case = look_up(&library);
        let echo = echo::of_bytes(&runtimes[1], &case.answer);
        let typed = echo::of_messages::<pb::GetCodeRequest, pb::CodeVersion>(&runtimes[2], &case.answer);
        callers.block_on(compare(&case, [service, echo, typed]));
    }
    if wanted("swap") {
        callers.block_on(strain::swaps(&visit(&library, &policies), service, &library));
    }
    if wanted("overload") {
        let case = stay();
        let service = Service::open(library, policies);
        let metrics = service.metrics.clone();
        // A core for each side, so that the wait for a core is that of the service.
        let [server, callers] = [SERVICE, CALLERS].map(strain::one_thread);
        let service = threads::start(&server, service);
        callers.block_on(strain::overload(&case, service, &metrics));
    }
}

fn visit(library: &Library, policies: &Arc<PolicyBook>) -> Case {
    let mut request: pb::CodeEncounterRequest = json::read(SIX_DRUGS).expect("the example");
    request.detail = pb::Detail::Full.into();
    let coder = Coder::new(library.snapshot(), policies.clone());
    let answer = coder.code(request.clone()).expect("an answer").response;
    let path = PathAndQuery::from_static("/infusion.coding.v1.CodingService/CodeEncounter");
    let call = Call { path, message: Bytes::from(request.encode_to_vec()) };
    Case { title: "visit of six drugs, full trail", call, answer: answer.encode_to_vec() }
}

/// The same visit on each of many dates in one request, whose coding outweighs its transport: callers on one core can
/// then offer many times what a service on another can answer.
fn stay() -> Case {
    let visits = (0..DATES).map(|day| {
        let visit = SIX_DRUGS.replace(DATE, &format!("2025-11-{:02}", FIRST_DAY + day));
        json::read::<pb::CodeEncounterRequest>(&visit).expect("the example").encounter.expect("a visit")
    });
    let mut stay = pb::Encounter::default();
    for (day, visit) in visits.enumerate() {
        let given = visit.administrations.iter().cloned().map(|mut given| {
            given.administration_id = format!("{}-{day}", given.administration_id);
            given
        });
        let administrations = stay.administrations.into_iter().chain(given).collect();
        stay = pb::Encounter { administrations, primary_reason: String::new(), ..visit };
    }
    stay.setting = pb::Setting::HospitalOutpatient.into();
    let request = pb::CodeEncounterRequest { encounter: Some(stay), detail: pb::Detail::Lines.into() };
    let path = PathAndQuery::from_static("/infusion.coding.v1.CodingService/CodeEncounter");
    Case {
        title: "stay",
        call: Call { path, message: Bytes::from(request.encode_to_vec()) },
        answer: Vec::new(),
    }
}

fn look_up(library: &Arc<Library>) -> Case {
    let request = pb::GetCodeRequest { code: "J9312".to_owned(), date_of_service: "2025-11-03".to_owned() };
    let answer = CodeBook::new(library.clone()).code(&request).expect("an answer");
    let path = PathAndQuery::from_static("/infusion.coding.v1.CatalogService/GetCode");
    let call = Call { path, message: Bytes::from(request.encode_to_vec()) };
    Case { title: "look-up of a code", call, answer: answer.encode_to_vec() }
}

/// One server under the load of the closed loop.
struct Side {
    name: &'static str,
    plan: Plan,
    per_second: Vec<u64>,
    /// Processor time of the server and of its callers for one call, in nanoseconds.
    nanos: Vec<(u64, u64)>,
}

/// Rounds of each server in turn, so that whatever else the machine does falls on all.
async fn compare(case: &Case, addresses: [SocketAddr; 3]) {
    println!("{}: {} bytes asked, {} answered", case.title, case.call.message.len(), case.answer.len());
    let mut sides = Vec::new();
    for (name, address) in [SERVICE, ECHO, TYPED_ECHO].into_iter().zip(addresses) {
        sides.push(Side { name, plan: plan(case, address).await, per_second: Vec::new(), nanos: Vec::new() });
    }
    // The first round warms all three.
    for round in 0..=ROUNDS {
        for side in &mut sides {
            let (per_second, nanos) = side.round().await;
            if round > 0 {
                side.per_second.push(per_second);
                side.nanos.extend(nanos);
            }
        }
        if round > 0 {
            let figures: Vec<_> = sides.iter().map(Side::last).collect();
            println!("  {}", figures.join(", "));
        }
    }
    for echo in &sides[1..] {
        print_ratios(&sides[0], echo);
    }
    let slowest = sides.iter().flat_map(|side| &side.per_second).min().copied().unwrap_or_default();
    let rate = (slowest * LOAD_PERCENT / 100).max(1);
    for _ in 0..ROUNDS {
        let mut figures = Vec::new();
        for side in &sides {
            let times = at_rate(&side.plan, rate).await.answered();
            figures.push(format!("{} p50 {} µs p99 {} µs", side.name, times.p50, times.p99));
        }
        println!("  at {rate} calls a second: {}", figures.join(", "));
    }
}

impl Side {
    /// Calls answered in a second, and processor time.
    async fn round(&self) -> (u64, Option<(u64, u64)>) {
        let used = || Some((threads::used_by(self.name)?, threads::used_by(CALLERS)?));
        let before = used();
        let tally = run(&self.plan).await;
        assert!(tally.codes().keys().all(|code| *code == 0), "{:?}", tally.codes());
        let calls = u128::from(tally.of(tonic::Code::Ok).max(1));
        let nanos = before.zip(used()).map(|(before, after)| {
            let each = |spent: Duration| u64::try_from(spent.as_nanos() / calls).unwrap_or(u64::MAX);
            (each(after.0.saturating_sub(before.0)), each(after.1.saturating_sub(before.1)))
        });
        (tally.answered_per_second(), nanos)
    }

    fn last(&self) -> String {
        let per_second = self.per_second.last().copied().unwrap_or_default();
        let (server, callers) = self.nanos.last().copied().unwrap_or_default();
        format!("{} {per_second} calls a second ({server} + {callers} ns)", self.name)
    }
}

/// The medians of the rounds, each against that of the same round.
fn print_ratios(service: &Side, echo: &Side) {
    let rounds = service.per_second.iter().zip(&echo.per_second);
    let throughput = median(rounds.map(|(ours, theirs)| ours * 1_000 / theirs.max(&1)));
    let both = |(server, callers): (u64, u64)| server + callers;
    let rounds = || service.nanos.iter().zip(&echo.nanos);
    let processor = median(rounds().map(|(ours, theirs)| both(*theirs) * 1_000 / both(*ours).max(1)));
    println!(
        "  beside the {}: throughput {throughput} thousandths, by processor time {processor} thousandths",
        echo.name
    );
    let servers = |side: &Side| median(side.nanos.iter().map(|(server, _)| *server));
    println!(
        "  processor time of the server a call: {} ns, {} {} ns",
        servers(service),
        echo.name,
        servers(echo)
    );
}

fn median(figures: impl Iterator<Item = u64>) -> u64 {
    let mut figures: Vec<_> = figures.collect();
    figures.sort_unstable();
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

async fn plan(case: &Case, address: SocketAddr) -> Plan {
    let endpoint = Channel::from_shared(format!("http://{address}")).expect("an address");
    let mut channels = Vec::new();
    for _ in 0..CONNECTIONS {
        channels.push(endpoint.connect().await.expect("a connection"));
    }
    let pace = Pace::Closed { calls_per_connection: CALLS_PER_CONNECTION };
    Plan { channels, calls: [case.call.clone()].into(), token: None, pace, length: ROUND }
}

async fn at_rate(plan: &Plan, calls_per_second: u64) -> Tally {
    run(&Plan { pace: Pace::Open { calls_per_second }, ..plan.clone() }).await
}
