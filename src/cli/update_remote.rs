//! `update --server`: asks a running service to refresh, and follows it to its end.

use anyhow::{Context, bail};

use super::remote::{Admin, Remote};
use crate::server::pb::{self, RefreshState};
use crate::updater::refresh::Outcome;

/// Starts the refresh, prints each step, and answers how it ended.
///
/// # Errors
/// A service that does not answer, refuses the call or loses the refresh.
pub fn run(remote: &Remote, request: pb::StartRefreshRequest) -> anyhow::Result<Outcome> {
    let last = remote.block_on(async |admin| follow(admin, request).await)?;
    println!("{}", last.message);
    for objection in &last.objections {
        println!("objection: {objection}");
    }
    match last.state() {
        RefreshState::Updated => Ok(Outcome::Updated),
        RefreshState::AlreadyCurrent => Ok(Outcome::AlreadyCurrent),
        RefreshState::Refused => Ok(Outcome::Refused),
        RefreshState::SourceUnreachable => Ok(Outcome::SourceUnreachable),
        RefreshState::Failed => Ok(Outcome::Failed),
        RefreshState::Running | RefreshState::Unspecified => {
            bail!("the service ended before the refresh did")
        }
    }
}

async fn follow(mut admin: Admin, request: pb::StartRefreshRequest) -> anyhow::Result<pb::Refresh> {
    let said = |status: tonic::Status| anyhow::anyhow!("{}", status.message());
    let started = admin.start_refresh(request).await.map_err(said)?.into_inner();
    let mut last = started.refresh.context("the service named no refresh")?;
    let watch = pb::WatchRefreshRequest { refresh_id: last.refresh_id.clone() };
    let mut reports = admin.watch_refresh(watch).await.map_err(said)?.into_inner();
    while let Some(report) = reports.message().await.map_err(said)? {
        let Some(now) = report.refresh else { continue };
        if now.message != last.message && now.state() == RefreshState::Running {
            eprintln!("{}", now.message);
        }
        last = now;
    }
    Ok(last)
}
