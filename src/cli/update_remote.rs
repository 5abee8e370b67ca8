//! `update --server`: asks a running service to refresh, and follows it to its end.

use anyhow::{Context, bail};

use super::remote::Remote;
use crate::server::pb::{self, RefreshState};
use crate::updater::refresh::Outcome;

/// Starts the refresh, prints each step, and answers how it ended, and whether a table beside the codes was left out.
///
/// # Errors
/// A service that does not answer, refuses the call or loses the refresh.
pub fn run(remote: &Remote, request: pb::StartRefreshRequest) -> anyhow::Result<(Outcome, bool)> {
    let started = remote.administer(request, async |mut admin, it| admin.start_refresh(it).await)?;
    let started = started.into_inner().refresh.context("the service named no refresh")?;
    let last = follow(remote, started)?;
    say!("{}", last.message);
    for objection in &last.objections {
        say!("objection: {objection}");
    }
    let outcome = match last.state() {
        RefreshState::Updated => Outcome::Updated,
        RefreshState::AlreadyCurrent => Outcome::AlreadyCurrent,
        RefreshState::Refused => Outcome::Refused,
        RefreshState::SourceUnreachable => Outcome::SourceUnreachable,
        RefreshState::Failed => Outcome::Failed,
        RefreshState::Running | RefreshState::Unspecified => {
            bail!("the service ended before the refresh did")
        }
    };
    Ok((outcome, !last.not_refreshed.is_empty()))
}

fn follow(remote: &Remote, started: pb::Refresh) -> anyhow::Result<pb::Refresh> {
    let watch = pb::WatchRefreshRequest { refresh_id: started.refresh_id.clone() };
    remote.administer(watch, async |mut admin, it| {
        let mut reports = admin.watch_refresh(it).await?.into_inner();
        let mut last = started;
        while let Some(report) = reports.message().await? {
            let Some(now) = report.refresh else { continue };
            if now.message != last.message && now.state() == RefreshState::Running {
                tell!("{}", now.message);
            }
            last = now;
        }
        Ok(last)
    })
}
