//! Limits of a line, a claim and a day: unit fields and charges here, medically unlikely edits beside.

mod edits;
mod records;

use crate::domain::claim::Line;
use crate::domain::code::Modifier;
use crate::domain::finding::{Reason, Severity};
use crate::domain::quantity::Decimal;
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::rules::drug_line::modifiers::{M_13, put_in_order};
use crate::rules::drug_line::treatment::Treatment;

pub(super) use edits::check_edits;
pub use records::*;

/// Lines that one drug, and one whole visit, may be split into. True ones take a few; a slip in a dose or a charge
/// would fill the answer with as many lines as memory holds.
const LINES_OF_A_DRUG_MAX: usize = 100;
const LINES_OF_A_VISIT_MAX: usize = 2_000;

/// Billionths of a dollar in a cent.
const NANOS_OF_A_CENT: i64 = 10_000_000;

/// Splits lines that pass the unit field or the highest charge of a claim (rules X-03..X-05): those from
/// the `first` on, which are the treatment's.
#[inline]
pub(super) fn split(coding: &mut Coding<'_>, treatment: &Treatment<'_>, first: usize) {
    let most = (*coding.policy.drug_line.units_per_line_max).max(1);
    let is_charged = treatment.doses.iter().any(|dose| dose.drug.charge_cents.is_some());
    if is_charged || coding.result.lines[first..].iter().any(|line| line.units > most) {
        split_large(coding, treatment, first, most);
    }
}

fn split_large(coding: &mut Coding<'_>, treatment: &Treatment<'_>, first: usize, most: u32) {
    let highest = highest_charge(coding);
    share_charge(treatment, &mut coding.result.lines[first..]);
    let chargeable = |line: &Line| line.charge_cents.is_none_or(|cents| cents <= highest);
    if coding.result.lines[first..].iter().all(|line| line.units <= most && chargeable(line)) {
        return;
    }
    let lines = coding.result.lines.split_off(first);
    let is_too_dear = |line: &&Line| {
        !treatment.first().is_unclassified
            && line.charge_cents.is_some_and(|charge| unit_charge(charge, line) > highest)
    };
    if let Some(line) = lines.iter().find(is_too_dear) {
        refuse_dear_unit(coding, treatment, line, highest);
        return;
    }
    let needed: usize = lines.iter().map(|line| lines_needed(line, treatment, most, highest)).sum();
    if needed > LINES_OF_A_DRUG_MAX || coding.result.lines.len() + needed > LINES_OF_A_VISIT_MAX {
        let most = [fact::derived("most", Value::Count(LINES_OF_A_DRUG_MAX as i64))];
        let text = "The dose or the charge would take more than {most} lines, so the drug is withheld; check the amount and its unit";
        let rule = if !lines.iter().all(chargeable) { &X_03 } else { &X_04 };
        coding.find(Severity::Block, Reason::LineSplit, treatment.field(""), rule, text, &most);
        return;
    }
    let mut parts = Vec::with_capacity(needed);
    for line in lines {
        let by_charge = by_charge(coding, treatment, line);
        for line in by_charge {
            let mut left = line.units;
            while left > most {
                parts.push(Line { units: most, ..line.clone() });
                left -= most;
            }
            if left < line.units {
                let units = [fact::derived("units", Value::Count(i64::from(line.units)))];
                let text = "The units of the parts add up to {units}, the one rounding of the dose";
                coding.result.trail.fired(&X_05, treatment.subject(), text, &units);
                let facts = [fact::parameter(
                    "most",
                    Value::Count(i64::from(most)),
                    &coding.policy.drug_line.units_per_line_max,
                )];
                let text = "One line holds {most} units, so the code is repeated until all are reported";
                coding.find(Severity::Info, Reason::LineSplit, treatment.field(""), &X_04, text, &facts);
            }
            parts.push(Line { units: left, ..line });
        }
    }
    coding.result.lines.append(&mut parts);
}

/// The highest charge of a claim in this setting; that of an institutional claim has room for every charge.
fn highest_charge(coding: &Coding<'_>) -> u64 {
    let parameters = &coding.policy.drug_line;
    let is_limited = parameters.claim_charge_settings.contains(&coding.encounter.setting);
    if is_limited { *parameters.claim_charge_max_cents } else { u64::MAX }
}

