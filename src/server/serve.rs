//! Puts the services on their listeners, and drains them when the process is asked to stop.
//!
//! Callers, administration and operators each have a listener of their own, so that a firewall or a
//! service mesh can tell them apart.

use std::future::pending;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::service::Routes;
use tonic::transport::Server;
use tower::util::MapResponseLayer;

use super::catalog_service::CatalogService;
use super::code_book::CodeBook;
use super::coder::Coder;
use super::coding_service::CodingService;
use super::health::Health;
use super::layers::admission::AdmissionLayer;
use super::layers::auth::AuthLayer;
use super::layers::counted::MetricsLayer;
use super::layers::deadline::DeadlineLayer;
use super::layers::metrics::Metrics;
use super::layers::unreadable;
use super::layers::web::WebAccess;
use super::limits::{RequestLimits, ServiceLimits};
use super::lines::Lines;
use super::operations::Pages;
use super::secrets::Secrets;
use super::{listen, pb};
use pb::catalog_service_server::CatalogServiceServer;
use pb::coding_service_server::CodingServiceServer;

use crate::catalog::store::Library;
use crate::policy::PolicyBook;

/// Where administration listens unless another address is given.
pub const ADMINISTRATION: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 50_052);

/// In a refusal of administration: the port at which this very service gives it.
pub const ADMINISTRATION_PORT: &str = "administration-port";

/// The services of each listener that reflection lists, beside reflection itself.
const FOR_CALLERS: &[&str] =
    &["infusion.coding.v1.CodingService", "infusion.coding.v1.CatalogService", "grpc.health.v1.Health"];
const FOR_ADMINISTRATION: &[&str] = &["infusion.coding.v1.CatalogAdminService", "grpc.health.v1.Health"];

/// Why the service cannot run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("{address} cannot be listened on: {source}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("the embedded descriptors cannot be served: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    #[error("the server stopped: {0}")]
    Transport(#[from] tonic::transport::Error),
    #[error("the pages for operators stopped: {0}")]
    Pages(io::Error),
}

/// Where to listen; port 0 takes a free one.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// Coding and look-ups.
    pub callers: SocketAddr,
    /// Refresh, activation and rollback; where it is not given, [`ADMINISTRATION`] or a free port of loopback.
    pub administration: Option<SocketAddr>,
    /// Metrics, liveness and readiness, over HTTP.
    pub operators: Option<SocketAddr>,
}

/// Everything that is served, and to whom.
pub struct Service {
    pub coder: Coder,
    pub book: CodeBook,
    /// Administration, where this process may change its catalog.
    pub administration: Option<Routes>,
    pub limits: ServiceLimits,
    pub secrets: Secrets,
    /// Callers other than gRPC, on the listener of coding and look-ups.
    pub web: WebAccess,
    pub metrics: Arc<Metrics>,
    /// Why there may be no catalog, for the operator.
    pub no_catalog: Arc<str>,
    /// Asks for the identities and the certificate to be read again.
    pub reload: Arc<tokio::sync::Notify>,
}

impl Addresses {
    /// A free port of loopback for callers alone.
    pub const LOOPBACK: Self = Self {
        callers: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
        administration: None,
        operators: None,
    };
}

impl Service {
    /// Coding and look-ups for everybody who can connect, under the default limits.
    pub fn open(library: Arc<Library>, policies: Arc<PolicyBook>) -> Self {
        Self {
            coder: Coder::new(library.snapshot(), policies),
            book: CodeBook::new(library),
            administration: None,
            limits: ServiceLimits::default(),
            secrets: Secrets::default(),
            web: WebAccess::default(),
            metrics: Metrics::new(),
            no_catalog: "none was given".into(),
            reload: Arc::default(),
        }
    }

    /// The same under other limits of a request.
    #[must_use]
    pub fn under(mut self, limits: RequestLimits) -> Self {
        self.coder = self.coder.under(limits);
        self.book = self.book.under(limits);
        self
    }
}

/// Serves until `stop` ends, then drains under a deadline. Tells `ready` the addresses that are listened on.
///
/// # Errors
/// An address that is taken, or a transport that fails.
pub async fn serve(
    addresses: Addresses,
    service: Service,
    ready: impl FnOnce(Addresses),
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let Service { coder, book, administration, limits, secrets, web, metrics, no_catalog, reload } = service;
    let stopping = CancellationToken::new();
    let health = Health::new(coder.clone(), metrics.clone(), no_catalog).await;
    let shared = Shared {
        limits,
        tls: secrets.tls.clone(),
        auth: AuthLayer::new(secrets.identities.clone()),
        metrics: metrics.clone(),
        stopping: stopping.clone(),
    };
    let (callers, at_callers) = bind(addresses.callers).await?;
    let (administration, at_administration) = match administration {
        Some(routes) => {
            let (listener, bound) = bind_administration(addresses.administration).await?;
            let routes = with_health_and_reflection(routes, &health, FOR_ADMINISTRATION)?;
            (Some(shared.listener(listener, routes, &WebAccess::default())), Some(bound))
        }
        None => (None, None),
    };
    let mut routes = callers_routes(&health, coder, book, &limits)?;
    if let Some(address) = at_administration {
        routes = pointing_to(address, routes);
    }
    let callers = shared.listener(callers, routes, &web);
    let (operators, at_operators) = match addresses.operators {
        Some(address) => {
            let (listener, bound) = bind(address).await?;
            let pages = Pages { metrics, standing: health.standing() };
            (Some(axum::serve(listener, pages.routes()).into_future()), Some(bound))
        }
        None => (None, None),
    };
    ready(Addresses { callers: at_callers, administration: at_administration, operators: at_operators });
    tokio::spawn(health.follow(stopping.clone()));
    tokio::spawn(secrets.follow(reload, stopping.clone()));
    let asked = stopping.clone();
    tokio::spawn(async move {
        stop.await;
        tracing::info!("draining");
        asked.cancel();
    });
    let administration = async {
        match administration {
            Some(server) => server.await,
            None => Ok(()),
        }
    };
    // Readiness must say that the process drains, so the pages stay for as long as the callers do.
    let operators = async {
        match operators {
            Some(pages) => pages.await.map_err(ServeError::Pages),
            None => pending().await,
        }
    };
    tokio::select! {
        ended = async { tokio::try_join!(callers, administration) } => ended.map(drop),
        ended = operators => ended,
        // An idle or unresponsive caller would keep a graceful stop waiting for as long as it likes.
        () = after(&stopping, &limits) => {
            tracing::warn!("calls were still open at the end of the drain; they are cut off");
            Ok(())
        }
    }
}

