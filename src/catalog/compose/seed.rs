//! The embedded table of facts, made anew from CMS files: code numbers, units, dates and our own names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::brands::{Products, bare_name};
use super::{ComposeError, Readings, release};
use crate::catalog::Catalog;
use crate::catalog::brand_names::joined;
use crate::catalog::edits::EditKind;
use crate::catalog::quarterly::QuarterlyTable;
use crate::catalog::record::{CodeFlag, CodeFlags, CodeVersion};
use crate::catalog::release::{Changes, Overlay, Release, ReleaseHeader, ReleaseKind};
use crate::cms::descriptor::read as read_amount;
use crate::cms::recognise::CmsFile;
use crate::domain::billing::NoUnitReason;
use crate::domain::code::HcpcsCode;
use crate::domain::quarter::Quarter;

/// Families of drug codes that the table holds whole; all others are left to imported files. Of the S codes those of
/// drugs and of fluids, which private payers take.
const DRUG_FAMILIES: &[&str] = &[
    "J", "Q", "C9", "A9", "A4641", "A4642", "P9041", "P9043", "P9045", "P9046", "P9047", "P9048", "S00",
    "S01", "S1090", "S501",
];
/// Families that no infusion visit bills: equipment, supplies, feeding, orthoses, vision, rehabilitation.
const FOREIGN_FAMILIES: &[char] = &['B', 'D', 'E', 'H', 'K', 'L', 'R', 'S', 'T', 'U', 'V'];

/// One file with where it comes from.
pub struct Source {
    pub header: ReleaseHeader,
    pub file: CmsFile,
}

/// Makes the table.
///
/// # Errors
/// A file that cannot be stored.
pub fn seed(sources: &[Source], readings: &Readings) -> Result<Release, ComposeError> {
    let mut releases = sources
        .iter()
        .map(|it| release(it.header.clone(), None, &it.file, readings))
        .collect::<Result<Vec<_>, _>>()?;
    releases.sort_by_key(|release| release.header.quarter);
    let merged = Catalog::merge(&releases, &Overlay::default());
    let newest = releases.iter().rfind(|release| release.header.kind == ReleaseKind::Hcpcs);
    let quarter =
        newest.map_or_else(|| Quarter::of(crate::domain::time::date(1970, 1, 1)), |it| it.header.quarter);
    let products = products(sources);
    let mut codes = described(&merged, newest, &products);
    let known: BTreeSet<HcpcsCode> = merged.codes.keys().copied().collect();
    codes.extend(undescribed(sources, quarter, &known, &products));
    codes.sort_by_key(|version| (version.code, version.effective));
    let header = ReleaseHeader::new(ReleaseKind::Embedded, quarter, "", "");
    let mut ndcs: Vec<_> =
        merged.ndcs.iter().flat_map(|(ndc, rows)| rows.iter().map(move |row| (ndc, row.clone()))).collect();
    ndcs.sort_by_key(|(ndc, row)| (*ndc, row.code, row.first_quarter, row.quarter, row.bill_units));
    Ok(Release {
        codes,
        ndcs,
        statuses: changes(&merged.statuses, |code| is_native(*code)),
        limits: changes(&merged.limits, |_| true),
        unit_limits: changes(&merged.edits.unit_limits, |(code, _): &(HcpcsCode, EditKind)| is_native(*code)),
        add_ons: changes(&merged.edits.add_ons, |_| true),
        pairs: changes(merged.edits.pairs.rows(), |_| true),
        ..Release::empty(header)
    })
}

/// The product names of the crosswalks, the newest first.
fn products(sources: &[Source]) -> Products {
    let mut crosswalks: Vec<_> = sources
        .iter()
        .filter_map(|source| match &source.file {
            CmsFile::Crosswalk(file) => Some((source.header.quarter, file)),
            _ => None,
        })
        .collect();
    crosswalks.sort_by_key(|(quarter, _)| std::cmp::Reverse(*quarter));
    let mut products = Products::default();
    crosswalks.iter().for_each(|(_, file)| products.add(file));
    products
}

