//! A Bundle of one visit as an encounter.

use crate::domain::encounter::{Encounter, OffCampus, Setting};
use crate::domain::time::{Date, TimeZone, parse_date, parse_time_zone};
use crate::interop::x12::setting_of_place_of_service;

use super::bundle::{Faults, FhirError, Resource, Resources};
use super::elements::{
    CodeableConcept, ConditionResource, ContextResource, EncounterResource, LocationResource, OrderResource,
};
use super::{administration, dispense, systems};

/// The place of service of an outpatient department off its hospital's campus, which may be excepted or not.
const OFF_CAMPUS_OUTPATIENT: &str = "19";

/// What the caller knows and FHIR seldom says. The setting counts where the Bundle tells none.
#[derive(Debug, Clone, Copy, Default)]
pub struct VisitDefaults<'a> {
    pub setting: Option<Setting>,
    pub payer: Option<&'a str>,
    /// IANA name; needed when times are in UTC.
    pub time_zone: Option<&'a str>,
    /// Id of the Encounter to read, where a Bundle holds several, such as a patient's whole history.
    pub encounter: Option<&'a str>,
}

/// Reads the visit of a Bundle. Patients are never looked at.
///
/// # Errors
/// [`FhirError`] with the path of the element that is missing or cannot be read.
pub fn read_visit(text: &str, defaults: VisitDefaults<'_>) -> Result<Encounter, FhirError> {
    let resources = Resources::open(text)?;
    if resources.of_kind("MedicationAdministration").next().is_none() {
        return Err(resources.without_administrations());
    }
    let zone = defaults.time_zone.map(parse_time_zone).transpose();
    let zone = zone.map_err(|error| FhirError::new("timeZone", error.to_string()))?;
    let found = encounter_resource(&resources, defaults.encounter)?;
    let given = administered(&resources, found.as_ref().map(|(resource, _)| *resource))?;
    let mut paths = Vec::with_capacity(given.len());
    let mut administrations = Vec::with_capacity(given.len());
    let mut faults = Faults::default();
    for resource in &given {
        if let Some(read) = faults.note(administration::read(resource, &resources, zone.as_ref())) {
            paths.push(resource.path.as_str());
            administrations.push(read);
        }
    }
    let period_start = found.as_ref().and_then(|(_, read)| read.period.as_ref()?.start.as_deref());
    let stated = period_start.map(|start| day(start, found.as_ref().map(|(r, _)| *r), zone.as_ref()));
    let stated = faults.note(stated.transpose());
    let place = faults.note(place_of_service(found.as_ref(), &resources));
    let setting = faults.settle(setting(found.as_ref(), place.as_deref(), defaults.setting))?;
    if administrations.is_empty() {
        let reason =
            "no MedicationAdministration of the visit took place: each is not-done or entered-in-error";
        return Err(FhirError::new("Bundle.entry", reason));
    }
    dispense::attach(&mut administrations, &paths, &resources, zone.as_ref())?;
    let first = administrations.iter().filter_map(|administration| administration.start).min();
    let dated = || dates_without_time(&given);
    let service_date = stated.or(first.map(|time| time.date())).or_else(dated).ok_or_else(|| {
        FhirError::new("Bundle", "no date of service: give Encounter.period.start or an effective time")
    })?;
    let mut encounter = Encounter::new(setting, service_date);
    if let Some(payer) = defaults.payer {
        payer.clone_into(&mut encounter.payer);
    }
    if let Some(id) = found.as_ref().and_then(|(_, read)| read.id.clone()) {
        encounter.id = id;
    }
    encounter.off_campus =
        place.filter(|place| place == OFF_CAMPUS_OUTPATIENT).map(|_| OffCampus::StatusUnknown);
    encounter.diagnoses = diagnoses(found.as_ref(), &resources)?;
    encounter.time_zone = zone;
    encounter.administrations = administrations;
    Ok(encounter)
}

type FoundEncounter<'r, 'a> = (&'r Resource<'a>, EncounterResource);

/// The Encounter that was asked for, or the one that every administration belongs to, or the only one.
fn encounter_resource<'r, 'a>(
    resources: &'r Resources<'a>,
    asked: Option<&str>,
) -> Result<Option<FoundEncounter<'r, 'a>>, FhirError> {
    let mut encounters = resources.of_kind("Encounter");
    let found = match (asked, encounters.next(), encounters.next()) {
        (Some(id), ..) => {
            let found = resources.of_kind("Encounter").find(|resource| resource.has_id(id));
            Some(found.ok_or_else(|| {
                FhirError::new("Bundle.entry", "no Encounter has the id that was asked for")
            })?)
        }
        (None, Some(_), Some(second)) => Some(common_encounter(resources)?.ok_or_else(|| {
            let reason = "a second Encounter, and the administrations do not all belong to one: \
                          send one Bundle a visit, or name the Encounter's id";
            FhirError::new(&second.path, reason)
        })?),
        (None, first, _) => first,
    };
    found.map(|resource| Ok((resource, resource.read()?))).transpose()
}

/// The one Encounter that administrations name as their context, if they do not name several.
fn common_encounter<'r, 'a>(resources: &'r Resources<'a>) -> Result<Option<&'r Resource<'a>>, FhirError> {
    let mut common: Option<&Resource<'_>> = None;
    for resource in resources.of_kind("MedicationAdministration") {
        match (context(resource, resources)?, common) {
            (Some(context), None) => common = Some(context),
            (Some(context), Some(known)) if context.path != known.path => return Ok(None),
            _ => {}
        }
    }
    Ok(common)
}

