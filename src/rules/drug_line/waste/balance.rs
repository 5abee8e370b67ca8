//! What the containers of a drug still held after all that the visit says was taken out of them.

use std::collections::BTreeMap;

use super::opened::documented_amount;
use super::*;
use crate::rules::drug_line::units::convert::{self, LastPlace};

/// What may still have been discarded of the containers of a treatment: given and discarded drug of its code together
/// never pass what was opened up to any date. Nothing where no other date is concerned.
///
/// A dose of a later date that lists no container may have come out of what was left.
pub(super) fn spare(treatment: &Treatment<'_>, doses: &[Dose<'_>], measured: &Measured) -> Option<i128> {
    let date = treatment.date();
    let of_code = || doses.iter().filter(|dose| dose.code == treatment.code());
    let is_dependent = |dose: &Dose<'_>| dose.date() > date && dose.drug.containers.is_empty();
    if !of_code().any(is_dependent) {
        return None;
    }
    let mut days = BTreeMap::new();
    for dose in of_code() {
        let amount =
            |stated| convert::in_measure(stated, measured.measure(), dose.per_ml, LastPlace::Down).ok();
        let containers = dose.drug.containers.iter();
        let contents = containers.filter_map(|one| amount(one.content)?.checked_mul(i128::from(one.count)));
        let used = dose.drug.dose_administered.and_then(amount).unwrap_or_default();
        let discarded = documented_amount(dose, measured).unwrap_or_default();
        let balance: &mut i128 = days.entry(dose.date()).or_default();
        *balance =
            contents.fold(*balance, i128::saturating_add).saturating_sub(used.saturating_add(discarded));
    }
    let (mut left, mut spare) = (0_i128, i128::MAX);
    for (day, balance) in days {
        left = left.saturating_add(balance);
        if day < date {
            // What was given before out of containers that nobody listed took nothing of these.
            left = left.max(0);
        } else {
            spare = spare.min(left);
        }
    }
    Some(spare)
}
