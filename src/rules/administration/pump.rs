//! Pump starts, refills and the port flush (rules CHM-4 to CHM-8).

use std::cmp::Ordering;

use super::fluid;
use super::initial::INIT_9;
use super::lines::{self, Place};
use super::named_dose;
use super::not_given;
use super::order;
use super::outside;
use super::site;
use super::visit::{Family, Kind, Service, Visit};
use super::what_if;
use crate::catalog::formulary::{self, Nature};
use crate::domain::drug::{DrugClass, DrugGiven};
use crate::domain::encounter::{Administration, Route};
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::domain::quantity::{Decimal, Quantity, Unit};
use crate::domain::time::plus_minutes;
use crate::engine::Coding;
use crate::engine::trail::{Subject, Value, fact};
use crate::policy::parameters::{LockDrugs, PumpStartCode};
use crate::rules::{Rule, identity, rule};

rule! {
    pub static CHM_4: "CHM-4", "Starting a prolonged pump infusion",
    basis: Primary, cites: ["MUE", "AAPC-PUMP"],
    says: "The pump start code is for beginning a chemotherapy infusion of more than 8 hours that needs a portable or implantable pump. It is not timed, once a date of service, and never a concurrent code.",
    why: "The hours run without the nurse; only the start is her work.",
    example: "Fluorouracil over 46 hours by a portable pump is one pump start.",
    exceptions: "A pump of 8 hours or less is an ordinary infusion. An infusion that names its pump and runs longer is a pump start too. One that states no pump and runs longer than anybody sits in a chair (the policy says how long, by our measure), or whose drug is named with a pump, is asked about: in an office its lines wait; in a hospital, whose stay may hold such hours, those of chemotherapy stand where no name tells of a pump, and other drugs are not doubted.",
}

rule! {
    pub static CHM_5: "CHM-5", "Prolonged therapeutic infusion by pump",
    basis: Inferred, cites: ["PTP"],
    says: "A hospital reports the start of a therapeutic pump infusion of more than 8 hours by its own code; other settings have no code for it. A long infusion without a pump counts its hours.",
    why: "The chemotherapy code asks for chemotherapy.",
    example: "Nine hours of chemotherapy in the chair are a first hour and eight additional ones.",
    exceptions: "None.",
}

rule! {
    pub static CHM_6: "CHM-6", "The practice's own pump that goes home",
    basis: Primary, cites: ["A55134", "AAPC-PUMP"],
    says: "Medicare takes its own code where the practice supplies the pump and the infusion finishes in the community; it includes the visit that disconnects the pump, and a flush there.",
    why: "The code bundles pump, start and disconnection.",
    example: "A fluorouracil pump of the office that runs at home for 46 hours.",
    exceptions: "Where another supplier bills the pump, and for other payers, the pump start code remains (switch D-16).",
}

rule! {
    pub static CHM_7: "CHM-7", "Refills are not reported with the start",
    basis: Primary, cites: ["PTP", "AAPC-PUMP", "A55323"],
    says: "Refilling a portable pump, or an implanted one that delivers into a vein or an artery, has a code, but not on the day on which the pump is started. A pump that delivers into the spinal canal or the brain has codes of another section.",
    why: "The first filling is part of the start.",
    example: "A pump started and filled in the office is one pump start.",
    exceptions: "Some drugs go into the spinal canal only, as baclofen. Of those that go there or into a vein, as morphine, the delivery of an implanted pump is asked for.",
}

rule! {
    pub static CHM_8: "CHM-8", "The port flush stands alone",
    basis: Primary, cites: ["PTP", "IOM12"],
    says: "Flushing an access device is reported only when it is the sole service of the visit, and nothing else is given on its date. Laboratory tests, and drawing the blood for them, take it not away.",
    why: "It is part of every other service through the device, and the pairs of a date allow no modifier.",
    example: "A monthly flush without treatment is reported; one after chemotherapy is not.",
    exceptions: "A drug that was not given, one that is swallowed or put on the skin, and fluid that keeps the vein open are no services, and take it not away: no pair of the edits names them. A line in a limb or an artery is no implanted device, and its flush has no code. Where the record names no line, a finding asks for it.",
}

pub(super) static RULES: &[&Rule] = &[&CHM_4, &CHM_5, &CHM_6, &CHM_7, &CHM_8];