/// The administrations of the visit: those that name its Encounter, and those that name none.
fn administered<'r, 'a>(
    resources: &'r Resources<'a>,
    encounter: Option<&Resource<'_>>,
) -> Result<Vec<&'r Resource<'a>>, FhirError> {
    let mut given = Vec::new();
    for resource in resources.of_kind("MedicationAdministration") {
        if belongs(resource, resources, encounter)? {
            given.push(resource);
        }
    }
    match (given.is_empty(), encounter) {
        (true, Some(encounter)) => {
            Err(FhirError::new(&encounter.path, "no MedicationAdministration belongs to this Encounter"))
        }
        _ => Ok(given),
    }
}

/// Whether a resource is of the visit; one that names no Encounter of the Bundle is.
fn belongs(
    resource: &Resource<'_>,
    resources: &Resources<'_>,
    encounter: Option<&Resource<'_>>,
) -> Result<bool, FhirError> {
    let named = context(resource, resources)?;
    Ok(named.zip(encounter).is_none_or(|(named, encounter)| named.path == encounter.path))
}

/// The Encounter of the Bundle that a resource belongs to.
pub(super) fn context<'r, 'a>(
    resource: &Resource<'_>,
    resources: &'r Resources<'a>,
) -> Result<Option<&'r Resource<'a>>, FhirError> {
    let read: ContextResource = resource.read()?;
    let named = read.context.reference.or(read.encounter.reference);
    let found = named.and_then(|reference| resources.resolve(&reference));
    Ok(found.filter(|resource| resource.kind == "Encounter"))
}

fn setting(
    found: Option<&FoundEncounter<'_, '_>>,
    place: Option<&str>,
    stated: Option<Setting>,
) -> Result<Setting, FhirError> {
    let untold = |path: String| {
        let or_place = place.map(|code| format!(" or from the place of service {code}")).unwrap_or_default();
        let reason =
            format!("the setting cannot be told from it{or_place}; state it, for example PHYSICIAN_OFFICE");
        stated.ok_or_else(|| FhirError::new(path, reason))
    };
    let Some((resource, read)) = found else { return untold("Bundle.entry".to_owned()) };
    if let Some(setting) = place.and_then(setting_of_place_of_service) {
        return Ok(setting);
    }
    match read.class.as_ref().and_then(|class| class.code.as_deref()) {
        Some("IMP" | "ACUTE" | "NONAC") => Ok(Setting::HospitalInpatient),
        Some("HH") => Ok(Setting::HomeInfusion),
        // An emergency room and observation are outpatient services of a hospital; the caller may know which kind.
        Some("EMER" | "OBSENC") => {
            Ok(stated.filter(|stated| stated.is_facility()).unwrap_or(Setting::HospitalOutpatient))
        }
        // An ambulatory class is an office as well as a hospital department.
        _ => untold(format!("{}.class", resource.path)),
    }
}

/// The CMS place of service of the first location whose place decides a setting, else the first place stated.
fn place_of_service(
    found: Option<&FoundEncounter<'_, '_>>,
    resources: &Resources<'_>,
) -> Result<Option<String>, FhirError> {
    let mut undecided = None;
    let locations = found.map(|(_, read)| read.location.as_slice()).unwrap_or_default();
    for location in locations.iter().filter_map(|location| location.location.reference.as_deref()) {
        let Some(location) = resources.resolve(location) else { continue };
        let place: LocationResource = location.read()?;
        for code in place.kind.iter().filter_map(systems::place_of_service) {
            if setting_of_place_of_service(code).is_some() {
                return Ok(Some(code.to_owned()));
            }
            undecided.get_or_insert_with(|| code.to_owned());
        }
    }
    Ok(undecided)
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
fn dates_without_time(given: &[&Resource<'_>]) -> Option<Date> {
    let read = given.iter().filter_map(|resource| {
        let read: super::elements::AdministrationResource<'_> = resource.read().ok()?;
        let period = read.effective_period.and_then(|period| period.start);
        parse_date(&read.effective_date_time.or(period)?).ok()
    });
    read.min()
}

/// ICD-10-CM codes: those the Encounter ranks first, then other Conditions, then the reasons of orders.
fn diagnoses(
    found: Option<&FoundEncounter<'_, '_>>,
    resources: &Resources<'_>,
) -> Result<Vec<String>, FhirError> {
    let (own, encounter) = (found.map(|(resource, _)| *resource), found.map(|(_, read)| read));
    let mut concepts: Vec<CodeableConcept> = Vec::new();
    let ranked = encounter.map(|encounter| encounter.diagnosis.as_slice()).unwrap_or_default();
    let ranked = ranked.iter().filter_map(|diagnosis| diagnosis.condition.reference.as_deref());
    let ranked = ranked.filter_map(|reference| resources.resolve(reference));
    for condition in ranked.chain(resources.of_kind("Condition")) {
        if belongs(condition, resources, own)? {
            concepts.extend(condition.read::<ConditionResource>()?.code);
        }
    }
    concepts.extend(encounter.map(|encounter| encounter.reason_code.clone()).unwrap_or_default());
    for order in resources.of_kind("MedicationRequest").chain(resources.of_kind("ServiceRequest")) {
        if belongs(order, resources, own)? {
            concepts.extend(order.read::<OrderResource<'_>>()?.reason_code);
        }
    }
    let mut codes: Vec<String> = Vec::new();
    for code in concepts.iter().filter_map(systems::diagnosis) {
        if !codes.iter().any(|known| known == code) {
            codes.push(code.to_owned());
        }
    }
    Ok(codes)
}
