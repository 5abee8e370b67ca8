//! Bare tonic servers to set the service beside: one moves bytes, one reads and writes the typed messages.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use prost::Message;
use tokio::runtime::Runtime;
use tonic::codec::{Codec, EncodeBuf, Encoder};
use tonic::server::UnaryService;
use tonic::transport::Server;
use tonic::{Request, Response, Status};
use tonic_prost::{ProstCodec, ProstDecoder};

/// A server that answers every call with the same bytes, and looks at none of those it is sent.
pub fn of_bytes(servers: &Runtime, answer: &[u8]) -> SocketAddr {
    let codec = || ProstCodec::<Payload, Payload>::default();
    start(servers, Echo { codec, answer: Payload { bytes: Bytes::copy_from_slice(answer) } })
}

/// A server that decodes each request and encodes the same answer each time, as a generated one would; it is
/// spared the making of the answer.
pub fn of_messages<Q, A>(servers: &Runtime, answer: &[u8]) -> SocketAddr
where
    Q: Message + Default + 'static,
    A: Message + Default + 'static,
{
    let answer = Arc::new(A::decode(answer).expect("an answer of its own type"));
    start(servers, Echo { codec: Typed::<Q, A>::default, answer })
}

fn start<C, K>(servers: &Runtime, echo: Echo<C, K::Encode>) -> SocketAddr
where
    C: Fn() -> K + Clone + Send + Sync + 'static,
    K: Codec<Decode: Send + 'static, Encode: Clone + Send + Sync + 'static> + Send + 'static,
{
    servers.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let incoming = tonic::transport::server::TcpIncoming::from(listener).with_nodelay(Some(true));
        tokio::spawn(Server::builder().serve_with_incoming(echo, incoming));
        address
    })
}

/// Answers each call the same.
#[derive(Clone)]
struct Echo<C, A> {
    codec: C,
    answer: A,
}

/// A message that is nothing but bytes, as an echo of any system would have it.
#[derive(Clone, PartialEq, Message)]
struct Payload {
    #[prost(bytes = "bytes", tag = "15")]
    bytes: Bytes,
}

impl<C, A, Q> UnaryService<Q> for Echo<C, A>
where
    A: Clone,
{
    type Response = A;
    type Future = Ready<Result<Response<A>, Status>>;

    fn call(&mut self, _: Request<Q>) -> Self::Future {
        ready(Ok(Response::new(self.answer.clone())))
    }
}

impl<C, K> tower::Service<http::Request<tonic::body::Body>> for Echo<C, K::Encode>
where
    C: Fn() -> K + Clone + Send + Sync + 'static,
    K: Codec<Decode: Send + 'static, Encode: Clone + Send + Sync + 'static> + Send + 'static,
{
    type Response = http::Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        let echo = self.clone();
        Box::pin(async move { Ok(tonic::server::Grpc::new((echo.codec)()).unary(echo, request).await) })
    }
}

/// The codec of generated code, for an answer that is shared.
struct Typed<Q, A>(PhantomData<fn() -> (Q, A)>);

impl<Q, A> Default for Typed<Q, A> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<Q: Message + Default + 'static, A: Message + 'static> Codec for Typed<Q, A> {
    type Encode = Arc<A>;
    type Decode = Q;
    type Encoder = Self;
    type Decoder = ProstDecoder<Q>;

    fn encoder(&mut self) -> Self {
        Self::default()
    }

    fn decoder(&mut self) -> ProstDecoder<Q> {
        ProstDecoder::default()
    }
}

impl<Q, A: Message> Encoder for Typed<Q, A> {
    type Item = Arc<A>;
    type Error = Status;

    fn encode(&mut self, answer: Arc<A>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        answer.encode(buffer).expect("the buffer grows");
        Ok(())
    }
}