/// What one unit of a line is charged, in whole cents rounded **down**.
fn unit_charge(charge: u64, line: &Line) -> u64 {
    charge / u64::from(line.units.max(1))
}

/// A unit that alone passes the highest charge: units are whole, so no splitting helps (rule X-03).
fn refuse_dear_unit(coding: &mut Coding<'_>, treatment: &Treatment<'_>, line: &Line, highest: u64) {
    let cents = |cents: u64| {
        let nanos = i64::try_from(cents).ok().and_then(|cents| cents.checked_mul(NANOS_OF_A_CENT));
        nanos.map_or(Value::None, |nanos| Value::Dollars(Decimal::from_nanos(nanos)))
    };
    let facts = [
        fact::catalog("code", Value::Code(line.code)),
        fact::given("charge", cents(unit_charge(line.charge_cents.unwrap_or_default(), line))),
        fact::parameter("highest", cents(highest), &coding.policy.drug_line.claim_charge_max_cents),
    ];
    let text = "One unit of {code} is charged {charge}, above the {highest} that one Part B claim carries, and a unit cannot be divided over claims, so the drug is withheld: check the charge and the units, else ask the contractor how it takes this charge";
    coding.find(Severity::Block, Reason::LineSplit, treatment.field("charge"), &X_03, text, &facts);
}

/// The lines that a line is split into, counted up to one more than may be.
fn lines_needed(line: &Line, treatment: &Treatment<'_>, most: u32, highest: u64) -> usize {
    let by_charge = match line.charge_cents.filter(|charge| *charge > highest) {
        None => 1,
        Some(charge) if treatment.first().is_unclassified => claim_charges(charge, highest).len(),
        Some(charge) => claim_sizes(line.units, charge, highest).len(),
    };
    by_charge + (line.units.saturating_sub(1) / most) as usize
}

/// Shares the charge of the dose among its lines by units; the last line takes the rest.
fn share_charge(treatment: &Treatment<'_>, lines: &mut [Line]) {
    let stated: Option<u64> = treatment.doses.iter().map(|dose| dose.drug.charge_cents).sum();
    let Some(total) = stated else { return };
    let units: u64 = lines.iter().map(|line| u64::from(line.units)).sum();
    let mut before: u64 = 0;
    for line in lines {
        let after = before + u64::from(line.units);
        line.charge_cents = Some(portion(total, before, after, units));
        before = after;
    }
}

/// The part of a charge between two counts of units; the parts of a whole add up to it exactly.
fn portion(total: u64, from: u64, to: u64, of: u64) -> u64 {
    let until = |count: u64| (u128::from(total) * u128::from(count) / u128::from(of.max(1))) as u64;
    until(to) - until(from)
}

/// Splits a line over claims where its charge passes the highest of one claim (rule X-03).
fn by_charge(coding: &mut Coding<'_>, treatment: &Treatment<'_>, line: Line) -> Vec<Line> {
    let limit = highest_charge(coding);
    let Some(charge) = line.charge_cents.filter(|charge| *charge > limit) else { return vec![line] };
    let sizes = if treatment.first().is_unclassified {
        return by_charge_alone(coding, treatment, line, charge, limit);
    } else {
        claim_sizes(line.units, charge, limit)
    };
    let count = sizes.len();
    let facts = [fact::derived("units", Value::Count(i64::from(line.units)))];
    let text = "The units of the parts add up to {units}, the one rounding of the dose";
    coding.result.trail.fired(&X_05, treatment.subject(), text, &facts);
    let facts = [fact::derived("claims", Value::Count(count as i64))];
    let text = "The charge passes the highest of one claim, so it is split over {claims} claims with different units and charges";
    coding.find(Severity::Warn, Reason::LineSplit, treatment.field("charge"), &X_03, text, &facts);
    let mut before: u64 = 0;
    let mut parts = Vec::with_capacity(count);
    for (index, size) in sizes.into_iter().enumerate() {
        let after = before + u64::from(size);
        let mut part = Line { units: size, ..line.clone() };
        part.charge_cents = Some(portion(charge, before, after, u64::from(line.units)));
        number_claim(coding, treatment, &mut part, index, count);
        before = after;
        parts.push(part);
    }
    parts
}

