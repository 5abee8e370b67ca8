//! The differences between a claim and its record in sentences.

use super::note;
use crate::audit::{Discrepancy, Kind, Modifiers, Pattern, Side};
use crate::domain::billed::BilledLine;
use crate::domain::encounter::Encounter;
use crate::engine::CodingResult;

/// A kind of difference in words.
pub const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::MissingLine => "line missing",
        Kind::ExtraLine => "line not earned",
        Kind::WrongCode => "wrong code",
        Kind::WrongUnits => "wrong units",
        Kind::WrongModifier => "wrong modifier",
        Kind::Unsupported => "not supported yet",
        Kind::WrongNdc => "wrong NDC",
        Kind::WrongDate => "wrong date",
    }
}

/// A pattern of mistakes in words.
pub const fn pattern(pattern: Pattern) -> &'static str {
    match pattern {
        Pattern::WholeVial => "the content of the opened containers billed, and not the dose",
        Pattern::TwoInitials => "a second initial service",
        Pattern::AddOnHoursNeverBilled => "further hours of an infusion left out",
        Pattern::RepeatPushInOffice => "the repeat-push code of hospitals in an office",
        Pattern::DiscardOfMultiDose => "discarded drug of a multi-dose container",
        Pattern::NdcOfAnotherProduct => "the NDC of another product",
        Pattern::UnclassifiedCode => "an unclassified code where a specific one is in force",
        Pattern::ChemotherapyCode => "a chemotherapy code for another drug",
        Pattern::TimesToTheHour => "times entered to the full hour",
    }
}

/// The difference in a sentence, with its date where that is not the visit's.
pub fn sentence(
    found: &Discrepancy,
    billed: &[BilledLine],
    visit: &Encounter,
    result: &CodingResult,
) -> String {
    if let (Kind::WrongDate, Some(billed), Some(supported)) = (found.kind, &found.billed, &found.supported) {
        let line = in_short(billed);
        return format!("{line} was billed for {}, and it was given on {}.", billed.date, supported.date);
    }
    let sides = (found.billed.as_ref().map(in_short), found.supported.as_ref().map(in_short));
    let mut text = match (found.kind, sides) {
        (Kind::WrongUnits, (Some(_), Some(_))) => wrong_units(found),
        (Kind::WrongModifier, _) => wrong_modifiers(found),
        (Kind::WrongNdc, _) => wrong_ndc(found, billed),
        (Kind::Unsupported, (Some(line), _)) => {
            let lacking = found.lacking.map(|lacking| note::render(&lacking, &result.trail, visit));
            let lacking = lacking.unwrap_or_default();
            format!("{line} was billed, and the record does not support it yet: {lacking}")
        }
        (_, (Some(wrong), Some(right))) => format!("{wrong} was billed where {right} is right."),
        (_, (None, Some(right))) => format!("{right} is supported and was not billed."),
        (_, (Some(wrong), None)) => format!("{wrong} was billed, and nothing on record earns it."),
        (_, (None, None)) => String::new(),
    };
    if let Some(known) = found.pattern {
        text.push_str(&format!(" Known pattern: {}.", pattern(known)));
    }
    let date = found.billed.as_ref().or(found.supported.as_ref()).map(|side| side.date);
    match date.filter(|date| *date != visit.service_date) {
        Some(date) => format!("On {date}: {text}"),
        None => text,
    }
}

/// A side as people write it in a row of text: `96415`, `J9312 ×71 JZ`.
pub fn in_short(side: &Side) -> String {
    let units = side.units.to_string();
    let units = if units == "1" { String::new() } else { format!(" ×{units}") };
    let modifiers: String = side.modifiers.iter().map(|modifier| format!(" {modifier}")).collect();
    format!("{}{units}{modifiers}", side.code)
}

fn wrong_units(found: &Discrepancy) -> String {
    let (Some(wrong), Some(right)) = (&found.billed, &found.supported) else { return String::new() };
    let part =
        if right.modifiers.iter().any(|modifier| modifier.as_str() == "JW") { " discarded" } else { "" };
    format!(
        "{}: {} were billed where {}{part} {} supported.",
        wrong.code,
        counted(wrong),
        right.units,
        if right.units.to_string() == "1" { "is" } else { "are" }
    )
}

fn counted(side: &Side) -> String {
    let units = side.units.to_string();
    if units == "1" { "1 unit".to_owned() } else { format!("{units} units") }
}

fn wrong_modifiers(found: &Discrepancy) -> String {
    let (Some(wrong), Some(right)) = (&found.billed, &found.supported) else { return String::new() };
    let named = |modifiers: &Modifiers| match modifiers.as_slice() {
        [] => "no modifier".to_owned(),
        several => several.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    };
    format!(
        "{} was billed with {} where {} is right.",
        wrong.code,
        named(&wrong.modifiers),
        named(&right.modifiers)
    )
}

fn wrong_ndc(found: &Discrepancy, billed: &[BilledLine]) -> String {
    let Some(side) = &found.billed else { return String::new() };
    let ndc = billed.get(side.line).and_then(|line| line.ndc).map(|ndc| ndc.hyphenated());
    format!("NDC {} on {} is not of the product given.", ndc.unwrap_or_default(), side.code)
}
