//! What one row of the HCPCS file proves about a code: its unit or why it has none, its kind, its names.

use super::descriptor::{Conventions, Reading, read};
use super::hcpcs::{CodeRow, Details};
use super::kinds::{flags, not_equivalent_to};
use super::names::{Names, names};
use crate::catalog::record::{CodeFlag, CodeFlags};
use crate::domain::billing::{BillingUnit, NoUnitReason, UnitForm};
use crate::domain::code::HcpcsCode;
use crate::domain::quantity::{Decimal, Quantity, Unit};

/// Families whose codes are drugs, products or blood throughout, or far enough to read amounts from.
const PRODUCT_FAMILIES: &[&str] = &["J", "Q", "C", "A20", "A95", "A96", "A97", "A98", "P9", "S0", "S1", "S5"];
/// Pricing indicators of drugs and of vaccinations.
const DRUG_INDICATORS: &[&str] = &["51", "54"];
/// How fees and services are recognised; their descriptors may name drugs.
const SERVICE_WORDS: &[&str] = &[" fee", "services", "per visit", "care provided", "add-on"];
/// The family of hospital codes, and how the BETOS groups of procedures begin there.
const HOSPITAL_FAMILY: char = 'C';
const PROCEDURE_GROUPS: char = 'P';
/// The family of blood products, whose unit is a bag.
const BLOOD_FAMILY: char = 'P';

/// The facts of one code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeFacts {
    pub code: HcpcsCode,
    /// The billing unit, or the named reason why there is none.
    pub billing: Result<BillingUnit, NoUnitReason>,
    /// The amounts of a descriptor with several components.
    pub components: Vec<Quantity>,
    /// An amount that the descriptor restates in parentheses.
    pub restated: Option<Quantity>,
    pub flags: CodeFlags,
    pub names: Names,
    /// The codes that this one is said not to be equivalent to.
    pub not_equivalent_to: Vec<HcpcsCode>,
}

/// Reads the facts of a row.
pub fn facts(row: &CodeRow, conventions: &Conventions) -> CodeFacts {
    let description = &row.details.long_description;
    let is_product = may_be_a_product(row);
    let reading = is_product.then(|| read(description)).flatten().and_then(|it| settled(row, it));
    let flags = flags(row, reading.as_ref(), is_drug(row));
    let not_equivalent_to = not_equivalent_to(description);
    CodeFacts {
        code: row.code,
        billing: billing(row, reading.as_ref(), flags, conventions),
        components: reading.as_ref().map(|it| it.components.clone()).unwrap_or_default(),
        restated: reading.as_ref().and_then(|it| it.restated),
        flags,
        names: names(description, !not_equivalent_to.is_empty()),
        not_equivalent_to,
    }
}

fn billing(
    row: &CodeRow,
    reading: Option<&Reading>,
    flags: CodeFlags,
    conventions: &Conventions,
) -> Result<BillingUnit, NoUnitReason> {
    match reading {
        _ if flags.has(CodeFlag::Unclassified) => Err(NoUnitReason::Unclassified),
        Some(reading) => Ok(conventions.unit(row.code, reading)),
        None if is_drug(row) => conventions.without_amount(row.code).ok_or(NoUnitReason::NoAmountStated),
        None => Err(NoUnitReason::NotADrug),
    }
}

/// What a reading means for this row: a unit of blood is a bag, and "each" of a supply is no drug.
fn settled(row: &CodeRow, reading: Reading) -> Option<Reading> {
    let each = Quantity::new(Decimal::ONE, Unit::Each);
    let one_unit = Quantity::new(Decimal::ONE, Unit::BiologicalUnit);
    let family = row.code.family();
    if family == BLOOD_FAMILY && reading.unit.quantity == one_unit {
        let unit = BillingUnit { quantity: each, form: UnitForm::PerContainer, limit: None };
        return Some(Reading { unit, ..reading });
    }
    let counts_things = reading.unit.quantity == each && reading.unit.limit.is_none();
    let may_count = is_drug(row) || [BLOOD_FAMILY, HOSPITAL_FAMILY].contains(&family);
    (!counts_things || may_count).then_some(reading)
}

/// Whether an amount in the descriptor can be a billing unit.
fn may_be_a_product(row: &CodeRow) -> bool {
    let in_family = PRODUCT_FAMILIES.iter().any(|family| row.code.as_str().starts_with(family));
    let is_procedure =
        row.code.family() == HOSPITAL_FAMILY && row.details.betos.starts_with(PROCEDURE_GROUPS);
    (in_family || is_priced_as_drug(&row.details)) && !is_service(row) && !is_procedure
}

fn is_drug(row: &CodeRow) -> bool {
    (row.code.family() == 'J' || is_priced_as_drug(&row.details)) && !is_service(row)
}

fn is_priced_as_drug(details: &Details) -> bool {
    details.pricing_indicators.iter().any(|indicator| DRUG_INDICATORS.contains(&&**indicator))
}

/// Fees and services outside the J codes, which are all drugs.
fn is_service(row: &CodeRow) -> bool {
    let text = row.details.long_description.to_lowercase();
    row.code.family() != 'J' && SERVICE_WORDS.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skin_substitute_among_the_supplies_counts_its_area() {
        let line = format!(
            "{:<268}2023010120230101        N",
            format!("A2018001003{:<80}Short", "One, per square centimeter")
        );
        let release = crate::cms::hcpcs::parse_text(line.as_bytes()).expect("a release");
        let unit = |row| facts(row, &Conventions::embedded()).billing.map(|unit| unit.quantity.to_string());
        assert_eq!(release.codes.first().map(unit), Some(Ok("1 cm2".to_owned())));
    }
}
