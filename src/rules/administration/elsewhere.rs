//! Drugs whose giving has a code of another section, or is part of another service (rule CHM-13).

use super::outside::{self, CHM_13};
use super::visit::Visit;
use crate::catalog::formulary::Nature;
use crate::domain::claim::Line;
use crate::domain::code::HcpcsCode;
use crate::domain::drug::DrugGiven;
use crate::domain::encounter::{Administration, Encounter, OtherService, Route};
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::domain::time::minutes_between;
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::policy::parameters::OwnService;
use crate::rules::{classify, identity};

/// Settles an administration whose drug, by its code, is given under a code of another section.
pub(super) fn is_settled(coding: &mut Coding<'_>, visit: &Visit<'_>, index: u16, route: Route) -> bool {
    let drugs = &visit.encounter.administrations[usize::from(index)].drugs;
    drugs.iter().any(|drug| {
        let code = identity::code_of(coding, drug);
        code.is_some_and(|code| settle(coding, index, route, |entry| entry.products.contains(&code)))
    })
}

/// The same by the names of drugs without a code, which takes longer to tell.
pub(super) fn is_settled_by_name(coding: &mut Coding<'_>, index: u16) -> bool {
    let encounter = coding.encounter;
    let administration = &encounter.administrations[usize::from(index)];
    let Some(route) = administration.route else { return false };
    administration.drugs.iter().any(|drug| {
        name_of(coding, drug).is_some_and(|name| {
            settle(coding, index, route, |entry| entry.names.iter().any(|known| *known == *name))
        })
    })
}

/// What a name without a code stands for, where it is listed as given under codes of its own.
fn name_of(coding: &Coding<'_>, drug: &DrugGiven) -> Option<Box<str>> {
    let name = drug.name.as_deref().filter(|_| identity::code_of(coding, drug).is_none())?;
    let named = coding.catalog.formulary.read_name(name)?.named;
    (named.nature == Nature::OwnService).then(|| named.drug.clone())
}

fn settle(
    coding: &mut Coding<'_>,
    index: u16,
    route: Route,
    is_of_drug: impl Fn(&OwnService) -> bool,
) -> bool {
    let policy = coding.policy;
    let services = &policy.administration.own_services;
    let may_be =
        |entry: &&OwnService| is_of_drug(entry) && (entry.routes.is_empty() || entry.routes.contains(&route));
    for entry in services.iter().filter(may_be) {
        if !treats(coding.encounter, entry) {
            continue;
        }
        let beside = beside(coding, entry, index);
        match (entry.services.is_empty(), beside) {
            (true, _) if entry.is_doubtful => {
                let has_disease = entry.disease.is_some();
                let doubt = if has_disease { doubt_against_disease } else { doubt_beside };
                entry.codes.iter().for_each(|code| doubt(coding, index, *code));
                continue;
            }
            (true, _) if entry.is_included => say_included(coding, index, entry.codes.first().copied()),
            (true, _) => send_away(coding, index, &entry.codes),
            (false, None) => continue,
            (false, Some(service)) if entry.is_doubtful && !has_sedative_beside(coding, index, service) => {
                doubt_beside(coding, index, service);
                continue;
            }
            (false, Some(service)) => say_included(coding, index, Some(service)),
        }
        return true;
    }
    if coding.encounter.diagnoses.is_empty() {
        ask_disease(coding, index, services.iter().filter(may_be));
    }
    false
}

/// Whether a diagnosis of the visit is one that the entry is for.
fn treats(encounter: &Encounter, entry: &OwnService) -> bool {
    let mut codes = encounter.diagnoses.iter();
    let is_one = |code: &String| entry.diagnoses.iter().any(|begin| classify::begins(code, begin));
    entry.diagnoses.is_empty() || codes.any(is_one)
}

/// The service of the claim that includes the drug, on the date of its administration.
fn beside(coding: &Coding<'_>, entry: &OwnService, index: u16) -> Option<HcpcsCode> {
    let encounter = coding.encounter;
    let date = encounter.date_of(&encounter.administrations[usize::from(index)]);
    let mut others = encounter.other_services.iter().filter(|other| other.date.is_none_or(|on| on == date));
    let includes =
        |code: HcpcsCode| entry.services.iter().any(|(first, last)| (*first..=*last).contains(&code));
    others.find_map(|other| includes(other.code).then_some(other.code))
}

/// Whether a drug that the service surely includes was given within minutes of this one, so that both were for it.
fn has_sedative_beside(coding: &Coding<'_>, index: u16, service: HcpcsCode) -> bool {
    let encounter = coding.encounter;
    let most = *coding.policy.administration.sedation_together_minutes;
    let start = |administration: &Administration| administration.start;
    let Some(own) = start(&encounter.administrations[usize::from(index)]) else { return false };
    let is_close = |other: &Administration| {
        start(other).is_some_and(|other| minutes_between(own, other, None).abs() <= most)
    };
    let includes = |drug: &DrugGiven, entry: &OwnService| {
        let is_of_service = entry.services.iter().any(|(first, last)| (*first..=*last).contains(&service));
        let by_code = || identity::code_of(coding, drug).is_some_and(|code| entry.products.contains(&code));
        let by_name =
            || name_of(coding, drug).is_some_and(|name| entry.names.iter().any(|own| **own == *name));
        !entry.is_doubtful && is_of_service && (by_code() || by_name())
    };
    let services = &coding.policy.administration.own_services;
    let others = encounter.administrations.iter().filter(|other| is_close(other));
    others.flat_map(|other| &other.drugs).any(|drug| services.iter().any(|entry| includes(drug, entry)))
}

