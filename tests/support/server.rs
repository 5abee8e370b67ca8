//! A real server on a port of its own, stopped when the test lets go of it.

use std::net::SocketAddr;
use std::sync::Arc;

use infusion_coder::catalog::store::Library;
use infusion_coder::policy::PolicyBook;
use infusion_coder::server::serve::{Addresses, Service, serve};
use tokio::sync::oneshot;
use tonic::transport::Channel;

/// A running server.
pub struct Server {
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
}

impl Server {
    /// Starts a server over a library, with the embedded policies.
    pub async fn start(library: Arc<Library>) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (ready, bound) = oneshot::channel();
        tokio::spawn(async move {
            let policies = PolicyBook::embedded_with(Default::default()).expect("the embedded policies");
            let service = Service::open(library, Arc::new(policies));
            let tell = |bound: Addresses| ready.send(bound.callers).expect("the test waits");
            let stopped = async { stopped.await.unwrap_or_default() };
            serve(Addresses::LOOPBACK, service, tell, stopped).await.expect("the server runs");
        });
        Self { address: bound.await.expect("the server listens"), stop: Some(stop) }
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
