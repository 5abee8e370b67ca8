use std::convert::Infallible;
use std::task::Waker;
use std::time::Duration;

use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use tokio_stream::wrappers::ReceiverStream;
use tower::{Layer, Service, ServiceExt, service_fn};

use super::answer::PIECE_BYTES;
use super::*;

const CODE: &str = "/infusion.coding.v1.CodingService/CodeEncounter";

fn call(path: &str, timeout: Option<&str>) -> Request<Body> {
    let mut request = Request::builder().uri(path);
    if let Some(timeout) = timeout {
        request = request.header("grpc-timeout", timeout);
    }
    request.body(Body::new("asked".to_owned())).expect("a request")
}

fn status<R>(response: &Response<R>) -> Option<&str> {
    response.headers().get("grpc-status").and_then(|value| value.to_str().ok())
}

/// Reads what is asked, and sends it back.
async fn echo(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let read = request.into_body().collect().await;
    Ok(read.map_or_else(Status::into_http, |read| Response::new(Body::new(Full::new(read.to_bytes())))))
}

#[tokio::test]
async fn a_call_takes_its_place_when_its_body_comes() {
    let mut service = AdmissionLayer::new(1, 1, 1).layer(service_fn(echo));
    let (sender, body) = tokio::sync::mpsc::channel(1);
    let slow = call(CODE, None).map(|_| Body::new(StreamBody::new(ReceiverStream::new(body))));
    let slow = service.call(slow);
    let mut slow = Box::pin(slow);
    assert!(slow.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let quick = service.call(call(CODE, None)).await.expect("an answer");
    assert_eq!(status(&quick), None, "a body that has not come holds no place");
    assert!(quick.extensions().get::<Begun>().is_some());
    let frame: Result<_, Status> = Ok(Frame::data(Bytes::from_static(b"late")));
    sender.send(frame).await.expect("a reader");
    drop(sender);
    assert_eq!(status(&slow.await.expect("an answer")), Some("8"), "the place is taken meanwhile");
}

#[tokio::test]
async fn a_place_is_held_until_the_answer_is_sent_and_health_needs_none() {
    let mut service = AdmissionLayer::new(1, 1, 1).layer(service_fn(echo));
    let mut made = async |path| {
        let service = service.ready().await.expect("ready");
        service.call(call(path, None)).await.expect("an answer")
    };
    let first = made(CODE).await;
    let second = made(CODE).await;
    assert_eq!((status(&first), status(&second)), (None, Some("8")));
    assert_eq!(status(&made("/grpc.health.v1.Health/Check").await), None);
    drop(first);
    assert_eq!(status(&made(CODE).await), None);
}

#[tokio::test]
async fn a_call_whose_deadline_has_passed_is_not_begun() {
    let begun = |_: Request<Body>| async { panic!("work on it began") };
    let begun = service_fn(begun)
        .map_result(|done: Result<(), Infallible>| done.map(|()| Response::new(Body::empty())));
    let service = AdmissionLayer::new(1, 1, 1).layer(begun);
    let answer = service.oneshot(call(CODE, Some("0m"))).await.expect("an answer");
    assert_eq!(status(&answer), Some("4"));
}

#[test]
fn deadlines_are_read_in_every_unit() {
    let read = |text| grpc_timeout(&call(CODE, Some(text)));
    assert_eq!(read("2H"), Some(Duration::from_secs(7_200)));
    assert_eq!(read("250m"), Some(Duration::from_millis(250)));
    assert_eq!(read("7u"), Some(Duration::from_micros(7)));
    for unreadable in ["", "m", "7", "7x", "-7m", "é"] {
        assert_eq!(grpc_timeout(&call(CODE, None).map(drop)), None);
        if let Ok(value) = http::HeaderValue::from_str(unreadable) {
            let mut request = call(CODE, None);
            request.headers_mut().insert("grpc-timeout", value);
            assert_eq!(grpc_timeout(&request), None, "{unreadable}");
        }
    }
}

#[tokio::test]
async fn streams_leave_places_for_other_calls_and_strangers_have_their_own() {
    let mut service = AdmissionLayer::new(2, 1, 1).layer(service_fn(echo));
    let mut made = async |path| {
        let service = service.ready().await.expect("ready");
        service.call(call(path, None)).await.expect("an answer")
    };
    let stream = made("/infusion.coding.v1.CodingService/StreamCodeEncounters").await;
    let second = made("/infusion.coding.v1.CodingService/StreamCodeEncounters").await;
    assert_eq!((status(&stream), status(&second)), (None, Some("8")));
    let reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    let strangers: Vec<_> = {
        let mut strangers = Vec::new();
        for _ in 0..=STRANGERS {
            strangers.push(made(reflection).await);
        }
        strangers
    };
    assert_eq!(strangers.last().map(status), Some(Some("8")));
    assert_eq!(status(&made(CODE).await), None, "neither keeps a call from its place");
}

#[tokio::test]
async fn the_body_of_a_refused_call_is_passed_over_to_its_end() {
    let mut service = AdmissionLayer::new(0, 0, 1).layer(service_fn(echo));
    let (sender, frames) = tokio::sync::mpsc::channel(2);
    let frame = || Ok::<_, Status>(Frame::data(Bytes::from_static(b"asked")));
    sender.send(frame()).await.expect("room");
    let request = call(CODE, None).map(|_| Body::new(StreamBody::new(ReceiverStream::new(frames))));
    let mut refused = Box::pin(service.call(request));
    let poll = refused.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(poll.is_pending(), "its end has not come");
    sender.send(frame()).await.expect("room");
    drop(sender);
    assert_eq!(status(&refused.await.expect("an answer")), Some("8"));
}

#[tokio::test]
async fn nobody_waits_for_the_end_of_a_long_body_or_of_a_stream() {
    let mut service = AdmissionLayer::new(0, 0, 1).layer(service_fn(echo));
    let long = Bytes::from(vec![0; PASSED_OVER_MAX_BYTES + 1]);
    for (path, begun) in
        [(CODE, long), ("/infusion.coding.v1.CodingService/StreamCodeEncounters", Bytes::from("a"))]
    {
        let (sender, frames) = tokio::sync::mpsc::channel(2);
        let frame: Result<_, Status> = Ok(Frame::data(begun));
        sender.send(frame).await.expect("room");
        let request = call(path, None).map(|_| Body::new(StreamBody::new(ReceiverStream::new(frames))));
        let answer = service.call(request).await.expect("an answer, though more of the body may come");
        assert_eq!(status(&answer), Some("8"), "{path}");
        assert_eq!(sender.capacity(), 2, "what had come was taken");
    }
}

#[tokio::test]
async fn a_large_answer_is_handed_over_in_pieces() {
    let large = Bytes::from(vec![7; PIECE_BYTES * 2 + 1]);
    let service = AdmissionLayer::new(1, 1, 1).layer(service_fn(move |_: Request<Body>| {
        let answer = Response::new(Body::new(Full::new(large.clone())));
        async move { Ok::<_, Infallible>(answer) }
    }));
    let mut body = service.oneshot(call(CODE, None)).await.expect("an answer").into_body();
    let mut lengths = Vec::new();
    while let Some(frame) = body.frame().await {
        lengths.push(frame.expect("a frame").into_data().expect("data").len());
    }
    assert_eq!(lengths, [PIECE_BYTES, PIECE_BYTES, 1]);
}

#[tokio::test]
async fn the_room_of_an_answer_is_given_back_when_it_is_taken() {
    let held = Arc::new(());
    let room = held.clone();
    let service = AdmissionLayer::new(1, 1, 1).layer(service_fn(move |_: Request<Body>| {
        let mut answer = Response::new(Body::new(Full::new(Bytes::from_static(b"answer"))));
        answer.extensions_mut().insert(AnswerRoom(room.clone()));
        async move { Ok::<_, Infallible>(answer) }
    }));
    let mut whole = call(CODE, None);
    whole.extensions_mut().insert(ReadAhead);
    let mut answer = service.oneshot(whole).await.expect("an answer");
    let kept = answer.extensions_mut().remove::<Kept>().expect("what the call has");
    drop(answer);
    let body = kept.until_taken(Body::new(Full::new(Bytes::from_static(b"in JSON"))));
    assert_eq!(Arc::strong_count(&held), 3 - 1, "the body has it");
    drop(body);
    assert_eq!(Arc::strong_count(&held), 1);
}

/// The body of a call that has its place and waits in line.
fn entering(turns: &Arc<Turns>, deadline: entry::Deadline) -> Body {
    let body = Body::new("asked".to_owned());
    let in_line = turns.let_in(Instant::now(), true);
    assert!(in_line.is_some());
    let place = Place::default();
    Body::new(Entering { body, entry: None, in_line, is_stream: false, end: None, place, deadline })
}

#[tokio::test]
async fn a_message_comes_at_once_and_its_end_when_the_work_may_begin() {
    let turns = Turns::new(16, 1);
    turns.one_begins_at_a_turn();
    let [mut first, mut second] = [entering(&turns, None), entering(&turns, None)];
    let read = |body: &mut Body| {
        let mut context = Context::from_waker(Waker::noop());
        Pin::new(body)
            .poll_frame(&mut context)
            .map(|next| next.map(|frame| frame.is_ok_and(|frame| frame.is_data())))
    };
    assert_eq!((read(&mut first), read(&mut first)), (Poll::Ready(Some(true)), Poll::Ready(None)));
    assert_eq!((read(&mut second), read(&mut second)), (Poll::Ready(Some(true)), Poll::Pending));
    assert!(!second.is_end_stream());
    while read(&mut second).is_pending() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_call_whose_deadline_passes_in_line_is_not_begun() {
    let passed = Some((Instant::now(), Duration::ZERO));
    let read = entering(&Turns::new(1, 1), passed).collect().await;
    assert_eq!(read.expect_err("too late").code(), tonic::Code::DeadlineExceeded);
}
