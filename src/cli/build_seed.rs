//! `build-seed`: a maintainer writes the embedded table of facts anew from CMS files.

use std::path::PathBuf;

use clap::Args;

use super::posting::Posting;
use super::print;
use crate::catalog::compose::Readings;
use crate::catalog::compose::seed::{Source, seed};

/// What to read and where to write.
#[derive(Debug, Args)]
pub struct Flags {
    /// Files of CMS of any kinds and quarters, named as CMS names them: HCPCS codes, payment limits, NDC
    /// crosswalks, Addendum B and the edits.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Folder of the seed's tables.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Writes every table; nothing of the table before is kept.
pub fn run(flags: &Flags) -> anyhow::Result<()> {
    let mut sources = Vec::new();
    for path in &flags.files {
        let posting = Posting::open(path)?;
        sources.push(Source { header: posting.header(None)?, file: posting.file });
    }
    let release = seed(&sources, &Readings::embedded())?;
    std::fs::create_dir_all(&flags.out)?;
    for (name, text) in release.write_tables().into_iter().filter(|(name, _)| *name != "descriptors") {
        std::fs::write(flags.out.join(format!("{name}.csv")), text)?;
    }
    let quarter = release.header.quarter;
    std::fs::write(flags.out.join("QUARTER"), format!("{quarter}\n"))?;
    print(&format!("{} versions of codes as of {quarter}\n", release.codes.len()))?;
    Ok(())
}
