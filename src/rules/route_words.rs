//! Words of a drug's name that state how it was given, as in `methotrexate IM` and `Entyvio Pen`.

use smallvec::SmallVec;

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
        ("sl", MOUTH),
        ("sublingual", MOUTH),
        ("neb", BREATH),
        ("nebs", BREATH),
        ("nebulizer", BREATH),
        ("nebulized", BREATH),
        ("inhaled", BREATH),
        ("nasal", OTHER),
        ("intranasal", OTHER),
        ("rectal", OTHER),
        ("suppository", OTHER),
    ]
};

/// Devices, which are sold under names of their own.
const DEVICES: &[&str] = &["pen", "autoinjector"];

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
        ] {
            let found: Vec<Route> = agreed(name).into_iter().flatten().collect();
            assert_eq!(found, routes, "{name}");
        }
    }
}
