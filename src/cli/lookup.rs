//! `lookup`: what a code or a National Drug Code stands for on a date of service.

use anyhow::{Context, bail};
use clap::Args;
use serde_json::json;

use super::checked;
use super::print;
use super::shelf::{Format, StoreFlag, date_or_today, standing, table, version_json};
use crate::catalog::list::NdcReading;
use crate::catalog::ndc::NdcEntry;
use crate::catalog::{Catalog, Lookup};
use crate::domain::code::{HcpcsCode, Ndc};
use crate::domain::time::Date;

/// What to look up.
#[derive(Debug, Args)]
pub struct Flags {
    /// A HCPCS code, or an NDC in 11 digits or with hyphens.
    code: String,
    /// Date of service, YYYY-MM-DD; of a code today when it is not given, and of an NDC every quarter held.
    #[arg(long, value_parser = checked::date)]
    date: Option<String>,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    store: StoreFlag,
}

/// Prints the version in force, or what is known instead.
pub fn run(flags: &Flags) -> anyhow::Result<()> {
    let (catalog, date) = (flags.store.catalog()?, date_or_today("--date", flags.date.as_deref())?);
    if let Ok(code) = flags.code.parse::<HcpcsCode>() {
        return print_code(&catalog, code, date, flags.format);
    }
    if flags.code.contains(char::is_alphabetic) {
        bail!(
            "`{0}` is neither a HCPCS code, such as J9271, nor an NDC: `infusion-coder search \"{0}\"` finds products by their names",
            flags.code
        );
    }
    let reading = catalog.read_ndc(&flags.code);
    match reading.with_context(|| format!("`{}` is no HCPCS code either, such as J9271", flags.code))? {
        NdcReading::Known(ndc) => {
            print_ndc(&catalog, ndc, flags.date.is_some().then_some(date), flags.format)
        }
        NdcReading::Unknown(ndc) => bail!(
            "no crosswalk held knows {}: check its digits, or import the crosswalk of its quarter",
            ndc.hyphenated()
        ),
        NdcReading::Ambiguous(candidates) => {
            let candidates = candidates.map(|(ndc, is_known)| {
                format!("{} ({})", ndc.hyphenated(), if is_known { "known" } else { "not known" })
            });
            bail!("ten digits can be any of {}: give it with its hyphens", candidates.join(", "))
        }
    }
}

fn print_code(catalog: &Catalog, code: HcpcsCode, date: Date, format: Format) -> anyhow::Result<()> {
    let lookup = catalog.lookup(code, date);
    let (Lookup::InForce(version)
    | Lookup::Assumed(version)
    | Lookup::Terminated(version)
    | Lookup::NotYet(version)) = lookup
    else {
        bail!("{code} is not in the catalog {}: try `infusion-coder search`", catalog.release)
    };
    let status = catalog.status_indicator(code, date);
    if format == Format::Json {
        let answer = json!({
            "standing": standing(lookup),
            "codeVersion": version_json(version),
            "statusIndicator": status.map(|status| json!({
                "value": status.value.as_str(), "quarter": status.quarter,
            })),
            "catalogRelease": &*catalog.release,
        });
        print(&format!("{answer:#}\n"))?;
        return Ok(());
    }
    let mut table = table(&[code.as_str(), standing(lookup)]);
    let successors: Vec<String> = version.successors.iter().map(ToString::to_string).collect();
    let ended = version.terminated.map(|day| day.to_string());
    for (name, value) in [
        ("drug", version.name.to_string()),
        ("brands", version.brands.join(", ")),
        ("billing unit", version.unit_text()),
        ("added", version.added.to_string()),
        ("last date", ended.unwrap_or_default()),
        ("replaced by", successors.join(", ")),
        ("kind", version.flags.to_string()),
        ("reference product", version.reference_product.as_deref().unwrap_or("").to_owned()),
        ("OPPS status", status.map(|s| format!("{} ({})", s.value, s.quarter)).unwrap_or_default()),
        ("source", version.source.to_string()),
    ] {
        if !value.is_empty() {
            table.add_row([name, &value]);
        }
    }
    print(&format!("{table}\n"))?;
    Ok(())
}

/// Prints the rows of a package: those that speak for a date of service, or without one those of every quarter held.
fn print_ndc(catalog: &Catalog, ndc: Ndc, date: Option<Date>, format: Format) -> anyhow::Result<()> {
    let entries: Vec<&NdcEntry> = match date {
        Some(date) => catalog.ndc_on(ndc, date).collect(),
        None => catalog.ndc(ndc).iter().collect(),
    };
    if format == Format::Json {
        let rows: Vec<_> = entries
            .iter()
            .map(|entry| {
                json!({
                    "code": entry.code,
                    "billUnits": entry.bill_units,
                    "firstQuarter": entry.first_quarter,
                    "lastQuarter": entry.quarter,
                })
            })
            .collect();
        print(&format!("{:#}\n", json!({ "ndc": ndc, "products": rows })))?;
        return Ok(());
    }
    entries.first().context("the NDC has no row")?;
    let mut table = table(&["NDC", "code", "units in a container", "quarters"]);
    for entry in entries {
        table.add_row([
            ndc.hyphenated(),
            entry.code.to_string(),
            entry.bill_units.to_string(),
            format!("{} to {}", entry.first_quarter, entry.quarter),
        ]);
    }
    print(&format!("{table}\n"))?;
    Ok(())
}
