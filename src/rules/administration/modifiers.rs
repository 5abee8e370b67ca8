//! Modifiers that tell paired services apart (rules MOD-3 to MOD-6, INJ-2).

use super::access::{FIFTY_NINE, INIT_6, SEPARATE_ENCOUNTER};
use super::hydration::HYD_5;
use super::lines::{self, MOD_1, Place};
use super::visit::{Kind, Service, Visit};
use crate::catalog::edits::EditKind;
use crate::domain::claim::{Line, Track};
use crate::domain::code::{HcpcsCode, Modifier};
use crate::domain::encounter::Encounter;
use crate::domain::time::Date;
use crate::engine::Coding;
use crate::engine::trail::{Subject, Value, fact};
use crate::policy::parameters::ModifierStyle;
use crate::rules::drug_line::modifiers::of_visit;
use crate::rules::{Rule, Status, rule};

rule! {
    pub static MOD_3: "MOD-3", "Second columns of an initial intravenous code",
    basis: Primary, cites: ["PTP"],
    optional: true,
    says: "The on-body injector, drawing blood from the access and flushing it are second columns of an initial intravenous code. The injector carries 59 or XU in an office; the others are not reported beside it. Chemotherapy injected beside an infusion under the skin, and a line of a vein beside chemotherapy into a cavity, the spinal canal or lesions, are second columns of these and carry 59 or XU: another drug went to another site.",
    why: "They are taken as part of the infusion where nothing tells them apart.",
    example: "An on-body injector applied after chemotherapy in an office carries XU.",
    exceptions: "The on-body injector is packaged in hospitals and carries none there.",
}

rule! {
    pub static MOD_4: "MOD-4", "A second initial code is a pair",
    basis: Primary, cites: ["PTP"],
    status: Status::Informational,
    says: "The initial chemotherapy infusion is paired with the other initial codes; without a modifier the second is denied.",
    why: "One initial service an encounter.",
    example: "An antibiotic through a second line beside chemotherapy carries XS.",
    exceptions: "None.",
}

rule! {
    pub static MOD_5: "MOD-5", "Hydration beside another service for some payers",
    basis: Primary, cites: ["SELH"],
    optional: true,
    says: "Some payers ask for a modifier on hydration that follows another initial service, although no pair exists.",
    why: "Their own edit denies it otherwise.",
    example: "One plan wants 59 on hydration after chemotherapy.",
    exceptions: "Medicare does not ask for it.",
}

rule! {
    pub static INJ_2: "INJ-2", "An injection beside an intravenous service is a pair",
    basis: Primary, cites: ["PTP"],
    optional: true,
    says: "A therapeutic injection into a muscle or under the skin on the day of an initial intravenous code is the second column of a pair that a modifier may bypass; it carries 59 or XU where it was a service apart, such as another drug by another route, and 59 or XE where it belongs to another visit of the day.",
    why: "Without the modifier the injection is denied as part of the infusion.",
    example: "Filgrastim under the skin after chemotherapy carries XU.",
    exceptions: "None.",
}

rule! {
    pub static MOD_6: "MOD-6", "An interrupted service is reduced by setting",
    basis: Secondary, cites: ["AAPC-DOC"],
    says: "An office marks a service that it broke off with modifier 53; facilities have modifiers of their own for it and report what was given here.",
    why: "The modifier says that the planned service was not completed.",
    example: "An infusion that a reaction ended after ten minutes, under a policy that keeps its planned code, carries 53.",
    exceptions: "Only where the policy keeps the planned code (switch D-9).",
}

pub(super) static RULES: &[&Rule] = &[&MOD_3, &MOD_4, &MOD_5, &MOD_6, &INJ_2];

const UNUSUAL: Modifier = Modifier::of("XU");

/// The edit tables that hold for the encounter's claim.
pub(in crate::rules) fn edit_kind(coding: &Coding<'_>) -> EditKind {
    if coding.encounter.setting.is_facility() { EditKind::OutpatientHospital } else { EditKind::Practitioner }
}