/// Codes the pump starts.
pub(super) fn starts(coding: &mut Coding<'_>, visit: &Visit<'_>) {
    for at in 0..visit.services.len() {
        let service = visit.services[at];
        if service.kind == Kind::PumpStart {
            match service.family {
                Family::Chemotherapy => start(coding, visit, &service),
                Family::Therapeutic | Family::Hydration => start_therapeutic(coding, visit, &service),
            }
        }
    }
}

fn start(coding: &mut Coding<'_>, visit: &Visit<'_>, service: &Service) {
    let codes = &coding.policy.administration.pump_codes;
    let switch = &coding.policy.administration.pump_start;
    let pump = visit.administration(service).pump;
    let takes_practice_code = **switch == PumpStartCode::PracticePump;
    let is_own = is_own_start(coding, visit, service);
    let subject = Subject::Administration(service.index);
    let code = if is_own { codes.practice_pump_start } else { codes.prolonged_start };
    let facts =
        [fact::parameter("own", Value::Flag(is_own), switch), fact::derived("code", Value::Code(code))];
    if is_own {
        let text =
            "The practice's own pump finishes in the community: {code}, which includes the disconnection.";
        coding.result.trail.fired(&CHM_6, subject, text, &facts);
    } else {
        coding.result.trail.fired(&CHM_4, subject, "The start of a prolonged pump infusion: {code}.", &facts);
    }
    let date = visit.date(service);
    if coding.result.lines.iter().any(|line| line.code == code && line.service_date == date) {
        let what = Field::Administration(service.index, "");
        coding.not_billed(what, &CHM_4, "A pump start is reported once a day.", &[]);
        return;
    }
    let chemotherapy = &coding.policy.administration.chemotherapy_codes;
    if coding.result.lines.iter().any(|line| [chemotherapy.infusion, chemotherapy.push].contains(&line.code))
    {
        let text = "The start stands beside the initial chemotherapy service and needs no modifier.";
        coding.result.trail.fired(&INIT_9, subject, text, &[]);
    }
    lines::bill(coding, visit, service, code, 1, Place::Own);
    if takes_practice_code && pump.is_none() {
        let field = Field::Administration(service.index, "pump");
        let text = "The request does not say who supplied the pump; the practice's own pump that finishes in the community has a code of its own. State it.";
        coding.find(Severity::Warn, Reason::NoCleanCode, field, &CHM_6, text, &[]);
        what_if::ask_pump(coding, service.index, false);
    }
}

/// Whether a service starts the practice's own pump, whose code includes the disconnection (rule CHM-6).
fn is_own_start(coding: &Coding<'_>, visit: &Visit<'_>, service: &Service) -> bool {
    *coding.policy.administration.pump_start == PumpStartCode::PracticePump
        && (service.kind, service.family) == (Kind::PumpStart, Family::Chemotherapy)
        && visit
            .administration(service)
            .pump
            .is_some_and(|pump| pump.supplied_by_practice && !pump.implantable)
}

fn start_therapeutic(coding: &mut Coding<'_>, visit: &Visit<'_>, service: &Service) {
    if !coding.encounter.setting.is_facility() {
        return outside::unlisted(coding, visit, service, &CHM_5);
    }
    let code = coding.policy.administration.pump_codes.therapeutic_start;
    let text = "The start of a prolonged therapeutic infusion by pump in a hospital.";
    coding.result.trail.fired(&CHM_5, Subject::Administration(service.index), text, &[]);
    lines::bill(coding, visit, service, code, 1, Place::Own);
}

/// Codes the refills; the starts of their days are on the claim already.
pub(super) fn refills(coding: &mut Coding<'_>, visit: &Visit<'_>) {
    let codes = &coding.policy.administration.pump_codes;
    for at in 0..visit.services.len() {
        let service = visit.services[at];
        if service.kind != Kind::Refill {
            continue;
        }
        let what = Field::Administration(service.index, "");
        let arterial_start = coding.policy.administration.intra_arterial_codes.pump_start;
        let starts =
            [codes.prolonged_start, codes.practice_pump_start, codes.therapeutic_start, arterial_start];
        let date = visit.date(&service);
        if coding.result.lines.iter().any(|line| starts.contains(&line.code) && line.service_date == date) {
            let text = "A refill on the day of the start is part of the start.";
            coding.not_billed(what, &CHM_7, text, &[]);
            continue;
        }
        let Some(pump) = visit.administration(&service).pump else {
            let field = Field::Administration(service.index, "pump");
            let text = "The kind of pump is not given, so no refill code is chosen.";
            coding.find(Severity::Block, Reason::NoCleanCode, field, &CHM_7, text, &[]);
            coding.not_billed(what, &CHM_7, "Waits for the kind of pump.", &[]);
            what_if::ask_pump(coding, service.index, true);
            continue;
        };
        let code = if pump.implantable { codes.refill_implantable } else { codes.refill_portable };
        let facts = [fact::derived("code", Value::Code(code))];
        let text = "The pump was refilled after the day of its start: {code}.";
        coding.result.trail.fired(&CHM_7, Subject::Administration(service.index), text, &facts);
        lines::bill(coding, visit, &service, code, 1, Place::Own);
    }
}

