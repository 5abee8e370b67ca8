//! Matches of a search, products of an NDC and families of biosimilars.

use std::collections::BTreeMap;

use super::{AsOf, code_version};
use crate::catalog::ndc::NdcEntry;
use crate::catalog::search::{Matched, Met, SearchHit};
use crate::catalog::{Catalog, CodeVersion, Lookup};
use crate::domain::code::Ndc;
use crate::domain::time::Date;
use crate::server::pb::{self, MatchKind};

/// Puts a match into a message.
pub fn drug_match(catalog: &Catalog, hit: &SearchHit<'_>, date: Date) -> pb::DrugMatch {
    let (kind, text) = match hit.met {
        Met::Code => (MatchKind::Code, hit.version.code.as_str()),
        Met::Name(text) => (MatchKind::Name, text),
        Met::Brand(text) => (MatchKind::Brand, text),
        Met::ReferenceProduct(text) => (MatchKind::ReferenceProduct, text),
    };
    pb::DrugMatch {
        code_version: code_version(catalog, hit.standing, date),
        score: score(hit),
        matched_text: text.to_owned(),
        match_kind: kind.into(),
    }
}

/// How well a hit matches; a code that may be billed on the date goes before one that may not.
fn score(hit: &SearchHit<'_>) -> u32 {
    let full = match hit.matched {
        Matched::Code => 100,
        Matched::Name => 95,
        Matched::NameWithoutSuffix => 90,
        Matched::CodePrefix => 80,
        Matched::Words => 70,
        Matched::ReferenceProduct => 60,
        Matched::Misspelt if hit.wrong_letters > 1 => 30,
        Matched::Misspelt => 45,
    };
    if hit.standing.billable().is_some() { full } else { full - 4 }
}

/// The rows of an NDC whose codes may be billed on the date of service; all rows where none may.
pub fn ndc_products(catalog: &Catalog, ndc: Ndc, as_of: AsOf) -> Vec<pb::NdcProduct> {
    let rows: Vec<(&NdcEntry, Lookup<'_>)> =
        catalog.ndc(ndc).iter().map(|entry| (entry, as_of.lookup(catalog, entry.code))).collect();
    let any_billable = rows.iter().any(|(_, lookup)| lookup.billable().is_some());
    let kept = rows.into_iter().filter(|(_, lookup)| !any_billable || lookup.billable().is_some());
    kept.map(|(entry, lookup)| ndc_product(catalog, ndc, entry, lookup, as_of.date())).collect()
}

fn ndc_product(
    catalog: &Catalog,
    ndc: Ndc,
    entry: &NdcEntry,
    lookup: Lookup<'_>,
    date: Date,
) -> pb::NdcProduct {
    let (first, last) = (entry.first_quarter.to_string(), entry.quarter.to_string());
    pb::NdcProduct {
        ndc: ndc.to_string(),
        code: entry.code.to_string(),
        drug_name: lookup.version().map(|version| version.name.to_string()).unwrap_or_default(),
        package_size: entry.package_size.to_string(),
        package_quantity: entry.package_quantity.to_string(),
        billing_units_per_package: entry.bill_units_per_package.to_string(),
        billing_units_per_container: entry.bill_units.to_string(),
        source: format!("CMS NDC-HCPCS crosswalk, {first} to {last}"),
        code_version: code_version(catalog, lookup, date),
        first_quarter: first,
        last_quarter: last,
        ..pb::NdcProduct::default()
    }
}

/// Biosimilars by reference product, in the order of its nonproprietary name.
pub fn families(catalog: &Catalog, reference: &str, as_of: AsOf) -> Vec<pb::BiosimilarFamily> {
    let reference = Some(reference.trim()).filter(|reference| !reference.is_empty());
    let mut families: BTreeMap<String, pb::BiosimilarFamily> = BTreeMap::new();
    for version in catalog.biosimilars(reference, as_of.date()) {
        let family = families.entry(ingredient(catalog, version)).or_insert_with_key(|name| {
            let codes = version.reference_codes.iter().map(|code| as_of.lookup(catalog, *code));
            pb::BiosimilarFamily {
                reference_product: name.clone(),
                reference_codes: codes.filter_map(|it| code_version(catalog, it, as_of.date())).collect(),
                biosimilars: Vec::new(),
            }
        });
        let member = code_version(catalog, as_of.lookup(catalog, version.code), as_of.date());
        family.biosimilars.extend(member);
    }
    families.into_values().collect()
}

/// The nonproprietary name that a biosimilar shares with its reference product.
fn ingredient(catalog: &Catalog, biosimilar: &CodeVersion) -> String {
    let reference = biosimilar.reference_codes.first().and_then(|code| catalog.codes.get(code)?.first());
    let stem = || biosimilar.name.rsplit_once('-').map_or(&*biosimilar.name, |(stem, _)| stem);
    reference.map_or_else(stem, |version| &version.name).to_owned()
}
