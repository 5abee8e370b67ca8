//! The amounts of a descriptor and the part each plays.

use super::token::Token;
use super::unit::{quantity_at, unit_at};
use crate::domain::quantity::{Decimal, Measure, Quantity, Unit};

/// Words looked at behind `per`.
const WORDS_BEHIND_PER_MAX: usize = 4;

/// Solid forms, of which the amount in front is what is billed.
const TABLETS: [&str; 3] = ["tablet", "capsule", "film"];

/// The part an amount plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Stands by itself.
    Plain,
    /// `per 0.5 ml`, or `per ml` for one.
    Per,
    UpTo,
    /// `less than or equal to`.
    AtMost,
    MoreThan,
    /// `10 mg/ml`: a strength, not an amount to bill.
    Concentration,
    /// `500 ml = 1 unit`.
    EqualsOneUnit,
    /// `minimum of`, `provided in`, `containing`: describes the product.
    Description,
    /// A bound or a rate, from which no billing unit follows.
    Unclear,
}

/// One amount, where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) quantity: Quantity,
    pub(super) role: Role,
    /// The first token behind it.
    pub(super) end: usize,
    /// Where its number stands.
    pub(super) start: usize,
    /// How many parentheses are open around it.
    pub(super) depth: u32,
}

/// Something counted whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    /// A vial, a patch, an implant.
    Container(Unit),
    /// A dose, a treatment, an infusion, a study.
    Event,
}

/// Everything a descriptor says of amounts.
#[derive(Debug, Default)]
pub(super) struct Phrases {
    pub(super) amounts: Vec<Amount>,
    pub(super) counted: Option<Counted>,
    /// The descriptor ends with `each`, or counts `each unit` of a blood product.
    pub(super) each: bool,
    /// `single unit dosage form`, `single unit dose applicator`.
    pub(super) single_unit: bool,
}

/// Reads the tokens once, from left to right.
pub(super) fn phrases(tokens: &[Token]) -> Phrases {
    let mut phrases = Phrases::default();
    let mut depth = 0_u32;
    let mut at = 0;
    while at < tokens.len() {
        let rest = &tokens[at..];
        match &rest[0] {
            Token::Sign('(') => depth += 1,
            Token::Sign(')') => depth = depth.saturating_sub(1),
            Token::Number(_) if !is_part_of_a_number(tokens, at) => {
                if let Some((quantity, length)) = quantity_at(rest) {
                    let role = role(tokens, at, at + length, quantity);
                    phrases.amounts.push(Amount { quantity, role, start: at, end: at + length, depth });
                    at += length;
                    continue;
                }
            }
            token if token.is("per") => per(&mut phrases, tokens, at, depth),
            token if token.is("each") => {
                let is_last = rest.len() == 1;
                phrases.each |= depth == 0 && (is_last || rest[1].is("unit"));
            }
            token if token.is("single") => {
                let kind = rest.get(2).is_some_and(|it| it.is("dose") || it.is("dosage"));
                phrases.single_unit |= kind && rest[1].is("unit");
            }
            _ => {}
        }
        at += 1;
    }
    phrases
}

/// The end of a range (`150-199`), of a fraction (`1/2`) or of a power (`2 x 10^13`) is no amount of its own.
fn is_part_of_a_number(tokens: &[Token], at: usize) -> bool {
    let before = |by: usize| at.checked_sub(by).map(|at| &tokens[at]);
    match (before(2), before(1)) {
        (Some(Token::Number(_)), Some(sign)) if sign.is_sign('-') || sign.is_sign('/') || sign.is("x") => {
            true
        }
        (_, Some(sign)) => sign.is_sign('^'),
        _ => false,
    }
}

fn role(tokens: &[Token], start: usize, end: usize, quantity: Quantity) -> Role {
    let before = |words: &[&str]| {
        start
            .checked_sub(words.len())
            .is_some_and(|from| words.iter().zip(&tokens[from..start]).all(|(word, token)| token.is(word)))
    };
    let behind = &tokens[end..];
    if is_rate(behind) {
        return Role::Concentration;
    }
    if is_by_weight_or_time(behind) || is_bound_behind(behind) {
        return Role::Unclear;
    }
    if let [equals, Token::Number(one), unit, ..] = behind
        && equals.is_sign('=')
        && *one == Decimal::ONE
        && unit.is("unit")
    {
        return Role::EqualsOneUnit;
    }
    let describes = [&["minimum", "of"][..], &["provided", "in"], &["containing"], &["nominal"]];
    match () {
        () if before(&["less", "than", "or", "equal", "to"]) => Role::AtMost,
        () if before(&["greater", "than"]) => Role::MoreThan,
        () if BOUNDS.iter().any(|words| before(words)) => Role::Unclear,
        // The two codes of gamma globulin by its volume have always been billed by it.
        () if before(&["over"]) && quantity.unit.measure() != Measure::Volume => Role::Unclear,
        () if before(&["up", "to"]) => Role::UpTo,
        () if before(&["per"]) => Role::Per,
        () if describes.iter().any(|words| before(words)) || before(&["minimum"]) => Role::Description,
        () if quantity.value.is_zero() => Role::Description,
        () => Role::Plain,
    }
}

