//! Local anesthetics: what numbs for an access, a procedure or another injection is a part of it (rule CHM-13).

use super::outside::CHM_13;
use super::visit::{Kind, Service, Visit};
use crate::domain::code::HcpcsCode;
use crate::domain::drug::{DrugClass, DrugGiven};
use crate::domain::encounter::{Administration, Route};
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::engine::Coding;
use crate::policy::parameters::DrugList;
use crate::rules::identity;

/// What the injection of a local anesthetic is part of, where it is no service of its own, and the procedure that the
/// text names.
pub(super) fn part(
    coding: &Coding<'_>,
    visit: &Visit<'_>,
    service: &Service,
) -> Option<(&'static str, Option<HcpcsCode>)> {
    if !numbs(coding, visit.administration(service)) {
        return None;
    }
    if is_for_access(visit, service) {
        return Some(("Numbing the skin is part of the service that the access was for.", None));
    }
    if let Some(code) = procedure_beside(coding, visit, service) {
        let text = "Numbing for {code} is part of that procedure, and earns no administration code.";
        return Some((text, Some(code)));
    }
    let is_other = |other: &&Service| {
        let of = visit.administration(other);
        let is_injection = other.kind == Kind::Injection && other.visit == service.visit;
        is_injection && !of.drugs.is_empty() && !numbs(coding, of)
    };
    let goes_with = |other: &Service| match (service.flow.start, other.flow.start) {
        (Some(one), Some(other)) => {
            (one - other).abs() / 60 <= *coding.policy.administration.injection_session_minutes
        }
        _ => true,
    };
    let text = "What dilutes another injection, or numbs the place for it, is part of that injection.";
    visit.services.iter().filter(is_other).any(goes_with).then_some((text, None))
}

/// Warns of a local anesthetic that is billed as an injection: nothing tells what it numbed for.
pub(super) fn doubt_alone(coding: &mut Coding<'_>, visit: &Visit<'_>, service: &Service) {
    if !numbs(coding, visit.administration(service)) {
        return;
    }
    let what = Field::Administration(service.index, "");
    let text = "A local anesthetic is mostly injected for a procedure, which includes it, and the request names none of the date: name the procedure among the other services, and leave this line out then.";
    coding.find(Severity::Warn, Reason::IncludedInOtherService, what, &CHM_13, text, &[]);
}

/// Whether local anesthetics were all that was injected, beside what prolongs them or softens their sting.
fn numbs(coding: &Coding<'_>, administration: &Administration) -> bool {
    let parameters = &coding.policy.administration;
    let is_anesthetic = |drug: &DrugGiven| is_alone(coding, drug, &parameters.local_anesthetics);
    let is_additive = |drug: &DrugGiven| is_alone(coding, drug, &parameters.anesthetic_additives);
    let drugs = &administration.drugs;
    drugs.iter().any(is_anesthetic) && drugs.iter().all(|drug| is_anesthetic(drug) || is_additive(drug))
}

/// Whether a drug is on a list, and its name has no other one: ceftriaxone in lidocaine is no anesthetic.
fn is_alone(coding: &Coding<'_>, drug: &DrugGiven, list: &DrugList) -> bool {
    if !identity::is_listed(coding, drug, list) {
        return false;
    }
    let Some(name) = drug.name.as_deref().filter(|_| identity::code_of(coding, drug).is_none()) else {
        return true;
    };
    let formulary = &coding.catalog.formulary;
    let parameters = &coding.policy.administration;
    let lists = [&parameters.local_anesthetics, &parameters.anesthetic_additives];
    let is_known = |word: &&str| {
        lists.iter().any(|list| list.names.iter().any(|known| known.eq_ignore_ascii_case(word)))
    };
    let words = formulary.given_part(name).split(|c: char| !c.is_ascii_alphanumeric());
    let others: Vec<&str> = words.filter(|word| !word.is_empty() && !is_known(word)).collect();
    let named = formulary.class_of_name(&others.join(" "));
    named.is_none_or(|named| named.class == DrugClass::Hydration)
}

/// Whether an anesthetic under the skin served the access of another service of its visit.
fn is_for_access(visit: &Visit<'_>, service: &Service) -> bool {
    use Kind::{ArterialInfusion, ArterialPush, Cavity, Held, Hydration, Infusion, PumpStart, Push, Refill};
    let is_under_skin = visit.administration(service).route == Some(Route::Subcutaneous);
    let needs_access = |other: &Service| {
        other.visit == service.visit
            && matches!(
                other.kind,
                ArterialInfusion
                    | ArterialPush
                    | Cavity
                    | Held
                    | Hydration
                    | Infusion
                    | PumpStart
                    | Push
                    | Refill
            )
    };
    is_under_skin && visit.services.iter().any(needs_access)
}

/// The procedure of the date that an anesthetic was injected for: its code includes numbing.
fn procedure_beside(coding: &Coding<'_>, visit: &Visit<'_>, service: &Service) -> Option<HcpcsCode> {
    let ranges = &coding.policy.administration.numbed_procedures;
    let date = visit.date(service);
    let is_numbed = |code: HcpcsCode| ranges.iter().any(|(first, last)| (*first..=*last).contains(&code));
    let mut others =
        visit.encounter.other_services.iter().filter(|other| other.date.is_none_or(|on| on == date));
    others.find_map(|other| is_numbed(other.code).then_some(other.code))
}
