//! MedicationDispense: the containers that were opened for an administration.

use crate::domain::drug::{Container, NdcGiven};
use crate::domain::encounter::Administration;
use crate::domain::quantity::{Decimal, Measure, Quantity};
use crate::domain::time::{Date, LocalTime, TimeZone, parse_date, parse_instant};
use crate::rules::drug_line::package;

use super::bundle::{FhirError, Resource, Resources, decimal, quantity};
use super::elements::{
    AdministrationResource, Amount, CodeableConcept, DispenseResource, MedicationResource, Reference,
};
use super::{medication, systems, visit};

/// One administration of the Bundle that took place, as far as a dispense may be for it.
struct Candidate {
    /// Its place among the administrations of the visit; nothing where it is of another visit.
    place: Option<usize>,
    path: String,
    visit: Option<String>,
    order: Option<String>,
    medication: Option<String>,
    /// What it names as its supporting information, which may be the dispense itself.
    named: Vec<String>,
    start: Option<LocalTime>,
    date: Option<Date>,
}

/// Puts the containers of each MedicationDispense where they were opened, each dispense once.
///
/// A dispense goes with the administration that is linked to it, else with those of its order, else with those of its very
/// Medication. Of several the Medication, the visit and the dates of the dispense decide. Where they leave several on one date
/// the first takes the containers, since all doses of a drug and a date are billed together; where they leave several
/// dates nobody can tell whose they were, so that nobody gets them and the answer asks.
pub(super) fn attach<'a>(
    administrations: &mut [Administration],
    paths: &[&str],
    resources: &Resources<'a>,
    zone: Option<&TimeZone>,
) -> Result<(), FhirError> {
    let mut candidates: Option<Vec<Candidate>> = None;
    for resource in resources.of_kind("MedicationDispense") {
        let dispense: DispenseResource<'a> = resource.read()?;
        if matches!(dispense.status.as_deref(), Some("cancelled" | "declined" | "entered-in-error")) {
            continue;
        }
        if candidates.is_none() {
            candidates = Some(read_candidates(administrations, paths, resources, zone)?);
        }
        let all = candidates.as_deref().unwrap_or_default();
        let Some(place) = opened_for(&dispense, resource, all, resources, zone)? else { continue };
        let drugs = administrations.get_mut(place).map(|administration| &mut administration.drugs);
        if let (Some(drug), Some(container)) =
            (drugs.and_then(|drugs| drugs.first_mut()), container(&dispense, resource, resources)?)
        {
            drug.containers.push(container);
        }
    }
    Ok(())
}

/// Every administration of the Bundle that took place, also those of other visits: they use up containers too.
fn read_candidates<'a>(
    administrations: &[Administration],
    paths: &[&str],
    resources: &Resources<'a>,
    zone: Option<&TimeZone>,
) -> Result<Vec<Candidate>, FhirError> {
    let mut candidates = Vec::new();
    for resource in resources.of_kind("MedicationAdministration") {
        let read: AdministrationResource<'a> = resource.read()?;
        if matches!(read.status.as_deref(), Some("not-done" | "entered-in-error")) {
            continue;
        }
        let place = paths.iter().position(|path| *path == resource.path);
        let start = place.and_then(|place| administrations[place].start);
        let period = read.effective_period.and_then(|period| period.start);
        let stated = read.effective_date_time.or(period);
        candidates.push(Candidate {
            place,
            path: resource.path.clone(),
            visit: visit::context(resource, resources)?.map(|visit| visit.path.clone()),
            order: read.request.as_ref().and_then(|order| target(order, resources)),
            medication: read.medication_reference.as_ref().and_then(|drug| target(drug, resources)),
            named: read.supporting_information.iter().filter_map(|it| target(it, resources)).collect(),
            start,
            date: start
                .map(|start| start.date())
                .or_else(|| stated.as_deref().and_then(|day| date(day, zone))),
        });
    }
    Ok(candidates)
}

