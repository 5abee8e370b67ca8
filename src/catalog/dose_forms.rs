//! Dose forms and routes in the short words of electronic records, which no name of a drug has: `4 MG/2ML IJ SOLN`.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// What a short word stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Kinds {
    /// A form that is no word of a name.
    form: bool,
    /// A form whose word may be a part of a name.
    form_behind_route: bool,
    /// A route that is no word of a name.
    route: bool,
    /// A route whose letters may be a word of a name.
    route_before_form: bool,
    /// Of these the ones that join two words of a name before a form of the second kind.
    joins: bool,
}

static WORDS: LazyLock<FxHashMap<&str, Kinds>> = LazyLock::new(|| {
    let lines = include_str!("../../catalog/drugs/form_words.txt").lines();
    let mut words: FxHashMap<&str, Kinds> = FxHashMap::default();
    for (section, entries) in lines.filter_map(|line| line.strip_prefix('[')?.split_once(']')) {
        for word in entries.split_ascii_whitespace() {
            let kinds = words.entry(word).or_default();
            match section {
                "forms" => kinds.form = true,
                "forms-behind-route" => kinds.form_behind_route = true,
                "routes" => kinds.route = true,
                "routes-before-form" => kinds.route_before_form = true,
                // The file is compiled in, and a test reads its sections.
                _ => kinds.joins = true,
            }
        }
    }
    words
});

fn kinds(word: &str) -> Kinds {
    WORDS.get(word).copied().unwrap_or_default()
}

/// Leaves the forms and their routes out of the words of a name, which its first word begins.
pub(super) fn leave_out(words: &mut Vec<String>) {
    let mut at = words.len();
    while at > 1 {
        at -= 1;
        let own = kinds(&words[at]);
        let before = kinds(&words[at - 1]);
        let is_route = before.route || before.route_before_form;
        let is_form = own.form || own.form_behind_route && is_route && !before.joins;
        if is_form {
            words.remove(at);
            if is_route && at > 1 {
                at -= 1;
                words.remove(at);
            }
        } else if own.route {
            words.remove(at);
        }
    }
}

/// Whether the second of two words, in any capitals, is a form that makes the first one a route: `IS` before `SUSR`.
pub fn is_route_of_form(route: &str, form: &str) -> bool {
    let (route, form) = (kinds(&route.to_ascii_lowercase()), kinds(&form.to_ascii_lowercase()));
    (route.route || route.route_before_form) && (form.form || form.form_behind_route && !route.joins)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::catalog::names::{as_written, fold};

    #[test]
    fn forms_and_their_routes_are_no_words_of_a_name() {
        for (text, name) in [
            ("ONDANSETRON HCL 4 MG/2ML IJ SOLN", "ondansetron hcl"),
            ("INFLIXIMAB-AXXQ 100 MG IV SOLR", "infliximab axxq"),
            ("BCG LIVE 50 MG IS SUSR", "bcg live"),
            ("TESTOSTERONE ENANTHATE 200 MG/ML IM OIL", "testosterone enanthate"),
            ("LEVONORGESTREL 19.5 MG IU IUD (KYLEENA)", "levonorgestrel kyleena"),
            ("ondansetron 4 mg IJ", "ondansetron"),
            ("CEFAZOLIN IN D5W 1 GM/50ML IV SOLN", "cefazolin in d5w"),
            ("progesterone in oil", "progesterone in oil"),
            ("BAL IN OIL", "bal in oil"),
            ("Acthar Gel", "acthar gel"),
            ("infliximab-dyyb 100 mg intravenous solution", "infliximab dyyb"),
            ("ceftriaxone 1 gram intravenous recon soln", "ceftriaxone"),
            ("hypertonic saline solution", "hypertonic saline solution"),
            ("paclitaxel in solution", "paclitaxel in solution"),
            ("Glucagon Emergency Kit", "glucagon emergency kit"),
            ("SOLN", "soln"),
            ("etoposide 50 mg cap", "etoposide"),
            ("Zofran 8 mg tab", "zofran"),
            ("ketorolac 30 mg/mL inj SDV", "ketorolac"),
            ("amp sulbactam 3 g", "amp sulbactam"),
        ] {
            assert_eq!(fold(text).join(" "), name, "{text}");
        }
    }

    #[test]
    fn no_name_of_the_catalog_has_a_form_for_a_word() {
        const ABBREVIATED_BY_CMS: &[&str] = &["susp"];
        let catalog = Catalog::embedded();
        let is_known = |name: &str| {
            let is_form = |word: &String| kinds(word).form || kinds(word).route;
            let words = as_written(name);
            let mut forms = words.iter().skip(1).filter(|word| is_form(word));
            forms.all(|word| ABBREVIATED_BY_CMS.contains(&word.as_str()))
        };
        for version in catalog.codes.values().flat_map(|versions| versions.iter()) {
            assert!(is_known(&version.name), "{}", version.name);
            let mut brands = version.brands.iter();
            assert!(brands.all(|brand| is_known(brand)), "{:?}", version.brands);
        }
        for name in catalog.formulary.by_name.keys() {
            assert!(is_known(name), "{name}");
        }
    }

    #[test]
    fn the_sections_of_the_list_are_known() {
        let lines = include_str!("../../catalog/drugs/form_words.txt").lines();
        for line in lines.filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let section = line.strip_prefix('[').and_then(|line| line.split_once(']')).map(|(name, _)| name);
            let known = ["forms", "forms-behind-route", "routes", "routes-before-form", "words-before-form"];
            assert!(section.is_some_and(|section| known.contains(&section)), "{line}");
        }
        assert!(is_route_of_form("IS", "SUSR") && !is_route_of_form("in", "oil"));
    }
}
