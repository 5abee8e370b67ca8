//! Courses: everything given of one drug, or one mixture, through one access line (rules SEQ-4, REP-5).

use super::concurrency::{self, Overlap};
use super::hydration;
use super::initial;
use super::overlap;
use super::visit::{Course, Family, Kind, Rank, Segments, Service, Technique, Visit};
use crate::catalog::formulary::DrugFacts;
use crate::domain::drug::{DrugClass, DrugGiven};
use crate::domain::encounter::Administration;
use crate::engine::Coding;
use crate::engine::trail::{Subject, Value, fact};
use crate::policy::parameters::{ConcurrentChemo, SameDrugInfusions};
use crate::rules::{Rule, classify, identity, rule};

rule! {
    pub static SEQ_4: "SEQ-4", "Drugs in one bag are one administration",
    basis: Secondary, cites: ["JOP08", "AAPC-SIM"],
    says: "Several drugs mixed in one bag or syringe are one infusate and one administration; there is no concurrent code for them. Each drug's own code is still billed.",
    why: "One bag is hung and watched, whatever is in it.",
    example: "Palonosetron and dexamethasone in one bag over 30 minutes are one infusion.",
    exceptions: "None.",
}

rule! {
    pub static REP_5: "REP-5", "A test dose is the same drug",
    basis: Inferred, cites: ["PTP"],
    says: "A test dose and the full dose of one drug are one drug: they never make two initial services.",
    why: "One initial service an encounter (INIT-1), and the two codes are a pair in the tables of NCCI.",
    example: "A test dose of iron pushed before its infusion leaves the infusion as the initial service.",
    exceptions: "A hospital may report the push as a repeated one after more than 30 minutes (REP-2).",
}

pub(super) static RULES: &[&Rule] = &[&SEQ_4, &REP_5];

/// Gathers the services of each access line into courses.
pub(super) fn gather<'a>(coding: &mut Coding<'a>, visit: &mut Visit<'a>) {
    let are_single = complete_single_drugs(coding, visit);
    let with_hydration = [Kind::Infusion, Kind::Push, Kind::Hydration];
    let kinds = if visit.admitted.has(Kind::Hydration) { &with_hydration[..] } else { &with_hydration[..2] };
    for &kind in kinds {
        for at in 0..visit.services.len() {
            if visit.services[at].kind == kind {
                join(coding, visit, at, are_single);
            }
        }
    }
    if *coding.policy.administration.same_drug_infusions == SameDrugInfusions::SumPerDate {
        let break_minutes = *coding.policy.administration.repeat_push_after_minutes;
        lengthen_short_infusions(visit, break_minutes * 60);
    }
    for service in &visit.services {
        let Some(course) = visit.courses.get_mut(service.course) else { continue };
        if course.family != Family::Hydration && service.kind == kind_of(course.technique) {
            course.seconds += service.flow.seconds;
        }
    }
    for course in 0..visit.courses.len() {
        if visit.courses[course].family == Family::Hydration {
            let (seconds, is_reportable) = hydration::reportable(coding, visit, course);
            visit.courses[course].seconds = seconds;
            visit.courses[course].is_reportable = is_reportable;
        }
        visit.courses[course].rank = initial::rank(coding, visit, &visit.courses[course]);
    }
}

const fn kind_of(technique: Technique) -> Kind {
    match technique {
        Technique::Infusion => Kind::Infusion,
        Technique::Push => Kind::Push,
    }
}

/// What the table of drugs has of the one drug of an administration, where its code is stated.
pub(super) fn single_drug<'a>(coding: &Coding<'a>, administration: &Administration) -> Option<&'a DrugFacts> {
    let [drug] = administration.drugs.as_slice() else { return None };
    coding.catalog.formulary.drug(drug.code?)
}