/// The administration of the visit that the containers of a dispense were opened for, where that can be told.
fn opened_for<'a>(
    dispense: &DispenseResource<'a>,
    resource: &Resource<'a>,
    all: &[Candidate],
    resources: &Resources<'a>,
    zone: Option<&TimeZone>,
) -> Result<Option<usize>, FhirError> {
    let mut candidates = belonging(dispense, resource, all, resources);
    let drug = dispense.medication_reference.as_ref().and_then(|drug| target(drug, resources));
    narrow(&mut candidates, |candidate| drug.is_some() && candidate.medication == drug);
    if let Some(visit) = visit::context(resource, resources)? {
        narrow(&mut candidates, |candidate| candidate.visit.as_ref() == Some(&visit.path));
    }
    let handed = dispense.when_handed_over.as_deref().or(dispense.when_prepared.as_deref());
    if let Some(handed) = handed.and_then(|handed| date(handed, zone)) {
        // Nothing is given before it was handed over, and most is given on that date.
        narrow(&mut candidates, |candidate| candidate.date.is_none_or(|date| date >= handed));
        narrow(&mut candidates, |candidate| candidate.date == Some(handed));
    }
    let mut dates = candidates.iter().filter_map(|candidate| candidate.date);
    let is_one_date = dates.next().is_none_or(|first| dates.all(|date| date == first));
    if !is_one_date || candidates.iter().any(|candidate| candidate.place.is_none()) {
        return Ok(None);
    }
    Ok(candidates.iter().min_by_key(|candidate| (candidate.start, candidate.place)).and_then(|it| it.place))
}

/// The administrations that a dispense is linked to, else those of its order, else those of its Medication.
fn belonging<'c>(
    dispense: &DispenseResource<'_>,
    resource: &Resource<'_>,
    all: &'c [Candidate],
    resources: &Resources<'_>,
) -> Vec<&'c Candidate> {
    let those = |is_one: &dyn Fn(&Candidate) -> bool| -> Vec<&'c Candidate> {
        all.iter().filter(|candidate| is_one(candidate)).collect()
    };
    let part_of: Vec<String> = dispense.part_of.iter().filter_map(|it| target(it, resources)).collect();
    let linked = those(&|it| it.named.contains(&resource.path) || part_of.contains(&it.path));
    if !linked.is_empty() {
        return linked;
    }
    let orders: Vec<String> =
        dispense.authorizing_prescription.iter().filter_map(|order| target(order, resources)).collect();
    let ordered = those(&|it| it.order.as_ref().is_some_and(|order| orders.contains(order)));
    let drug = dispense.medication_reference.as_ref().and_then(|drug| target(drug, resources));
    if !ordered.is_empty() || drug.is_none() {
        return ordered;
    }
    // One of the two orders has to be missing, or they speak of different ones.
    those(&|it| it.medication == drug && (it.order.is_none() || orders.is_empty()))
}

/// Keeps those that agree, unless none does.
fn narrow(candidates: &mut Vec<&Candidate>, agrees: impl Fn(&Candidate) -> bool) {
    if candidates.len() > 1 && candidates.iter().any(|candidate| agrees(candidate)) {
        candidates.retain(|candidate| agrees(candidate));
    }
}

/// What a reference points to, by its path in the Bundle or, where it is not there, as it is written.
///
/// A contained resource is known to its own resource alone.
fn target(reference: &Reference, resources: &Resources<'_>) -> Option<String> {
    let text = reference.reference.as_deref().filter(|text| !text.starts_with('#'))?;
    Some(resources.resolve(text).map_or_else(|| text.to_owned(), |resource| resource.path.clone()))
}

fn date(text: &str, zone: Option<&TimeZone>) -> Option<Date> {
    match text.contains('T') {
        true => parse_instant(text, zone).ok().map(|time| time.date()),
        false => parse_date(text).ok(),
    }
}

