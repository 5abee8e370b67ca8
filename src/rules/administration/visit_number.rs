//! Which visit an administration belongs to: a stated number counts within its date (rules INIT-6, INIT-8).

use smallvec::SmallVec;

use super::access::{INIT_6, INIT_8};
use super::bags::CHANGE_SECONDS;
use super::visit::{Kind, SERVICES_INLINE, Service, Visit};
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::domain::time::Date;
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};

/// The number of a visit where none is stated.
const FIRST: u32 = 1;

/// Visits of a request that are held without an allocation.
const VISITS_INLINE: usize = 4;

/// What is known of a visit so far, from its services in order of time.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    number: u32,
    first: Date,
    last: Date,
    /// The last second at which something of it ran.
    stop: Option<i64>,
    /// The first administration of it in the record.
    index: u16,
}

impl Stretch {
    fn new(visit: &Visit<'_>, number: u32, service: &Service) -> Self {
        let date = visit.date(service);
        Self { number, first: date, last: date, stop: stop(visit, service), index: service.index }
    }

    fn add(&mut self, visit: &Visit<'_>, service: &Service) {
        self.last = self.last.max(visit.date(service));
        self.stop = self.stop.max(stop(visit, service));
    }

    /// Whether the visit is still going on when a later service of its number begins.
    fn reaches(&self, visit: &Visit<'_>, service: &Service) -> bool {
        let date = visit.date(service);
        let runs_on = |stop: i64| {
            let flows_on = service.flow.start.is_some_and(|start| start <= stop + CHANGE_SECONDS);
            flows_on || stop > visit.clock.seconds(date.at(0, 0, 0, 0))
        };
        date <= self.last || self.stop.is_some_and(runs_on)
    }
}

type Stretches = SmallVec<[Stretch; VISITS_INLINE]>;

/// Gives every service its visit, and says where the numbers cannot be as the record has them.
pub(super) fn assign(coding: &mut Coding<'_>, visit: &mut Visit<'_>) {
    let states_numbers = visit.encounter.administrations.iter().any(|one| one.visit_number.is_some());
    if states_numbers && !visit.is_one_day {
        count_within_dates(coding, visit);
    }
    if !visit.is_one_day && !visit.encounter.setting.is_facility() {
        report_unnumbered_days(coding, visit);
    }
    if states_numbers {
        report_overlap(coding, visit);
    }
}

/// Begins a new visit where a number is stated again on a later date that the former visit does not reach.
fn count_within_dates(coding: &mut Coding<'_>, visit: &mut Visit<'_>) {
    let mut stretches = Stretches::new();
    let mut places: SmallVec<[(usize, usize); SERVICES_INLINE]> = SmallVec::new();
    let stated = |at: &usize| visit.administration(&visit.services[*at]).visit_number;
    for at in in_time(visit).into_iter().filter(|at| stated(at).is_some()) {
        let (service, number) = (&visit.services[at], stated(&at).unwrap_or(FIRST));
        let known = stretches.iter().rposition(|one| one.number == number && one.reaches(visit, service));
        places.push((at, place(visit, &mut stretches, known, service, number)));
    }
    // What names no visit goes with the first visit of its day, or with the one that began before.
    for at in in_time(visit).into_iter().filter(|at| stated(at).is_none()) {
        let service = &visit.services[at];
        let date = visit.date(service);
        let began = stretches.iter().enumerate().filter(|(_, one)| one.number == FIRST && one.first <= date);
        let known = began.max_by_key(|(_, one)| one.first).map(|(known, _)| known);
        places.push((at, place(visit, &mut stretches, known, service, FIRST)));
    }
    if visit.encounter.setting.is_facility() {
        report_repeated_numbers(coding, &stretches);
    }
    for (at, own) in places {
        let order = |one: &Stretch| (one.first, one.number);
        let before = stretches.iter().filter(|one| order(one) < order(&stretches[own])).count();
        // A request has far fewer administrations than a number of this width counts.
        visit.services[at].visit = FIRST + before as u32;
    }
}

/// Adds a service to a visit, or begins one, and tells which.
fn place(
    visit: &Visit<'_>,
    stretches: &mut Stretches,
    known: Option<usize>,
    service: &Service,
    number: u32,
) -> usize {
    let Some(known) = known else {
        stretches.push(Stretch::new(visit, number, service));
        return stretches.len() - 1;
    };
    stretches[known].add(visit, service);
    known
}

