//! What is asked of a refresh, from message to domain, and how it stands, from domain to message.

use super::{Path, Violations, catalog};
use crate::catalog::release::ReleaseHeader;
use crate::catalog::store::Entry;
use crate::server::pb::{self, RefreshState, RefreshStep};
use crate::updater::desk::{Asked, Standing};
use crate::updater::refresh::{Outcome, Report, Step};
use crate::updater::source::Source;

/// Characters of a request id or a reason.
const TEXT_CHARACTERS_MAX: usize = 1_000;

/// Reads a request.
///
/// # Errors
/// Every field at fault.
pub fn asked(request: pb::StartRefreshRequest) -> Result<Asked, Violations> {
    let pb::StartRefreshRequest { request_id, validate_only, source, accept_reason } = request;
    let mut violations = Violations::default();
    for (field, text) in [("requestId", &request_id), ("acceptReason", &accept_reason)] {
        if text.chars().count() > TEXT_CHARACTERS_MAX {
            let said = format!("has more than {TEXT_CHARACTERS_MAX} characters");
            violations.add(&Path::Root.field(field), said);
        }
    }
    let source = (!source.is_empty()).then(|| Source::parse(&source)).transpose();
    let source = source.unwrap_or_else(|error| {
        violations.add(&Path::Root.field("source"), error);
        None
    });
    let accept = Some(accept_reason).filter(|reason| !reason.trim().is_empty());
    if violations.list().is_empty() {
        return Ok(Asked { request_id, validate_only, source, accept });
    }
    Err(violations)
}

/// Puts a refresh into a message; `entries` are the releases held now.
pub fn refresh(standing: &Standing, entries: &[Entry]) -> pb::Refresh {
    let report = standing.ended.as_ref().and_then(|(_, result)| result.as_ref().ok());
    let stored = |header: &ReleaseHeader| {
        let held = entries.iter().find(|entry| entry.header.id == header.id);
        // What was only tried is not held, and all that is known of it is what its file says.
        held.map(catalog::release).or_else(|| standing.validate_only.then(|| catalog::candidate(header)))
    };
    pb::Refresh {
        refresh_id: standing.id.clone(),
        request_id: standing.request_id.clone(),
        state: state(standing).into(),
        step: standing.progress.map_or(RefreshStep::Unspecified, |progress| step(progress.step)).into(),
        percent: standing.progress.and_then(|progress| progress.percent).map(u32::from),
        message: message(standing),
        start_time: standing.started.to_string(),
        end_time: standing.ended.as_ref().map(|(end, _)| end.to_string()).unwrap_or_default(),
        releases: report.iter().flat_map(|report| &report.releases).filter_map(stored).collect(),
        objections: report.iter().flat_map(|report| &report.objections).map(ToString::to_string).collect(),
        validate_only: standing.validate_only,
        not_refreshed: report
            .iter()
            .flat_map(|report| &report.not_refreshed)
            .map(|it| it.name().into())
            .collect(),
    }
}

fn message(standing: &Standing) -> String {
    match (&standing.ended, standing.progress) {
        (Some((_, result)), _) => result.as_ref().map_or_else(Clone::clone, Report::summary),
        (None, Some(progress)) => {
            let quarter = progress.quarter.map(|quarter| format!(" of {quarter}")).unwrap_or_default();
            format!("{} {}{quarter}", progress.step.name(), progress.feed.name())
        }
        (None, None) => "waits for its turn".to_owned(),
    }
}

fn state(standing: &Standing) -> RefreshState {
    match standing.outcome() {
        None => RefreshState::Running,
        Some(Outcome::Updated) => RefreshState::Updated,
        Some(Outcome::AlreadyCurrent) => RefreshState::AlreadyCurrent,
        Some(Outcome::Refused) => RefreshState::Refused,
        Some(Outcome::SourceUnreachable) => RefreshState::SourceUnreachable,
        Some(Outcome::Failed) => RefreshState::Failed,
    }
}

const fn step(step: Step) -> RefreshStep {
    match step {
        Step::Discover => RefreshStep::Discover,
        Step::Fetch => RefreshStep::Fetch,
        Step::Verify => RefreshStep::Verify,
        Step::Unpack => RefreshStep::Unpack,
        Step::Parse => RefreshStep::Parse,
        Step::Gate => RefreshStep::Gate,
        Step::Diff => RefreshStep::Diff,
        Step::Store => RefreshStep::Store,
        Step::Activate => RefreshStep::Activate,
    }
}
