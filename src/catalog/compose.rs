//! From what CMS published to a release of the catalog.

use std::sync::Arc;

use super::edits::{Adjudication, EditKind, UnitLimit};
use super::ndc::NdcEntry;
use super::payment::PaymentLimit;
use super::record::CodeVersion;
use super::release::{Changes, Descriptors, Release, ReleaseHeader};
use crate::cms::asp::PaymentLimits;
use crate::cms::descriptor::Conventions;
use crate::cms::facts::facts;
use crate::cms::hcpcs::{self, CodeRow};
use crate::cms::mue::UnitEdits;
use crate::cms::ndc_crosswalk::{Crosswalk, CrosswalkRow};

/// A HCPCS file as a release, texts included: the operator imports them, and they are never compiled in.
pub fn hcpcs_release(header: ReleaseHeader, parsed: &hcpcs::Release, conventions: &Conventions) -> Release {
    let source: Arc<str> = format!("CMS HCPCS {}", header.quarter).into();
    let mut release = Release::empty(header);
    for row in &parsed.codes {
        release.codes.push(version(row, conventions, &source));
        release.descriptors.push(Descriptors {
            code: row.code,
            long: row.details.long_description.as_str().into(),
            short: row.details.short_description.as_str().into(),
        });
    }
    release
}

/// Payment limits as a release; a code without an amount has no limit.
pub fn limits_release(header: ReleaseHeader, parsed: &PaymentLimits) -> Release {
    let rows = parsed.rows.iter().filter_map(|row| {
        let dollars = row.dollars?;
        Some((row.code, PaymentLimit { dollars, coinsurance_percent: row.coinsurance_percent }))
    });
    let limits = Changes::of_quarter(header.quarter, rows);
    Release { limits, ..Release::empty(header) }
}

/// A crosswalk as a release.
pub fn crosswalk_release(header: ReleaseHeader, parsed: &Crosswalk) -> Release {
    let quarter = header.quarter;
    let entry = |row: &CrosswalkRow| NdcEntry {
        code: row.code,
        bill_units: row.bill_units,
        bill_units_per_package: row.bill_units_per_package,
        package_size: row.package_size,
        package_quantity: row.package_quantity,
        first_quarter: quarter,
        quarter,
    };
    let ndcs = parsed.rows.iter().map(|row| (row.ndc, entry(row))).collect();
    Release { ndcs, ..Release::empty(header) }
}

/// One kind of unit limits as a release.
pub fn unit_limits_release(header: ReleaseHeader, kind: EditKind, parsed: &UnitEdits) -> Release {
    let rows = parsed.rows.iter().filter_map(|row| {
        let adjudication = Adjudication::from_indicator(row.adjudication)?;
        Some(((row.code, kind), UnitLimit { units: row.units, adjudication }))
    });
    let unit_limits = Changes::of_quarter(header.quarter, rows);
    Release { unit_limits, ..Release::empty(header) }
}

fn version(row: &CodeRow, conventions: &Conventions, source: &Arc<str>) -> CodeVersion {
    let facts = facts(row, conventions);
    let details = &row.details;
    CodeVersion {
        code: row.code,
        billing: facts.billing,
        added: details.added,
        effective: details.effective.unwrap_or(details.added),
        terminated: details.terminated,
        flags: facts.flags,
        name: facts.names.name.into(),
        brands: facts.names.brand.into_iter().map(String::into_boxed_str).collect(),
        reference_codes: Arc::default(),
        reference_product: None,
        successors: details.successors().collect(),
        coverage: details.coverage,
        pricing_indicator: details.pricing_indicators.first().cloned().unwrap_or_default(),
        action: details.action,
        long_descriptor: None,
        short_descriptor: None,
        source: source.clone(),
    }
}