/// Splits the charge of an unclassified line, whose one unit stands on each claim.
fn by_charge_alone(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    line: Line,
    charge: u64,
    limit: u64,
) -> Vec<Line> {
    let charges = claim_charges(charge, limit);
    let count = charges.len();
    let facts = [fact::derived("claims", Value::Count(count as i64))];
    let text = "The charge passes the highest of one claim, so it is split over {claims} claims; the unclassified code keeps its unit on each";
    coding.find(Severity::Warn, Reason::LineSplit, treatment.field("charge"), &X_03, text, &facts);
    let mut parts = Vec::with_capacity(count);
    for (index, charge) in charges.into_iter().enumerate() {
        let mut part = Line { charge_cents: Some(charge), ..line.clone() };
        number_claim(coding, treatment, &mut part, index, count);
        parts.push(part);
    }
    parts
}

/// Charges of claims that differ, each within the limit; of too many the first alone.
fn claim_charges(charge: u64, limit: u64) -> Vec<u64> {
    let mut charges = Vec::new();
    let mut left = charge;
    let mut most = limit.max(1);
    while left > 0 && charges.len() <= LINES_OF_A_DRUG_MAX {
        let taken = most.min(left);
        charges.push(taken);
        left -= taken;
        most = most.saturating_sub(1).max(1);
    }
    charges
}

/// Names the claim in the narrative, and marks a later one as the payer asks (rule M-13).
fn number_claim(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    part: &mut Line,
    index: usize,
    count: usize,
) {
    // An unclassified line keeps what it stands for beside its number.
    let own = part.narrative.as_deref().map(|text| format!(" {text}")).unwrap_or_default();
    let most = *coding.policy.drug_line.narrative_characters as usize;
    let text: String = format!("CLAIM {} OF {count}{own}", index + 1).chars().take(most).collect();
    part.narrative = Some(text.into());
    if index > 0 {
        add_split_modifiers(coding, treatment, part);
    }
}

fn add_split_modifiers(coding: &mut Coding<'_>, treatment: &Treatment<'_>, line: &mut Line) {
    let modifiers = &coding.policy.drug_line.split_modifiers;
    for modifier in modifiers.iter() {
        let modifier: Modifier = *modifier;
        let facts = [fact::parameter("modifier", Value::Modifier(modifier), modifiers)];
        let text = "The later claims of a split charge carry {modifier}, as this payer asks";
        coding.result.trail.fired(&M_13, treatment.subject(), text, &facts);
        // A full line keeps its payment modifiers; the narrative names the claim all the same.
        let _ = line.add_modifier(modifier);
    }
    put_in_order(coding.policy, &mut line.modifiers);
}

/// Units of each claim, each smaller than the one before, so that no two look like duplicates.
fn claim_sizes(units: u32, charge: u64, limit: u64) -> Vec<u32> {
    let most = (u128::from(limit) * u128::from(units) / u128::from(charge.max(1))) as u32;
    let mut sizes = Vec::new();
    let mut left = units;
    let mut size = most.max(1);
    while left > 0 && sizes.len() <= LINES_OF_A_DRUG_MAX {
        let taken = size.min(left);
        sizes.push(taken);
        left -= taken;
        size = size.saturating_sub(1).max(1);
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_differ_and_add_up() {
        let sizes = claim_sizes(600, 12_500_000, 9_999_999);
        assert_eq!(sizes, [479, 121]);
        assert_eq!(claim_charges(12_500_000, 9_999_999), [9_999_999, 2_500_001]);
        let many = claim_sizes(600, 45_000_000, 9_999_999);
        assert_eq!(many.iter().sum::<u32>(), 600);
        assert!(many.windows(2).all(|pair| pair[0] > pair[1]));
    }

    #[test]
    fn parts_of_a_charge_add_up() {
        assert_eq!(portion(100, 0, 1, 3) + portion(100, 1, 2, 3) + portion(100, 2, 3, 3), 100);
    }
}
