//! `CodingService` over the coder that the command line shares.

use std::sync::Arc;

use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status, Streaming};

use super::coder::Coder;
use super::encoded::{
    EncodedAuditClaimRequest, EncodedBatchCodeEncountersRequest, EncodedBatchCodeEncountersResponse,
    EncodedCalculateDrugLinesRequest, EncodedCodeEncounterRequest, EncodedCodeEncounterResponse,
    EncodedStreamCodeEncountersRequest, EncodedStreamCodeEncountersResponse,
};
use super::layers::admission::AnswerRoom;
use super::layers::metrics::Metrics;
use super::limits::ServiceLimits;
use super::refusal::Refusal;
use super::{aside, items, lent, nested, pb, rule_book};

/// An answer to one visit that is smaller is not counted among those that share their memory, in bytes.
const LARGE_BYTES: usize = 256 * 1024;

/// Answers the coding calls.
#[derive(Clone)]
pub struct CodingService {
    coder: Coder,
    metrics: Arc<Metrics>,
    limits: ServiceLimits,
    /// What large answers share.
    answers: Arc<items::Shared>,
}

impl CodingService {
    /// A service over a coder, which counts what it answers, under the default limits.
    pub fn new(coder: Coder, metrics: Arc<Metrics>) -> Self {
        let limits = ServiceLimits::default();
        Self { coder, metrics, limits, answers: items::Shared::new(limits.answers_bytes) }
    }

    /// The same under other limits.
    #[must_use]
    pub fn under(self, limits: ServiceLimits) -> Self {
        Self { limits, answers: items::Shared::new(limits.answers_bytes), ..self }
    }

    /// Codes a visit and appends its answer.
    fn code(&self, request: &lent::CodeEncounterRequest<'_>, output: &mut Vec<u8>) -> Result<(), Refusal> {
        let before = output.len();
        let visit = request.encounter.as_ref().map_or(&[][..], |visit| &visit.administrations);
        let services = aside::services(visit.iter().map(|given| {
            let without_code = given.drugs.iter().filter(|drug| drug.hcpcs_code.is_empty());
            (given.drugs.len(), without_code.count())
        }));
        let result = aside::coded(services, || self.coder.code_to_proto(request, output))?;
        if output.len() - before > self.limits.answer_bytes {
            output.truncate(before);
            output.shrink_to_fit();
            return Err(Refusal::AnswerTooLarge(self.limits.answer_bytes));
        }
        self.metrics.count_answer(&result);
        Ok(())
    }

    /// Codes one item of a batch or a stream.
    fn code_one(&self) -> impl items::CodeOne {
        let service = self.clone();
        move |request: &lent::CodeEncounterRequest<'_>, output: &mut Vec<u8>| {
            service.code(request, output).map_err(Refusal::into_item_error)
        }
    }
}

#[tonic::async_trait]
impl pb::coding_service_server::CodingService for CodingService {
    type StreamCodeEncountersStream = BoxStream<EncodedStreamCodeEncountersResponse>;

    async fn code_encounter(
        &self,
        request: Request<EncodedCodeEncounterRequest>,
    ) -> Result<Response<EncodedCodeEncounterResponse>, Status> {
        let mut answer = Vec::new();
        let request = request.into_inner().into_bytes();
        let coded = lent::from_wire(&request, |request| self.code(&request, &mut answer));
        coded.map_err(Status::from)??;
        let length = answer.len();
        let mut answer = Response::new(EncodedCodeEncounterResponse::new([answer]));
        if length > LARGE_BYTES {
            let room = self.answers.room(length);
            if !room.hold(length) {
                return Err(items::crowded());
            }
            answer.extensions_mut().insert(AnswerRoom(Arc::new(room)));
        }
        Ok(answer)
    }

    async fn batch_code_encounters(
        &self,
        request: Request<EncodedBatchCodeEncountersRequest>,
    ) -> Result<Response<EncodedBatchCodeEncountersResponse>, Status> {
        let room = Arc::new(self.answers.room(self.limits.answer_bytes));
        let limit = self.coder.limits().batch_items;
        let answer = items::batch(request.into_inner(), limit, &room, self.code_one()).await?;
        let mut answer = Response::new(answer);
        answer.extensions_mut().insert(AnswerRoom(room));
        Ok(answer)
    }

    async fn stream_code_encounters(
        &self,
        request: Request<Streaming<EncodedStreamCodeEncountersRequest>>,
    ) -> Result<Response<Self::StreamCodeEncountersStream>, Status> {
        Ok(Response::new(Box::pin(items::stream(
            request.into_inner(),
            self.limits.stream_idle(),
            self.code_one(),
        ))))
    }

    async fn calculate_drug_lines(
        &self,
        request: Request<EncodedCalculateDrugLinesRequest>,
    ) -> Result<Response<pb::CalculateDrugLinesResponse>, Status> {
        let (result, response) =
            self.coder.drug_lines(nested::decode(&request.into_inner().into_bytes())?)?;
        self.metrics.count_answer(&result);
        Ok(Response::new(response))
    }

    async fn audit_claim(
        &self,
        request: Request<EncodedAuditClaimRequest>,
    ) -> Result<Response<pb::AuditClaimResponse>, Status> {
        let claim: pb::AuditClaimRequest = nested::decode(&request.into_inner().into_bytes())?;
        let visit = claim.encounter.as_ref().map_or(&[][..], |visit| &visit.administrations);
        let services = aside::services(visit.iter().map(|given| {
            let without_code = given.drugs.iter().filter(|drug| drug.hcpcs_code.is_empty());
            (given.drugs.len(), without_code.count())
        }));
        Ok(Response::new(aside::coded(services, || self.coder.audit(claim))?.response))
    }

    async fn get_rule(&self, request: Request<pb::GetRuleRequest>) -> Result<Response<pb::Rule>, Status> {
        let citations = self.coder.policies().citations();
        Ok(Response::new(rule_book::get(&request.into_inner().rule_id, citations, self.coder.limits())?))
    }

    async fn list_rules(
        &self,
        request: Request<pb::ListRulesRequest>,
    ) -> Result<Response<pb::ListRulesResponse>, Status> {
        Ok(Response::new(rule_book::list(&request.into_inner(), self.coder.policies().citations())?))
    }
}
