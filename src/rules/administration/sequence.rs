//! Infusions after the initial one: sequential, concurrent or more hours (rules SEQ-*, CONC-*, REP-4).

use smallvec::SmallVec;

use super::concurrency::{Overlap, is_concurrent};
use super::infusion_time::{self, TIME_2};
use super::lines::{self, Place};
use super::overlap;
use super::visit::{Course, Courses, Family, Kind, Segments, Service, Technique, Visit};
use crate::domain::code::HcpcsCode;
use crate::domain::field::Field;
use crate::domain::finding::{Finding, Reason, Severity};
use crate::engine::Coding;
use crate::engine::trail::{Subject, Value, fact};
use crate::policy::parameters::{ConcurrentChemo, FamilyCodes, SameDrugInfusions};
use crate::rules::{Rule, Status, rule};

rule! {
    pub static SEQ_1: "SEQ-1", "A further therapeutic drug is sequential once",
    basis: Primary, cites: ["AOC"],
    says: "Each new drug or mixture that is infused before or after the initial service through the same access earns one sequential code; its further hours are additional hours.",
    why: "A new drug means new preparation and a new start; its second hour does not.",
    example: "Mannitol after cisplatin is one sequential infusion.",
    exceptions: "A drug that was given already is never sequential (REP-4), nor is a mixture whose drugs were all given already.",
}

rule! {
    pub static SEQ_2: "SEQ-2", "A further chemotherapy drug is sequential once",
    basis: Primary, cites: ["AOC"],
    says: "Each new chemotherapy drug earns one sequential code, and its further hours the additional hours of chemotherapy. The table of CMS lets the sequential code follow the initial chemotherapy infusion only.",
    why: "It is an addition to chemotherapy that was infused, and to nothing else.",
    example: "Cisplatin over 93 minutes and gemcitabine over 160: initial, three additional hours, one sequential.",
    exceptions: "Where a chemotherapy push is initial in an office, an infused one has no clean code, and a finding says so.",
}

rule! {
    pub static CHM_3: "CHM-3", "Chemotherapy by vein has its own codes",
    basis: Primary, cites: ["AOC"],
    says: "Chemotherapy and complex drugs have an initial and an additional push, a first hour, further hours and a sequential code. Their further hours follow the initial infusion only.",
    why: "The family pays for preparation and watching that other drugs do not need.",
    example: "Bortezomib pushed alone is the initial chemotherapy push.",
    exceptions: "None.",
}

rule! {
    pub static CHM_12: "CHM-12", "Premedication is therapeutic",
    basis: Secondary, cites: ["AAPC-SIM", "AAPC-SEQ", "MIAMI-OBC"],
    status: Status::Informational,
    says: "Antiemetics, steroids, antihistamines, mesna and leucovorin beside chemotherapy take the therapeutic codes.",
    why: "They treat what the chemotherapy does to the patient, and are no chemotherapy.",
    example: "Ondansetron infused before cyclophosphamide is one sequential infusion.",
    exceptions: "One hospital does not report what the protocol of a transfusion asks for; such a drug before a transfusion keeps its line with a finding.",
}

rule! {
    pub static CONC_1: "CONC-1", "One concurrent service an encounter",
    basis: Primary, cites: ["MUE", "HAU1", "JOP08"],
    says: "A therapeutic drug in its own bag that runs together with another infusion through the same access is concurrent: once an encounter, without hours. A third drug at the same time is not reported.",
    why: "The unit limit of one is for the whole date, so a second visit of a date that has one too passes it, and a finding says so.",
    example: "Leucovorin beside oxaliplatin is one concurrent service, however long it runs.",
    exceptions: "Drugs in one bag are one administration (SEQ-4).",
}

rule! {
    pub static CONC_3: "CONC-3", "Concurrent chemotherapy has no code",
    basis: Secondary, cites: ["AAPC-CONC", "AAPC-SIM"],
    says: "No code describes a chemotherapy drug that runs together with another one. The unlisted chemotherapy code is reported, or nothing, as the policy says.",
    why: "The concurrent code is for therapeutic drugs, and the pump code is for starting a pump.",
    example: "Two chemotherapy bags over the same hour: the initial infusion and the unlisted code.",
    exceptions: "The 2026 guide uses the pump start code, which will be denied (row G-13), unless a pump was started, whose code it is. Beside a therapeutic initial service of an office chemotherapy has no code either (SEQ-2), and the reason of the visit is asked for.",
}