/// Words before an amount that make it a bound of which CMS has not said how it is billed.
const BOUNDS: &[&[&str]] = &[&["less", "than"], &["more", "than"], &["at", "least"], &["at", "most"]];

/// Words behind an amount that make it one.
const BOUNDS_BEHIND: &[[&str; 2]] = &[["or", "more"], ["or", "less"], ["or", "greater"], ["or", "above"]];

/// What an amount is counted by that is a dose or a rate, and no amount of a drug.
const WEIGHTS_AND_TIMES: &[&str] =
    &["kg", "kilogram", "m2", "hour", "hr", "h", "minute", "min", "day", "week", "month"];

fn is_by_weight_or_time(behind: &[Token]) -> bool {
    let [first, by, ..] = behind else { return false };
    (first.is_sign('/') || first.is("per") || first.is("each") || first.is("a"))
        && WEIGHTS_AND_TIMES.iter().any(|word| by.is(word))
}

fn is_bound_behind(behind: &[Token]) -> bool {
    let [first, second, ..] = behind else { return false };
    BOUNDS_BEHIND.iter().any(|[one, other]| first.is(one) && second.is(other))
}

/// `/ml`, `per ml`, `per 0.25 cc`, `per 24 hours` behind an amount make it a strength.
fn is_rate(behind: &[Token]) -> bool {
    let Some((first, rest)) = behind.split_first() else { return false };
    let is_volume = |unit: Unit| unit.measure() == Measure::Volume;
    if first.is_sign('/') {
        return unit_at(rest).is_some_and(|(unit, _)| is_volume(unit));
    }
    first.is("per")
        && (unit_at(rest).is_some_and(|(unit, _)| is_volume(unit))
            || quantity_at(rest).is_some_and(|(quantity, _)| is_volume(quantity.unit))
            || rest.get(1).is_some_and(|token| token.is("hours")))
}

/// `per` and what is counted behind it.
fn per(phrases: &mut Phrases, tokens: &[Token], at: usize, depth: u32) {
    let behind = &tokens[at + 1..];
    if let Some((unit, length)) = unit_at(behind).filter(|(unit, _)| unit.measure() != Measure::Count) {
        // "10 mg per ml" was read as a strength already.
        let quantity = Quantity::new(Decimal::ONE, unit);
        let amount = Amount { quantity, role: Role::Per, start: at + 1, end: at + 1 + length, depth };
        if !phrases.amounts.last().is_some_and(|last| last.role == Role::Concentration && last.end == at) {
            phrases.amounts.push(amount);
        }
        return;
    }
    let words = behind
        .iter()
        .take(WORDS_BEHIND_PER_MAX)
        .take_while(|token| matches!(token, Token::Word(_) | Token::Number(_)) || token.is_sign('-'));
    // "Per 5 mg tablet" states an amount.
    let states_amount = quantity_at(behind).is_some();
    let is_tablet = |token: &&Token| TABLETS.iter().any(|word| token.is(word));
    // "Per single dose vial" counts vials: the last noun decides.
    let counted = words.filter(|token| !(states_amount && is_tablet(token))).filter_map(counted).last();
    phrases.counted = phrases.counted.or(counted.filter(|_| depth == 0));
}

fn counted(token: &Token) -> Option<Counted> {
    let Token::Word(word) = token else { return None };
    Some(match word.as_str() {
        "vial" => Counted::Container(Unit::Vial),
        "implant" | "patch" | "applicator" | "system" | "cartridge" | "syringe" | "ampule" | "insert"
        | "source" | "kit" | "capsule" | "tablet" | "film" | "pen" | "bag" | "device" => {
            Counted::Container(Unit::Each)
        }
        "dose" | "treatment" | "infusion" | "instillation" | "study" => Counted::Event,
        _ => return None,
    })
}