/// Marks the lines that a pair or a payer asks to mark.
pub(super) fn add(coding: &mut Coding<'_>, visit: &Visit<'_>) {
    let parameters = &coding.policy.administration;
    let distinct = if *parameters.modifier_style == ModifierStyle::X { UNUSUAL } else { FIFTY_NINE };
    let injections = paired_injections(coding);
    let has_cavity = visit.admitted.has(Kind::Cavity);
    let may_have_blood = !coding.encounter.other_services.is_empty() || visit.admitted.has(Kind::Transfusion);
    for at in 0..coding.result.lines.len() {
        let Line { track, code, service_date, .. } = coding.result.lines[at];
        if track != Track::Administration {
            continue;
        }
        // An injection of another visit was marked as one when it was billed.
        let is_marked = coding.result.lines[at].modifiers.contains(&SEPARATE_ENCOUNTER);
        if injections.contains(&code) && !is_marked && is_second_column(coding, code, service_date) {
            let text = "The injection is a service apart from the one that it is paired with: {modifier}.";
            mark(coding, at, distinct, rule_of(coding, code), text);
        }
        if has_cavity && is_beside_cavity(coding, at) {
            let text = "The vein is another site than the one that it is paired with: {modifier}.";
            mark(coding, at, distinct, &MOD_3, text);
        }
        if may_have_blood
            && parameters.paired_with_transfusion.contains(&code)
            && has_transfusion(coding, visit, service_date)
        {
            mark(coding, at, distinct, &HYD_5, "Hydration on the day of a transfusion: {modifier}.");
        }
        if code == parameters.hydration_codes.hour && !is_initial_hydration(coding) {
            for modifier in parameters.sequential_hydration_modifiers.iter().copied() {
                let text = "The payer asks for {modifier} on hydration beside another initial service.";
                mark(coding, at, modifier, &MOD_5, text);
            }
        }
    }
    add_of_visit(coding);
}

/// Marks every line with what holds for the whole visit: its place and its coverage (rules M-08, M-10).
fn add_of_visit(coding: &mut Coding<'_>) {
    let Encounter { off_campus, coverage, .. } = coding.encounter;
    if off_campus.is_none() && !coverage.not_a_benefit && !coverage.expected_denial {
        return;
    }
    for at in 0..coding.result.lines.len() {
        let Line { track, service_date, .. } = coding.result.lines[at];
        if track == Track::Administration {
            coding.turn_to(service_date);
            for (modifier, rule) in of_visit(coding) {
                mark(coding, at, modifier, rule, "{modifier} stands on every line of the visit.");
            }
        }
    }
    coding.turn_to(coding.encounter.service_date);
}

/// Whether a line of a vein is the second column of chemotherapy into a cavity or lesions, and nothing tells them apart yet.
fn is_beside_cavity(coding: &Coding<'_>, at: usize) -> bool {
    let Line { code, service_date, ref modifiers, .. } = coding.result.lines[at];
    let parameters = &coding.policy.administration;
    let codes = &parameters.cavity_codes;
    let of_cavity = [
        codes.pleural,
        codes.peritoneal,
        codes.central_nervous_system,
        codes.reservoir,
        codes.lesions_few,
        codes.lesions_many,
    ];
    modifiers.is_empty()
        && parameters.paired_with_cavity.contains(&code)
        && first_columns(coding, code, edit_kind(coding), service_date)
            .any(|first| of_cavity.contains(&first.code))
}

/// Whether blood was given on a date.
fn has_transfusion(coding: &Coding<'_>, visit: &Visit<'_>, date: Date) -> bool {
    let code = coding.policy.administration.outside_codes.transfusion;
    let is_of_date = |service: &Service| service.kind == Kind::Transfusion && visit.date(service) == date;
    visit.services.iter().any(is_of_date)
        || coding
            .encounter
            .other_services
            .iter()
            .any(|other| other.code == code && other.date.is_none_or(|other_date| other_date == date))
}

/// The modifier of an injection that is paired only with services of other visits of its date (rule INIT-6).
pub(super) fn of_other_visit(
    coding: &mut Coding<'_>,
    visit: &Visit<'_>,
    service: &Service,
    code: HcpcsCode,
) -> Option<Modifier> {
    if visit.services.iter().all(|other| other.visit == service.visit) {
        return None;
    }
    let (kind, date) = (edit_kind(coding), visit.date(service));
    let is_here = |line: &Line| {
        let mut of_visit = visit.services.iter().filter(|other| other.visit == service.visit);
        of_visit.any(|other| line.administrations.contains(&other.index))
    };
    let rule = rule_of(coding, code);
    let is_apart = {
        let mut partners = first_columns(coding, code, kind, date).peekable();
        partners.peek().is_some() && !partners.any(is_here)
    };
    if !is_apart || !paired_injections(coding).contains(&code) || !coding.policy.applies(rule) {
        return None;
    }
    let is_x = *coding.policy.administration.modifier_style == ModifierStyle::X;
    let modifier = if is_x { SEPARATE_ENCOUNTER } else { FIFTY_NINE };
    let facts = [fact::derived("modifier", Value::Modifier(modifier))];
    let text = "The injection belongs to another visit of the day than the service that it is paired with: {modifier}.";
    coding.result.trail.fired(rule, Subject::Administration(service.index), text, &facts);
    Some(modifier)
}

