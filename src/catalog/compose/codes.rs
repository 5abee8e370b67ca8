//! The alpha-numeric HCPCS file as a release.

use std::sync::Arc;

use crate::catalog::brand_names::of_maker;
use crate::catalog::record::CodeVersion;
use crate::catalog::release::{Descriptors, Release, ReleaseHeader};
use crate::catalog::text::Text;
use crate::cms::descriptor::Conventions;
use crate::cms::facts::facts;
use crate::cms::hcpcs::{self, CodeRow};
use crate::cms::names::Names;

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

/// The brands of a code; the product of the one maker whom a code is for is named by both.
fn brands(names: &Names) -> Arc<[Text]> {
    let of_maker = names.maker.iter().map(|maker| of_maker(&names.name, maker));
    names.brands.iter().map(|brand| brand.as_str().into()).chain(of_maker).collect()
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
        brands: brands(&facts.names),
        name: facts.names.name.into(),
        reference_codes: Arc::default(),
        reference_product: None,
        successors: details.successors().collect(),
        coverage: details.coverage,
        pricing_indicator: details
            .pricing_indicators
            .first()
            .map(|first| Text::from(&**first))
            .unwrap_or_default(),
        action: details.action,
        long_descriptor: None,
        short_descriptor: None,
        source: source.clone(),
    }
}
