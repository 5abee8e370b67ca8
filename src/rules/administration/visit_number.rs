//! Which visit an administration belongs to: a stated number counts within its date (rules INIT-6, INIT-8).

use std::cmp::Reverse;

use smallvec::SmallVec;

use super::access::{INIT_6, INIT_8};
use super::bags::CHANGE_SECONDS;
use super::order;
use super::pump;
use super::visit::{Kind, SERVICES_INLINE, Service, Visit};
use super::what_if;
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
    if states_numbers {
        let first = visit.services.first().map(|service| service.visit);
        visit.is_one_visit = visit.services.iter().all(|service| Some(service.visit) == first);
    }
    if !visit.is_one_day {
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
        // A second visit has a first one before it, of its date or of an earlier one where numbers run through dates.
        let has_first = |one: &Stretch| one.number == FIRST || stretches.iter().any(|o| o.first < one.first);
        let began = stretches.iter().enumerate().filter(|(_, one)| one.first <= date && has_first(one));
        let goes_on = |one: &Stretch| one.number == FIRST && one.last >= date;
        let known = began.max_by_key(|(_, one)| (goes_on(one), one.first, Reverse(one.number)));
        let known = known.map(|(known, _)| known);
        places.push((at, place(visit, &mut stretches, known, service, FIRST)));
    }
    let separate = numbers(visit, &stretches, &places, |own| own);
    let mut stays: SmallVec<[usize; VISITS_INLINE]> = (0..stretches.len()).collect();
    if visit.encounter.setting.is_facility() {
        join_stays(&stretches, &mut stays);
        let again = (0..stretches.len()).find(|own| stays[*own] != *own);
        let matters = again.is_some_and(|again| {
            let again = &stretches[again];
            let first = stretches.iter().map(|one| one.first).min().unwrap_or(again.first);
            !shows_stay(coding, visit, first, again.first)
                && what_if::ask_stay(coding, &INIT_6, again.index, &separate)
        });
        report_repeated(coding, &stretches, &stays, matters);
    }
    for ((at, _), (_, number)) in places.iter().zip(numbers(visit, &stretches, &places, |own| stays[own])) {
        visit.services[*at].visit = number;
    }
}

/// The number of each placed service, by its administration, where a stretch may belong to an earlier one.
fn numbers(
    visit: &Visit<'_>,
    stretches: &Stretches,
    places: &[(usize, usize)],
    visit_of: impl Fn(usize) -> usize,
) -> Vec<(u16, u32)> {
    let order = |one: usize| (stretches[one].first, stretches[one].number);
    let number = |&(at, own): &(usize, usize)| {
        let own = order(visit_of(own));
        let begun = (0..stretches.len()).filter(|other| visit_of(*other) == *other && order(*other) < own);
        // A request has far fewer administrations than a number of this width counts.
        (visit.services[at].index, FIRST + begun.count() as u32)
    };
    places.iter().map(number).collect()
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
    let time = |service: &Service| (visit.date(service), service.flow.start);
    places.sort_by(|one, other| {
        let (one, other) = (&visit.services[*one], &visit.services[*other]);
        time(one).cmp(&time(other)).then_with(|| order::compare(visit, one, other))
    });
    places
}

/// When a service that keeps the patient in the visit stops; what a pump gives runs on without it.
fn stop(visit: &Visit<'_>, service: &Service) -> Option<i64> {
    let is_carried = matches!(service.kind, Kind::PumpStart | Kind::OnBodyInjector)
        || service.kind == Kind::ArterialInfusion && visit.administration(service).pump.is_some();
    if is_carried { service.flow.start } else { service.flow.stop.or(service.flow.start) }
}

/// Lets a hospital's visit go on where its number is stated again on the next date, for a stay over several dates is
/// one encounter.
fn join_stays(stretches: &Stretches, stays: &mut [usize]) {
    for (at, former) in repeated(stretches) {
        if follows(stretches[former].last, stretches[at].first) {
            stays[at] = stays[former];
        }
    }
}

/// The visits whose number was stated on an earlier date, each with the former one of that number, in order of time.
///
/// A date that counts a second visit shows that its numbers are those of the day.
fn repeated(stretches: &Stretches) -> SmallVec<[(usize, usize); VISITS_INLINE]> {
    let counts_visits = stretches.iter().any(|one| one.number > FIRST);
    let mut by_date: SmallVec<[usize; VISITS_INLINE]> = (0..stretches.len()).collect();
    by_date.sort_by_key(|at| stretches[*at].first);
    let former = |at: &usize| {
        let one = &stretches[*at];
        let has_first = stretches.iter().any(|other| other.number == FIRST && other.first == one.first);
        let is_former =
            |other: &usize| stretches[*other].first < one.first && stretches[*other].number == one.number;
        let former = by_date.iter().copied().rfind(is_former)?;
        (!(counts_visits && has_first)).then_some((*at, former))
    };
    by_date.iter().filter_map(former).collect()
}

/// Says how a number that is stated again is read; where the reading decides the lines, those that it decides wait
/// for the answer to the question.
fn report_repeated(coding: &mut Coding<'_>, stretches: &Stretches, stays: &[usize], matters: bool) {
    for (at, _) in repeated(stretches) {
        let one = &stretches[at];
        let facts = [
            fact::given("number", Value::Count(i64::from(one.number))),
            fact::given("date", Value::Date(one.first)),
        ];
        let goes_on = stays[at] != at;
        let text = if goes_on {
            "Visit number {number} is stated again on {date}, and a stay of a hospital over several dates is one encounter, so it is taken to go on. State the observation service of the stay where the patient stayed; number the visits through all dates where the patient left."
        } else {
            "Visit number {number} is stated again on {date}, where the former visit of that number is over, so it counts as a separate visit of that date. Leave the numbers out where the patient stayed."
        };
        let severity = if goes_on && matters { Severity::Block } else { Severity::Warn };
        let field = Field::Administration(one.index, "visitNumber");
        coding.find(severity, Reason::DocumentationGap, field, &INIT_6, text, &facts);
    }
}

