//! From a request to an answer, without any transport: the service and the command line share it.

use std::cell::RefCell;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use prost::Message;
use sha2::{Digest, Sha256};

use super::convert::{self, Answering, Auditing, CitedRules, Claim, Violations};
use super::lent::{self, Lent as _};
use super::limits::RequestLimits;
use super::pb;
use super::refusal::Refusal;
use crate::audit::{self, Audit, Case};
use crate::catalog::Catalog;
use crate::domain::billed::BilledLine;
use crate::domain::encounter::Encounter;
use crate::engine::{self, CodingResult};
use crate::policy::{Chosen, Policy, PolicyBook};
use crate::rules::footing;

/// Everything that coding needs: the catalog in use, and the rules of the payers.
#[derive(Clone)]
pub struct Coder {
    catalog: Arc<ArcSwapOption<Catalog>>,
    policies: Arc<PolicyBook>,
    cited: Arc<CitedRules>,
    limits: RequestLimits,
}

/// A coded visit: what the request said, what the engine decided, and the answer in words.
pub struct Coded {
    pub encounter: Encounter,
    pub result: CodingResult,
    pub response: pb::CodeEncounterResponse,
}

/// An audited claim: the visit, what was found, and the answer in words.
pub struct Audited {
    pub encounter: Encounter,
    /// Who coded the claim; empty when it is not stated.
    pub coder: String,
    pub audit: Audit,
    pub response: pb::AuditClaimResponse,
}

/// What the engine does with an encounter, and how much of its reasons it keeps.
type Code = fn(&Encounter, &Catalog, &Policy) -> CodingResult;

