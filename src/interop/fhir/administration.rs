//! MedicationAdministration: when, how and how much.

use crate::domain::drug::DrugGiven;
use crate::domain::encounter::{Administration, Route};
use crate::domain::time::{LocalTime, TimeZone, parse_instant};

use super::bundle::{Faults, FhirError, Resource, Resources, quantity};
use super::elements::{AdministrationResource, Dosage, OrderResource, Period};
use super::route::{self, FlowRead, RouteRead};
use super::{medication, systems};

/// Reads one administration; nothing when the record says that it did not take place.
pub(super) fn read<'a>(
    resource: &Resource<'a>,
    resources: &Resources<'a>,
    zone: Option<&TimeZone>,
) -> Result<Option<Administration>, FhirError> {
    let read: AdministrationResource<'a> = resource.read()?;
    let path = &resource.path;
    match read.status.as_deref() {
        Some("not-done" | "entered-in-error") => return Ok(None),
        // What was stopped was given until then.
        None | Some("completed" | "stopped") => {}
        Some(status) => {
            let status: String = status.chars().filter(|c| !c.is_control()).take(32).collect();
            let reason =
                format!("`{status}` tells nothing final: code the visit once it is completed or stopped");
            return Err(FhirError::new(format!("{path}.status"), reason));
        }
    }
    let mut administration =
        Administration { id: read.id.clone().unwrap_or_else(|| path.clone()), ..Administration::default() };
    let mut faults = Faults::default();
    (administration.start, administration.stop) = faults.note(times(&read, path, zone));
    let mut drug = faults.note(drug(&read, path, resources));
    if let Some(dosage) = &read.dosage {
        let path = format!("{path}.dosage");
        administration.access_site = dosage.site.as_ref().and_then(systems::printed).map(str::to_owned);
        let took_time =
            administration.start.zip(administration.stop).is_some_and(|(start, stop)| start < stop);
        let (known, vessel) = faults.note(route(dosage, took_time, &path));
        administration.route = known;
        if let (Some(vessel), Some(name)) = (vessel, &mut drug.name) {
            // The visit has no route for a vessel alone; behind the name the word is read as records have it.
            name.push(' ');
            name.push_str(vessel);
        }
        let dose = dosage.dose.as_ref().map(|dose| quantity(dose, &format!("{path}.dose")));
        drug.dose_administered = faults.note(dose.transpose());
    }
    drug.dose_ordered = faults.note(ordered_dose(&read, resources));
    administration.drugs.push(drug);
    faults.settle(Ok(Some(administration)))
}

fn drug<'a>(
    read: &AdministrationResource<'a>,
    path: &str,
    resources: &Resources<'a>,
) -> Result<DrugGiven, FhirError> {
    if let Some(concept) = &read.medication_codeable_concept {
        return medication::coded_drug(concept, &format!("{path}.medicationCodeableConcept"));
    }
    let at = format!("{path}.medicationReference");
    let Some(reference) = &read.medication_reference else {
        return Err(FhirError::new(path, "medicationCodeableConcept or medicationReference is missing"));
    };
    match (medication::referenced(reference, &read.contained, path, resources)?, &reference.display) {
        (Some(medication), _) => medication::drug(&medication),
        (None, Some(name)) => Ok(DrugGiven { name: Some(name.clone()), ..DrugGiven::default() }),
        (None, None) => Err(FhirError::new(at, "the Medication it points to is not in the Bundle")),
    }
}

/// The route, or the vessel where nothing tells a push from an infusion.
fn route(
    dosage: &Dosage<'_>,
    took_time: bool,
    path: &str,
) -> Result<(Option<Route>, Option<&'static str>), FhirError> {
    let flow = match (dosage.rate_ratio.is_some() || dosage.rate_quantity.is_some(), took_time) {
        (true, _) => FlowRead::Rate,
        (false, true) => FlowRead::Time,
        (false, false) => FlowRead::Untold,
    };
    match route::read(dosage.route.as_ref(), dosage.method.as_ref(), flow) {
        RouteRead::Known(route) => Ok((Some(route), None)),
        // The engine asks whoever knows whether it was a push or an infusion.
        RouteRead::TechniqueMissing(vessel) => Ok((None, Some(vessel))),
        RouteRead::NotStated => Ok((None, None)),
        RouteRead::Unknown => Err(FhirError::new(
            format!("{path}.route"),
            "no known route is named; give a SNOMED CT route or a text such as `intravenous`",
        )),
    }
}

/// Start and stop as local clock times. A single time is a start; a date alone tells no time.
fn times(
    read: &AdministrationResource<'_>,
    path: &str,
    zone: Option<&TimeZone>,
) -> Result<(Option<LocalTime>, Option<LocalTime>), FhirError> {
    if let Some(period) = &read.effective_period {
        return period_times(period, &format!("{path}.effectivePeriod"), zone);
    }
    let single = read.effective_date_time.as_deref();
    Ok((clock_time(single, &format!("{path}.effectiveDateTime"), zone)?, None))
}

fn period_times(
    period: &Period,
    path: &str,
    zone: Option<&TimeZone>,
) -> Result<(Option<LocalTime>, Option<LocalTime>), FhirError> {
    let (start, end) = (period.start.as_deref(), period.end.as_deref());
    if zone.is_none() && offset(start) != offset(end) && start.is_some() && end.is_some() {
        return Err(FhirError::new(path, "start and end have different offsets; give the time zone"));
    }
    let mut faults = Faults::default();
    let start = faults.note(clock_time(start, &format!("{path}.start"), zone));
    let end = faults.note(clock_time(end, &format!("{path}.end"), zone));
    faults.settle(Ok((start, end)))
}

fn clock_time(
    text: Option<&str>,
    path: &str,
    zone: Option<&TimeZone>,
) -> Result<Option<LocalTime>, FhirError> {
    match text {
        Some(text) if text.contains('T') => {
            parse_instant(text, zone).map(Some).map_err(|error| FhirError::new(path, error.to_string()))
        }
        Some(text) if !is_date(text) => Err(FhirError::new(
            path,
            "it is no time of FHIR: write it as `2025-11-03T09:00:00-06:00`, or a date as `2025-11-03`",
        )),
        _ => Ok(None),
    }
}

/// Whether a text is a year, a month or a day as FHIR writes them.
fn is_date(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
        && matches!(lengths.as_slice(), [4] | [4, 2] | [4, 2, 2])
}

/// The offset that ends a time, as it was written.
fn offset(text: Option<&str>) -> Option<&str> {
    let clock = text?.split_once('T')?.1;
    clock.find(['+', '-', 'Z']).map(|at| &clock[at..])
}

/// The dose that the order states in a unit of dose; an order by body surface or weight states none.
fn ordered_dose<'a>(
    read: &AdministrationResource<'a>,
    resources: &Resources<'a>,
) -> Result<Option<crate::domain::quantity::Quantity>, FhirError> {
    let reference = read.request.as_ref().and_then(|request| request.reference.as_deref());
    let Some(order) = reference.and_then(|reference| resources.resolve(reference)) else { return Ok(None) };
    let read: OrderResource<'_> = order.read()?;
    let dose = read.dosage_instruction.first().and_then(|instruction| instruction.dose_and_rate.first());
    let dose = dose.and_then(|dose| dose.dose_quantity.as_ref());
    Ok(dose.and_then(|dose| quantity(dose, "").ok()))
}