rule! {
    pub static CONC_5: "CONC-5", "How much overlap makes an infusion concurrent",
    basis: Secondary, cites: ["ML-0131", "SC-OVL", "HC-15", "HAU2"],
    says: "The minutes that overlap a higher-ranked infusion are deducted. When no more than a push is left the infusion is concurrent; otherwise it is sequential, with the minutes left.",
    why: "Sources disagree, so the choice is a switch (D-3): deduct, majority, sixteen minutes, or any overlap.",
    example: "Famotidine from 13:10 to 13:30 beside paclitaxel from 13:26 keeps 16 minutes and is sequential.",
    exceptions: "Pushes and injections are never concurrent (CONC-6). The record's word that two services ran together stands where clock times are missing, and where there is no word either, infusions count as one after the other and a finding asks; where they are known they count, and a word against them is a finding. Where the record says so and the clock shows it for most of the minutes, the infusion is concurrent.",
}

rule! {
    pub static REP_4: "REP-4", "Several infusions of one drug",
    basis: Secondary, cites: ["ML-OBS", "RCA-SAME"],
    says: "A drug that is infused several times has one first hour. The minutes of a date are added, or each later period counts by itself, as the policy says; it is never sequential again.",
    why: "The sequential code asks for a new drug.",
    example: "An antibiotic over 45 minutes twice a day is 90 minutes: the first hour and no more.",
    exceptions: "Switch D-2 counts each period of more than 30 minutes as an additional hour.",
}

pub(super) static RULES: &[&Rule] = &[&SEQ_1, &SEQ_2, &CHM_3, &CHM_12, &CONC_1, &CONC_3, &CONC_5, &REP_4];

/// The codes of a family; hydration has its own rules.
pub(super) fn codes<'a>(coding: &Coding<'a>, family: Family) -> &'a FamilyCodes {
    match family {
        Family::Chemotherapy => &coding.policy.administration.chemotherapy_codes,
        Family::Therapeutic | Family::Hydration => &coding.policy.administration.therapeutic_codes,
    }
}

/// Codes the infusions of an access line, the highest rank first; overlaps count against those before.
pub(super) fn infusions(coding: &mut Coding<'_>, visit: &Visit<'_>, ranked: &[usize], initial: usize) {
    let mut pieces = Segments::new();
    let mut running = Courses::new();
    let mut concurrent = Courses::new();
    for &course in ranked {
        let Course { family, technique, seconds: own, .. } = visit.courses[course];
        if family == Family::Hydration || technique == Technique::Push {
            continue;
        }
        // Chemotherapy is concurrent with chemotherapy only (rule CONC-3).
        let counts = |other: &Service| {
            let is_counted = || {
                family != Family::Chemotherapy || visit.courses[other.course].family == Family::Chemotherapy
            };
            running.contains(&other.course) && is_counted()
        };
        // What runs alone needs no comparing.
        let is_alone = running.is_empty() && visit.courses[course].members == 1;
        let mut left = |service: &Service| {
            if is_alone {
                return service.flow.seconds;
            }
            overlap::alone(visit, service, &mut pieces, |other| {
                let is_earlier_part = other.course == course && overlap::is_earlier(other, service);
                other.kind == Kind::Infusion && (is_earlier_part || counts(other))
            })
        };
        let (mut parts, mut alone) = (Parts::new(), 0);
        for service in infused(visit, course) {
            let seconds = left(service);
            parts.push((service, seconds));
            alone += seconds;
        }
        let others = visit.services.iter().filter(|other| other.kind == Kind::Infusion && counts(other));
        // Without any word of the record nothing more need be looked at.
        let told = |is_so: fn(&Visit<'_>, &Service, &Service) -> bool| {
            let mut others = others.clone();
            !visit.together.is_empty()
                && others.any(|other| infused(visit, course).any(|service| is_so(visit, service, other)))
        };
        let is_declared = told(overlap::is_declared);
        let is_said = told(|visit, service, other| visit.are_together(service.index, other.index));
        let overlap = Overlap { own, alone, is_declared, is_said };
        if course != initial && is_concurrent(coding, visit, course, overlap) {
            concurrent.push(course);
            continue;
        }
        bill_hours(coding, visit, course, course == initial, &periods(coding, visit, parts));
        running.push(course);
    }
    for course in concurrent {
        bill_concurrent(coding, visit, course);
    }
}

fn infused<'a>(visit: &'a Visit<'_>, course: usize) -> impl Iterator<Item = &'a Service> {
    visit.members(course).map(|(_, service)| service).filter(|service| service.kind == Kind::Infusion)
}

/// Parts of a course that are held without an allocation; a drug is seldom infused more often in a visit.
const PARTS_INLINE: usize = 4;

/// Services of a course, each with seconds of flow.
pub(super) type Parts<'v> = SmallVec<[(&'v Service, i64); PARTS_INLINE]>;

