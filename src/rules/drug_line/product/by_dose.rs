//! Codes that the amount of a dose tells apart: Q9991 up to 100 mg, and Q9992 above (rule U-09).

use std::cmp::Ordering;

use super::*;
use crate::catalog::formulary::{DrugFacts, Fit};
use crate::catalog::names::fold;
use crate::domain::billing::{BillingUnit, UnitForm};
use crate::domain::quantity::{Decimal, Quantity, Unit};
use crate::policy::parameters::DoseBound;
use crate::rules::drug_line::units::{U_09, strength};

/// The code of a row of codes that covers an amount: each covers what is within its limit, the last one the rest.
fn covering(coding: &Coding<'_>, row: &[HcpcsCode], asked: &Asked<'_>) -> Option<HcpcsCode> {
    let dose = asked.drug.dose_administered.filter(|dose| !dose.value.is_zero())?;
    for code in row {
        let unit = coding.catalog.lookup(*code, coding.date).billable()?.billing_unit()?;
        let Some(limit) = unit.limit else { return Some(*code) };
        if dose.compare(limit)?.is_le() {
            return Some(*code);
        }
    }
    None
}

/// The code of a product of the same drug that is sold in the very amount of a dose, or of the containers, where that is
/// more than any container of the one code holds that the name fits, and whether a label tells so: `aflibercept` of 8 mg
/// may be Eylea HD, and `aflibercept 8 mg/0.07 mL` is nothing else.
pub(super) fn of_larger_package<'a>(
    coding: &Coding<'a>,
    asked: &Asked<'_>,
    found: &[&CodeVersion],
) -> Option<(&'a CodeVersion, bool)> {
    let [only] = found else { return None };
    let drug = asked.drug;
    let name = drug.name.as_deref().filter(|_| drug.code.is_none() && drug.ndcs().next().is_none())?;
    let formulary = &coding.catalog.formulary;
    let listed = formulary.drug(only.code).filter(|own| !own.container_sizes.is_empty())?;
    let of_container = drug.containers.first().map(|container| container.content);
    let of_name = strength::in_name(name).map(|strength| strength.amount);
    let of_label = of_container.or(of_name);
    let stated = of_label.or(drug.dose_administered)?;
    let is = |order| move |size: &Quantity| size.compare(stated) == Some(order);
    if !listed.container_sizes.iter().all(is(Ordering::Less)) {
        return None;
    }
    let own = fold(&listed.ingredient);
    let listed = listed.brands.iter().map(|brand| &**brand);
    let mut brands = listed.chain(only.brands.iter().map(|brand| &**brand));
    if brands.any(|brand| fold(name).starts_with(&fold(brand))) {
        return None;
    }
    let is_larger = |facts: &&DrugFacts| {
        let words = fold(&facts.ingredient);
        words.len() > own.len()
            && words.starts_with(&own)
            && facts.container_sizes.iter().any(is(Ordering::Equal))
    };
    let version = |facts: &DrugFacts| coding.catalog.lookup(facts.code, coding.date).billable();
    let fits = |version: &&CodeVersion| {
        named::fits_use(coding, asked, version) && named::fit(coding, asked, version) == Fit::Fits
    };
    let mut larger = formulary.by_code.values().filter(is_larger);
    larger.find_map(|facts| version(facts).filter(fits)).map(|version| (version, of_label.is_some()))
}

fn row_of<'p>(coding: &Coding<'p>, version: &CodeVersion) -> Option<&'p [HcpcsCode]> {
    // Few codes count events, so the table is seldom looked at.
    version.billing_unit().filter(|unit| unit.form == UnitForm::PerEvent)?;
    let rows = &coding.policy.drug_line.codes_by_dose;
    rows.iter().find(|row| row.contains(&version.code)).map(Vec::as_slice)
}

/// Whether a bound leaves a dose to its code; one in another measure says nothing.
fn admits(bound: &DoseBound, dose: Quantity) -> bool {
    let is_over = |limit: Quantity| dose.compare(limit).map(Ordering::is_gt);
    bound.most.and_then(is_over) != Some(true) && bound.above.and_then(is_over) != Some(false)
}

fn bound_of<'p>(coding: &Coding<'p>, asked: &Asked<'_>, code: HcpcsCode) -> Option<&'p DoseBound> {
    if !asked.marks_of(coding, code).has(CodeMark::DoseBound) {
        return None;
    }
    coding.policy.drug_line.dose_bounds.iter().find(|bound| bound.code == code)
}

/// The unit of a code whose doses are events, whatever amount files print beside it.
pub(super) fn unit(coding: &Coding<'_>, asked: &Asked<'_>, code: HcpcsCode) -> Option<BillingUnit> {
    bound_of(coding, asked, code).filter(|bound| bound.is_event)?;
    let quantity = Quantity::new(Decimal::ONE, Unit::Dose);
    Some(BillingUnit { quantity, form: UnitForm::PerEvent, limit: None })
}

/// Of several codes those that the dose is within the bounds of.
pub(super) fn keep_within_bounds(coding: &Coding<'_>, asked: &Asked<'_>, found: &mut Vec<&CodeVersion>) {
    let Some(dose) = asked.drug.dose_administered else { return };
    narrow::keep_if_any(found, |version| {
        bound_of(coding, asked, version.code).is_none_or(|bound| admits(bound, dose))
    });
}

/// Of a row of codes the one that covers the dose.
pub(super) fn narrow(coding: &Coding<'_>, asked: &Asked<'_>, found: &mut Vec<&CodeVersion>) {
    let [first, _, ..] = found.as_slice() else { return };
    let Some(row) = row_of(coding, first) else { return };
    if !found.iter().all(|version| row.contains(&version.code)) {
        return;
    }
    if let Some(right) = covering(coding, row, asked) {
        found.retain(|version| version.code == right);
    }
}

/// A stated code whose descriptor rules the dose out is refused, and the one that covers it named.
pub(super) fn agrees(coding: &mut Coding<'_>, asked: &Asked<'_>, version: &CodeVersion) -> bool {
    let Some(dose) = asked.drug.dose_administered else { return true };
    let of_row = row_of(coding, version).and_then(|row| covering(coding, row, asked));
    let words = || fold(asked.drug.name.as_deref().unwrap_or_default());
    let is_stated = || asked.drug.code.is_some() || narrow::has_brand_word(version, &words());
    let bound = bound_of(coding, asked, version.code).filter(|bound| !bound.is_of_name || !is_stated());
    let beyond = bound.filter(|bound| !admits(bound, dose));
    let right = of_row.or(beyond.map(|bound| bound.right));
    let Some(right) = right.filter(|right| *right != version.code) else { return true };
    let facts = [
        fact::given("dose", Value::Quantity(dose)),
        fact::given("code", Value::Code(version.code)),
        fact::catalog("right", Value::Code(right)),
    ];
    let is_in_force = coding.catalog.lookup(right, coding.date).billable().is_some();
    let text = if is_in_force {
        "{code} does not cover a dose of {dose}; {right} does"
    } else {
        "{code} does not cover a dose of {dose}, and the code that does, {right}, is not in force on this date: state the name and the kind of product in place of a code"
    };
    coding.find(Severity::Block, Reason::IncompatibleUnits, asked.field("hcpcs_code"), &U_09, text, &facts);
    ask_codes(coding, asked, if is_in_force { vec![right] } else { Vec::new() });
    false
}
