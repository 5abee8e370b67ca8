//! The NDCs of a line, each with its own unit and quantity (rules D-01..D-10).

mod opened;
mod packages;
mod records;

use crate::domain::claim::{Line, NdcQualifier, NdcReport};
use crate::domain::code::{Modifier, Ndc};
use crate::domain::drug::ProductKind;
use crate::domain::finding::{Reason, Severity};
use crate::domain::quantity::Decimal;
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::policy::parameters::{NdcLines, NdcReporting, QualifierRule};
use crate::rules::Rule;
use crate::rules::drug_line::drug_marks::DrugMark;
use crate::rules::drug_line::treatment::{Treatment, ask};
use crate::rules::drug_line::units::{Billed, Counting};
use crate::rules::drug_line::waste::Discard;
use packages::{Assumed, Package};

pub use records::*;

const JW: Modifier = Modifier::of("JW");

/// Names the NDCs on the lines of a treatment, each with its part of the quantity (rule D-08): on those
/// from the `first` on.
pub(super) fn attach(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    billed: &Billed,
    discard: &Discard,
    first: usize,
) {
    let reporting = *coding.policy.drug_line.ndc_reporting;
    let is_named = treatment.stated.has(DrugMark::Ndc);
    if reporting == NdcReporting::Off || reporting == NdcReporting::WhenGiven && !is_named {
        return;
    }
    let mut unknown = None;
    let packages = packages::of(coding, treatment, billed, discard, |ndc| unknown = unknown.or(Some(ndc)));
    if let Some(ndc) = unknown {
        ask_quantity(coding, treatment, ndc, reporting);
    }
    if reporting == NdcReporting::Required && packages::lack_ndc(treatment) {
        let text = "This payer wants the NDC of the container that was used, and none is given";
        coding.find(Severity::Warn, Reason::MissingNdc, treatment.field("ndc"), &D_07, text, &[]);
    }
    // Packages without an NDC come first in their order.
    let named = &packages[packages.partition_point(|package| package.ndc.is_none())..];
    if named.is_empty() {
        if reporting == NdcReporting::Required {
            add_unnamed_quantity(coding, &packages, first);
        }
        return;
    }
    let apart = named.len() > 1 && *coding.policy.drug_line.ndc_lines == NdcLines::LinePerNdc;
    note(coding, treatment, named, apart);
    name_on_lines(coding, billed, named, apart, first);
}

/// An NDC is given and nothing tells its quantity, so no line can carry it (rules D-04..D-06).
fn ask_quantity(coding: &mut Coding<'_>, treatment: &Treatment<'_>, ndc: Ndc, reporting: NdcReporting) {
    let is_required = reporting == NdcReporting::Required;
    // The narrative of an unclassified line names the NDC, which is all that a payer without that wish reads (rule N-05).
    if treatment.first().is_unclassified && !is_required {
        return;
    }
    let severity = if is_required { Severity::Warn } else { Severity::Info };
    let facts = [fact::given("ndc", Value::Ndc(ndc))];
    let field = treatment.field("containers");
    let is_by_volume = packages::fixed_rule(coding, treatment.first()) == Some(QualifierRule::Milliliter);
    let (rule, text, question): (&'static Rule, &'static str, &'static str) = if is_by_volume {
        (
            &D_05,
            "NDC {ndc} stands on no line: this payer counts it in millilitres, and the volume is not known. State the volume of each container, of a powder after reconstitution",
            "How many millilitres did each container of {ndc} hold, a powder after its reconstitution?",
        )
    } else {
        (
            &D_06,
            "NDC {ndc} stands on no line, for its quantity is not known: state the containers that were opened and what each held",
            "Which containers of {ndc} were opened, and what did each hold?",
        )
    };
    coding.find(severity, Reason::MissingNdc, field, rule, text, &facts);
    if is_required {
        ask(coding, field, rule, question, &facts, Vec::new());
    }
}

