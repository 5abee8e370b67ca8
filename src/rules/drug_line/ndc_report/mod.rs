//! The NDC of a line, with its own unit and quantity (rules D-01..D-10).

mod records;

use crate::domain::claim::{Line, NdcQualifier, NdcReport};
use crate::domain::code::{HcpcsCode, Modifier, Ndc};
use crate::domain::drug::{Container, DrugGiven, NdcGiven, ProductForm};
use crate::domain::finding::{Reason, Severity};
use crate::domain::quantity::{Decimal, Measure};
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::policy::parameters::{NdcReporting, QualifierRule};
use crate::rules::drug_line::treatment::Treatment;
use crate::rules::drug_line::units::convert::{LastPlace, amount_per_ml, in_measure};
use crate::rules::drug_line::units::{Billed, Counting};
use crate::rules::drug_line::waste::Discard;

pub use records::*;

/// One millilitre in the base of its measure, and billionths in a decimal one.
const BASE_PER_ML_NANO: i128 = 1_000;
const NANOS: i128 = 1_000_000_000;

/// Names the NDC on the lines of a treatment, each with its part of the quantity (rule D-08).
pub fn attach(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    billed: &Billed,
    discard: &Discard,
    lines: &mut [Line],
) {
    let reporting = *coding.policy.drug_line.ndc_reporting;
    if reporting == NdcReporting::Off {
        return;
    }
    let mut ndcs: Vec<Ndc> = treatment.doses.iter().flat_map(|dose| ndcs_of(dose.drug)).collect();
    ndcs.sort_unstable();
    ndcs.dedup();
    let Some(ndc) = ndcs.first().copied() else {
        if reporting == NdcReporting::Required {
            let text = "This payer wants the NDC of the container that was used, and none is given";
            coding.find(Severity::Warn, Reason::MissingNdc, treatment.field("ndc"), &D_07, text, &[]);
        }
        return;
    };
    if ndcs.len() > 1 {
        let facts = [fact::given("ndc", Value::Ndc(ndc))];
        let text = "Several NDCs share the line; {ndc} is printed";
        coding.find(Severity::Info, Reason::LineSplit, treatment.field("ndc"), &D_08, text, &facts);
    }
    let Some((qualifier, total)) = quantity(coding, treatment, ndc) else { return };
    let facts = [
        fact::given("ndc", Value::Ndc(ndc)),
        fact::derived("quantity", Value::Decimal(Decimal::from_nanos(total))),
    ];
    let text = "The line names {ndc} with a quantity of {quantity} in its own unit";
    coding.result.trail.fired(&D_04, treatment.subject(), text, &facts);
    let places = *coding.policy.drug_line.ndc_decimals;
    let discarded = match (billed.counting, discard.amount, discard.jw_units) {
        (Counting::Amount(measured), Some(rest), 1..) => {
            share(total, rest, measured.administered.saturating_add(rest))
        }
        _ => 0,
    };
    for line in lines {
        let is_discard = line.modifiers.contains(&Modifier::of("JW"));
        let part = if is_discard { discarded } else { total - discarded };
        if is_discard && !*coding.policy.drug_line.ndc_on_discard_line {
            continue;
        }
        line.ndc = Some(NdcReport { ndc, qualifier, quantity: rounded(part, places) });
    }
}

fn ndcs_of(drug: &DrugGiven) -> impl Iterator<Item = Ndc> + '_ {
    let given = drug.ndc.iter().chain(drug.containers.iter().flat_map(|container| &container.ndc));
    given.filter_map(|ndc| match ndc {
        NdcGiven::Read(ndc) => Some(*ndc),
        NdcGiven::Ambiguous(_) => None,
    })
}

/// The part of a quantity, rounded **down** to the last place kept.
fn share(total: i64, part: i128, whole: i128) -> i64 {
    if whole <= 0 {
        return 0;
    }
    let scaled = i128::from(total).checked_mul(part).map_or(0, |product| product / whole);
    i64::try_from(scaled).unwrap_or(0)
}

