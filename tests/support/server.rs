//! A real server on a port of its own, stopped when the test lets go of it.

use std::net::SocketAddr;
use std::sync::Arc;

use infusion_coder::catalog::store::Library;
use infusion_coder::policy::PolicyBook;
use infusion_coder::server::admin_service::routes;
use infusion_coder::server::limits::ServiceLimits;
use infusion_coder::server::serve::{Addresses, Service, serve};
use infusion_coder::updater::desk::Desk;
use tokio::sync::oneshot;
use tonic::transport::Channel;

/// A running server.
pub struct Server {
    pub address: SocketAddr,
    /// Where administration listens, where there is any.
    pub administration: Option<SocketAddr>,
    stop: Option<oneshot::Sender<()>>,
}

impl Server {
    /// Starts a server over a library, with the embedded policies.
    pub async fn start(library: Arc<Library>) -> Self {
        Self::start_with(library, None).await
    }

    /// The same with a desk of refreshes.
    pub async fn start_with(library: Arc<Library>, desk: Option<Arc<Desk>>) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (ready, bound) = oneshot::channel();
        tokio::spawn(async move {
            let policies = PolicyBook::embedded_with(Default::default()).expect("the embedded policies");
            let administration = desk.map(|desk| routes(desk, &ServiceLimits::default()));
            let service = Service { administration, ..Service::open(library, Arc::new(policies)) };
            let tell = |bound: Addresses| ready.send(bound).expect("the test waits");
            let stopped = async { stopped.await.unwrap_or_default() };
            let anywhere = Some(Addresses::LOOPBACK.callers);
            let addresses = Addresses { administration: anywhere, ..Addresses::LOOPBACK };
            serve(addresses, service, tell, stopped).await.expect("the server runs");
        });
        let Addresses { callers, administration, .. } = bound.await.expect("the server listens");
        Self { address: callers, administration, stop: Some(stop) }
    }

    /// A connection to it.
    pub async fn channel(&self) -> Channel {
        let endpoint = Channel::from_shared(format!("http://{}", self.address)).expect("an address");
        endpoint.connect().await.expect("a connection")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A server that has ended already needs no telling.
        let _ = self.stop.take().map(|stop| stop.send(()));
    }
}
