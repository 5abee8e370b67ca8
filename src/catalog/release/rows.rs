//! Each table's row as cells of text, and back.

use std::sync::Arc;

use super::{Changes, Descriptors, Release};
use crate::catalog::edits::{
    AddOnParent, AddOnSetting, Adjudication, EditKind, PairKey, ProcedurePair, UnitLimit,
};
use crate::catalog::error::DataError;
use crate::catalog::ndc::{NdcEntry, PackageForm};
use crate::catalog::payment::{PaymentLimit, StatusIndicator};
use crate::catalog::record::{CodeFlags, CodeVersion};
use crate::catalog::table::Row;
use crate::domain::billing::{BillingUnit, NoUnitReason, UnitForm};
use crate::domain::code::{HcpcsCode, Ndc};
use crate::domain::quantity::Quantity;
use crate::domain::quarter::Quarter;
use crate::domain::time::{Date, parse_date};

/// A table of a release: its name and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    pub name: &'static str,
    pub columns: &'static [&'static str],
}

/// Every table, in the order in which a bundle holds them.
pub const TABLES: &[Table] =
    &[QUARTERS, CODES, DESCRIPTORS, NDCS, STATUSES, LIMITS, UNIT_LIMITS, ADD_ONS, PAIRS];

/// Which quarters each quarterly table covers.
pub const QUARTERS: Table = Table { name: "quarters", columns: &["table", "quarter"] };
pub const CODES: Table = Table {
    name: "codes",
    columns: &[
        "code",
        "effective",
        "added",
        "terminated",
        "unit",
        "form",
        "limit",
        "no_unit",
        "flags",
        "name",
        "brands",
        "successors",
        "coverage",
        "pricing",
        "action",
        "source",
    ],
};
pub const DESCRIPTORS: Table = Table { name: "descriptors", columns: &["code", "long", "short"] };
pub const NDCS: Table = Table {
    name: "ndcs",
    columns: &[
        "ndc",
        "code",
        "bill_units",
        "bill_units_per_package",
        "package_size",
        "package_quantity",
        "first_quarter",
        "quarter",
    ],
};
pub const STATUSES: Table = Table { name: "statuses", columns: &["code", "quarter", "status"] };
pub const LIMITS: Table =
    Table { name: "limits", columns: &["code", "quarter", "dollars", "coinsurance_percent"] };
pub const UNIT_LIMITS: Table =
    Table { name: "unit_limits", columns: &["code", "kind", "quarter", "units", "adjudication"] };
pub const ADD_ONS: Table = Table { name: "add_ons", columns: &["code", "quarter", "parents"] };
pub const PAIRS: Table = Table {
    name: "pairs",
    columns: &["column1", "column2", "kind", "quarter", "modifier_allowed", "deleted", "effective"],
};

/// Hands every row of a release to `emit`, table by table.
pub(super) fn write(release: &Release, mut emit: impl FnMut(Table, &[&str])) {
    for (table, quarters) in [
        (STATUSES, &release.statuses.quarters),
        (LIMITS, &release.limits.quarters),
        (UNIT_LIMITS, &release.unit_limits.quarters),
        (ADD_ONS, &release.add_ons.quarters),
        (PAIRS, &release.pairs.quarters),
    ] {
        for quarter in quarters {
            emit(QUARTERS, &[table.name, &quarter.to_string()]);
        }
    }
    release.codes.iter().for_each(|version| write_code(version, &mut emit));
    for Descriptors { code, long, short } in &release.descriptors {
        emit(DESCRIPTORS, &[code.as_str(), long, short]);
    }
    for (ndc, entry) in &release.ndcs {
        let numbers =
            [entry.bill_units, entry.bill_units_per_package, entry.package_size, entry.package_quantity]
                .map(|number| number.to_string());
        let [units, per_package, size, quantity] = numbers.each_ref().map(String::as_str);
        let (first, last) = (entry.first_quarter.to_string(), entry.quarter.to_string());
        emit(NDCS, &[ndc.as_str(), entry.code.as_str(), units, per_package, size, quantity, &first, &last]);
    }
    write_quarterly(release, emit);
}

