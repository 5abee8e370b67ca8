//! Faults of the modifiers of a line that no record is needed to see (rules M-15, Z-03).

use super::compare::{DISCARDED, NONE_DISCARDED};
use super::{Case, Detail, Discrepancy, Kind, ModifierFault, product};
use crate::catalog::modifiers::{ModifierStanding, Modifiers};
use crate::domain::billed::BilledLine;
use crate::domain::quantity::Decimal;
use crate::domain::time::Date;
use crate::rules::Rule;
use crate::rules::drug_line::modifiers::M_15;
use crate::rules::drug_line::waste::Z_03;

/// Names the faults of each line once: on the difference of its modifiers where there is one.
pub(super) fn check(case: &Case<'_>, billed: &[BilledLine], judged: &[usize], found: &mut Vec<Discrepancy>) {
    for &at in judged {
        let line = &billed[at];
        let faults = of_line(line, line.service_date.unwrap_or(case.encounter.service_date));
        if faults.is_empty() {
            continue;
        }
        let contradiction = faults.iter().any(|fault| matches!(fault, ModifierFault::Contradiction(..)));
        let rule: Option<&'static Rule> = contradiction.then_some(&Z_03);
        let is_of_line = |found: &&mut Discrepancy| {
            found.kind == Kind::WrongModifier && found.billed.as_ref().is_some_and(|side| side.line == at)
        };
        let detail = Some(Detail::Modifiers(faults));
        match found.iter_mut().find(is_of_line) {
            Some(known) => {
                known.detail = detail;
                known.rule = rule.unwrap_or(known.rule);
            }
            None => {
                let (billed, supported) = product::sides(case, billed, at);
                let amounts = (Decimal::ZERO, Decimal::ZERO);
                let rule = rule.unwrap_or(&M_15);
                let fault = case.discrepancy(Kind::WrongModifier, (Some(billed), supported), amounts, rule);
                found.push(Discrepancy { detail, ..fault });
            }
        }
    }
}

fn of_line(line: &BilledLine, date: Date) -> Vec<ModifierFault> {
    let mut faults = Vec::new();
    let modifiers = &line.modifiers;
    if modifiers.contains(&DISCARDED) && modifiers.contains(&NONE_DISCARDED) {
        faults.push(ModifierFault::Contradiction(DISCARDED, NONE_DISCARDED));
    }
    for (at, modifier) in modifiers.iter().enumerate() {
        match modifiers[..at].iter().filter(|other| *other == modifier).count() {
            0 => faults.extend(fault_of(*modifier, date)),
            1 => faults.push(ModifierFault::Repeated(*modifier)),
            // It was named at its second place.
            _ => {}
        }
    }
    faults
}

fn fault_of(modifier: crate::domain::code::Modifier, date: Date) -> Option<ModifierFault> {
    match Modifiers::embedded().on(modifier, date) {
        ModifierStanding::InUse => None,
        ModifierStanding::NotYet(first) => Some(ModifierFault::NotYet(modifier, first)),
        ModifierStanding::Ended(last) => Some(ModifierFault::Ended(modifier, last)),
        ModifierStanding::Unknown => Some(ModifierFault::Unknown(modifier)),
    }
}
