//! Puts the services on a socket, and drains them when the process is asked to stop.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;

use super::catalog_service::CatalogService;
use super::code_book::CodeBook;
use super::coder::Coder;
use super::coding_service::CodingService;
use super::layers::auth::{AuthLayer, Identities};
use super::layers::metrics::{Metrics, MetricsLayer};
use super::layers::web::WebAccess;
use super::limits::ServiceLimits;
use super::pb;
use pb::catalog_service_server::CatalogServiceServer;
use pb::coding_service_server::CodingServiceServer;

/// Calls that one connection may have in flight; further ones are shed.
const CALLS_PER_CONNECTION_MAX: usize = 128;
/// Streams that one connection may hold open.
const STREAMS_PER_CONNECTION_MAX: u32 = 200;
/// Longest call, whatever deadline the caller names.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// Age at which a connection is closed, so that clients spread over replicas.
const CONNECTION_AGE_MAX: Duration = Duration::from_secs(30 * 60);
/// How long calls in flight may go on after the process was asked to stop.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// The services that reflection lists, beside reflection itself.
const SERVICES: &[&str] = &["infusion.coding.v1.CodingService", "infusion.coding.v1.CatalogService"];

/// Why the service cannot run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("{address} cannot be listened on: {source}")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("the embedded descriptors cannot be served: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    #[error("the server stopped: {0}")]
    Transport(#[from] tonic::transport::Error),
}

/// Serves until `stop` ends, then drains. Tells `ready` the address that is listened on.
///
/// # Errors
/// An address that is taken, or a transport that fails.
pub async fn serve(
    address: SocketAddr,
    coder: Coder,
    book: CodeBook,
    identities: Identities,
    web: WebAccess,
    ready: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let listen = |source| ServeError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(listen)?;
    let bound = listener.local_addr().map_err(listen)?;
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_serving::<CodingServiceServer<CodingService>>().await;
    reporter.set_serving::<CatalogServiceServer<CatalogService>>().await;
    let coding = CodingServiceServer::new(CodingService::new(coder))
        .max_decoding_message_size(ServiceLimits::default().message_bytes);
    let catalog = CatalogServiceServer::new(CatalogService::new(book))
        .max_decoding_message_size(ServiceLimits::default().message_bytes);
    let (draining, drained) = tokio::sync::oneshot::channel::<()>();
    let stopping = async move {
        stop.await;
        reporter.set_not_serving::<CodingServiceServer<CodingService>>().await;
        reporter.set_not_serving::<CatalogServiceServer<CatalogService>>().await;
        // The receiver outlives this future unless the server has ended already.
        let _ = draining.send(());
    };
    let reflection = || {
        let all = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(pb::DESCRIPTORS);
        SERVICES.iter().fold(all, |builder, service| builder.with_service_name(*service))
    };
    let server = Server::builder()
        .timeout(CALL_TIMEOUT)
        .concurrency_limit_per_connection(CALLS_PER_CONNECTION_MAX)
        .load_shed(true)
        .max_concurrent_streams(STREAMS_PER_CONNECTION_MAX)
        .max_connection_age(CONNECTION_AGE_MAX)
        .accept_http1(web.needs_http1())
        .layer(web.layers(ServiceLimits::default().message_bytes))
        .layer(MetricsLayer::new(Metrics::new()))
        .layer(AuthLayer::new(identities))
        .add_service(health)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?)
        .add_service(coding)
        .add_service(catalog)
        .serve_with_incoming_shutdown(without_delay(listener), stopping);
    ready(bound);
    tokio::select! {
        ended = server => Ok(ended?),
        // An idle client would keep a graceful stop waiting for as long as it likes.
        () = async { if drained.await.is_ok() { tokio::time::sleep(DRAIN_TIMEOUT).await } else { std::future::pending().await } } => Ok(()),
    }
}

/// Connections that send small answers at once.
fn without_delay(
    listener: TcpListener,
) -> impl tokio_stream::Stream<Item = std::io::Result<tokio::net::TcpStream>> {
    use tokio_stream::StreamExt;
    TcpListenerStream::new(listener).map(|connection| {
        let connection = connection?;
        connection.set_nodelay(true)?;
        Ok(connection)
    })
}
