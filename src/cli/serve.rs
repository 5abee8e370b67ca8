//! `serve`: the gRPC service.

use std::hint::black_box;
use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::MissedTickBehavior;

use super::refresh_flags::RefreshFlags;
use super::serve_again;
use super::settings::unknown_variables;
use super::shelf::StoreFlag;
use super::{NO_SETTING, PoliciesFlag};
use crate::catalog::store::{Library, StoreError};
use crate::policy::PolicyBook;
use crate::server::admin_service;
use crate::server::layers::web::WebAccess;
use crate::server::limits::{RequestLimits, ServiceLimits};
use crate::server::secrets::Secrets;
use crate::server::serve::{Addresses, Service, serve};
use crate::server::tls::{Tls, TlsFiles};
use crate::telemetry::{LogFormat, TelemetryFlags};

/// Identities given by the environment: no flag, because a command line is read by everybody.
pub const IDENTITY_LINES: &str = "INFUSION_CODER_IDENTITY_LINES";

/// How long the runtime waits for work that cannot be cut off, such as a write to the store.
const LAST_WORK: Duration = Duration::from_secs(2);

/// What no flag says.
const ENVIRONMENT: &str = "\
Environment:
  INFUSION_CODER_LIMIT_STREAMS   is --limit-streams, and so for every flag; the flag wins over the variable
  INFUSION_CODER_IDENTITY_LINES  lines as in the file of --identities, for secrets that no file should hold";

/// Where to listen, who may call, and how much.
#[derive(Debug, Args)]
#[command(after_long_help = ENVIRONMENT)]
pub struct Flags {
    /// A TOML file of these settings; a flag or a variable wins over it.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address and port for coding and look-ups; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:50051")]
    listen: SocketAddr,
    /// Address and port for administration; port 50052 of loopback, or a free one where that is taken.
    #[arg(long, value_name = "ADDRESS")]
    admin_listen: Option<SocketAddr>,
    /// Address and port for metrics, liveness and readiness over HTTP; none when it is not given.
    #[arg(long, value_name = "ADDRESS")]
    metrics_listen: Option<SocketAddr>,
    /// A file of identities, one a line: `token ROLE SECRET`, `token-sha256 ROLE DIGEST` or `certificate ROLE NAME`.
    #[arg(long, value_name = "FILE")]
    identities: Option<PathBuf>,
    /// Serve everybody on an address that is not loopback.
    #[arg(long)]
    insecure: bool,
    /// The server's certificate and its chain, as PEM.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// The private key of the certificate, as PEM.
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// Ask every caller for a certificate that this CA signed, as PEM.
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_client_ca: Option<PathBuf>,
    /// Threads that answer calls; as many as there are cores when it is not given.
    #[arg(long, value_name = "N")]
    threads: Option<NonZero<usize>>,
    #[command(flatten)]
    policies: PoliciesFlag,
    #[command(flatten)]
    web: WebAccess,
    #[command(flatten)]
    refresh: RefreshFlags,
    #[command(flatten)]
    store: StoreFlag,
    #[command(flatten)]
    telemetry: TelemetryFlags,
    #[command(flatten, next_help_heading = "Limits of a request")]
    request_limits: RequestLimits,
    #[command(flatten, next_help_heading = "Limits of the service")]
    service_limits: ServiceLimits,
}