pub(super) fn send_away(coding: &mut Coding<'_>, index: u16, codes: &[HcpcsCode]) {
    match *codes {
        [first, second, ref others @ ..] => {
            let third = others.first().copied().unwrap_or(second);
            let facts = [
                fact::derived("first", Value::Code(first)),
                fact::derived("second", Value::Code(second)),
                fact::derived("third", Value::Code(third)),
            ];
            let text = if others.is_empty() {
                "Giving this drug has codes of another section, such as {first} or {second} by the site and the purpose, and earns no administration code here."
            } else {
                "Giving this drug has codes of another section, such as {first}, {second} or {third} by the site and the purpose, and earns no administration code here."
            };
            outside::say_outside(coding, index, text, &facts);
        }
        _ => outside::send_away(coding, index, codes.first().copied()),
    }
}

fn say_included(coding: &mut Coding<'_>, index: u16, service: Option<HcpcsCode>) {
    let what = Field::Administration(index, "");
    let facts: Vec<_> = service.map(|code| fact::given("code", Value::Code(code))).into_iter().collect();
    let text = if facts.is_empty() {
        "Giving this drug is part of the service that it is given for, and earns no administration code."
    } else {
        "Giving this drug is part of the service that it is given for, such as {code}, and earns no administration code."
    };
    coding.find(Severity::Info, Reason::IncludedInOtherService, what, &CHM_13, text, &facts);
    coding.not_billed(what, &CHM_13, text, &facts);
}

/// A drug that may have been part of another service keeps its line; only the record can tell.
fn doubt_beside(coding: &mut Coding<'_>, index: u16, service: HcpcsCode) {
    let what = Field::Administration(index, "");
    let facts = [fact::given("code", Value::Code(service))];
    let text =
        "Where this drug was given for {code}, giving it is part of that service: leave the line out then.";
    coding.find(Severity::Warn, Reason::IncludedInOtherService, what, &CHM_13, text, &facts);
}

/// A drug against a disease whose code of another section does not surely describe this way of giving it.
fn doubt_against_disease(coding: &mut Coding<'_>, index: u16, service: HcpcsCode) {
    let what = Field::Administration(index, "");
    let facts = [fact::given("code", Value::Code(service))];
    let text = "Against this disease {code} describes the service where it is infused; for this drug sources disagree between that code and the line shown. Report one of the two, as the payer has it.";
    coding.find(Severity::Warn, Reason::OutsideScope, what, &CHM_13, text, &facts);
}

/// Warns of lines beside an operation, which includes what was given for it; only the record can tell.
pub(super) fn doubt_operation(coding: &mut Coding<'_>) {
    let operations = &coding.policy.administration.operations;
    let mut services = coding.encounter.other_services.iter().filter(|other| operations.holds(other.code));
    let (first, last) = operations.included;
    let is_beside = |other: &&OtherService| {
        let is_of_date = |line: &Line| other.date.is_none_or(|date| date == line.service_date);
        let mut lines = coding.result.lines.iter();
        lines.any(|line| (first..=last).contains(&line.code) && is_of_date(line))
    };
    let Some(operation) = services.find(is_beside) else { return };
    let facts = [fact::given("code", Value::Code(operation.code))];
    let text = "{code} is an operation, and NCCI includes in it what was given for it, such as its fluid, sedation or antibiotic: leave those lines out. What was given for another reason stands, and the record must say so.";
    let field = Field::Encounter("otherServices");
    coding.find(Severity::Warn, Reason::IncludedInOtherService, field, &CHM_13, text, &facts);
}

/// Asks what a drug treated whose giving has a code of its own against some diseases.
fn ask_disease<'a>(coding: &mut Coding<'_>, index: u16, entries: impl Iterator<Item = &'a OwnService>) {
    let mut diseases: Vec<(&str, &str)> = Vec::new();
    for entry in entries {
        if let (Some(label), Some(first)) = (entry.disease.as_deref(), entry.diagnoses.first()) {
            diseases.push((label, first));
        }
    }
    if diseases.is_empty() {
        return;
    }
    let what = Field::Administration(index, "");
    let text = "Against some diseases giving this drug has a code of another section, and the request names no diagnosis: state it before the line is billed.";
    coding.find(Severity::Warn, Reason::MissingIndication, what, &CHM_13, text, &[]);
    let field = Field::Encounter("diagnoses");
    if coding.result.questions.iter().any(|question| question.field == field) {
        return;
    }
    coding.ask(field, &CHM_13, "What did the drug treat?", &[], |coding| {
        let state =
            |label: &str, code: &str| coding.answer(label, |visit| visit.diagnoses = vec![code.to_owned()]);
        let mut answers: Vec<_> = diseases.iter().map(|(label, code)| state(label, code)).collect();
        // Any diagnosis that is none of these stands for all others.
        answers.push(state("Another disease", "R69"));
        answers
    });
}
