//! Edits of the finished administration lines: parents, unit limits, code pairs (rules MOD-2, X-01).

use smallvec::SmallVec;

use super::administration::modifiers::edit_kind;
use super::drug_line::limits::X_01;
use super::{Family, rule};
use crate::catalog::edits::{ProcedurePair, UnitLimit};
use crate::domain::claim::{Line, Track};
use crate::domain::code::{CodeSketch, HcpcsCode, Modifier};
use crate::domain::encounter::OtherService;
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::domain::time::Date;
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};

rule! {
    pub static MOD_2: "MOD-2", "Code pairs on one claim",
    basis: Primary, cites: ["PTP", "AAPC-ED25"],
    optional: true,
    says: "Two codes that NCCI pairs are both paid only where the pair allows a modifier and one of the lines carries it; an office visit beside these codes carries 25, and the visit by the nurse alone never stands beside them. In a hospital an emergency visit carries 25 too beside services that its payment counts as significant procedures, though NCCI has no pair. Heparin that flushed or locked a line is no line of its own beside a service that NCCI pairs it with.",
    why: "The second code of a pair is usually part of the first.",
    example: "An office visit with 25 beside chemotherapy stands; one without is denied.",
    exceptions: "Pairs that allow no modifier. A critical access hospital is not paid by that payment system. NCCI pairs heparin with services in offices; a hospital reports it, and its payment is packaged.",
}

rule! {
    pub static G_08: "G-08", "Access and supplies are part of the service",
    basis: Primary, cites: ["GUIDE-2026", "NCCI11", "A52953"],
    optional: true,
    says: "Starting a line, reaching a port, local anesthesia, tubing, syringes and the flush are part of the administration codes and no lines of their own.",
    why: "The codes pay for the whole work of giving a drug; only the drug itself is apart.",
    example: "A venipuncture by a physician for the same line, asked for beside the first hour of chemotherapy, is named as included.",
    exceptions: "The same service for another purpose, which its line says by a modifier such as 59 or XS.",
}

/// The rules of this file.
pub static FAMILIES: &[Family] = &[("Claim edits", &[&MOD_2, &G_08])];

/// Modifiers that NCCI takes as saying that two services are distinct.
const DISTINCT: [Modifier; 7] = [
    Modifier::of("25"),
    Modifier::of("27"),
    Modifier::of("59"),
    Modifier::of("XE"),
    Modifier::of("XP"),
    Modifier::of("XS"),
    Modifier::of("XU"),
];

/// Lines in the second column of a pair that are held without an allocation.
const SECONDS_INLINE: usize = 8;

/// Runs the rules of this family on a visit.
pub fn check(coding: &mut Coding<'_>) {
    // The lines of the administrations stand before those of the drugs.
    let count = coding.result.lines.partition_point(|line| line.track == Track::Administration);
    let seconds = possible_seconds(coding, count);
    for at in 0..count {
        check_units(coding, at);
        if !seconds.is_empty() {
            check_pairs(coding, at, count, &seconds);
        }
        check_other_services(coding, at);
    }
    if count > 0 {
        name_included_services(coding, count);
        check_visits(coding, count);
    }
}

/// Asks for 25 on a visit beside a procedure where the setting's claim editor wants it and NCCI has no pair.
fn check_visits(coding: &mut Coding<'_>, count: usize) {
    let (encounter, policy) = (coding.encounter, coding.policy);
    let visits = &policy.administration.visits_beside_procedures;
    if !visits.settings.contains(&encounter.setting) {
        return;
    }
    let is_visit =
        |code: HcpcsCode| visits.visits.iter().any(|(first, last)| (*first..=*last).contains(&code));
    for visit in encounter.other_services.iter().filter(|other| is_visit(other.code)) {
        if visit.modifiers.contains(&visits.modifier) {
            continue;
        }
        let is_beside = |line: &&Line| {
            visits.procedures.contains(&line.code) && visit.date.is_none_or(|date| date == line.service_date)
        };
        let Some(at) = coding.result.lines[..count].iter().position(|line| is_beside(&line)) else {
            continue;
        };
        let Line { code, service_date, .. } = coding.result.lines[at];
        let pairs = [(code, visit.code), (visit.code, code)];
        // A pair of NCCI was named already.
        if pairs.iter().any(|(first, second)| pair(coding, *first, *second, service_date).is_some()) {
            continue;
        }
        let facts = [
            fact::derived("first", Value::Code(code)),
            fact::given("second", Value::Code(visit.code)),
            fact::parameter("modifier", Value::Modifier(visits.modifier), visits),
        ];
        let text = "{first} is a significant procedure of a hospital's payment, and {second} beside it carries {modifier} where the visit was significant and separate: without it Medicare's claim editor returns the claim.";
        coding.find(Severity::Warn, Reason::ProcedurePair, field_of(coding, at), &MOD_2, text, &facts);
    }
}

