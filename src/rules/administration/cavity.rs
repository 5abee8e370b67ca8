//! Chemotherapy into a cavity, a reservoir or lesions (rules CHM-2, CHM-10).

use super::lines::{self, Place};
use super::visit::{Family, Kind, Service, Visit};
use super::{course, outside, what_if};
use crate::domain::code::{HcpcsCode, Modifier};
use crate::domain::encounter::Route;
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::engine::Coding;
use crate::engine::trail::{Subject, Value, fact};
use crate::rules::{Rule, rule};

rule! {
    pub static CHM_2: "CHM-2", "Chemotherapy into lesions",
    basis: Primary, cites: ["MUE"],
    says: "Up to seven lesions take the lower code and more take the higher one, once and never both. The lesions of one session and drug are added.",
    why: "The codes count the work by the number of lesions.",
    example: "Eight lesions are the higher code alone.",
    exceptions: "Without the number of lesions no code is chosen.",
}

rule! {
    pub static CHM_10: "CHM-10", "Chemotherapy into a body cavity or the spinal canal",
    basis: Primary, cites: ["PALM", "AAPC-CAV", "PTP", "MUE"],
    says: "Pleura, peritoneum, spinal canal and ventricular reservoir each have a code. Those of the pleura and the spinal canal include the puncture; without it they carry modifier 52.",
    why: "The code pays for the puncture too, so a service without it is reduced.",
    example: "Methotrexate into the spinal canal after another physician's puncture carries modifier 52.",
    exceptions: "The heated abdominal perfusion during an operation is another service.",
}

pub(super) static RULES: &[&Rule] = &[&CHM_2, &CHM_10];

const REDUCED: Modifier = Modifier::of("52");

/// Codes what went into cavities, reservoirs and lesions.
pub(super) fn code(coding: &mut Coding<'_>, visit: &Visit<'_>) {
    for at in 0..visit.services.len() {
        let service = visit.services[at];
        if service.kind != Kind::Cavity {
            continue;
        }
        let route = visit.administration(&service).route;
        if service.family != Family::Chemotherapy {
            outside::therapeutic_cavity(coding, visit, &service, route);
            continue;
        }
        let codes = &coding.policy.administration.cavity_codes;
        match route {
            Some(Route::Intrapleural) => with_puncture(coding, visit, &service, codes.pleural),
            Some(Route::Intrathecal) => with_puncture(coding, visit, &service, codes.central_nervous_system),
            Some(Route::Intraperitoneal) => plain(coding, visit, &service, codes.peritoneal),
            Some(Route::IntraventricularReservoir) => plain(coding, visit, &service, codes.reservoir),
            _ => lesions(coding, visit, at),
        }
    }
}

/// Sends the heated perfusion of the abdomen to the operation that it is an addition to.
pub(super) fn heated(coding: &mut Coding<'_>, index: u16) {
    let code = coding.policy.administration.outside_codes.heated_intraperitoneal;
    let facts = [fact::derived("code", Value::Code(code))];
    let what = Field::Administration(index, "");
    let text = "Heated perfusion of the abdomen is an addition to its operation, timed from {code} on the surgical claim, and earns no administration code here.";
    coding.find(Severity::Info, Reason::OutsideScope, what, &CHM_10, text, &facts);
    coding.not_billed(what, &CHM_10, text, &facts);
}

fn plain(coding: &mut Coding<'_>, visit: &Visit<'_>, service: &Service, code: HcpcsCode) {
    let facts = [fact::derived("code", Value::Code(code))];
    let subject = Subject::Administration(service.index);
    coding.result.trail.fired(&CHM_10, subject, "The cavity has its own code, {code}.", &facts);
    lines::bill(coding, visit, service, code, 1, Place::Own);
}

fn with_puncture(coding: &mut Coding<'_>, visit: &Visit<'_>, service: &Service, code: HcpcsCode) {
    match visit.administration(service).includes_puncture {
        Some(true) => plain(coding, visit, service, code),
        Some(false) => {
            let text = "The puncture that the code includes was not done here, so the service is reduced.";
            coding.result.trail.fired(&CHM_10, Subject::Administration(service.index), text, &[]);
            lines::bill_with(coding, visit, service, code, REDUCED);
        }
        None => {
            plain(coding, visit, service, code);
            let field = Field::Administration(service.index, "includesPuncture");
            let text = "The code includes the puncture. Without it the line carries modifier 52; say whether it was done.";
            coding.find(Severity::Warn, Reason::MissingModifierFact, field, &CHM_10, text, &[]);
            what_if::ask_puncture(coding, service.index);
        }
    }
}

