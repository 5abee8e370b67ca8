//! Intra-arterial administration (rules CHM-9, INJ-3).

use smallvec::SmallVec;

use super::infusion_time::{additional_hours, later_hours, note_hours};
use super::lines::{self, Place};
use super::sequence;
use super::visit::{Family, Kind, Service, Visit};
use super::{bags, course, outside, push};
use crate::engine::Coding;
use crate::engine::trail::{Subject, Value, fact};
use crate::rules::{Rule, rule};

rule! {
    pub static CHM_9: "CHM-9", "Chemotherapy into an artery",
    basis: Primary, cites: ["AOC", "MUE", "AAPC-IA", "AAPC-IAC"],
    says: "A push, a first hour, further hours and the start of a prolonged pump infusion each have a code. The infusions of one drug into one artery are added like those into a vein (REP-4). Placing the catheter is a service apart.",
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

/// Infusions that count with an earlier one, held without an allocation; few drugs go into arteries.
type Joined = SmallVec<[u16; 4]>;

/// Codes what went into arteries.
pub(super) fn code(coding: &mut Coding<'_>, visit: &Visit<'_>) {
    let mut joined = Joined::new();
    for at in 0..visit.services.len() {
        let service = visit.services[at];
        match (service.kind, service.family) {
            // A further bag of a flow that is a push as a whole goes with the first one.
            (Kind::ArterialPush, _) if service.first_bag != service.index => {
                push::goes_on(coding, &service);
            }
            (Kind::ArterialPush, Family::Chemotherapy) => {
                let code = coding.policy.administration.intra_arterial_codes.push;
                one(coding, visit, &service, &CHM_9, "A chemotherapy push into an artery.", code);
            }
            (Kind::ArterialInfusion, Family::Chemotherapy) => infusion(coding, visit, at, &mut joined),
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

fn infusion(coding: &mut Coding<'_>, visit: &Visit<'_>, at: usize, joined: &mut Joined) {
    let service = &visit.services[at];
    let codes = &coding.policy.administration.intra_arterial_codes;
    if is_prolonged(coding, visit, service) {
        let text = "The start of a prolonged pump infusion into an artery.";
        return one(coding, visit, service, &CHM_9, text, codes.pump_start);
    }
    let is_part = |other: &Service| {
        other.kind == Kind::ArterialInfusion
            && other.visit == service.visit
            && visit.date(other) == visit.date(service)
            && bags::is_one_line(visit, other, service)
            && !is_prolonged(coding, visit, other)
            && course::is_same(coding, visit, other, service)
    };
    if joined.contains(&service.index) {
        return;
    }
    // A bag that names no site goes with the first that it may belong to, and makes no others one.
    let parts: Vec<&Service> = visit.services[at..]
        .iter()
        .filter(|other| is_part(other) && !joined.contains(&other.index))
        .collect();
    joined.extend(parts.iter().map(|part| part.index));
    first_hour(coding, visit, service, &parts);
}

/// Whether an infusion is the start of a pump that runs on for hours.
fn is_prolonged(coding: &Coding<'_>, visit: &Visit<'_>, service: &Service) -> bool {
    let minutes = service.flow.seconds / 60;
    visit.administration(service).pump.is_some()
        && (minutes == 0 || minutes > *coding.policy.administration.prolonged_minutes)
}

/// Bills the infusions of one drug into an artery, which have one first hour (rule REP-4, switch D-2).
fn first_hour(coding: &mut Coding<'_>, visit: &Visit<'_>, first: &Service, parts: &[&Service]) {
    let parameters = &coding.policy.administration;
    let codes = &parameters.intra_arterial_codes;
    let shortest = *parameters.additional_hour_after_minutes + 1;
    let mut is_first = true;
    for (service, seconds) in sequence::periods(coding, visit, sequence::parts_alone(visit, parts)) {
        let (minutes, subject) = (seconds / 60, Subject::Administration(service.index));
        let hours = if is_first {
            let facts = [fact::derived("minutes", Value::Minutes(minutes))];
            let text = "{minutes} minutes of chemotherapy into an artery.";
            coding.result.trail.fired(&CHM_9, subject, text, &facts);
            lines::bill(coding, visit, service, codes.first_hour, 1, Place::Own);
            additional_hours(minutes, parameters)
        } else {
            later_hours(minutes, shortest, parameters)
        };
        is_first = false;
        note_hours(coding, subject, minutes, hours);
        if hours > 0 {
            lines::bill(coding, visit, service, codes.hour, hours, Place::AddOn);
            sequence::name_parts(coding, visit, service, parts.iter().copied(), codes.hour);
        }
    }
    for service in parts.iter().filter(|service| service.index != first.index) {
        sequence::note_same_drug(coding, service, first.index);
        lines::name(coding, visit, service, first.index, codes.first_hour);
    }
}
