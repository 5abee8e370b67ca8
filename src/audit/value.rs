//! What units are worth at the Part B payment limit, exact.

use super::Case;
use super::compare::Key;
use crate::domain::quantity::Decimal;

/// Dollars of some units of a code on a day; nothing where no limit is known.
///
/// Part units, which only a faulty claim has, round **down** to the billionth of a dollar.
pub(super) fn of(case: &Case<'_>, key: Key, units: Decimal) -> Option<Decimal> {
    let limit = case.catalog.asp_limit(key.code, key.date)?;
    let product = i128::from(limit.value.dollars.nanos()) * i128::from(units.nanos());
    let nanos = product.div_euclid(i128::from(Decimal::ONE.nanos()));
    i64::try_from(nanos).ok().map(Decimal::from_nanos)
}

/// A count of whole units.
pub(super) fn whole(units: u32) -> Decimal {
    Decimal::from_nanos(i64::from(units) * Decimal::ONE.nanos())
}

/// The amount below zero.
pub(super) fn negated(amount: Decimal) -> Decimal {
    Decimal::from_nanos(-amount.nanos())
}

/// A sum; past the range of an amount it stays at what was counted.
pub(super) fn add(one: Decimal, other: Decimal) -> Decimal {
    one.checked_add(other).unwrap_or(one)
}

/// The sum of several amounts.
pub(super) fn sum(amounts: impl Iterator<Item = Decimal>) -> Decimal {
    amounts.fold(Decimal::ZERO, add)
}
