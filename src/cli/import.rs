//! `import`: stores a bundle, or counts what a CMS file holds.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use super::shelf::StoreFlag;
use crate::catalog::release::Bundle;
use crate::cms::hcpcs;
use crate::updater::settings::{FeedId, Settings};
use crate::updater::unpack::unpack;

/// What to import.
#[derive(Debug, Args)]
pub struct Flags {
    /// A bundle written by `export`; with --check also a HCPCS file as text, Excel or zip.
    file: PathBuf,
    /// Only read the file, and print what it holds.
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    store: StoreFlag,
}

/// Stores the bundle, or prints the counts of the file.
pub fn run(flags: &Flags) -> anyhow::Result<()> {
    let shown = flags.file.display();
    let bytes = std::fs::read(&flags.file).with_context(|| format!("{shown} cannot be read"))?;
    if !bytes.starts_with(b"{") {
        if !flags.check {
            bail!("{shown} is no bundle: `update` fetches and stores CMS files, --check only reads this one")
        }
        return check(&flags.file, bytes);
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
    let is_archive = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip"));
    let (name, bytes) = if is_archive {
        let settings = Settings::embedded();
        let feed = settings.feed(FeedId::Hcpcs).context("no feed of HCPCS files is configured")?;
        let members = unpack(&bytes, feed, None, settings.unpack)?;
        let member = members.into_iter().next().context("the archive holds no HCPCS file")?;
        (member.name, member.bytes)
    } else {
        (path.display().to_string(), bytes)
    };
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
