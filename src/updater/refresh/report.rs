//! What a refresh is asked to do, tells on the way, and did.

use std::time::Duration;

use serde::Serialize;

use super::super::fetch::FetchError;
use super::super::gate::Objection;
use super::super::settings::FeedId;
use super::super::source::{Sought, Source};
use super::super::unpack::UnpackError;
use crate::catalog::release::{Comparison, ReleaseHeader};
use crate::domain::quarter::Quarter;

/// A step of a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    Discover,
    Fetch,
    Verify,
    Unpack,
    Parse,
    Gate,
    Diff,
    Store,
    Activate,
}

impl Step {
    /// The word in progress lines, spans and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Discover => "discover",
            Self::Fetch => "fetch",
            Self::Verify => "verify",
            Self::Unpack => "unpack",
            Self::Parse => "parse",
            Self::Gate => "gate",
            Self::Diff => "diff",
            Self::Store => "store",
            Self::Activate => "activate",
        }
    }
}

/// What a refresh is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Progress {
    pub step: Step,
    pub feed: FeedId,
    /// The quarter whose file it works on, once that is known.
    pub quarter: Option<Quarter>,
    /// Progress of the step, 0 to 100, rounded down, where it is known.
    pub percent: Option<u8>,
}

/// Who is told what a refresh does.
pub trait Observer: Send + Sync {
    /// A step began or went on.
    fn progress(&self, progress: Progress);

    /// A step ended after so long.
    fn took(&self, step: Step, elapsed: Duration);
}

/// How a refresh ended. The order is that of severity: the worst of several files counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Everything that is published was held already.
    AlreadyCurrent,
    /// A new release is stored.
    Updated,
    /// The site could not be reached or understood.
    SourceUnreachable,
    /// The gate refused a release; the old one stays.
    Refused,
    /// A file was damaged, or could not be stored; the old release stays.
    Failed,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 5] =
        [Self::AlreadyCurrent, Self::Updated, Self::SourceUnreachable, Self::Refused, Self::Failed];

    /// The word in reports and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AlreadyCurrent => "already-current",
            Self::Updated => "updated",
            Self::SourceUnreachable => "source-unreachable",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// Why a file did not become a release.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    #[error("cannot discover the file of {quarter}, which is not the same as no update: {}", .notes.join("; "))]
    CannotDiscover { quarter: Quarter, notes: Vec<String> },
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Unpack(#[from] UnpackError),
    #[error("{path}: cannot be read: {reason}")]
    File { path: String, reason: String },
    #[error("{member}: cannot be read: {reason}")]
    Parse { member: String, reason: String },
    #[error("the release of {quarter} is refused; use --accept with a reason to take it all the same: {}",
        .objections.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Refused { quarter: Quarter, objections: Vec<Objection> },
    #[error("the release of {quarter} cannot be stored, and the old one stays in use: {reason}")]
    Store { quarter: Quarter, reason: String },
}

impl RefreshError {
    pub(super) const fn outcome(&self) -> Outcome {
        match self {
            Self::CannotDiscover { .. } | Self::Fetch(_) | Self::File { .. } => Outcome::SourceUnreachable,
            Self::Refused { .. } => Outcome::Refused,
            Self::Unpack(_) | Self::Parse { .. } | Self::Store { .. } => Outcome::Failed,
        }
    }
}

/// What one refresh is asked to do.
#[derive(Debug, Clone)]
pub struct Order {
    pub source: Source,
    pub sought: Sought,
    /// Fetch, read and judge, and store nothing.
    pub validate_only: bool,
    /// Why a release that the gate refuses is taken all the same.
    pub accept: Option<String>,
}

/// What a refresh did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// How the codes stand; a table beside them never makes it worse.
    pub outcome: Outcome,
    pub validate_only: bool,
    /// The releases stored, or that would have been.
    pub releases: Vec<ReleaseHeader>,
    /// What changed, of each release of codes.
    pub changes: Vec<Comparison>,
    /// What the gate objected to, accepted or not.
    pub objections: Vec<Objection>,
    /// The reason given for accepting them, where there was something to accept.
    pub accepted: Option<String>,
    /// What went wrong, and what was missing on the way.
    pub notes: Vec<String>,
    /// The tables beside the codes that could not be brought to what is published, or of which nobody knows.
    pub not_refreshed: Vec<FeedId>,
}

impl Report {
    pub(super) const fn new(validate_only: bool) -> Self {
        Self {
            outcome: Outcome::AlreadyCurrent,
            validate_only,
            releases: Vec::new(),
            changes: Vec::new(),
            objections: Vec::new(),
            accepted: None,
            notes: Vec::new(),
            not_refreshed: Vec::new(),
        }
    }

    /// The same without the changes of the codes, which are hundreds of texts: whoever keeps reports for long keeps these,
    /// and the change report on the disk has the rest.
    #[must_use]
    pub fn without_changes(self) -> Self {
        Self { changes: Vec::new(), ..self }
    }

    /// The result in one sentence.
    pub fn summary(&self) -> String {
        let ids: Vec<&str> = self.releases.iter().map(|header| &*header.id).collect();
        let notes = self.notes.join("; ");
        let behind: Vec<&str> = self.not_refreshed.iter().map(|feed| feed.name()).collect();
        let behind =
            if behind.is_empty() { String::new() } else { format!("; not refreshed: {}", behind.join(", ")) };
        // One file may be stored where another could not be.
        let stored = match (ids.is_empty(), self.validate_only) {
            (true, _) => String::new(),
            (false, true) => format!("would be stored: {}; ", ids.join(", ")),
            (false, false) => format!("stored: {}; ", ids.join(", ")),
        };
        match (self.outcome, self.validate_only) {
            (Outcome::AlreadyCurrent, _) if behind.is_empty() => {
                "already current: everything published is held".to_owned()
            }
            (Outcome::AlreadyCurrent, _) => format!("already current: the codes{behind}"),
            (Outcome::Updated, true) => format!("would be updated: {}{behind}", ids.join(", ")),
            (Outcome::Updated, false) => format!("updated: {}{behind}", ids.join(", ")),
            (Outcome::SourceUnreachable, _) => format!("{stored}source unreachable: {notes}"),
            (Outcome::Refused, _) => {
                format!("{stored}refused by the gate; the old release stays in use: {notes}")
            }
            (Outcome::Failed, _) => format!("{stored}failed; the old release stays in use: {notes}"),
        }
    }
}
