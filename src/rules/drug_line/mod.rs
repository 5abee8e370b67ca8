//! The drug track: from doses and containers to drug lines.
//!
//! Product → units → discarded drug → modifiers → NDC → limits, for each drug of each date of service.

pub mod biosimilar;
pub mod drug_marks;
pub mod life_cycle;
pub mod limits;
pub mod modifiers;
pub mod ndc_report;
pub mod package;
pub(super) mod product;
pub mod treatment;
pub mod unclassified;
pub mod units;
pub mod waste;

use smallvec::SmallVec;

use crate::domain::code::Modifier;
use crate::engine::Coding;
use crate::rules::Family;
use treatment::{Dose, Treatment};
use units::Billed;
use waste::Discard;

/// The rules of this file.
pub static FAMILIES: &[Family] = &[
    units::UNITS,
    waste::DISCARDED,
    waste::ZERO_WASTE,
    waste::REFUND_AND_SKIN,
    modifiers::MODIFIERS,
    unclassified::UNCLASSIFIED,
    biosimilar::BIOSIMILARS,
    life_cycle::LIFE_CYCLE,
    ndc_report::NDC_REPORTING,
    limits::LIMITS,
];

const JW: Modifier = Modifier::of("JW");
const JZ: Modifier = Modifier::of("JZ");

/// Doses of a visit that are put in order without an allocation; few visits have more.
const DOSES_INLINE: usize = 16;

/// Runs the rules of this family on a visit.
pub fn code(coding: &mut Coding<'_>) {
    modifiers::ask_status(coding);
    let doses = product::resolve_all(coding);
    let visit_may_ask = modifiers::visit_may_ask(coding.encounter);
    let mut in_order: SmallVec<[&Dose<'_>; DOSES_INLINE]> = doses.iter().collect();
    for treatment in treatment::combine(&mut in_order) {
        coding.turn_to(treatment.date());
        let Some(billed) = units::bill(coding, &treatment) else { continue };
        package::check(coding, &treatment, &billed);
        let discard = waste::decide(coding, &treatment, &doses, &billed);
        let first = coding.result.lines.len();
        let common = modifiers::common(coding, &treatment, visit_may_ask);
        add_lines(coding, &treatment, &common, &billed, &discard);
        ndc_report::attach(coding, &treatment, &billed, &discard, first);
        modifiers::sides::part(coding, &treatment, first);
        modifiers::sides::ask_side(coding, &treatment);
        limits::split(coding, &treatment, first);
    }
    limits::check_edits(coding);
}

/// The administered line, and the JW line where drug was discarded.
fn add_lines(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    common: &modifiers::Modifiers,
    billed: &Billed,
    discard: &Discard,
) {
    let (given, own) = (billed.units.saturating_add(discard.combined_units), discard.jz.then_some(JZ));
    let narrative = treatment.first().is_unclassified.then(|| unclassified::write(coding, treatment));
    if discard.jw_units == 0 {
        // Of most drugs nothing is discarded, and the one line takes the narrative as it is.
        return add_line(coding, treatment, common, (given, own), narrative);
    }
    add_line(coding, treatment, common, (given, own), narrative.clone());
    add_line(coding, treatment, common, (discard.jw_units, Some(JW)), narrative);
}

fn add_line(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    common: &modifiers::Modifiers,
    (units, own): (u32, Option<Modifier>),
    narrative: Option<Box<str>>,
) {
    if units > 0 {
        let printed = modifiers::print(coding, treatment, common, own);
        coding.result.lines.push(treatment.line(units, printed, narrative));
    }
}

#[cfg(test)]
mod tests;