impl Coder {
    /// A coder on a catalog that may be swapped under it; empty until one is loaded.
    pub fn new(catalog: Arc<ArcSwapOption<Catalog>>, policies: Arc<PolicyBook>) -> Self {
        let cited = Arc::new(CitedRules::new(policies.citations()));
        Self { catalog, policies, cited, limits: RequestLimits::default() }
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
        let (encounter, detail, input_digest) = self.read(&(&request).into())?;
        self.code_read(encounter, detail, input_digest)
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

    /// Codes a visit and appends its answer as protobuf. Where there is none, nothing is appended.
    ///
    /// # Errors
    /// As [`Self::code`].
    pub fn code_to_proto(
        &self,
        request: &lent::CodeEncounterRequest<'_>,
        output: &mut Vec<u8>,
    ) -> Result<CodingResult, Refusal> {
        let (encounter, detail, input_digest) = self.read(request)?;
        let write = |answering: &Answering<'_>| answering.write_visit(output);
        self.written(&encounter, detail, input_digest, write).map(|(result, ())| result)
    }

    /// Codes a visit and appends its answer as JSON, without the message in between where only lines are asked
    /// for.
    ///
    /// # Errors
    /// As [`Self::code`].
    pub fn code_to_json(
        &self,
        request: &lent::CodeEncounterRequest<'_>,
        output: &mut Vec<u8>,
    ) -> Result<(), Refusal> {
        let (encounter, detail, input_digest) = self.read(request)?;
        self.written(&encounter, detail, input_digest, |answering| answering.write_json(output)).map(|_| ())
    }

    /// Codes a visit that was read from another format and appends its answer as JSON.
    ///
    /// # Errors
    /// A catalog that is not loaded.
    pub fn foreign_to_json(
        &self,
        encounter: &Encounter,
        text: &[u8],
        detail: pb::Detail,
        output: &mut Vec<u8>,
    ) -> Result<(), Refusal> {
        let input_digest = hexadecimal(&Sha256::digest(text));
        self.written(encounter, detail, input_digest, |answering| answering.write_json(output)).map(|_| ())
    }

    /// Reads a visit to be coded, how much the answer is to say, and the digest of the visit.
    fn read(
        &self,
        request: &lent::CodeEncounterRequest<'_>,
    ) -> Result<(Encounter, pb::Detail, String), Refusal> {
        let given = request.encounter.as_ref();
        let (encounter, detail) =
            Violations::of_both(convert::encounter(given, &self.limits), detail(request.detail))?;
        Ok((encounter, detail, digest(|output| given.into_iter().for_each(|given| given.write_wire(output)))))
    }

    fn code_read(
        &self,
        encounter: Encounter,
        detail: pb::Detail,
        input_digest: String,
    ) -> Result<Coded, Refusal> {
        let (result, response) =
            self.answered(engine::code, &encounter, detail, input_digest, |answering| answering.visit())?;
        Ok(Coded { encounter, result, response })
    }

    /// Codes a visit for its written answer alone: one of lines says no step, so none is recorded for it.
    fn written<T>(
        &self,
        encounter: &Encounter,
        detail: pb::Detail,
        input_digest: String,
        write: impl FnOnce(&Answering<'_>) -> T,
    ) -> Result<(CodingResult, T), Refusal> {
        let code = if detail == pb::Detail::Lines { engine::code_without_steps } else { engine::code };
        self.answered(code, encounter, detail, input_digest, write)
    }

    /// Codes a visit and puts the answer into a form.
    fn answered<T>(
        &self,
        code: Code,
        encounter: &Encounter,
        detail: pb::Detail,
        input_digest: String,
        form: impl FnOnce(&Answering<'_>) -> T,
    ) -> Result<(CodingResult, T), Refusal> {
        let catalog = self.catalog()?;
        let result = self.run(encounter, &catalog, code)?;
        let formed = form(&self.answering(encounter, &result, &catalog, detail, input_digest));
        Ok((result, formed))
    }

    fn answering<'a>(
        &'a self,
        encounter: &'a Encounter,
        result: &'a CodingResult,
        catalog: &'a Catalog,
        detail: pb::Detail,
        input_digest: String,
    ) -> Answering<'a> {
        let citations = self.policies.citations();
        Answering { encounter, result, catalog, citations, cited: &self.cited, detail, input_digest }
    }

    /// Codes one drug without a visit.
    ///
    /// # Errors
    /// Every violation of the request, or a catalog that is not loaded.
    pub fn drug_lines(
        &self,
        request: pb::CalculateDrugLinesRequest,
    ) -> Result<(CodingResult, pb::CalculateDrugLinesResponse), Refusal> {
        let catalog = self.catalog()?;
        let input_digest = digest_of(Some(&request));
        let (encounter, detail) =
            Violations::of_both(convert::drug_alone(&request, &self.limits), detail(request.detail))?;
        let result = self.run(&encounter, &catalog, engine::code_drug)?;
        let response = self.answering(&encounter, &result, &catalog, detail, input_digest).drug();
        Ok((result, response))
    }

    /// Audits a claim.
    ///
    /// # Errors
    /// Every violation of the request, or a catalog that is not loaded.
    pub fn audit(&self, request: pb::AuditClaimRequest) -> Result<Audited, Refusal> {
        let (claim, detail) =
            Violations::of_both(convert::claim(&request, &self.limits), detail(request.detail))?;
        self.audit_claim(claim, detail, &request)
    }

    /// Audits the lines of a claim that came by another way than the request, such as an 837 file, in place
    /// of those of the request.
    ///
    /// # Errors
    /// As [`Self::audit`].
    pub fn audit_lines(
        &self,
        request: pb::AuditClaimRequest,
        lines: Vec<BilledLine>,
    ) -> Result<Audited, Refusal> {
        let (claim, detail) =
            Violations::of_both(convert::claim(&request, &self.limits), detail(request.detail))?;
        self.audit_claim(Claim { lines, ..claim }, detail, &request)
    }

    fn audit_claim(
        &self,
        claim: Claim,
        detail: pb::Detail,
        request: &pb::AuditClaimRequest,
    ) -> Result<Audited, Refusal> {
        let input_digest = digest_of(request.encounter.as_ref());
        let Claim { mut encounter, lines, coder } = claim;
        let catalog = self.catalog()?;
        let (policy, _) = self.policy(&encounter)?;
        audit::add_other_services(&mut encounter, &lines, policy);
        let result = self.run(&encounter, &catalog, engine::code)?;
        let case = Case { encounter: &encounter, result: &result, catalog: &catalog, policy };
        let audit = audit::audit(&case, &lines);
        let answering = self.answering(&encounter, &result, &catalog, detail, input_digest);
        let response = Auditing { answering, billed: &lines, audit: &audit }.response();
        Ok(Audited { encounter, coder, audit, response })
    }

    /// The rules of the payer of a visit on its date, or the next wider ones.
    ///
    /// # Errors
    /// The policy files hold no national rules.
    pub fn policy(&self, encounter: &Encounter) -> Result<(&Policy, Chosen), Refusal> {
        let (rules, chosen) = self.rules(encounter)?;
        Ok((rules.on(encounter.service_date), chosen))
    }

    /// The rules of the payer of a visit from its first date on.
    fn rules(&self, encounter: &Encounter) -> Result<(&Policy, Chosen), Refusal> {
        let (first, _) = encounter.dates();
        let chosen = self.policies.choose(first, &encounter.payer, encounter.payer_variant.as_deref());
        chosen.map(|(policy, chosen)| (policy.as_ref(), chosen)).ok_or(Refusal::NoPolicy)
    }

    /// Runs the engine, and says what its answer rests on.
    fn run(&self, encounter: &Encounter, catalog: &Catalog, code: Code) -> Result<CodingResult, Refusal> {
        let (policy, chosen) = self.rules(encounter)?;
        let mut result = code(encounter, catalog, policy);
        if result.asks_too_much {
            return Err(Refusal::AsksTooMuch);
        }
        footing::report(&mut result, encounter, catalog, chosen);
        Ok(result)
    }
}

/// How much an answer is to say.
fn detail(number: i32) -> Result<pb::Detail, Violations> {
    pb::Detail::try_from(number)
        .map_err(|_| Violations::one("detail", "is no level: give LINES, RULES or FULL"))
}

/// SHA-256 of a message in its canonical encoding, in hexadecimal; that of nothing where there is none.
fn digest_of<M: Message>(message: Option<&M>) -> String {
    digest(|output| {
        if let Some(message) = message {
            // Room is reserved by the encoding itself, so it cannot run out.
            let _ = message.encode(output);
        }
    })
}

/// SHA-256 of a message that is written in its canonical encoding, in hexadecimal.
fn digest(write: impl FnOnce(&mut Vec<u8>)) -> String {
    thread_local! {
        /// Holds one encoded message at a time, so that a digest allocates nothing but its text.
        static ENCODED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    ENCODED.with_borrow_mut(|encoded| {
        encoded.clear();
        write(encoded);
        hexadecimal(&Sha256::digest(&*encoded))
    })
}

fn hexadecimal(digest: &[u8]) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(digest.len() * 2);
    for byte in digest {
        text.push(char::from(HEX[usize::from(byte >> 4)]));
        text.push(char::from(HEX[usize::from(byte & 15)]));
    }
    text
}
