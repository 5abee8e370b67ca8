//! `search`: finds codes by any of their names.

use std::num::NonZero;

use clap::Args;
use serde_json::json;

use super::checked;
use super::print;
use super::shelf::{Format, StoreFlag, date_or_today, standing, table, version_json};

/// What to search for.
#[derive(Debug, Args)]
pub struct Flags {
    /// A code, an NDC, an ingredient, a brand, a name with its suffix, or a word such as IVIG.
    #[arg(required = true)]
    query: Vec<String>,
    /// Date of service, YYYY-MM-DD; today when it is not given.
    #[arg(long, value_parser = checked::date)]
    date: Option<String>,
    /// Most hits that are printed.
    #[arg(long, value_name = "N", default_value = "20")]
    limit: NonZero<usize>,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    store: StoreFlag,
}

/// Prints the hits, the best first.
pub fn run(flags: &Flags) -> anyhow::Result<()> {
    let (catalog, date) = (flags.store.catalog()?, date_or_today("--date", flags.date.as_deref())?);
    let hits = catalog.search(&flags.query.join(" "), date, flags.limit.get());
    if flags.format == Format::Json {
        let hits: Vec<_> = hits
            .iter()
            .map(
                |hit| json!({ "standing": standing(hit.standing), "codeVersion": version_json(hit.version) }),
            )
            .collect();
        print(&format!("{:#}\n", json!({ "hits": hits })))?;
        return Ok(());
    }
    let query = flags.query.join(" ");
    anyhow::ensure!(
        !hits.is_empty(),
        "nothing is found for `{query}`: try the ingredient, the brand, the code or the NDC"
    );
    let mut table = table(&["code", "drug", "brands", "unit", "standing"]);
    for hit in hits {
        let version = hit.version;
        table.add_row([
            version.code.to_string(),
            version.name.to_string(),
            version.brands.join(", "),
            version.unit_text(),
            standing(hit.standing).to_owned(),
        ]);
    }
    print(&format!("{table}\n"))?;
    Ok(())
}
