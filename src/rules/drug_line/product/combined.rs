//! Drugs that a record names apart and that one product combines: the combination has a code of its own (rule L-04).

use super::named::Named;
use super::*;
use crate::catalog::product_names::{NameQuery, Nearness};

/// The code of a product that combines a drug with another one of its date that has no code alone: cabotegravir beside
/// rilpivirine may be the package of both, and is not the drug that is sold by itself.
pub(super) fn with_another<'a>(coding: &Coding<'a>, asked: &Asked<'a>) -> Option<&'a CodeVersion> {
    let codes = of_part(coding, asked.drug.name.as_deref()?);
    if codes.is_empty() {
        return None;
    }
    let encounter = coding.encounter;
    let given = encounter.administrations.iter().enumerate();
    let of_date = given.filter(|(_, administration)| encounter.date_of(administration) == coding.date);
    let drugs = of_date.flat_map(|(a, administration)| {
        let numbered = administration.drugs.iter().enumerate();
        numbered.map(move |(d, drug)| Asked::of(coding, (a as u16, d as u16), administration, drug))
    });
    // One product is given by one route.
    let others = drugs.filter(|other| other.at != asked.at && other.drug.code.is_none());
    let others = others.filter(|other| other.route() == asked.route() && !other.drug.is_not_given());
    others.into_iter().find_map(|other| {
        let Named { mut found, by_other_routes, is_component } = named::of_name(coding, &other);
        found.retain(|version| is_component && by_other_routes.is_empty() && codes.contains(&version.code));
        found.first().copied()
    })
}

/// The codes in force of products that combine the drug of a name with others.
fn of_part(coding: &Coding<'_>, name: &str) -> Vec<HcpcsCode> {
    let query = NameQuery::new(&named::words_of(name), &coding.catalog.formulary);
    let versions =
        coding.catalog.named(&query, Nearness::Component, coding.date).filter_map(Lookup::billable);
    versions.map(|version| version.code).collect()
}
