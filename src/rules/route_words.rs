//! Words of a drug's name that state how it was given, as in `methotrexate IM` and `Entyvio Pen`.

use smallvec::SmallVec;

use crate::domain::encounter::Route;

/// Words of routes, each with the routes that it may mean: the first ones are offered as answers.
const WORDS: &[(&str, &[Route])] = {
    use Route::{Intramuscular, IvInfusion, IvPush, Oral, Subcutaneous, SubcutaneousInfusion};
    const MUSCLE: &[Route] = &[Intramuscular];
    const UNDER_SKIN: &[Route] = &[Subcutaneous, SubcutaneousInfusion, Route::OnBodyInjector];
    const VEIN: &[Route] = &[IvPush, IvInfusion];
    const PUSH: &[Route] = &[IvPush];
    const INFUSION: &[Route] = &[IvInfusion];
    const MOUTH: &[Route] = &[Oral];
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
        ("pen", UNDER_SKIN),
        ("autoinjector", UNDER_SKIN),
        ("po", MOUTH),
        ("orally", MOUTH),
        ("odt", MOUTH),
        ("tablet", MOUTH),
        ("tablets", MOUTH),
        ("capsule", MOUTH),
        ("capsules", MOUTH),
    ]
};

/// What stands behind the first word of penicillin, as in `pen G`.
const PENICILLINS: &[&str] = &["g", "v", "vk"];

/// The routes that the words of a name state, one list a word.
pub fn told(name: &str) -> SmallVec<[&'static [Route]; 2]> {
    let mut words =
        name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).peekable();
    let mut told = SmallVec::new();
    while let Some(word) = words.next() {
        let is_next = |short: &&str| words.peek().is_some_and(|next| next.eq_ignore_ascii_case(short));
        if word.eq_ignore_ascii_case("pen") && PENICILLINS.iter().any(is_next) {
            continue;
        }
        told.extend(routes_of(word));
    }
    told
}

/// The route that a name states, the first of those that its word may mean; nothing where two words differ.
pub fn only(name: &str) -> Option<Route> {
    let told = told(name);
    let (first, others) = told.split_first()?;
    let is_agreed = others.iter().all(|routes| routes.contains(&first[0]) || first.contains(&routes[0]));
    first.first().copied().filter(|_| is_agreed)
}

/// Whether a word states a route.
pub fn is_told(word: &str) -> bool {
    routes_of(word).is_some()
}

fn routes_of(word: &str) -> Option<&'static [Route]> {
    WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, routes)| *routes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_one_route_or_none() {
        for (name, route) in [
            ("daratumumab SC", Some(Route::Subcutaneous)),
            ("Entyvio Pen", Some(Route::Subcutaneous)),
            ("pen G benzathine IM", Some(Route::Intramuscular)),
            ("Zofran ODT", Some(Route::Oral)),
            ("cefazolin IV (IVPB)", Some(Route::IvPush)),
            ("Zofran not PO but IV", None),
            ("Bicillin", None),
        ] {
            assert_eq!(only(name), route, "{name}");
        }
    }
}
