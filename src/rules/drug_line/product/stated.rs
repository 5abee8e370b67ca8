//! A drug that is counted in the unit the request states, because no code or no unit is known for it.

use std::sync::LazyLock;

use super::*;
use crate::catalog::CodeFlags;
use crate::domain::billing::{BillingUnit, UnitForm};
use crate::domain::quantity::{Quantity, Unit};
use crate::domain::time::Date;
use crate::rules::drug_line::units::{U_01, U_05};

/// What the catalog would hold for a drug without a code: nothing but that it exists.
static UNCODED: LazyLock<CodeVersion> = LazyLock::new(|| CodeVersion {
    code: HcpcsCode::NONE,
    billing: Err(NoUnitReason::Unproven),
    added: Date::MIN,
    effective: Date::MIN,
    terminated: None,
    flags: CodeFlags::NONE,
    name: "".into(),
    brands: [].into(),
    reference_codes: [].into(),
    reference_product: None,
    successors: [].into(),
    coverage: ' ',
    pricing_indicator: "".into(),
    action: ' ',
    long_descriptor: None,
    short_descriptor: None,
    source: "the request".into(),
});

/// The version of a drug that nothing in the catalog fits, where the request states a billing unit.
///
/// The units are right for the stated unit; the line lacks its code, and a finding says so.
pub(super) fn uncoded<'a>(
    coding: &mut Coding<'a>,
    asked: &Asked<'a>,
    reason: Reason,
) -> Option<&'a CodeVersion> {
    let unit = asked.drug.billing_unit?;
    let facts = [
        fact::given("drug", Value::Of(asked.field(""))),
        fact::given("unit", Value::Quantity(unit)),
        fact::given("code", asked.drug.code.map_or(Value::None, Value::Code)),
    ];
    let (field, text) = match asked.drug.code {
        Some(code) if identity::is_cpt_product(coding, code) => (
            "billing_unit",
            "{code} is a product code of CPT, whose unit the catalog does not hold; it is counted in the stated unit of {unit}",
        ),
        Some(_) => (
            "hcpcs_code",
            "The catalog knows no code {code}: {drug} is counted in the stated unit of {unit}; prove the code before billing",
        ),
        None => (
            "hcpcs_code",
            "No code is known for {drug}: its units are counted in the stated unit of {unit}; add the code before billing",
        ),
    };
    let reason = if field == "billing_unit" { Reason::NoBillingUnit } else { reason };
    coding.find(Severity::Warn, reason, asked.field(field), &U_01, text, &facts);
    Some(&UNCODED)
}

/// What stands for the version of a code that the catalog does not hold.
pub(super) fn without_version() -> &'static CodeVersion {
    &UNCODED
}

/// Whether the version stands for a drug without a code.
pub(super) fn is_uncoded(version: &CodeVersion) -> bool {
    version.code == HcpcsCode::NONE
}

/// The unit that counts: the catalog's, or the stated one where the catalog proves none.
pub(super) fn billing_of(
    coding: &mut Coding<'_>,
    asked: &Asked<'_>,
    version: &CodeVersion,
) -> Result<BillingUnit, NoUnitReason> {
    if let (Ok(unit), Some(dose)) = (version.billing, asked.drug.dose_administered)
        && unit.quantity.unit.measure() != dose.unit.measure()
        && let Some(unit) = equivalent(coding, asked, version, unit, dose)
    {
        return Ok(unit);
    }
    let Some(stated) = asked.drug.billing_unit else { return version.billing };
    compared(coding, asked, version, stated)
}

/// The unit that counts beside a stated one.
#[cold]
fn compared(
    coding: &mut Coding<'_>,
    asked: &Asked<'_>,
    version: &CodeVersion,
    stated: Quantity,
) -> Result<BillingUnit, NoUnitReason> {
    let facts = [
        fact::given("code", Value::Code(version.code)),
        fact::given("stated", Value::Quantity(stated)),
        fact::catalog("unit", version.billing.map_or(Value::None, |unit| Value::Quantity(unit.quantity))),
    ];
    let field = asked.field("billing_unit");
    match version.billing {
        Ok(unit) => {
            if unit.quantity.compare(stated) != Some(std::cmp::Ordering::Equal) {
                let text = "One unit of {code} is {unit} on this date and not the stated {stated}; the catalog's unit counts";
                coding.find(Severity::Warn, Reason::BillingUnitDiffers, field, &U_01, text, &facts);
            }
            Ok(unit)
        }
        Err(NoUnitReason::Unproven | NoUnitReason::NoAmountStated) => {
            if !is_uncoded(version) {
                let text = "No release held proves the billing unit of {code} on this date; the stated {stated} counts";
                coding.find(Severity::Warn, Reason::NoBillingUnit, field, &U_01, text, &facts);
            }
            Ok(of_quantity(stated))
        }
        Err(reason) => Err(reason),
    }
}

/// One unit in the measure of the dose, where the descriptor states two measures (rule U-05).
#[cold]
fn equivalent(
    coding: &mut Coding<'_>,
    asked: &Asked<'_>,
    version: &CodeVersion,
    unit: BillingUnit,
    dose: Quantity,
) -> Option<BillingUnit> {
    let table = &coding.policy.drug_line.equivalent_units;
    let row = table.iter().find(|row| row.code == version.code && row.quantity.is_same_measure(dose))?;
    let facts = [
        fact::given("code", Value::Code(version.code)),
        fact::catalog("unit", Value::Quantity(unit.quantity)),
        fact::parameter("equivalent", Value::Quantity(row.quantity), table),
    ];
    let text = "One unit of {code} is {unit}, which is {equivalent} in the measure of the dose";
    coding.result.trail.fired(&U_05, asked.subject(), text, &facts);
    Some(BillingUnit { quantity: row.quantity, ..unit })
}

/// A stated unit of one vial or one dose counts things; any other is an amount.
pub(super) fn of_quantity(quantity: Quantity) -> BillingUnit {
    let form = match quantity.unit {
        Unit::Vial => UnitForm::PerContainer,
        Unit::Dose => UnitForm::PerEvent,
        _ => UnitForm::Multiple,
    };
    BillingUnit { quantity, form, limit: None }
}
