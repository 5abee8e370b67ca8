//! The codes that a drug's name may mean, as a record writes it.

use super::*;
use crate::catalog::CodeFlag;
use crate::catalog::names::{fold, is_salt};
use crate::domain::encounter::{Route, Setting};
use crate::domain::quantity::Decimal;

/// The codes in force whose drug or brand has the name (rule L-04).
///
/// A record often writes `generic (Brand)`; the words between parentheses are the more exact ones,
/// so they are tried first, then the whole, then what stands before them.
pub(super) fn of_name<'a>(coding: &Coding<'a>, drug: &DrugGiven) -> Vec<&'a CodeVersion> {
    let Some(name) = drug.name.as_deref() else { return Vec::new() };
    let inside = name.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(inside, _)| inside);
    let before = name.split('(').next();
    let mut found = [inside, Some(name), before]
        .into_iter()
        .flatten()
        .map(|part| of_words(coding, &words_of(part)))
        .find(|found| !found.is_empty())
        .unwrap_or_default();
    if let Some(percent) = drug.percent_strength.or_else(|| percent_in(name)) {
        let table = &coding.policy.drug_line.solution_strengths;
        let is_other = |code| table.iter().any(|row| row.code == code && !row.percents.contains(&percent));
        found.retain(|version| !is_other(version.code));
        if found.is_empty() {
            found = of_strength(coding, &words_of(before.unwrap_or(name)).join(" "), percent);
        }
    }
    found
}

/// The codes in force that a name means by its strength: `sodium chloride 3 %` is hypertonic saline.
fn of_strength<'a>(coding: &Coding<'a>, name: &str, percent: Decimal) -> Vec<&'a CodeVersion> {
    let table = &coding.policy.drug_line.solution_strengths;
    let means = |code| {
        let mut rows = table.iter().filter(|row| row.code == code && row.percents.contains(&percent));
        rows.any(|row| row.names.iter().any(|known| known == name))
    };
    in_force(coding, |version| means(version.code))
}

/// The strength before the percent sign of a name; nothing where it has none, or several.
fn percent_in(name: &str) -> Option<Decimal> {
    let mut parts = name.split('%');
    let before = parts.next()?.trim_end();
    let (Some(_), None) = (parts.next(), parts.next()) else { return None };
    let is_other = |(_, c): &(usize, char)| !c.is_ascii_digit() && *c != '.';
    let digits = before.char_indices().rev().find(is_other).map_or(0, |(at, c)| at + c.len_utf8());
    before.get(digits..)?.parse().ok()
}

/// The codes in force whose drug or brand has these words, or has them but for the suffix of a biologic.
pub(super) fn of_words<'a>(coding: &Coding<'a>, wanted: &[String]) -> Vec<&'a CodeVersion> {
    let found = in_force(coding, |version| is_named(coding, version, wanted));
    if !found.is_empty() {
        return found;
    }
    // A biosimilar has its suffix to be told from its reference, so nobody may leave it out.
    in_force(coding, |version| {
        !version.flags.has(CodeFlag::Biosimilar) && has_base_name(&version.name, wanted)
    })
}

fn in_force<'a>(coding: &Coding<'a>, is_meant: impl Fn(&CodeVersion) -> bool) -> Vec<&'a CodeVersion> {
    let date = coding.date;
    let catalog = coding.catalog;
    let in_force = catalog.codes.keys().filter_map(|code| catalog.lookup(*code, date).billable());
    let mut found: Vec<&CodeVersion> =
        in_force.filter(|version| version.billing.is_ok() && is_meant(version)).collect();
    found.sort_by_key(|version| version.code);
    found
}

/// A code of the drug that is not yet in force on the date (rule N-08).
pub(super) fn begins_later<'a>(coding: &Coding<'a>, drug: &DrugGiven) -> Option<&'a CodeVersion> {
    let wanted = fold(drug.name.as_deref()?.split('(').next()?);
    let date = coding.date;
    let catalog = coding.catalog;
    let later = catalog.codes.keys().filter_map(|code| match catalog.lookup(*code, date) {
        Lookup::NotYet(version) => Some(version),
        _ => None,
    });
    later
        .filter(|version| is_named(coding, version, &wanted))
        .min_by_key(|version| (version.added, version.code))
}

fn is_named(coding: &Coding<'_>, version: &CodeVersion, wanted: &[String]) -> bool {
    if wanted.is_empty() {
        return false;
    }
    let has_own_name = |version: &CodeVersion| {
        let listed = coding.catalog.formulary.drug(version.code);
        let listed_names = listed.into_iter().flat_map(|drug| drug.brands.iter().chain([&drug.ingredient]));
        let own = version.brands.iter().map(|brand| &**brand).chain([&*version.name]);
        own.chain(listed_names.map(|name| &**name)).any(|known| has_name(known, wanted))
    };
    // A C code is of the product whose own code came later, and CMS names the brand there alone.
    let became = |code: &HcpcsCode| coding.catalog.codes.get(code).and_then(|versions| versions.first());
    has_own_name(version)
        || version.code.family() == 'C' && version.successors.iter().filter_map(became).any(has_own_name)
}

