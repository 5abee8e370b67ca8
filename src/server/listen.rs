//! Accepts connections: a bounded number of them, over TLS where a certificate is configured.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;

use super::limits::ServiceLimits;
use super::tls::{PeerCertificate, Tls};

/// How long to wait after the system refused a connection, for want of file descriptors for instance.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Who is at the other end; every request of the connection carries it.
#[derive(Debug, Clone)]
pub struct Peer {
    pub address: Option<SocketAddr>,
    /// The certificate it proved to own, when it was asked for one.
    pub certificate: Option<Arc<PeerCertificate>>,
}

/// A connection, and its place among those that may be open.
pub struct Connection {
    stream: Stream,
    _place: OwnedSemaphorePermit,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// The connections that come in, until the stream of them is dropped.
pub fn connections(
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    limits: &ServiceLimits,
) -> ReceiverStream<io::Result<Connection>> {
    let places = Arc::new(Semaphore::new(limits.connections));
    let (ready, incoming) = mpsc::channel(1);
    let acceptor = Acceptor { tls, handshake: limits.handshake(), ready };
    tokio::spawn(acceptor.accept_all(listener, places));
    ReceiverStream::new(incoming)
}

struct Acceptor {
    tls: Option<Arc<Tls>>,
    handshake: Duration,
    ready: mpsc::Sender<io::Result<Connection>>,
}

impl Acceptor {
    /// Accepts while somebody takes the connections; a failure costs one connection and never the server.
    async fn accept_all(self, listener: TcpListener, places: Arc<Semaphore>) {
        loop {
            let next = async {
                // The semaphore is never closed, so this only ever waits.
                let place = places.clone().acquire_owned().await.map_err(io::Error::other)?;
                Ok((listener.accept().await?.0, place))
            };
            let accepted: io::Result<_> = tokio::select! {
                accepted = next => accepted,
                () = self.ready.closed() => return,
            };
            match accepted {
                Ok((stream, place)) => self.admit(stream, place).await,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_RETRY).await;
                }
            }
        }
    }

    async fn admit(&self, stream: TcpStream, place: OwnedSemaphorePermit) {
        // An answer is small: waiting to fill a packet would only delay it.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let Some(tls) = &self.tls else {
            let connection = Connection { stream: Stream::Plain(stream), _place: place };
            // The server has stopped taking connections when this fails.
            let _ = self.ready.send(Ok(connection)).await;
            return;
        };
        let (acceptor, ready, limit) = (tls.acceptor(), self.ready.clone(), self.handshake);
        // A slow handshake holds its own place and nobody else's.
        tokio::spawn(async move {
            match tokio::time::timeout(limit, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => {
                    let connection = Connection { stream: Stream::Tls(Box::new(stream)), _place: place };
                    let _ = ready.send(Ok(connection)).await;
                }
                Ok(Err(error)) => tracing::debug!(%error, "a caller did not agree on TLS"),
                Err(_) => tracing::debug!("a caller took too long to agree on TLS"),
            }
        });
    }
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        match &self.stream {
            Stream::Plain(stream) => Peer { address: stream.peer_addr().ok(), certificate: None },
            Stream::Tls(stream) => {
                let (tcp, session) = stream.get_ref();
                let presented = session.peer_certificates().and_then(|chain| chain.first());
                let certificate = presented.map(|leaf| Arc::new(PeerCertificate::read(leaf)));
                Peer { address: tcp.peer_addr().ok(), certificate }
            }
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Stream::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Stream::Tls(stream) => Pin::new(stream).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(context),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
