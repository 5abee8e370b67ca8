//! The text that tells a payer what an unclassified line stands for (rules N-05, N-06).

use super::*;
use crate::domain::drug::NdcGiven;
use crate::domain::encounter::Route;
use crate::rules::drug_line::waste::rest_of;

/// Letters of the name that a narrative keeps, whatever else it holds.
const NAME_LETTERS_MIN: usize = 20;

/// Writes the narrative of an unclassified line, within the length of the field.
///
/// Of a long name the end is left out, for a line without dose, route and waste is not processed; then whole parts are
/// left out from the end.
pub fn write(coding: &mut Coding<'_>, treatment: &Treatment<'_>) -> Box<str> {
    let dose = treatment.first();
    report_missing(coding, dose);
    let length = *coding.policy.drug_line.narrative_characters as usize;
    let weight = coding.encounter.weight_kg.filter(|_| *coding.policy.drug_line.narrative_weight);
    let drug = dose.drug;
    let ndc = drug.ndc.iter().chain(drug.containers.iter().flat_map(|c| &c.ndc)).find_map(|ndc| match ndc {
        NdcGiven::Read(ndc) => Some(*ndc),
        NdcGiven::Ambiguous(_) => None,
    });
    let rest = rest_of(drug).filter(|rest| !rest.value.is_zero());
    let parts = [
        drug.name.as_deref().map(printable),
        drug.dose_administered.map(|amount| amount.to_string().to_uppercase()),
        dose.administration.route.map(|route| short(route).to_owned()),
        ndc.map(|ndc| format!("NDC {ndc}")),
        rest.map(|rest| format!("WASTE {}", rest.to_string().to_uppercase())),
        weight.map(|kilograms| format!("WT {kilograms} KG")),
    ];
    if let Some(kilograms) = weight {
        let facts = [fact::given("weight", Value::Decimal(kilograms))];
        let note = "The narrative names the weight of {weight} kg, as this payer encourages";
        coding.result.trail.fired(&N_06, treatment.subject(), note, &facts);
    }
    let mut parts = parts;
    let mut is_shortened = shorten_name(&mut parts, length);
    let mut text = String::with_capacity(length);
    for part in parts.into_iter().flatten() {
        let blank = usize::from(!text.is_empty());
        if text.len() + blank + part.len() > length {
            is_shortened = true;
            continue;
        }
        if blank == 1 {
            text.push(' ');
        }
        text.push_str(&part);
    }
    if is_shortened {
        let facts = [fact::derived("length", Value::Count(length as i64))];
        let note = "The narrative was shortened to the {length} characters of its field";
        let field = treatment.field("name");
        coding.find(Severity::Info, Reason::NarrativeShortened, field, &N_05, note, &facts);
    }
    text.into_boxed_str()
}

/// Shortens the name, which stands first and is ASCII, to the room that dose, route, NDC and waste leave; whether it had
/// to be. A few letters stay in any case.
fn shorten_name(parts: &mut [Option<String>], length: usize) -> bool {
    let Some((Some(name), others)) = parts.split_first_mut() else { return false };
    let taken: usize = others.iter().flatten().map(|part| part.len() + 1).sum();
    let room = length.saturating_sub(taken).max(NAME_LETTERS_MIN).min(length);
    if name.len() <= room {
        return false;
    }
    name.truncate(room);
    name.truncate(name.trim_end().len());
    true
}

fn report_missing(coding: &mut Coding<'_>, dose: &Dose<'_>) {
    let missing = [
        (dose.drug.name.is_none(), "name", "The narrative needs the name of the drug"),
        (dose.drug.dose_administered.is_none(), "dose_administered", "The narrative needs the total dose"),
    ];
    for (is_missing, field, text) in missing {
        if is_missing {
            let field = dose.field(field);
            coding.find(Severity::Warn, Reason::MissingNarrativeFact, field, &N_05, text, &[]);
        }
    }
    if dose.administration.route.is_none() {
        let field = Field::Administration(dose.at.0, "route");
        let text = "The narrative needs the route";
        coding.find(Severity::Warn, Reason::MissingNarrativeFact, field, &N_05, text, &[]);
    }
}

/// Upper-case ASCII, as claim forms print it.
fn printable(name: &str) -> String {
    let is_kept = |c: &char| c.is_ascii_alphanumeric() || " -.%/".contains(*c);
    name.chars().filter(is_kept).collect::<String>().trim().to_uppercase()
}

const fn short(route: Route) -> &'static str {
    match route {
        Route::IvInfusion | Route::IvPush | Route::Transfusion | Route::PumpStart => "IV",
        Route::Intramuscular => "IM",
        Route::Subcutaneous | Route::SubcutaneousInfusion | Route::OnBodyInjector => "SC",
        Route::IntraArterialInfusion | Route::IntraArterialPush => "IA",
        Route::Intrathecal => "IT",
        Route::IntraventricularReservoir => "INTRAVENTRICULAR",
        Route::Intraperitoneal | Route::HeatedIntraperitoneal => "IP",
        Route::Intrapleural => "INTRAPLEURAL",
        Route::Intralesional => "INTRALESIONAL",
        Route::Intravesical => "INTRAVESICAL",
        Route::Intravitreal => "INTRAVITREAL",
        Route::Intraarticular => "INTRAARTICULAR",
        Route::Intradermal => "ID",
        Route::Inhaled => "INH",
        Route::Topical => "TOPICAL",
        Route::Implanted => "IMPLANT",
        Route::Oral => "PO",
        Route::ViaDialysate => "DIALYSATE",
        Route::PumpRefill => "PUMP",
        Route::LineFlush => "FLUSH",
        Route::Other => "OTHER",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_leaves_room_for_dose_route_and_waste() {
        let name = "NEWDRUGUMAB-ABCD VERY LONG NONPROPRIETARY NAME OF A PRODUCT THAT WAS APPROVED YESTERDAY";
        let parts = |name: &str| {
            [name, "137.5 MG", "IV", "NDC 99999000101", "WASTE 62.5 MG"].map(|part| Some(part.to_owned()))
        };
        let mut long = parts(name);
        assert!(shorten_name(&mut long, 80));
        let text = long.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ");
        assert!(text.len() <= 80 && text.ends_with("137.5 MG IV NDC 99999000101 WASTE 62.5 MG"), "{text}");
        assert!(text.starts_with("NEWDRUGUMAB-ABCD VERY LONG"), "{text}");
        let mut short = parts("NEWDRUG");
        assert!(!shorten_name(&mut short, 80));
        assert_eq!(short, parts("NEWDRUG"));
    }
}
