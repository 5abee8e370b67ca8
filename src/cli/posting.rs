//! A file of CMS as it was downloaded: the archive or the file itself, and which quarter its name tells.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};

use crate::catalog::compose::{self, Readings};
use crate::catalog::release::{Release, ReleaseHeader, ReleaseKind, hex};
use crate::cms::period::stated_quarter;
use crate::cms::recognise::{CmsFile, kind_of, read};
use crate::cms::workbook;
use crate::domain::quarter::Quarter;
use crate::updater::gate::{Candidate, Objection, objections};
use crate::updater::quarter::read_quarter;
use crate::updater::settings::{Feed, Settings};
use crate::updater::unpack::{Member, UnpackError, unpack, unpack_all};

/// What was downloaded, with the member of the archive that is read.
pub struct Posting {
    path: PathBuf,
    /// Name of the file, or of the member of the archive.
    pub name: String,
    /// SHA-256 of what was downloaded, in hexadecimal.
    pub sha256: String,
    pub file: CmsFile,
    /// The quarter that the table states of itself.
    stated: Option<Quarter>,
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
            table_in(&file_name(path), &bytes).with_context(|| path.display().to_string())?
        } else {
            (file_name(path), bytes)
        };
        let file = read(&bytes).with_context(|| name.clone())?;
        Ok(Self { path: path.to_owned(), name, sha256, file, stated: stated_quarter(&bytes) })
    }

    /// The quarter that the table states of itself, or else the member's name, or the file's.
    pub fn quarter(&self) -> Option<Quarter> {
        self.stated.or_else(|| read_quarter(&self.name)).or_else(|| read_quarter(&file_name(&self.path)))
    }

    /// Refuses a quarter that another thing contradicts: what is asked for, what the table states, what its names say.
    fn settle_quarter(&self, asked: Option<Quarter>) -> anyhow::Result<()> {
        let file = file_name(&self.path);
        let told = [
            (asked, "--quarter".to_owned()),
            (self.stated, format!("{} itself", self.name)),
            (read_quarter(&self.name), format!("the name {}", self.name)),
            (read_quarter(&file), format!("the name {file}")),
        ];
        let mut told = told.into_iter().filter_map(|(quarter, by)| Some((quarter?, by)));
        let Some((first, by)) = told.next() else { return Ok(()) };
        match told.find(|(quarter, _)| *quarter != first) {
            Some((other, contradicts)) => {
                bail!(
                    "{by} says {first} and {contradicts} says {other}: find out which is right, and rename the file"
                )
            }
            None => Ok(()),
        }
    }

    /// Why the gate of the updater would refuse the release beside what is held of its quarter or of the last one before;
    /// nothing for kinds that it does not fetch.
    pub fn objections(&self, release: &Release, held: Option<&Release>) -> Vec<Objection> {
        let settings = Settings::embedded();
        let Some(feed) = feed_of(&settings, release.header.kind) else { return Vec::new() };
        let (member, problems) = (self.name.as_str(), self.file.problems());
        let candidate =
            Candidate { feed, release, member, problems, held, stated: self.stated, current: None };
        objections(candidate, &settings.gate)
    }

    /// What names the release; `quarter` where the names tell none.
    pub fn header(&self, quarter: Option<Quarter>) -> anyhow::Result<ReleaseHeader> {
        let kind = compose::release_kind(&self.file, &self.name)?;
        self.settle_quarter(quarter)?;
        let settings = Settings::embedded();
        let is_other =
            |feed: &Feed| feed.member.matches(&self.name) && feed.member_ignored.matches(&self.name);
        if let Some(feed) = feed_of(&settings, kind).filter(|feed| is_other(feed)) {
            bail!(
                "{} is no file of {}: CMS posts it beside that one, and nothing of it is stored",
                self.name,
                feed.title
            );
        }
        let quarter = quarter.or_else(|| self.quarter()).with_context(|| {
            let shown = self.path.display();
            format!("{shown} tells no quarter, in itself or in its name: give it, as --quarter 2026Q1")
        })?;
        Ok(ReleaseHeader::new(kind, quarter, &self.name, &self.sha256))
    }

    /// The release that is stored.
    pub fn release(&self, quarter: Option<Quarter>) -> anyhow::Result<Release> {
        Ok(compose::release(self.header(quarter)?, None, &self.file, &Readings::embedded())?)
    }
}

/// Whether the gate knows what a release of a kind must look like.
pub fn is_judged(kind: ReleaseKind) -> bool {
    feed_of(&Settings::embedded(), kind).is_some()
}

/// How one feed is told from the others.
fn feed_of(settings: &Settings, kind: ReleaseKind) -> Option<&Feed> {
    settings.feeds.iter().find(|feed| feed.id.release_kind() == kind)
}

/// The member that the rule of a feed chooses; of an archive that no feed knows the newest posting that is a table.
fn table_in(file: &str, archive: &[u8]) -> anyhow::Result<(String, Vec<u8>)> {
    let settings = Settings::embedded();
    let mut known: Vec<(&Feed, Vec<Member>)> = Vec::new();
    for feed in &settings.feeds {
        match unpack(archive, feed, read_quarter(file), settings.unpack) {
            Err(UnpackError::NoMember { .. }) => {}
            members => known.push((feed, members?)),
        }
    }
    if known.len() > 1 {
        // The name of the archive tells which of its tables it is posted for.
        known.retain(|(feed, _)| feed.link.matches(file) && !feed.link_ignored.matches(file));
        if known.len() != 1 {
            bail!("the archive holds files of several kinds: take out the one to import");
        }
    }
    let members = match known.pop() {
        Some((_, members)) => members,
        None => unpack_all(archive, settings.unpack)?,
    };
    let names: Vec<String> = members.iter().map(|member| member.name.clone()).collect();
    let table = members.into_iter().find(|member| kind_of(&member.bytes).is_ok());
    let table = table.with_context(|| format!("no member is a table of CMS: {}", names.join(", ")))?;
    Ok((table.name, table.bytes))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
