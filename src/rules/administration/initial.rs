//! Which service of an access line is the initial one (rules INIT-1 to INIT-3, HIER-*).

use super::lines;
use super::visit::{Course, Family, Kind, Rank, Service, Technique, Visit};
use super::what_if;
use crate::domain::field::Field;
use crate::domain::finding::{Finding, Reason, Severity};
use crate::engine::Coding;
use crate::engine::trail::{Subject, Value, fact};
use crate::policy::parameters::{OfficeHierarchy, OfficeHydrationPush, Tiebreak};
use crate::rules::{Rule, Status, rule};

rule! {
    pub static INIT_1: "INIT-1", "One initial service an encounter",
    basis: Quoted, cites: ["NCCI11", "IOM12", "NOR-INIT"],
    says: "An encounter has one initial service, unless separate access sites were reasonable and necessary.",
    why: "The initial code pays for opening the access once; everything after it is an addition.",
    example: "Chemotherapy with two premedications has one initial code, that of the chemotherapy.",
    exceptions: "A second necessary access site, and a separate visit of the day (INIT-4, INIT-6).",
}

rule! {
    pub static INIT_2: "INIT-2", "One initial service an access site in hospitals",
    basis: Quoted, cites: ["IOM4", "NOR-INIT"],
    says: "In a hospital the initial service is one per vascular access site and encounter, also where an observation stay covers several days.",
    why: "The encounter, and not the date, is the unit.",
    example: "Antibiotics on two days of one observation stay have one initial code.",
    exceptions: "None.",
}

rule! {
    pub static INIT_3: "INIT-3", "Everything else follows the initial service",
    basis: Primary, cites: ["NOR-INIT", "CR3631", "IOM12", "NOR-CHEMO"],
    says: "The other services take the sequential, concurrent or additional codes of the family that fits their drug, even where they are the first of that family.",
    why: "The access is paid for already.",
    example: "The first antiemetic push beside chemotherapy is an additional push; later hydration is an additional hour.",
    exceptions: "Injections into muscle or under the skin stand outside (HIER-SC).",
}

rule! {
    pub static INIT_9: "INIT-9", "A pump start is not an initial service",
    basis: Primary, cites: ["PTP"],
    says: "The start of a prolonged pump infusion is not among the initial codes, and may follow an initial chemotherapy code without a modifier.",
    why: "The tables of NCCI hold no pair of the two.",
    example: "Oxaliplatin over two hours and then the start of a fluorouracil pump are an infusion and a pump start.",
    exceptions: "None.",
}

rule! {
    pub static HIER_O: "HIER-O", "Office: the primary reason of the visit",
    basis: Quoted, cites: ["IOM12", "AAPC-SEQ"],
    says: "In a physician office the initial service is the one that was the key or primary reason for the visit, in whatever order the services were given.",
    why: "The manual asks for the reason of the encounter and says nothing of family, technique or length.",
    example: "A visit for hydration with an antiemetic push has hydration as its initial service.",
    exceptions: "Where the request names no reason, the facility hierarchy stands in for it, and a finding says so. The reason of one visit is none for another: where a request holds several visits, each has its own. Where the stated reason leaves a service without a code, as chemotherapy beside an initial service of another family, the question shows what each other reason would bill.",
}

rule! {
    pub static HIER_F: "HIER-F", "Facility: family, then technique",
    basis: Quoted, cites: ["HC-10", "NOR-CHEMO", "AAPC-SEQ", "AHIMA"],
    says: "In a facility chemotherapy outranks therapeutic services, and these outrank hydration; inside a family infusion outranks push, and push outranks injection.",
    why: "The instruction before the codes of 2010 orders them so for facilities, whatever came first.",
    example: "A chemotherapy push outranks a therapeutic infusion; a therapeutic push outranks hydration.",
    exceptions: "A switch puts the length before the technique. The 2026 guide does not: it speaks of the longest infusion (row G-10).",
}

rule! {
    pub static HIER_F2: "HIER-F2", "The hierarchy overrides parentheses",
    basis: Primary, cites: ["NOR-CHEMO"],
    status: Status::Informational,
    says: "The facility hierarchy goes before the instructions in parentheses under the add-on codes.",
    why: "Otherwise some results of the hierarchy could not be reported.",
    example: "Hydration that started first is an additional hour after a therapeutic push.",
    exceptions: "The edit table of CMS may still deny the pair; switch D-19 chooses.",
}

