//! Words of a drug's name that state how it was given, as in `methotrexate IM` and `Entyvio Pen`.

use smallvec::SmallVec;

use crate::catalog::dose_forms;
use crate::domain::encounter::Route;

/// Routes that a record may mean, the likeliest first.
pub type Routes = [Option<Route>; 3];

/// Words of routes, each with the routes that it may mean: the first ones are offered as answers.
const WORDS: &[(&str, &[Route])] = {
    use Route::{Intramuscular, IvInfusion, IvPush, Oral, Subcutaneous, SubcutaneousInfusion};
    const MUSCLE: &[Route] = &[Intramuscular];
    const UNDER_SKIN: &[Route] = &[Subcutaneous, SubcutaneousInfusion, Route::OnBodyInjector];
    const PEN: &[Route] = &[Subcutaneous, Intramuscular];
    const VEIN: &[Route] = &[IvPush, IvInfusion];
    const PUSH: &[Route] = &[IvPush];
    const INFUSION: &[Route] = &[IvInfusion];
    const MOUTH: &[Route] = &[Oral];
    const BREATH: &[Route] = &[Route::Inhaled];
    const OTHER: &[Route] = &[Route::Other];
    &[
        ("im", MUSCLE),
        ("intramuscular", MUSCLE),
        ("intramuscularly", MUSCLE),
        ("sc", UNDER_SKIN),
        ("sq", UNDER_SKIN),
        ("subq", UNDER_SKIN),
        ("subcut", UNDER_SKIN),
        ("subcutaneous", UNDER_SKIN),
        ("subcutaneously", UNDER_SKIN),
        ("iv", VEIN),
        ("intravenous", VEIN),
        ("intravenously", VEIN),
        ("ivp", PUSH),
        ("ivpb", INFUSION),
        ("piggyback", INFUSION),
        ("drip", INFUSION),
        ("gtt", INFUSION),
        ("pen", PEN),
        ("autoinjector", PEN),
        ("po", MOUTH),
        ("orally", MOUTH),
        ("odt", MOUTH),
        ("tablet", MOUTH),
        ("tablets", MOUTH),
        ("capsule", MOUTH),
        ("capsules", MOUTH),
        ("tbdp", MOUTH),
        ("tbec", MOUTH),
        ("tb24", MOUTH),
        ("cpdr", MOUTH),
        ("cp24", MOUTH),
        ("chew", MOUTH),
        ("sl", MOUTH),
        ("sublingual", MOUTH),
        ("neb", BREATH),
        ("nebs", BREATH),
        ("nebulizer", BREATH),
        ("nebulized", BREATH),
        ("inhaled", BREATH),
        ("inh", BREATH),
        ("nebu", BREATH),
        ("aers", BREATH),
        ("aepb", BREATH),
        ("nasal", OTHER),
        ("intranasal", OTHER),
        ("rectal", OTHER),
        ("suppository", OTHER),
    ]
};

/// Words in a row that state a route and may be part of a product's name, so that a look-up of the name keeps them.
const PHRASES: &[(&[&str], &[Route])] = {
    use Route::{
        HeatedIntraperitoneal, Intraarticular, Intraperitoneal, Intrathecal, IntraventricularReservoir,
        Intravesical, OnBodyInjector, Oral, Topical,
    };
    const ON_BODY: &[Route] = &[OnBodyInjector];
    const MOUTH: &[Route] = &[Oral];
    const SKIN: &[Route] = &[Topical];
    const SPINE: &[Route] = &[Intrathecal, IntraventricularReservoir];
    const BLADDER: &[Route] = &[Intravesical];
    const ABDOMEN: &[Route] = &[Intraperitoneal, HeatedIntraperitoneal];
    const JOINT: &[Route] = &[Intraarticular];
    const OTHER: &[Route] = &[Route::Other];
    &[
        (&["onpro"], ON_BODY),
        (&["onbody"], ON_BODY),
        (&["on", "body"], ON_BODY),
        (&["obi"], ON_BODY),
        (&["oral"], MOUTH),
        (&["by", "mouth"], MOUTH),
        (&["tab"], MOUTH),
        (&["tabs"], MOUTH),
        (&["cap"], MOUTH),
        (&["caps"], MOUTH),
        (&["dose", "pack"], MOUTH),
        (&["patch"], SKIN),
        (&["transdermal"], SKIN),
        (&["intrathecal"], SPINE),
        (&["intrathecally"], SPINE),
        (&["intravesical"], BLADDER),
        (&["intravesically"], BLADDER),
        (&["bladder"], BLADDER),
        (&["intraperitoneal"], ABDOMEN),
        (&["intraperitoneally"], ABDOMEN),
        (&["hipec"], &[HeatedIntraperitoneal]),
        (&["intraarticular"], JOINT),
        (&["intra", "articular"], JOINT),
        (&["joint"], JOINT),
        (&["knee"], JOINT),
        (&["intracavernosal"], OTHER),
        (&["intracavernous"], OTHER),
        (&["nerve", "block"], OTHER),
        (&["trigger", "point"], OTHER),
        (&["subconjunctival"], OTHER),
    ]
};

