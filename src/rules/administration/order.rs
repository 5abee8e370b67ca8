//! The order of services whose times are equal: what the record says of them decides, and never their place in the
//! list, so that the same visit written in another order is coded alike (rule HIER-TIE).
//!
//! Where a time is missing the order of the list is the order given, and so a fact of its own.

use std::cmp::Ordering;

use smallvec::SmallVec;

use super::visit::{SERVICES_INLINE, Service, Visit};
use crate::domain::drug::DrugGiven;
use crate::domain::encounter::Administration;
use crate::domain::quantity::{Decimal, Quantity, Unit};

/// Orders two services that start at one time, or of which one has no time.
pub(super) fn compare(visit: &Visit<'_>, one: &Service, other: &Service) -> Ordering {
    let by_facts = || by_facts(visit.administration(one), visit.administration(other));
    let have_time = one.flow.start.is_some() && one.flow.start == other.flow.start;
    let tied = if have_time { by_facts() } else { Ordering::Equal };
    tied.then_with(|| one.index.cmp(&other.index))
}

/// Orders two administrations by what the record says of them; equal where it says the same of both.
pub(super) fn by_facts(one: &Administration, other: &Administration) -> Ordering {
    let when = |of: &Administration| (of.stop, of.duration_minutes, of.discontinued_planned_minutes);
    let how = |of: &Administration| (of.route, of.pump, of.attended_throughout, of.lesion_count);
    let why = |of: &Administration| (of.access_reason, of.fluid_purpose, of.includes_puncture);
    let volume = |of: &Administration| (of.volume_infused.map(amount), of.rate_ml_per_hour);
    when(one)
        .cmp(&when(other))
        .then_with(|| how(one).cmp(&how(other)))
        .then_with(|| one.access_site.cmp(&other.access_site))
        .then_with(|| one.visit_number.cmp(&other.visit_number))
        .then_with(|| one.interruptions.cmp(&other.interruptions))
        .then_with(|| one.drugs.iter().map(facts).cmp(other.drugs.iter().map(facts)))
        .then_with(|| why(one).cmp(&why(other)))
        .then_with(|| volume(one).cmp(&volume(other)))
}

/// What tells two drugs apart.
pub(in crate::rules) fn facts(drug: &DrugGiven) -> impl Ord + '_ {
    let doses = [drug.dose_administered, drug.dose_ordered, drug.dose_discarded].map(|dose| dose.map(amount));
    (drug.code, &drug.name, drug.class, doses, drug.discard_reason)
}

const fn amount(quantity: Quantity) -> (Unit, Decimal) {
    (quantity.unit, quantity.value)
}

impl Visit<'_> {
    /// Orders the services by visit and time. One without a clock time stays behind the one before it in the list.
    pub(super) fn sort_by_time(&mut self) {
        if self.is_in_order() {
            for (place, service) in self.services.iter_mut().enumerate() {
                // A request has far fewer administrations than a number of this width counts.
                (service.order, service.rank) = (service.flow.start, place as u16);
            }
            return;
        }
        let mut before: Option<(u32, i64, usize)> = None;
        // The service whose time is that of one without: one with a time is its own.
        let mut anchors: SmallVec<[usize; SERVICES_INLINE]> = (0..self.services.len()).collect();
        for (at, service) in self.services.iter_mut().enumerate() {
            let listed = before.filter(|(visit, ..)| *visit == service.visit);
            match (service.flow.start, listed) {
                (Some(start), _) => {
                    service.order = Some(start);
                    before = Some((service.visit, start, at));
                }
                (None, Some((_, start, anchor))) => {
                    service.order = Some(start);
                    anchors[at] = anchor;
                }
                (None, None) => service.order = None,
            }
        }
        let listed: SmallVec<[Service; SERVICES_INLINE]> = self.services.iter().copied().collect();
        let anchor = |service: &Service| &listed[anchors[usize::from(service.index)]];
        let mut services = std::mem::take(&mut self.services);
        services.sort_by(|one, other| {
            let time = (one.visit, one.order).cmp(&(other.visit, other.order));
            time.then_with(|| compare(self, anchor(one), anchor(other))).then(one.index.cmp(&other.index))
        });
        for (place, service) in services.iter_mut().enumerate() {
            service.rank = place as u16;
        }
        self.services = services;
    }

    /// Whether every service has a time of its own and begins after the one before it, as most records are written.
    fn is_in_order(&self) -> bool {
        let time = |service: &Service| Some((service.visit, service.flow.start?));
        self.services.windows(2).all(|pair| match (time(&pair[0]), time(&pair[1])) {
            (Some(one), Some(next)) => one < next,
            _ => false,
        })
    }
}
