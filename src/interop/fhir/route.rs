//! How a drug entered the body, from the printed and coded forms of `dosage.route` and `dosage.method`.

use crate::domain::encounter::Route;

use super::elements::CodeableConcept;
use super::route_codes;

/// Codes that are often sent without a printed form, and the word each stands for. SNOMED CT and the abbreviations of
/// HL7 version 2 and of records; those of version 3 have a table of their own.
const CODED: &[(&str, &str)] = &[
    ("47625008", "intravenous"),
    ("255560000", "intravenous"),
    ("78421000", "intramuscular"),
    ("34206005", "subcutaneous"),
    ("72607000", "intrathecal"),
    ("58100008", "intraarterial"),
    ("38239002", "intraperitoneal"),
    ("26643006", "oral"),
    ("447694001", "respiratory"),
    ("127492001", "nasogastric"),
    ("127490009", "gastrostomy"),
    ("37161004", "rectal"),
    ("37839007", "sublingual"),
    ("46713006", "nasal"),
    ("6064005", "topical"),
    ("45890007", "transdermal"),
    ("54485002", "ophthalmic"),
    ("10547007", "otic"),
    ("16857009", "vaginal"),
    ("54471007", "buccal"),
    ("404820008", "epidural"),
    ("417255000", "intraosseous"),
    ("372471009", "intravesical"),
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
    ("respiratory", Route::Inhaled),
    ("endotracheal", Route::Inhaled),
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
    ("rectum", Route::Topical),
    ("nostril", Route::Topical),
    ("translingual", Route::Topical),
    ("irrigation", Route::Topical),
    ("sublingual", Route::Topical),
    ("buccal", Route::Topical),
    ("ophthalmic", Route::Topical),
    ("otic", Route::Topical),
    ("vaginal", Route::Topical),
    ("oral", Route::Oral),
    // What goes into the stomach by a tube is swallowed for the patient.
    ("ng", Route::Oral),
    ("nasogastric", Route::Oral),
    ("gastrostomy", Route::Oral),
    ("tube", Route::Oral),
    ("swallow", Route::Oral),
    ("bladder", Route::Intravesical),
    ("intratumoral", Route::Intralesional),
    ("intraventricular", Route::IntraventricularReservoir),
    ("implant", Route::Implanted),
    ("implanted", Route::Implanted),
    ("implantation", Route::Implanted),
    ("periarticular", Route::Intraarticular),
    ("intrabursal", Route::Intraarticular),
    ("intrasynovial", Route::Intraarticular),
    // Ways without a code of their own here.
    ("epidural", Route::Other),
    ("intraepidural", Route::Other),
    ("intraosseous", Route::Other),
    ("infiltration", Route::Other),
    ("perineural", Route::Other),
    ("subconjunctival", Route::Other),
    ("intracameral", Route::Other),
    ("intraocular", Route::Other),
    ("intracavernous", Route::Other),
    ("intracardiac", Route::Other),
    ("intrauterine", Route::Other),
    ("intraurethral", Route::Other),
    ("intratympanic", Route::Other),
    ("percutaneous", Route::Other),
    ("dental", Route::Other),
    ("apheresis", Route::Other),
    ("intrapulmonary", Route::Other),
    ("intraureteral", Route::Other),
    ("lineflush", Route::LineFlush),
];

/// What the record says of the route.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RouteRead {
    Known(Route),
    /// Into a vein or an artery, in a word of records, and nothing tells a push from an infusion.
    TechniqueMissing(&'static str),
    NotStated,
    Unknown,
}

/// What the record tells of a flow beside the words of its route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FlowRead {
    Rate,
    /// It took a time, and no rate is stated.
    Time,
    Untold,
}

/// Words that tell a needle or a flow, and no place that it went to.
const PLACELESS: &[&str] = &["injection", "injectable", "infusion"];

