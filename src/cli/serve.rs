//! `serve`: the gRPC service.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;
use http::HeaderValue;

use super::shelf::StoreFlag;
use crate::config;
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
    /// A folder of policy files in place of, or added to, the embedded ones.
    #[arg(long, value_name = "DIR", env = "INFUSION_CODER_POLICIES")]
    policies: Option<PathBuf>,
    #[command(flatten)]
    web: WebFlags,
    #[command(flatten)]
    store: StoreFlag,
}

/// Callers other than gRPC, on the same port.
#[derive(Debug, Args)]
struct WebFlags {
    /// Answer gRPC-Web, for browsers.
    #[arg(long, env = "INFUSION_CODER_GRPC_WEB")]
    grpc_web: bool,
    /// Answer JSON posted to /infusion.coding.v1.SERVICE/METHOD, for browsers and curl.
    #[arg(long, env = "INFUSION_CODER_HTTP_JSON")]
    http_json: bool,
    /// Origins whose pages may call, separated by commas, such as https://billing.example.org.
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',', env = "INFUSION_CODER_ALLOW_ORIGIN")]
    allow_origin: Vec<HeaderValue>,
}

impl WebFlags {
    fn access(&self) -> WebAccess {
        let Self { grpc_web, http_json, allow_origin } = self;
        WebAccess { grpc_web: *grpc_web, http_json: *http_json, origins: allow_origin.clone() }
    }
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
    let policies = Arc::new(config::policy_book(flags.policies.as_deref())?);
    let coder = Coder::on(flags.store.catalog()?, policies);
    let runtime = tokio::runtime::Runtime::new().context("the runtime cannot start")?;
    let ready = |address| eprintln!("serving on {address}");
    runtime.block_on(serve::serve(
        flags.listen,
        coder,
        identities,
        flags.web.access(),
        ready,
        stop_signal(),
    ))?;
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
