//! Whether JW and JZ speak for a drug: by payer, date, setting, status, class and container.

use super::*;
use crate::catalog::CodeFlag;
use crate::catalog::formulary::ToldKind;
use crate::domain::drug::{Container, ContainerKind, DrugClass, DrugSource};
use crate::domain::encounter::Setting;
use crate::domain::quantity::{Measure, Quantity};
use crate::rules::Rule;
use crate::rules::drug_line::treatment::Dose;
use crate::rules::drug_line::units::convert::{LastPlace, in_measure};

/// Why a drug carries neither modifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exemption {
    NotReported(&'static Rule),
    Setting,
    EsrdBundle,
    Class,
    Acquired,
    Packaged,
    MultiDose,
}

/// How discarded drug of this treatment is shown (§13 items 1, 11, 14).
pub fn reporting(coding: &Coding<'_>, treatment: &Treatment<'_>, is_skin: bool) -> DiscardReporting {
    let parameters = &coding.policy.drug_line;
    if is_skin {
        return *parameters.skin_substitute_reporting;
    }
    if coding.encounter.setting != Setting::DmeSupplier {
        return *parameters.discard_reporting;
    }
    let in_preparation =
        treatment.doses.iter().any(|dose| dose.drug.discard_reason == Some(DiscardReason::DuringPreparation));
    match *parameters.dme_discard_reporting {
        // What the patient throws away is never the supplier's waste (rule Z-07).
        DiscardReporting::JwAndJz if !in_preparation => DiscardReporting::JzOnly,
        reporting => reporting,
    }
}

