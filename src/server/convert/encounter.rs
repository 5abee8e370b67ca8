//! The visit, from message to domain.

use super::drug::{amount, drug, positive};
use super::violations::{Path, Violations};
use crate::domain::code::{HcpcsCode, Modifier};
use crate::domain::diagnosis;
use crate::domain::encounter::{
    Administration, AdministrationDocumentation, Coverage, Documentation, Encounter, Interruption,
    OtherService, Pump, Renal, Setting,
};
use crate::domain::time::{Date, LocalTime, TimeZone, parse_time_zone};
use crate::server::limits::{MODIFIERS_MAX, RequestLimits};
use crate::server::{lent, pb};

/// The payer whose rules apply when a request names none.
const DEFAULT_PAYER: &str = "medicare";

/// Reads a visit.
///
/// # Errors
/// Every violation of the request.
pub fn encounter(
    given: Option<&lent::Encounter<'_>>,
    limits: &RequestLimits,
) -> Result<Encounter, Violations> {
    let mut violations = Violations::under(limits);
    let at = Path::Root.field("encounter");
    let Some(given) = given else {
        violations.add(&at, "is required");
        return Err(violations);
    };
    let setting = violations.required_choice(&at.field("setting"), given.setting);
    let service_date = required_date(given.service_date, &at, &mut violations);
    let time_zone = time_zone(given.time_zone, &at, &mut violations);
    let clock = Clock { service_date };
    if given.administrations.is_empty() {
        violations.add(&at.field("administrations"), "is empty: give what was administered");
    }
    let given_administrations =
        violations.at_most(&at.field("administrations"), &given.administrations, limits.administrations());
    let administrations: Vec<Administration> = given_administrations
        .iter()
        .enumerate()
        .map(|(index, given)| administration(given, index, &at, &clock, &mut violations))
        .collect();
    check_references(&administrations, given, &at, &mut violations);
    let read = Encounter {
        id: violations.id(&at.field("encounterId"), given.encounter_id).unwrap_or_default(),
        payer: payer(given.payer, &at, &mut violations),
        payer_variant: violations.id(&at.field("payerVariant"), given.payer_variant),
        time_zone: time_zone.clone(),
        indication: violations.choice(&at.field("indication"), given.indication),
        diagnoses: diagnoses(&given.diagnoses, &at, &mut violations),
        primary_reason: Some(given.primary_reason).filter(|id| !id.is_empty()).map(str::to_owned),
        further_primary_reasons: texts(
            "furtherPrimaryReasons",
            &given.further_primary_reasons,
            limits.administrations(),
            &at,
            &mut violations,
        ),
        administrations,
        documentation: given.documentation.map(documentation).unwrap_or_default(),
        other_services: other_services(&given.other_services, &at, &mut violations),
        renal: renal(given.renal, &at, &mut violations),
        entity_340b: violations.choice(&at.field("entity340b"), given.entity_340b),
        off_campus: violations.choice(&at.field("offCampus"), given.off_campus),
        coverage: given.coverage.map(coverage).unwrap_or_default(),
        weight_kg: violations.decimal(&at.field("weightKg"), given.weight_kg),
        ..skeleton(setting, service_date)
    };
    violations.into_result(read)
}

