//! The immutable snapshot that every request reads.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::formulary::Formulary;
use super::record::CodeVersion;
use crate::domain::code::HcpcsCode;
use crate::domain::time::Date;

/// What the catalog says of a code on a date of service.
#[derive(Debug, Clone, Copy)]
pub enum Lookup<'a> {
    /// The version in force.
    InForce(&'a CodeVersion),
    /// The code existed, and the version that held on the date is assumed from another release.
    Assumed(&'a CodeVersion),
    /// The code had ended; its last version names the successors.
    Terminated(&'a CodeVersion),
    /// The code was not yet there.
    NotYet(&'a CodeVersion),
    Unknown,
}

impl<'a> Lookup<'a> {
    /// The version to bill by, where the code may be billed.
    pub const fn billable(self) -> Option<&'a CodeVersion> {
        match self {
            Self::InForce(version) | Self::Assumed(version) => Some(version),
            _ => None,
        }
    }
}

/// Codes, drugs and edits as of a set of releases. Immutable: a refresh builds another one.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// Names the releases the snapshot was built from, for provenance.
    pub release: Arc<str>,
    /// Versions of each code, the newest first.
    pub codes: FxHashMap<HcpcsCode, Vec<CodeVersion>>,
    pub formulary: Formulary,
}

impl Catalog {
    /// The version of a code for a date of service.
    pub fn lookup(&self, code: HcpcsCode, date: Date) -> Lookup<'_> {
        let Some(versions) = self.codes.get(&code) else { return Lookup::Unknown };
        let newest = &versions[0];
        if newest.added > date {
            return Lookup::NotYet(newest);
        }
        if !newest.in_force_on(date) {
            return Lookup::Terminated(newest);
        }
        match versions.iter().find(|version| version.effective <= date) {
            Some(version) => Lookup::InForce(version),
            None => Lookup::Assumed(versions.last().unwrap_or(newest)),
        }
    }
}