fn write_quarterly(release: &Release, mut emit: impl FnMut(Table, &[&str])) {
    for (code, quarter, status) in &release.statuses.rows {
        let status = status.as_ref().map_or("", StatusIndicator::as_str);
        emit(STATUSES, &[code.as_str(), &quarter.to_string(), status]);
    }
    for (code, quarter, limit) in &release.limits.rows {
        let dollars = limit.map(|limit| limit.dollars.to_string()).unwrap_or_default();
        let percent = limit.and_then(|limit| limit.coinsurance_percent).map(|percent| percent.to_string());
        emit(LIMITS, &[code.as_str(), &quarter.to_string(), &dollars, &percent.unwrap_or_default()]);
    }
    for ((code, kind), quarter, limit) in &release.unit_limits.rows {
        let units = limit.map(|limit| limit.units.to_string()).unwrap_or_default();
        let how = limit.map(|limit| limit.adjudication.indicator().to_string()).unwrap_or_default();
        emit(UNIT_LIMITS, &[code.as_str(), kind.as_str(), &quarter.to_string(), &units, &how]);
    }
    for (code, quarter, parents) in &release.add_ons.rows {
        let parents: Vec<String> = parents.iter().flatten().map(parent_text).collect();
        emit(ADD_ONS, &[code.as_str(), &quarter.to_string(), &parents.join(";")]);
    }
    for ((column1, column2, kind), quarter, pair) in &release.pairs.rows {
        let allowed = pair.map_or("", |pair| if pair.modifier_allowed { "yes" } else { "no" });
        let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
        let effective = day(pair.and_then(|pair| pair.effective));
        let (deleted, quarter) = (day(pair.and_then(|pair| pair.deleted)), quarter.to_string());
        let codes = (column1.as_str(), column2.as_str());
        emit(PAIRS, &[codes.0, codes.1, kind.as_str(), &quarter, allowed, &deleted, &effective]);
    }
}

fn write_code(version: &CodeVersion, emit: &mut impl FnMut(Table, &[&str])) {
    let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    let (unit, form, limit, reason) = match version.billing {
        Ok(BillingUnit { quantity, form, limit }) => {
            let limit = limit.map(|limit| limit.to_string()).unwrap_or_default();
            (quantity.to_string(), form.as_str(), limit, "")
        }
        Err(reason) => (String::new(), "", String::new(), reason.as_str()),
    };
    let successors: Vec<&str> = version.successors.iter().map(HcpcsCode::as_str).collect();
    emit(
        CODES,
        &[
            version.code.as_str(),
            &version.effective.to_string(),
            &version.added.to_string(),
            &day(version.terminated),
            &unit,
            form,
            &limit,
            reason,
            &version.flags.to_string(),
            &version.name,
            &version.brands.join(";"),
            &successors.join(";"),
            version.coverage.to_string().trim(),
            &version.pricing_indicator,
            version.action.to_string().trim(),
            &version.source,
        ],
    );
}

/// Reads one row into the release.
pub(super) fn read(release: &mut Release, table: &str, row: &Row<'_>) -> Result<(), DataError> {
    match table {
        "quarters" => read_quarter(release, row)?,
        "codes" => {
            let version = read_code(row, release.codes.last())?;
            release.codes.push(version);
        }
        "descriptors" => {
            let (long, short) = (row.kept(row.text(1)), row.kept(row.text(2)));
            release.descriptors.push(Descriptors { code: row.read(0)?, long, short });
        }
        "ndcs" => release.ndcs.push(read_ndc(row)?),
        "statuses" => release.statuses.rows.push((row.read(0)?, row.read(1)?, row.read_optional(2)?)),
        "limits" => {
            let limit = match row.read_optional(2)? {
                Some(dollars) => Some(PaymentLimit { dollars, coinsurance_percent: row.read_optional(3)? }),
                None => None,
            };
            release.limits.rows.push((row.read(0)?, row.read(1)?, limit));
        }
        "unit_limits" => {
            let limit = match row.read_optional(3)? {
                Some(units) => Some(UnitLimit { units, adjudication: row.read::<Adjudication>(4)? }),
                None => None,
            };
            release.unit_limits.rows.push(((row.read(0)?, row.read(1)?), row.read(2)?, limit));
        }
        "add_ons" => release.add_ons.rows.push((row.read(0)?, row.read(1)?, read_parents(row, 2)?)),
        "pairs" => release.pairs.rows.push(read_pair(row)?),
        other => return Err(row.refuse(&format!("`{other}` is no table of a release"))),
    }
    Ok(())
}

fn read_quarter(release: &mut Release, row: &Row<'_>) -> Result<(), DataError> {
    let quarters = match row.text(0) {
        "statuses" => &mut release.statuses.quarters,
        "limits" => &mut release.limits.quarters,
        "unit_limits" => &mut release.unit_limits.quarters,
        "add_ons" => &mut release.add_ons.quarters,
        "pairs" => &mut release.pairs.quarters,
        other => return Err(row.refuse(&format!("`{other}` is no quarterly table"))),
    };
    quarters.push(row.read(1)?);
    Ok(())
}

