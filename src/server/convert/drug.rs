//! A drug and its containers, from message to domain.

use super::violations::{Path, Violations};
use crate::domain::code::{CodeError, Ndc};
use crate::domain::drug::{Container, ContainerKind, DrugGiven, NdcGiven};
use crate::domain::quantity::{Decimal, Quantity, Unit};
use crate::rules::drug_line::package;
use crate::server::lent;

/// Reads a drug; what cannot be read is left out and noted.
pub(super) fn drug(drug: &lent::Drug<'_>, at: &Path<'_>, violations: &mut Violations) -> DrugGiven {
    let code_path = at.field("hcpcsCode");
    let code = Some(drug.hcpcs_code).filter(|code| !code.is_empty());
    let limit = violations.limits.containers_per_drug();
    let containers = violations.at_most(&at.field("containers"), &drug.containers, limit);
    let mut strength = strength(drug.amount_per_ml, &at.field("amountPerMl"), violations);
    let mut read = Vec::with_capacity(containers.len());
    for (index, given) in containers.iter().enumerate() {
        let has_ndc = !(drug.ndc.is_empty() && given.ndc.is_empty());
        let (container, of_container) = container(given, has_ndc, &at.item("containers", index), violations);
        read.extend(container);
        strength = strength.or(of_container);
    }
    DrugGiven {
        code: code.and_then(|code| violations.take(&code_path, code.parse())),
        name: violations.free_text(&at.field("name"), drug.name),
        ndc: ndc(drug.ndc, &at.field("ndc"), violations),
        class: violations.choice(&at.field("drugClass"), drug.drug_class),
        class_reason: violations.free_text(&at.field("classReason"), drug.class_reason),
        billing_unit: positive(drug.billing_unit, &at.field("billingUnit"), violations),
        dose_administered: amount(drug.dose_administered, &at.field("doseAdministered"), violations),
        dose_ordered: amount(drug.dose_ordered, &at.field("doseOrdered"), violations),
        dose_discarded: amount(drug.dose_discarded, &at.field("doseDiscarded"), violations),
        discard_reason: violations.choice(&at.field("discardReason"), drug.discard_reason),
        amount_per_ml: strength,
        percent_strength: violations.decimal(&at.field("percentStrength"), drug.percent_strength),
        dose_basis: violations.free_text(&at.field("doseBasis"), drug.dose_basis),
        containers: read,
        source: violations.choice(&at.field("source"), drug.source).unwrap_or_default(),
        product_kind: violations.choice(&at.field("productKind"), drug.product_kind),
        laterality: violations.choice(&at.field("laterality"), drug.laterality),
        esa_indication: violations.choice(&at.field("esaIndication"), drug.esa_indication),
        acquired_340b: drug.acquired_340b,
        fda_approved: violations.date(&at.field("fdaApproved"), drug.fda_approved),
        charge_cents: cents(drug.charge, &at.field("charge"), violations),
        days_supply: drug.days_supply,
        licensed_biologic: drug.licensed_biologic,
        circumstances: drug
            .circumstances
            .iter()
            .enumerate()
            .filter_map(|(index, &number)| violations.choice(&at.item("circumstances", index), number))
            .collect(),
    }
}

/// Reads an amount that may be zero and never negative.
pub(super) fn amount(
    quantity: Option<lent::Quantity<'_>>,
    at: &Path<'_>,
    violations: &mut Violations,
) -> Option<Quantity> {
    let quantity = quantity?;
    let (value_path, unit_path) = (at.field("value"), at.field("unit"));
    if quantity.value.is_empty() {
        violations.add(&value_path, "is required: give a decimal number such as 705");
    }
    if quantity.unit.is_empty() {
        violations.add(&unit_path, "is required: give a unit such as mg");
        return None;
    }
    let unit: Option<Unit> = violations.take(&unit_path, quantity.unit.parse());
    // A dose of a gene therapy is more vector genomes than an amount can count one by one.
    if let (Some(Unit::VectorGenome), Some(billions)) = (unit, in_billions(quantity.value)) {
        let value = violations.decimal(&value_path, &billions);
        return Some(Quantity::new(value?, Unit::BillionVectorGenomes));
    }
    let value = violations.decimal(&value_path, quantity.value);
    Some(Quantity::new(value?, unit?))
}

/// A long whole number in billions: `150000000000` is `150.000000000`.
fn in_billions(text: &str) -> Option<String> {
    const DIGITS_OF_A_BILLION: usize = 9;
    let at = text.len().checked_sub(DIGITS_OF_A_BILLION).filter(|at| *at > 0)?;
    let is_whole = text.bytes().all(|byte| byte.is_ascii_digit());
    is_whole.then(|| format!("{}.{}", &text[..at], &text[at..]))
}

