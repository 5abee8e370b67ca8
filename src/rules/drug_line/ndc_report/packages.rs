//! What was opened for a treatment, by NDC: its quantity on the claim, and how much of it was given.

use smallvec::SmallVec;

use super::opened::{Opened, Source, opened, read};
use super::*;
use crate::catalog::ndc::{NdcEntry, PackageForm};
use crate::domain::drug::ProductForm;
use crate::domain::quantity::{Measure, Quantity, Unit};
use crate::policy::parameters::CodeMark;
use crate::rules::drug_line::package::is_placeholder;
use crate::rules::drug_line::treatment::Dose;
use crate::rules::drug_line::units::{
    self,
    convert::{LastPlace, in_measure},
};

/// One millilitre in the base of its measure, and billionths in a decimal one.
const BASE_PER_ML_NANO: i128 = 1_000;
pub(super) const NANOS: i128 = 1_000_000_000;

/// Kinds of container of one treatment that are held without an allocation; few treatments have more.
pub(super) const OPENED_INLINE: usize = 4;

/// Everything opened of one NDC.
#[derive(Debug, Clone)]
pub struct Package {
    pub ndc: Option<Ndc>,
    pub qualifier: NdcQualifier,
    /// Quantity of all of it in the unit of the qualifier, in billionths.
    pub quantity: i64,
    /// What was given of it and what was discarded, in the base of the code's measure; counted
    /// containers where the code has none.
    pub administered: i128,
    pub discarded: i128,
    /// What was left in a multi-dose container for the next patient.
    pub kept: i128,
    /// The rule that gave the unit: the payer's (D-05), the crosswalk's (D-10) or the form's (D-04).
    pub rule: &'static Rule,
    pub assumed: Option<Assumed>,
}

/// Why a package is counted in pieces although nothing tells that it is no liquid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assumed {
    /// It is swallowed, as a tablet or as a solution.
    Swallowed,
    /// Neither the record nor a listed package of the same content tells a powder from a liquid.
    Piece,
}

/// The packages of a treatment by NDC, in the order of the NDCs.
///
/// What was opened of an NDC in a quantity that nothing tells is none of them; it is given to `unknown`.
pub fn of(
    coding: &Coding<'_>,
    treatment: &Treatment<'_>,
    billed: &Billed,
    discard: &Discard,
    mut unknown: impl FnMut(Ndc),
) -> SmallVec<[Package; OPENED_INLINE]> {
    let mut opened = opened(coding.catalog, treatment, billed);
    // The rest is in the container opened last, and a careful choice opens the smallest one last.
    opened.sort_by_key(|one| (one.content, one.ndc));
    let mut rest = discard.amount.filter(|_| discard.jw_units > 0).unwrap_or(0);
    let mut left = left_over(&opened, billed, rest);
    let mut packages: SmallVec<[Package; OPENED_INLINE]> = SmallVec::new();
    for one in &opened {
        let content = one.content * i128::from(one.count);
        let discarded = rest.min(content);
        rest -= discarded;
        let known = quantity(coding, one, billed).or_else(|| by_crosswalk(coding, one, billed));
        let Some((qualifier, quantity)) = known else {
            one.ndc.into_iter().for_each(&mut unknown);
            continue;
        };
        let rule = rule_of(coding, one);
        let kept = if one.is_for_several(coding) { left.min(content - discarded) } else { 0 };
        left -= kept;
        let administered = content - discarded - kept;
        match packages.iter_mut().find(|known| known.ndc == one.ndc && known.qualifier == qualifier) {
            Some(known) => {
                known.quantity = known.quantity.saturating_add(quantity);
                known.administered += administered;
                known.discarded += discarded;
                known.kept += kept;
            }
            None => {
                let assumed = one.assumed(qualifier, rule);
                packages.push(Package {
                    ndc: one.ndc,
                    qualifier,
                    quantity,
                    administered,
                    discarded,
                    kept,
                    rule,
                    assumed,
                });
            }
        }
    }
    packages.sort_by_key(|package| package.ndc);
    packages
}

/// Whether the NDC of something that was opened is not given.
pub fn lack_ndc(treatment: &Treatment<'_>) -> bool {
    treatment.doses.iter().any(|dose| {
        let of_drug = read(dose.drug.ndc.as_ref());
        let mut containers = dose.drug.containers.iter();
        of_drug.is_none()
            && (dose.drug.containers.is_empty()
                || containers.any(|container| read(container.ndc.as_ref()).is_none()))
    })
}

