//! Infusions under the skin with a pump (rules SCI-1, SCI-2).

use super::infusion_time::{additional_hours, note_hours};
use super::lines::{self, Place};
use super::overlap;
use super::visit::{Kind, Segments, Service, Visit};
use crate::domain::field::Field;
use crate::engine::Coding;
use crate::engine::trail::{Subject, Value, fact};
use crate::policy::parameters::SubcutaneousSites;
use crate::rules::{Rule, Status, rule};

rule! {
    pub static SCI_1: "SCI-1", "Infusion under the skin",
    basis: Primary, cites: ["AOC", "MUE", "SCINF"],
    says: "The first hour includes the set-up of the pump and its sites; each further hour follows the 31-minute rule; a further pump with a new site earns one additional set-up. Up to 15 minutes is an injection.",
    why: "One pump may feed several sites; only a further set-up is further work.",
    example: "Immune globulin over 120 minutes with two pumps: first hour, one additional hour, one additional set-up.",
    exceptions: "Switch D-12 counts each further site.",
}

rule! {
    pub static SCI_2: "SCI-2", "Pairs of infusion and injection",
    basis: Primary, cites: ["PTP"],
    status: Status::Informational,
    says: "The infusion under the skin and an injection on one claim are a pair of NCCI that a modifier may bypass.",
    why: "The injection could be part of the infusion.",
    example: "Immune globulin by pump and a vitamin injection: the injection carries a modifier.",
    exceptions: "None.",
}

pub(super) static RULES: &[&Rule] = &[&SCI_1, &SCI_2];

/// Codes the infusions under the skin of the whole encounter: one first hour, then hours and set-ups.
pub(super) fn code(coding: &mut Coding<'_>, visit: &Visit<'_>) {
    let infused = || visit.services.iter().filter(|service| service.kind == Kind::SubcutaneousInfusion);
    let Some(&first) = infused().next() else { return };
    let codes = &coding.policy.administration.subcutaneous_infusion_codes;
    let minutes = minutes(visit);
    let hours = additional_hours(minutes, &coding.policy.administration);
    let subject = Subject::Administration(first.index);
    let facts = [fact::derived("minutes", Value::Minutes(minutes))];
    let text = "{minutes} minutes under the skin take the first-hour code, which includes pump and sites.";
    coding.result.trail.fired(&SCI_1, subject, text, &facts);
    lines::bill(coding, visit, &first, codes.first_hour, 1, Place::Own);
    note_hours(coding, subject, minutes, hours);
    if hours > 0 {
        lines::bill(coding, visit, &first, codes.hour, hours, Place::AddOn);
    }
    for service in infused() {
        lines::name(coding, visit, service, first.index, codes.first_hour);
    }
    let setups = infused().filter(|service| is_further_setup(coding, visit, service, &first)).count();
    let Some(&further) = infused().find(|service| is_further_setup(coding, visit, service, &first)) else {
        return;
    };
    lines::bill(coding, visit, &further, codes.additional_setup, 1, Place::AddOn);
    let facts = [fact::derived("setups", Value::Count(setups as i64))];
    let text = "{setups} further set-up(s): the code is reported once.";
    coding.result.trail.fired(&SCI_1, Subject::Administration(further.index), text, &facts);
    if setups > 1 {
        let what = Field::Administration(further.index, "pump");
        let text = "Set-ups after the first additional one are not reported.";
        coding.not_billed(what, &SCI_1, text, &facts);
    }
}

/// Minutes of flow under the skin; what ran at once counts once.
fn minutes(visit: &Visit<'_>) -> i64 {
    let mut pieces = Segments::new();
    let seconds: i64 = visit
        .services
        .iter()
        .filter(|service| service.kind == Kind::SubcutaneousInfusion)
        .map(|service| {
            overlap::alone(visit, service, &mut pieces, |other| {
                other.kind == Kind::SubcutaneousInfusion && other.index < service.index
            })
        })
        .sum();
    seconds / 60
}

/// Applies switch D-12.
fn is_further_setup(coding: &Coding<'_>, visit: &Visit<'_>, service: &Service, first: &Service) -> bool {
    let administration = visit.administration(service);
    let is_pump = administration.pump.is_some_and(|pump| pump.additional_setup);
    let is_site = *coding.policy.administration.sc_multi_site == SubcutaneousSites::PerSite
        && administration.access_site != visit.administration(first).access_site;
    is_pump || is_site
}
