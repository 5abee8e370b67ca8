//! A Bundle of one visit as an encounter.

use crate::domain::encounter::{Encounter, Setting};
use crate::domain::time::{Date, TimeZone, parse_date, parse_time_zone};
use crate::interop::x12::setting_of_place_of_service;

use super::bundle::{FhirError, Resource, Resources};
use super::elements::{
    CodeableConcept, ConditionResource, EncounterResource, LocationResource, OrderResource,
};
use super::{administration, systems};

/// What the caller knows and FHIR seldom says. A stated setting wins over the Bundle's.
#[derive(Debug, Clone, Copy, Default)]
pub struct VisitDefaults<'a> {
    pub setting: Option<Setting>,
    pub payer: Option<&'a str>,
    /// IANA name; needed when times are in UTC.
    pub time_zone: Option<&'a str>,
}

/// Reads the visit of a Bundle. Patients are never looked at.
///
/// # Errors
/// [`FhirError`] with the path of the element that is missing or cannot be read.
pub fn read_visit(text: &str, defaults: VisitDefaults<'_>) -> Result<Encounter, FhirError> {
    let resources = Resources::open(text)?;
    if resources.of_kind("MedicationAdministration").next().is_none() {
        return Err(FhirError::new("Bundle.entry", "no MedicationAdministration is among the resources"));
    }
    let zone = defaults.time_zone.map(parse_time_zone).transpose();
    let zone = zone.map_err(|error| FhirError::new("timeZone", error.to_string()))?;
    let found = encounter_resource(&resources)?;
    let administrations = resources
        .of_kind("MedicationAdministration")
        .filter_map(|resource| administration::read(resource, &resources, zone.as_ref()).transpose())
        .collect::<Result<Vec<_>, _>>()?;
    let period_start = found.as_ref().and_then(|(_, read)| read.period.as_ref()?.start.as_deref());
    let stated =
        period_start.map(|start| day(start, found.as_ref().map(|(r, _)| *r), zone.as_ref())).transpose()?;
    let first = administrations.iter().filter_map(|administration| administration.start).min();
    let dated = || dates_without_time(&resources);
    let service_date = stated.or(first.map(|time| time.date())).or_else(dated).ok_or_else(|| {
        FhirError::new("Bundle", "no date of service: give Encounter.period.start or an effective time")
    })?;
    let setting = setting(found.as_ref(), &resources, defaults.setting)?;
    let mut encounter = Encounter::new(setting, service_date);
    if let Some(payer) = defaults.payer {
        payer.clone_into(&mut encounter.payer);
    }
    if let Some(id) = found.as_ref().and_then(|(_, read)| read.id.clone()) {
        encounter.id = id;
    }
    encounter.diagnoses = diagnoses(found.as_ref().map(|(_, read)| read), &resources)?;
    encounter.time_zone = zone;
    encounter.administrations = administrations;
    Ok(encounter)
}

type FoundEncounter<'r, 'a> = (&'r Resource<'a>, EncounterResource);

fn encounter_resource<'r, 'a>(
    resources: &'r Resources<'a>,
) -> Result<Option<FoundEncounter<'r, 'a>>, FhirError> {
    let mut encounters = resources.of_kind("Encounter");
    let (first, second) = (encounters.next(), encounters.next());
    if let Some(second) = second {
        return Err(FhirError::new(&second.path, "a second Encounter; send one Bundle a visit"));
    }
    first.map(|resource| Ok((resource, resource.read()?))).transpose()
}

fn setting(
    found: Option<&FoundEncounter<'_, '_>>,
    resources: &Resources<'_>,
    stated: Option<Setting>,
) -> Result<Setting, FhirError> {
    if let Some(setting) = stated {
        return Ok(setting);
    }
    let missing = "the setting cannot be told from it; state it, for example PHYSICIAN_OFFICE";
    let Some((resource, read)) = found else { return Err(FhirError::new("Bundle.entry", missing)) };
    for location in read.location.iter().filter_map(|location| location.location.reference.as_deref()) {
        let Some(location) = resources.resolve(location) else { continue };
        let place: LocationResource = location.read()?;
        let code = place.kind.iter().find_map(systems::place_of_service);
        if let Some(setting) = code.and_then(setting_of_place_of_service) {
            return Ok(setting);
        }
    }
    match read.class.as_ref().and_then(|class| class.code.as_deref()) {
        Some("IMP" | "ACUTE" | "NONAC") => Ok(Setting::HospitalInpatient),
        Some("HH") => Ok(Setting::HomeInfusion),
        // An ambulatory class is an office as well as a hospital department.
        _ => Err(FhirError::new(format!("{}.class", resource.path), missing)),
    }
}

fn day(text: &str, resource: Option<&Resource<'_>>, zone: Option<&TimeZone>) -> Result<Date, FhirError> {
    let path = resource.map_or("Encounter", |resource| &resource.path);
    let read = match text.contains('T') {
        true => crate::domain::time::parse_instant(text, zone).map(|time| time.date()),
        false => parse_date(text),
    };
    read.map_err(|error| FhirError::new(format!("{path}.period.start"), error.to_string()))
}

/// The first date of administrations that state no time of day.
fn dates_without_time(resources: &Resources<'_>) -> Option<Date> {
    let read = resources.of_kind("MedicationAdministration").filter_map(|resource| {
        let read: super::elements::AdministrationResource<'_> = resource.read().ok()?;
        let period = read.effective_period.and_then(|period| period.start);
        parse_date(&read.effective_date_time.or(period)?).ok()
    });
    read.min()
}

/// ICD-10-CM codes: those the Encounter ranks first, then other Conditions, then the reasons of orders.
fn diagnoses(
    encounter: Option<&EncounterResource>,
    resources: &Resources<'_>,
) -> Result<Vec<String>, FhirError> {
    let mut concepts: Vec<CodeableConcept> = Vec::new();
    let ranked = encounter.map(|encounter| encounter.diagnosis.as_slice()).unwrap_or_default();
    let ranked = ranked.iter().filter_map(|diagnosis| diagnosis.condition.reference.as_deref());
    let ranked = ranked.filter_map(|reference| resources.resolve(reference));
    for condition in ranked.chain(resources.of_kind("Condition")) {
        concepts.extend(condition.read::<ConditionResource>()?.code);
    }
    concepts.extend(encounter.map(|encounter| encounter.reason_code.clone()).unwrap_or_default());
    for order in resources.of_kind("MedicationRequest").chain(resources.of_kind("ServiceRequest")) {
        concepts.extend(order.read::<OrderResource<'_>>()?.reason_code);
    }
    let mut codes: Vec<String> = Vec::new();
    for code in concepts.iter().filter_map(systems::diagnosis) {
        if !codes.iter().any(|known| known == code) {
            codes.push(code.to_owned());
        }
    }
    Ok(codes)
}
