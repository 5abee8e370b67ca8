//! What records write into a name beside the drug: brackets that tell none, the form of RxNorm, and a diluent.

use crate::catalog::names::fold;
use crate::catalog::rxnorm;
use crate::domain::encounter::Route;

/// A name as it is looked up; nothing where that is how it is written.
pub(super) fn plain(name: &str, route: Option<Route>) -> Option<String> {
    let clinical = rxnorm::plain(name);
    let given = clinical.as_deref().unwrap_or(name);
    let into_muscle = route == Some(Route::Intramuscular);
    let undiluted = given.get(..into_muscle.then(|| diluent_in(given)).flatten().unwrap_or(given.len()));
    let undiluted = undiluted.unwrap_or(given);
    let without = without_idle_brackets(undiluted);
    without.or_else(|| (undiluted.len() < given.len()).then(|| undiluted.to_owned())).or(clinical)
}

/// Where the local anesthetic begins that a powder for a muscle is dissolved in: `ceftriaxone 1 g in 2.1 mL lidocaine 1%`.
fn diluent_in(name: &str) -> Option<usize> {
    const ANESTHETICS: &[&str] = &["lidocaine", "xylocaine"];
    const BEFORE: &[&str] = &[" in ", " w/", " with ", " mixed ", " diluted ", " reconstituted "];
    const BESIDE: &[&str] = &[
        "in",
        "with",
        "w",
        "mixed",
        "diluted",
        "reconstituted",
        "of",
        "hcl",
        "hydrochloride",
        "plain",
        "pf",
    ];
    let lower = name.to_ascii_lowercase();
    let at = BEFORE.iter().filter_map(|word| lower.find(word)).min()?;
    let words = fold(&lower[at..]);
    let is_known = |word: &String| {
        let word = word.as_str();
        ANESTHETICS.contains(&word)
            || BESIDE.contains(&word)
            || word.bytes().all(|byte| byte.is_ascii_digit())
    };
    let has_anesthetic = words.iter().any(|word| ANESTHETICS.contains(&word.as_str()));
    (at > 0 && has_anesthetic && words.iter().all(is_known)).then_some(at)
}

/// A name without brackets that tell no drug, so that the words behind them count: `Heparin (Porcine) Lock Flush`.
fn without_idle_brackets(name: &str) -> Option<String> {
    // The class of an antibody says no more than that the product is a globulin.
    const IDLE: &[&str] = &["porcine", "pork", "igg"];
    let (before, rest) = name.split_once('(')?;
    let (inside, behind) = rest.split_once(')')?;
    let is_idle = |word: &str| {
        word.bytes().all(|byte| byte.is_ascii_digit())
            || IDLE.iter().any(|idle| idle.eq_ignore_ascii_case(word))
    };
    let mut words = inside.split_whitespace().peekable();
    (words.peek().is_some() && words.all(is_idle)).then(|| format!("{before} {behind}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_of_an_animal_or_a_number_part_no_name() {
        for (name, plain) in [
            ("Heparin (Porcine) Lock Flush", Some("Heparin   Lock Flush")),
            ("IPRATROPIUM-ALBUTEROL 0.5-2.5 (3) MG/3ML", Some("IPRATROPIUM-ALBUTEROL 0.5-2.5   MG/3ML")),
            ("ondansetron (Zofran) 4 mg", None),
            ("morphine (PF) 2 mg", None),
            ("immun glob G(IgG)-ifas (PANZYGA)", Some("immun glob G -ifas (PANZYGA)")),
            ("heparin ()", None),
            ("heparin", None),
        ] {
            assert_eq!(without_idle_brackets(name).as_deref(), plain, "{name}");
        }
    }

    #[test]
    fn a_powder_for_a_muscle_is_named_without_its_diluent() {
        for (name, undiluted) in [
            ("ceftriaxone 1 g in 2.1 mL lidocaine 1%", Some("ceftriaxone 1 g")),
            ("Rocephin 1gm w/ lidocaine 1%", Some("Rocephin 1gm")),
            ("ceftriaxone 250 mg mixed with 1% lidocaine HCl", Some("ceftriaxone 250 mg")),
            ("ceftriaxone with needle", None),
            ("ketorolac with lidocaine and Zofran", None),
            ("lidocaine 1%", None),
        ] {
            assert_eq!(plain(name, Some(Route::Intramuscular)).as_deref(), undiluted, "{name}");
            assert_eq!(plain(name, Some(Route::Intraarticular)), None, "{name}");
        }
    }
}