/// Serves until the process is asked to stop.
///
/// # Errors
/// A configuration that cannot be used, or an address that is taken.
pub fn run(flags: &Flags) -> anyhow::Result<()> {
    let runtime = flags.runtime()?;
    let telemetry = {
        let _within = runtime.enter();
        flags.telemetry.start()?
    };
    let secrets = flags.secrets()?;
    flags.check_exposure(secrets.identities.load().is_empty())?;
    // Whatever can be judged is judged before a store is made.
    let (settings, plan) = (flags.refresh.settings()?, flags.refresh.schedule()?);
    flags.policies.check()?;
    flags.remark();
    let (Held { library, no_catalog, no_room }, policies) = flags.read()?;
    let reload = Arc::new(tokio::sync::Notify::new());
    let library = Arc::new(library);
    let open = Service::open(library.clone(), policies).under(flags.request_limits);
    let desk = flags.refresh.desk(settings, &flags.store, &library, open.metrics.clone())?;
    let follower = flags.refresh.follower(&library)?;
    let service = Service {
        administration: desk.clone().map(|desk| admin_service::routes(desk, &flags.service_limits)),
        limits: flags.service_limits,
        secrets,
        web: flags.web.clone(),
        no_catalog: no_catalog.into(),
        reload: reload.clone(),
        ..open
    };
    let again = Arc::new(AtomicBool::new(false));
    let ended = runtime.block_on(async {
        let stop = stop_or_room(stop_signal(), no_room, again.clone());
        tokio::spawn(reload_on_hangup(reload));
        tokio::spawn(give_memory_back());
        if let Some(desk) = desk.clone() {
            tokio::spawn(async move { desk.publish().await });
        }
        if let (Some(desk), Some(plan)) = (desk, plan) {
            tokio::spawn(plan.keep(desk));
        }
        if let Some(follower) = follower {
            tokio::spawn(follower.keep());
        }
        serve(flags.addresses(), service, |bound| flags.announce(bound), stop).await
    });
    telemetry.end();
    runtime.shutdown_timeout(LAST_WORK);
    ended?;
    if again.load(Ordering::Relaxed) {
        serve_again::begin_again().context("the service cannot start anew")?;
    }
    Ok(())
}

/// What is served from: the library, or an empty one, of which the service says that it does not serve, and why.
struct Held {
    library: Library,
    no_catalog: String,
    /// The folder that may have no room.
    no_room: Option<PathBuf>,
}

/// Ends when the process is to stop, or when there is room for the store, which is noted.
async fn stop_or_room(stop: impl Future<Output = ()>, no_room: Option<PathBuf>, again: Arc<AtomicBool>) {
    tokio::select! {
        () = stop => {}
        () = serve_again::room_comes(no_room) => again.store(true, Ordering::Relaxed),
    }
}

/// Time between two looks at memory that could be given back.
const GIVE_BACK_EVERY: Duration = Duration::from_secs(2);
/// A piece that the allocator frees to where all threads share it, in bytes.
const SHARED_PIECE_BYTES: usize = 8 * 1024 * 1024;

/// Makes the allocator give back what a start or a refresh used.
///
/// It does so when a large piece is freed some time later, which an idle service never does by itself. The piece is
/// not written to, so it takes no memory.
async fn give_memory_back() {
    let mut ticks = tokio::time::interval(GIVE_BACK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        drop(black_box(Vec::<u8>::with_capacity(SHARED_PIECE_BYTES)));
    }
}

impl Flags {
    fn runtime(&self) -> anyhow::Result<tokio::runtime::Runtime> {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        if let Some(threads) = self.threads {
            runtime.worker_threads(threads.get());
        }
        runtime.enable_all().build().context("the runtime cannot start")
    }

    fn addresses(&self) -> Addresses {
        Addresses { callers: self.listen, administration: self.admin_listen, operators: self.metrics_listen }
    }

    fn secrets(&self) -> anyhow::Result<Secrets> {
        let tls = match (&self.tls_certificate, &self.tls_key) {
            (Some(certificate), Some(key)) => {
                let (certificate, key) = (certificate.clone(), key.clone());
                let client_ca = self.tls_client_ca.clone();
                Some(Arc::new(Tls::load(TlsFiles { certificate, key, client_ca })?))
            }
            (None, None) if self.tls_client_ca.is_none() => None,
            // Never in the clear by oversight, however the settings came here.
            _ => bail!("TLS needs both --tls-certificate and --tls-key"),
        };
        let lines = std::env::var(IDENTITY_LINES).unwrap_or_default();
        Ok(Secrets::read(self.identities.clone(), &lines, tls)?)
    }