/// The first reason that takes the treatment out of the scope of JW and JZ, if any (rules Z-04..Z-09).
pub fn exemption(
    coding: &Coding<'_>,
    treatment: &Treatment<'_>,
    doses: &[Dose<'_>],
    reporting: DiscardReporting,
) -> Option<Exemption> {
    let parameters = &coding.policy.drug_line;
    let setting = coding.encounter.setting;
    let dose = treatment.first();
    if reporting == DiscardReporting::Off {
        let rule = if is_unlicensed_skin_substitute(dose) {
            &K_01
        } else if setting == Setting::DmeSupplier {
            &Z_07
        } else {
            &W_02
        };
        return Some(Exemption::NotReported(rule));
    }
    if parameters.discard_exempt_settings.contains(&setting) {
        return Some(Exemption::Setting);
    }
    // What is always for ESRD stays in the bundle, whatever it was given for (rule M-05).
    if setting == Setting::EsrdFacility && parameters.esrd_bundled_codes.contains(&treatment.code()) {
        return Some(Exemption::EsrdBundle);
    }
    if is_of_exempt_class(coding, dose) || treatment.doses.iter().all(|dose| is_loose(dose)) {
        return Some(Exemption::Class);
    }
    if dose.drug.source == DrugSource::CompetitiveAcquisition {
        return Some(Exemption::Acquired);
    }
    if parameters.status_settings.contains(&setting) && is_packaged(coding, treatment) {
        return Some(Exemption::Packaged);
    }
    for dose in treatment.doses {
        if has_single_dose_container(coding, dose, doses) {
            return None;
        }
    }
    Some(Exemption::MultiDose)
}

/// Whether a class of the drug carries neither modifier: the stated one, one that the code or its flags tell.
fn is_of_exempt_class(coding: &Coding<'_>, dose: &Dose<'_>) -> bool {
    let exempt = *coding.policy.drug_line.discard_exempt_classes;
    let is_exempt = |class| exempt.contains(&class);
    let flags = dose.version.flags;
    // The class that the table lists is the one that counts, unless a profile has another.
    let of_code = || {
        let formulary = &coding.catalog.formulary;
        let is_open = dose.listed.is_none_or(|drug| drug.is_profiled);
        is_open.then(|| formulary.class_of_code(dose.code, Default::default(), coding.date)).flatten()
    };
    dose.drug.class.is_some_and(is_exempt)
        || dose.listed.is_some_and(|drug| is_exempt(drug.class))
        || flags.has(CodeFlag::Vaccine) && is_exempt(DrugClass::Vaccine)
        || flags.has(CodeFlag::ImagingAgent) && is_exempt(DrugClass::Radiopharmaceutical)
        || of_code().is_some_and(|of_code| is_exempt(of_code.class))
}

/// Whether a dose is swallowed: a tablet out of a bottle comes in no single-dose container, unless the request itself
/// says that it did.
pub fn is_loose(dose: &Dose<'_>) -> bool {
    dose.version.flags.has(CodeFlag::Oral) && dose.drug.containers.iter().all(|one| one.kind.is_none())
}

/// Before 2026 the contractor decided about skin substitutes (rule K-02).
pub fn note_skin_substitute(coding: &mut Coding<'_>, treatment: &Treatment<'_>) {
    let reporting = &coding.policy.drug_line.skin_substitute_reporting;
    if **reporting != DiscardReporting::Off {
        let facts = [fact::parameter("since", Value::Date(reporting.from), reporting)];
        let text = "The contractor decides how a discarded skin substitute is marked; this way since {since}";
        coding.result.trail.fired(&K_02, treatment.subject(), text, &facts);
    }
}

/// Notes why neither modifier applies.
pub fn note(coding: &mut Coding<'_>, treatment: &Treatment<'_>, exemption: Exemption) {
    let (rule, text): (&'static Rule, &'static str) = match exemption {
        Exemption::NotReported(rule) => {
            (rule, "Discarded drug is not marked for this payer, date and product")
        }
        Exemption::Setting => (&Z_05, "JW and JZ do not apply in this setting"),
        Exemption::EsrdBundle => {
            (&Z_06, "The drug is paid within the ESRD bundle, so JW and JZ do not apply")
        }
        Exemption::Class => (&Z_05, "JW and JZ do not apply to this kind of product"),
        Exemption::Acquired => {
            (&Z_05, "JW and JZ do not apply to drugs of the competitive acquisition programme")
        }
        Exemption::Packaged => {
            (&Z_09, "The drug is not paid separately in this setting on this date, so JW and JZ do not apply")
        }
        Exemption::MultiDose if is_bulk(treatment) => {
            (&W_08, "A bulk package counts as a multi-dose container: only the administered units are billed")
        }
        Exemption::MultiDose => (&W_07, "From a multi-dose container only the administered units are billed"),
    };
    coding.result.trail.declined(rule, treatment.subject(), text, &[]);
    if exemption == Exemption::Packaged {
        warn_of_unsettled(coding, treatment);
    }
    let claims_waste = treatment
        .doses
        .iter()
        .any(|dose| dose.drug.dose_discarded.is_some_and(|amount| !amount.value.is_zero()));
    if claims_waste {
        let is_unlisted = treatment.doses.iter().all(|dose| dose.drug.containers.is_empty());
        let field = treatment.field("dose_discarded");
        if exemption == Exemption::MultiDose && is_unlisted {
            // The kind is that of the product, for the record lists no container.
            let text = "The product is taken to come in multi-dose containers, of which nothing discarded is billed; the record states a discarded amount and no container";
            coding.find(Severity::Warn, Reason::MissingContainers, field, rule, text, &[]);
            let text = "Which containers were opened for this drug, and were they single-dose or multi-dose?";
            ask(coding, treatment.field("containers"), rule, text, &[], Vec::new());
            return;
        }
        let text = "The discarded amount of this drug cannot be billed here";
        coding.find(Severity::Info, Reason::DiscardNotBillable, field, rule, text, &[]);
    }
}

/// A status of separate payment of which no source says whether JW and JZ go with it (rule Z-09).
fn warn_of_unsettled(coding: &mut Coding<'_>, treatment: &Treatment<'_>) {
    let unsettled = &coding.policy.drug_line.unsettled_status_indicators;
    let status = coding.catalog.status_indicator(treatment.code(), coding.date).map(|status| status.value);
    if !status.is_some_and(|status| unsettled.iter().any(|one| one == status.as_str())) {
        return;
    }
    let facts = [fact::catalog("code", Value::Code(treatment.code()))];
    let text = "{code} is paid beside the procedure on this date by a status of which no source says whether JW and JZ go with it; the line carries neither, so ask the contractor";
    let field = treatment.field("hcpcs_code");
    coding.find(Severity::Warn, Reason::DisputedRule, field, &Z_09, text, &facts);
}

/// How surely the kind of a container is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KindBasis {
    Told,
    /// Nothing tells it, and the drug is not known to be sold in several kinds of container.
    Assumed,
    /// Containers with this content are sold in several kinds.
    Open,
}

