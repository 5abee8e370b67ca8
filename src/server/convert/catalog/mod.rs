//! What the catalog holds, from domain to message, and what is asked of it, from message to domain.

mod changes;
mod products;
mod requests;

pub use changes::{candidate, code_change, counts, release};
pub use products::{drug_match, families, ndc_products};
pub use requests::{AsOf, as_of, batch, code, list_filter};

use super::enums::Counterpart;
use crate::catalog::{Catalog, CodeVersion, Lookup};
use crate::domain::billing::BillingUnit;
use crate::domain::drug::ClassProfile;
use crate::domain::quantity::Quantity;
use crate::domain::time::Date;
use crate::server::pb::{self, CodeStanding};

/// Puts a code into a message; nothing where the catalog does not know it. The class is that of the date.
pub fn code_version(catalog: &Catalog, lookup: Lookup<'_>, date: Date) -> Option<pb::CodeVersion> {
    let version = lookup.version()?;
    let facts = catalog.formulary.drug(version.code);
    let class = catalog.formulary.class_of_code(version.code, ClassProfile::default(), date);
    let message = pb::CodeVersion {
        standing: standing(lookup).into(),
        drug_class: class.map_or(0, |class| class.class.to_wire()),
        drug_class_citation: class.map(|class| class.class_cite.to_owned()).unwrap_or_default(),
        routes: facts
            .map(|facts| facts.routes.iter().map(|route| route.to_wire()).collect())
            .unwrap_or_default(),
        container_kind: facts.and_then(|facts| facts.container_kind).map_or(0, Counterpart::to_wire),
        container_sizes: facts
            .map(|facts| facts.container_sizes.iter().copied().map(quantity).collect())
            .unwrap_or_default(),
        dose_basis: facts.and_then(|facts| facts.dose_basis.as_deref()).unwrap_or_default().to_owned(),
        catalog_release: catalog.release.to_string(),
        ..record(version)
    };
    Some(message)
}

/// What the record itself says.
fn record(version: &CodeVersion) -> pb::CodeVersion {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let letter = |letter: char| letter.to_string().trim().to_owned();
    pb::CodeVersion {
        code: version.code.to_string(),
        billing_unit: version.billing.ok().map(billing_unit),
        no_unit_reason: version.billing.err().map_or(0, Counterpart::to_wire),
        added_date: version.added.to_string(),
        effective_date: version.effective.to_string(),
        termination_date: version.terminated.map(|day| day.to_string()).unwrap_or_default(),
        flags: version.flags.iter().map(Counterpart::to_wire).collect(),
        name: version.name.to_string(),
        brands: version.brands.iter().map(ToString::to_string).collect(),
        reference_product: text(version.reference_product.as_deref()),
        reference_codes: version.reference_codes.iter().map(ToString::to_string).collect(),
        successor_codes: version.successors.iter().map(ToString::to_string).collect(),
        coverage: letter(version.coverage),
        pricing_indicator: version.pricing_indicator.to_string(),
        action: letter(version.action),
        long_descriptor: text(version.long_descriptor.as_deref()),
        short_descriptor: text(version.short_descriptor.as_deref()),
        source: version.source.to_string(),
        ..pb::CodeVersion::default()
    }
}

const fn standing(lookup: Lookup<'_>) -> CodeStanding {
    match lookup {
        Lookup::InForce(_) => CodeStanding::InForce,
        Lookup::Assumed(_) => CodeStanding::Assumed,
        Lookup::Terminated(_) => CodeStanding::Terminated,
        Lookup::NotYet(_) => CodeStanding::NotYet,
        Lookup::Unknown => CodeStanding::Unspecified,
    }
}

fn billing_unit(unit: BillingUnit) -> pb::BillingUnit {
    pb::BillingUnit {
        value: unit.quantity.value.to_string(),
        unit: unit.quantity.unit.to_string(),
        form: unit.form.to_wire(),
        limit: unit.limit.map(quantity),
    }
}

fn quantity(quantity: Quantity) -> pb::Quantity {
    pb::Quantity { value: quantity.value.to_string(), unit: quantity.unit.to_string() }
}
