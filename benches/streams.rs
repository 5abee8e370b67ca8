//! Many visits at a time: a file of them, batches and a stream, in visits a second and processor time a visit.
//!
//! `cargo bench --bench streams` codes visits of six administrations whose doses and times differ from visit to
//! visit. The RPCs run over loopback with the callers in the same process, so their processor time holds both ends.

use std::io::sink;
use std::sync::Arc;
use std::time::{Duration, Instant};

use infusion_coder::catalog::store::Library;
use infusion_coder::cli::ordered_lines;
use infusion_coder::cli::visit_lines::VisitLines;
use infusion_coder::policy::PolicyBook;
use infusion_coder::server::coder::Coder;
use infusion_coder::server::pb::coding_service_client::CodingServiceClient;
use infusion_coder::server::serve::{Addresses, Service, serve};
use infusion_coder::server::{json, pb};
use tokio::runtime::Runtime;
use tokio_stream::StreamExt;
use tonic::transport::Channel;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Visits of each measurement.
const VISITS: usize = 200_000;
/// Visits that differ; the rest repeat them.
const DISTINCT: usize = 2_000;
/// Visits of one batch.
const BATCH: usize = 500;
/// Connections, each with its own caller.
const CALLERS: usize = 4;

/// Code, route, dose, content of one container, both in milligrams.
const DRUGS: [(&str, &str, usize, usize); 6] = [
    ("J1200", "IV_PUSH", 50, 50),
    ("J1100", "IV_PUSH", 10, 10),
    ("J9312", "IV_INFUSION", 705, 100),
    ("J9000", "IV_PUSH", 90, 10),
    ("J9370", "IV_PUSH", 2, 2),
    ("J9075", "IV_INFUSION", 1350, 500),
];

fn main() {
    let library = Arc::new(Library::embedded());
    let policies = Arc::new(PolicyBook::embedded_with(Default::default()).expect("the embedded policies"));
    let visits: Vec<String> = (0..DISTINCT).map(visit).collect();
    let coder = Coder::new(library.snapshot(), policies.clone());
    measured("a file of visits", || lines(&coder, &visits));
    let runtime = Runtime::new().expect("a runtime");
    let (told, address) = std::sync::mpsc::channel();
    let service = Service::open(library, policies);
    let ready = move |bound: Addresses| told.send(bound.callers).expect("the bench waits");
    runtime.spawn(serve(Addresses::LOOPBACK, service, ready, std::future::pending()));
    let address = address.recv().expect("the service listens");
    let requests: Arc<[pb::CodeEncounterRequest]> = visits.iter().map(|visit| request(visit)).collect();
    let channel = || Channel::from_shared(format!("http://{address}")).expect("an address").connect_lazy();
    for (name, is_stream) in [("BatchCodeEncounters", false), ("StreamCodeEncounters", true)] {
        measured(name, || {
            runtime.block_on(async {
                let callers = (0..CALLERS).map(|_| {
                    let (client, requests) = (CodingServiceClient::new(channel()), requests.clone());
                    tokio::spawn(async move {
                        if is_stream {
                            stream(client, &requests).await
                        } else {
                            batches(client, &requests).await
                        }
                    })
                });
                for caller in callers.collect::<Vec<_>>() {
                    caller.await.expect("a caller");
                }
            });
        });
    }
}

