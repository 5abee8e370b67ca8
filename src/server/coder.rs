//! From a request to an answer, without any transport: the service and the command line share it.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use prost::Message;
use sha2::{Digest, Sha256};

use super::convert::{self, Answering};
use super::limits::RequestLimits;
use super::pb;
use super::refusal::Refusal;
use crate::catalog::Catalog;
use crate::domain::encounter::Encounter;
use crate::engine::{self, CodingResult};
use crate::policy::{Policy, PolicyBook};

/// The payer whose rules apply where a request names one without a file; a finding says so.
const FALLBACK_PAYER: &str = "medicare";

/// Everything that coding needs: the catalog in use, and the rules of the payers.
#[derive(Clone)]
pub struct Coder {
    catalog: Arc<ArcSwapOption<Catalog>>,
    policies: Arc<PolicyBook>,
    limits: RequestLimits,
}

/// A coded visit: what the request said, what the engine decided, and the answer in words.
pub struct Coded {
    pub encounter: Encounter,
    pub result: CodingResult,
    pub response: pb::CodeEncounterResponse,
}

impl Coder {
    /// A coder on a catalog that may be swapped under it; empty until one is loaded.
    pub fn new(catalog: Arc<ArcSwapOption<Catalog>>, policies: Arc<PolicyBook>) -> Self {
        Self { catalog, policies, limits: RequestLimits::default() }
    }

    /// The same coder under other limits of a request.
    #[must_use]
    pub fn under(self, limits: RequestLimits) -> Self {
        Self { limits, ..self }
    }

    /// What one request may hold.
    pub const fn limits(&self) -> &RequestLimits {
        &self.limits
    }

    /// A coder on a catalog that stays.
    pub fn on(catalog: Arc<Catalog>, policies: Arc<PolicyBook>) -> Self {
        Self::new(Arc::new(ArcSwapOption::new(Some(catalog))), policies)
    }

    /// The catalog in use. A request takes it once, so a swap never splits an answer.
    ///
    /// # Errors
    /// None is loaded.
    pub fn catalog(&self) -> Result<Arc<Catalog>, Refusal> {
        self.catalog.load_full().ok_or(Refusal::NoCatalog)
    }

    /// The rules of the payers.
    pub fn policies(&self) -> &PolicyBook {
        &self.policies
    }

    /// Codes a visit.
    ///
    /// # Errors
    /// Every violation of the request, or a catalog that is not loaded.
    pub fn code(&self, request: pb::CodeEncounterRequest) -> Result<Coded, Refusal> {
        let detail = detail(request.detail)?;
        let input_digest = digest(request.encounter.as_ref());
        self.code_read(convert::encounter(request.encounter, &self.limits)?, detail, input_digest)
    }

    /// Codes a visit that was read from another format than our own; `text` is what it was read from.
    ///
    /// # Errors
    /// A catalog that is not loaded.
    pub fn code_foreign(
        &self,
        encounter: Encounter,
        text: &[u8],
        detail: pb::Detail,
    ) -> Result<Coded, Refusal> {
        self.code_read(encounter, detail, hexadecimal(&Sha256::digest(text)))
    }

    fn code_read(
        &self,
        encounter: Encounter,
        detail: pb::Detail,
        input_digest: String,
    ) -> Result<Coded, Refusal> {
        let catalog = self.catalog()?;
        let result = engine::code(&encounter, &catalog, self.policy(&encounter)?);
        let citations = self.policies.citations();
        let answering = Answering {
            encounter: &encounter,
            result: &result,
            catalog: &catalog,
            citations,
            detail,
            input_digest,
        };
        let response = answering.visit();
        Ok(Coded { encounter, result, response })
    }

    /// Codes one drug without a visit.
    ///
    /// # Errors
    /// Every violation of the request, or a catalog that is not loaded.
    pub fn drug_lines(
        &self,
        request: pb::CalculateDrugLinesRequest,
    ) -> Result<pb::CalculateDrugLinesResponse, Refusal> {
        let catalog = self.catalog()?;
        let detail = detail(request.detail)?;
        let input_digest = digest(Some(&request));
        let encounter = convert::drug_alone(request, &self.limits)?;
        let result = engine::code_drug(&encounter, &catalog, self.policy(&encounter)?);
        let citations = self.policies.citations();
        let answering = Answering {
            encounter: &encounter,
            result: &result,
            catalog: &catalog,
            citations,
            detail,
            input_digest,
        };
        Ok(answering.drug())
    }

    fn policy(&self, encounter: &Encounter) -> Result<&Policy, Refusal> {
        let at = |payer: &str| self.policies.at(encounter.service_date, payer);
        let of_variant = || {
            let variant = encounter.payer_variant.as_deref()?;
            at(&format!("{} {variant}", encounter.payer)).or_else(|| at(variant))
        };
        let policy = of_variant().or_else(|| at(&encounter.payer)).or_else(|| at(FALLBACK_PAYER));
        policy.map(AsRef::as_ref).ok_or(Refusal::NoPolicy)
    }
}

fn detail(number: i32) -> Result<pb::Detail, Refusal> {
    pb::Detail::try_from(number)
        .map_err(|_| Refusal::invalid("detail", "is no level: give LINES, RULES or FULL"))
}

/// SHA-256 of a message in its canonical encoding, in hexadecimal.
fn digest<M: Message>(message: Option<&M>) -> String {
    let bytes = message.map(Message::encode_to_vec).unwrap_or_default();
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(digest: &[u8]) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(HEX[usize::from(digit)])).collect()
}
