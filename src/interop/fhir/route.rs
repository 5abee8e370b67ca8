//! How a drug entered the body, from the printed and coded forms of `dosage.route` and `dosage.method`.

use crate::domain::encounter::Route;

use super::elements::CodeableConcept;

/// Codes that are often sent without a printed form, and the word each stands for. SNOMED CT and the
/// abbreviations of HL7 version 2 and 3.
const CODED: &[(&str, &str)] = &[
    ("47625008", "intravenous"),
    ("255560000", "intravenous"),
    ("78421000", "intramuscular"),
    ("34206005", "subcutaneous"),
    ("72607000", "intrathecal"),
    ("58100008", "intraarterial"),
    ("38239002", "intraperitoneal"),
    ("26643006", "oral"),
    ("372464004", "intradermal"),
    ("12130007", "intraarticular"),
    ("418401004", "intravitreal"),
    ("420620005", "push"),
    ("iv", "intravenous"),
    ("ivpush", "intravenous push"),
    ("ivp", "intravenous push"),
    ("ivpb", "intravenous infusion"),
    ("im", "intramuscular"),
    ("sc", "subcutaneous"),
    ("sq", "subcutaneous"),
    ("subcut", "subcutaneous"),
    ("subq", "subcutaneous"),
    ("sqinfus", "subcutaneous infusion"),
    ("po", "oral"),
    ("mouth", "oral"),
];

/// Abbreviations that are words as well, so that they count only when they stand alone.
const ALONE: &[(&str, &str)] = &[
    ("it", "intrathecal"),
    ("ia", "intraarterial"),
    ("ip", "intraperitoneal"),
    ("id", "intradermal"),
    ("pr", "rectal"),
    ("sl", "sublingual"),
    ("inh", "inhaled"),
];

const PUSH: &[&str] = &["push", "bolus"];
const INFUSION: &[&str] = &["infusion", "infuse", "infused", "drip", "piggyback"];

/// Routes that one word settles.
const SINGLE: &[(&str, Route)] = &[
    ("intramuscular", Route::Intramuscular),
    ("intrathecal", Route::Intrathecal),
    ("intraperitoneal", Route::Intraperitoneal),
    ("intrapleural", Route::Intrapleural),
    ("intralesional", Route::Intralesional),
    ("intravesical", Route::Intravesical),
    ("intravitreal", Route::Intravitreal),
    ("intraarticular", Route::Intraarticular),
    ("intradermal", Route::Intradermal),
    ("inhalation", Route::Inhaled),
    ("inhaled", Route::Inhaled),
    ("nebulization", Route::Inhaled),
    ("nebulized", Route::Inhaled),
    ("nebulizer", Route::Inhaled),
    ("topical", Route::Topical),
    ("cutaneous", Route::Topical),
    ("transdermal", Route::Topical),
    // Onto a mucous membrane goes no injection either, so its codes are of no such dose.
    ("nasal", Route::Topical),
    ("intranasal", Route::Topical),
    ("rectal", Route::Topical),
    ("sublingual", Route::Topical),
    ("buccal", Route::Topical),
    ("ophthalmic", Route::Topical),
    ("otic", Route::Topical),
    ("vaginal", Route::Topical),
    ("oral", Route::Oral),
];

/// What the record says of the route.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RouteRead {
    Known(Route),
    /// Into a vein or an artery, and nothing tells a push from an infusion.
    TechniqueMissing,
    NotStated,
    Unknown,
}

/// Words that tell a needle or a flow, and no place that it went to.
const PLACELESS: &[&str] = &["injection", "injectable", "infusion"];