/// Reads an amount above zero.
pub(super) fn positive(
    quantity: Option<lent::Quantity<'_>>,
    at: &Path<'_>,
    violations: &mut Violations,
) -> Option<Quantity> {
    let quantity = amount(quantity, at, violations)?;
    if quantity.value.is_zero() {
        violations.add(&at.field("value"), "is zero: give more than zero");
        return None;
    }
    Some(quantity)
}

/// What the unit of a strength ends with: `mg/mL`.
const PER_MILLILITER: &str = "/ml";

/// Reads an amount in one millilitre; `4 mg` and `4 mg/mL` mean the same here.
fn strength(
    quantity: Option<lent::Quantity<'_>>,
    at: &Path<'_>,
    violations: &mut Violations,
) -> Option<Quantity> {
    let quantity = quantity?;
    let unit = unit_in_one_milliliter(quantity.unit);
    let unit = unit.as_deref().unwrap_or(quantity.unit);
    positive(Some(lent::Quantity { unit, ..quantity }), at, violations)
}

/// The `mg` of `mg/mL`.
fn unit_in_one_milliliter(unit: &str) -> Option<String> {
    if !unit.contains('/') {
        return None;
    }
    let folded: String = unit.to_lowercase().split_whitespace().collect();
    folded.strip_suffix(PER_MILLILITER).map(str::to_owned)
}

/// Reads a container. One whose content is a strength has a content only where its volume is given.
fn container(
    given: &lent::Container<'_>,
    has_ndc: bool,
    at: &Path<'_>,
    violations: &mut Violations,
) -> (Option<Container>, Option<Quantity>) {
    let is_strength = given.content.is_some_and(|content| unit_in_one_milliliter(content.unit).is_some());
    if !is_strength {
        return (counted(given, has_ndc, at, violations), None);
    }
    let strength = strength(given.content, &at.field("content"), violations);
    // The strength of the container and its volume together are its content.
    let content = given.volume;
    if content.is_none() {
        // What a multi-dose vial holds decides nothing, and that it is one tells that nothing is discarded.
        let kind: Option<ContainerKind> = violations.choice(&at.field("kind"), given.kind);
        let is_shared = kind == Some(ContainerKind::MultiDose);
        let bare = lent::Container { content, ..*given };
        return (is_shared.then(|| counted(&bare, true, at, violations)).flatten(), strength);
    }
    (counted(&lent::Container { content, ..*given }, false, at, violations), strength)
}

/// Reads a container with a content; where there is none, its NDC may tell it.
fn counted(
    given: &lent::Container<'_>,
    has_ndc: bool,
    at: &Path<'_>,
    violations: &mut Violations,
) -> Option<Container> {
    let unstated = (given.content.is_none() && has_ndc).then_some(package::UNSTATED);
    if given.content.is_none() && !has_ndc {
        let text = "is required: give the labelled content of one container, or the NDC that tells it";
        violations.add(&at.field("content"), text);
    }
    let count = given.count.unwrap_or(1);
    let (limit, name) = violations.limits.container_count();
    if count == 0 || count > limit {
        violations.add(&at.field("count"), format_args!("is {count}: give 1 to {limit} ({name})"));
    }
    let content = positive(given.content, &at.field("content"), violations);
    let volume = positive(given.volume, &at.field("volume"), violations);
    let kind = violations.choice(&at.field("kind"), given.kind);
    let form = violations.choice(&at.field("form"), given.form);
    let ndc = ndc(given.ndc, &at.field("ndc"), violations);
    let lot_number = violations.id(&at.field("lotNumber"), given.lot_number);
    Some(Container {
        content: content.or(unstated)?,
        volume,
        count,
        kind,
        form,
        ndc,
        lot_number,
        shared_with_later_patient: given.shared_with_later_patient,
    })
}

/// Reads an NDC. One that fits several products is kept, because the answer asks which one it is.
fn ndc(text: &str, at: &Path<'_>, violations: &mut Violations) -> Option<NdcGiven> {
    if text.is_empty() {
        return None;
    }
    match text.parse::<Ndc>() {
        Ok(ndc) => Some(NdcGiven::Read(ndc)),
        Err(CodeError::AmbiguousNdc(digits)) => Some(NdcGiven::Ambiguous(digits)),
        Err(error) => {
            violations.add(at, error);
            None
        }
    }
}

/// Reads dollars to the whole cent.
fn cents(text: &str, at: &Path<'_>, violations: &mut Violations) -> Option<u64> {
    const NANOS_PER_CENT: i64 = 10_000_000;
    let dollars: Decimal = violations.decimal(at, text)?;
    if dollars.nanos() % NANOS_PER_CENT != 0 {
        violations.add(at, "is a part of a cent: give dollars with at most two decimal places");
        return None;
    }
    u64::try_from(dollars.nanos() / NANOS_PER_CENT).ok()
}
