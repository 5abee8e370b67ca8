//! What the commands of the catalog share: the store's folder, dates and tables.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::{Args, ValueEnum};
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Value, json};

use crate::catalog::Catalog;
use crate::catalog::record::CodeVersion;
use crate::catalog::snapshot::Lookup;
use crate::catalog::store::{Library, Opened, Recovery, Store, StoreError};
use crate::domain::time::{Date, parse_date};

/// How an answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    #[default]
    Text,
    Json,
}

/// Where the releases are kept.
#[derive(Debug, Clone, Args)]
pub struct StoreFlag {
    /// Folder of the store; without it the user's data folder, and where that has none, the embedded catalog. A store
    /// that is named must be there, unless the command makes it.
    #[arg(long, value_name = "DIR", env = "INFUSION_CODER_STORE")]
    pub store: Option<PathBuf>,
}

impl StoreFlag {
    /// The folder to open, whether or not there is a store in it yet.
    pub fn folder(&self) -> anyhow::Result<PathBuf> {
        let named =
            |variable| std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
        self.store
            .clone()
            .or_else(|| named("XDG_DATA_HOME").map(|data| data.join("infusion-coder/store")))
            .or_else(|| named("HOME").map(|home| home.join(".local/share/infusion-coder/store")))
            .context("no folder for the store is known: give one with --store")
    }

    /// Opens the store that is there; a command that only reads makes none.
    pub fn open_existing(&self) -> anyhow::Result<Opened> {
        let folder = self.existing_folder()?;
        let opened = Store::open(&folder)?;
        tell_recovery(&folder, &opened.recovery);
        Ok(opened)
    }

    /// The folder of the store that is there.
    pub fn existing_folder(&self) -> anyhow::Result<PathBuf> {
        let folder = self.folder()?;
        if Store::is_in(&folder) { Ok(folder) } else { Err(no_store(&folder)) }
    }

    /// The library that a server answers from and adds to, with what its operator wants to hear of it: the store, made
    /// where there is none yet. A store that was not named and is held by another process leaves the embedded release.
    pub fn library(&self) -> anyhow::Result<(Library, String)> {
        let without_store = |reason: &dyn std::fmt::Display| {
            Ok((Library::embedded(), format!("serving the embedded catalog without a store: {reason}")))
        };
        let folder = match self.folder() {
            Ok(folder) => folder,
            Err(error) => return without_store(&error),
        };
        match Library::open(&folder) {
            Ok((library, recovery)) => {
                Ok((library, format!("the store is {}{}", folder.display(), recovery.remark())))
            }
            Err(error @ StoreError::Locked { .. }) if self.store.is_none() => without_store(&error),
            Err(error) => Err(error.into()),
        }
    }

    /// What is held: the store, or the embedded release where none was named and there is none. One that was named and
    /// is not there is an error, since a slip of the pen, or a disk that is not mounted, would bill from other codes. One
    /// that was not named and is held by a running service leaves the embedded release, and says so.
    pub fn held(&self) -> anyhow::Result<Library> {
        let folder = match (self.existing_folder(), &self.store) {
            (Ok(folder), _) => folder,
            (Err(error), Some(_)) => return Err(error),
            (Err(_), None) => return Ok(Library::embedded()),
        };
        match Library::open(&folder) {
            Ok((library, recovery)) => {
                tell_recovery(&folder, &recovery);
                Ok(library)
            }
            Err(error @ StoreError::Locked { .. }) if self.store.is_none() => {
                tell!("answering from the embedded catalog: {error}");
                Ok(Library::embedded())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The catalog of what is held.
    pub fn catalog(&self) -> anyhow::Result<Arc<Catalog>> {
        self.held()?.catalog().context("the catalog is not loaded")
    }
}

fn no_store(folder: &Path) -> anyhow::Error {
    let shown = folder.display();
    anyhow::anyhow!("there is no store in {shown}: check the path; `update` and `import` make one")
}

/// What damage took away changes the answer, so whoever asks is told.
fn tell_recovery(folder: &Path, recovery: &Recovery) {
    let remark = recovery.remark();
    if !remark.is_empty() {
        tell!("the store is {}{remark}", folder.display());
    }
}

/// The date of service asked for, or today.
pub fn date_or_today(flag: &str, text: Option<&str>) -> anyhow::Result<Date> {
    match text {
        Some(text) => parse_date(text).with_context(|| format!("{flag} {text}")),
        None => Ok(jiff::Zoned::now().date()),
    }
}

/// A table for the terminal with a header.
pub fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header);
    table
}

/// How a code stands to the date.
pub const fn standing(lookup: Lookup<'_>) -> &'static str {
    match lookup {
        Lookup::InForce(_) => "in force",
        Lookup::Assumed(_) => "assumed",
        Lookup::Terminated(_) => "terminated",
        Lookup::NotYet(_) => "not yet",
        Lookup::Unknown => "unknown",
    }
}

/// A version as JSON, with the names of the API.
pub fn version_json(version: &CodeVersion) -> Value {
    json!({
        "code": version.code,
        "name": &*version.name,
        "brands": version.brands,
        "billingUnit": version.billing.ok().map(|unit| json!({
            "value": unit.quantity.value,
            "unit": unit.quantity.unit,
            "form": unit.form.as_str(),
        })),
        "noUnitReason": version.billing.err().map(|reason| reason.as_str()),
        "addedDate": version.added.to_string(),
        "effectiveDate": version.effective.to_string(),
        "terminationDate": version.terminated.map(|day| day.to_string()),
        "flags": version.flags.to_string(),
        "referenceProduct": version.reference_product.as_deref(),
        "referenceCodes": version.reference_codes,
        "successorCodes": version.successors,
        "source": &*version.source,
    })
}