/// Adds the single drugs whose code an NDC tells; reports whether every administration gave a single drug.
fn complete_single_drugs<'a>(coding: &Coding<'a>, visit: &mut Visit<'a>) -> bool {
    let mut are_all = true;
    for (known, administration) in visit.single_drugs.iter_mut().zip(&visit.encounter.administrations) {
        if let (None, [drug]) = (&known, administration.drugs.as_slice()) {
            *known = identity::listed(coding, drug);
        }
        are_all &= known.is_some();
    }
    are_all
}

/// Adds a service to the course of its drug, or begins one.
fn join(coding: &mut Coding<'_>, visit: &mut Visit<'_>, at: usize, are_single: bool) {
    let service = &visit.services[at];
    let (index, family, group) = (service.index, service.family, service.group);
    let technique = if service.kind == Kind::Push { Technique::Push } else { Technique::Infusion };
    let administration = visit.administration(service);
    let single = visit.single_drug(service);
    let known = known_course(coding, visit, at, single);
    // Single drugs were compared already.
    let known = known.or_else(|| if are_single { None } else { mixed_before(coding, visit, at) });
    if administration.drugs.len() > 1 {
        let drugs = fact::given("drugs", Value::Count(administration.drugs.len() as i64));
        let text = "{drugs} drugs went together and are one administration.";
        coding.result.trail.fired(&SEQ_4, Subject::Administration(index), text, &[drugs]);
    }
    visit.services[at].course = known.unwrap_or(visit.courses.len());
    match known {
        Some(place) => {
            let course = &mut visit.courses[place];
            course.family = course.family.max(family);
            course.members += 1;
        }
        None => visit.courses.push(Course {
            group,
            drug: single,
            family,
            technique,
            first: at,
            members: 1,
            seconds: 0,
            rank: Rank::default(),
            is_reportable: true,
        }),
    }
}

/// The course that a service goes on with; every service is compared with all courses before it, so this is apart from
/// what is done once.
#[inline(never)]
fn known_course(
    coding: &Coding<'_>,
    visit: &Visit<'_>,
    at: usize,
    single: Option<&DrugFacts>,
) -> Option<usize> {
    let service = &visit.services[at];
    let is_hydration = service.kind == Kind::Hydration;
    let goes_on = |course: &Course<'_>| match (single, course.drug) {
        (Some(one), Some(other)) => identity::is_one_drug(one, other),
        _ => is_given_again(coding, visit, service, &visit.services[course.first]),
    };
    visit.courses.iter().enumerate().position(|(place, course)| {
        course.group == service.group
            && (course.family == Family::Hydration) == is_hydration
            && (is_hydration || goes_on(course) && !runs_beside(coding, visit, at, place))
    })
}

/// The course that a mixture goes on with where each of its drugs was given through the line before, by whatever bags:
/// only a drug that is new makes a new service (rules REP-1, REP-4).
fn mixed_before(coding: &Coding<'_>, visit: &Visit<'_>, at: usize) -> Option<usize> {
    let service = &visit.services[at];
    let given = visit.administration(service);
    let before = || {
        visit.services[..at].iter().filter(|other| other.group == service.group && other.course != usize::MAX)
    };
    let is_single = |service: &Service| visit.single_drug(service).is_some();
    if service.kind == Kind::Hydration || is_single(service) && before().all(is_single) {
        return None;
    }
    let holds = |other: &Service, drug: &DrugGiven| {
        visit.administration(other).drugs.iter().any(|candidate| identity::is_same(coding, drug, candidate))
    };
    let mut own = given.drugs.iter().filter(|drug| !is_carrier(coding, drug, given)).peekable();
    let first = *own.peek()?;
    own.all(|drug| before().any(|other| holds(other, drug))).then_some(())?;
    // The hours of one family are none of the other's, though the mixture held both.
    let is_of_family = |other: &Service| visit.courses[other.course].family == service.family;
    let leading = before().find(|other| {
        holds(other, first) && is_of_family(other) && !runs_beside(coding, visit, at, other.course)
    });
    leading.map(|other| other.course)
}

