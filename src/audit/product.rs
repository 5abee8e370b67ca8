//! Whether two codes, or a code and an NDC, speak of one product.

use super::because::line_of;
use super::compare::{DISCARDED, Key};
use super::{Case, Discrepancy, Kind, Pattern, Side};
use crate::catalog::CodeFlag;
use crate::domain::billed::BilledLine;
use crate::domain::claim::Line;
use crate::domain::code::{HcpcsCode, Ndc};
use crate::domain::drug::{DrugGiven, NdcGiven};
use crate::domain::quantity::Decimal;
use crate::domain::time::Date;

/// Whether a code is an unclassified one on the date of service (rule N-01).
pub(super) fn is_unclassified(case: &Case<'_>, code: HcpcsCode) -> bool {
    let versions = case.catalog.codes.get(&code).into_iter().flatten();
    versions.take(1).any(|version| version.flags.has(CodeFlag::Unclassified))
}

/// Whether two codes are of one product: one follows the other, one is the other's reference or both have
/// the same, or one is unclassified.
pub(super) fn are_related(case: &Case<'_>, one: HcpcsCode, other: HcpcsCode) -> bool {
    let follows = |first: HcpcsCode, next: HcpcsCode| {
        let versions = case.catalog.codes.get(&first).into_iter().flatten();
        versions.take(1).any(|version| version.successors.contains(&next))
    };
    let family = |code: HcpcsCode| {
        let facts = case.catalog.formulary.drug(code);
        facts.map(|facts| &facts.ingredient)
    };
    let is_same = family(one).zip(family(other)).is_some_and(|(one, other)| stem(one) == stem(other));
    is_same || follows(one, other) || follows(other, one) || is_unclassified(case, one)
}

/// A nonproprietary name without the four letters that tell biosimilars apart.
fn stem(name: &str) -> &str {
    const SUFFIX_LETTERS: usize = 4;
    match name.rsplit_once('-') {
        Some((stem, suffix)) if suffix.len() == SUFFIX_LETTERS => stem,
        _ => name,
    }
}

/// The drugs of a date that a supported code stands for.
pub(super) fn drugs_of<'a>(case: &Case<'a>, code: HcpcsCode, date: Date) -> Vec<&'a DrugGiven> {
    let mut places: Vec<(u16, u16)> = Vec::new();
    let is_own = |line: &&Line| line.code == code && line.service_date == date;
    for line in case.result.lines.iter().filter(is_own) {
        let (Some(own), Some(first)) = (line.drug, line.administrations.first()) else { continue };
        places.push((*first, own));
        for a in &line.administrations {
            let drugs = case.encounter.administrations.get(usize::from(*a)).map(|given| &given.drugs);
            let alike = drugs.into_iter().flatten().zip(0..).filter(|(drug, _)| drug.code == Some(code));
            places.extend(alike.map(|(_, d)| (*a, d)));
        }
    }
    places.sort_unstable();
    places.dedup();
    let drug =
        |(a, d): (u16, u16)| case.encounter.administrations.get(usize::from(a))?.drugs.get(usize::from(d));
    places.into_iter().filter_map(drug).collect()
}

/// Adds a difference for each billed NDC that belongs to another product (rules D-07, D-10).
pub(super) fn check_ndcs(
    case: &Case<'_>,
    billed: &[BilledLine],
    judged: &[usize],
    found: &mut Vec<Discrepancy>,
) {
    for &at in judged {
        let line = &billed[at];
        let Some(ndc) = line.ndc else { continue };
        // A line of the wrong code is wrong whatever its NDC says.
        let is_wrong = found.iter().any(|found| {
            matches!(found.kind, Kind::WrongCode | Kind::ExtraLine | Kind::Unsupported)
                && found.billed.as_ref().is_some_and(|side| side.line == at)
        });
        if !is_wrong && !is_of_product(case, line, ndc) {
            found.push(wrong_ndc(case, line, at));
        }
    }
}

/// Whether an NDC can stand on a line: the crosswalk does not tie it to other codes alone, and where the
/// record names the containers it is of one of their products.
fn is_of_product(case: &Case<'_>, line: &BilledLine, ndc: Ndc) -> bool {
    let code = line.code;
    let entries = case.catalog.ndc(ndc);
    if !entries.is_empty() && !entries.iter().any(|entry| entry.code == code) {
        return false;
    }
    let recorded = recorded_ndcs(case, code, line.service_date.unwrap_or(case.encounter.service_date));
    recorded.is_empty() || recorded.iter().any(|opened| opened.product() == ndc.product())
}

fn recorded_ndcs(case: &Case<'_>, code: HcpcsCode, date: Date) -> Vec<Ndc> {
    let drugs = drugs_of(case, code, date);
    let given = drugs.iter().flat_map(|drug| {
        drug.containers.iter().filter_map(|container| container.ndc.as_ref()).chain(drug.ndc.as_ref())
    });
    let read = given.filter_map(|ndc| match ndc {
        NdcGiven::Read(ndc) => Some(*ndc),
        NdcGiven::Ambiguous(_) => None,
    });
    read.collect()
}

fn wrong_ndc(case: &Case<'_>, line: &BilledLine, at: usize) -> Discrepancy {
    let pattern = Pattern::NdcOfAnotherProduct;
    let date = line.service_date.unwrap_or(case.encounter.service_date);
    let key = Key { date, code: line.code, discarded: line.modifiers.contains(&DISCARDED) };
    let side = |line: usize, units, modifiers| Side { line, date, code: key.code, units, modifiers };
    let supported = line_of(case, key).map(|place| {
        let own = &case.result.lines[place];
        let units = Decimal::from_nanos(i64::from(own.units) * Decimal::ONE.nanos());
        side(place, units, own.modifiers.clone())
    });
    Discrepancy {
        kind: Kind::WrongNdc,
        pattern: Some(pattern),
        billed: Some(side(at, line.units, line.modifiers.clone())),
        supported,
        overbilled: Decimal::ZERO,
        underbilled: Decimal::ZERO,
        dollars: None,
        rule: pattern.rule(),
        lacking: None,
    }
}
