//! What callers cannot do to the service: keep others out by waiting.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use infusion_coder::server::encoded::EncodedCodeEncounterRequest;
use infusion_coder::server::pb;
use infusion_coder::server::pb::coding_service_client::CodingServiceClient;
use tonic::transport::Channel;
use tonic::{Code, Request};
use tonic_prost::ProstCodec;
use tonic_types::StatusExt;

use super::serving::{Serving, code_of, connect, open_stream, operators, page, visit};

/// What a caller of HTTP/2 sends before its first call: the preface, and settings that change nothing.
const BEGINNING: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// Whether the service closes a connection within so long.
fn is_closed(stream: &mut TcpStream, patience: Duration) -> bool {
    stream.set_read_timeout(Some(patience)).expect("a time");
    let mut received = [0; 1024];
    loop {
        match stream.read(&mut received) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        }
    }
}

#[tokio::test]
async fn connections_that_ask_nothing_are_closed() {
    let arguments =
        ["--limit-handshake-seconds", "1", "--limit-idle-seconds", "2", "--metrics-listen", "127.0.0.1:0"];
    let mut serving = Serving::start(&arguments, &[]);
    let address = serving.address();
    let operators = operators(&mut serving);
    let [mut silent, mut half, mut idle] = [(); 3].map(|()| TcpStream::connect(&address).expect("connected"));
    half.write_all(&BEGINNING[..14]).expect("sent");
    idle.write_all(BEGINNING).expect("sent");
    let patience = Duration::from_secs(20);
    assert!([&mut silent, &mut half, &mut idle].into_iter().all(|stream| is_closed(stream, patience)));
    // The last place is given back a moment after its caller was told.
    let mut metrics = String::new();
    for _ in 0..100 {
        metrics = page(&operators, "/metrics").1;
        if metrics.contains("infusion_coder_connections 0") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for expected in [
        r#"infusion_coder_connections_closed_total{reason="slow"} 2"#,
        r#"infusion_coder_connections_closed_total{reason="idle"} 1"#,
        "infusion_coder_connections 0",
    ] {
        assert!(metrics.contains(expected), "no {expected} in {metrics}");
    }
    assert!(serving.stop());
}

#[tokio::test]
async fn strangers_who_take_all_connections_make_room() {
    let mut serving = Serving::start(&["--limit-connections", "4"], &[]);
    let address = serving.address();
    let caller = connect(&address).await;
    assert_eq!(code_of(CodingServiceClient::new(caller.clone()).code_encounter(visit()).await), Code::Ok);
    let mut strangers: Vec<TcpStream> = (0..12)
        .map(|_| {
            let mut stream = TcpStream::connect(&address).expect("connected");
            // Whoever was made room of cannot be written to.
            let _ = stream.write_all(BEGINNING);
            stream
        })
        .collect();
    let newcomer = tokio::time::timeout(Duration::from_secs(20), connect(&address)).await.expect("in time");
    assert_eq!(code_of(CodingServiceClient::new(newcomer).code_encounter(visit()).await), Code::Ok);
    assert_eq!(code_of(CodingServiceClient::new(caller).code_encounter(visit()).await), Code::Ok);
    assert!(is_closed(&mut strangers[0], Duration::from_secs(5)));
    serving.wait_for("those without a call make room");
    assert!(serving.stop());
}

#[tokio::test]
async fn bytes_that_are_no_request_are_the_callers_fault() {
    let mut serving = Serving::start(&["--metrics-listen", "127.0.0.1:0"], &[]);
    let channel = connect(&serving.address()).await;
    let operators = operators(&mut serving);
    for method in ["CodeEncounter", "BatchCodeEncounters", "AuditClaim", "GetRule", "ListRules"] {
        let mut client = tonic::client::Grpc::new(channel.clone());
        client.ready().await.expect("ready");
        let path = format!("/infusion.coding.v1.CodingService/{method}").parse().expect("a path");
        let request = EncodedCodeEncounterRequest::new([vec![0xff; 5]]);
        let codec = ProstCodec::<EncodedCodeEncounterRequest, pb::CodeEncounterResponse>::default();
        let refused = client.unary(Request::new(request), path, codec).await.expect_err("no request");
        assert_eq!(refused.code(), Code::InvalidArgument, "{method}: {refused:?}");
        let reason = refused.get_details_error_info().map(|info| info.reason);
        assert_eq!(reason.as_deref(), Some("ERROR_REASON_INVALID_REQUEST"), "{method}");
    }
    let rule = pb::GetRuleRequest { rule_id: "x".repeat(900_000) };
    assert_eq!(code_of(CodingServiceClient::new(channel).get_rule(rule).await), Code::InvalidArgument);
    let (_, metrics) = page(&operators, "/metrics");
    let counted = |code: &str| -> Vec<&str> {
        let label = format!("code=\"{code}\"}}");
        metrics.lines().filter(|line| line.contains(&label) && !line.ends_with(" 0")).collect()
    };
    assert!(!counted("3").is_empty(), "{metrics}");
    assert_eq!(counted("13"), [""; 0], "faults of the program");
    assert!(serving.stop());
}

#[tokio::test]
async fn streams_leave_places_and_end_without_items() {
    let arguments = [
        "--limit-in-flight",
        "2",
        "--limit-open-streams",
        "1",
        "--limit-stream-idle-seconds",
        "1",
        "--metrics-listen",
        "127.0.0.1:0",
    ];
    let mut serving = Serving::start(&arguments, &[]);
    let address = serving.address();
    let operators = operators(&mut serving);
    let mut coding = CodingServiceClient::new(connect(&address).await);
    let (item, mut answers) = open_stream(&mut coding).await;
    assert_eq!(code_of(coding.code_encounter(visit()).await), Code::Ok);
    let none = tokio_stream::empty();
    let second = coding.stream_code_encounters(none).await;
    let second = match second {
        Ok(answers) => code_of(answers.into_inner().message().await),
        Err(status) => status.code(),
    };
    assert_eq!(second, Code::ResourceExhausted);
    assert_eq!(code_of(answers.message().await), Code::DeadlineExceeded);
    drop(item);
    let counted = r#"infusion_coder_calls_total{method="StreamCodeEncounters",code="4"} 1"#;
    let (_, metrics) = page(&operators, "/metrics");
    assert!(metrics.contains(counted), "{metrics}");
    assert!(serving.stop());
}

#[tokio::test]
async fn a_caller_that_leaves_its_answers_loses_the_connection() {
    let arguments = ["--limit-call-seconds", "1", "--metrics-listen", "127.0.0.1:0"];
    let mut serving = Serving::start(&arguments, &[]);
    let address = serving.address();
    let operators = operators(&mut serving);
    let endpoint = Channel::from_shared(format!("http://{address}")).expect("an address");
    let endpoint = endpoint.initial_stream_window_size(65_535);
    let mut coding = CodingServiceClient::new(endpoint.connect().await.expect("a connection"));
    let item = pb::StreamCodeEncountersRequest { item_number: 1, request: Some(visit()) };
    let mut answers = coding
        .stream_code_encounters(tokio_stream::iter(vec![item; 3_000]))
        .await
        .expect("a stream")
        .into_inner();
    let closed = r#"infusion_coder_connections_closed_total{reason="untaken"} 1"#;
    for _ in 0..100 {
        if page(&operators, "/metrics").1.contains(closed) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(page(&operators, "/metrics").1.contains(closed), "the answers were not taken for seconds");
    while let Ok(Some(_)) = answers.message().await {}
    assert_eq!(
        code_of(CodingServiceClient::new(connect(&address).await).code_encounter(visit()).await),
        Code::Ok
    );
    assert!(serving.stop());
}

/// As on a full disk: the folder cannot be written, and later it can.
#[tokio::test]
async fn a_service_without_room_for_its_store_starts_anew_when_there_is_some() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let store = folder.path().join("store");
    std::fs::write(&store, "no folder").expect("a file");
    let arguments = ["--store", store.to_str().expect("a path"), "--admin-listen", "127.0.0.1:0"];
    let mut serving = Serving::start(&arguments, &[]);
    let address = serving.address();
    let refused = CodingServiceClient::new(connect(&address).await).code_encounter(visit()).await;
    assert_eq!(code_of(refused), Code::Unavailable);
    std::fs::remove_file(&store).expect("removed");
    let address = serving.address();
    let answered = CodingServiceClient::new(connect(&address).await).code_encounter(visit()).await;
    assert_eq!(code_of(answered), Code::Ok);
    assert!(serving.stop());
}

/// What the service tells its caller of a message is not for the log.
#[test]
fn no_word_of_a_request_comes_into_the_log() {
    let mut serving = Serving::start(&["--http-json", "--log-filter", "debug"], &[]);
    let address = serving.address();
    let body = r#"{"encounter": {"setting": "MOONSECRET"}}"#;
    let mut stream = TcpStream::connect(&address).expect("connected");
    let head =
        "POST /infusion.coding.v1.CodingService/CodeEncounter HTTP/1.1\r\nhost: x\r\nconnection: close";
    let length = body.len();
    write!(stream, "{head}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
        .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.contains("MOONSECRET"), "its caller may read it: {answer}");
    assert!(serving.stop());
    let said = serving.all_said();
    assert!(!said.contains("MOONSECRET"), "{said}");
}
