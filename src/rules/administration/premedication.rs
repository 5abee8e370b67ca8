//! Drugs before a transfusion that its protocol may have asked for (rule CHM-12).

use super::sequence::CHM_12;
use super::visit::{Family, Kind, Service, Visit};
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::engine::Coding;
use crate::rules::identity;

/// Warns of the lines of such drugs: only the order tells whether the protocol or the patient needed them.
pub(super) fn doubt_before_transfusion(coding: &mut Coding<'_>, visit: &Visit<'_>) {
    if !visit.services.iter().any(|service| service.kind == Kind::Transfusion) {
        return;
    }
    // Beside chemotherapy they may as well be its own.
    if visit.services.iter().any(|service| service.family == Family::Chemotherapy) {
        return;
    }
    let starts = |other: &&Service| other.kind == Kind::Transfusion;
    for service in &visit.services {
        let mut transfusions = visit.services.iter().filter(starts);
        let is_before = |other: &Service| {
            let (Some(own), Some(start)) = (service.flow.start, other.flow.start) else { return false };
            other.visit == service.visit && own <= start
        };
        let is_billed = coding.result.lines.iter().any(|line| line.administrations.contains(&service.index));
        if is_billed && transfusions.any(is_before) && is_listed(coding, visit, service) {
            say(coding, service.index);
        }
    }
}

fn is_listed(coding: &Coding<'_>, visit: &Visit<'_>, service: &Service) -> bool {
    let list = &coding.policy.administration.transfusion_premedication;
    let drugs = &visit.administration(service).drugs;
    matches!(service.kind, Kind::Push | Kind::Infusion)
        && drugs.iter().any(|drug| identity::is_listed(coding, drug, list))
}

fn say(coding: &mut Coding<'_>, index: u16) {
    let what = Field::Administration(index, "");
    let text = "This was given before a transfusion: where the protocol of the transfusion asked for it, some hospitals do not report it. A drug that the patient needed stands, and the record must say so.";
    coding.find(Severity::Warn, Reason::IncludedInOtherService, what, &CHM_12, text, &[]);
}