/// Names the packages on the lines from the `first` on.
fn name_on_lines(coding: &mut Coding<'_>, billed: &Billed, named: &[Package], apart: bool, first: usize) {
    let parameters = &coding.policy.drug_line;
    let (places, with_discard_line) = (*parameters.ndc_decimals, *parameters.ndc_on_discard_line);
    let is_discard = |line: &Line| line.modifiers.contains(&JW);
    let is_left_out = |line: &Line| is_discard(line) && !with_discard_line;
    if !apart {
        for line in coding.result.lines[first..].iter_mut().filter(|line| !is_left_out(line)) {
            let is_discard = is_discard(line);
            let mut reports = named.iter().filter_map(|package| package.report(is_discard, places));
            line.ndc = reports.next();
            line.further_ndcs = reports.collect();
        }
        return;
    }
    for line in coding.result.lines.split_off(first) {
        let is_discard = is_discard(&line);
        if is_left_out(&line) {
            coding.result.lines.push(line);
        } else {
            coding.result.lines.extend(line_per_ndc(places, billed, line, named, is_discard));
        }
    }
}

fn note(coding: &mut Coding<'_>, treatment: &Treatment<'_>, named: &[Package], apart: bool) {
    for package in named {
        let Some(ndc) = package.ndc else { continue };
        let facts = [
            fact::given("ndc", Value::Ndc(ndc)),
            fact::derived("quantity", Value::Decimal(Decimal::from_nanos(package.quantity))),
        ];
        let text = "The containers of {ndc} are reported with a quantity of {quantity} in their own unit";
        coding.result.trail.fired(package.rule, treatment.subject(), text, &facts);
        if let Some(assumed) = package.assumed {
            let text = match assumed {
                Assumed::Swallowed => {
                    "{ndc} is swallowed and its form is not stated: it is counted in pieces, which is wrong of a liquid; state the form of the container"
                }
                Assumed::Piece => {
                    "Neither the record nor the crosswalk tells whether {ndc} is a liquid: it is counted in pieces as a powder is; state the form or the volume of the container"
                }
            };
            let field = treatment.field("containers");
            coding.find(Severity::Info, Reason::ContainerKindAssumed, field, &D_04, text, &facts);
        }
        let trail = &mut coding.result.trail;
        let places = *coding.policy.drug_line.ndc_decimals;
        if package.quantity % step(places) != 0 {
            let text = "The quantity of {quantity} is rounded down to the places that the payer keeps";
            trail.fired(&D_06, treatment.subject(), text, &facts);
        }
        if treatment.first().drug.product_kind == Some(ProductKind::Compounded) {
            let text = "Each ingredient of the compound is listed with its own NDC, here {ndc}";
            trail.fired(&D_09, treatment.subject(), text, &facts);
        }
    }
    if named.len() > 1 {
        let lines = &coding.policy.drug_line.ndc_lines;
        let facts = [fact::parameter("count", Value::Count(named.len() as i64), lines)];
        let text = if apart {
            "This payer wants a line for each of the {count} NDCs; their units add up to one rounding"
        } else {
            "The {count} NDCs of the code share a line, each with its own quantity"
        };
        coding.result.trail.fired(&D_08, treatment.subject(), text, &facts);
    }
}

/// A line for each NDC; a package whose part makes no whole unit shares the line before it (rule X-05).
fn line_per_ndc(places: u32, billed: &Billed, line: Line, named: &[Package], is_discard: bool) -> Vec<Line> {
    let parts: Vec<i128> = named.iter().map(|package| package.part(is_discard)).collect();
    let units = shares(line.units, &parts, billed, is_discard);
    let mut lines: Vec<Line> = Vec::with_capacity(named.len());
    let mut waiting = Vec::new();
    for (package, units) in named.iter().zip(units) {
        let Some(report) = package.report(is_discard, places) else { continue };
        if units == 0 {
            match lines.last_mut() {
                Some(last) => last.further_ndcs.push(report),
                None => waiting.push(report),
            }
            continue;
        }
        let further_ndcs = std::mem::take(&mut waiting);
        lines.push(Line { units, ndc: Some(report), further_ndcs, ..line.clone() });
    }
    if lines.is_empty() { vec![line] } else { lines }
}

