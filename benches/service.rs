//! The service against a bare tonic echo of the same request and response bytes, in one interleaved run.
//!
//! `cargo bench --bench service` prints both throughputs and their ratio, the 99th percentiles at one load, and the
//! same for a look-up. Servers and callers share the machine, so compare the ratios and not the figures.

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
use infusion_coder::server::serve::{Addresses, Service, serve};
use infusion_coder::server::{json, pb};
use prost::Message;
use tokio::runtime::Runtime;
use tonic::server::UnaryService;
use tonic::transport::{Channel, Server};
use tonic::{Request, Response, Status};

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: u32 = 5;
const ROUND: Duration = Duration::from_secs(2);
const CONNECTIONS: usize = 8;
const CALLS_PER_CONNECTION: usize = 10;
/// Share of the echo's throughput at which the times are compared, in percent.
const LOAD_PERCENT: u64 = 30;

const SIX_DRUGS: &str = include_str!("../examples/r-chop.json");

/// One of the answers that are compared: what is asked, and what the service says.
struct Case {
    name: &'static str,
    call: Call,
    answer: Vec<u8>,
}

fn main() {
    let library = Arc::new(Library::embedded());
    let policies = Arc::new(PolicyBook::embedded_with(Default::default()).expect("the embedded policies"));
    let cases = [visit(&library, &policies), look_up(&library)];
    let servers = Runtime::new().expect("a runtime");
    let callers = Runtime::new().expect("a runtime");
    let service = start_service(&servers, library, policies);
    for case in cases {
        let echo = servers.block_on(start_echo(case.answer.clone()));
        println!("{}: {} bytes asked, {} answered", case.name, case.call.message.len(), case.answer.len());
        callers.block_on(compare(&case, service, echo));
    }
}

fn visit(library: &Library, policies: &Arc<PolicyBook>) -> Case {
    let mut request: pb::CodeEncounterRequest = json::read(SIX_DRUGS).expect("the example");
    request.detail = pb::Detail::Full.into();
    let coder = Coder::new(library.snapshot(), policies.clone());
    let answer = coder.code(request.clone()).expect("an answer").response;
    let path = PathAndQuery::from_static("/infusion.coding.v1.CodingService/CodeEncounter");
    let call = Call { path, message: Bytes::from(request.encode_to_vec()) };
    Case { name: "visit of six drugs, full trail", call, answer: answer.encode_to_vec() }
}

fn look_up(library: &Arc<Library>) -> Case {
    let request = pb::GetCodeRequest { code: "J9312".to_owned(), date_of_service: "2025-11-03".to_owned() };
    let answer = CodeBook::new(library.clone()).code(&request).expect("an answer");
    let path = PathAndQuery::from_static("/infusion.coding.v1.CatalogService/GetCode");
    let call = Call { path, message: Bytes::from(request.encode_to_vec()) };
    Case { name: "look-up of a code", call, answer: answer.encode_to_vec() }
}

fn start_service(servers: &Runtime, library: Arc<Library>, policies: Arc<PolicyBook>) -> SocketAddr {
    let (told, address) = std::sync::mpsc::channel();
    let service = Service::open(library, policies);
    let ready = move |bound: Addresses| told.send(bound.callers).expect("the bench waits");
    servers.spawn(serve(Addresses::LOOPBACK, service, ready, std::future::pending()));
    address.recv().expect("the service listens")
}

/// A tonic server that answers every call with the same bytes.
async fn start_echo(answer: Vec<u8>) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let echo = Echo { answer: Bytes::from(answer) };
    let incoming = tonic::transport::server::TcpIncoming::from(listener).with_nodelay(Some(true));
    tokio::spawn(Server::builder().serve_with_incoming(echo, incoming));
    address
}

#[derive(Clone)]
struct Echo {
    answer: Bytes,
}

/// A message that is nothing but bytes, as an echo of any system would have it.
#[derive(Clone, PartialEq, Message)]
struct Payload {
    #[prost(bytes = "bytes", tag = "15")]
    bytes: Bytes,
}

impl UnaryService<Payload> for Echo {
    type Response = Payload;
    type Future = std::future::Ready<Result<Response<Payload>, Status>>;

    fn call(&mut self, _: Request<Payload>) -> Self::Future {
        std::future::ready(Ok(Response::new(Payload { bytes: self.answer.clone() })))
    }
}

impl tower::Service<http::Request<tonic::body::Body>> for Echo {
    type Response = http::Response<tonic::body::Body>;
    type Error = std::convert::Infallible;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        let echo = self.clone();
        Box::pin(async move {
            let codec = tonic_prost::ProstCodec::<Payload, Payload>::default();
            Ok(tonic::server::Grpc::new(codec).unary(echo, request).await)
        })
    }
}

/// Rounds of one and the other in turn, so that whatever else the machine does falls on both.
async fn compare(case: &Case, service: SocketAddr, echo: SocketAddr) {
    let service = plan(case, service).await;
    let echo = plan(case, echo).await;
    let mut ratios = Vec::new();
    let mut echo_per_second = u64::MAX;
    for round in 0..=ROUNDS {
        let (of_service, of_echo) = (answered(&service).await, answered(&echo).await);
        // The first round warms both.
        if round > 0 {
            echo_per_second = echo_per_second.min(of_echo);
            println!("  {of_service:>7} calls a second, echo {of_echo:>7}: {} %", of_service * 100 / of_echo);
            ratios.push(of_service * 1_000 / of_echo);
        }
    }
    ratios.sort_unstable();
    println!("  throughput: median {} thousandths of the echo's", ratios[ratios.len() / 2]);
    let rate = (echo_per_second * LOAD_PERCENT / 100).max(1);
    for _ in 0..ROUNDS {
        let (of_service, of_echo) = (at_rate(&service, rate).await, at_rate(&echo, rate).await);
        let (ours, theirs) = (of_service.answered(), of_echo.answered());
        println!(
            "  at {rate} calls a second: p50 {} µs, echo {}; p99 {} µs, echo {}",
            ours.p50, theirs.p50, ours.p99, theirs.p99
        );
    }
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

async fn answered(plan: &Plan) -> u64 {
    let tally = run(plan).await;
    assert!(tally.codes().keys().all(|code| *code == 0), "{:?}", tally.codes());
    tally.answered_per_second()
}

async fn at_rate(plan: &Plan, calls_per_second: u64) -> Tally {
    run(&Plan { pace: Pace::Open { calls_per_second }, ..plan.clone() }).await
}
