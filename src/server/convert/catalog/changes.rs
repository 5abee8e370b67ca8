//! Releases and what changed between two of them.

use super::code_version;
use crate::catalog::diff::{Change, ChangeKind};
use crate::catalog::release::{ReleaseHeader, ReleaseKind};
use crate::catalog::store::Entry;
use crate::catalog::{Catalog, CodeVersion, Lookup};
use crate::domain::time::Date;
use crate::server::pb::{self, CodeChangeKind};

/// Puts what the store says of a release into a message.
pub fn release(entry: &Entry) -> pb::Release {
    pb::Release {
        stored_time: entry.stored.map(|moment| moment.to_string()).unwrap_or_default(),
        code_count: u32::try_from(entry.codes).unwrap_or(u32::MAX),
        active: entry.active,
        ..candidate(&entry.header)
    }
}

/// Puts what a file says of the release it would be into a message: it is neither stored nor in use.
pub fn candidate(header: &ReleaseHeader) -> pb::Release {
    pb::Release {
        release: header.id.to_string(),
        quarter: header.quarter.to_string(),
        effective_date: header.quarter.first_day().to_string(),
        sha256: header.source_sha256.to_string(),
        source: header.source.to_string(),
        embedded: header.kind == ReleaseKind::Embedded,
        ..pb::Release::default()
    }
}

/// Puts a change into a message; the records stand as on the first days of the two quarters.
pub fn code_change(catalog: &Catalog, change: &Change, days: (Date, Date)) -> pb::CodeChange {
    let version = |version: &Option<CodeVersion>, day| {
        version.as_ref().and_then(|version| code_version(catalog, standing(version, day), day))
    };
    pb::CodeChange {
        kind: kind(change.kind).into(),
        code: change.code.to_string(),
        before: version(&change.before, days.0),
        after: version(&change.after, days.1),
        related_codes: change.successors.iter().map(|version| version.code.to_string()).collect(),
        text: change.to_string(),
    }
}

/// How often each kind occurs; kinds that do not occur are left out.
pub fn counts(changes: &[Change]) -> Vec<pb::CodeChangeCount> {
    let count = |of: ChangeKind| changes.iter().filter(|change| change.kind == of).count();
    ChangeKind::ALL
        .iter()
        .map(|of| pb::CodeChangeCount {
            kind: kind(*of).into(),
            count: u32::try_from(count(*of)).unwrap_or(u32::MAX),
        })
        .filter(|counted| counted.count > 0)
        .collect()
}

fn standing(version: &CodeVersion, day: Date) -> Lookup<'_> {
    if version.in_force_on(day) {
        Lookup::InForce(version)
    } else if version.added > day {
        Lookup::NotYet(version)
    } else {
        Lookup::Terminated(version)
    }
}

const fn kind(kind: ChangeKind) -> CodeChangeKind {
    match kind {
        ChangeKind::Replaced => CodeChangeKind::Replaced,
        ChangeKind::Terminated => CodeChangeKind::Terminated,
        ChangeKind::UnitChanged => CodeChangeKind::UnitChanged,
        ChangeKind::Added => CodeChangeKind::Added,
        ChangeKind::TextChanged => CodeChangeKind::TextChanged,
        ChangeKind::FactsChanged => CodeChangeKind::FactsChanged,
    }
}
