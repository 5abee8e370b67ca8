//! A release: what one posting of CMS, or the embedded default, says, as rows of a few tables.
//!
//! The same rows are the seed files, the pages of the store and the lines of an exported bundle.

mod bundle;
mod comparison;
mod merge;
mod rows;
mod told;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::edits::{AddOnParent, PairKey, ProcedurePair, UnitLimit};
use super::ndc::NdcEntry;
use super::payment::{PaymentLimit, StatusIndicator};
use super::quarterly::QuarterlyTable;
use super::record::CodeVersion;
use super::text::Text;
use crate::domain::code::{HcpcsCode, Ndc};
use crate::domain::quarter::Quarter;

pub(crate) use bundle::hex;
pub use bundle::{Bundle, BundleError, Place};
pub use comparison::{Altered, ChangedCode, Comparison, EndedCode, Side, in_force};
pub use merge::Overlay;
pub(super) use merge::{Merging, merge_order};

/// What kind of file a release comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReleaseKind {
    /// The table of facts compiled into the program; merged before all others.
    Embedded,
    /// The alpha-numeric HCPCS file.
    Hcpcs,
    /// Payment limits of Part B drugs.
    Asp,
    /// Addendum B.
    Opps,
    /// Procedure-to-procedure edits.
    Ncci,
    /// Crosswalk from National Drug Codes to billing codes.
    Crosswalk,
    /// Unit limits on practitioners' claims.
    MuePractitioner,
    /// Unit limits on outpatient hospitals' claims.
    MueOutpatient,
    /// Unit limits on claims of suppliers of durable medical equipment.
    MueDme,
    /// Which primary codes support an add-on code.
    AddOnCodes,
}

impl ReleaseKind {
    /// The word that names of releases begin with.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Hcpcs => "hcpcs",
            Self::Asp => "asp",
            Self::Opps => "opps",
            Self::Ncci => "ncci",
            Self::Crosswalk => "ndc",
            Self::MuePractitioner => "mue",
            Self::MueOutpatient => "mue-outpatient",
            Self::MueDme => "mue-dme",
            Self::AddOnCodes => "add-on",
        }
    }

    /// Files that CMS posts of this kind each quarter, at most.
    pub const fn files_per_quarter(self) -> usize {
        match self {
            // Code pairs of two kinds of claims, in four parts each.
            Self::Ncci => 8,
            _ => 1,
        }
    }
}

/// Names a release and says where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseHeader {
    /// Unique and readable: kind, quarter and the first digits of the source's digest.
    pub id: Arc<str>,
    pub kind: ReleaseKind,
    pub quarter: Quarter,
    /// Name of the file, or of the embedded table.
    pub source: Box<str>,
    /// SHA-256 of the source, in hexadecimal. The same address is posted again with new content, so this decides.
    pub source_sha256: Box<str>,
}

impl ReleaseHeader {
    /// A header whose id follows from what it describes.
    pub fn new(kind: ReleaseKind, quarter: Quarter, source: &str, source_sha256: &str) -> Self {
        let name = kind.name();
        let short = source_sha256.get(..8).unwrap_or(source_sha256);
        Self {
            id: format!("{name}-{quarter}-{short}").into(),
            kind,
            quarter,
            source: source.into(),
            source_sha256: source_sha256.into(),
        }
    }
}

/// A quarterly table as its changes, and the quarters it covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes<K, T> {
    /// Ascending.
    pub quarters: Vec<Quarter>,
    pub rows: Vec<(K, Quarter, Option<T>)>,
}

impl<K, T> Default for Changes<K, T> {
    fn default() -> Self {
        Self { quarters: Vec::new(), rows: Vec::new() }
    }
}

impl<K, T> Changes<K, T> {
    /// The whole table of one quarter.
    pub fn of_quarter(quarter: Quarter, rows: impl IntoIterator<Item = (K, T)>) -> Self {
        let rows = rows.into_iter().map(|(key, row)| (key, quarter, Some(row))).collect();
        Self { quarters: vec![quarter], rows }
    }
}

impl<K: Eq + std::hash::Hash + Copy, T: PartialEq + Clone> Changes<K, T> {
    /// The whole tables of several quarters, as the changes between them.
    pub fn of_quarters(tables: impl IntoIterator<Item = (Quarter, Vec<(K, T)>)>) -> Self {
        let mut table = QuarterlyTable::default();
        for (quarter, rows) in tables {
            table.put_quarter(quarter, rows);
        }
        let rows = table.changes().map(|(key, quarter, row)| (*key, quarter, row.cloned())).collect();
        Self { quarters: table.quarters().to_vec(), rows }
    }
}

/// A posting's texts of a code, kept only where the operator imported them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptors {
    pub code: HcpcsCode,
    pub long: Text,
    pub short: Text,
}

/// One release with all of its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    pub header: ReleaseHeader,
    /// Versions of codes; of one code the oldest first. They carry no texts, which stand in `descriptors`.
    pub codes: Vec<CodeVersion>,
    pub descriptors: Vec<Descriptors>,
    pub ndcs: Vec<(Ndc, NdcEntry)>,
    pub statuses: Changes<HcpcsCode, StatusIndicator>,
    pub limits: Changes<HcpcsCode, PaymentLimit>,
    pub unit_limits: Changes<(HcpcsCode, super::edits::EditKind), UnitLimit>,
    pub add_ons: Changes<HcpcsCode, Box<[AddOnParent]>>,
    pub pairs: Changes<PairKey, ProcedurePair>,
}

impl Release {
    /// A release without rows.
    pub fn empty(header: ReleaseHeader) -> Self {
        Self {
            header,
            codes: Vec::new(),
            descriptors: Vec::new(),
            ndcs: Vec::new(),
            statuses: Changes::default(),
            limits: Changes::default(),
            unit_limits: Changes::default(),
            add_ons: Changes::default(),
            pairs: Changes::default(),
        }
    }
}
