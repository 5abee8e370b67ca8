//! Bags that follow one another without a break: they are one flow, also past midnight (rule TIME-7).

use smallvec::SmallVec;

use super::infusion_time::is_push;
use super::timeline::TIME_7;
use super::visit::{Kind, SERVICES_INLINE, Segments, Service, Visit};
use super::{course, overlap, site};
use crate::domain::encounter::Route;
use crate::domain::field::Field;
use crate::engine::Coding;
use crate::engine::trail::{Subject, Value, fact};
use crate::policy::parameters::SameDrugInfusions;

/// Clock times are whole minutes, so a stop at 23:59 and a start at 00:00 leave no minute between them.
pub(super) const CHANGE_SECONDS: i64 = 60;

/// Ties every bag to the first one of its flow, which gives the flow its date and its technique.
pub(super) fn join(coding: &mut Coding<'_>, visit: &mut Visit<'_>) {
    let is_summed = *coding.policy.administration.same_drug_infusions == SameDrugInfusions::SumPerDate;
    // Bags of one date are added whether or not they touch; only a new date or a short bag asks for more.
    if is_summed && visit.is_one_day && !visit.services.iter().any(|service| is_short_bag(visit, service)) {
        return;
    }
    for at in 1..visit.services.len() {
        let Some(before) = bag_before(coding, visit, at) else { continue };
        let first = visit.services[before].first_bag;
        visit.services[at].first_bag = first;
        let pause = pause_seconds(&visit.services[before], &visit.services[at]) / 60;
        let facts = [
            fact::derived("first", Value::Of(Field::Administration(first, ""))),
            fact::derived("pause", Value::Minutes(pause)),
        ];
        let (text, facts) = if pause > CHANGE_SECONDS / 60 {
            let text = "The drug goes on from {first} after a pause of {pause}, which is left out: together the parts are longer than a push, so they are one infusion.";
            (text, &facts[..])
        } else {
            let text = "The flow goes on from {first} without a break: it is one service, reported on the date on which it began.";
            (text, &facts[..1])
        };
        let subject = Subject::Administration(visit.services[at].index);
        coding.result.trail.fired(&TIME_7, subject, text, facts);
    }
    lengthen(coding, visit);
    if is_summed {
        lengthen_in_artery(coding, visit);
    }
}

/// The place of the bag whose flow goes on in another one.
fn bag_before(coding: &Coding<'_>, visit: &Visit<'_>, at: usize) -> Option<usize> {
    let service = &visit.services[at];
    let start = service.flow.start.filter(|_| is_bag(visit, service))?;
    (0..at).rev().find(|&place| {
        let other = &visit.services[place];
        is_bag(visit, other)
            && other.visit == service.visit
            && (other.flow.stop.is_some_and(|stop| stop + CHANGE_SECONDS >= start)
                || is_paused(coding, visit, other, service))
            && is_one_line(visit, service, other)
            && is_one_drug(coding, visit, service, other)
    })
}

/// Whether two short parts of a date lie no further apart than pushes that count as one, and make an infusion together:
/// the pause between them is left out like any other (rule TIME-7).
fn is_paused(coding: &Coding<'_>, visit: &Visit<'_>, one: &Service, other: &Service) -> bool {
    let parameters = &coding.policy.administration;
    *parameters.same_drug_infusions == SameDrugInfusions::SumPerDate
        && is_short_bag(visit, one)
        && is_short_bag(visit, other)
        && visit.date(one) == visit.date(other)
        && one.flow.stop.is_some()
        && pause_seconds(one, other) / 60 <= *parameters.repeat_push_after_minutes
        && !is_push((one.flow.seconds + other.flow.seconds) / 60, parameters)
}

/// Seconds from the end of one part to the beginning of the next one.
fn pause_seconds(one: &Service, other: &Service) -> i64 {
    one.flow.stop.zip(other.flow.start).map_or(0, |(stop, start)| (start - stop).max(0))
}

