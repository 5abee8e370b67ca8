//! What the commands of the catalog share: the store's folder, dates and tables.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::{Args, ValueEnum};
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::catalog::Catalog;
use crate::catalog::compose::hcpcs_release;
use crate::catalog::record::CodeVersion;
use crate::catalog::release::{Overlay, Release, ReleaseHeader, ReleaseKind, hex};
use crate::catalog::snapshot::Lookup;
use crate::catalog::store::{Library, Opened, Store, StoreError};
use crate::cms::descriptor::Conventions;
use crate::cms::hcpcs;
use crate::domain::time::{Date, parse_date};
use crate::updater::quarter::read_quarter;
use crate::updater::settings::{FeedId, Settings};
use crate::updater::unpack::unpack;

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
    /// Folder of the store; without it the user's data folder, and where that has none, the embedded catalog.
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

    /// Opens the store, making it where there is none.
    pub fn open(&self) -> anyhow::Result<Opened> {
        Ok(Store::open(&self.folder()?)?)
    }

    /// The library that a server answers from and adds to: the store, made where there is none yet. A store
    /// that was not named and is held by another process leaves the embedded release, and says so.
    pub fn library(&self) -> anyhow::Result<Library> {
        let folder = match self.folder() {
            Ok(folder) => folder,
            Err(error) => {
                eprintln!("serving the embedded catalog without a store: {error}");
                return Ok(Library::embedded());
            }
        };
        match Library::open(&folder) {
            Ok((library, recovery)) => {
                eprintln!("the store is {}{}", folder.display(), recovery.remark());
                Ok(library)
            }
            Err(error @ StoreError::Locked { .. }) if self.store.is_none() => {
                eprintln!("serving the embedded catalog without a store: {error}");
                Ok(Library::embedded())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Everything held: the store, or the embedded release where no store was named and none is there.
    pub fn held(&self) -> anyhow::Result<Library> {
        let is_there = self.folder().is_ok_and(|folder| folder.join("db").exists());
        if self.store.is_none() && !is_there {
            return Ok(Library::embedded());
        }
        Ok(Library::open(&self.folder()?)?.0)
    }

    /// The catalog of the store, or the embedded one where no store was named and none is there.
    pub fn catalog(&self) -> anyhow::Result<Arc<Catalog>> {
        let is_there = self.folder().is_ok_and(|folder| folder.join("db").exists());
        if self.store.is_none() && !is_there {
            return Ok(Catalog::embedded());
        }
        Ok(Arc::new(Catalog::merge(&self.open()?.releases, Overlay::embedded())))
    }
}

/// The date of service asked for, or today.
pub fn date_or_today(text: Option<&str>) -> anyhow::Result<Date> {
    match text {
        Some(text) => parse_date(text).with_context(|| format!("--date {text}")),
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

/// The billing unit in words, or why there is none.
pub fn unit_text(version: &CodeVersion) -> String {
    match version.billing {
        Ok(unit) => unit.quantity.to_string(),
        Err(reason) => format!("none ({})", reason.as_str()),
    }
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

/// The HCPCS file of an archive, or the bytes themselves where they are no archive of CMS.
pub fn cms_member(path: &Path, bytes: Vec<u8>) -> anyhow::Result<(String, Vec<u8>)> {
    let is_archive = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip"));
    if !is_archive {
        return Ok((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), bytes));
    }
    let settings = Settings::embedded();
    let feed = settings.feed(FeedId::Hcpcs).context("no feed of HCPCS files is configured")?;
    let members = unpack(&bytes, feed, None, settings.unpack)?;
    let member = members.into_iter().next().context("the archive holds no HCPCS file")?;
    Ok((member.name, member.bytes))
}

/// A HCPCS file as a release, of the quarter that its name tells.
pub fn read_hcpcs(path: &Path) -> anyhow::Result<Release> {
    let shown = path.display();
    let bytes = std::fs::read(path).with_context(|| format!("{shown} cannot be read"))?;
    let digest = hex(&Sha256::digest(&bytes));
    let (name, bytes) = cms_member(path, bytes)?;
    let file_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let quarter = read_quarter(&name).or_else(|| read_quarter(&file_name));
    let quarter =
        quarter.with_context(|| format!("the name of {shown} tells no quarter: keep CMS's name"))?;
    let parsed = hcpcs::parse(&bytes).with_context(|| name.clone())?;
    let header = ReleaseHeader::new(ReleaseKind::Hcpcs, quarter, &name, &digest);
    Ok(hcpcs_release(header, &parsed, &Conventions::embedded()))
}
