//! Sets two lists of lines against each other, code by code and unit by unit.

use std::collections::BTreeMap;

use super::value;
use crate::domain::claim::{Line, Modifiers};
use crate::domain::code::{HcpcsCode, Modifier};
use crate::domain::quantity::Decimal;
use crate::domain::time::Date;
use crate::policy::Policy;
use crate::policy::parameters::Standing;

/// Marks a line for discarded drug, which is another line than the one for the drug given (rule W-02).
pub(super) const DISCARDED: Modifier = Modifier::of("JW");

/// A line of either side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claimed {
    pub key: Key,
    pub modifiers: Modifiers,
    pub units: Decimal,
    /// Place of the line in its list.
    pub line: usize,
}

/// What makes two lines the same service: the day, the code, and whether it is the discarded part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub date: Date,
    pub code: HcpcsCode,
    pub discarded: bool,
}

/// Units of one service that one side has and the other lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rest {
    pub key: Key,
    pub units: Decimal,
    /// Modifiers and place of the first line that they stand on.
    pub modifiers: Modifiers,
    pub line: usize,
    /// The other side has the service too, with other units.
    pub is_shared: bool,
    /// All units of the service on either side.
    pub billed_total: Decimal,
    pub supported_total: Decimal,
}

/// Units that both sides have under different modifiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Remarked {
    pub key: Key,
    pub units: Decimal,
    pub billed: Claimed,
    pub supported: Claimed,
}

impl Remarked {
    /// Whether the billed line says something by its modifiers that the supported one does not.
    pub(super) fn is_beyond_support(&self, policy: &Policy) -> bool {
        let own = judged(&self.supported.modifiers, true, policy);
        judged(&self.billed.modifiers, true, policy).iter().any(|modifier| !own.contains(modifier))
    }

    /// Whether JZ on the billed line is the only difference.
    pub(super) fn only_attests_more(&self, policy: &Policy) -> bool {
        let own = judged(&self.supported.modifiers, true, policy);
        let mut billed = judged(&self.billed.modifiers, true, policy);
        billed.retain(|modifier| *modifier != NONE_DISCARDED);
        billed == own
    }
}

/// Every difference of two lists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Comparison {
    pub remarked: Vec<Remarked>,
    /// Billed and not supported.
    pub excess: Vec<Rest>,
    /// Supported and not billed.
    pub shortage: Vec<Rest>,
}

impl Claimed {
    /// A supported line.
    pub(super) fn supported(line: &Line, at: usize) -> Self {
        let discarded = line.modifiers.contains(&DISCARDED);
        Self {
            key: Key { date: line.service_date, code: line.code, discarded },
            modifiers: line.modifiers.clone(),
            units: value::whole(line.units),
            line: at,
        }
    }
}

/// Compares what was billed with what is supported. How many units the unread lines of a code have nobody
/// knows, so nothing is short of it.
pub(super) fn compare(
    billed: &[Claimed],
    supported: &[Claimed],
    unread: &[HcpcsCode],
    policy: &Policy,
) -> Comparison {
    let mut services: BTreeMap<Key, (Vec<Claimed>, Vec<Claimed>)> = BTreeMap::new();
    for line in billed {
        services.entry(line.key).or_default().0.push(line.clone());
    }
    for line in supported {
        services.entry(line.key).or_default().1.push(line.clone());
    }
    let mut comparison = Comparison::default();
    for (billed, supported) in services.into_values() {
        settle(billed, supported, policy, &mut comparison);
    }
    comparison.shortage.retain(|rest| !unread.contains(&rest.key.code));
    join_mismarked(&mut comparison);
    comparison
}

/// Takes the drug given that was billed as its discarded part for what it is: the right units under a wrong modifier,
/// and not a line too many beside one too few.
fn join_mismarked(comparison: &mut Comparison) {
    let Comparison { remarked, excess, shortage } = comparison;
    excess.retain(|wrong| {
        let is_given = |right: &Rest| {
            wrong.key.discarded
                && right.key == Key { discarded: false, ..wrong.key }
                && right.units == wrong.units
                && !wrong.is_shared
                && !right.is_shared
        };
        let Some(at) = shortage.iter().position(is_given) else { return true };
        let right = shortage.remove(at);
        let (key, units) = (right.key, right.units);
        remarked.push(Remarked { key, units, billed: wrong.claimed(), supported: right.claimed() });
        false
    });
}

