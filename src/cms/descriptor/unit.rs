//! The ways in which CMS writes a unit of measure.

use super::token::Token;
use crate::domain::quantity::{Decimal, Quantity, Unit};

/// Words between `million` and `cells` ("250 million car-positive viable t cells").
const WORDS_BEFORE_CELLS_MAX: usize = 12;

/// Phrases, the longer ones first.
const PHRASES: &[(&[&str], Unit)] = &[
    (&["plaque", "forming", "units"], Unit::PlaqueFormingUnit),
    (&["plaque", "forming", "unit"], Unit::PlaqueFormingUnit),
    (&["factor", "viii", "i.u"], Unit::BiologicalUnit),
    (&["factor", "viii", "iu"], Unit::BiologicalUnit),
    (&["international", "units"], Unit::BiologicalUnit),
    (&["international", "unit"], Unit::BiologicalUnit),
    (&["usp", "units"], Unit::BiologicalUnit),
    (&["usp", "unit"], Unit::BiologicalUnit),
    (&["square", "centimeter"], Unit::SquareCentimeter),
    (&["square", "centimeters"], Unit::SquareCentimeter),
    // Two descriptors are misspelt, one of them since 2020.
    (&["square", "cenitmeter"], Unit::SquareCentimeter),
    (&["sq", "cm"], Unit::SquareCentimeter),
    (&["vector", "genomes"], Unit::VectorGenome),
    (&["vector", "genome"], Unit::VectorGenome),
    (&["ng"], Unit::Nanogram),
    (&["nanogram"], Unit::Nanogram),
    (&["nanograms"], Unit::Nanogram),
    (&["mcg"], Unit::Microgram),
    (&["ug"], Unit::Microgram),
    (&["microgram"], Unit::Microgram),
    (&["micrograms"], Unit::Microgram),
    (&["mg"], Unit::Milligram),
    (&["mgs"], Unit::Milligram),
    (&["milligram"], Unit::Milligram),
    (&["milligrams"], Unit::Milligram),
    (&["g"], Unit::Gram),
    (&["gm"], Unit::Gram),
    (&["gms"], Unit::Gram),
    (&["gram"], Unit::Gram),
    (&["grams"], Unit::Gram),
    (&["ml"], Unit::Milliliter),
    (&["cc"], Unit::Milliliter),
    (&["milliliter"], Unit::Milliliter),
    (&["milliliters"], Unit::Milliliter),
    (&["microliter"], Unit::Microliter),
    (&["microliters"], Unit::Microliter),
    (&["liter"], Unit::Liter),
    (&["unit"], Unit::BiologicalUnit),
    (&["units"], Unit::BiologicalUnit),
    (&["iu"], Unit::BiologicalUnit),
    (&["i.u"], Unit::BiologicalUnit),
    // Kallikrein inhibitor units, in one descriptor.
    (&["kiu"], Unit::BiologicalUnit),
    (&["mci"], Unit::Millicurie),
    (&["millicurie"], Unit::Millicurie),
    (&["millicuries"], Unit::Millicurie),
    (&["uci"], Unit::Microcurie),
    (&["microcurie"], Unit::Microcurie),
    (&["microcuries"], Unit::Microcurie),
    (&["mbq"], Unit::Megabecquerel),
    (&["megabecquerel"], Unit::Megabecquerel),
    (&["megabecquerels"], Unit::Megabecquerel),
    (&["meq"], Unit::Milliequivalent),
    (&["milliequivalent"], Unit::Milliequivalent),
    (&["milliequivalents"], Unit::Milliequivalent),
    (&["mmol"], Unit::Millimole),
    (&["millimole"], Unit::Millimole),
    (&["millimoles"], Unit::Millimole),
    (&["pfu"], Unit::PlaqueFormingUnit),
    (&["centimeter"], Unit::Centimeter),
    (&["centimeters"], Unit::Centimeter),
    (&["days"], Unit::Day),
    (&["vial"], Unit::Vial),
    (&["each"], Unit::Each),
    (&["ea"], Unit::Each),
    (&["dose"], Unit::Dose),
];

/// The unit at the start of some tokens, and how many of them it takes.
pub(super) fn unit_at(tokens: &[Token]) -> Option<(Unit, usize)> {
    // Written `10cm2`, the square is a number of its own.
    if let [first, Token::Number(two), ..] = tokens
        && first.is("cm")
        && *two == Decimal::whole(2)
    {
        return Some((Unit::SquareCentimeter, 2));
    }
    PHRASES
        .iter()
        .find(|(words, _)| {
            words.len() <= tokens.len() && words.iter().zip(tokens).all(|(word, token)| token.is(word))
        })
        .map(|(words, unit)| (*unit, words.len()))
}

/// The quantity that starts with a number, and how many tokens it takes.
pub(super) fn quantity_at(tokens: &[Token]) -> Option<(Quantity, usize)> {
    let (Token::Number(number), rest) = tokens.split_first()? else { return None };
    let hyphen = usize::from(rest.first().is_some_and(|token| token.is_sign('-')));
    let rest = &rest[hyphen..];
    let (scaled, taken) = match rest.first()? {
        Token::Word(word) if word == "million" => (scaled(*number, &rest[1..], 1_000_000)?, 1),
        Token::Word(word) if word == "billion" => (scaled(*number, &rest[1..], 1_000_000_000)?, 1),
        _ => {
            let (unit, length) = unit_at(rest)?;
            ((Quantity::new(*number, unit), length), 0)
        }
    };
    let (quantity, length) = scaled;
    Some((quantity, 1 + hyphen + taken + length))
}

/// A number of millions or billions; in the unit customary for them where there is one.
fn scaled(number: Decimal, rest: &[Token], scale: u32) -> Option<(Quantity, usize)> {
    let (unit, length) = unit_at(rest).or_else(|| cells_at(rest))?;
    let customary = match (unit, scale) {
        (Unit::Cell, 1_000_000) => Some(Unit::MillionCells),
        (Unit::PlaqueFormingUnit, 1_000_000) => Some(Unit::MillionPlaqueFormingUnits),
        (Unit::VectorGenome, 1_000_000_000) => Some(Unit::BillionVectorGenomes),
        _ => None,
    };
    let quantity = match customary {
        Some(customary) => Quantity::new(number, customary),
        None => Quantity::new(number.checked_times(scale)?, unit),
    };
    Some((quantity, length))
}

/// `car-positive viable t cells`: any words, ending with cells, before the phrase ends.
fn cells_at(tokens: &[Token]) -> Option<(Unit, usize)> {
    let phrase = tokens.iter().take_while(|token| **token != Token::Break).take(WORDS_BEFORE_CELLS_MAX);
    let at = phrase.enumerate().find(|(_, token)| token.is("cells"))?.0;
    Some((Unit::Cell, at + 1))
}