async fn after(stopping: &CancellationToken, limits: &ServiceLimits) {
    stopping.cancelled().await;
    tokio::time::sleep(limits.drain()).await;
}

async fn bind_administration(address: Option<SocketAddr>) -> Result<(TcpListener, SocketAddr), ServeError> {
    match address {
        Some(address) => bind(address).await,
        None => match bind(ADMINISTRATION).await {
            Ok(bound) => Ok(bound),
            // A second service on one machine must not fail for an address that nobody chose.
            Err(_) => bind(SocketAddr::new(ADMINISTRATION.ip(), 0)).await,
        },
    }
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServeError> {
    let listen = |source| ServeError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(listen)?;
    let bound = listener.local_addr().map_err(listen)?;
    Ok((listener, bound))
}

fn callers_routes(
    health: &Health,
    coder: Coder,
    book: CodeBook,
    limits: &ServiceLimits,
) -> Result<Routes, ServeError> {
    let coding = CodingService::new(coder, health.metrics.clone()).under(*limits);
    let coding = CodingServiceServer::new(coding).max_decoding_message_size(limits.message_bytes);
    let catalog =
        CatalogServiceServer::new(CatalogService::new(book)).max_decoding_message_size(limits.message_bytes);
    with_health_and_reflection(Routes::new(coding).add_service(catalog), health, FOR_CALLERS)
}

/// Tells who asks callers' listener for administration where that listens.
fn pointing_to(administration: SocketAddr, routes: Routes) -> Routes {
    let elsewhere = move || async move {
        let mut status = Status::unimplemented(format!("administration listens on {administration}"));
        status.metadata_mut().insert(ADMINISTRATION_PORT, administration.port().into());
        status.into_http::<tonic::body::Body>()
    };
    let path = "/infusion.coding.v1.CatalogAdminService/{method}";
    Routes::from(routes.into_axum_router().route(path, axum::routing::any(elsewhere)))
}

fn with_health_and_reflection(
    routes: Routes,
    health: &Health,
    listed: &[&str],
) -> Result<Routes, ServeError> {
    let reflection = || {
        let all = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(pb::DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET);
        listed.iter().fold(all, |builder, service| builder.with_service_name(*service))
    };
    Ok(routes
        .add_service(health.service())
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?))
}

/// What the listeners have in common.
struct Shared {
    limits: ServiceLimits,
    tls: Option<Arc<super::tls::Tls>>,
    auth: AuthLayer,
    metrics: Arc<Metrics>,
    stopping: CancellationToken,
}

impl Shared {
    /// A gRPC server on a listener, with its own places for connections and for calls in flight.
    fn listener(
        &self,
        listener: TcpListener,
        routes: Routes,
        web: &WebAccess,
    ) -> impl Future<Output = Result<(), ServeError>> + use<> {
        let limits = &self.limits;
        let threads = tokio::runtime::Handle::current().metrics().num_workers();
        let lines = Lines::new(limits, self.metrics.clone());
        let connections = listen::connections(listener, self.tls.clone(), limits, lines.clone());
        let server = Server::builder()
            .max_concurrent_streams(limits.streams_per_connection)
            .max_connection_age(limits.connection_age())
            .accept_http1(web.needs_http1())
            .layer(web.layers(limits));
        #[cfg(feature = "otlp")]
        let server = server.layer(super::layers::trace::TraceLayer);
        let mut server = server
            .layer(MetricsLayer::new(self.metrics.clone()))
            .layer(DeadlineLayer::new(limits.call()))
            .layer(self.auth.clone())
            .layer(AdmissionLayer::new(limits.in_flight, limits.streams_at_once(), threads))
            .layer(MapResponseLayer::new(unreadable::refuse));
        let server = server
            .add_routes(routes)
            .serve_with_incoming_shutdown(connections, self.stopping.clone().cancelled_owned());
        async move {
            tokio::select! {
                ended = server => Ok(ended?),
                () = lines.watch() => Ok(()),
            }
        }
    }
}