/// The parts of a flow, each with the seconds that no earlier part shares.
pub(super) fn parts_alone<'v>(visit: &'v Visit<'_>, parts: &[&'v Service]) -> Parts<'v> {
    let mut pieces = Segments::new();
    let seconds = |service: &&'v Service| {
        let seconds = overlap::alone(visit, service, &mut pieces, |other| {
            parts.iter().any(|part| part.index == other.index) && overlap::is_earlier(other, service)
        });
        (*service, seconds)
    };
    parts.iter().map(seconds).collect()
}

/// The periods of a course that count apart (switch D-2), each with its leading service, from the seconds
/// that its parts ran alone.
pub(super) fn periods<'v>(coding: &Coding<'_>, visit: &Visit<'_>, parts: Parts<'v>) -> Parts<'v> {
    let is_summed = *coding.policy.administration.same_drug_infusions == SameDrugInfusions::SumPerDate;
    if parts.len() == 1 {
        return parts;
    }
    let mut periods = Parts::new();
    for (service, seconds) in parts {
        match periods.last_mut() {
            Some((first, sum)) if is_one_period(visit, is_summed, first, service) => *sum += seconds,
            _ => periods.push((service, seconds)),
        }
    }
    periods
}

/// Whether the minutes of two parts of a course count together: in one flow, or on one date where they are added.
fn is_one_period(visit: &Visit<'_>, is_summed: bool, first: &Service, service: &Service) -> bool {
    first.first_bag == service.first_bag || is_summed && visit.date(first) == visit.date(service)
}

/// Names the other parts of a period on the line of hours that their minutes earned.
pub(super) fn name_parts<'v>(
    coding: &mut Coding<'_>,
    visit: &Visit<'_>,
    leading: &Service,
    parts: impl Iterator<Item = &'v Service>,
    code: HcpcsCode,
) {
    let is_summed = *coding.policy.administration.same_drug_infusions == SameDrugInfusions::SumPerDate;
    let is_further = |part: &&Service| part.index != leading.index;
    for part in parts.filter(is_further).filter(|part| is_one_period(visit, is_summed, leading, part)) {
        lines::name(coding, visit, part, leading.index, code);
    }
}

/// Bills the first hour of a course and all additional ones.
fn bill_hours(
    coding: &mut Coding<'_>,
    visit: &Visit<'_>,
    course: usize,
    is_initial: bool,
    periods: &[(&Service, i64)],
) {
    let family = visit.courses[course].family;
    let codes = codes(coding, family);
    let Some(&(first, seconds)) = periods.first() else { return };
    let subject = Subject::Administration(first.index);
    let (code, place) =
        if is_initial { (codes.infusion, Place::Initial) } else { (codes.sequential, Place::AddOn) };
    let facts = [fact::derived("minutes", Value::Minutes(seconds / 60))];
    if is_initial {
        let text = "The initial infusion, {minutes} minutes, takes the first-hour code.";
        coding.result.trail.fired(&TIME_2, subject, text, &facts);
    } else {
        let rule = if family == Family::Chemotherapy { &SEQ_2 } else { &SEQ_1 };
        let text = "A further drug, {minutes} minutes, takes the sequential code once.";
        coding.result.trail.fired(rule, subject, text, &facts);
    }
    if !lines::bill(coding, visit, first, code, 1, place) {
        for service in infused(visit, course).filter(|service| service.index != first.index) {
            lines::refuse(coding, service, code);
        }
        return;
    }
    let shortest = *coding.policy.administration.additional_hour_after_minutes + 1;
    for (at, &(service, seconds)) in periods.iter().enumerate() {
        let minutes = seconds / 60;
        let hours = if at == 0 {
            infusion_time::additional_hours(minutes, &coding.policy.administration)
        } else {
            infusion_time::later_hours(minutes, shortest, &coding.policy.administration)
        };
        infusion_time::note_hours(coding, Subject::Administration(service.index), minutes, hours);
        if hours > 0 {
            lines::bill(coding, visit, service, codes.hour, hours, Place::AddOn);
            name_parts(coding, visit, service, infused(visit, course), codes.hour);
        }
    }
    if visit.courses[course].members > 1 {
        name_others(coding, visit, course, first, code);
    }
}

/// Ties the further infusions of the drug to its lines, so that each administration is accounted for.
///
/// The first hour rests on the period that it leads, and on what earned no hour of its own.
fn name_others(coding: &mut Coding<'_>, visit: &Visit<'_>, course: usize, first: &Service, code: HcpcsCode) {
    let is_summed = *coding.policy.administration.same_drug_infusions == SameDrugInfusions::SumPerDate;
    for service in infused(visit, course).filter(|service| service.index != first.index) {
        note_same_drug(coding, service, first.index);
        if is_one_period(visit, is_summed, first, service) || !lines::is_on_line(coding, service.index) {
            lines::name(coding, visit, service, first.index, code);
        }
    }
}

