//! `import`: stores a bundle or a HCPCS file, or counts what a file holds.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use super::shelf::{StoreFlag, cms_member, read_hcpcs};
use crate::catalog::release::Bundle;
use crate::cms::hcpcs;

/// What to import.
#[derive(Debug, Args)]
pub struct Flags {
    /// A bundle written by `export`, or a HCPCS file as text, Excel or zip.
    file: PathBuf,
    /// Only read the file, and print what it holds.
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    store: StoreFlag,
}

/// Stores the release, or prints the counts of the file.
pub fn run(flags: &Flags) -> anyhow::Result<()> {
    let shown = flags.file.display();
    let bytes = std::fs::read(&flags.file).with_context(|| format!("{shown} cannot be read"))?;
    if !bytes.starts_with(b"{") {
        if flags.check {
            return check(&flags.file, bytes);
        }
        let entry = flags.store.open()?.store.put(&read_hcpcs(&flags.file)?)?;
        println!("stored {}: {} codes", entry.header.id, entry.codes);
        return Ok(());
    }
    let bundle = Bundle::verify(bytes)?;
    let release = bundle.read()?;
    if flags.check {
        println!(
            "release {}: {} codes, {} NDC rows",
            release.header.id,
            release.codes.len(),
            release.ndcs.len()
        );
        return Ok(());
    }
    let entry = flags.store.open()?.store.import(&bundle)?;
    println!("stored {}: {} codes", entry.header.id, entry.codes);
    Ok(())
}

/// Prints the counts that can be compared with any other reader's, and the problems of the file.
fn check(path: &Path, bytes: Vec<u8>) -> anyhow::Result<()> {
    let (name, bytes) = cms_member(path, bytes)?;
    let release = hcpcs::parse(&bytes).with_context(|| name.clone())?;
    println!("{name}");
    println!("codes {}", release.codes.len());
    println!("modifiers {}", release.modifiers.len());
    for prefix in ["J", "Q", "Q51"] {
        println!("{prefix} {}", release.count_of(prefix));
    }
    println!("problems {}", release.problems.count());
    for problem in &release.problems {
        println!("  {problem}");
    }
    Ok(())
}
