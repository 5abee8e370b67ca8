//! The containers opened for a treatment, and what their label says they held.

use super::*;
use crate::domain::drug::{Container, ContainerKind, DrugGiven};
use crate::domain::quantity::{Decimal, Measure, Quantity, Unit};
use crate::rules::drug_line::drug_marks::DrugMark;
use crate::rules::drug_line::treatment::Dose;
use crate::rules::drug_line::units::convert::{self, LastPlace};
use crate::rules::drug_line::waste::scope::KindBasis;

/// The opened containers in the base of the code's measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Opened {
    /// Labelled content whose rest is paid for; bounded by what the record says was discarded.
    pub payable: i128,
    /// Labelled content of all containers.
    pub content: i128,
    /// A container serves a later patient.
    pub is_shared: bool,
    /// The drug is sold in single-dose and multi-dose containers, and nothing tells which a container was.
    pub is_kind_open: bool,
    /// More was given than the containers hold.
    pub is_short: bool,
    /// What the record says was discarded.
    pub documented: Option<i128>,
    /// Single-dose containers and others were opened for the dose.
    pub is_mixed: bool,
}

/// Adds up the containers, with findings for what is missing or contradictory.
///
/// Nothing when the containers are not known, so that neither JW nor JZ can be judged.
pub fn gather(coding: &mut Coding<'_>, treatment: &Treatment<'_>, measured: &Measured) -> Option<Opened> {
    let mut opened = Opened::default();
    let mut documented = None;
    // An NDC may stand for a container whose content neither the record nor a crosswalk tells.
    let is_unstated = treatment.stated.has(DrugMark::OpenContent) && measured.measure() != Measure::Count;
    if is_unstated && treatment.doses.iter().all(|dose| is_whole(dose.drug)) {
        // Every piece that was opened was given.
        opened.payable = measured.administered;
        opened.content = measured.administered;
        opened.documented = treatment.doses.iter().find_map(|dose| documented_amount(dose, measured));
        return Some(opened);
    }
    for dose in treatment.doses {
        documented = sum(documented, documented_amount(dose, measured));
        if !is_unstated {
            add_containers(coding, dose, measured, &mut opened)?;
        }
    }
    opened.documented = documented;
    opened.is_mixed = 0 < opened.payable && opened.payable < opened.content;
    let has_containers = !is_unstated && treatment.stated.has(DrugMark::Container);
    match (has_containers, documented) {
        (false, Some(discarded)) => {
            opened.payable = measured.administered + discarded;
            opened.content = opened.payable;
            Some(opened)
        }
        (false, None) => {
            ask_containers(coding, treatment, measured.unit, is_unstated);
            None
        }
        (true, documented) => {
            check_content(coding, treatment, measured, &mut opened, documented);
            Some(opened)
        }
    }
}

/// Whether a dose that counts containers or pieces is as many as were opened.
fn is_whole(drug: &DrugGiven) -> bool {
    let is_counted = |amount: Quantity| amount.unit.measure() == Measure::Count;
    let contents = drug.containers.iter().map(|one| one.content);
    let opened: Option<Decimal> = drug
        .containers
        .iter()
        .map(|one| one.content.value.checked_times(one.count))
        .try_fold(Decimal::default(), |sum, one| sum.checked_add(one?));
    let mut counted = contents.chain(drug.dose_administered);
    counted.all(is_counted) && drug.dose_administered.map(|dose| dose.value) == opened
}

fn sum(left: Option<i128>, right: Option<i128>) -> Option<i128> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left + right),
        (left, right) => left.or(right),
    }
}

#[inline]
pub(super) fn documented_amount(dose: &Dose<'_>, measured: &Measured) -> Option<i128> {
    let stated = dose.drug.dose_discarded?;
    // Nothing is nothing in every measure.
    if stated.value.is_zero() {
        return Some(0);
    }
    convert::in_measure(stated, measured.measure(), dose.per_ml, LastPlace::Down).ok()
}

/// Adds one dose's containers; nothing when a content cannot be counted, with a finding.
fn add_containers(
    coding: &mut Coding<'_>,
    dose: &Dose<'_>,
    measured: &Measured,
    opened: &mut Opened,
) -> Option<()> {
    let mut is_assumed = false;
    for (index, container) in dose.drug.containers.iter().enumerate() {
        let Some(content) = content_of(dose, container, measured) else {
            let field = crate::domain::field::Field::Container(dose.at.0, dose.at.1, index as u16, "content");
            let facts = [fact::given("content", Value::Quantity(container.content))];
            let text = "A container of {content} cannot be counted in the measure of the code, so discarded drug is not judged";
            coding.find(Severity::Warn, Reason::IncompatibleUnits, field, &W_15, text, &facts);
            return None;
        };
        let (kind, basis) = scope::kind_of(coding, dose, container);
        is_assumed |= basis == KindBasis::Assumed;
        opened.is_kind_open |=
            basis == KindBasis::Open || basis == KindBasis::Assumed && is_sold_both_ways(coding, dose);
        opened.content = opened.content.checked_add(content)?;
        if scope::is_single_dose(coding, dose, kind) {
            opened.payable = opened.payable.checked_add(content)?;
        }
        opened.is_shared |= container.shared_with_later_patient;
        if kind == ContainerKind::PharmacyPrepared {
            let facts = [fact::given("content", Value::Quantity(container.content))];
            let text = "The prepared {content} is the container; what the pharmacy threw away is not this provider's";
            coding.result.trail.fired(&W_16, dose.subject(), text, &facts);
        }
    }
    if is_assumed {
        let text = "The kind of container is not stated and not listed; single-dose is assumed";
        coding.find(Severity::Info, Reason::ContainerKindAssumed, dose.field("containers"), &Z_04, text, &[]);
    }
    Some(())
}