/// The kind of a container: as given, else as its content tells, else as the formulary says, else single-dose.
#[inline]
pub fn kind_of(coding: &Coding<'_>, dose: &Dose<'_>, container: &Container) -> (ContainerKind, KindBasis) {
    match container.kind {
        Some(kind) => (kind, KindBasis::Told),
        None => kind_unstated(coding, dose, container),
    }
}

#[inline(never)]
fn kind_unstated(coding: &Coding<'_>, dose: &Dose<'_>, container: &Container) -> (ContainerKind, KindBasis) {
    // A content in millilitres is compared by its strength.
    let compare = |listed: Quantity| {
        let content =
            in_measure(container.content, listed.unit.measure(), dose.per_ml, LastPlace::Down).ok()?;
        Some(listed.in_base().cmp(&content))
    };
    match coding.catalog.formulary.kind_of_content(dose.code, dose.drug.name.as_deref(), compare) {
        ToldKind::Is(kind) => (kind, KindBasis::Told),
        ToldKind::Open => (ContainerKind::SingleDose, KindBasis::Open),
        ToldKind::Untold => kind_of_drug(dose),
    }
}

/// The kind of the containers that a drug is sold in; single-dose is assumed where nothing tells.
fn kind_of_drug(dose: &Dose<'_>) -> (ContainerKind, KindBasis) {
    match dose.listed.and_then(|drug| drug.container_kind) {
        Some(kind) => (kind, KindBasis::Told),
        None => (ContainerKind::SingleDose, KindBasis::Assumed),
    }
}

/// Whether the rest of such a container is paid for (rules W-07, W-08, row G-22).
#[inline]
pub fn is_single_dose(coding: &Coding<'_>, dose: &Dose<'_>, kind: ContainerKind) -> bool {
    let parameters = &coding.policy.drug_line;
    let ground = dose.drug.discard_reason;
    parameters.single_dose_kinds.contains(&kind)
        || ground.is_some_and(|ground| parameters.further_discard_grounds.contains(&ground))
}

/// Whether a dose came from a single-dose container; where it lists none, those of the other doses of its code speak
/// for it.
fn has_single_dose_container(coding: &Coding<'_>, dose: &Dose<'_>, doses: &[Dose<'_>]) -> bool {
    let is_single = |container: &Container| is_single_dose(coding, dose, kind_of(coding, dose, container).0);
    if !dose.drug.containers.is_empty() {
        return dose.drug.containers.iter().any(is_single);
    }
    let of_code = doses.iter().filter(|other| other.code == dose.code);
    let mut listed = of_code.flat_map(|other| &other.drug.containers).peekable();
    if listed.peek().is_none() {
        return is_single_dose(coding, dose, kind_of_drug(dose).0);
    }
    listed.any(is_single)
}

/// Whether every container is a bulk package.
pub fn is_bulk(treatment: &Treatment<'_>) -> bool {
    let bulk = [
        Some(ContainerKind::PharmacyBulkPackage),
        Some(ContainerKind::ImagingBulkPackage),
        Some(ContainerKind::ShortStabilityBulk),
    ];
    let mut containers = treatment.doses.iter().flat_map(|dose| &dose.drug.containers).peekable();
    containers.peek().is_some() && containers.all(|container| bulk.contains(&container.kind))
}

pub(super) fn is_unlicensed_skin_substitute(dose: &Dose<'_>) -> bool {
    let is_skin = dose.version.flags.has(CodeFlag::SkinSubstitute)
        || dose.drug.class == Some(DrugClass::SkinSubstitute)
        || dose.drug.product_kind == Some(crate::domain::drug::ProductKind::SkinSubstitute);
    let by_area = dose.billing.as_ref().is_ok_and(|unit| unit.quantity.unit.measure() == Measure::Area);
    (is_skin || by_area) && dose.drug.licensed_biologic != Some(true)
}

/// Whether the hospital or the center is not paid separately for the drug (rule Z-09).
pub fn is_packaged(coding: &Coding<'_>, treatment: &Treatment<'_>) -> bool {
    let parameters = &coding.policy.drug_line;
    if !parameters.status_settings.contains(&coding.encounter.setting) {
        return false;
    }
    let status = coding.catalog.status_indicator(treatment.code(), coding.date);
    let separately_paid = &parameters.discard_status_indicators;
    status.is_some_and(|status| !separately_paid.iter().any(|paid| paid == status.value.as_str()))
}
