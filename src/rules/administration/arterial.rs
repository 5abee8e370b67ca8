//! Intra-arterial administration (rules CHM-9, INJ-3).

use super::infusion_time::{additional_hours, note_hours};
use super::lines::{self, Place};
use super::outside;
use super::visit::{Family, Kind, Service, Visit};
use crate::engine::Coding;
use crate::engine::trail::{Subject, Value, fact};
use crate::rules::{Rule, rule};

rule! {
    pub static CHM_9: "CHM-9", "Chemotherapy into an artery",
    basis: Primary, cites: ["AOC", "MUE", "AAPC-IA", "AAPC-IAC"],
    says: "A push, a first hour, further hours and the start of a prolonged pump infusion each have a code. Placing the catheter is a service apart.",
    why: "The artery has its own codes and no hierarchy with the vein.",
    example: "Melphalan by hand over 20 minutes with the professional present is a push; without, it is a first hour.",
    exceptions: "None.",
}

rule! {
    pub static INJ_3: "INJ-3", "Therapeutic injection into an artery",
    basis: Primary, cites: ["MUE"],
    says: "A therapeutic drug injected into an artery has one code; where no code fits, the unlisted therapeutic one is left.",
    why: "There is no therapeutic infusion into an artery among the codes.",
    example: "Papaverine injected into an artery.",
    exceptions: "None.",
}

pub(super) static RULES: &[&Rule] = &[&CHM_9, &INJ_3];

/// Codes what went into arteries.
pub(super) fn code(coding: &mut Coding<'_>, visit: &Visit<'_>) {
    for at in 0..visit.services.len() {
        let service = visit.services[at];
        match (service.kind, service.family) {
            (Kind::ArterialPush, Family::Chemotherapy) => {
                let code = coding.policy.administration.intra_arterial_codes.push;
                one(coding, visit, &service, &CHM_9, "A chemotherapy push into an artery.", code);
            }
            (Kind::ArterialInfusion, Family::Chemotherapy) => infusion(coding, visit, &service),
            (Kind::ArterialPush, _) => {
                let code = coding.policy.administration.intra_arterial_codes.therapeutic_injection;
                one(coding, visit, &service, &INJ_3, "A therapeutic injection into an artery.", code);
            }
            (Kind::ArterialInfusion, _) => outside::unlisted(coding, visit, &service, &INJ_3),
            _ => {}
        }
    }
}

fn one(
    coding: &mut Coding<'_>,
    visit: &Visit<'_>,
    service: &Service,
    rule: &'static Rule,
    text: &'static str,
    code: crate::domain::code::HcpcsCode,
) {
    coding.result.trail.fired(rule, Subject::Administration(service.index), text, &[]);
    lines::bill(coding, visit, service, code, 1, Place::Own);
}

fn infusion(coding: &mut Coding<'_>, visit: &Visit<'_>, service: &Service) {
    let parameters = &coding.policy.administration;
    let codes = &parameters.intra_arterial_codes;
    let minutes = service.flow.seconds / 60;
    let subject = Subject::Administration(service.index);
    let has_pump = visit.administration(service).pump.is_some();
    if has_pump && (minutes == 0 || minutes > *parameters.prolonged_minutes) {
        let text = "The start of a prolonged pump infusion into an artery.";
        return one(coding, visit, service, &CHM_9, text, codes.pump_start);
    }
    let facts = [fact::derived("minutes", Value::Minutes(minutes))];
    let text = "{minutes} minutes of chemotherapy into an artery.";
    coding.result.trail.fired(&CHM_9, subject, text, &facts);
    lines::bill(coding, visit, service, codes.first_hour, 1, Place::Own);
    let hours = additional_hours(minutes, parameters);
    note_hours(coding, subject, minutes, hours);
    if hours > 0 {
        lines::bill(coding, visit, service, codes.hour, hours, Place::AddOn);
    }
}