impl Rest {
    fn claimed(&self) -> Claimed {
        let Self { key, ref modifiers, units, line, .. } = *self;
        Claimed { key, modifiers: modifiers.clone(), units, line }
    }
}

/// Takes equal units off both sides, first under the same modifiers and then under others.
fn settle(mut billed: Vec<Claimed>, mut supported: Vec<Claimed>, policy: &Policy, into: &mut Comparison) {
    let is_shared = !billed.is_empty() && !supported.is_empty();
    let has_side = names_one_side(&supported, policy);
    let (billed_total, supported_total) = (total(&billed), total(&supported));
    for billed in &mut billed {
        for supported in &mut supported {
            let of = |line: &Claimed| judged(&line.modifiers, has_side, policy);
            if of(billed) == of(supported) {
                take(billed, supported);
            }
        }
    }
    for billed in &mut billed {
        for supported in &mut supported {
            let units = take(billed, supported);
            if !units.is_zero() {
                let (billed, supported) = (billed.clone(), supported.clone());
                into.remarked.push(Remarked { key: billed.key, units, billed, supported });
            }
        }
    }
    let rest = |lines: Vec<Claimed>| {
        let units = total(&lines);
        let first = lines.into_iter().find(|line| !line.units.is_zero())?;
        let Claimed { key, modifiers, line, .. } = first;
        Some(Rest { key, units, modifiers, line, is_shared, billed_total, supported_total })
    };
    into.excess.extend(rest(billed));
    into.shortage.extend(rest(supported));
}

/// Takes the units that two lines share off both, and gives how many they were.
fn take(billed: &mut Claimed, supported: &mut Claimed) -> Decimal {
    let units = billed.units.min(supported.units);
    billed.units = less(billed.units, units);
    supported.units = less(supported.units, units);
    units
}

/// Whether all supported lines of a service are of one and the same side. Both sides may be billed in several ways, and
/// of a record that names none the claim may know more.
fn names_one_side(supported: &[Claimed], policy: &Policy) -> bool {
    let sides = &policy.audit.side_modifiers;
    let side = |line: &Claimed| line.modifiers.iter().find(|modifier| sides.contains(modifier)).copied();
    let first = supported.first().and_then(side);
    first.is_some() && supported.iter().all(|line| side(line) == first)
}

/// Attests that nothing was discarded.
pub(super) const NONE_DISCARDED: Modifier = Modifier::of("JZ");

/// The modifiers that the rules decide, in one order, each of several that say the same as one. Where JZ is
/// voluntary it is neither right nor wrong (rule Z-01).
fn judged(modifiers: &Modifiers, has_side: bool, policy: &Policy) -> Vec<Modifier> {
    let audit = &policy.audit;
    let alike = &audit.interchangeable_modifiers;
    let is_free = |modifier: Modifier| {
        modifier == NONE_DISCARDED && *policy.drug_line.jz_standing == Standing::Optional
    };
    let one = |modifier: &Modifier| match alike.first() {
        Some(first) if alike.contains(modifier) => *first,
        _ => *modifier,
    };
    let is_judged = |modifier: &Modifier| {
        audit.judged_modifiers.contains(modifier) || has_side && audit.side_modifiers.contains(modifier)
    };
    let known = modifiers.iter().filter(|modifier| is_judged(modifier) && !is_free(**modifier));
    let mut judged: Vec<Modifier> = known.map(one).collect();
    judged.sort_unstable();
    judged.dedup();
    judged
}

fn total(lines: &[Claimed]) -> Decimal {
    // Claims of more units than an amount holds are refused when they are read.
    lines.iter().fold(Decimal::ZERO, |sum, line| sum.checked_add(line.units).unwrap_or(sum))
}

