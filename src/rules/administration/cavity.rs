//! Chemotherapy into a cavity or a reservoir (rule CHM-10), and into lesions beside them.

use super::lines::{self, Place};
use super::visit::{Family, Kind, Service, Visit};
use super::{lesions, outside, what_if};
use crate::domain::code::{HcpcsCode, Modifier};
use crate::domain::encounter::{OtherService, Route};
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::engine::Coding;
use crate::engine::trail::{Subject, Value, fact};
use crate::rules::{Rule, rule};

rule! {
    pub static CHM_10: "CHM-10", "Chemotherapy into a body cavity or the spinal canal",
    basis: Primary, cites: ["PALM", "AAPC-CAV", "PTP", "MUE"],
    says: "Pleura, peritoneum, spinal canal and ventricular reservoir each have a code. Those of the pleura and the spinal canal include the puncture; without it they carry modifier 52.",
    why: "The code pays for the puncture too, so a service without it is reduced.",
    example: "Methotrexate into the spinal canal after another physician's puncture carries modifier 52.",
    exceptions: "Several drugs that go the same way in one session are one service, whichever of them are chemotherapy. The heated abdominal perfusion during an operation is another service.",
}

pub(super) static RULES: &[&Rule] = &[&CHM_10];

const REDUCED: Modifier = Modifier::of("52");

/// Codes what went into cavities, reservoirs and lesions.
pub(super) fn code(coding: &mut Coding<'_>, visit: &Visit<'_>) {
    for at in 0..visit.services.len() {
        let service = visit.services[at];
        if service.kind != Kind::Cavity {
            continue;
        }
        let route = visit.administration(&service).route;
        let is_same_way = |other: &&Service| {
            let of = visit.administration(other);
            other.kind == Kind::Cavity
                && other.family == Family::Chemotherapy
                && of.route == route
                && other.visit == service.visit
                && visit.date(other) == visit.date(&service)
        };
        let is_instilled = route != Some(Route::Intralesional);
        if service.family != Family::Chemotherapy {
            if is_instilled && visit.services.iter().any(|other| is_same_way(&other)) {
                say_same_way(coding, &service);
            } else {
                outside::therapeutic_cavity(coding, &service, route);
            }
            continue;
        }
        if let Some(first) = visit.services[..at].iter().find(is_same_way).filter(|_| is_instilled) {
            add_to(coding, visit, &service, first);
            continue;
        }
        let codes = &coding.policy.administration.cavity_codes;
        match route {
            Some(Route::Intrapleural) => with_puncture(coding, visit, &service, codes.pleural),
            Some(Route::Intrathecal) => with_puncture(coding, visit, &service, codes.central_nervous_system),
            Some(Route::Intraperitoneal) => plain(coding, visit, &service, codes.peritoneal),
            Some(Route::IntraventricularReservoir) => plain(coding, visit, &service, codes.reservoir),
            _ => lesions::code(coding, visit, at),
        }
    }
}

/// Counts a further drug with the first that went the same way in the session: the access was made once.
fn add_to(coding: &mut Coding<'_>, visit: &Visit<'_>, service: &Service, first: &Service) {
    let mut lines = coding.result.lines.iter();
    let Some(code) = lines.find(|line| line.administrations.contains(&first.index)).map(|line| line.code)
    else {
        return say_same_way(coding, service);
    };
    let facts = [fact::derived("code", Value::Code(code))];
    let text = "It went the same way in the same session, so {code} is reported once.";
    coding.result.trail.fired(&CHM_10, Subject::Administration(service.index), text, &facts);
    lines::name(coding, visit, service, first.index, code);
}

fn say_same_way(coding: &mut Coding<'_>, service: &Service) {
    let text = "It went the same way as the chemotherapy of the session, whose code includes the access, and earns no code beside it.";
    coding.not_billed(Field::Administration(service.index, ""), &CHM_10, text, &[]);
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

/// Names the puncture that was asked for beside the code that includes it.
fn name_puncture(coding: &mut Coding<'_>, visit: &Visit<'_>, service: &Service, code: HcpcsCode) {
    let (encounter, policy) = (coding.encounter, coding.policy);
    let date = visit.date(service);
    let Some(entry) = policy.administration.cavity_punctures.iter().find(|entry| entry.code == code) else {
        return;
    };
    let is_of_date = |other: &&OtherService| other.date.is_none_or(|on| on == date);
    let mut others = encounter.other_services.iter().filter(is_of_date);
    let Some(puncture) = others.find(|other| entry.included.contains(&other.code)) else { return };
    let facts =
        [fact::given("puncture", Value::Code(puncture.code)), fact::derived("code", Value::Code(code))];
    let text = "{code} includes the puncture: do not report {puncture} beside it, unless it was another one and a modifier says so.";
    let field = Field::Encounter("otherServices");
    coding.find(Severity::Warn, Reason::IncludedInOtherService, field, &CHM_10, text, &facts);
}

fn plain(coding: &mut Coding<'_>, visit: &Visit<'_>, service: &Service, code: HcpcsCode) {
    let facts = [fact::derived("code", Value::Code(code))];
    let subject = Subject::Administration(service.index);
    coding.result.trail.fired(&CHM_10, subject, "The cavity has its own code, {code}.", &facts);
    lines::bill(coding, visit, service, code, 1, Place::Own);
    name_puncture(coding, visit, service, code);
}

fn with_puncture(coding: &mut Coding<'_>, visit: &Visit<'_>, service: &Service, code: HcpcsCode) {
    match visit.administration(service).includes_puncture {
        Some(true) => plain(coding, visit, service, code),
        Some(false) => {
            let text = "The puncture that the code includes was not done here, so the service is reduced.";
            coding.result.trail.fired(&CHM_10, Subject::Administration(service.index), text, &[]);
            lines::bill_with(coding, visit, service, code, REDUCED);
            name_puncture(coding, visit, service, code);
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