/// Routes in the short words of electronic records, which may be other words but before a form: `IS SUSR`, and `is`.
const BEFORE_FORM: &[(&str, &[Route])] = &[
    ("ia", &[Route::IntraArterialInfusion, Route::IntraArterialPush]),
    ("id", &[Route::Intradermal]),
    ("il", &[Route::Intralesional]),
    ("io", &[Route::Intravitreal, Route::IntraventricularReservoir, Route::Implanted, Route::Other]),
    ("ip", &[Route::Intraperitoneal, Route::HeatedIntraperitoneal]),
    ("is", &[Route::Intravesical]),
    ("it", &[Route::Intrathecal, Route::IntraventricularReservoir]),
    ("iu", &[Route::Implanted]),
    ("ix", &[Route::Intraarticular]),
    ("iz", &[Route::Intravitreal]),
    ("sc", &[Route::Subcutaneous, Route::SubcutaneousInfusion, Route::OnBodyInjector, Route::Implanted]),
];

/// The short word for the spinal canal, which only its capitals tell from the pronoun.
const SPINAL: &str = "IT";

/// Devices, which are sold under names of their own.
const DEVICES: &[&str] = &["pen", "autoinjector"];

/// Words that state no route before certain others: `pen G` is penicillin, and `bladder cancer` what was treated.
const NO_ROUTES: &[(&str, &[&str])] = &[
    ("pen", &["g", "v", "vk"]),
    ("bladder", &["ca", "cancer", "carcinoma", "infection", "spasm", "spasms", "tumor", "tumour"]),
    ("joint", &["disease", "infection", "pain", "replacement"]),
    ("knee", &["infection", "pain", "replacement"]),
    ("oral", &["mucositis", "thrush"]),
];

/// Words that set a route aside, before it or behind it, as in `oral failed` and `refused PO`; and before it alone, as in
/// `unable to take PO`.
const SET_ASIDE: &[&str] = &[
    "failed",
    "failing",
    "fails",
    "failure",
    "refused",
    "refuses",
    "declined",
    "held",
    "intolerance",
    "ineffective",
    "unavailable",
    "contraindicated",
    "unsuccessful",
];
const SET_ASIDE_BEFORE: &[&str] = &["unable", "cannot", "instead", "intolerant"];

/// Words that do so behind a negation, and a negation.
const NEGATED: &[&str] = &[
    "tolerated",
    "tolerating",
    "tolerate",
    "effective",
    "available",
    "possible",
    "working",
    "absorbed",
    "given",
];
const NEGATIONS: &[&str] = &["not", "no", "non", "t"];

/// Words between such a word and the route.
const BESIDE_ROUTE: &[&str] = &[
    "to",
    "take",
    "tolerate",
    "of",
    "due",
    "meds",
    "medication",
    "dose",
    "route",
    "med",
    "was",
    "is",
    "has",
    "the",
];

/// The routes that the words of a name state, one list a word.
pub fn told(name: &str) -> SmallVec<[&'static [Route]; 2]> {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let words: SmallVec<[&str; 8]> = words.collect();
    let mut told = SmallVec::new();
    for at in 0..words.len() {
        if !is_part_of_name(&words[at..]) && !is_set_aside(&words, at) {
            let before_form = || routes_before_form(&words[at..]);
            told.extend(before_form().or_else(|| routes_of(words[at])).or_else(|| routes_at(&words[at..])));
        }
    }
    told
}

/// Whether the words around a route say that it was not taken: which route was is stated elsewhere.
fn is_set_aside(words: &[&str], at: usize) -> bool {
    let is_of = |list: &[&str], word: &&str| list.iter().any(|known| known.eq_ignore_ascii_case(word));
    let mut behind = words[at + 1..].iter().skip_while(|word| is_of(BESIDE_ROUTE, word));
    let next = behind.next();
    let is_negated = next.is_some_and(|next| is_of(NEGATIONS, next))
        && behind.next().is_some_and(|next| is_of(NEGATED, next));
    let mut before = words[..at].iter().rev().skip_while(|word| is_of(BESIDE_ROUTE, word));
    let last = before.next();
    let second = before.next();
    // Behind another route such a word is of that one: `PO failed, IV given`.
    let is_route = |word: &&str| routes_of(word).or_else(|| routes_at(&[*word])).is_some();
    let is_not_taken = last.is_some_and(|last| is_of(NEGATED, last))
        && second.is_some_and(|second| is_of(NEGATIONS, second))
        && !before.next().is_some_and(is_route);
    let is_before = last.is_some_and(|last| is_of(SET_ASIDE_BEFORE, last))
        || last.is_some_and(|last| is_of(SET_ASIDE, last)) && !second.is_some_and(is_route);
    is_negated || is_not_taken || is_before || next.is_some_and(|next| is_of(SET_ASIDE, next))
}

