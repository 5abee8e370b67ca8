//! The differences between a claim and its record in sentences.

use super::note;
use crate::audit::{Detail, Discrepancy, Kind, ModifierFault, Modifiers, Pattern, Side, WantedNdc};
use crate::domain::billed::BilledLine;
use crate::domain::claim::NdcReport;
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
        Kind::MissingNdc => "NDC missing",
        Kind::UnknownCode => "unknown code",
        Kind::Included => "included in another line",
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
        Pattern::AddOnForInitial => "an add-on code where the first service is right",
        Pattern::AddOnOfAnotherKind => {
            "a further hour, the next drug and a concurrent one taken for each other"
        }
        Pattern::TherapeuticCode => "a therapeutic code for chemotherapy or another complex drug",
        Pattern::HydrationAndTherapy => "hydration and the infusion of a drug taken for each other",
        Pattern::OtherTechnique => "a push, an infusion and an injection taken for each other",
        Pattern::DuplicateLine => "a line that stands on the claim once more",
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
        (Kind::WrongModifier, (line, _)) => wrong_modifiers(found, line.unwrap_or_default()),
        (Kind::WrongNdc, _) => wrong_ndc(found, billed),
        (Kind::MissingNdc, (Some(line), _)) => missing_ndc(found, &line),
        (Kind::UnknownCode, (Some(line), _)) => format!("{line} was billed."),
        (Kind::Included, (Some(line), _)) => format!(
            "{line} was billed, and the administration services on its date include it: it is no line of its own beside them."
        ),
        (Kind::Unsupported, (Some(line), _)) => {
            let lacking = match found.detail {
                Some(Detail::Lacking(lacking)) => note::render(&lacking, &result.trail, visit),
                _ => String::new(),
            };
            format!("{line} was billed, and the record does not support it yet: {lacking}")
        }
        (_, (Some(wrong), Some(right))) => format!("{wrong} was billed where {right} is right."),
        (_, (None, Some(right))) => format!("{right} is supported and was not billed."),
        (_, (Some(wrong), None)) => match found.detail {
            Some(Detail::Declined(why)) => {
                let why = note::render(&why, &result.trail, visit);
                format!("{wrong} was billed, and the record does not earn it: {}", ended(why))
            }
            _ => format!("{wrong} was billed, and nothing on record earns it."),
        },
        (_, (None, None)) => String::new(),
    };
    if let (Some(Detail::UnknownCode), Some(side)) = (&found.detail, &found.billed) {
        text.push_str(&format!(
            " No table of codes that is held here has {}: check how it is written.",
            side.code
        ));
    }
    if let Some(known) = found.pattern {
        text.push_str(&format!(" Known pattern: {}.", pattern(known)));
    }
    let date = found.billed.as_ref().or(found.supported.as_ref()).map(|side| side.date);
    match date.filter(|date| *date != visit.service_date) {
        Some(date) => format!("On {date}: {text}"),
        None => text,
    }
}

/// A reason as the end of a sentence.
fn ended(mut reason: String) -> String {
    if !reason.ends_with('.') {
        reason.push('.');
    }
    reason
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
        "{}: {} {} billed where {}{part} {} supported.",
        wrong.code,
        counted(wrong),
        if wrong.units.to_string() == "1" { "was" } else { "were" },
        right.units,
        if right.units.to_string() == "1" { "is" } else { "are" }
    )
}

fn counted(side: &Side) -> String {
    let units = side.units.to_string();
    if units == "1" { "1 unit".to_owned() } else { format!("{units} units") }
}

fn wrong_modifiers(found: &Discrepancy, line: String) -> String {
    let faults = match &found.detail {
        Some(Detail::Modifiers(faults)) => faults.as_slice(),
        _ => &[],
    };
    let faults = faults.iter().map(modifier_fault).collect::<Vec<_>>().join(" ");
    let (Some(wrong), Some(right)) = (&found.billed, &found.supported) else {
        return format!("{line} was billed. {faults}");
    };
    let named = |modifiers: &Modifiers| match modifiers.as_slice() {
        [] => "no modifier".to_owned(),
        several => several.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    };
    let (code, billed, supported) = (wrong.code, named(&wrong.modifiers), named(&right.modifiers));
    let text = format!("{code} was billed with {billed} where {supported} is right. {faults}");
    text.trim_end().to_owned()
}

fn modifier_fault(fault: &ModifierFault) -> String {
    match fault {
        ModifierFault::Repeated(modifier) => format!("{modifier} stands on the line more than once."),
        ModifierFault::Contradiction(one, other) => {
            format!(
                "{one} and {other} contradict each other on one line: the discarded part has a line of its own, and without one {other} stands alone."
            )
        }
        ModifierFault::Unknown(modifier) => {
            format!("{modifier} is in no list of modifiers held here, neither of HCPCS nor of CPT.")
        }
        ModifierFault::NotYet(modifier, first) => format!("{modifier} is used from {first} on."),
        ModifierFault::Ended(modifier, last) => format!("{modifier} ended on {last}."),
    }
}

/// An NDC as its line carries it: `N4 50242-0053-06 UN 1`.
fn reported(report: &NdcReport) -> String {
    let NdcReport { ndc, qualifier, quantity } = report;
    format!("N4 {} {} {quantity}", ndc.hyphenated(), qualifier.as_str())
}

fn missing_ndc(found: &Discrepancy, line: &str) -> String {
    let wanted = match &found.detail {
        Some(Detail::Ndc(WantedNdc::Known(reports))) => {
            let reports: Vec<String> = reports.iter().map(reported).collect();
            format!("it is {}.", reports.join(" and "))
        }
        Some(Detail::Ndc(WantedNdc::Quantity(quantity, qualifier))) => format!(
            "the record names none; state that of the container that was opened, with {} {quantity}.",
            qualifier.as_str()
        ),
        _ => "the record names none with a quantity; state the containers that were opened.".to_owned(),
    };
    format!("{line} was billed without the NDC that this payer wants on it: {wanted}")
}

fn wrong_ndc(found: &Discrepancy, billed: &[BilledLine]) -> String {
    let Some(side) = &found.billed else { return String::new() };
    let line = billed.get(side.line);
    let quantity = line.and_then(|line| line.ndc_quantity);
    if let (Some(Detail::Ndc(WantedNdc::Known(reports))), Some((quantity, qualifier))) =
        (&found.detail, quantity)
    {
        let right: Vec<String> = reports.iter().map(reported).collect();
        let (code, unit) = (side.code, qualifier.as_str());
        return format!(
            "The NDC of {code} was billed with {unit} {quantity} where {} is right.",
            right.join(" and ")
        );
    }
    let ndc = line.and_then(|line| line.ndc).map(|ndc| ndc.hyphenated());
    format!("NDC {} on {} is not of the product given.", ndc.unwrap_or_default(), side.code)
}