/// Reads the route. A rate of flow tells an infusion where no word does, and so does a time that it took: of a short
/// one the minutes make a push (rule TIME-1).
pub(super) fn read(
    route: Option<&CodeableConcept>,
    method: Option<&CodeableConcept>,
    has_flow: bool,
) -> RouteRead {
    let words = words([route, method]);
    let says = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let technique = |push, infusion| {
        if says(PUSH) {
            RouteRead::Known(push)
        } else if says(INFUSION) || has_flow {
            RouteRead::Known(infusion)
        } else {
            RouteRead::TechniqueMissing
        }
    };
    if words.is_empty() {
        RouteRead::NotStated
    } else if says(&["intravenous"]) {
        technique(Route::IvPush, Route::IvInfusion)
    } else if says(&["intraarterial"]) {
        technique(Route::IntraArterialPush, Route::IntraArterialInfusion)
    } else if says(&["subcutaneous"]) {
        RouteRead::Known(if says(INFUSION) { Route::SubcutaneousInfusion } else { Route::Subcutaneous })
    } else {
        let single = SINGLE.iter().find(|(word, _)| says(&[word]));
        let other = if says(PLACELESS) { RouteRead::NotStated } else { RouteRead::Unknown };
        single.map_or(other, |(_, route)| RouteRead::Known(*route))
    }
}

/// Lower-case words of every printed form, with coded forms put into words.
fn words(concepts: [Option<&CodeableConcept>; 2]) -> Vec<String> {
    let mut words = Vec::new();
    for concept in concepts.into_iter().flatten() {
        let codings = concept.coding.iter();
        let printed = codings.flat_map(|coding| [coding.code.as_deref(), coding.display.as_deref()]);
        for text in printed.chain([concept.text.as_deref()]).flatten() {
            let joined = text.to_lowercase().replace("intra-", "intra").replace("sub-", "sub");
            for word in joined.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
                let alone = ALONE.iter().filter(|(code, _)| *code == joined.trim());
                let spelled = CODED.iter().chain(alone).find(|(code, _)| *code == word);
                let spelled = spelled.map_or(word, |(_, spelled)| spelled);
                words.extend(spelled.split(' ').map(str::to_owned));
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interop::fhir::elements::Coding;

    fn text(text: &str) -> Option<CodeableConcept> {
        Some(CodeableConcept { text: Some(text.to_owned()), coding: Vec::new() })
    }

    fn code(code: &str) -> Option<CodeableConcept> {
        let coding = Coding { code: Some(code.to_owned()), ..Coding::default() };
        Some(CodeableConcept { text: None, coding: vec![coding] })
    }

    #[test]
    fn words_and_codes_settle_the_route() {
        let cases = [
            (text("IV push"), None, false, RouteRead::Known(Route::IvPush)),
            (text("IVPB"), None, false, RouteRead::Known(Route::IvInfusion)),
            (code("47625008"), code("420620005"), true, RouteRead::Known(Route::IvPush)),
            (code("47625008"), None, true, RouteRead::Known(Route::IvInfusion)),
            (code("47625008"), None, false, RouteRead::TechniqueMissing),
            (text("Subcutaneous route (qualifier value)"), None, true, RouteRead::Known(Route::Subcutaneous)),
            (text("Intra-arterial infusion"), None, false, RouteRead::Known(Route::IntraArterialInfusion)),
            (text("IT"), None, false, RouteRead::Known(Route::Intrathecal)),
            (text("give it somehow"), None, false, RouteRead::Unknown),
            (text("beside it or so"), None, false, RouteRead::Unknown),
            (text("SubQ"), None, false, RouteRead::Known(Route::Subcutaneous)),
            (text("By mouth"), None, false, RouteRead::Known(Route::Oral)),
            (text("Nebulization"), None, false, RouteRead::Known(Route::Inhaled)),
            (text("intranasal"), None, false, RouteRead::Known(Route::Topical)),
            (text("PR"), None, false, RouteRead::Known(Route::Topical)),
            (text("sublingual"), None, false, RouteRead::Known(Route::Topical)),
            (text("Injection"), None, false, RouteRead::NotStated),
            (None, None, true, RouteRead::NotStated),
        ];
        for (route, method, rate, expected) in cases {
            assert_eq!(read(route.as_ref(), method.as_ref(), rate), expected, "{route:?} {method:?}");
        }
    }
}
