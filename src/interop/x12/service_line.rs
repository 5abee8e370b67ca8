//! The segments of one service line: `SV1`, `SV2`, `LIN`, `CTP`.

use crate::domain::billed::BilledLine;
use crate::domain::claim::NdcQualifier;
use crate::domain::code::{HcpcsCode, Modifier, Ndc};
use crate::domain::quantity::Decimal;

use super::segment::Segment;

/// First and last component of the procedure composite that hold modifiers.
const MODIFIER_COMPONENTS: std::ops::RangeInclusive<usize> = 3..=6;
const DESCRIPTION_COMPONENT: usize = 7;
const NANOS_PER_CENT: i64 = 10_000_000;

/// Where a professional and an institutional line keep the same facts.
struct Layout {
    revenue_code: Option<usize>,
    procedure: usize,
    charge: usize,
    unit: usize,
    quantity: usize,
}

const PROFESSIONAL: Layout = Layout { revenue_code: None, procedure: 1, charge: 2, unit: 3, quantity: 4 };
const INSTITUTIONAL: Layout = Layout { revenue_code: Some(1), procedure: 2, charge: 3, unit: 4, quantity: 5 };

impl Layout {
    fn of(segment: &Segment<'_>) -> Self {
        if segment.id() == "SV1" { PROFESSIONAL } else { INSTITUTIONAL }
    }
}

/// The HCPCS or CPT code of `SV1` or `SV2`, whatever else of the line can be read.
pub(super) fn code(segment: &Segment<'_>) -> Option<HcpcsCode> {
    let Layout { procedure, .. } = Layout::of(segment);
    let is_hcpcs = segment.component(procedure, 1) == "HC";
    segment.component(procedure, 2).parse().ok().filter(|_| is_hcpcs)
}

/// Reads `SV1` or `SV2`; the reason names the element that cannot be read.
pub(super) fn read(segment: &Segment<'_>) -> Result<BilledLine, String> {
    let layout = Layout::of(segment);
    let name = |element: usize| format!("{}{element:02}", segment.id());
    let at = |element, reason: &dyn std::fmt::Display| format!("{}: {reason}", name(element));
    if segment.element(layout.procedure).is_empty() {
        return Err(at(layout.procedure, &"the line has no procedure code"));
    }
    let qualifier = segment.component(layout.procedure, 1);
    if qualifier != "HC" {
        return Err(at(layout.procedure, &format!("qualifier `{}` is not HC (HCPCS)", short(qualifier))));
    }
    let code = segment.component(layout.procedure, 2).parse().map_err(|e| at(layout.procedure, &e))?;
    let unit = segment.element(layout.unit);
    if !matches!(unit, "UN" | "") {
        return Err(at(layout.unit, &format!("the count is in `{}`, not in units (UN)", short(unit))));
    }
    let units: Decimal = segment.element(layout.quantity).parse().map_err(|e| at(layout.quantity, &e))?;
    if units.is_negative() {
        return Err(at(layout.quantity, &"the count is below zero"));
    }
    let mut line = BilledLine::new(code, units);
    for component in MODIFIER_COMPONENTS {
        let text = segment.component(layout.procedure, component);
        if !text.is_empty() {
            let modifier: Modifier = text.parse().map_err(|e| at(layout.procedure, &e))?;
            // The composite has as many places for modifiers as the line.
            let _ = line.modifiers.try_push(modifier);
        }
    }
    let charge = segment.element(layout.charge);
    if !charge.is_empty() {
        line.charge_cents = Some(cents(charge).map_err(|reason| at(layout.charge, &reason))?);
    }
    line.narrative = some(segment.component(layout.procedure, DESCRIPTION_COMPONENT));
    line.revenue_code = layout.revenue_code.and_then(|element| some(segment.element(element)));
    Ok(line)
}

/// Reads the drug of a `LIN`; nothing when it identifies something else than an NDC.
pub(super) fn read_ndc(segment: &Segment<'_>) -> Result<Option<Ndc>, String> {
    if segment.element(2) != "N4" {
        return Ok(None);
    }
    segment.element(3).parse().map(Some).map_err(|error| format!("LIN03: {error}"))
}

/// Reads the quantity and its unit of a `CTP`.
pub(super) fn read_ndc_quantity(segment: &Segment<'_>) -> Result<(Decimal, NdcQualifier), String> {
    let quantity = segment.element(4).parse().map_err(|error| format!("CTP04: {error}"))?;
    let unit = segment.component(5, 1);
    let known = NdcQualifier::ALL.into_iter().find(|qualifier| qualifier.as_str() == unit);
    let refuse = || format!("CTP05: `{}` is not one of F2, GR, ME, ML, UN", short(unit));
    Ok((quantity, known.ok_or_else(refuse)?))
}

/// An amount of dollars in whole cents.
fn cents(text: &str) -> Result<u64, String> {
    let dollars: Decimal = text.parse().map_err(|error| format!("{error}"))?;
    let whole = dollars.nanos() % NANOS_PER_CENT == 0;
    let cents = u64::try_from(dollars.nanos() / NANOS_PER_CENT).ok().filter(|_| whole);
    cents.ok_or_else(|| format!("`{}` is not an amount of dollars and cents", short(text)))
}

/// A text, unless it is empty.
pub(super) fn some(text: &str) -> Option<Box<str>> {
    (!text.is_empty()).then(|| text.into())
}

/// Keeps a reason short, whatever the file holds.
fn short(text: &str) -> String {
    const CHARACTERS_MAX: usize = 16;
    text.chars().filter(|c| !c.is_control()).take(CHARACTERS_MAX).collect()
}