fn rule_of(coding: &Coding<'_>, opened: &Opened<'_>) -> &'static Rule {
    let (dose, form, volume) = match opened.source {
        Source::Container(dose, container) => (dose, container.form, container.volume),
        Source::Dose(dose) => (dose, None, None),
    };
    let is_listed = opened.listed.is_some() || opened.others.is_some();
    match fixed_rule(coding, dose) {
        Some(_) => &D_05,
        None if form.is_none() && volume.is_none() && is_listed => &D_10,
        None => &D_04,
    }
}

/// What neither was given nor is billed as discarded.
fn left_over(opened: &[Opened<'_>], billed: &Billed, rest: i128) -> i128 {
    let Counting::Amount(measured) = &billed.counting else { return 0 };
    let content: i128 = opened.iter().map(|one| one.content * i128::from(one.count)).sum();
    (content - measured.administered - rest).max(0)
}

/// The unit and the quantity of what was opened (rules D-03..D-05).
fn quantity(coding: &Coding<'_>, opened: &Opened<'_>, billed: &Billed) -> Option<(NdcQualifier, i64)> {
    let (dose, form) = match opened.source {
        Source::Container(dose, container) => (dose, container.form),
        Source::Dose(dose) => (dose, None),
    };
    let liquid = || volume(opened).map(|volume| (NdcQualifier::Milliliter, volume));
    let counted = || {
        matches!(opened.source, Source::Container(..))
            .then(|| (NdcQualifier::Unit, i64::from(opened.count) * Decimal::ONE.nanos()))
    };
    match fixed_rule(coding, dose) {
        Some(QualifierRule::Unit) => counted(),
        Some(QualifierRule::Milliliter) => liquid(),
        Some(QualifierRule::Gram) => in_unit(opened, Unit::Gram, NdcQualifier::Gram),
        Some(QualifierRule::Milligram) => in_unit(opened, Unit::Milligram, NdcQualifier::Milligram),
        Some(QualifierRule::InternationalUnit) => {
            in_unit(opened, Unit::BiologicalUnit, NdcQualifier::InternationalUnit)
        }
        None => match form {
            Some(ProductForm::Solid) => pieces(coding, opened, billed).or_else(counted),
            Some(ProductForm::Powder) => counted(),
            Some(ProductForm::Topical) => in_unit(opened, Unit::Gram, NdcQualifier::Gram).or_else(counted),
            Some(ProductForm::Liquid) => liquid().or_else(|| one_milliliter(opened)).or_else(counted),
            // The crosswalk prints a size of 1 for what is no liquid, so a strength after reconstitution says nothing.
            None if is_counted(opened) => counted(),
            None if opened.is_swallowed() => pieces(coding, opened, billed).or_else(counted),
            None => liquid().or_else(|| by_others(opened)).or_else(counted),
        },
    }
}

/// The millilitres of a container that is not listed, by those that are (rule D-10).
fn by_others(opened: &Opened<'_>) -> Option<(NdcQualifier, i64)> {
    let (form, size) = opened.others?;
    let volume = size.nanos().checked_mul(i64::from(opened.count))?;
    (form == PackageForm::Liquid).then_some((NdcQualifier::Milliliter, volume))
}

/// The part of a package that a dose without containers takes: its containers hold `BILLUNITS` units,
/// and their size tells a liquid, or the pieces of what is swallowed (rule D-10).
fn by_crosswalk(coding: &Coding<'_>, opened: &Opened<'_>, billed: &Billed) -> Option<(NdcQualifier, i64)> {
    let Source::Dose(dose) = opened.source else { return None };
    let is_liquid = matches!(fixed_rule(coding, dose), Some(QualifierRule::Milliliter));
    let is_counted = opened.listed?.is_counted() || opened.is_swallowed();
    let qualifier = if is_counted && !is_liquid { NdcQualifier::Unit } else { NdcQualifier::Milliliter };
    Some((qualifier, part_of_package(coding, opened, billed)?))
}

/// The tablets or capsules of what was opened, in billionths of one: the crosswalk prints how many a bottle holds, and a
/// container may be the bottle or one of them.
fn pieces(coding: &Coding<'_>, opened: &Opened<'_>, billed: &Billed) -> Option<(NdcQualifier, i64)> {
    let Source::Container(..) = opened.source else { return None };
    let one = part_of_package(coding, opened, billed)?;
    let nanos = one.checked_mul(i64::from(opened.count))?;
    (nanos % Decimal::ONE.nanos() == 0).then_some((NdcQualifier::Unit, nanos))
}

/// What the content is of the container that the crosswalk lists, in billionths of its size; rounded **down**.
fn part_of_package(coding: &Coding<'_>, opened: &Opened<'_>, billed: &Billed) -> Option<i64> {
    let Counting::Amount(measured) = &billed.counting else { return None };
    let (Source::Dose(dose) | Source::Container(dose, _)) = opened.source;
    let unit = dose.billing.ok()?.quantity;
    let is_told = |entry: &&NdcEntry| !is_placeholder(coding.policy, entry, unit);
    let entry = opened.listed.filter(|entry| entry.code == dose.code).filter(is_told)?;
    let package = measured.one.checked_mul(i128::from(entry.bill_units.nanos()))? / NANOS;
    let size = i128::from(entry.package_size.nanos());
    let nanos = opened.content.checked_mul(size)?.checked_div(package)?;
    i64::try_from(nanos).ok().filter(|nanos| *nanos > 0)
}

pub fn fixed_rule(coding: &Coding<'_>, dose: &Dose<'_>) -> Option<QualifierRule> {
    if !dose.marks.has(CodeMark::NdcUnit) {
        return None;
    }
    let table = &coding.policy.drug_line.ndc_qualifiers;
    table.iter().find(|row| row.code == dose.code).map(|row| row.qualifier)
}

/// The labelled content of what was opened in a unit, in billionths; nothing where it is not stated in that measure.
fn in_unit(opened: &Opened<'_>, unit: Unit, qualifier: NdcQualifier) -> Option<(NdcQualifier, i64)> {
    let stated = match opened.source {
        Source::Container(_, container) => container.content,
        Source::Dose(dose) => dose.drug.dose_administered?,
    };
    let one = stated.converted_to(unit)?;
    Some((qualifier, one.checked_times(opened.count)?.value.nanos()))
}

/// Whether the crosswalk counts the package by pieces: its size is 1 and no volume of 1 mL is stated.
fn is_counted(opened: &Opened<'_>) -> bool {
    let Source::Container(_, container) = opened.source else { return false };
    opened.listed.is_some_and(NdcEntry::is_counted)
        && container.volume.is_none()
        && container.content.unit.measure() != Measure::Volume
        && !holds_one_milliliter(opened)
}

/// Of a stated liquid the size of 1 is one millilitre, which the crosswalk prints no other way than one piece.
fn one_milliliter(opened: &Opened<'_>) -> Option<(NdcQualifier, i64)> {
    let is_one = |entry: &&NdcEntry| i128::from(entry.package_size.nanos()) == NANOS;
    let Source::Container(..) = opened.source else { return None };
    opened.listed.filter(is_one)?;
    Some((NdcQualifier::Milliliter, i64::from(opened.count).checked_mul(Decimal::ONE.nanos())?))
}

/// Whether the content by its stated strength is one millilitre, as the size of 1 of a liquid says; a powder has another
/// volume once it is dissolved.
fn holds_one_milliliter(opened: &Opened<'_>) -> bool {
    let Source::Container(dose, container) = opened.source else { return false };
    if dose.per_ml.is_none() && container.content.unit.measure() != Measure::Volume {
        return false;
    }
    milliliters(container.content, dose) == Some(Quantity::new(Decimal::ONE, Unit::Milliliter).in_base())
}

/// Millilitres of what was opened, in billionths; from its volume, the concentration or the crosswalk.
fn volume(opened: &Opened<'_>) -> Option<i64> {
    let one = match opened.source {
        Source::Dose(dose) => milliliters(dose.drug.dose_administered?, dose)?,
        Source::Container(dose, container) => container
            .volume
            .and_then(|volume| milliliters(volume, dose))
            .or_else(|| crosswalk_volume(opened.listed))
            .or_else(|| milliliters(container.content, dose))?,
    };
    let base = one.checked_mul(i128::from(opened.count))?;
    i64::try_from(units::divided(base, BASE_PER_ML_NANO).0).ok().filter(|nanos| *nanos > 0)
}

fn milliliters(stated: Quantity, dose: &Dose<'_>) -> Option<i128> {
    in_measure(stated, Measure::Volume, dose.per_ml, LastPlace::Down).ok()
}

/// Millilitres of one container by the crosswalk, which prints 1 for a powder (rule D-10).
fn crosswalk_volume(listed: Option<&NdcEntry>) -> Option<i128> {
    let size = listed.filter(|entry| !entry.is_counted())?.package_size;
    (!size.is_zero()).then(|| i128::from(size.nanos()) * BASE_PER_ML_NANO)
}
