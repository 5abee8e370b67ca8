//! Accepts connections: a bounded number of them, over TLS where a certificate is configured.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;

use super::limits::ServiceLimits;
use super::lines::{Held, Line, Lines};
use super::tls::{PeerCertificate, Tls};

/// How long to wait after the system refused a connection, for want of file descriptors for instance.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// What a caller sends at the least before its first call: the preface of HTTP/2 has as many bytes, and the head of
/// a call in HTTP/1.1 has more.
const BEGINNING_BYTES: usize = 24;

/// Who is at the other end; every request of the connection carries it.
#[derive(Debug, Clone)]
pub struct Peer {
    pub address: Option<SocketAddr>,
    /// The certificate it proved to own, when it was asked for one.
    pub certificate: Option<Arc<PeerCertificate>>,
    /// What its calls note.
    pub line: Arc<Line>,
}

/// A connection, and its place among those that may be open.
pub struct Connection {
    stream: Stream,
    /// Bytes that its caller has yet to send before it has begun.
    to_begin: usize,
    held: Held,
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
    lines: Arc<Lines>,
) -> ReceiverStream<io::Result<Connection>> {
    let (ready, incoming) = mpsc::channel(1);
    let acceptor = Acceptor { tls, handshake: limits.handshake(), ready };
    tokio::spawn(acceptor.accept_all(listener, lines));
    ReceiverStream::new(incoming)
}

struct Acceptor {
    tls: Option<Arc<Tls>>,
    handshake: Duration,
    ready: mpsc::Sender<io::Result<Connection>>,
}

impl Acceptor {
    /// Accepts while somebody takes the connections; a failure costs one connection and never the server.
    async fn accept_all(self, listener: TcpListener, lines: Arc<Lines>) {
        loop {
            let next = async {
                let (stream, _) = listener.accept().await?;
                Ok((stream, lines.take().await?))
            };
            let accepted: io::Result<_> = tokio::select! {
                accepted = next => accepted,
                () = self.ready.closed() => return,
            };
            match accepted {
                Ok((stream, held)) => self.admit(stream, held).await,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_RETRY).await;
                }
            }
        }
    }

    async fn admit(&self, stream: TcpStream, held: Held) {
        // An answer is small: waiting to fill a packet would only delay it.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let Some(tls) = &self.tls else {
            // The server has stopped taking connections when this fails.
            let _ = self.ready.send(Ok(Connection::new(Stream::Plain(stream), held))).await;
            return;
        };
        let (acceptor, ready, limit) = (tls.acceptor(), self.ready.clone(), self.handshake);
        // A slow handshake holds its own place and nobody else's.
        tokio::spawn(async move {
            let agreed = tokio::select! {
                agreed = tokio::time::timeout(limit, acceptor.accept(stream)) => agreed,
                () = std::future::poll_fn(|context| poll_closing(&held, context)) => return,
            };
            match agreed {
                Ok(Ok(stream)) => {
                    let _ = ready.send(Ok(Connection::new(Stream::Tls(Box::new(stream)), held))).await;
                }
                Ok(Err(error)) => tracing::debug!(%error, "a caller did not agree on TLS"),
                Err(_) => tracing::debug!("a caller took too long to agree on TLS"),
            }
        });
    }
}

fn poll_closing(held: &Held, context: &Context<'_>) -> Poll<()> {
    if held.line.poll_closing(context) { Poll::Ready(()) } else { Poll::Pending }
}

impl Connection {
    const fn new(stream: Stream, held: Held) -> Self {
        Self { stream, to_begin: BEGINNING_BYTES, held }
    }

    fn note_read(&mut self, bytes: usize) {
        if self.to_begin > 0 {
            self.to_begin = self.to_begin.saturating_sub(bytes);
            if self.to_begin == 0 {
                self.held.line.begin();
            }
        }
    }

    /// Refuses to write where the connection is cut off, so that unread answers hold nothing up.
    fn check(&self) -> io::Result<()> {
        if self.held.line.is_cut() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) }
    }
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        let line = self.held.line.clone();
        match &self.stream {
            Stream::Plain(stream) => Peer { address: stream.peer_addr().ok(), certificate: None, line },
            Stream::Tls(stream) => {
                let (tcp, session) = stream.get_ref();
                let presented = session.peer_certificates().and_then(|chain| chain.first());
                let certificate = presented.map(|leaf| Arc::new(PeerCertificate::read(leaf)));
                Peer { address: tcp.peer_addr().ok(), certificate, line }
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
        let before = buffer.filled().len();
        let read = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Stream::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        };
        match read {
            Poll::Pending if self.held.line.poll_closing(context) => {
                // As if the caller had hung up: what it was sent before still goes out.
                Poll::Ready(self.check())
            }
            Poll::Ready(Ok(())) => {
                self.check()?;
                self.note_read(buffer.filled().len() - before);
                read
            }
            read => read,
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
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
        self.check()?;
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
        self.check()?;
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(context),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
