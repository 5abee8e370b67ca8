//! A file of CMS as it was downloaded: the archive or the file itself, and which quarter its name tells.

use std::path::{Path, PathBuf};

use anyhow::Context;
use sha2::{Digest, Sha256};

use crate::catalog::compose::{self, Readings};
use crate::catalog::release::{Release, ReleaseHeader, hex};
use crate::cms::recognise::{CmsFile, kind_of, read};
use crate::cms::workbook;
use crate::domain::quarter::Quarter;
use crate::updater::quarter::read_quarter;
use crate::updater::settings::{FeedId, Settings};
use crate::updater::unpack::{UnpackError, unpack, unpack_all};

/// What was downloaded, with the member of the archive that is read.
pub struct Posting {
    path: PathBuf,
    /// Name of the file, or of the member of the archive.
    pub name: String,
    /// SHA-256 of what was downloaded, in hexadecimal.
    pub sha256: String,
    pub file: CmsFile,
}

impl Posting {
    /// Opens a file, and of an archive the member that holds the table.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let bytes = std::fs::read(path).with_context(|| format!("{shown} cannot be read"))?;
        Self::read(path, bytes)
    }

    /// As [`Posting::open`], of bytes that were read before.
    pub fn read(path: &Path, bytes: Vec<u8>) -> anyhow::Result<Self> {
        let sha256 = hex(&Sha256::digest(&bytes));
        let (name, bytes) = if workbook::is_zip(&bytes) && !workbook::is_xlsx(&bytes) {
            table_in(&bytes).with_context(|| path.display().to_string())?
        } else {
            (file_name(path), bytes)
        };
        let file = read(&bytes).with_context(|| name.clone())?;
        Ok(Self { path: path.to_owned(), name, sha256, file })
    }

    /// The quarter that the member's name, or else the file's, tells.
    pub fn quarter(&self) -> Option<Quarter> {
        read_quarter(&self.name).or_else(|| read_quarter(&file_name(&self.path)))
    }

    /// What names the release; `quarter` where the names tell none.
    pub fn header(&self, quarter: Option<Quarter>) -> anyhow::Result<ReleaseHeader> {
        let kind = compose::release_kind(&self.file, &self.name)?;
        let quarter = quarter.or_else(|| self.quarter()).with_context(|| {
            let shown = self.path.display();
            format!("the name of {shown} tells no quarter: keep CMS's name, or give --quarter 2026Q1")
        })?;
        Ok(ReleaseHeader::new(kind, quarter, &self.name, &self.sha256))
    }

    /// The release that is stored.
    pub fn release(&self, quarter: Option<Quarter>) -> anyhow::Result<Release> {
        Ok(compose::release(self.header(quarter)?, None, &self.file, &Readings::embedded())?)
    }
}

/// The member that the rule for HCPCS archives chooses; of any other archive the newest posting that is a table.
fn table_in(archive: &[u8]) -> anyhow::Result<(String, Vec<u8>)> {
    let settings = Settings::embedded();
    let feed = settings.feed(FeedId::Hcpcs).context("no feed of HCPCS files is configured")?;
    let members = match unpack(archive, feed, None, settings.unpack) {
        Err(UnpackError::NoMember { .. }) => unpack_all(archive, settings.unpack)?,
        members => members?,
    };
    let names: Vec<String> = members.iter().map(|member| member.name.clone()).collect();
    let table = members.into_iter().find(|member| kind_of(&member.bytes).is_ok());
    let table = table.with_context(|| format!("no member is a table of CMS: {}", names.join(", ")))?;
    Ok((table.name, table.bytes))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