/// Notes that an infusion counts with an earlier one of its drug.
pub(super) fn note_same_drug(coding: &mut Coding<'_>, service: &Service, first: u16) {
    let facts = [fact::derived("first", Value::Of(Field::Administration(first, "")))];
    let text = "The drug was infused before; its minutes count with those of {first}, and it takes no first hour of its own.";
    coding.result.trail.fired(&REP_4, Subject::Administration(service.index), text, &facts);
}

fn bill_concurrent(coding: &mut Coding<'_>, visit: &Visit<'_>, course: usize) {
    let Some(first) = infused(visit, course).next() else { return };
    if visit.courses[course].family == Family::Chemotherapy {
        return bill_concurrent_chemotherapy(coding, visit, course, first);
    }
    let codes = codes(coding, Family::Therapeutic);
    let Some(code) = codes.concurrent else { return };
    if lines::is_billed_in_encounter(coding, visit, first, code) {
        for service in infused(visit, course) {
            let text =
                "A further drug at the same time is not reported: the concurrent code is once an encounter.";
            coding.not_billed(Field::Administration(service.index, ""), &CONC_1, text, &[]);
        }
        return;
    }
    let subject = Subject::Administration(first.index);
    coding.result.trail.fired(&CONC_1, subject, "Concurrent: once an encounter, without hours.", &[]);
    let is_billed = lines::bill(coding, visit, first, code, 1, Place::AddOn);
    for service in infused(visit, course).filter(|service| service.index != first.index) {
        if is_billed {
            lines::name(coding, visit, service, first.index, code);
        } else {
            lines::refuse(coding, service, code);
        }
    }
}

/// Applies switch D-13.
fn bill_concurrent_chemotherapy(coding: &mut Coding<'_>, visit: &Visit<'_>, course: usize, first: &Service) {
    let switch = &coding.policy.administration.concurrent_chemo;
    let field = Field::Administration(first.index, "");
    let (code, severity, reason, text) = match **switch {
        ConcurrentChemo::Unlisted => (
            Some(coding.policy.administration.unlisted_codes.chemotherapy),
            Severity::Warn,
            Reason::NoCleanCode,
            "No code describes chemotherapy that runs together with chemotherapy: the unlisted code is reported, and many payers pay only the first drug.",
        ),
        ConcurrentChemo::DropSecondDrug => (
            None,
            Severity::Warn,
            Reason::NoCleanCode,
            "No code describes chemotherapy that runs together with chemotherapy: this policy reports the first drug only.",
        ),
        ConcurrentChemo::ProlongedStart => (
            Some(coding.policy.administration.pump_codes.prolonged_start),
            Severity::Warn,
            Reason::GuideDepartsFromAuthority,
            "The guide uses this code for concurrent chemotherapy. CPT keeps it for starting a pump infusion of more than 8 hours, so it will be denied; no code describes concurrent chemotherapy (CONC-3, CHM-4).",
        ),
    };
    // Of several drugs that ran beside the first it is said once.
    let is_of_visit = |field: Field| {
        let Field::Administration(index, _) = field else { return false };
        visit.services.iter().any(|service| service.index == index && service.visit == first.visit)
    };
    let is_told = |finding: &Finding| {
        finding.rule.id == CONC_3.id && finding.reason == reason && is_of_visit(finding.field)
    };
    if !coding.result.findings.iter().any(is_told) {
        coding.find(severity, reason, field, &CONC_3, text, &[]);
    }
    // The start of a pump has this code by right, wherever it stands among the services.
    let is_for_a_pump = |code: &HcpcsCode| {
        *code == coding.policy.administration.pump_codes.prolonged_start
            && visit.services.iter().any(|service| service.kind == Kind::PumpStart)
    };
    let code = code
        .filter(|code| !is_for_a_pump(code) && !lines::is_billed_in_encounter(coding, visit, first, *code));
    for service in infused(visit, course) {
        match code {
            Some(code) if service.index == first.index => {
                let text = "Chemotherapy together with chemotherapy has no code of its own.";
                coding.result.trail.fired(&CONC_3, Subject::Administration(first.index), text, &[]);
                lines::bill(coding, visit, service, code, 1, Place::Own);
            }
            Some(code) => lines::name(coding, visit, service, first.index, code),
            None => {
                let text = "Concurrent chemotherapy is not reported a second time.";
                coding.not_billed(Field::Administration(service.index, ""), &CONC_3, text, &[]);
            }
        }
    }
}