/// The containers of a dispense. The Medication tells what one holds, or its NDC does where the crosswalk lists it.
fn container<'a>(
    dispense: &DispenseResource<'a>,
    resource: &Resource<'a>,
    resources: &Resources<'a>,
) -> Result<Option<Container>, FhirError> {
    let path = &resource.path;
    let Some(product) = product(dispense, path, resources)? else { return Ok(None) };
    let holds = [product.content, product.volume];
    let content = match product.content {
        Some(content) => content,
        None if product.ndc.is_some() => package::UNSTATED,
        None => return Ok(None),
    };
    let Some(count) = count(dispense, holds, path)? else { return Ok(None) };
    Ok(Some(Container {
        content,
        volume: None,
        count,
        kind: None,
        form: None,
        ndc: product.ndc,
        lot_number: product.lot_number,
        shared_with_later_patient: false,
    }))
}

/// What a dispense says of the product that left the pharmacy.
struct Product {
    content: Option<Quantity>,
    volume: Option<Quantity>,
    ndc: Option<NdcGiven>,
    lot_number: Option<String>,
}

fn product<'a>(
    dispense: &DispenseResource<'a>,
    path: &str,
    resources: &Resources<'a>,
) -> Result<Option<Product>, FhirError> {
    let ndc_of = |concept: &CodeableConcept, path: &str| {
        let read = systems::ndc(concept).map(|(index, code)| {
            let at = format!("{path}.coding[{index}].code");
            medication::ndc_given(code).map_err(|error| FhirError::new(at, error.to_string()))
        });
        read.transpose()
    };
    if let Some(concept) = &dispense.medication_codeable_concept {
        let ndc = ndc_of(concept, &format!("{path}.medicationCodeableConcept"))?;
        return Ok(Some(Product { content: None, volume: None, ndc, lot_number: None }));
    }
    let Some(reference) = &dispense.medication_reference else { return Ok(None) };
    let product = medication::referenced(reference, &dispense.contained, path, resources)?;
    let Some(product) = product else { return Ok(None) };
    let read: MedicationResource<'_> = product.read()?;
    let amount = read.amount.as_ref();
    let content = amount.and_then(|ratio| ratio.numerator.as_ref());
    let content = content.map(|content| quantity(content, &format!("{}.amount.numerator", product.path)));
    let code = read.code.as_ref();
    Ok(Some(Product {
        content: content.transpose()?,
        volume: amount.and_then(|ratio| quantity(ratio.denominator.as_ref()?, "").ok()),
        ndc: code.map_or(Ok(None), |code| ndc_of(code, &format!("{}.code", product.path)))?,
        lot_number: read.batch.and_then(|batch| batch.lot_number),
    }))
}

/// How many containers were dispensed: counted, or as the drug that they hold.
///
/// An amount of drug that makes no whole containers, or a part of one, is a prepared dose, which tells nothing of what was
/// opened for it.
fn count(
    dispense: &DispenseResource<'_>,
    holds: [Option<Quantity>; 2],
    path: &str,
) -> Result<Option<u32>, FhirError> {
    let at = format!("{path}.quantity");
    let amount = dispense.quantity.as_ref();
    let amount = amount.ok_or_else(|| FhirError::new(&at, "the number of containers is missing"))?;
    let number = i128::from(decimal(amount, &at)?.nanos());
    let whole = |number: i128, one: i128| {
        let count = u32::try_from(number / one).ok().filter(|count| *count > 0);
        count.filter(|_| number % one == 0)
    };
    if let Some(drug) = drug_dispensed(amount, &at) {
        let mut one =
            holds.into_iter().flatten().filter(|one| one.in_base() > 0 && one.is_same_measure(drug));
        return Ok(one.next().and_then(|one| whole(drug.in_base(), one.in_base())));
    }
    if number <= 0 {
        return Err(FhirError::new(format!("{at}.value"), "give a number of containers above zero"));
    }
    Ok(whole(number, i128::from(Decimal::ONE.nanos())))
}

/// The dispensed amount where it is one of drug, by mass or volume; vials, syringes and pieces are counted.
fn drug_dispensed(amount: &Amount<'_>, path: &str) -> Option<Quantity> {
    quantity(amount, path).ok().filter(|drug| matches!(drug.unit.measure(), Measure::Mass | Measure::Volume))
}
