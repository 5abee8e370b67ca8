//! Callers that cost little: they send bytes that were encoded before, and read a sample of the answers.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::uri::PathAndQuery;
use infusion_coder::load::Raw;
use infusion_coder::server::{json, pb};
use prost::Message;
use tokio_stream::StreamExt;
use tonic::Request;
use tonic::client::Grpc;
use tonic::transport::Channel;

use super::visits;

/// Visits of each method.
const VISITS: usize = 400_000;
/// Visits of one batch.
const BATCH: usize = 500;
/// Connections, each with its own caller.
const CALLERS: usize = 4;
/// One answer of a stream in so many is read; the others are counted.
const SAMPLE: usize = 100;

/// Makes all calls of a method; gives the visits that were answered.
pub async fn run(address: SocketAddr, is_stream: bool) -> usize {
    let requests: Arc<[pb::CodeEncounterRequest]> = (0..visits::DISTINCT).map(request).collect();
    let callers = (0..CALLERS).map(|_| {
        let channel = Channel::from_shared(format!("http://{address}")).expect("an address").connect_lazy();
        let client = Grpc::new(channel).max_decoding_message_size(usize::MAX);
        let requests = requests.clone();
        tokio::spawn(async move {
            if is_stream { stream(client, &requests).await } else { batches(client, &requests).await }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.expect("a caller");
    }
    VISITS
}

fn request(number: usize) -> pb::CodeEncounterRequest {
    let mut request = json::read_request(&visits::visit(number)).expect("a visit");
    request.set_detail(pb::Detail::Lines);
    request
}

async fn batches(mut client: Grpc<Channel>, requests: &[pb::CodeEncounterRequest]) {
    let path = PathAndQuery::from_static("/infusion.coding.v1.CodingService/BatchCodeEncounters");
    let batches = requests.chunks(BATCH).map(|visits| {
        Bytes::from(pb::BatchCodeEncountersRequest { requests: visits.to_vec() }.encode_to_vec())
    });
    let batches: Vec<Bytes> = batches.collect();
    // The same visits have the same answers, so each is read once.
    let mut known: Vec<Option<Bytes>> = vec![None; batches.len()];
    for number in 0..VISITS / CALLERS / BATCH {
        let which = number % batches.len();
        client.ready().await.expect("a connection");
        let answer = client.unary(Request::new(batches[which].clone()), path.clone(), Raw::default()).await;
        let answer = answer.expect("an answer").into_inner();
        let known = known[which].get_or_insert_with(|| {
            let items = pb::BatchCodeEncountersResponse::decode(answer.clone()).expect("a batch").items;
            let is_right = |(number, item): (usize, &pb::CodingItem)| {
                item.error.is_none() && item.response.is_some() && item.item_number as usize == number
            };
            assert!(items.len() == BATCH && items.iter().enumerate().all(is_right));
            answer.clone()
        });
        assert!(*known == answer, "another answer to the same visits");
    }
}

async fn stream(mut client: Grpc<Channel>, requests: &[pb::CodeEncounterRequest]) {
    let path = PathAndQuery::from_static("/infusion.coding.v1.CodingService/StreamCodeEncounters");
    let sent: Vec<Bytes> = requests
        .iter()
        .enumerate()
        .map(|(number, request)| {
            let item = pb::StreamCodeEncountersRequest {
                item_number: number as u32,
                request: Some(request.clone()),
            };
            item.encode_to_vec().into()
        })
        .collect();
    let distinct = sent.len();
    let sent = (0..VISITS / CALLERS).map(move |number| sent[number % distinct].clone());
    client.ready().await.expect("a connection");
    let answers = client.streaming(Request::new(tokio_stream::iter(sent)), path, Raw::default()).await;
    let mut answers = answers.expect("a stream").into_inner();
    let mut count = 0;
    while let Some(answer) = answers.next().await {
        let answer = answer.expect("an answer");
        if count % SAMPLE == 0 {
            let item = pb::StreamCodeEncountersResponse::decode(answer).expect("a message").item;
            let item = item.expect("an item");
            assert!(item.response.is_some() && item.item_number as usize == count % distinct, "item {count}");
        }
        count += 1;
    }
    assert_eq!(count, VISITS / CALLERS);
}