fn is_bag(visit: &Visit<'_>, service: &Service) -> bool {
    use Kind::{ArterialInfusion, Hydration, Infusion, SubcutaneousInfusion};
    matches!(service.kind, Infusion | Hydration | SubcutaneousInfusion | ArterialInfusion)
        || is_short_bag(visit, service)
}

/// Whether an infusion is short enough to be a push by itself.
fn is_short_bag(visit: &Visit<'_>, service: &Service) -> bool {
    if service.flow.seconds == 0 {
        return false;
    }
    let administration = visit.administration(service);
    let route = administration.route;
    let is_infused = match service.kind {
        Kind::Push => route == Some(Route::IvInfusion),
        Kind::ArterialPush => route == Some(Route::IntraArterialInfusion),
        Kind::Injection => route == Some(Route::SubcutaneousInfusion),
        _ => false,
    };
    is_infused && administration.attended_throughout != Some(true)
}

/// Whether two bags went by one route through one site.
pub(super) fn is_one_line(visit: &Visit<'_>, one: &Service, other: &Service) -> bool {
    let (one, other) = (visit.administration(one), visit.administration(other));
    // A bag that names no site went where the one before it went; with several sites in use it is held anyway.
    let is_one_site = match (&one.access_site, &other.access_site) {
        (Some(one), Some(other)) => site::is_same_site(one, other),
        _ => true,
    };
    way(one.route) == way(other.route) && is_one_site
}

/// How a bag went in: what a pump gave in too few hours for a pump's codes is an infusion as by hand (rule CHM-4).
const fn way(route: Option<Route>) -> Option<Route> {
    match route {
        Some(Route::PumpStart) => Some(Route::IvInfusion),
        other => other,
    }
}

fn is_one_drug(coding: &Coding<'_>, visit: &Visit<'_>, one: &Service, other: &Service) -> bool {
    match (one.kind, other.kind) {
        (Kind::Hydration, Kind::Hydration) => true,
        (Kind::Hydration, _) | (_, Kind::Hydration) => false,
        _ => course::is_same(coding, visit, one, other),
    }
}

/// Short bags are infusions where their whole flow is longer than a push.
fn lengthen(coding: &Coding<'_>, visit: &mut Visit<'_>) {
    for at in 0..visit.services.len() {
        let service = &visit.services[at];
        if !is_short_bag(visit, service) {
            continue;
        }
        let first = service.first_bag;
        let members: SmallVec<[u16; SERVICES_INLINE]> =
            visit.services.iter().filter(|other| other.first_bag == first).map(|other| other.index).collect();
        if members.len() > 1 && !is_push(minutes(visit, &members), &coding.policy.administration) {
            visit.services[at].kind = match service.kind {
                Kind::ArterialPush => Kind::ArterialInfusion,
                Kind::Injection => Kind::SubcutaneousInfusion,
                _ => Kind::Infusion,
            };
        }
    }
}

/// Minutes of a flow; what two of its bags share counts once.
fn minutes(visit: &Visit<'_>, members: &[u16]) -> i64 {
    let mut pieces = Segments::new();
    let of_flow = visit.services.iter().filter(|service| members.contains(&service.index));
    let seconds: i64 = of_flow
        .map(|service| {
            overlap::alone(visit, service, &mut pieces, |other| {
                members.contains(&other.index) && overlap::is_earlier(other, service)
            })
        })
        .sum();
    seconds / 60
}

/// A short infusion into an artery is part of a longer one of its drug and date, as it is in a vein.
fn lengthen_in_artery(coding: &Coding<'_>, visit: &mut Visit<'_>) {
    for at in 0..visit.services.len() {
        let service = &visit.services[at];
        let is_part = service.kind == Kind::ArterialPush
            && is_short_bag(visit, service)
            && visit.services.iter().any(|other| {
                other.kind == Kind::ArterialInfusion
                    && other.visit == service.visit
                    && visit.date(other) == visit.date(service)
                    && is_one_line(visit, other, service)
                    && course::is_same(coding, visit, other, service)
            });
        if is_part {
            visit.services[at].kind = Kind::ArterialInfusion;
        }
    }
}
