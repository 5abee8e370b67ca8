//! `build-seed`: a maintainer writes the embedded table of facts anew from CMS files.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use rustc_hash::FxHashSet;

use super::shelf::read_hcpcs;
use crate::catalog::Catalog;
use crate::catalog::record::CodeVersion;
use crate::catalog::release::{Overlay, Release};
use crate::domain::code::HcpcsCode;

/// Families of drug codes that the table holds whole; all others are left to imported files.
const FAMILIES: &[&str] = &["J", "Q", "C9", "A9"];

/// What to read and where to write.
#[derive(Debug, Args)]
pub struct Flags {
    /// HCPCS files of any quarters, as text, Excel or zip, named as CMS names them.
    #[arg(long, required = true, num_args = 1..)]
    hcpcs: Vec<PathBuf>,
    /// Folder of the seed's tables.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Writes the tables. The codes come from the files; rows that no HCPCS file holds stay as they are.
pub fn run(flags: &Flags) -> anyhow::Result<()> {
    let releases = flags.hcpcs.iter().map(|path| read_hcpcs(path)).collect::<anyhow::Result<Vec<_>>>()?;
    let quarter = releases.iter().map(|release| release.header.quarter).max().context("no file is given")?;
    // A code that later files dropped has an end that no file tells, so it is left out rather than kept alive.
    let newest = releases.iter().rfind(|release| release.header.quarter == quarter);
    let listed: FxHashSet<HcpcsCode> = newest.into_iter().flat_map(|r| &r.codes).map(|v| v.code).collect();
    let merged = Catalog::merge(&releases, &Overlay::default());
    let mut seed = Release::embedded().clone();
    let is_held = |version: &CodeVersion| FAMILIES.iter().any(|f| version.code.as_str().starts_with(f));
    let brands_before = |version: &CodeVersion| {
        seed.codes.iter().rfind(|held| held.code == version.code).map(|held| held.brands.clone())
    };
    // The newest version comes first in a catalog and last in a release.
    let mut codes: Vec<CodeVersion> = merged
        .codes
        .values()
        .flat_map(|versions| versions.iter().rev())
        .filter(|version| is_held(version) && listed.contains(&version.code))
        .map(|version| {
            let mut version = version.clone();
            let brands = brands_before(&version).filter(|brands| !brands.is_empty());
            version.brands = brands.unwrap_or(version.brands);
            version
        })
        .collect();
    codes.extend(seed.codes.iter().filter(|held| !merged.codes.contains_key(&held.code)).cloned());
    codes.sort_by_key(|version| (version.code, version.effective));
    seed.codes = codes;
    std::fs::create_dir_all(&flags.out)?;
    for (name, text) in seed.write_tables().into_iter().filter(|(name, _)| *name != "descriptors") {
        std::fs::write(flags.out.join(format!("{name}.csv")), text)?;
    }
    std::fs::write(flags.out.join("QUARTER"), format!("{quarter}\n"))?;
    println!("{} versions of codes as of {quarter}", seed.codes.len());
    Ok(())
}