/// The labelled content of equal containers in the base of the code's measure.
#[inline]
fn content_of(dose: &Dose<'_>, container: &Container, measured: &Measured) -> Option<i128> {
    let count = container.count;
    // Nearly all contents are in the measure of the code and fit one machine word.
    let plain = convert::in_word(container.content, measured.measure());
    if let Some(content) = plain.and_then(|one| one.checked_mul(u64::from(count))) {
        return Some(i128::from(content));
    }
    let one = convert::in_measure(container.content, measured.measure(), dose.per_ml, LastPlace::Down);
    one.ok()?.checked_mul(i128::from(count))
}

/// Whether the drug is sold in single-dose and in multi-dose containers; where some sizes tell the kind, the others are
/// the small ones of a single dose.
#[inline(never)]
fn is_sold_both_ways(coding: &Coding<'_>, dose: &Dose<'_>) -> bool {
    dose.listed.is_some_and(|drug| drug.container_kind.is_none())
        && !coding.catalog.formulary.tells_kind_by_content(dose.code)
}

/// Compares the containers with the dose and with the documented discarded amount.
fn check_content(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    measured: &Measured,
    opened: &mut Opened,
    documented: Option<i128>,
) {
    let dose = measured.administered;
    opened.is_short = dose > opened.content;
    if opened.is_mixed {
        // What came out of which is asked for, unless nothing was discarded.
        if documented == Some(0) {
            opened.payable = opened.payable.min(dose);
        }
        return;
    }
    if opened.is_short {
        let facts = [
            fact::given("dose", measured.readable(dose)),
            fact::given("content", measured.readable(opened.content)),
        ];
        let text = "{dose} was given and the listed containers hold {content}; check the containers (overfill is never billed)";
        let field = treatment.field("containers");
        coding.find(Severity::Warn, Reason::DoseExceedsContainers, field, &W_09, text, &facts);
        return;
    }
    let left = (opened.payable - dose).max(0);
    let Some(documented) = documented.filter(|documented| *documented != left && !opened.is_shared) else {
        return;
    };
    // Of a dose that was stopped early the entry bounds what its rule counts, which is less than all that was left.
    let is_partly = treatment.first().drug.discard_reason == Some(DiscardReason::PartlyAdministered);
    let is_of_order =
        measured.ordered(treatment).is_some_and(|ordered| documented == opened.payable - ordered);
    if !is_partly || !is_of_order {
        let facts = [
            fact::given("documented", measured.readable(documented)),
            fact::derived("left", measured.readable(left)),
        ];
        let text = "The record shows {documented} discarded and the containers leave {left}; the smaller amount is used";
        let field = treatment.field("dose_discarded");
        coding.find(Severity::Warn, Reason::DiscardedAmountDiffers, field, &W_14, text, &facts);
    }
    if !is_partly {
        opened.payable = opened.payable.min(dose.saturating_add(documented));
    }
}

/// No containers: neither JW nor JZ can be judged, so it is asked (rule W-14).
pub(super) fn ask_containers(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    unit: Unit,
    is_unstated: bool,
) {
    let standing = &coding.policy.drug_line.jz_standing;
    let is_needed = matches!(**standing, Standing::Required | Standing::RequiredOrReturned);
    let severity = if is_needed { Severity::Warn } else { Severity::Info };
    let field = treatment.field("containers");
    let text = match **standing {
        _ if is_unstated => {
            "The content of a container is not stated and no crosswalk held tells it by the NDC, so neither JW nor JZ can be attested for this drug"
        }
        Standing::RequiredOrReturned => {
            "No containers are listed, so neither JW nor JZ can be attested for this drug; a claim without one may be returned"
        }
        _ => "No containers are listed, so neither JW nor JZ can be attested for this drug",
    };
    coding.find(severity, Reason::MissingContainers, field, &W_14, text, &[]);
    if !is_needed {
        return;
    }
    let at = treatment.first().at;
    let used_up: Possibility<'_> = (
        "the containers were used up".to_owned(),
        Box::new(move |encounter| {
            let none = Quantity::new(Default::default(), unit);
            let drug = crate::rules::drug_line::treatment::drug_at(encounter, at);
            drug.dose_discarded = Some(none);
        }),
    );
    let text = if is_unstated {
        "What did each container hold by its label, and how much was discarded?"
    } else {
        "Which containers were opened for this drug, and how much was discarded?"
    };
    ask(coding, field, &W_14, text, &[], vec![used_up]);
}

/// The rest of one drug in the measure of its own dose, for codes without a unit.
pub fn rest_of(drug: &DrugGiven) -> Option<Quantity> {
    if let Some(stated) = drug.dose_discarded {
        return Some(stated);
    }
    let dose = drug.dose_administered?;
    let mut content: Option<Quantity> = None;
    for container in &drug.containers {
        let these = container.content.checked_times(container.count)?;
        content = Some(match content {
            Some(sum) => sum.checked_add(these)?,
            None => these,
        });
    }
    content?.checked_sub(dose).filter(|rest| !rest.value.is_negative())
}