/// The units of a line shared among parts so that they add up to it.
///
/// Administered units follow the running total, rounded **up** as the whole was; discarded units are
/// shared in proportion, each running total rounded **down**.
fn shares(units: u32, parts: &[i128], billed: &Billed, is_discard: bool) -> Vec<u32> {
    let whole: i128 = parts.iter().sum();
    let mut running: i128 = 0;
    let mut before: u32 = 0;
    let mut shares = Vec::with_capacity(parts.len());
    for part in parts {
        running += part;
        let until = match billed.counting {
            _ if running >= whole => units,
            Counting::Amount(measured) if !is_discard => {
                let started = running / measured.one + i128::from(running % measured.one != 0);
                u32::try_from(started).unwrap_or(units).min(units)
            }
            _ => u32::try_from(i128::from(units) * running / whole).unwrap_or(units),
        };
        shares.push(until - before);
        before = until;
    }
    shares
}

/// Where the payer wants an NDC and none is given, the quantity that goes with it.
fn add_unnamed_quantity(coding: &mut Coding<'_>, packages: &[Package], first: usize) {
    let [package] = packages else { return };
    let places = *coding.policy.drug_line.ndc_decimals;
    for line in &mut coding.result.lines[first..] {
        line.unnamed_quantity =
            package.quantity_of(line.modifiers.contains(&JW), places).map(|q| (q, package.qualifier));
    }
}

/// One in the last decimal place kept, in billionths.
const fn step(places: u32) -> i64 {
    /// By the places kept; an amount has no more than nine.
    const STEPS: [i64; 10] =
        [1_000_000_000, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];
    if places < STEPS.len() as u32 { STEPS[places as usize] } else { 1 }
}

impl Package {
    /// What the package gives to a line: its administered or its discarded part.
    const fn part(&self, is_discard: bool) -> i128 {
        if is_discard { self.discarded } else { self.administered }
    }

    /// The quantity of one part, rounded **down** to the places of the payer and never zero (rule D-06);
    /// nothing where the package has no part in the line.
    fn quantity_of(&self, is_discard: bool, places: u32) -> Option<Decimal> {
        let whole = self.administered + self.discarded + self.kept;
        let part = self.part(is_discard);
        if part <= 0 || whole <= 0 {
            return None;
        }
        let nanos = if part == whole {
            self.quantity
        } else {
            i64::try_from(i128::from(self.quantity).checked_mul(part)? / whole).ok()?
        };
        let step = step(places);
        Some(Decimal::from_nanos((nanos / step * step).max(step)))
    }

    fn report(&self, is_discard: bool, places: u32) -> Option<NdcReport> {
        let ndc: Ndc = self.ndc?;
        let qualifier: NdcQualifier = self.qualifier;
        Some(NdcReport { ndc, qualifier, quantity: self.quantity_of(is_discard, places)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::quantity::Unit;
    use crate::rules::drug_line::units::Measured;

    fn amount(one: i128, administered: i128) -> Billed {
        let measured = Measured { one, administered, unit: Unit::Milligram };
        Billed { units: 0, counting: Counting::Amount(measured) }
    }

    #[test]
    fn shares_add_up_to_the_single_rounding() {
        // 500 and 205 of 705 at 10: 50 and the rest of 71.
        assert_eq!(shares(71, &[500, 205], &amount(10, 705), false), [50, 21]);
        assert_eq!(shares(2, &[5, 5, 5], &amount(10, 15), false), [1, 0, 1]);
        assert_eq!(shares(9, &[0, 95], &amount(10, 705), true), [0, 9]);
        assert_eq!(shares(3, &[1, 2], &Billed { units: 3, counting: Counting::Containers }, false), [1, 2]);
    }

    #[test]
    fn quantities_round_down_and_never_to_nothing() {
        let package = |quantity, administered, discarded| Package {
            ndc: None,
            qualifier: NdcQualifier::Milliliter,
            quantity,
            administered,
            discarded,
            kept: 0,
            rule: &D_04,
            assumed: None,
        };
        let third = package(1_000_000_000, 2, 1);
        assert_eq!(third.quantity_of(true, 3).map(|q| q.to_string()).as_deref(), Some("0.333"));
        assert_eq!(package(1, 1, 0).quantity_of(false, 2).map(|q| q.to_string()).as_deref(), Some("0.01"));
        assert_eq!(package(1, 1, 0).quantity_of(true, 2), None);
    }
}