/// Names what was asked for beside the administration lines and is part of them.
fn name_included_services(coding: &mut Coding<'_>, count: usize) {
    for service in &coding.encounter.other_services {
        let is_beside = |line: &Line| service.date.is_none_or(|date| date == line.service_date);
        if is_included(coding, service) && coding.result.lines[..count].iter().any(is_beside) {
            let facts = [fact::given("code", Value::Code(service.code))];
            let text = "{code} is part of the administration services, which include access and supplies: do not report it beside them.";
            let field = Field::Encounter("otherServices");
            coding.find(Severity::Warn, Reason::IncludedSupply, field, &G_08, text, &facts);
        }
    }
}

/// Whether another service of the claim is part of every administration service, and nothing says that it was not.
fn is_included(coding: &Coding<'_>, service: &OtherService) -> bool {
    let is_distinct = service.modifiers.iter().any(|modifier| DISTINCT.contains(modifier));
    let parameters = &coding.policy.administration;
    let is_supply = || {
        parameters.included_supplies.contains(&service.code)
            && parameters.settings_including_supplies.contains(&coding.encounter.setting)
    };
    !is_distinct && (parameters.included_services.contains(&service.code) || is_supply())
}

fn check_units(coding: &mut Coding<'_>, at: usize) {
    let lines = &coding.result.lines;
    let Line { code, service_date, .. } = lines[at];
    let same = |line: &&Line| line.code == code && line.service_date == service_date;
    if lines[..at].iter().any(|line| same(&line)) {
        return;
    }
    let units: u32 = lines[at..].iter().filter(same).map(|line| line.units).sum();
    let (catalog, kind) = (coding.catalog, edit_kind(coding));
    // Few pass their limit, and of the others nobody asks which quarter's table it stands in.
    let is_within = |limit: &UnitLimit| units <= limit.units;
    if catalog.unit_limit(code, kind, service_date).is_none_or(is_within) {
        return;
    }
    if let Some(limit) = catalog.mue(code, kind, service_date) {
        let facts = [
            fact::derived("code", Value::Code(code)),
            fact::derived("units", Value::Count(i64::from(units))),
            fact::catalog("limit", Value::Count(i64::from(limit.value.units))),
            fact::derived("date", Value::Date(service_date)),
            fact::catalog("since", Value::Date(limit.quarter.first_day())),
        ];
        let text = if limit.is_exact {
            "{units} units of {code} on {date} pass the unit limit of {limit} for the date."
        } else {
            "{units} units of {code} on {date} pass the unit limit of {limit} a date, if it is still that of the nearest table held, from {since}."
        };
        let field = field_of(coding, at);
        coding.find(Severity::Warn, Reason::UnitsAboveMue, field, &X_01, text, &facts);
    }
}

/// The lines that may be the second column of a pair with a line of the administrations: most claims have none.
fn possible_seconds(coding: &Coding<'_>, count: usize) -> SmallVec<[usize; SECONDS_INLINE]> {
    let lines = &coding.result.lines;
    let firsts: CodeSketch = lines[..count].iter().map(|line| line.code).collect();
    let mut seconds = SmallVec::new();
    for (at, line) in lines.iter().enumerate() {
        if coding.catalog.edits.pairs.may_follow(line.code, firsts) {
            seconds.push(at);
        }
    }
    seconds
}