/// A visit as JSON; its number decides its times and doses.
fn visit(number: usize) -> String {
    let clock = |minutes: usize| format!("2025-11-03T{:02}:{:02}", minutes / 60, minutes % 60);
    let mut minutes = 8 * 60 + number % 50;
    let administrations = DRUGS.iter().enumerate().map(|(index, (code, route, dose, content))| {
        let dose = if *dose > 80 { dose + number * 7 % 40 } else { *dose };
        let start = clock(minutes);
        let mut stop = String::new();
        if *route == "IV_INFUSION" {
            minutes += 40 + number * 13 % 150;
            stop = format!(r#""stopTime":"{}","#, clock(minutes));
        }
        minutes += 10;
        let count = dose.div_ceil(*content);
        let discarded = count * content - dose;
        let mut discard = String::new();
        if discarded > 0 {
            discard = format!(r#""doseDiscarded":{{"value":"{discarded}","unit":"mg"}},"#);
        }
        format!(
            r#"{{"administrationId":"a{index}","route":"{route}","accessSite":"port","startTime":"{start}",{stop}"drugs":[{{"hcpcsCode":"{code}","doseAdministered":{{"value":"{dose}","unit":"mg"}},{discard}"containers":[{{"content":{{"value":"{content}","unit":"mg"}},"count":{count},"kind":"SINGLE_DOSE","lotNumber":"L{number}"}}]}}]}}"#
        )
    });
    let administrations: Vec<String> = administrations.collect();
    format!(
        r#"{{"encounter":{{"encounterId":"v-{number}","setting":"PHYSICIAN_OFFICE","payer":"medicare","serviceDate":"2025-11-03","timeZone":"America/Chicago","indication":"ONCOLOGY","diagnoses":["C83.30"],"primaryReason":"a2","administrations":[{}],"documentation":{{"orderSigned":true,"planOfCare":true,"nursingAssessment":true,"adverseReactions":true,"patientResponse":true,"discardRecorded":true}}}}}}"#,
        administrations.join(",")
    )
}

fn request(visit: &str) -> pb::CodeEncounterRequest {
    let mut request = json::read_request(visit).expect("a visit");
    request.set_detail(pb::Detail::Lines);
    request
}

fn lines(coder: &Coder, visits: &[String]) {
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let text = (visits.join("\n") + "\n").repeat(VISITS / DISTINCT);
    let each = || VisitLines::new(coder.clone(), pb::Detail::Lines, None);
    let done = ordered_lines::run(text.as_bytes(), &mut sink(), workers, 0, each, |_, _| {}).expect("memory");
    assert_eq!((done.lines, done.refused), (VISITS as u64, 0));
}

async fn batches(mut client: CodingServiceClient<Channel>, requests: &[pb::CodeEncounterRequest]) {
    for number in 0..VISITS / CALLERS / BATCH {
        let from = number * BATCH % DISTINCT;
        let batch = pb::BatchCodeEncountersRequest { requests: requests[from..from + BATCH].to_vec() };
        let answer = client.batch_code_encounters(batch).await.expect("an answer").into_inner();
        assert!(answer.items.len() == BATCH && answer.items.iter().all(|item| item.error.is_none()));
    }
}

async fn stream(mut client: CodingServiceClient<Channel>, requests: &Arc<[pb::CodeEncounterRequest]>) {
    let requests = requests.clone();
    let sent = (0..VISITS / CALLERS).map(move |number| pb::StreamCodeEncountersRequest {
        item_number: number as u32,
        request: Some(requests[number % DISTINCT].clone()),
    });
    let mut answers =
        client.stream_code_encounters(tokio_stream::iter(sent)).await.expect("a stream").into_inner();
    let mut next = 0;
    while let Some(answer) = answers.next().await {
        let item = answer.expect("an answer").item.expect("an item");
        assert!(item.item_number == next && item.error.is_none(), "item {next}");
        next += 1;
    }
    assert_eq!(next as usize, VISITS / CALLERS);
}

/// Runs once and prints the rate, and the processor time of the whole process a visit.
fn measured(name: &str, run: impl FnOnce()) {
    let (started, before) = (Instant::now(), processor_time());
    run();
    let (elapsed, used) = (started.elapsed(), processor_time().saturating_sub(before));
    let per_second = VISITS as u128 * 1_000_000 / elapsed.as_micros().max(1);
    println!(
        "{name}: {per_second} visits/s; {} ns of processor time a visit",
        used.as_nanos() / VISITS as u128
    );
}

/// User and system time of this process so far; nothing where the system does not tell it.
fn processor_time() -> Duration {
    const TICK_MILLISECONDS: u64 = 10;
    let statistics = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name before the closing parenthesis may hold anything; user and system time are 12th and 13th after it.
    let fields = statistics.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * TICK_MILLISECONDS)
}