/// Whether what was given is a flush of the line, by its code or by its name.
///
/// A little heparin locks the line where it is pushed; what goes another way is called a flush, or is none.
pub(super) fn is_flush(coding: &Coding<'_>, administration: &Administration, route: Route) -> bool {
    let may_lock = route == Route::IvPush;
    !administration.drugs.is_empty()
        && administration.drugs.iter().all(|drug| is_flush_drug(coding, drug, may_lock))
}

/// Whether a drug is one that flushes the line, or locks it where it may.
fn is_flush_drug(coding: &Coding<'_>, drug: &DrugGiven, may_lock: bool) -> bool {
    let lock = &coding.policy.administration.lock_drugs;
    // Most names are of no flush, and reading one takes longer than to see that.
    let name = || drug.name.as_deref().filter(|name| may_lock || formulary::may_name_flush(name));
    let reading = || coding.catalog.formulary.read_name(name()?);
    let says_flush = || reading().is_some_and(|reading| reading.has_flush);
    match identity::code_of(coding, drug) {
        Some(code) if lock.drugs.contains(&code) => may_lock && is_lock(drug, lock) || says_flush(),
        Some(code) => coding.policy.administration.flush_codes.contains(&code),
        None => reading().is_some_and(|reading| {
            let is_of_lock = lock.names.iter().any(|known| **known == *reading.named.drug);
            reading.named.nature == Nature::Flush
                || is_of_lock && (reading.has_flush || may_lock && is_lock(drug, lock))
                || reading.named.class == DrugClass::Hydration && reading.has_flush
        }),
    }
}

/// Whether the dose is one that only locks a line.
fn is_lock(drug: &DrugGiven, lock: &LockDrugs) -> bool {
    let most = Quantity::new(Decimal::whole(lock.units_max), Unit::BiologicalUnit);
    named_dose::of(drug).and_then(|dose| dose.compare(most)).is_some_and(Ordering::is_le)
}

/// Asks how much heparin was pushed where nothing tells: a little only locks the line, and is no push.
pub(super) fn doubt_lock(coding: &mut Coding<'_>, index: u16) {
    let encounter = coding.encounter;
    let lock = &coding.policy.administration.lock_drugs;
    let [drug] = encounter.administrations[usize::from(index)].drugs.as_slice() else { return };
    // The name of a drug with a code is not read: most pushes have one, and reading takes longer than the rest.
    let is_named = |name: &str| {
        let named = coding.catalog.formulary.class_of_name(name);
        named.is_some_and(|named| lock.names.iter().any(|known| **known == *named.drug))
    };
    let is_of_lock = match identity::code_of(coding, drug) {
        Some(code) => lock.drugs.contains(&code),
        None => drug.name.as_deref().is_some_and(is_named),
    };
    // The bolus before an infusion of the drug treats, as that does.
    let is_infused = |other: &Administration| {
        other.route == Some(Route::IvInfusion)
            && other.drugs.iter().any(|other| identity::is_same(coding, drug, other))
    };
    if !is_of_lock || named_dose::of(drug).is_some() || encounter.administrations.iter().any(is_infused) {
        return;
    }
    let field = Field::Drug(index, 0, "dose_administered");
    let most = fact::derived("most", Value::Count(i64::from(lock.units_max)));
    let text = "Up to {most} units of heparin only lock the line and are no push, and the record does not say how much was given; it is coded as a push. State the amount.";
    coding.find(Severity::Warn, Reason::MissingDose, field, &CHM_8, text, &[most]);
    coding.ask(field, &CHM_8, "Did the heparin lock the line, or treat?", &[], |coding| {
        let locked = coding.answer("It locked the line", |visit| {
            visit.administrations[usize::from(index)].route = Some(Route::LineFlush);
        });
        vec![locked, coding.answer("It treated: a push", |_| {})]
    });
}

