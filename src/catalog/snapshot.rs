//! The immutable snapshot that every request reads.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::edits::{AddOnParent, EditKind, Edits, ProcedurePair, UnitLimit};
use super::formulary::Formulary;
use super::ndc::{NdcEntry, NdcTable};
use super::payment::{PaymentLimit, StatusIndicator};
use super::quarterly::{InQuarter, QuarterlyTable};
use super::record::CodeVersion;
use crate::domain::code::{HcpcsCode, Ndc};
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
    pub ndcs: NdcTable,
    /// OPPS status indicators of Addendum B.
    pub statuses: QuarterlyTable<HcpcsCode, StatusIndicator>,
    /// Part B payment limits, dollars for one billing unit.
    pub limits: QuarterlyTable<HcpcsCode, PaymentLimit>,
    pub edits: Edits,
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

    /// The codes and billing units of a package, the newest quarter first; empty when it is not known.
    pub fn ndc(&self, ndc: Ndc) -> &[NdcEntry] {
        self.ndcs.get(ndc)
    }

    /// The OPPS status indicator on a date (rule Z-09); nothing where Addendum B does not list the code.
    pub fn status_indicator(&self, code: HcpcsCode, date: Date) -> Option<InQuarter<StatusIndicator>> {
        let InQuarter { value, quarter, is_exact } = self.statuses.on(&code, date)?;
        Some(InQuarter { value: *value, quarter, is_exact })
    }

    /// The Part B payment limit of one billing unit on a date.
    pub fn asp_limit(&self, code: HcpcsCode, date: Date) -> Option<InQuarter<&PaymentLimit>> {
        self.limits.on(&code, date)
    }

    /// The medically unlikely edit of a code on a date (rule X-01); nothing where none is published.
    pub fn mue(&self, code: HcpcsCode, kind: EditKind, date: Date) -> Option<InQuarter<&UnitLimit>> {
        self.edits.unit_limits.on(&(code, kind), date)
    }

    /// The primary codes that an add-on code may follow on a date; nothing where it is no add-on code.
    pub fn add_on_parents(&self, code: HcpcsCode, date: Date) -> Option<InQuarter<&[AddOnParent]>> {
        let InQuarter { value, quarter, is_exact } = self.edits.add_ons.on(&code, date)?;
        Some(InQuarter { value, quarter, is_exact })
    }

    /// The code pair in force on a date, in this order of the columns.
    pub fn procedure_pair(
        &self,
        column1: HcpcsCode,
        column2: HcpcsCode,
        kind: EditKind,
        date: Date,
    ) -> Option<InQuarter<ProcedurePair>> {
        self.edits.pair(column1, column2, kind, date)
    }
}