rule! {
    pub static HIER_SC: "HIER-SC", "Injections stand outside the order",
    basis: Secondary, cites: ["SCINF"],
    status: Status::Informational,
    says: "Injections into muscle or under the skin, and infusions under the skin, neither are the initial intravenous service nor follow one; each has its own code.",
    why: "They do not use the intravenous access.",
    example: "A filgrastim injection beside chemotherapy is reported by its own code with a modifier.",
    exceptions: "None.",
}

rule! {
    pub static HIER_TIE: "HIER-TIE", "Two equal services: the longest, then the earliest",
    basis: Inferred, cites: ["ML-0131"],
    optional: true,
    says: "Neither CPT nor CMS breaks a tie inside a family and technique. The longest service is taken, then the earliest, then by what else the record says of the two, never by their place in it where they have times, and the answer reports it.",
    why: "Some order is needed, and the length is what vendors use.",
    example: "Of two antibiotic infusions of 93 and 63 minutes the longer one is initial.",
    exceptions: "Switch D-10 takes the earliest first.",
}

rule! {
    pub static HIER_OFF: "HIER-OFF", "Office hydration with a push",
    basis: Primary, cites: ["AOC"],
    says: "An office visit for hydration with a drug pushed is initial hydration and an additional push; the table of CMS allows that to practitioners only.",
    why: "The primary reason makes hydration initial, and the push follows it.",
    example: "Two hours of saline and dexamethasone pushed: initial hydration, one additional hour, one additional push.",
    exceptions: "A facility makes the push initial; a policy may ask the same of offices (switch D-14).",
}

pub(super) static RULES: &[&Rule] =
    &[&INIT_1, &INIT_2, &INIT_3, &INIT_9, &HIER_O, &HIER_F, &HIER_F2, &HIER_SC, &HIER_TIE, &HIER_OFF];

/// Whether the hierarchy of facilities chooses, and not the primary reason.
fn uses_hierarchy(coding: &Coding<'_>) -> bool {
    coding.encounter.setting.is_facility()
        || *coding.policy.administration.office_hierarchy == OfficeHierarchy::Hierarchy
}

/// The rank of a course (rules HIER-F, HIER-TIE).
pub(super) fn rank(coding: &Coding<'_>, visit: &Visit<'_>, course: &Course) -> Rank {
    let parameters = &coding.policy.administration;
    let Course { family, technique, seconds, first, .. } = *course;
    let first = &visit.services[first];
    // What no time is known of stands before everything that has one.
    let (technique, longest, earliest) = (-(technique as i64), -seconds, first.order.unwrap_or(i64::MIN));
    let [a, b, c] = match (*parameters.technique_before_length, *parameters.facility_tiebreak) {
        (true, Tiebreak::Earliest) => [technique, earliest, longest],
        (true, _) => [technique, longest, earliest],
        (false, _) => [longest, technique, earliest],
    };
    [-(family as i64), a, b, c, i64::from(first.rank)]
}

/// The initial course of an access line; nothing where none can be reported.
pub(super) fn choose(
    coding: &Coding<'_>,
    visit: &Visit<'_>,
    ranked: &[usize],
    primary: Option<usize>,
) -> Option<usize> {
    let highest = *ranked.first()?;
    let decides = |primary: &usize| !uses_hierarchy(coding) && !gives_way(coding, visit, *primary, ranked);
    Some(primary.filter(decides).unwrap_or(highest))
}

/// Notes on the trail which course was chosen, and asks for what would have decided better.
pub(super) fn note_choice(
    coding: &mut Coding<'_>,
    visit: &Visit<'_>,
    group: usize,
    ranked: &[usize],
    primary: Option<usize>,
) {
    let Some(&highest) = ranked.first() else { return };
    let course = visit.courses[highest];
    let subject = Subject::Administration(visit.services[course.first].index);
    if let Some(primary) = primary {
        if uses_hierarchy(coding) {
            note_departure(coding, visit, primary, highest);
        } else if !gives_way(coding, visit, primary, ranked) {
            let chosen = Subject::Administration(visit.services[visit.courses[primary].first].index);
            let text = "The primary reason of an office visit is the initial service.";
            coding.result.trail.fired(&HIER_O, chosen, text, &[]);
            if has_push_after_hydration(visit, primary, ranked) {
                let text = "Hydration is the reason of this office visit, so the push follows it.";
                coding.result.trail.fired(&HIER_OFF, chosen, text, &[]);
            }
            if primary != highest {
                let text = "It outranks the initial service in a facility, but this is an office visit for another reason.";
                coding.result.trail.declined(&HIER_F, subject, text, &[]);
            }
            return;
        }
    }
    let facts = [
        fact::derived("family", Value::Label(course.family.label())),
        fact::derived("technique", Value::Label(course.technique.label())),
    ];
    let text = "The {family} {technique} ranks highest on this access line and is the initial service.";
    coding.result.trail.fired(&HIER_F, subject, text, &facts);
    note_tie(coding, visit, ranked);
    ask_for_reason(coding, visit, group, ranked, false);
}