/// Whether a service gives what an earlier one gave; a push may give one drug of a mixture.
fn is_given_again(coding: &Coding<'_>, visit: &Visit<'_>, service: &Service, earlier: &Service) -> bool {
    let (one, other) = (visit.administration(service), visit.administration(earlier));
    is_contained(coding, one, other) && (service.kind == Kind::Push || is_contained(coding, other, one))
}

/// Whether two infusions of one chemotherapy drug are concurrent and so count apart (row G-13); a small overlap leaves
/// one course, whose minutes are added.
fn runs_beside(coding: &Coding<'_>, visit: &Visit<'_>, at: usize, course: usize) -> bool {
    let service = &visit.services[at];
    if *coding.policy.administration.concurrent_chemo != ConcurrentChemo::ProlongedStart
        || service.family != Family::Chemotherapy
        || service.kind != Kind::Infusion
    {
        return false;
    }
    let is_part = |other: &Service| other.course == course && other.kind == Kind::Infusion;
    let parts = || visit.services.iter().filter(|other| is_part(other));
    let overlap = Overlap {
        own: service.flow.seconds,
        alone: overlap::alone(visit, service, &mut Segments::new(), is_part),
        is_declared: parts().any(|part| overlap::is_declared(visit, service, part)),
        is_said: parts().any(|part| visit.are_together(service.index, part.index)),
    };
    concurrency::holds(coding, &overlap)
}

/// A short infusion of a drug that also ran longer on the same date is part of that infusion, unless a break lies
/// between the two: a bag that stands alone is a push (rule TIME-1). Chemotherapy has no code for a drug that is pushed
/// again, and its minutes count after any break, as after a reaction (rules TIME-6, REP-4).
fn lengthen_short_infusions(visit: &mut Visit<'_>, break_seconds: i64) {
    for at in 0..visit.services.len() {
        let service = &visit.services[at];
        let (course, day) = (service.course, || visit.date(service));
        let is_chemotherapy = service.family == Family::Chemotherapy;
        let is_short_infusion = service.kind == Kind::Push
            && service.flow.seconds > 0
            && visit.administration(service).route == Some(crate::domain::encounter::Route::IvInfusion)
            && visit.administration(service).attended_throughout != Some(true);
        let joins = is_short_infusion
            && visit.members(course).any(|(_, other)| {
                other.kind == Kind::Infusion
                    && visit.date(other) == day()
                    && (is_chemotherapy
                        || seconds_between(service, other).is_none_or(|seconds| seconds <= break_seconds))
            });
        if joins {
            visit.services[at].kind = Kind::Infusion;
            let first = visit.courses[course].first;
            visit.courses[course].first = first.min(at);
        }
    }
}

/// Seconds from the end of one service to the start of the other; nothing where a clock time is not known.
fn seconds_between(one: &Service, other: &Service) -> Option<i64> {
    let (one, other) = (one.flow, other.flow);
    Some((one.start? - other.stop?).max(other.start? - one.stop?).max(0))
}

/// Whether every drug of one administration was also in another; carrier fluid does not count.
fn is_contained(coding: &Coding<'_>, one: &Administration, other: &Administration) -> bool {
    let mut drugs = one.drugs.iter().filter(|drug| !is_carrier(coding, drug, one)).peekable();
    drugs.peek().is_some()
        && drugs.all(|drug| other.drugs.iter().any(|candidate| identity::is_same(coding, drug, candidate)))
}

fn is_carrier(coding: &Coding<'_>, drug: &DrugGiven, administration: &Administration) -> bool {
    let known = || classify::known_class(coding, drug).map(|(class, _)| class);
    administration.drugs.len() > 1 && drug.class.or_else(known) == Some(DrugClass::Hydration)
}

/// Whether two administrations gave the same drug, or the same mixture.
pub(super) fn is_same(coding: &Coding<'_>, visit: &Visit<'_>, one: &Service, other: &Service) -> bool {
    let (one, other) = (visit.administration(one), visit.administration(other));
    is_contained(coding, one, other) && is_contained(coding, other, one)
}