/// Reads one drug without a visit, as a visit of one administration.
///
/// # Errors
/// Every violation of the request.
pub fn drug_alone(
    given: &pb::CalculateDrugLinesRequest,
    limits: &RequestLimits,
) -> Result<Encounter, Violations> {
    let mut violations = Violations::under(limits);
    let at = Path::Root;
    let setting = violations.required_choice(&at.field("setting"), given.setting);
    let service_date = required_date(&given.service_date, &at, &mut violations);
    let mut drug = match &given.drug {
        Some(given) => drug(&given.into(), &at.field("drug"), &mut violations),
        None => {
            violations.add(&at.field("drug"), "is required");
            Default::default()
        }
    };
    let billing_unit = given.billing_unit.as_ref().map(Into::into);
    let billing_unit = positive(billing_unit, &at.field("billingUnit"), &mut violations);
    drug.billing_unit = drug.billing_unit.or(billing_unit);
    let read = Encounter {
        payer: payer(&given.payer, &at, &mut violations),
        payer_variant: violations.id(&at.field("payerVariant"), &given.payer_variant),
        indication: violations.choice(&at.field("indication"), given.indication),
        diagnoses: diagnoses(&given.diagnoses, &at, &mut violations),
        administrations: vec![Administration {
            id: position_id(0),
            route: violations.choice(&at.field("route"), given.route),
            drugs: vec![drug],
            ..Administration::default()
        }],
        renal: renal(given.renal.as_ref().map(Into::into), &at, &mut violations),
        entity_340b: violations.choice(&at.field("entity340b"), given.entity_340b),
        off_campus: violations.choice(&at.field("offCampus"), given.off_campus),
        coverage: given.coverage.map(coverage).unwrap_or_default(),
        ..skeleton(setting, service_date)
    };
    violations.into_result(read)
}

/// What the times of a visit are measured against.
struct Clock {
    service_date: Option<Date>,
}

impl Clock {
    /// Reads a clock time near the date of service.
    fn time(&self, text: &str, at: &Path<'_>, violations: &mut Violations) -> Option<LocalTime> {
        let time = violations.local_time(at, text)?;
        if self.service_date == Some(time.date()) {
            return Some(time);
        }
        let days = self.service_date.map_or(0, |day| (time.date() - day).get_days());
        let (limit, name) = violations.limits.days_from_service();
        if days.abs() > limit {
            let from = "days from the date of service";
            violations.add(at, format_args!("lies {days} {from}: at most {limit} are read ({name})"));
            return None;
        }
        Some(time)
    }
}

fn administration(
    given: &lent::Administration<'_>,
    index: usize,
    encounter: &Path<'_>,
    clock: &Clock,
    violations: &mut Violations,
) -> Administration {
    let at = encounter.item("administrations", index);
    let start = clock.time(given.start_time, &at.field("startTime"), violations);
    let stop = clock.time(given.stop_time, &at.field("stopTime"), violations);
    if given.visit_number == Some(0) {
        violations.add(&at.field("visitNumber"), "is 0: the first visit of the day is 1");
    }
    let limits = violations.limits;
    let duration = |name, minutes: Option<u32>, violations: &mut Violations| {
        let limit = limits.duration_minutes();
        if minutes.is_some_and(|minutes| minutes > limit) {
            violations
                .add(&at.field(name), format_args!("is above {limit} minutes (limit-days-from-service)"));
        }
        minutes
    };
    let drugs = violations.at_most(&at.field("drugs"), &given.drugs, limits.drugs_per_administration());
    let drugs = drugs.iter().enumerate();
    Administration {
        id: violations
            .id(&at.field("administrationId"), given.administration_id)
            .unwrap_or_else(|| position_id(index)),
        route: violations.choice(&at.field("route"), given.route),
        access_site: violations.id(&at.field("accessSite"), given.access_site),
        access_reason: violations.choice(&at.field("accessReason"), given.access_reason),
        visit_number: given.visit_number,
        start,
        stop,
        duration_minutes: duration("durationMinutes", given.duration_minutes, violations),
        concurrent_with: texts(
            "concurrentWith",
            &given.concurrent_with,
            limits.administrations(),
            &at,
            violations,
        ),
        interruptions: interruptions(&given.interruptions, &at, clock, violations),
        drugs: drugs.map(|(index, given)| drug(given, &at.item("drugs", index), violations)).collect(),
        attended_throughout: given.attended_throughout,
        fluid_purpose: violations.choice(&at.field("fluidPurpose"), given.fluid_purpose),
        volume_infused: amount(given.volume_infused, &at.field("volumeInfused"), violations),
        rate_ml_per_hour: violations.decimal(&at.field("rateMlPerHour"), given.rate_ml_per_hour),
        discontinued_planned_minutes: duration(
            "discontinuedPlannedMinutes",
            given.discontinued_planned_minutes,
            violations,
        ),
        lesion_count: given.lesion_count,
        pump: given.pump.map(|given| pump(given, &at.field("pump"), violations)),
        includes_puncture: given.includes_puncture,
        documentation: given.documentation.map(administration_documentation).unwrap_or_default(),
    }
}