/// Reads a code; where it has the source of the one before it, the two share the text.
fn read_code(row: &Row<'_>, before: Option<&CodeVersion>) -> Result<CodeVersion, DataError> {
    let billing = match row.text(7) {
        "" => Ok(BillingUnit {
            quantity: read_quantity(row, 4)?,
            form: row.read::<UnitForm>(5)?,
            limit: if row.text(6).is_empty() { None } else { Some(read_quantity(row, 6)?) },
        }),
        _ => Err(row.read::<NoUnitReason>(7)?),
    };
    let letter = |column| row.text(column).chars().next().unwrap_or(' ');
    Ok(CodeVersion {
        code: row.read(0)?,
        billing,
        effective: read_day(row, 1)?,
        added: read_day(row, 2)?,
        terminated: if row.text(3).is_empty() { None } else { Some(read_day(row, 3)?) },
        flags: row.read::<CodeFlags>(8)?,
        name: row.kept(row.text(9)),
        brands: shared(row.texts(10).map(|brand| row.kept(brand)).collect()),
        reference_codes: Arc::default(),
        reference_product: None,
        successors: shared(row.read_all(11)?),
        coverage: letter(12),
        pricing_indicator: row.kept(row.text(13)),
        action: letter(14),
        long_descriptor: None,
        short_descriptor: None,
        source: before
            .map(|before| &before.source)
            .filter(|source| ***source == *row.text(15))
            .map_or_else(|| row.text(15).into(), Arc::clone),
    })
}

/// A list that is shared; the empty one, which most are, takes no memory.
fn shared<T>(items: Box<[T]>) -> Arc<[T]> {
    if items.is_empty() { Arc::default() } else { items.into() }
}

fn read_quantity(row: &Row<'_>, column: usize) -> Result<Quantity, DataError> {
    let text = row.text(column);
    let (value, unit) = text.split_once(' ').ok_or_else(|| row.refuse(&format!("`{text}` is no amount")))?;
    Quantity::parse(value, unit).map_err(|error| row.refuse(&error.to_string()))
}

fn read_day(row: &Row<'_>, column: usize) -> Result<Date, DataError> {
    parse_date(row.text(column)).map_err(|error| row.refuse(&error.to_string()))
}

fn read_ndc(row: &Row<'_>) -> Result<(Ndc, NdcEntry), DataError> {
    let entry = NdcEntry {
        code: row.read(1)?,
        bill_units: row.read(2)?,
        bill_units_per_package: row.read(3)?,
        package_size: row.read(4)?,
        form: PackageForm::Untold,
        package_quantity: row.read(5)?,
        first_quarter: row.read(6)?,
        quarter: row.read(7)?,
    };
    Ok((row.read(0)?, entry))
}

fn parent_text(parent: &AddOnParent) -> String {
    match parent.setting {
        AddOnSetting::Both => parent.code.to_string(),
        AddOnSetting::PractitionerOnly => format!("{}/practitioner", parent.code),
        AddOnSetting::FacilityOnly => format!("{}/facility", parent.code),
    }
}

/// Nothing where the cell is empty: the table dropped the add-on code.
fn read_parents(row: &Row<'_>, column: usize) -> Result<Option<Box<[AddOnParent]>>, DataError> {
    let parents: Box<[AddOnParent]> = row
        .texts(column)
        .map(|text| {
            let (code, setting) = text.split_once('/').unwrap_or((text, ""));
            let setting = match setting {
                "" => AddOnSetting::Both,
                "practitioner" => AddOnSetting::PractitionerOnly,
                "facility" => AddOnSetting::FacilityOnly,
                other => return Err(row.refuse(&format!("`{other}` is no setting of an add-on code"))),
            };
            let code = code.parse().map_err(|_| row.refuse(&format!("`{code}` is no code")))?;
            Ok(AddOnParent { code, setting })
        })
        .collect::<Result<_, _>>()?;
    Ok(Some(parents).filter(|parents| !parents.is_empty()))
}

fn read_pair(row: &Row<'_>) -> Result<(PairKey, Quarter, Option<ProcedurePair>), DataError> {
    let day = |column| if row.text(column).is_empty() { Ok(None) } else { read_day(row, column).map(Some) };
    // A release that was written before first dates were kept has no cell for one.
    let (deleted, effective) = (day(5)?, day(6)?);
    let pair = match row.text(4) {
        "" => None,
        "yes" => Some(ProcedurePair { modifier_allowed: true, effective, deleted }),
        "no" => Some(ProcedurePair { modifier_allowed: false, effective, deleted }),
        other => return Err(row.refuse(&format!("`{other}` must be yes or no"))),
    };
    Ok(((row.read(0)?, row.read(1)?, row.read::<EditKind>(2)?), row.read(3)?, pair))
}

impl<K, T> Changes<K, T> {
    /// Whether the release says nothing of this table.
    pub fn is_empty(&self) -> bool {
        self.quarters.is_empty()
    }
}