/// A quantity at the decimal places of the payer, rounded **down**, and never zero (rule D-06).
fn rounded(nanos: i64, places: u32) -> Decimal {
    let step = 10_i64.pow(9 - places.min(9));
    Decimal::from_nanos((nanos / step * step).max(step))
}

/// The unit and the quantity of everything opened for the treatment (rules D-03..D-05).
fn quantity(coding: &Coding<'_>, treatment: &Treatment<'_>, ndc: Ndc) -> Option<(NdcQualifier, i64)> {
    let fixed = fixed_qualifier(coding, treatment.code());
    let liquid = || total_volume(coding, treatment, ndc).map(|volume| (NdcQualifier::Milliliter, volume));
    let counted = || total_count(treatment).map(|count| (NdcQualifier::Unit, count));
    match fixed {
        Some(NdcQualifier::Unit) => counted(),
        Some(NdcQualifier::Milliliter) => liquid(),
        Some(_) | None => match form(treatment) {
            Some(ProductForm::Liquid) => liquid().or_else(counted),
            Some(ProductForm::Powder | ProductForm::Solid) => counted(),
            Some(ProductForm::Topical) | None => liquid().or_else(counted),
        },
    }
}

fn fixed_qualifier(coding: &Coding<'_>, code: HcpcsCode) -> Option<NdcQualifier> {
    let row = coding.policy.drug_line.ndc_qualifiers.iter().find(|row| row.code == code)?;
    Some(match row.qualifier {
        QualifierRule::Milliliter => NdcQualifier::Milliliter,
        QualifierRule::Unit => NdcQualifier::Unit,
        QualifierRule::Gram => NdcQualifier::Gram,
        QualifierRule::Milligram => NdcQualifier::Milligram,
        QualifierRule::InternationalUnit => NdcQualifier::InternationalUnit,
    })
}

fn form(treatment: &Treatment<'_>) -> Option<ProductForm> {
    containers(treatment).find_map(|container| container.form)
}

fn containers<'t>(treatment: &'t Treatment<'_>) -> impl Iterator<Item = &'t Container> {
    treatment.doses.iter().flat_map(|dose| &dose.drug.containers)
}

/// Containers opened, in billionths of one.
fn total_count(treatment: &Treatment<'_>) -> Option<i64> {
    let count: u32 = containers(treatment).map(|container| container.count).sum();
    (count > 0).then(|| i64::from(count) * Decimal::ONE.nanos())
}

/// Millilitres opened, in billionths; from the volumes, the concentration or the crosswalk.
fn total_volume(coding: &Coding<'_>, treatment: &Treatment<'_>, ndc: Ndc) -> Option<i64> {
    let mut base: i128 = 0;
    for dose in &treatment.doses {
        let drug = dose.drug;
        if drug.containers.is_empty() {
            let given = drug.dose_administered?;
            base += in_measure(given, Measure::Volume, amount_per_ml(drug), LastPlace::Down).ok()?;
        }
        for container in &drug.containers {
            let stated = container.volume.unwrap_or(container.content);
            let one = in_measure(stated, Measure::Volume, amount_per_ml(drug), LastPlace::Down)
                .ok()
                .or_else(|| crosswalk_volume(coding, ndc))?;
            base = base.checked_add(one.checked_mul(i128::from(container.count))?)?;
        }
    }
    i64::try_from(base / BASE_PER_ML_NANO).ok().filter(|nanos| *nanos > 0)
}

/// Millilitres of one container by the crosswalk, which prints 1 for a powder (rule D-10).
fn crosswalk_volume(coding: &Coding<'_>, ndc: Ndc) -> Option<i128> {
    let size = coding.catalog.ndc(ndc).first()?.package_size;
    let is_liquid = i128::from(size.nanos()) != NANOS && !size.is_zero();
    is_liquid.then(|| i128::from(size.nanos()) * BASE_PER_ML_NANO)
}