fn lesions(coding: &mut Coding<'_>, visit: &Visit<'_>, at: usize) {
    let service = &visit.services[at];
    let is_of_session = |other: &Service| {
        other.kind == Kind::Cavity
            && other.visit == service.visit
            && visit.administration(other).route == Some(Route::Intralesional)
            && course::is_same(coding, visit, other, service)
    };
    let session = visit.services.iter().filter(|other| other.index == service.index || is_of_session(other));
    let (mut known, mut uncounted) = (0_u32, 0_u32);
    for other in session {
        match visit.administration(other).lesion_count {
            Some(count) => known = known.saturating_add(count),
            None => uncounted += 1,
        }
    }
    let first = visit.services[..at].iter().find(|other| is_of_session(other));
    // Where something was injected there is a lesion, so the uncounted ones may be enough for the higher code.
    let least = known.saturating_add(uncounted);
    let few = *coding.policy.administration.lesions_few_max;
    if uncounted > 0 && least <= few {
        return hold_for_lesions(coding, visit, service, few - least + 1);
    }
    match first {
        None => bill_lesions(coding, visit, service, least),
        Some(first) => join_session(coding, visit, service, first),
    }
}

/// Ties a further injection to the line that counts the lesions of its session.
fn join_session(coding: &mut Coding<'_>, visit: &Visit<'_>, service: &Service, first: &Service) {
    let codes = &coding.policy.administration.cavity_codes;
    for code in [codes.lesions_few, codes.lesions_many] {
        lines::name(coding, visit, service, first.index, code);
    }
    let facts = [fact::derived("first", Value::Of(Field::Administration(first.index, "")))];
    if lines::is_on_line(coding, service.index) {
        let text = "Its lesions are counted with those of {first}.";
        coding.result.trail.fired(&CHM_2, Subject::Administration(service.index), text, &facts);
    } else {
        refuse_second_code(coding, service);
    }
}

fn refuse_second_code(coding: &mut Coding<'_>, service: &Service) {
    let what = Field::Administration(service.index, "");
    coding.not_billed(what, &CHM_2, "Lesions are reported once a session.", &[]);
}

/// Asks for the lesions of an injection, of which the session's lower code leaves room for so many.
fn hold_for_lesions(coding: &mut Coding<'_>, visit: &Visit<'_>, service: &Service, room: u32) {
    let what = Field::Administration(service.index, "");
    coding.not_billed(what, &CHM_2, "Waits for the number of lesions of the session.", &[]);
    if visit.administration(service).lesion_count.is_some() {
        return;
    }
    let field = Field::Administration(service.index, "lesionCount");
    let text = "The number of lesions is not given, so no code is chosen.";
    coding.find(Severity::Block, Reason::NoCleanCode, field, &CHM_2, text, &[]);
    what_if::ask_lesions(coding, service.index, room);
}

fn bill_lesions(coding: &mut Coding<'_>, visit: &Visit<'_>, service: &Service, count: u32) {
    let parameters = &coding.policy.administration;
    let few = &parameters.lesions_few_max;
    let (lower, higher) = (parameters.cavity_codes.lesions_few, parameters.cavity_codes.lesions_many);
    let facts = [
        fact::derived("count", Value::Count(i64::from(count))),
        fact::parameter("few", Value::Count(i64::from(**few)), few),
    ];
    let text = "{count} lesion(s), the lower code reaching to {few}.";
    coding.result.trail.fired(&CHM_2, Subject::Administration(service.index), text, &facts);
    let is_taken = coding.result.lines.iter().any(|line| line.code == lower || line.code == higher);
    if is_taken {
        refuse_second_code(coding, service);
    } else {
        let code = if count <= **few { lower } else { higher };
        lines::bill(coding, visit, service, code, 1, Place::Own);
    }
}