/// The id of an administration that was given without one.
fn position_id(index: usize) -> String {
    format!("a{}", index + 1)
}

fn interruptions(
    given: &[lent::Interruption<'_>],
    administration: &Path<'_>,
    clock: &Clock,
    violations: &mut Violations,
) -> Vec<Interruption> {
    let limit = violations.limits.interruptions();
    let given = violations.at_most(&administration.field("interruptions"), given, limit);
    let mut read = Vec::with_capacity(given.len());
    for (index, pause) in given.iter().enumerate() {
        let at = administration.item("interruptions", index);
        if pause.start_time.is_empty() && pause.stop_time.is_empty() {
            violations.add(
                &at,
                "needs the start or the stop of the pause; what the record leaves out is asked about",
            );
        }
        let start = clock.time(pause.start_time, &at.field("startTime"), violations);
        let stop = clock.time(pause.stop_time, &at.field("stopTime"), violations);
        read.push(Interruption { start, stop });
    }
    read
}

/// Notes ids that occur twice, and references to ids that do not exist.
fn check_references(
    administrations: &[Administration],
    given: &lent::Encounter<'_>,
    at: &Path<'_>,
    violations: &mut Violations,
) {
    let mut known = rustc_hash::FxHashSet::default();
    for (index, administration) in administrations.iter().enumerate() {
        if !known.insert(administration.id.as_str()) {
            let place = at.item("administrations", index);
            violations.add(
                &place.field("administrationId"),
                format_args!("`{}` occurs twice: give each administration its own id", administration.id),
            );
        }
    }
    for (index, administration) in administrations.iter().enumerate() {
        let place = at.item("administrations", index);
        for (item, id) in administration.concurrent_with.iter().enumerate() {
            if *id == administration.id {
                violations.add(&place.item("concurrentWith", item), "names the administration itself");
            } else if !known.contains(id.as_str()) {
                let text = format_args!("`{id}` is not the id of an administration").to_string();
                violations.add(&place.item("concurrentWith", item), text);
            }
        }
    }
    if administrations.len() != given.administrations.len() || administrations.is_empty() {
        // A list that is refused was not read, so nothing is known of its ids.
        return;
    }
    let text = "is not the id of an administration: give the administrationId of the main reason";
    if !given.primary_reason.is_empty() && !known.contains(given.primary_reason) {
        violations.add(&at.field("primaryReason"), text);
    }
    for (item, reason) in given.further_primary_reasons.iter().enumerate() {
        if !known.contains(&**reason) {
            violations.add(&at.item("furtherPrimaryReasons", item), text);
        }
    }
}

fn other_services(
    given: &[lent::OtherService<'_>],
    encounter: &Path<'_>,
    violations: &mut Violations,
) -> Vec<OtherService> {
    let limit = violations.limits.other_services();
    let given = violations.at_most(&encounter.field("otherServices"), given, limit);
    let mut read = Vec::with_capacity(given.len());
    for (index, service) in given.iter().enumerate() {
        let at = encounter.item("otherServices", index);
        let code: Option<HcpcsCode> = violations.take(&at.field("code"), service.code.parse());
        let modifiers = modifiers(&service.modifiers, &at, violations);
        if let Some(code) = code {
            read.push(OtherService { code, modifiers, units: service.units.unwrap_or(1), date: None });
        }
    }
    read
}

/// Reads the modifiers of the message at a path.
pub(super) fn modifiers(
    given: &[impl AsRef<str>],
    at: &Path<'_>,
    violations: &mut Violations,
) -> Vec<Modifier> {
    let given = violations.at_most(&at.field("modifiers"), given, (MODIFIERS_MAX, ""));
    let given = given.iter().map(AsRef::as_ref).enumerate();
    given.filter_map(|(index, text)| violations.take(&at.item("modifiers", index), text.parse())).collect()
}

fn texts(
    name: &'static str,
    given: &[impl AsRef<str>],
    limit: (usize, &str),
    at: &Path<'_>,
    violations: &mut Violations,
) -> Vec<String> {
    let given = violations.at_most(&at.field(name), given, limit);
    let given = given.iter().map(AsRef::as_ref).enumerate();
    given.filter_map(|(index, text)| violations.id(&at.item(name, index), text)).collect()
}

/// Codes of diseases. A text that is no code would be taken for one that the visit's drugs do not treat.
fn diagnoses(given: &[impl AsRef<str>], encounter: &Path<'_>, violations: &mut Violations) -> Vec<String> {
    let limit = violations.limits.diagnoses();
    let read = texts("diagnoses", given, limit, encounter, violations);
    for (index, code) in read.iter().enumerate() {
        if !diagnosis::is_code(code) {
            let text = format_args!("`{code}` is no ICD-10-CM code: give the code alone, such as C83.30");
            violations.add(&encounter.item("diagnoses", index), text);
        }
    }
    read
}

fn payer(given: &str, at: &Path<'_>, violations: &mut Violations) -> String {
    let payer = violations.id(&at.field("payer"), given);
    payer.unwrap_or_else(|| DEFAULT_PAYER.to_owned())
}

fn required_date(text: &str, at: &Path<'_>, violations: &mut Violations) -> Option<Date> {
    let at = at.field("serviceDate");
    if text.is_empty() {
        violations.add(&at, "is required: give the date of service as YYYY-MM-DD");
    }
    violations.date(&at, text)
}

fn time_zone(name: &str, at: &Path<'_>, violations: &mut Violations) -> Option<TimeZone> {
    if name.is_empty() { None } else { violations.take(&at.field("timeZone"), parse_time_zone(name)) }
}

/// An empty visit; the stand-ins are never seen, because what is missing has been noted as a violation.
fn skeleton(setting: Option<Setting>, service_date: Option<Date>) -> Encounter {
    Encounter::new(setting.unwrap_or(Setting::PhysicianOffice), service_date.unwrap_or(Date::ZERO))
}

fn renal(given: Option<lent::Renal<'_>>, encounter: &Path<'_>, violations: &mut Violations) -> Renal {
    let Some(given) = given else { return Renal::default() };
    let at = encounter.field("renal");
    Renal {
        esrd_on_dialysis: given.esrd_on_dialysis,
        acute_kidney_injury: given.acute_kidney_injury,
        unrelated_to_esrd: given.unrelated_to_esrd,
        hematocrit_percent: violations.percent(&at.field("hematocritPercent"), given.hematocrit_percent),
        hematocrit_persistently_high: given.hematocrit_persistently_high,
        hemoglobin_g_dl: violations.decimal(&at.field("hemoglobinGDl"), given.hemoglobin_g_dl),
    }
}

const fn coverage(given: pb::Coverage) -> Coverage {
    Coverage {
        medical_policy_met: given.medical_policy_met,
        beneficiary_notice_on_file: given.beneficiary_notice_on_file,
        expected_denial: given.expected_denial,
        not_a_benefit: given.not_a_benefit,
    }
}

fn pump(given: pb::Pump, at: &Path<'_>, violations: &mut Violations) -> Pump {
    Pump {
        implantable: given.implantable,
        supplied_by_practice: given.supplied_by_practice,
        additional_setup: given.additional_setup,
        delivery: violations.choice(&at.field("delivery"), given.delivery),
    }
}

const fn documentation(given: pb::Documentation) -> Documentation {
    Documentation {
        order_signed: given.order_signed,
        plan_of_care: given.plan_of_care,
        nursing_assessment: given.nursing_assessment,
        adverse_reactions: given.adverse_reactions,
        patient_response: given.patient_response,
        hydration_necessity: given.hydration_necessity,
        discard_recorded: given.discard_recorded,
    }
}

const fn administration_documentation(given: pb::AdministrationDocumentation) -> AdministrationDocumentation {
    AdministrationDocumentation {
        order_signed: given.order_signed,
        administered_by: given.administered_by,
        patient_response: given.patient_response,
        discard_recorded: given.discard_recorded,
    }
}
