//! `serve`: the gRPC service.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;

use super::PoliciesFlag;
use super::shelf::StoreFlag;
use crate::server::code_book::CodeBook;
use crate::server::coder::Coder;
use crate::server::layers::auth::Identities;
use crate::server::layers::web::WebAccess;
use crate::server::serve;

/// Where to listen, and who may call.
#[derive(Debug, Args)]
pub struct Flags {
    /// Address and port; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:50051", env = "INFUSION_CODER_LISTEN")]
    listen: SocketAddr,
    /// A file of identities, one a line: `token ROLE SECRET` or `certificate ROLE SHA256`.
    #[arg(long, value_name = "FILE", env = "INFUSION_CODER_IDENTITIES")]
    identities: Option<PathBuf>,
    /// Serve everybody on an address that is not loopback.
    #[arg(long, env = "INFUSION_CODER_INSECURE")]
    insecure: bool,
    #[command(flatten)]
    policies: PoliciesFlag,
    #[command(flatten)]
    web: WebAccess,
    #[command(flatten)]
    store: StoreFlag,
}

/// Serves until the process is asked to stop.
///
/// # Errors
/// A configuration that cannot be used, or an address that is taken.
pub fn run(flags: &Flags) -> anyhow::Result<()> {
    let identities = flags.identities.as_deref().map(Identities::from_file).transpose()?.unwrap_or_default();
    if identities.is_empty() && !flags.listen.ip().is_loopback() && !flags.insecure {
        bail!("{} is open to others: give --identities FILE, or say --insecure", flags.listen);
    }
    let policies = Arc::new(flags.policies.book()?);
    let library = Arc::new(flags.store.library()?);
    let coder = Coder::new(library.snapshot(), policies);
    let book = CodeBook::new(library);
    let runtime = tokio::runtime::Runtime::new().context("the runtime cannot start")?;
    let ready = |address| eprintln!("serving on {address}");
    let web = flags.web.clone();
    runtime.block_on(serve::serve(flags.listen, coder, book, identities, web, ready, stop_signal()))?;
    Ok(())
}

/// Ends on Ctrl-C or SIGTERM.
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        // Without a handler the signal ends the process by itself.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