/// Whether the first of some words belongs to the next one and states no route.
fn is_part_of_name(words: &[&str]) -> bool {
    let [word, next, ..] = words else { return false };
    NO_ROUTES.iter().any(|(first, others)| {
        first.eq_ignore_ascii_case(word) && others.iter().any(|other| other.eq_ignore_ascii_case(next))
    })
}

/// The routes of a short word that only the form behind it makes a route.
fn routes_before_form(words: &[&str]) -> Option<&'static [Route]> {
    let [word, form, ..] = words else { return None };
    let (_, routes) = BEFORE_FORM.iter().find(|(known, _)| known.eq_ignore_ascii_case(word))?;
    dose_forms::is_route_of_form(word, form).then_some(*routes)
}

/// The routes that the phrase at the front of some words states.
fn routes_at(words: &[&str]) -> Option<&'static [Route]> {
    if words.first() == Some(&SPINAL) {
        return Some(&[Route::Intrathecal, Route::IntraventricularReservoir]);
    }
    let begins = |phrase: &[&str]| {
        phrase.len() <= words.len()
            && phrase.iter().zip(words).all(|(known, word)| known.eq_ignore_ascii_case(word))
    };
    PHRASES.iter().find(|(phrase, _)| begins(phrase)).map(|(_, routes)| *routes)
}

/// The routes that all such words of a name allow; none where no word states one, or two of them differ.
pub fn agreed(name: &str) -> Routes {
    let told = told(name);
    let allowed = |route: &&Route| told.iter().all(|routes| routes.contains(route));
    let mut agreed = Routes::default();
    let first = told.first().copied().unwrap_or_default();
    for (place, route) in agreed.iter_mut().zip(first.iter().filter(allowed)) {
        *place = Some(*route);
    }
    agreed
}

/// Whether a word states a route and belongs to no name: a device is a part of the name of its product.
pub fn is_told(word: &str) -> bool {
    routes_of(word).is_some() && !DEVICES.contains(&word)
}

fn routes_of(word: &str) -> Option<&'static [Route]> {
    WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, routes)| *routes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_routes_that_its_words_agree_on() {
        use Route::{IvInfusion, IvPush, Oral};
        const SKIN: &[Route] = &[Route::Subcutaneous, Route::SubcutaneousInfusion, Route::OnBodyInjector];
        for (name, routes) in [
            ("daratumumab SC", SKIN),
            ("Entyvio Pen", &[Route::Subcutaneous, Route::Intramuscular]),
            ("Humira Pen SC", &[Route::Subcutaneous]),
            ("pen G benzathine IM", &[Route::Intramuscular]),
            ("Zofran ODT", &[Oral]),
            ("cefazolin IV", &[IvPush, IvInfusion]),
            ("cefazolin IV (IVPB)", &[IvInfusion]),
            ("Zofran not PO but IV", &[]),
            ("Bicillin", &[]),
            ("pegfilgrastim on-body injector", &[Route::OnBodyInjector]),
            ("dexamethasone by mouth", &[Oral]),
            ("cytarabine IT", &[Route::Intrathecal, Route::IntraventricularReservoir]),
            ("give it slowly", &[]),
            ("BCG LIVE 50 MG IS SUSR", &[Route::Intravesical]),
            ("methotrexate is given", &[]),
            ("ONDANSETRON 4 MG PO TBDP", &[Oral]),
            ("ALBUTEROL SULFATE 2.5 MG/0.5ML IN NEBU", &[Route::Inhaled]),
            ("gentamicin bladder irrigation", &[Route::Intravesical]),
            ("Keytruda for bladder cancer", &[]),
            ("Kenalog intra-articular", &[Route::Intraarticular]),
            ("hydromorphone - oral failed", &[]),
            ("Zofran (PO not tolerated)", &[]),
            ("Zofran, unable to take PO", &[]),
            ("morphine IV (IM refused)", &[IvPush, IvInfusion]),
            ("Toradol IM instead of PO", &[Route::Intramuscular]),
            ("Zofran PO failed, IV given", &[IvPush, IvInfusion]),
        ] {
            let found: Vec<Route> = agreed(name).into_iter().flatten().collect();
            assert_eq!(found, routes, "{name}");
        }
    }
}