/// The course of an access line that holds a main reason of its visit.
pub(super) fn primary_course(visit: &Visit<'_>, ranked: &[usize]) -> Option<usize> {
    visit.reasons().find_map(|reason| ranked.iter().copied().find(|course| *course == reason.course))
}

/// Whether the record names a reason for the visit of an access line: the reason of another visit is none for it.
fn names_reason(visit: &Visit<'_>, group: usize) -> bool {
    let number = visit.groups[group].visit;
    let is_settled_by = |reason: &Service| visit.is_one_visit || reason.visit == number;
    visit.reasons().any(is_settled_by)
}

/// Whether hydration, though the reason of the visit, gives way to a push (switch D-14).
fn gives_way(coding: &Coding<'_>, visit: &Visit<'_>, primary: usize, ranked: &[usize]) -> bool {
    *coding.policy.administration.office_hydration_push == OfficeHydrationPush::PushInitial
        && has_push_after_hydration(visit, primary, ranked)
}

fn has_push_after_hydration(visit: &Visit<'_>, primary: usize, ranked: &[usize]) -> bool {
    visit.courses[primary].family == Family::Hydration
        && ranked.iter().any(|course| visit.courses[*course].technique == Technique::Push)
}

fn note_departure(coding: &mut Coding<'_>, visit: &Visit<'_>, primary: usize, highest: usize) {
    let is_office = !coding.encounter.setting.is_facility();
    if is_office && primary != highest && *coding.policy.administration.names_departures {
        let index = visit.services[visit.courses[highest].first].index;
        let text = "CMS takes the primary reason of an office visit as the initial service; this policy uses the hierarchy of facilities (Medicare claims manual, ch. 12 §30.5).";
        let field = Field::Administration(index, "");
        coding.find(Severity::Info, Reason::GuideDepartsFromAuthority, field, &HIER_O, text, &[]);
    }
}

fn note_tie(coding: &mut Coding<'_>, visit: &Visit<'_>, ranked: &[usize]) {
    let [first, second, ..] = *ranked else { return };
    let (a, b) = (visit.courses[first], visit.courses[second]);
    if (a.family, a.technique) != (b.family, b.technique) {
        return;
    }
    let index = visit.services[a.first].index;
    let tiebreak = &coding.policy.administration.facility_tiebreak;
    let is_longer = a.seconds != b.seconds;
    let is_earlier = visit.services[a.first].order != visit.services[b.first].order;
    let is_time_first = *coding.policy.administration.technique_before_length;
    let order = match **tiebreak {
        Tiebreak::Earliest if is_time_first && is_earlier => "the earlier one",
        _ if is_longer => "the longer one",
        _ if is_earlier => "the earlier one",
        _ => "one of two alike",
    };
    let facts = [
        fact::derived("one", Value::Of(Field::Administration(index, ""))),
        fact::parameter("order", Value::Label(order), tiebreak),
        fact::derived("other", Value::Of(Field::Administration(visit.services[b.first].index, ""))),
    ];
    let text = "{one} and {other} are of one family and technique; {order} was taken as initial.";
    coding.result.trail.fired(&HIER_TIE, Subject::Administration(index), text, &facts);
    let field = Field::Administration(index, "");
    coding.find(Severity::Info, Reason::TieBroken, field, &HIER_TIE, text, &facts);
}