/// Words behind a name that say how it was given and never which product it is.
const ROUTE_WORDS: &[&str] =
    &["iv", "im", "sc", "sq", "subq", "injection", "infusion", "intravenous", "subcutaneous"];

/// A depot ester, which records leave out as they do a salt.
const DEPOT_ESTER: &str = "decanoate";

/// The words of a name without percentages and without how it was given: `Privigen 10 %` is `privigen`.
fn words_of(name: &str) -> Vec<String> {
    let mut kept = String::with_capacity(name.len());
    for part in name.split_inclusive('%') {
        match part.strip_suffix('%') {
            Some(before) => {
                kept.push_str(before.trim_end().trim_end_matches(|c: char| c.is_ascii_digit() || c == '.'));
            }
            None => kept.push_str(part),
        }
    }
    let mut words = fold(&kept);
    while words.len() > 1 && words.last().is_some_and(|word| ROUTE_WORDS.contains(&word.as_str())) {
        words.pop();
    }
    words
}

/// Whether a known name has the wanted words, or has them but for a salt that the record leaves out.
///
/// A first letter settles most names without folding.
fn has_name(known: &str, wanted: &[String]) -> bool {
    let first = |text: &str| text.chars().next().map(|c| c.to_ascii_lowercase());
    if first(known) != first(&wanted[0]) {
        return false;
    }
    let is_salt = |word: &String| is_salt(word) || word == DEPOT_ESTER;
    let known = fold(known);
    if known == wanted || known.concat() == wanted.concat() {
        return true;
    }
    !wanted.iter().any(is_salt) && known.iter().filter(|word| !is_salt(word)).eq(wanted)
}

/// Letters of the suffix that the FDA gives a biologic: `talquetamab-tgvs`.
const SUFFIX_LETTERS: usize = 4;

/// Whether a known name has the wanted words before its suffix.
fn has_base_name(known: &str, wanted: &[String]) -> bool {
    let is_suffix =
        |text: &str| text.len() == SUFFIX_LETTERS && text.bytes().all(|byte| byte.is_ascii_lowercase());
    known
        .rsplit_once('-')
        .is_some_and(|(base, suffix)| is_suffix(suffix) && !wanted.is_empty() && has_name(base, wanted))
}

/// Whether a candidate is for this setting and route.
pub(super) fn fits_use(coding: &Coding<'_>, asked: &Asked<'_>, version: &CodeVersion) -> bool {
    let encounter = coding.encounter;
    let flags = version.flags;
    let route = asked.administration.route;
    let oral = route == Some(Route::Oral);
    let inhaled = route == Some(Route::Inhaled);
    let may_be_hospital = coding.policy.drug_line.hospital_code_settings.contains(&encounter.setting);
    (!flags.has(CodeFlag::Oral) || oral)
        && (!flags.has(CodeFlag::Inhaled) || inhaled)
        && (!flags.has(CodeFlag::ThroughDme) || encounter.setting == Setting::DmeSupplier || inhaled)
        && (!flags.has(CodeFlag::HospitalOutpatientOnly) || may_be_hospital)
        && !flags.has(CodeFlag::Compounded)
}

/// Whether the formulary lists the route for the code.
pub(super) fn lists_route(coding: &Coding<'_>, version: &CodeVersion, route: Route) -> bool {
    let listed = coding.catalog.formulary.drug(version.code);
    listed.is_some_and(|drug| !drug.routes.is_empty()) && takes_route(coding, version, route)
}

/// Whether the formulary lists the route for the code; a code without listed routes takes any.
pub(super) fn takes_route(coding: &Coding<'_>, version: &CodeVersion, route: Route) -> bool {
    let into_vein = |route: Route| matches!(route, Route::IvInfusion | Route::IvPush);
    let same = |listed: &Route| *listed == route || into_vein(*listed) && into_vein(route);
    let listed = coding.catalog.formulary.drug(version.code);
    listed.is_none_or(|drug| drug.routes.is_empty() || drug.routes.iter().any(same))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strength_is_read_before_its_sign_and_nothing_else_is() {
        let percent = |text: &str| percent_in(text).map(|percent| percent.to_string());
        assert_eq!(percent("dextrose 5% in water").as_deref(), Some("5"));
        assert_eq!(percent("NaCl 0.9 %").as_deref(), Some("0.9"));
        assert_eq!(percent("é5%").as_deref(), Some("5"));
        for without in ["", "%", "saline", "½%", "dextrose 5% and sodium chloride 0.9%"] {
            assert_eq!(percent(without), None, "{without}");
        }
    }

    #[test]
    fn a_suffix_may_be_left_out_and_a_word_may_not() {
        let has = |known: &str, wanted: &str| has_base_name(known, &fold(wanted));
        assert!(has("tarlatamab-dlle", "tarlatamab") && !has("tarlatamab-dlle", "talquetamab"));
        assert!(!has("sodium-salt", "salt") && !has("tarlatamab", "tarlatamab") && !has("-dlle", ""));
    }
}