/// Reads the route. A rate of flow tells an infusion where no word does, and so does a time that it took: of a short
/// one the minutes make a push (rule TIME-1).
pub(super) fn read(
    route: Option<&CodeableConcept>,
    method: Option<&CodeableConcept>,
    flow: FlowRead,
) -> RouteRead {
    let words = words([route, method]);
    let says = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let technique = |vessel, push, infusion| {
        if says(PUSH) {
            RouteRead::Known(push)
        } else if says(INFUSION) || flow != FlowRead::Untold {
            RouteRead::Known(infusion)
        } else {
            RouteRead::TechniqueMissing(vessel)
        }
    };
    if words.is_empty() {
        RouteRead::NotStated
    } else if says(&["intravenous"]) {
        technique("IV", Route::IvPush, Route::IvInfusion)
    } else if says(&["intraarterial"]) {
        technique("intra-arterial", Route::IntraArterialPush, Route::IntraArterialInfusion)
    } else if says(&["subcutaneous"]) {
        // What took its time may have been an injection with an observation, so the engine asks; a rate tells.
        let ran = says(INFUSION) || flow == FlowRead::Rate;
        RouteRead::Known(if ran { Route::SubcutaneousInfusion } else { Route::Subcutaneous })
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
        let is_abbreviation = |code: &str| {
            let mut known = CODED.iter().chain(ALONE);
            known.any(|(short, _)| short.eq_ignore_ascii_case(code))
        };
        let codings = concept.coding.iter();
        let printed = codings.flat_map(|coding| match route_codes::words(coding, is_abbreviation) {
            // What the system means by its code is more than a word of its printed form, such as `intraventricular`.
            Some(words) => [Some(words), None],
            None => [coding.code.as_deref(), coding.display.as_deref()],
        });
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
    fn codes_of_version_3_need_no_printed_form() {
        let of_system = |code: &str| {
            let system = Some("http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration".to_owned());
            let coding = Coding { system, code: Some(code.to_owned()), ..Coding::default() };
            Some(CodeableConcept { text: None, coding: vec![coding] })
        };
        for (code, route) in [
            ("IVINJ", Route::IvPush),
            ("IVINJBOL", Route::IvPush),
            ("IVSPUSH", Route::IvPush),
            ("IVCI", Route::IvInfusion),
            ("IMD", Route::Intramuscular),
            ("IDINJ", Route::Intradermal),
            ("ITINJ", Route::Intrathecal),
            ("IVITINJ", Route::Intravitreal),
            ("IPERINJ", Route::Intraperitoneal),
            ("IPINJ", Route::Other),
            ("IPLRINJ", Route::Intrapleural),
            ("ILESINJ", Route::Intralesional),
            ("IVESINJ", Route::Intravesical),
            ("IAINJ", Route::IntraArterialPush),
            ("IARTINJ", Route::Intraarticular),
            ("NASNEB", Route::Inhaled),
            ("EPIDURINJ", Route::Other),
            ("SCINJ", Route::Other),
            ("IVENTINJ", Route::Other),
            ("IVFLUSH", Route::LineFlush),
        ] {
            for concept in [of_system(code), self::code(code)] {
                let found = read(concept.as_ref(), None, FlowRead::Untold);
                assert_eq!(found, RouteRead::Known(route), "{concept:?}");
            }
        }
        // Of other systems the same letters may name another thing.
        for (code, untold) in [("IV", RouteRead::TechniqueMissing("IV")), ("IC", RouteRead::Unknown)] {
            let concept = Some(CodeableConcept {
                text: None,
                coding: vec![Coding {
                    system: Some("urn:local".to_owned()),
                    code: Some(code.to_owned()),
                    ..Coding::default()
                }],
            });
            assert_eq!(read(concept.as_ref(), None, FlowRead::Untold), untold, "{code}");
        }
        let infusion = read(of_system("IV").as_ref(), None, FlowRead::Untold);
        assert_eq!(infusion, RouteRead::Known(Route::IvInfusion));
    }

    #[test]
    fn words_and_codes_settle_the_route() {
        let cases = [
            (text("IV push"), None, FlowRead::Untold, RouteRead::Known(Route::IvPush)),
            (text("IVPB"), None, FlowRead::Untold, RouteRead::Known(Route::IvInfusion)),
            (code("47625008"), code("420620005"), FlowRead::Time, RouteRead::Known(Route::IvPush)),
            (code("47625008"), None, FlowRead::Time, RouteRead::Known(Route::IvInfusion)),
            (code("47625008"), None, FlowRead::Untold, RouteRead::TechniqueMissing("IV")),
            (
                text("Subcutaneous route (qualifier value)"),
                None,
                FlowRead::Time,
                RouteRead::Known(Route::Subcutaneous),
            ),
            (text("Subcutaneous"), None, FlowRead::Rate, RouteRead::Known(Route::SubcutaneousInfusion)),
            (text("NG tube"), None, FlowRead::Untold, RouteRead::Known(Route::Oral)),
            (text("Respiratory tract route"), None, FlowRead::Untold, RouteRead::Known(Route::Inhaled)),
            (text("Per rectum"), None, FlowRead::Untold, RouteRead::Known(Route::Topical)),
            (text("Epidural"), None, FlowRead::Untold, RouteRead::Known(Route::Other)),
            (
                text("Intra-arterial infusion"),
                None,
                FlowRead::Untold,
                RouteRead::Known(Route::IntraArterialInfusion),
            ),
            (text("IT"), None, FlowRead::Untold, RouteRead::Known(Route::Intrathecal)),
            (text("give it somehow"), None, FlowRead::Untold, RouteRead::Unknown),
            (text("beside it or so"), None, FlowRead::Untold, RouteRead::Unknown),
            (text("SubQ"), None, FlowRead::Untold, RouteRead::Known(Route::Subcutaneous)),
            (text("By mouth"), None, FlowRead::Untold, RouteRead::Known(Route::Oral)),
            (text("Nebulization"), None, FlowRead::Untold, RouteRead::Known(Route::Inhaled)),
            (text("intranasal"), None, FlowRead::Untold, RouteRead::Known(Route::Topical)),
            (text("PR"), None, FlowRead::Untold, RouteRead::Known(Route::Topical)),
            (text("sublingual"), None, FlowRead::Untold, RouteRead::Known(Route::Topical)),
            (text("Injection"), None, FlowRead::Untold, RouteRead::NotStated),
            (None, None, FlowRead::Time, RouteRead::NotStated),
        ];
        for (route, method, flow, expected) in cases {
            assert_eq!(read(route.as_ref(), method.as_ref(), flow), expected, "{route:?} {method:?}");
        }
    }
}