/// Whether a date is the next one after another, or the same.
fn follows(last: Date, first: Date) -> bool {
    last.tomorrow().map_or(true, |next| first <= next)
}

/// Whether a hospital's visit may go on with a service of its last date or the next one: not where so many hours lie
/// between that the patient may have slept at home, and neither a number nor a service of the claim tells.
fn may_stay(coding: &Coding<'_>, visit: &Visit<'_>, own: &Stretch, service: &Service) -> bool {
    let night = i64::from(*coding.policy.administration.hospital_night_hours) * 60 * 60;
    let apart = own.stop.zip(service.flow.start).map(|(stop, start)| start - stop);
    let is_told = || {
        visit.administration(service).visit_number.is_some()
            || shows_stay(coding, visit, own.first, visit.date(service))
    };
    follows(own.last, visit.date(service)) && (apart.is_none_or(|apart| apart < night) || is_told())
}

/// Whether a service of the claim, within these dates or without one, shows that the patient stayed.
fn shows_stay(coding: &Coding<'_>, visit: &Visit<'_>, first: Date, last: Date) -> bool {
    let shown = &coding.policy.administration.stay_services;
    let is_stay = |code| shown.iter().any(|(from, to)| (*from..=*to).contains(&code));
    let mut others = visit.encounter.other_services.iter();
    others.any(|other| is_stay(other.code) && other.date.is_none_or(|on| first <= on && on <= last))
}

/// Asks whether the patient left where several days are one encounter only because nothing numbers its visits: any days
/// of an office, and in a hospital those that are not a stay, a day without any service or the hours of a night lying
/// between.
///
/// Nothing is said where both answers bill the same, as for injections, which have no initial service. An office keeps
/// nobody overnight, so where hours of a night lie between, each date has a visit of its own there.
fn report_unnumbered_days(coding: &mut Coding<'_>, visit: &mut Visit<'_>) {
    let night = i64::from(*coding.policy.administration.office_night_hours) * 60 * 60;
    let mut are_nights = !visit.encounter.setting.is_facility();
    let mut stretches = Stretches::new();
    let mut separate: Vec<(u16, u32)> = Vec::with_capacity(visit.services.len());
    let mut again = None;
    for at in in_time(visit) {
        let service = &visit.services[at];
        // The visit that takes the practice's pump off belongs to the start, whatever its number.
        if pump::is_disconnection(coding, visit, at) {
            continue;
        }
        let is_facility = visit.encounter.setting.is_facility();
        let own = stretches.iter().rposition(|one| one.number == service.visit);
        let goes_on = own.filter(|own| {
            let own = &stretches[*own];
            own.reaches(visit, service) || is_facility && may_stay(coding, visit, own, service)
        });
        if service.kind == Kind::Settled {
            // What earns no line begins no visit, and in the night it shows that the patient was there.
            if let Some(own) = goes_on.filter(|_| is_facility) {
                stretches[own].add(visit, service);
            }
            continue;
        }
        if let (Some(own), None) = (own, goes_on) {
            let slept = stretches[own].stop.zip(service.flow.start).map(|(stop, start)| start - stop);
            are_nights &= slept.is_some_and(|seconds| seconds >= night);
            again = again.or(Some((service.index, visit.date(service), stretches[own].first)));
        }
        let own = place(visit, &mut stretches, goes_on, service, service.visit);
        // A request has far fewer administrations than a number of this width counts.
        separate.push((service.index, FIRST + own as u32));
    }
    let Some((index, day, first)) = again else { return };
    if are_nights {
        return number_days(coding, visit, index, &separate);
    }
    if what_if::ask_stay(coding, &INIT_8, index, &separate) {
        let facts = [fact::given("day", Value::Date(day)), fact::given("first", Value::Date(first))];
        let text = "This was given on {day}, and nothing tells its visit from that of {first}: one encounter has one initial service, and a patient who came back has a visit of each day, so state the visit numbers, or the observation service of a stay. The lines that this decides wait.";
        let field = Field::Administration(index, "visitNumber");
        coding.find(Severity::Block, Reason::DocumentationGap, field, &INIT_8, text, &facts);
    }
}

/// Gives each date of an office the visit of its own that the night between them tells of.
fn number_days(coding: &mut Coding<'_>, visit: &mut Visit<'_>, first: u16, separate: &[(u16, u32)]) {
    for (index, number) in separate {
        for service in visit.services.iter_mut().filter(|service| service.index == *index) {
            service.visit = *number;
        }
    }
    visit.is_one_visit = false;
    let text = "A night lies between the dates, and an office keeps nobody overnight, so each date is a visit of its own. State the visit numbers where it was otherwise.";
    let field = Field::Administration(first, "visitNumber");
    coding.find(Severity::Info, Reason::DocumentationGap, field, &INIT_8, text, &[]);
}

/// Warns of separate visits that overlap, for a patient who left is not there.
fn report_overlap(coding: &mut Coding<'_>, visit: &Visit<'_>) {
    // The visits, each with its first and last second and the administration that begins it.
    let mut spans: SmallVec<[(u32, i64, i64, u16); VISITS_INLINE]> = SmallVec::new();
    let services = in_time(visit).into_iter().map(|at| &visit.services[at]);
    for service in services.filter(|service| service.kind != Kind::Settled) {
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
