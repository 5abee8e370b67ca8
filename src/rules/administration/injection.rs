//! Injections into muscle or under the skin, and the on-body injector (rules INJ-1, INJ-4, INJ-5, CHM-1).

use smallvec::SmallVec;

use super::lines::{self, Place};
use super::outside::CHM_13;
use super::subcutaneous_infusion::SCI_1;
use super::visit::{Family, Kind, SERVICES_INLINE, Service, Visit};
use super::{access, course, numbing};
use crate::domain::code::HcpcsCode;
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::engine::Coding;
use crate::engine::trail::{NotedFact, Subject, Value, fact};
use crate::policy::parameters::SplitDoseSyringes;
use crate::rules::{Rule, Status, identity, rule};

rule! {
    pub static INJ_1: "INJ-1", "One injection code for each injection given",
    basis: Primary, cites: ["NOR-INIT", "MUE"],
    says: "Each therapeutic injection into muscle or under the skin earns one unit. One drug that needs two syringes in one session, a few minutes apart, is one injection; the same drug given again later is another.",
    why: "The dose was too large for one syringe; the service was one.",
    example: "A dose from two vials in two syringes is one unit; the same drug four hours later is a second one.",
    exceptions: "Switch D-8 reports each syringe, the further ones with modifier 59.",
}

rule! {
    pub static INJ_4: "INJ-4", "The on-body injector",
    basis: Primary, cites: ["PTP", "A54682"],
    says: "Applying an on-body injector has a code of its own, which is packaged in hospitals.",
    why: "It is no injection by the nurse: the device gives the drug later.",
    example: "Pegfilgrastim by on-body injector after chemotherapy.",
    exceptions: "None.",
}

rule! {
    pub static INJ_5: "INJ-5", "Growth factors are therapeutic",
    basis: Quoted, cites: ["A54682"],
    status: Status::Informational,
    says: "Filgrastim and pegfilgrastim are therapeutic drugs, also beside chemotherapy.",
    why: "They support the patient and do not treat the tumour.",
    example: "Filgrastim under the skin is a therapeutic injection.",
    exceptions: "None.",
}

/// Sessions in order of time: the place of the injection that leads it, and that of its last syringe so far.
type Reported = SmallVec<[(usize, usize); SERVICES_INLINE]>;

pub(super) static RULES: &[&Rule] = &[&INJ_1, &INJ_4, &INJ_5];

/// Codes the injections of every visit, in order of time.
pub(super) fn code(coding: &mut Coding<'_>, visit: &Visit<'_>) {
    let mut reported = SmallVec::new();
    for at in 0..visit.services.len() {
        let service = visit.services[at];
        match service.kind {
            Kind::Injection => match part_of_another(coding, visit, &service) {
                Some((rule, text, procedure)) => {
                    let what = Field::Administration(service.index, "");
                    let facts: SmallVec<[NotedFact; 1]> =
                        procedure.map(|code| fact::given("code", Value::Code(code))).into_iter().collect();
                    coding.find(Severity::Info, Reason::IncludedInOtherService, what, rule, text, &facts);
                    coding.not_billed(what, rule, text, &facts);
                }
                None => {
                    inject(coding, visit, at, &mut reported);
                    numbing::doubt_alone(coding, visit, &service);
                }
            },
            Kind::OnBodyInjector => {
                let text = "Applying the on-body injector has its own code.";
                coding.result.trail.fired(&INJ_4, Subject::Administration(service.index), text, &[]);
                let code = coding.policy.administration.injection_codes.on_body_injector;
                lines::bill(coding, visit, &service, code, 1, Place::Own);
            }
            _ => {}
        }
    }
}

fn code_of(coding: &Coding<'_>, service: &Service) -> HcpcsCode {
    let codes = &coding.policy.administration.injection_codes;
    match service.family {
        Family::Chemotherapy if service.is_hormonal => codes.hormonal,
        Family::Chemotherapy => codes.antineoplastic,
        Family::Therapeutic | Family::Hydration => codes.therapeutic,
    }
}

/// What an injection is part of, where it is no service of its own: the rule, why, and the procedure that the text names.
fn part_of_another(
    coding: &Coding<'_>,
    visit: &Visit<'_>,
    service: &Service,
) -> Option<(&'static Rule, &'static str, Option<HcpcsCode>)> {
    let spreading = &coding.policy.administration.spreading_drugs;
    let drugs = &visit.administration(service).drugs;
    let spreads = !drugs.is_empty() && drugs.iter().all(|drug| identity::is_listed(coding, drug, spreading));
    let is_beside =
        |other: &Service| other.kind == Kind::SubcutaneousInfusion && other.visit == service.visit;
    if spreads && visit.services.iter().any(is_beside) {
        let text = "Opening the tissue for the infusion under the skin is part of that infusion.";
        return Some((&SCI_1, text, None));
    }
    numbing::part(coding, visit, service).map(|(text, procedure)| (&CHM_13, text, procedure))
}

/// Bills an injection, or counts it with the one that was reported for the session before.
fn inject(coding: &mut Coding<'_>, visit: &Visit<'_>, at: usize, reported: &mut Reported) {
    let service = visit.services[at];
    let code = code_of(coding, &service);
    let subject = Subject::Administration(service.index);
    let mut sessions = reported.iter_mut().rev();
    let session = sessions.find(|(_, last)| is_same_session(coding, visit, &visit.services[*last], &service));
    let earlier = session.map(|(first, last)| {
        *last = at;
        visit.services[*first]
    });
    let Some(earlier) = earlier else {
        reported.push((at, at));
        let facts = [fact::derived("code", Value::Code(code))];
        coding.result.trail.fired(&INJ_1, subject, "One injection, reported by {code}.", &facts);
        lines::bill(coding, visit, &service, code, 1, Place::Own);
        return;
    };
    let switch = &coding.policy.administration.split_dose_syringes;
    match **switch {
        SplitDoseSyringes::OneUnit => {
            let facts = [fact::parameter("policy", Value::Label("one unit"), switch)];
            let text = "A further syringe of the same drug in one session is part of the one injection.";
            coding.result.trail.fired(&INJ_1, subject, text, &facts);
            lines::name(coding, visit, &service, earlier.index, code);
        }
        SplitDoseSyringes::OnePerInjection59 => {
            let facts = [fact::parameter("policy", Value::Label("one for each injection"), switch)];
            let text = "A further syringe of the same drug is reported on its own line with modifier 59.";
            coding.result.trail.fired(&INJ_1, subject, text, &facts);
            lines::bill_with(coding, visit, &service, code, access::FIFTY_NINE);
        }
    }
}

/// Whether two injections are one dose of one drug: given together as far as the record tells.
fn is_same_session(coding: &Coding<'_>, visit: &Visit<'_>, one: &Service, other: &Service) -> bool {
    if one.kind != Kind::Injection || one.visit != other.visit || !course::is_same(coding, visit, one, other)
    {
        return false;
    }
    match (one.flow.start, other.flow.start) {
        (Some(first), Some(second)) => {
            (second - first) / 60 <= *coding.policy.administration.injection_session_minutes
        }
        _ => true,
    }
}
