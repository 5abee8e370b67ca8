//! Payment limits, the NDC crosswalk and Addendum B as releases.

use std::collections::BTreeMap;

use super::brands::Products;
use crate::catalog::ndc::{NdcEntry, PackageForm};
use crate::catalog::payment::{PaymentLimit, StatusIndicator};
use crate::catalog::release::{Changes, Release, ReleaseHeader};
use crate::cms::addendum_b::StatusIndicators;
use crate::cms::asp::PaymentLimits;
use crate::cms::ndc_crosswalk::Crosswalk;
use crate::domain::code::HcpcsCode;
use crate::domain::quarter::Quarter;

/// Codes without a limit (`N/A`) have none.
pub(super) fn limits(header: ReleaseHeader, file: &PaymentLimits) -> Release {
    let rows = file.rows.iter().filter_map(|row| {
        let coinsurance_percent = row.coinsurance_percent;
        Some((row.code, PaymentLimit { dollars: row.dollars?, coinsurance_percent }))
    });
    Release { limits: Changes::of_quarter(header.quarter, rows), ..Release::empty(header) }
}

/// Each package with its codes, and the product names of each code, which are CMS's only statement of most brands.
pub(super) fn packages(header: ReleaseHeader, file: &Crosswalk) -> Release {
    let quarter = header.quarter;
    let rows = file.rows.iter().map(|row| {
        let entry = NdcEntry {
            code: row.code,
            bill_units: row.bill_units,
            bill_units_per_package: row.bill_units_per_package,
            package_size: row.package_size,
            form: PackageForm::Untold,
            package_quantity: row.package_quantity,
            first_quarter: quarter,
            quarter,
        };
        (row.ndc, entry)
    });
    let mut products = Products::default();
    products.add(file);
    Release { ndcs: rows.collect(), descriptors: products.kept().collect(), ..Release::empty(header) }
}

/// A file of one quarter, or a table of several as the changes between them.
pub(super) fn statuses(header: ReleaseHeader, file: &StatusIndicators) -> Release {
    let mut quarters: BTreeMap<Quarter, Vec<(HcpcsCode, StatusIndicator)>> = BTreeMap::new();
    for row in &file.rows {
        quarters.entry(row.quarter.unwrap_or(header.quarter)).or_default().push((row.code, row.status));
    }
    let statuses = Changes::of_quarters(quarters);
    Release { statuses, ..Release::empty(header) }
}
