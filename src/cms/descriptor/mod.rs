//! The billing unit that a long descriptor states.
//!
//! `token` cuts the text, `unit` knows how CMS writes units, `phrase` finds the amounts and the part
//! each plays; here one of them is chosen. The short descriptor is never read (rule U-01).

mod convention;
mod phrase;
mod token;
mod unit;

pub use convention::{Convention, ConventionError, Conventions};

use crate::domain::billing::{BillingUnit, UnitForm};
use crate::domain::quantity::{Decimal, Measure, Quantity, Unit};
use phrase::{Amount, Counted, Phrases, Role, phrases};
use token::{Token, tokens};

/// What a descriptor says of the amount that one unit stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    pub unit: BillingUnit,
    /// The amounts of a descriptor with several components, in its order; else empty.
    pub components: Vec<Quantity>,
    /// An amount that the text restates in parentheses: a total or the same in another unit.
    pub restated: Option<Quantity>,
}

/// Reads the amount of a descriptor, or nothing where it states none.
///
/// With several components in a fixed ratio the first one is counted, unless the descriptor gives
/// their total; conventions that differ are data (rule U-08).
pub fn read(descriptor: &str) -> Option<Reading> {
    let tokens = tokens(descriptor);
    let phrases = phrases(&tokens);
    equality(&phrases)
        .or_else(|| ends_with_each(&phrases))
        .or_else(|| counted_whole(&phrases))
        .or_else(|| bounded_event(&phrases))
        .or_else(|| (!is_unclear(&tokens, &phrases)).then(|| stated(&tokens, &phrases)).flatten())
}

/// What the amounts themselves say, where nothing is counted whole.
fn stated(tokens: &[Token], phrases: &Phrases) -> Option<Reading> {
    amounts(tokens, phrases)
        .or_else(|| single_unit(phrases))
        .or_else(|| in_parentheses(phrases))
        .or_else(|| strength(phrases))
}

/// Whether the amounts leave open what is counted, so that to choose one of them would be a guess: a bound or a rate,
/// the volume of a container behind an amount, or a list of drugs that no word joins.
fn is_unclear(tokens: &[Token], phrases: &Phrases) -> bool {
    let outside: Vec<&Amount> = phrases.amounts.iter().filter(|amount| amount.depth == 0).collect();
    if outside.iter().any(|amount| amount.role == Role::Unclear) {
        return true;
    }
    let Some([first, last]) = outside.last_chunk::<2>() else { return false };
    if first.role != Role::Plain || last.role != Role::Plain {
        return false;
    }
    let is_volume = |amount: &Amount| amount.quantity.unit.measure() == Measure::Volume;
    let is_container = |token: &Token| CONTAINERS.iter().any(|word| token.is(word));
    // "50 or 100 meq, 20 cc vial" states no one amount, and is billed by the vial's volume.
    let is_one_of = first.start.checked_sub(1).is_some_and(|at| tokens[at].is("or"));
    if is_volume(last) && !is_volume(first) && !is_one_of {
        return tokens.get(last.end).is_some_and(is_container);
    }
    let is_same = first.quantity.is_same_measure(last.quantity);
    is_same && is_list_of_drugs(&tokens[first.end..last.start])
}

/// What a volume is of that tells the size of a package.
const CONTAINERS: [&str; 7] = ["vial", "bag", "bottle", "syringe", "ampule", "ampul", "cartridge"];

/// `, name,` between two amounts: another drug with an amount of its own.
fn is_list_of_drugs(between: &[Token]) -> bool {
    matches!(between, [Token::Break, Token::Word(_), Token::Break])
}

fn plain(unit: BillingUnit) -> Reading {
    Reading { unit, components: Vec::new(), restated: None }
}

/// `(500 ml = 1 unit)` settles it.
fn equality(phrases: &Phrases) -> Option<Reading> {
    let amount = phrases.amounts.iter().find(|amount| amount.role == Role::EqualsOneUnit)?;
    Some(plain(BillingUnit::multiple_of(amount.quantity)))
}

/// A last word `each` counts things, whatever they contain.
fn ends_with_each(phrases: &Phrases) -> Option<Reading> {
    let each = Quantity::new(Decimal::ONE, Unit::Each);
    let limit = None;
    phrases.each.then_some(plain(BillingUnit { quantity: each, form: UnitForm::PerContainer, limit }))
}

/// Per vial, per dose, per infusion, per study dose: one, whatever the amount (rule U-09).
fn counted_whole(phrases: &Phrases) -> Option<Reading> {
    let (unit, form) = match phrases.counted? {
        Counted::Container(unit) => (unit, UnitForm::PerContainer),
        Counted::Event => (Unit::Dose, UnitForm::PerEvent),
    };
    let limit = phrases
        .amounts
        .iter()
        .filter(|amount| matches!(amount.role, Role::Plain | Role::UpTo | Role::AtMost | Role::Per))
        .map(|amount| amount.quantity)
        .next();
    Some(plain(BillingUnit { quantity: Quantity::new(Decimal::ONE, unit), form, limit }))
}

