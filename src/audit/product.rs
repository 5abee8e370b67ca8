//! Whether two codes, or a code and an NDC, speak of one product.

use super::because::line_of;
use super::compare::Key;
use super::value;
use super::{Case, Detail, Discrepancy, Kind, Pattern, Side, WantedNdc};
use crate::catalog::CodeFlag;
use crate::domain::billed::BilledLine;
use crate::domain::claim::{Line, Track};
use crate::domain::code::{HcpcsCode, Ndc};
use crate::domain::drug::{DrugGiven, NdcGiven};
use crate::domain::quantity::Decimal;
use crate::domain::time::Date;
use crate::policy::parameters::NdcReporting;
use crate::rules::drug_line::ndc_report::{D_02, D_04};

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

/// Adds a difference for each billed NDC that belongs to another product (rules D-07, D-10), and for each drug line
/// without the one that its payer wants.
pub(super) fn check_ndcs(
    case: &Case<'_>,
    billed: &[BilledLine],
    judged: &[usize],
    found: &mut Vec<Discrepancy>,
) {
    for &at in judged {
        let line = &billed[at];
        // A line of the wrong code is wrong whatever its NDC says.
        let is_wrong = found.iter().any(|found| {
            let is_of_code = matches!(
                found.kind,
                Kind::WrongCode | Kind::ExtraLine | Kind::Unsupported | Kind::UnknownCode | Kind::Included
            );
            is_of_code && found.billed.as_ref().is_some_and(|side| side.line == at)
        });
        if is_wrong {
            continue;
        }
        match line.ndc {
            Some(ndc) if !is_of_product(case, line, ndc) => found.push(wrong_ndc(case, billed, at)),
            Some(ndc) => found.extend(wrong_quantity(case, billed, at, ndc)),
            None => found.extend(missing_ndc(case, billed, at)),
        }
    }
}

/// The difference of a drug line without an NDC, where the payer wants one on it (rules D-02, D-08).
fn missing_ndc(case: &Case<'_>, billed: &[BilledLine], at: usize) -> Option<Discrepancy> {
    let parameters = &case.policy.drug_line;
    let is_discarded = case.is_discarded_part(billed, at);
    let is_wanted = *parameters.ndc_reporting == NdcReporting::Required
        && (!is_discarded || *parameters.ndc_on_discard_line);
    let (billed, supported) = sides(case, billed, at);
    let own = case.result.lines.get(supported.as_ref()?.line).filter(|own| own.track == Track::Drug)?;
    is_wanted.then(|| {
        let reports = own.ndc.iter().chain(&own.further_ndcs).copied().collect::<Vec<_>>();
        let wanted = match own.unnamed_quantity {
            Some((quantity, qualifier)) if reports.is_empty() => WantedNdc::Quantity(quantity, qualifier),
            _ if reports.is_empty() => WantedNdc::Unknown,
            _ => WantedNdc::Known(reports),
        };
        let amounts = (Decimal::ZERO, Decimal::ZERO);
        let found = case.discrepancy(Kind::MissingNdc, (Some(billed), supported), amounts, &D_02);
        Discrepancy { detail: Some(Detail::Ndc(wanted)), ..found }
    })
}

/// The difference of an NDC whose quantity or unit is another than the record has, where one line alone is of the service
/// on either side (rule D-04).
fn wrong_quantity(case: &Case<'_>, billed: &[BilledLine], at: usize, ndc: Ndc) -> Option<Discrepancy> {
    let (quantity, qualifier) = billed[at].ndc_quantity?;
    let (side, supported) = sides(case, billed, at);
    let own = case.result.lines.get(supported.as_ref()?.line)?;
    let is_alone = billed.iter().filter(|line| line.code == side.code && line.ndc == Some(ndc)).count() == 1;
    let right = own.ndc.iter().chain(&own.further_ndcs).find(|report| report.ndc == ndc)?;
    if !is_alone
        || side.units != supported.as_ref()?.units
        || (right.quantity, right.qualifier) == (quantity, qualifier)
    {
        return None;
    }
    let detail = Some(Detail::Ndc(WantedNdc::Known(vec![*right])));
    let amounts = (Decimal::ZERO, Decimal::ZERO);
    Some(Discrepancy { detail, ..case.discrepancy(Kind::WrongNdc, (Some(side), supported), amounts, &D_04) })
}

/// A billed line, and the line of its service that the record supports.
pub(super) fn sides(case: &Case<'_>, billed: &[BilledLine], at: usize) -> (Side, Option<Side>) {
    let line = &billed[at];
    let date = line.service_date.unwrap_or(case.encounter.service_date);
    let key = Key { date, code: line.code, discarded: case.is_discarded_part(billed, at) };
    let side = |line: usize, units, modifiers| Side { line, date, code: key.code, units, modifiers };
    let supported = line_of(case, key).map(|place| {
        let own = &case.result.lines[place];
        side(place, value::whole(own.units), own.modifiers.clone())
    });
    (side(at, line.units, line.modifiers.clone()), supported)
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

fn wrong_ndc(case: &Case<'_>, billed: &[BilledLine], at: usize) -> Discrepancy {
    let pattern = Pattern::NdcOfAnotherProduct;
    let (billed, supported) = sides(case, billed, at);
    let amounts = (Decimal::ZERO, Decimal::ZERO);
    let found = case.discrepancy(Kind::WrongNdc, (Some(billed), supported), amounts, pattern.rule());
    Discrepancy { pattern: Some(pattern), ..found }
}