/// Codes the flush of a visit, where nothing else is reported.
pub(super) fn flushes(coding: &mut Coding<'_>, visit: &Visit<'_>) {
    for at in 0..visit.services.len() {
        let service = visit.services[at];
        if service.kind != Kind::Flush {
            continue;
        }
        if is_disconnection(coding, visit, at) {
            let code = coding.policy.administration.pump_codes.practice_pump_start;
            let facts = [fact::derived("code", Value::Code(code))];
            let text = "The visit that disconnects the practice's pump is part of {code}.";
            coding.not_billed(Field::Administration(service.index, ""), &CHM_6, text, &facts);
            continue;
        }
        let site = visit.administration(&service).access_site.as_deref();
        if site.is_some_and(site::is_peripheral) {
            let text = "The record names a line in a limb or an artery: the flush of an implanted access device has a code, and this one has none.";
            coding.not_billed(Field::Administration(service.index, ""), &CHM_8, text, &[]);
            continue;
        }
        let mut before = visit.services[..at].iter();
        let is_first = !before.any(|other| other.kind == Kind::Flush && other.visit == service.visit);
        if is_first && is_sole(coding, visit, &service) {
            let text = "The flush is the only service of the visit.";
            coding.result.trail.fired(&CHM_8, Subject::Administration(service.index), text, &[]);
            let code = coding.policy.administration.pump_codes.flush;
            if site.is_none() {
                let field = Field::Administration(service.index, "accessSite");
                let facts = [fact::derived("code", Value::Code(code))];
                let text = "{code} is for an implanted access device, and the record does not name the line that was flushed. Name it; a peripheral line has no code.";
                coding.find(Severity::Warn, Reason::DocumentationGap, field, &CHM_8, text, &facts);
            }
            lines::bill(coding, visit, &service, code, 1, Place::Own);
        } else {
            let text = "A flush beside another service is part of that service.";
            coding.not_billed(Field::Administration(service.index, ""), &CHM_8, text, &[]);
        }
    }
}

/// Whether a flush is of the visit that disconnects the practice's pump, which the start includes (rule CHM-6).
pub(super) fn is_disconnection(coding: &Coding<'_>, visit: &Visit<'_>, at: usize) -> bool {
    let (flush, date) = (&visit.services[at], visit.date(&visit.services[at]));
    let started = visit.services.iter().filter(|service| is_own_start(coding, visit, service));
    let Some(last) =
        started.filter(|service| visit.date(service) < date).max_by_key(|service| visit.date(service))
    else {
        return false;
    };
    let given = visit.administration(last);
    let duration = || Some(plus_minutes(given.start?, i64::from(given.duration_minutes?)));
    flush.kind == Kind::Flush
        && match given.stop.or_else(duration) {
            Some(end) => end.date() == date,
            None => {
                let days = visit.date(last).until(date).map_or(i64::MAX, |span| i64::from(span.get_days()));
                let is_before = |other: &Service| {
                    other.kind == Kind::Flush
                        && visit.date(other) > visit.date(last)
                        && (visit.date(other), other.flow.start)
                            .cmp(&(date, flush.flow.start))
                            .then_with(|| order::compare(visit, other, flush))
                            .is_lt()
                };
                days <= *coding.policy.administration.disconnection_days_max
                    && !visit.services.iter().any(is_before)
            }
        }
}

/// Whether a service is settled as nothing that a code describes: not given, swallowed, put on the skin, or fluid that
/// kept the vein open.
fn is_no_service(coding: &Coding<'_>, visit: &Visit<'_>, other: &Service) -> bool {
    let administration = visit.administration(other);
    other.kind == Kind::Settled
        && (matches!(administration.route, Some(Route::Oral | Route::Topical))
            || fluid::keeps_open(coding, administration)
            || not_given::may_be_nothing(coding, administration))
}

/// Whether a flush has no other service beside it, in its visit or, as the pairs hold for the date, on its date.
fn is_sole(coding: &Coding<'_>, visit: &Visit<'_>, flush: &Service) -> bool {
    let date = visit.date(flush);
    let is_beside = |other: &Service| {
        other.kind != Kind::Flush
            && !is_no_service(coding, visit, other)
            && (other.visit == flush.visit || visit.date(other) == date)
    };
    let beside = &coding.policy.administration.services_beside_flush;
    let takes_away = |code| !beside.iter().any(|(first, last)| (*first..=*last).contains(&code));
    let mut others = visit.encounter.other_services.iter().filter(|other| takes_away(other.code));
    !visit.services.iter().any(is_beside) && !others.any(|other| other.date.is_none_or(|other| other == date))
}