/// The places of the services in order of their dates and times.
fn in_time(visit: &Visit<'_>) -> SmallVec<[usize; SERVICES_INLINE]> {
    let mut places: SmallVec<[usize; SERVICES_INLINE]> = (0..visit.services.len()).collect();
    places.sort_by_key(|at| (visit.date(&visit.services[*at]), visit.services[*at].flow.start, *at));
    places
}

/// When a service that keeps the patient in the visit stops; what a pump gives runs on without it.
fn stop(visit: &Visit<'_>, service: &Service) -> Option<i64> {
    let is_carried = matches!(service.kind, Kind::PumpStart | Kind::OnBodyInjector)
        || service.kind == Kind::ArterialInfusion && visit.administration(service).pump.is_some();
    if is_carried { service.flow.start } else { service.flow.stop.or(service.flow.start) }
}

/// Warns a hospital whose numbers may mean one stay, for a stay over several dates is one encounter.
///
/// A date that counts a second visit shows that its numbers are those of the day.
fn report_repeated_numbers(coding: &mut Coding<'_>, stretches: &[Stretch]) {
    let counts_visits = stretches.iter().any(|one| one.number > FIRST);
    for one in stretches {
        let is_again = stretches.iter().any(|other| other.number == one.number && other.first < one.first);
        let has_first = stretches.iter().any(|other| other.number == FIRST && other.first == one.first);
        if !is_again || counts_visits && has_first {
            continue;
        }
        let facts = [
            fact::given("number", Value::Count(i64::from(one.number))),
            fact::given("date", Value::Date(one.first)),
        ];
        let field = Field::Administration(one.index, "visitNumber");
        let text = "Visit number {number} is stated again on {date}, where the former visit of that number is over, so it counts as a separate visit of that date. Leave the numbers out where the patient stayed.";
        coding.find(Severity::Warn, Reason::DocumentationGap, field, &INIT_6, text, &facts);
    }
}

/// Warns where several days of an office are one encounter only because nothing numbers its visits.
fn report_unnumbered_days(coding: &mut Coding<'_>, visit: &Visit<'_>) {
    let mut stretches = Stretches::new();
    for at in in_time(visit) {
        let service = &visit.services[at];
        if service.kind == Kind::Settled {
            continue;
        }
        let Some(known) = stretches.iter().position(|one| one.number == service.visit) else {
            stretches.push(Stretch::new(visit, service.visit, service));
            continue;
        };
        if !stretches[known].reaches(visit, service) {
            let facts = [
                fact::given("day", Value::Date(visit.date(service))),
                fact::given("first", Value::Date(stretches[known].first)),
            ];
            let field = Field::Administration(service.index, "visitNumber");
            let text = "This was given on {day}, and nothing tells its visit from that of {first}: days without visit numbers are coded as one encounter with one initial service. A patient who came back has a visit of each day, so state the visit numbers.";
            coding.find(Severity::Warn, Reason::DocumentationGap, field, &INIT_8, text, &facts);
            return;
        }
        stretches[known].add(visit, service);
    }
}

/// Warns of separate visits that overlap, for a patient who left is not there.
fn report_overlap(coding: &mut Coding<'_>, visit: &Visit<'_>) {
    // The visits, each with its first and last second and the administration that begins it.
    let mut spans: SmallVec<[(u32, i64, i64, u16); VISITS_INLINE]> = SmallVec::new();
    for service in visit.services.iter().filter(|service| service.kind != Kind::Settled) {
        let Some(start) = service.flow.start else { continue };
        let stop = stop(visit, service).unwrap_or(start);
        match spans.iter_mut().find(|(number, ..)| *number == service.visit) {
            Some((_, first, last, index)) => {
                if start < *first {
                    (*first, *index) = (start, service.index);
                }
                *last = stop.max(*last);
            }
            None => spans.push((service.visit, start, stop, service.index)),
        }
    }
    spans.sort_by_key(|(number, start, ..)| (*start, *number));
    for at in 1..spans.len() {
        let (_, start, _, index) = spans[at];
        let is_there = |(_, first, last, _): &&(u32, i64, i64, u16)| start < *last || start == *first;
        let Some((.., other)) = spans[..at].iter().find(is_there) else { continue };
        let facts = [fact::derived("other", Value::Of(Field::Administration(*other, "")))];
        let field = Field::Administration(index, "visitNumber");
        let text = "This visit begins before the one that {other} began is over, so the two are no separate visits as the times have them. Correct the times or the visit numbers.";
        coding.find(Severity::Warn, Reason::ContradictoryTimes, field, &INIT_6, text, &facts);
    }
}