/// An office visit without a stated reason: the hierarchy stands in, or the whole line waits with a service that
/// may be its initial one, and the answer says which.
pub(super) fn ask_for_reason(
    coding: &mut Coding<'_>,
    visit: &Visit<'_>,
    group: usize,
    ranked: &[usize],
    is_held_back: bool,
) {
    if uses_hierarchy(coding) || names_reason(visit, group) {
        return;
    }
    let of_course = |course: &usize| (visit.courses[*course].family, visit.courses[*course].technique);
    let held = held(visit, group).map(|service| (service.family, Technique::Infusion));
    let mut kinds = ranked.iter().map(of_course).chain(held);
    let Some(leading) = kinds.next() else { return };
    let number = visit.groups[group].visit;
    let Some(first) = visit.services.iter().find(|service| service.visit == number) else { return };
    let of_visit = Value::Of(Field::Administration(first.index, ""));
    let is_told = |other: &Finding| {
        other.reason == Reason::MissingPrimaryReason
            && coding.result.trail.facts(&other.note).iter().any(|fact| fact.value == of_visit)
    };
    if kinds.all(|kind| kind == leading) || coding.result.findings.iter().any(is_told) {
        return;
    }
    let is_further = visit.encounter.primary_reason.is_some();
    let field = Field::Encounter(if is_further { "furtherPrimaryReasons" } else { "primaryReason" });
    // Beside chemotherapy another reason for the visit is hardly thinkable.
    let is_evident = leading.0 == Family::Chemotherapy && !is_held_back;
    let severity = if is_evident { Severity::Info } else { Severity::Warn };
    let text = if is_held_back {
        "The request names no primary reason for the office visit of {first}, and a service that waits for a fact may be the initial one, so nothing of this access line is billed. State the reason."
    } else {
        "The request names no primary reason for the office visit of {first}; the hierarchy of facilities chose the initial service. State the reason."
    };
    let facts = [fact::given("first", of_visit)];
    coding.find(severity, Reason::MissingPrimaryReason, field, &HIER_O, text, &facts);
    if !is_evident {
        let candidates = candidates_of_visit(visit, group);
        what_if::ask_primary_reason(coding, field, &ids_of(visit, number), &candidates);
    }
}

/// The ids of the administrations of a visit.
fn ids_of<'a>(visit: &'a Visit<'_>, number: u32) -> Vec<&'a str> {
    let of_visit = visit.services.iter().filter(|service| service.visit == number);
    of_visit.map(|service| visit.administration(service).id.as_str()).collect()
}

/// The services of an access line that wait for a fact.
fn held<'a>(visit: &'a Visit<'_>, group: usize) -> impl Iterator<Item = &'a Service> {
    visit.services.iter().filter(move |service| service.group == group && service.kind == Kind::Held)
}

/// The services that lead the courses of an access line.
fn candidates(visit: &Visit<'_>, ranked: &[usize]) -> Vec<u16> {
    ranked.iter().map(|course| visit.services[visit.courses[*course].first].index).collect()
}

/// The services of a visit that may have been its reason, through whichever access line: what leads a course or waits.
fn candidates_of_visit(visit: &Visit<'_>, group: usize) -> Vec<u16> {
    let number = visit.groups[group].visit;
    let is_here = |group: usize| visit.groups.get(group).is_some_and(|group| group.visit == number);
    let courses = visit.courses.iter().filter(|course| course.is_reportable && is_here(course.group));
    let leading = courses.map(|course| visit.services[course.first].index);
    let held = visit.services.iter().filter(|service| service.kind == Kind::Held && is_here(service.group));
    let mut candidates: Vec<u16> = leading.chain(held.map(|service| service.index)).collect();
    candidates.sort_unstable();
    candidates
}

/// Shows what other reasons for an office visit would bill, where the stated one leaves a service without a code
/// and another would not.
///
/// The codes of a further chemotherapy drug follow an initial chemotherapy service only, so beside an
/// initial service of another family there is none; the record may name the chemotherapy as the reason.
pub(super) fn offer_other_reasons(
    coding: &mut Coding<'_>,
    visit: &Visit<'_>,
    ranked: &[usize],
    refused_from: usize,
) {
    if uses_hierarchy(coding) {
        return;
    }
    let refused = coding.result.not_billed[refused_from..].iter();
    let refused: Vec<u16> = refused.filter_map(|item| lines::refused_add_on(coding, item)).collect();
    if let (false, Some(&first)) = (refused.is_empty(), ranked.first()) {
        let number = visit.services[visit.courses[first].first].visit;
        what_if::offer_primary_reason(coding, &ids_of(visit, number), &candidates(visit, ranked), &refused);
    }
}

/// Whether a service that waits for a fact would be initial whatever else is known.
pub(super) fn is_held_back(
    coding: &Coding<'_>,
    visit: &Visit<'_>,
    group: usize,
    chosen: Option<usize>,
) -> bool {
    let decides = !uses_hierarchy(coding);
    let is_named = |service: &Service| decides && visit.reasons().any(|reason| reason.index == service.index);
    held(visit, group).any(|service| {
        let is_reason = is_named(service);
        let outranks = chosen.is_none_or(|course| {
            let course = &visit.courses[course];
            (service.family, Technique::Infusion) > (course.family, course.technique)
        });
        let reason_is_known =
            chosen.is_some_and(|course| visit.members(course).any(|(_, member)| is_named(member)));
        is_reason || outranks && !reason_is_known
    })
}