    /// Refuses to serve strangers by oversight.
    fn check_exposure(&self, nobody_named: bool) -> anyhow::Result<()> {
        if let (true, Some(file)) = (nobody_named, &self.identities) {
            bail!("{} names nobody, and would leave the service open to everybody", file.display());
        }
        let listeners = [Some(self.listen), self.admin_listen].into_iter().flatten();
        for address in listeners.filter(|address| !address.ip().is_loopback()) {
            if nobody_named && !self.insecure {
                bail!("{address} is open to others: give --identities FILE, or say --insecure");
            }
            if self.tls_certificate.is_none() && !nobody_named {
                tracing::warn!(%address, "tokens cross the network unencrypted: give --tls-certificate");
            }
        }
        Ok(())
    }

    /// What calls are answered from, read side by side: the releases, which take the longest, and the policies.
    fn read(&self) -> anyhow::Result<(Held, Arc<PolicyBook>)> {
        std::thread::scope(|scope| {
            let policies = scope.spawn(|| self.policies.book());
            let library = self.library();
            let policies = policies.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            Ok((library?, Arc::new(policies?)))
        })
    }

    /// The library, or an empty one and why. A store that another process holds is an oversight and ends the process.
    fn library(&self) -> anyhow::Result<Held> {
        if self.refresh.is_replica() {
            let reason = "nothing that is published was taken over yet".to_owned();
            return Ok(Held { library: Library::unavailable(), no_catalog: reason, no_room: None });
        }
        match self.store.library() {
            Ok((library, remark)) => {
                self.say(&remark);
                Ok(Held { library, no_catalog: String::new(), no_room: None })
            }
            Err(error) => match error.downcast_ref::<StoreError>() {
                None | Some(StoreError::Locked { .. }) => Err(error),
                Some(damage) => {
                    let is_io = matches!(damage, StoreError::Io { .. });
                    let no_room = is_io.then(|| self.store.folder()).transpose()?;
                    Ok(Held { library: Library::unavailable(), no_catalog: damage.to_string(), no_room })
                }
            },
        }
    }

    /// Tells the operator what is set and has no effect.
    fn remark(&self) {
        for name in unknown_variables(&super::command()) {
            self.say(&format!("note: {name} {NO_SETTING}"));
        }
        if !self.web.allow_origin.is_empty() && !self.web.needs_http1() {
            self.say("note: allow-origin is for pages of browsers, and neither grpc-web nor http-json is on");
        }
    }

    /// Tells the operator something of the start, in the form of the log.
    fn say(&self, remark: &str) {
        if self.telemetry.log_format == LogFormat::Json {
            tracing::info!("{remark}");
        } else {
            tell!("{remark}");
        }
    }

    fn announce(&self, bound: Addresses) {
        let Addresses { callers, administration, operators } = bound;
        if self.telemetry.log_format == LogFormat::Json {
            let address = |address: Option<SocketAddr>| address.map(|address| address.to_string());
            let (administration, operators) = (address(administration), address(operators));
            tracing::info!(address = %callers, administration, operators, "serving");
            return;
        }
        tell!("serving on {callers}");
        if let Some(address) = administration {
            tell!("administration on {address}");
        }
        if let Some(address) = operators {
            tell!("metrics on http://{address}/metrics");
        }
    }
}

/// Ends on Ctrl-C or SIGTERM. The signals are caught from this call on, so that one that comes before the future
/// is looked at is not lost.
pub(super) fn stop_signal() -> impl Future<Output = ()> + Send + 'static {
    let signals = [signal(SignalKind::terminate()), signal(SignalKind::interrupt())];
    async move {
        let [Ok(mut terminate), Ok(mut interrupt)] = signals else {
            // Without a handler the signal ends the process by itself.
            return std::future::pending().await;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}

/// SIGHUP asks for the identities and the certificate to be read again.
fn reload_on_hangup(reload: Arc<tokio::sync::Notify>) -> impl Future<Output = ()> + Send + 'static {
    let hangup = signal(SignalKind::hangup());
    async move {
        let Ok(mut hangup) = hangup else { return };
        while hangup.recv().await.is_some() {
            reload.notify_one();
        }
    }
}