/// "Less than or equal to 100 mg", "greater than 100 mg": a class of doses, each billed once.
fn bounded_event(phrases: &Phrases) -> Option<Reading> {
    let bounded = |amount: &&Amount| matches!(amount.role, Role::AtMost | Role::MoreThan);
    phrases.amounts.iter().find(bounded)?;
    let limit = phrases
        .amounts
        .iter()
        .rfind(|amount| matches!(amount.role, Role::AtMost | Role::UpTo))
        .map(|amount| amount.quantity);
    let quantity = Quantity::new(Decimal::ONE, Unit::Dose);
    Some(plain(BillingUnit { quantity, form: UnitForm::PerEvent, limit }))
}

/// The amounts outside parentheses; `per` goes before the others, the last phrase before earlier ones.
fn amounts(tokens: &[Token], phrases: &Phrases) -> Option<Reading> {
    let outside: Vec<&Amount> = phrases
        .amounts
        .iter()
        // A length of therapy bounds a dose and is no amount of a drug.
        .filter(|amount| amount.depth == 0 && amount.quantity.unit.measure() != Measure::Time)
        .filter(|amount| matches!(amount.role, Role::Plain | Role::UpTo | Role::Per))
        .collect();
    if let Some(amount) = outside.iter().rfind(|amount| amount.role == Role::Per) {
        return Some(plain(BillingUnit::multiple_of(amount.quantity)));
    }
    let last = *outside.last()?;
    let restated = restated(phrases, last);
    let mut group = vec![last];
    for earlier in outside.iter().rev().skip(1) {
        if !are_joined(&tokens[earlier.end..group[0].start]) {
            break;
        }
        group.insert(0, *earlier);
    }
    if is_strength(&group) {
        return Some(plain(multiple(group[0])));
    }
    if let [only] = group.as_slice() {
        return Some(Reading { restated, ..plain(multiple(only)) });
    }
    let components: Vec<Quantity> = group.iter().map(|amount| amount.quantity).collect();
    let total = restated.filter(|total| is_total(*total, &components));
    let quantity = total.unwrap_or(components[0]);
    Some(Reading {
        unit: BillingUnit { quantity, form: UnitForm::Components, limit: None },
        components,
        restated,
    })
}

/// `0.5 mg/0.05 ml` is an amount and the volume that it stands in, and no two components.
fn is_strength(group: &[&Amount]) -> bool {
    let is_volume = |amount: &Amount| amount.quantity.unit.measure() == Measure::Volume;
    matches!(group, [amount, volume] if is_volume(volume) && !is_volume(amount))
}

/// Whether one amount sums up others of its measure.
fn is_total(total: Quantity, components: &[Quantity]) -> bool {
    components.iter().map(|component| component.in_base()).sum::<i128>() == total.in_base()
        && components.iter().all(|component| component.is_same_measure(total))
}

fn multiple(amount: &Amount) -> BillingUnit {
    match amount.role {
        Role::UpTo => BillingUnit { form: UnitForm::UpTo, ..BillingUnit::multiple_of(amount.quantity) },
        _ if amount.quantity.unit == Unit::Vial => {
            BillingUnit { form: UnitForm::PerContainer, ..BillingUnit::multiple_of(amount.quantity) }
        }
        _ => BillingUnit::multiple_of(amount.quantity),
    }
}

/// Components are joined by `and`, `with`, `plus`, `in combination`, a slash, or a comma in a list that ends with `and`.
fn are_joined(between: &[Token]) -> bool {
    const WORDS: [&str; 4] = ["and", "with", "plus", "combination"];
    const SIGNS: [char; 3] = ['/', '-', '&'];
    let joins = |token: &Token| {
        WORDS.iter().any(|word| token.is(word)) || SIGNS.iter().any(|sign| token.is_sign(*sign))
    };
    between.iter().any(joins) || matches!(between, [Token::Break, Token::Word(word)] if word != "provided")
}

/// An amount in parentheses right behind another restates it.
fn restated(phrases: &Phrases, amount: &Amount) -> Option<Quantity> {
    let next = phrases.amounts.iter().find(|next| next.start == amount.end + 1)?;
    (next.depth > amount.depth && next.role == Role::Plain).then_some(next.quantity)
}

/// "Single unit dosage form (354 mg)": one container of the amount in parentheses.
fn single_unit(phrases: &Phrases) -> Option<Reading> {
    let limit = phrases.amounts.iter().find(|it| it.depth > 0 && it.role == Role::Plain);
    let quantity = Quantity::new(Decimal::ONE, Unit::Each);
    phrases.single_unit.then_some(())?;
    let limit = Some(limit?.quantity);
    Some(plain(BillingUnit { quantity, form: UnitForm::PerContainer, limit }))
}

/// An amount in parentheses is the last resort before a strength.
fn in_parentheses(phrases: &Phrases) -> Option<Reading> {
    let last = phrases.amounts.iter().rfind(|amount| {
        amount.depth > 0
            && amount.quantity.unit.measure() != Measure::Time
            && matches!(amount.role, Role::Plain | Role::UpTo | Role::Per)
    })?;
    Some(plain(multiple(last)))
}

/// "Example, 10 mg/ml" and nothing else: the amount of one millilitre.
fn strength(phrases: &Phrases) -> Option<Reading> {
    let last = phrases.amounts.iter().rfind(|amount| amount.role == Role::Concentration)?;
    Some(plain(BillingUnit::multiple_of(last.quantity)))
}

#[cfg(test)]
mod tests;