/// Drug codes of the newest HCPCS file, and those that ended before it, with every version that differs on a
/// claim. A code that a later file dropped and whose end nothing tells is left out rather than kept alive.
fn described(merged: &Catalog, newest: Option<&Release>, products: &Products) -> Vec<CodeVersion> {
    let listed: FxHashSet<HcpcsCode> =
        newest.into_iter().flat_map(|release| &release.codes).map(|version| version.code).collect();
    let successors = &Overlay::embedded().successors;
    let all = merged.codes.values().flatten().filter(|version| is_drug_family(version.code));
    let drugs: FxHashSet<String> = all.map(|version| bare_name(&version.name)).collect();
    let none = FxHashSet::default();
    let mut described = Vec::new();
    for version in merged.codes.values().flatten().filter(|version| is_drug_family(version.code)) {
        let mut version = version.clone();
        if !listed.contains(&version.code) {
            version.terminated = version.terminated.or(successors.last_day(version.code));
            if version.terminated.is_none() || version.billing == Err(NoUnitReason::NotADrug) {
                continue;
            }
        }
        (version.long_descriptor, version.short_descriptor) = (None, None);
        // A code for what is not otherwise specified takes drugs that have codes of their own too.
        let others = if version.flags.has(CodeFlag::NotOtherwiseSpecified) { &none } else { &drugs };
        // The crosswalks held are of the drug that has the number now, and of none that had it before.
        let newest = merged.codes.get(&version.code).and_then(|versions| versions.first());
        if let Some(newest) = newest.filter(|newest| newest.added != version.added) {
            let last_day = successors.last_day(version.code).filter(|last| *last < newest.added);
            version.terminated = version.terminated.or(last_day);
        } else {
            let known = products.brands(version.code, &version.name, others);
            version.brands = joined(&known.into(), &version.brands);
        }
        described.push(version);
    }
    described
}

/// Drug codes that are newer than the newest HCPCS file. A dosage of the payment files proves their unit;
/// a list of status indicators alone proves none.
fn undescribed(
    sources: &[Source],
    described: Quarter,
    known: &BTreeSet<HcpcsCode>,
    products: &Products,
) -> Vec<CodeVersion> {
    let mut found: BTreeMap<HcpcsCode, (Quarter, Option<Box<str>>)> = BTreeMap::new();
    let mut note = |code: HcpcsCode, quarter: Quarter, dosage: Option<&str>| {
        if quarter <= described || known.contains(&code) || !is_drug_family(code) {
            return;
        }
        let entry = found.entry(code).or_insert((quarter, None));
        entry.0 = entry.0.min(quarter);
        entry.1 = entry.1.take().or_else(|| dosage.map(Into::into));
    };
    for Source { header, file } in sources {
        let quarter = header.quarter;
        match file {
            CmsFile::PaymentLimits(file) => {
                file.rows.iter().for_each(|row| note(row.code, quarter, Some(&row.dosage)));
            }
            CmsFile::Crosswalk(file) => {
                file.rows.iter().for_each(|row| note(row.code, quarter, Some(&row.dosage)));
            }
            CmsFile::StatusIndicators(file) => {
                file.rows.iter().for_each(|row| note(row.code, row.quarter.unwrap_or(quarter), None));
            }
            _ => {}
        }
    }
    let version = |(code, (quarter, dosage)): (HcpcsCode, (Quarter, Option<Box<str>>))| {
        undescribed_version(code, quarter, dosage.as_deref(), products)
    };
    found.into_iter().map(version).collect()
}

fn undescribed_version(
    code: HcpcsCode,
    quarter: Quarter,
    dosage: Option<&str>,
    products: &Products,
) -> CodeVersion {
    let unit = dosage.and_then(read_amount).map(|reading| reading.unit);
    let source = if dosage.is_some() { "ASP" } else { "OPPS" };
    let name = products.name(code);
    CodeVersion {
        code,
        billing: unit.ok_or(NoUnitReason::Unproven),
        added: quarter.first_day(),
        effective: quarter.first_day(),
        terminated: None,
        flags: CodeFlags::NONE,
        brands: products.brands(code, "", &FxHashSet::default()).into(),
        name: name.as_str().into(),
        reference_codes: Arc::default(),
        reference_product: None,
        successors: Arc::default(),
        coverage: ' ',
        pricing_indicator: "".into(),
        action: ' ',
        long_descriptor: None,
        short_descriptor: None,
        source: format!("CMS {source} {quarter}").into(),
    }
}

/// A table as its changes, in the order of its keys.
fn changes<K: Ord + Copy + std::hash::Hash + Eq, T: Clone + PartialEq>(
    table: &QuarterlyTable<K, T>,
    keeps: impl Fn(&K) -> bool,
) -> Changes<K, T> {
    let kept = table.changes().filter(|(key, ..)| keeps(key));
    let mut rows: Vec<_> = kept.map(|(key, quarter, row)| (*key, quarter, row.cloned())).collect();
    rows.sort_by_key(|(key, quarter, _)| (*key, *quarter));
    Changes { quarters: table.quarters().to_vec(), rows }
}

pub(in crate::catalog) fn is_drug_family(code: HcpcsCode) -> bool {
    DRUG_FAMILIES.iter().any(|family| code.as_str().starts_with(family))
}

fn is_native(code: HcpcsCode) -> bool {
    !FOREIGN_FAMILIES.contains(&code.family())
}
