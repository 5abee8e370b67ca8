//! Batches and streams over real gRPC: order, numbers, and one bad item among good ones.

use std::sync::Arc;

use infusion_coder::catalog::store::Library;
use infusion_coder::server::pb::coding_service_client::CodingServiceClient;
use infusion_coder::server::{json, pb};
use tokio_stream::StreamExt;
use tonic::Code;
use tonic::transport::Channel;

use crate::support::server::Server;

/// Visits of one batch, and of what is sent over it.
const LIMIT: usize = 1_000;

fn visit(number: u32) -> pb::CodeEncounterRequest {
    let text = format!(
        r#"{{"encounterId": "v-{number}", "setting": "PHYSICIAN_OFFICE", "serviceDate": "2025-11-03", "administrations": [
            {{"route": "IV_PUSH", "drugs": [{{"hcpcsCode": "J1200", "doseAdministered": {{"value": "50", "unit": "mg"}}}}]}}]}}"#
    );
    let mut request = json::read_request(&text).expect("a visit");
    request.set_detail(pb::Detail::Lines);
    request
}

fn without_date(number: u32) -> pb::CodeEncounterRequest {
    let mut request = visit(number);
    if let Some(encounter) = &mut request.encounter {
        encounter.service_date.clear();
    }
    request
}

async fn client(server: &Server) -> CodingServiceClient<Channel> {
    CodingServiceClient::new(server.channel().await)
}

fn answered_id(item: &pb::CodingItem) -> Option<&str> {
    item.response.as_ref().map(|response| response.encounter_id.as_str())
}

fn assert_names_the_date(item: &pb::CodingItem) {
    let error = item.error.as_ref().expect("an error");
    assert_eq!(error.reason(), pb::ErrorReason::InvalidRequest);
    assert_eq!(error.violations[0].field, "encounter.serviceDate");
    assert!(item.response.is_none());
}

#[tokio::test]
async fn one_bad_visit_never_sinks_a_batch() {
    let server = Server::start(Arc::new(Library::embedded())).await;
    let mut client = client(&server).await;
    let requests = (0..100).map(|number| if number == 7 { without_date(number) } else { visit(number) });
    let batch = pb::BatchCodeEncountersRequest { requests: requests.collect() };
    let items = client.batch_code_encounters(batch).await.expect("an answer").into_inner().items;
    assert_eq!(items.len(), 100);
    for (number, item) in (0..).zip(&items) {
        assert_eq!(item.item_number, number);
        if number == 7 {
            assert_names_the_date(item);
        } else {
            assert_eq!(answered_id(item), Some(format!("v-{number}").as_str()));
        }
    }
    let requests = vec![pb::CodeEncounterRequest::default(); LIMIT + 1];
    let refused = client.batch_code_encounters(pb::BatchCodeEncountersRequest { requests }).await;
    let refused = refused.expect_err("a batch above the limit");
    assert!(refused.code() == Code::InvalidArgument && refused.message().contains("requests"), "{refused}");
}

#[tokio::test]
async fn a_stream_is_resumed_from_any_number() {
    let server = Server::start(Arc::new(Library::embedded())).await;
    // As after a broken connection: the first number without an answer is 40,000.
    let sent = (40_000..40_300).map(|number| pb::StreamCodeEncountersRequest {
        item_number: number,
        request: Some(if number == 40_100 { without_date(number) } else { visit(number) }),
    });
    let stream = client(&server).await.stream_code_encounters(tokio_stream::iter(sent)).await;
    let answers: Vec<_> = stream.expect("a stream").into_inner().collect().await;
    assert_eq!(answers.len(), 300);
    for (number, answer) in (40_000..).zip(answers) {
        let item = answer.expect("an answer").item.expect("an item");
        assert_eq!(item.item_number, number);
        if number == 40_100 {
            assert_names_the_date(&item);
        } else {
            assert_eq!(answered_id(&item), Some(format!("v-{number}").as_str()));
        }
    }
}
