//! Limits of a line, a claim and a day: unit fields, charges and medically unlikely edits.

mod records;

use rustc_hash::FxHashMap;

use crate::catalog::EditKind;
use crate::domain::claim::{Line, Track};
use crate::domain::code::{HcpcsCode, Modifier};
use crate::domain::encounter::Setting;
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::rules::drug_line::treatment::Treatment;

pub use records::*;

/// Splits lines that pass the unit field or the highest charge of a claim (rules X-03..X-05).
pub fn split(coding: &mut Coding<'_>, treatment: &Treatment<'_>, lines: Vec<Line>) -> Vec<Line> {
    let most = (*coding.policy.drug_line.units_per_line_max).max(1);
    let lines = with_charges(treatment, lines);
    let mut parts = Vec::with_capacity(lines.len());
    for line in lines {
        let by_charge = by_charge(coding, treatment, line);
        for line in by_charge {
            let mut left = line.units;
            while left > most {
                parts.push(Line { units: most, ..line.clone() });
                left -= most;
            }
            if left < line.units {
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
    parts
}

/// Shares the charge of the dose among its lines by units; the last line takes the rest.
fn with_charges(treatment: &Treatment<'_>, mut lines: Vec<Line>) -> Vec<Line> {
    let stated: Option<u64> = treatment.doses.iter().map(|dose| dose.drug.charge_cents).sum();
    let Some(total) = stated else { return lines };
    let units: u64 = lines.iter().map(|line| u64::from(line.units)).sum();
    let mut before: u64 = 0;
    for line in &mut lines {
        let after = before + u64::from(line.units);
        line.charge_cents = Some(portion(total, before, after, units));
        before = after;
    }
    lines
}

/// The part of a charge between two counts of units; the parts of a whole add up to it exactly.
fn portion(total: u64, from: u64, to: u64, of: u64) -> u64 {
    let until = |count: u64| (u128::from(total) * u128::from(count) / u128::from(of.max(1))) as u64;
    until(to) - until(from)
}

/// Splits a line over claims where its charge passes the highest of one claim (rule X-03).
fn by_charge(coding: &mut Coding<'_>, treatment: &Treatment<'_>, line: Line) -> Vec<Line> {
    let limit = *coding.policy.drug_line.claim_charge_max_cents;
    let Some(charge) = line.charge_cents.filter(|charge| *charge > limit) else { return vec![line] };
    let sizes = claim_sizes(line.units, charge, limit);
    let count = sizes.len();
    let facts = [fact::derived("claims", Value::Count(count as i64))];
    let text = "The charge passes the highest of one claim, so it is split over {claims} claims with different units and charges";
    coding.find(Severity::Warn, Reason::LineSplit, treatment.field("charge"), &X_03, text, &facts);
    let mut before: u64 = 0;
    let mut parts = Vec::with_capacity(count);
    for (index, size) in sizes.into_iter().enumerate() {
        let after = before + u64::from(size);
        let mut part = Line { units: size, ..line.clone() };
        part.charge_cents = Some(portion(charge, before, after, u64::from(line.units)));
        part.narrative = Some(format!("CLAIM {} OF {count}", index + 1).into());
        if index > 0 {
            add_split_modifiers(coding, &mut part);
        }
        before = after;
        parts.push(part);
    }
    parts
}

fn add_split_modifiers(coding: &Coding<'_>, line: &mut Line) {
    for modifier in coding.policy.drug_line.split_modifiers.iter() {
        let modifier: Modifier = *modifier;
        // A full line keeps its payment modifiers; the narrative names the claim all the same.
        let _ = line.add_modifier(modifier);
    }
}

/// Units of each claim, each smaller than the one before, so that no two look like duplicates.
fn claim_sizes(units: u32, charge: u64, limit: u64) -> Vec<u32> {
    let most = (u128::from(limit) * u128::from(units) / u128::from(charge.max(1))) as u32;
    let mut sizes = Vec::new();
    let mut left = units;
    let mut size = most.max(1);
    while left > 0 {
        let taken = size.min(left);
        sizes.push(taken);
        left -= taken;
        size = size.saturating_sub(1).max(1);
    }
    sizes
}

/// Warns where the units of a code pass its medically unlikely edit (rules ).
pub fn check_edits(coding: &mut Coding<'_>) {
    let kind = match coding.encounter.setting {
        Setting::DmeSupplier => EditKind::DmeSupplier,
        Setting::HospitalOutpatient | Setting::CriticalAccessHospital => EditKind::OutpatientHospital,
        _ => EditKind::Practitioner,
    };
    let mut totals: FxHashMap<HcpcsCode, (u64, Field)> = FxHashMap::default();
    for line in coding.result.lines.iter().filter(|line| line.track == Track::Drug) {
        let first = line.administrations.first().copied().unwrap_or_default();
        let field = Field::Drug(first, line.drug.unwrap_or_default(), "");
        totals.entry(line.code).or_insert((0, field)).0 += u64::from(line.units);
    }
    let mut totals: Vec<_> = totals.into_iter().collect();
    totals.sort_unstable_by_key(|(code, _)| *code);
    for (code, (units, field)) in totals {
        let Some(limit) = coding.catalog.mue(code, kind, coding.encounter.service_date) else { continue };
        if units > u64::from(limit.value.units) {
            let facts = [
                fact::catalog("code", Value::Code(code)),
                fact::derived("units", Value::Count(units as i64)),
                fact::catalog("limit", Value::Count(i64::from(limit.value.units))),
            ];
            let text = "{units} units of {code} on the date, discarded ones included, pass the medically unlikely edit of {limit}";
            coding.find(Severity::Warn, Reason::UnitsAboveMue, field, &X_02, text, &facts);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_differ_and_add_up() {
        let sizes = claim_sizes(600, 12_500_000, 9_999_999);
        assert_eq!(sizes, [479, 121]);
        let many = claim_sizes(600, 45_000_000, 9_999_999);
        assert_eq!(many.iter().sum::<u32>(), 600);
        assert!(many.windows(2).all(|pair| pair[0] > pair[1]));
    }

    #[test]
    fn parts_of_a_charge_add_up() {
        assert_eq!(portion(100, 0, 1, 3) + portion(100, 1, 2, 3) + portion(100, 2, 3, 3), 100);
    }
}
