//! Ends a call that takes longer than its caller waits, or than the service allows.
//!
//! The transport's own timeout answers CANCELLED, which tells a caller that it gave up itself.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use tonic::Status;

/// A layer under which a call is answered, or its stream begins, within a time.
#[derive(Debug, Clone, Copy)]
pub struct DeadlineLayer {
    call: Duration,
}

impl DeadlineLayer {
    /// A layer that allows so long, or less where the caller says so.
    pub const fn new(call: Duration) -> Self {
        Self { call }
    }
}

impl<S> tower::Layer<S> for DeadlineLayer {
    type Service = InTime<S>;

    fn layer(&self, inner: S) -> Self::Service {
        InTime { inner, call: self.call }
    }
}

/// The service of [`DeadlineLayer`].
#[derive(Debug, Clone)]
pub struct InTime<S> {
    inner: S,
    call: Duration,
}

impl<S, B, R> tower::Service<Request<B>> for InTime<S>
where
    S: tower::Service<Request<B>, Response = Response<R>, Future: Send + 'static>,
    R: Default,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let allowed = grpc_timeout(&request).map_or(self.call, |stated| stated.min(self.call));
        let answer = self.inner.call(request);
        Box::pin(async move {
            match tokio::time::timeout(allowed, answer).await {
                Ok(answer) => answer,
                Err(_) => Ok(Status::deadline_exceeded(TOO_LONG).into_http()),
            }
        })
    }
}

const TOO_LONG: &str =
    "the call took longer than its deadline or than the service allows (limit-call-seconds)";

/// How long the caller waits, by the header that gRPC defines; nothing where it says nothing readable.
pub(super) fn grpc_timeout<B>(request: &Request<B>) -> Option<Duration> {
    let text = request.headers().get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let amount: u64 = digits.parse().ok()?;
    const SECONDS_PER_MINUTE: u64 = 60;
    const SECONDS_PER_HOUR: u64 = 3_600;
    match unit {
        "H" => Some(Duration::from_secs(amount.saturating_mul(SECONDS_PER_HOUR))),
        "M" => Some(Duration::from_secs(amount.saturating_mul(SECONDS_PER_MINUTE))),
        "S" => Some(Duration::from_secs(amount)),
        "m" => Some(Duration::from_millis(amount)),
        "u" => Some(Duration::from_micros(amount)),
        "n" => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use tonic::body::Body;
    use tower::{Layer as _, ServiceExt as _, service_fn};

    use super::*;

    /// Longer than any test waits.
    const LONG: Duration = Duration::from_secs(3_600);

    /// What is waited for.
    const SHORT: Duration = Duration::from_millis(20);

    async fn answered(allowed: Duration, stated: Option<&str>, work: Duration) -> tonic::Code {
        let service = service_fn(move |_: Request<()>| async move {
            tokio::time::sleep(work).await;
            Ok::<_, std::convert::Infallible>(Response::new(Body::empty()))
        });
        let request = Request::builder().uri("/x");
        let request =
            stated.into_iter().fold(request, |request, stated| request.header("grpc-timeout", stated));
        let answer = DeadlineLayer::new(allowed).layer(service).oneshot(request.body(()).expect("a request"));
        let Ok(answer) = answer.await;
        Status::from_header_map(answer.headers()).map_or(tonic::Code::Ok, |status| status.code())
    }

    #[tokio::test]
    async fn the_shorter_of_both_deadlines_ends_a_call() {
        assert_eq!(answered(SHORT, None, LONG).await, tonic::Code::DeadlineExceeded);
        assert_eq!(answered(LONG, Some("20m"), LONG).await, tonic::Code::DeadlineExceeded);
        assert_eq!(answered(SHORT, Some("100H"), LONG).await, tonic::Code::DeadlineExceeded);
        assert_eq!(answered(LONG, Some("1H"), SHORT).await, tonic::Code::Ok);
        assert_eq!(answered(LONG, None, SHORT).await, tonic::Code::Ok);
    }
}
