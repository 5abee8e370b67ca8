//! `CodingService` over the coder that the command line shares.

use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status, Streaming};

use super::coder::Coder;
use super::refusal::Refusal;
use super::{convert, items, pb};
use crate::rules;

/// Answers the coding calls.
#[derive(Clone)]
pub struct CodingService {
    coder: Coder,
}

impl CodingService {
    /// A service over a coder.
    pub const fn new(coder: Coder) -> Self {
        Self { coder }
    }

    /// Codes one item of a batch or a stream.
    fn code_one(&self) -> impl items::CodeOne {
        let coder = self.coder.clone();
        move |request| coder.code(request).map(|coded| coded.response).map_err(Refusal::into_item_error)
    }
}

#[tonic::async_trait]
impl pb::coding_service_server::CodingService for CodingService {
    async fn code_encounter(
        &self,
        request: Request<pb::CodeEncounterRequest>,
    ) -> Result<Response<pb::CodeEncounterResponse>, Status> {
        Ok(Response::new(self.coder.code(request.into_inner())?.response))
    }

    async fn batch_code_encounters(
        &self,
        request: Request<pb::BatchCodeEncountersRequest>,
    ) -> Result<Response<pb::BatchCodeEncountersResponse>, Status> {
        let requests = request.into_inner().requests;
        let limit = self.coder.limits().batch_items;
        if requests.len() > limit {
            return Err(Refusal::invalid("requests", format!("holds more than {limit} visits")).into());
        }
        let items = items::batch(requests, self.code_one()).await?;
        Ok(Response::new(pb::BatchCodeEncountersResponse { items }))
    }

    async fn stream_code_encounters(
        &self,
        request: Request<Streaming<pb::StreamCodeEncountersRequest>>,
    ) -> Result<Response<BoxStream<pb::StreamCodeEncountersResponse>>, Status> {
        Ok(Response::new(Box::pin(items::stream(request.into_inner(), self.code_one()))))
    }

    async fn calculate_drug_lines(
        &self,
        request: Request<pb::CalculateDrugLinesRequest>,
    ) -> Result<Response<pb::CalculateDrugLinesResponse>, Status> {
        Ok(Response::new(self.coder.drug_lines(request.into_inner())?))
    }

    async fn get_rule(&self, request: Request<pb::GetRuleRequest>) -> Result<Response<pb::Rule>, Status> {
        let id = request.into_inner().rule_id;
        let citations = self.coder.policies().citations();
        let found = families().find_map(|(family, rules)| {
            let rule = rules.iter().find(|rule| rule.id.eq_ignore_ascii_case(&id))?;
            Some(convert::rule(rule, family, citations))
        });
        Ok(Response::new(found.ok_or(Refusal::UnknownRule(id))?))
    }
}

fn families() -> impl Iterator<Item = rules::Family> {
    rules::FAMILIES.iter().flat_map(|group| group.iter().copied())
}
