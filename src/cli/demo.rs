//! `demo`: the service on the embedded catalog, the example visits coded over real gRPC, and a call to try.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use tokio::sync::oneshot;
use tonic::transport::Endpoint;

use super::print;
use super::serve::stop_signal;
use super::visit_table::Shown;
use crate::catalog::store::Library;
use crate::config;
use crate::server::pb::coding_service_client::CodingServiceClient;
use crate::server::serve::{Addresses, Service, serve};
use crate::server::{json, pb};

/// The example visits, with what each one shows.
const EXAMPLES: &[(&str, &str)] = &[
    (
        "R-CHOP in the office: rituximab for hours, a second infusion, two pushes, two premedications",
        include_str!("../../examples/r-chop.json"),
    ),
    (
        "A trastuzumab biosimilar in the hospital: one unit discarded, on a line with JW",
        include_str!("../../examples/trastuzumab-biosimilar.json"),
    ),
    (
        "FOLFOX with a pump start: leucovorin beside oxaliplatin, fluorouracil pushed and pumped",
        include_str!("../../examples/folfox-pump-start.json"),
    ),
    (
        "Rituximab for rheumatoid arthritis: the class follows the drug, not the diagnosis",
        include_str!("../../examples/rituximab-rheumatoid-arthritis.json"),
    ),
    (
        "Iron, then hydration: each fluid minute is counted once",
        include_str!("../../examples/iron-with-hydration.json"),
    ),
    (
        "A missing stop time: asked about, and never guessed",
        include_str!("../../examples/missing-stop-time.json"),
    ),
];

/// A visit short enough for a line of a terminal.
const SHORT_VISIT: &str = concat!(
    r#"{"encounter":{"encounterId":"try-1","setting":"SETTING_PHYSICIAN_OFFICE","serviceDate":"2025-11-03","#,
    r#""administrations":[{"route":"ROUTE_IV_INFUSION","startTime":"2025-11-03T09:40","stopTime":"2025-11-03T11:25","#,
    r#""drugs":[{"hcpcsCode":"J1745","doseAdministered":{"value":"350","unit":"mg"},"#,
    r#""doseDiscarded":{"value":"50","unit":"mg"},"containers":[{"content":{"value":"100","unit":"mg"},"count":4}]}]}]}}"#
);

/// Where the demonstration listens.
#[derive(Debug, Args)]
pub struct Flags {
    /// Address and port; a free port is taken where this one is in use.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:50051")]
    listen: SocketAddr,
    /// End after the visits in place of serving on.
    #[arg(long)]
    once: bool,
}

/// Serves, codes the examples through the service, and serves on until Ctrl-C.
///
/// # Errors
/// An address that cannot be listened on, or a call that fails.
pub fn run(flags: &Flags) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("the runtime cannot start")?;
    runtime.block_on(demonstrate(flags))
}

async fn demonstrate(flags: &Flags) -> anyhow::Result<()> {
    let (stop, stopped) = oneshot::channel::<()>();
    let (address, server) = start(flags.listen, stopped).await?;
    for (title, text) in EXAMPLES {
        print(&format!("{}\n{title}\n\n{}\n", "─".repeat(super::columns()), coded(address, text).await?))?;
    }
    if !flags.once {
        print(&invitation(address))?;
        stop_signal().await;
    }
    // The server ends with its last call whether or not it hears this.
    let _ = stop.send(());
    server.await.context("the server stopped")?
}

/// Starts the service, on a free port where the wanted one is in use.
async fn start(
    wanted: SocketAddr,
    stopped: oneshot::Receiver<()>,
) -> anyhow::Result<(SocketAddr, tokio::task::JoinHandle<anyhow::Result<()>>)> {
    let is_free = tokio::net::TcpListener::bind(wanted).await.is_ok();
    let listen = if is_free { wanted } else { SocketAddr::new(wanted.ip(), 0) };
    let (ready, bound) = oneshot::channel();
    let policies = Arc::new(config::policy_book(None)?);
    let service = Service::open(Arc::new(Library::embedded()), policies);
    let server = tokio::spawn(async move {
        let tell = |bound: Addresses| {
            // Nobody waits for the address where the start has failed already.
            let _ = ready.send(bound.callers);
        };
        let addresses = Addresses { callers: listen, ..Addresses::LOOPBACK };
        Ok(serve(addresses, service, tell, async { stopped.await.unwrap_or_default() }).await?)
    });
    match bound.await {
        Ok(address) => Ok((address, server)),
        Err(_) => Err(server.await?.err().unwrap_or_else(|| anyhow::anyhow!("the server did not start"))),
    }
}

/// Codes a visit as a client would, and puts the answer into a biller's words.
async fn coded(address: SocketAddr, text: &str) -> anyhow::Result<String> {
    let request: pb::CodeEncounterRequest = json::read(text)?;
    let encounter = request.encounter.clone();
    let channel = Endpoint::from_shared(format!("http://{address}"))?.connect().await?;
    let answer = CodingServiceClient::new(channel).code_encounter(request).await?.into_inner();
    Ok(Shown::visit(encounter.as_ref(), &answer).render())
}

/// What to try next, ready to be pasted.
fn invitation(address: SocketAddr) -> String {
    let program = std::env::args().next().unwrap_or_else(|| "infusion-coder".to_owned());
    format!(
        "{}\nServing on {address}. Try it from another terminal:\n\n\
         echo '{SHORT_VISIT}' | {program} code - --server http://{address}\n\n\
         or with any gRPC client, by reflection:\n\n\
         grpcurl -plaintext -d '{SHORT_VISIT}' {address} infusion.coding.v1.CodingService/CodeEncounter\n\n\
         Ctrl-C ends it.\n",
        "─".repeat(super::columns())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_visit_and_the_examples_are_requests() {
        let short: pb::CodeEncounterRequest = json::read(SHORT_VISIT).expect("a request");
        assert!(short.encounter.is_some());
        for (title, text) in EXAMPLES {
            assert!(json::read::<pb::CodeEncounterRequest>(text).is_ok(), "{title}");
        }
    }
}