/// The modifier of what has a code of its own and was given that way in an earlier visit of the date already
/// (rules INIT-6, MOD-1).
///
/// Injections count by units on one line, and the services of the veins take the modifier of their access line.
pub(super) fn of_further_visit(
    coding: &mut Coding<'_>,
    visit: &Visit<'_>,
    service: &Service,
    code: HcpcsCode,
    place: Place,
) -> Option<Modifier> {
    use Kind::{ArterialInfusion, ArterialPush, Cavity, SubcutaneousInfusion};
    let parameters = &coding.policy.administration;
    let is_add_on = place == Place::AddOn;
    let counts_once = matches!(service.kind, SubcutaneousInfusion | ArterialInfusion | ArterialPush | Cavity);
    if !counts_once || is_add_on && !*parameters.modifier_on_add_ons {
        return None;
    }
    let (date, route) = (visit.date(service), visit.administration(service).route);
    let is_earlier = |other: &Service| {
        other.visit < service.visit
            && (other.kind, visit.administration(other).route) == (service.kind, route)
            && visit.date(other) == date
            && lines::is_on_line(coding, other.index)
    };
    if !visit.services.iter().any(is_earlier) {
        return None;
    }
    let is_x = *parameters.modifier_style == ModifierStyle::X;
    let modifier = if is_x { SEPARATE_ENCOUNTER } else { FIFTY_NINE };
    let facts =
        [fact::derived("code", Value::Code(code)), fact::derived("modifier", Value::Modifier(modifier))];
    let (rule, text) = if is_add_on {
        (&MOD_1, "{code} carries {modifier}, as every line of this access line or visit does.")
    } else {
        (&INIT_6, "An earlier visit of the day has {code} too, so this one carries {modifier}.")
    };
    coding.result.trail.fired(rule, Subject::Administration(service.index), text, &facts);
    Some(modifier)
}

fn paired_injections<'a>(coding: &Coding<'a>) -> &'a [HcpcsCode] {
    let parameters = &coding.policy.administration;
    if coding.encounter.setting.is_facility() {
        &parameters.paired_injections_facility
    } else {
        &parameters.paired_injections_office
    }
}

fn rule_of(coding: &Coding<'_>, code: HcpcsCode) -> &'static Rule {
    if code == coding.policy.administration.injection_codes.therapeutic { &INJ_2 } else { &MOD_3 }
}

fn is_initial_hydration(coding: &Coding<'_>) -> bool {
    let initial = coding.policy.administration.hydration_codes.initial;
    coding.result.lines.iter().any(|line| line.code == initial)
}

/// Whether a code is the second column of a pair on its date: services of two days are no pair.
fn is_second_column(coding: &Coding<'_>, code: HcpcsCode, date: Date) -> bool {
    first_columns(coding, code, edit_kind(coding), date).next().is_some()
}

/// The lines of a date that a code is the second column of, where a modifier may bypass the pair.
fn first_columns<'c>(
    coding: &'c Coding<'_>,
    code: HcpcsCode,
    kind: EditKind,
    date: Date,
) -> impl Iterator<Item = &'c Line> {
    coding.result.lines.iter().filter(move |line| {
        let pair = || coding.catalog.procedure_pair(line.code, code, kind, date);
        line.track == Track::Administration
            && line.service_date == date
            && pair().is_some_and(|pair| pair.value.modifier_allowed)
    })
}

fn mark(coding: &mut Coding<'_>, at: usize, modifier: Modifier, rule: &'static Rule, text: &'static str) {
    if !coding.policy.applies(rule) {
        return;
    }
    let line = &mut coding.result.lines[at];
    // A line of this track carries four modifiers at most, so there is always room.
    let _ = line.add_modifier(modifier);
    let subject =
        line.administrations.first().map_or(Subject::Visit, |index| Subject::Administration(*index));
    let facts = [fact::derived("modifier", Value::Modifier(modifier))];
    coding.result.trail.fired(rule, subject, text, &facts);
}