/// The difference of two amounts, the smaller taken from the larger.
pub(super) fn less(from: Decimal, amount: Decimal) -> Decimal {
    Decimal::from_nanos(from.nanos() - amount.nanos())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::date;
    use crate::policy::PolicyBook;

    fn claimed(lines: &[(&'static str, i32, &[&str])]) -> Vec<Claimed> {
        let one = |(at, (code, units, modifiers)): (usize, &(&'static str, i32, &[&str]))| {
            let modifiers: Modifiers = modifiers.iter().map(|text| Modifier::of(text)).collect();
            let discarded = modifiers.contains(&DISCARDED);
            let key = Key { date: date(2025, 11, 3), code: HcpcsCode::of(code), discarded };
            Claimed { key, modifiers, units: Decimal::whole(*units), line: at }
        };
        lines.iter().enumerate().map(one).collect()
    }

    fn differences(
        billed: &[(&'static str, i32, &[&str])],
        supported: &[(&'static str, i32, &[&str])],
    ) -> (Vec<String>, Vec<String>, usize) {
        differences_at(date(2025, 11, 3), billed, supported)
    }

    fn differences_at(
        date: Date,
        billed: &[(&'static str, i32, &[&str])],
        supported: &[(&'static str, i32, &[&str])],
    ) -> (Vec<String>, Vec<String>, usize) {
        let book = PolicyBook::embedded().expect("the embedded policies");
        let policy = book.at(date, "medicare").expect("a policy");
        let found = compare(&claimed(billed), &claimed(supported), &[], policy);
        let text =
            |rests: &[Rest]| rests.iter().map(|rest| format!("{}×{}", rest.key.code, rest.units)).collect();
        (text(&found.excess), text(&found.shortage), found.remarked.len())
    }

    #[test]
    fn lines_that_are_split_or_joined_are_no_difference() {
        let billed: &[(&str, i32, &[&str])] = &[("96375", 1, &[]), ("96375", 1, &[]), ("J1100", 8, &["JZ"])];
        let supported: &[(&str, i32, &[&str])] =
            &[("96375", 2, &[]), ("J1100", 4, &["JZ"]), ("J1100", 4, &["JZ"])];
        assert_eq!(differences(billed, supported), (vec![], vec![], 0));
    }

    #[test]
    fn discarded_drug_is_a_service_of_its_own() {
        let found = differences(&[("J9312", 80, &[])], &[("J9312", 71, &[]), ("J9312", 9, &["JW"])]);
        assert_eq!(found, (vec!["J9312×9".to_owned()], vec!["J9312×9".to_owned()], 0));
    }

    #[test]
    fn the_drug_given_that_was_billed_as_discarded_is_under_a_wrong_modifier() {
        let given: &[(&str, i32, &[&str])] = &[("J9271", 200, &["JZ"])];
        assert_eq!(differences(&[("J9271", 200, &["JW"])], given), (vec![], vec![], 1));
        let other = differences(&[("J9271", 100, &["JW"])], given);
        assert_eq!(other, (vec!["J9271×100".to_owned()], vec!["J9271×200".to_owned()], 0));
    }

    #[test]
    fn modifiers_that_say_the_same_and_those_not_judged_are_no_difference() {
        let supported: &[(&str, i32, &[&str])] = &[("96365", 1, &["XS"])];
        assert_eq!(differences(&[("96365", 1, &["59", "GC"])], supported), (vec![], vec![], 0));
        assert_eq!(differences(&[("96365", 1, &[])], supported), (vec![], vec![], 1));
    }

    #[test]
    fn the_side_is_judged_where_the_record_names_one() {
        let right: &[(&str, i32, &[&str])] = &[("J0178", 2, &["RT", "JZ"])];
        let with = |modifiers: &[&str]| differences(&[("J0178", 2, modifiers)], right).2;
        assert_eq!([with(&["RT", "JZ"]), with(&["LT", "JZ"]), with(&["JZ"])], [0, 1, 1]);
        let unknown: &[(&str, i32, &[&str])] = &[("J0178", 2, &["JZ"])];
        assert_eq!(differences(&[("J0178", 2, &["LT", "JZ"])], unknown).2, 0);
        let both: &[(&str, i32, &[&str])] = &[("J0178", 2, &["RT", "JZ"]), ("J0178", 2, &["LT", "JZ"])];
        assert_eq!(differences(&[("J0178", 4, &["50", "JZ"])], both).2, 0);
    }

    #[test]
    fn where_jz_is_voluntary_it_is_no_difference() {
        let with: &[(&str, i32, &[&str])] = &[("J9271", 200, &["JZ"])];
        let without: &[(&str, i32, &[&str])] = &[("J9271", 200, &[])];
        for (day, differs) in [(date(2022, 12, 31), 1), (date(2023, 1, 1), 0), (date(2023, 7, 1), 1)] {
            assert_eq!(differences_at(day, with, without), (vec![], vec![], differs), "{day}");
        }
    }
}