/// Compares a service with the others of its date, and with the drugs: NCCI counts a few, such as heparin, as part of
/// some services.
fn check_pairs(coding: &mut Coding<'_>, at: usize, count: usize, seconds: &[usize]) {
    let Line { code: first, service_date: date, .. } = coding.result.lines[at];
    let on_body_injector = coding.policy.administration.injection_codes.on_body_injector;
    // What a hospital's payment packages needs no modifier (rule INJ-4).
    let packaged = coding.encounter.setting.is_facility().then_some(on_body_injector);
    for &other in seconds {
        let line = &coding.result.lines[other];
        let second = line.code;
        let is_service = other < count;
        if date != line.service_date || is_service && (first == second || Some(second) == packaged) {
            continue;
        }
        let Some(pair) = pair(coding, first, second, date) else { continue };
        let is_distinct = |line: &Line| line.modifiers.iter().any(|modifier| DISTINCT.contains(modifier));
        let carries = is_distinct(line) || is_service && is_distinct(&coding.result.lines[at]);
        let field = if is_service { field_of(coding, at) } else { field_of_drug(line) };
        report_pair(coding, field, first, second, pair, carries);
    }
}

fn field_of_drug(line: &Line) -> Field {
    let administration = line.administrations.first().copied().unwrap_or_default();
    Field::Drug(administration, line.drug.unwrap_or_default(), "")
}

/// Compares a line with the other services of the claim, in both orders of the columns.
fn check_other_services(coding: &mut Coding<'_>, at: usize) {
    let encounter = coding.encounter;
    for service in &encounter.other_services {
        let line = &coding.result.lines[at];
        let carries = line.modifiers.iter().chain(&service.modifiers).any(|m| DISTINCT.contains(m));
        let Line { code, service_date, .. } = *line;
        if service.date.is_some_and(|date| date != service_date) {
            continue;
        }
        if code == service.code && !carries && is_initial(coding, code) {
            let facts = [fact::given("code", Value::Code(code))];
            let text = "{code} is on the claim for another service of the date as well. An encounter has one initial service; a second one takes an access or an encounter of its own, and a modifier that says so.";
            coding.find(Severity::Warn, Reason::ProcedurePair, field_of(coding, at), &MOD_2, text, &facts);
        }
        // Included work takes nothing from the line, and is named once (row G-08).
        let yields = coding.policy.applies(&G_08) && is_included(coding, service);
        let orders = [(code, service.code), (service.code, code)];
        for (first, second) in orders.into_iter().skip(usize::from(yields)) {
            if let Some(pair) = pair(coding, first, second, service_date) {
                report_pair(coding, field_of(coding, at), first, second, pair, carries);
            }
        }
    }
}

/// Whether a code is that of an initial service (rule INIT-1).
fn is_initial(coding: &Coding<'_>, code: HcpcsCode) -> bool {
    let parameters = &coding.policy.administration;
    let families = [&parameters.chemotherapy_codes, &parameters.therapeutic_codes];
    code == parameters.hydration_codes.initial
        || families.iter().any(|family| code == family.infusion || code == family.push)
}

/// The pair that two codes are on a date of service, in this order of the columns.
fn pair(coding: &Coding<'_>, first: HcpcsCode, second: HcpcsCode, date: Date) -> Option<ProcedurePair> {
    Some(coding.catalog.procedure_pair(first, second, edit_kind(coding), date)?.value)
}

fn report_pair(
    coding: &mut Coding<'_>,
    field: Field,
    first: HcpcsCode,
    second: HcpcsCode,
    pair: ProcedurePair,
    carries: bool,
) {
    let facts = [fact::catalog("first", Value::Code(first)), fact::catalog("second", Value::Code(second))];
    let (severity, text) = match (pair.modifier_allowed, carries) {
        (true, true) => return,
        (true, false) => (
            Severity::Warn,
            "{first} and {second} are a pair: {second} is denied unless the services were distinct and a modifier says so, 25 on a visit and 59 or one of the X modifiers on another service.",
        ),
        (false, _) => (
            Severity::Block,
            "{first} and {second} are a pair that no modifier bypasses: report {first} alone.",
        ),
    };
    coding.find(severity, Reason::ProcedurePair, field, &MOD_2, text, &facts);
}

fn field_of(coding: &Coding<'_>, at: usize) -> Field {
    coding.result.lines[at]
        .administrations
        .first()
        .map_or(Field::Encounter("administrations"), |index| Field::Administration(*index, ""))
}
