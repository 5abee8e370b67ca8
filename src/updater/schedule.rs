//! When the service looks for new files by itself.
//!
//! The plan is a cron expression in a time zone. Each run starts a random moment later, so that many
//! services do not ask CMS in one second. The start of the last run is kept on disk: a run that was
//! missed while the service was down is made up once, however many there were.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use cronexpr::{Crontab, MakeTimestamp};
use jiff::Timestamp;

use super::desk::{Asked, Desk, Standing};
use super::memory::Memory;

/// The longest sleep before the clock is read again, so that a machine that slept or whose clock was
/// set is late by no more than this.
const NAP: Duration = Duration::from_secs(60);

/// Fields of a cron expression without its time zone.
const CRON_FIELDS: usize = 5;

/// Why a plan cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{text}` is no plan: give five cron fields, such as `0 6 * * MON-FRI`, and an IANA time zone: {reason}"
)]
pub struct ScheduleError {
    text: String,
    reason: String,
}

/// A plan for refreshes.
#[derive(Debug, Clone)]
pub struct Schedule {
    plan: Crontab,
    /// The longest random delay.
    jitter: Duration,
}

impl Schedule {
    /// Reads five cron fields, the zone they are meant in, and the longest random delay.
    ///
    /// # Errors
    /// A plan that cannot be read, or a zone that is not known.
    pub fn parse(cron: &str, zone: &str, jitter: Duration) -> Result<Self, ScheduleError> {
        let text = format!("{cron} {zone}");
        let wrong = |reason: String| ScheduleError { text: text.clone(), reason };
        if cron.split_whitespace().count() != CRON_FIELDS {
            return Err(wrong("there are not five fields".to_owned()));
        }
        let plan = cronexpr::parse_crontab(&text).map_err(|error| wrong(error.to_string()))?;
        Ok(Self { plan, jitter })
    }

    /// When the next run is due: at once where none ever ran or one was missed, and else by the plan.
    /// Nothing where the plan has no further date.
    pub fn due(&self, last: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        let Some(last) = last else { return Some(now) };
        // A last run in the future means that the clock was set back; the plan goes on from now.
        let from = MakeTimestamp(last.min(now));
        self.plan.find_next(from).ok().map(|next| next.timestamp().max(now))
    }

    /// A random part of the longest delay.
    fn delay(&self) -> Duration {
        let longest = u64::try_from(self.jitter.as_millis()).unwrap_or(u64::MAX);
        // The hasher is seeded anew each time, which is all the chance that is needed.
        Duration::from_millis(RandomState::new().hash_one(0) % longest.saturating_add(1))
    }

    /// Refreshes by the plan for as long as the service runs.
    pub async fn keep(self, desk: Arc<Desk>) {
        loop {
            let last = last_run(&desk);
            let Some(due) = self.due(last, Timestamp::now()) else {
                tracing::warn!("the plan of refreshes has no further date");
                return;
            };
            let start = due.saturating_add(jiff::SignedDuration::try_from(self.delay()).unwrap_or_default());
            let start = start.unwrap_or(due);
            tracing::info!(%start, "next refresh");
            sleep_until(start).await;
            let began = Timestamp::now();
            let mut job = desk.start(Asked::default());
            // The desk holds the sender until the refresh has ended.
            let _ = job.wait_for(|standing: &Standing| standing.ended.is_some()).await;
            remember(&desk, began);
        }
    }
}

async fn sleep_until(start: Timestamp) {
    loop {
        let left = Timestamp::now().duration_until(start);
        match Duration::try_from(left) {
            Ok(left) if !left.is_zero() => tokio::time::sleep(left.min(NAP)).await,
            _ => return,
        }
    }
}

fn last_run(desk: &Desk) -> Option<Timestamp> {
    let seconds = Memory::load(desk.keeper().folder()).last_scheduled?;
    Timestamp::from_second(seconds).ok()
}

fn remember(desk: &Desk, began: Timestamp) {
    let folder = desk.keeper().folder();
    let mut memory = Memory::load(folder);
    memory.last_scheduled = Some(began.as_second());
    if let Err(error) = memory.save(folder) {
        tracing::warn!(%error, "the time of this refresh cannot be kept; it may be repeated after a restart");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(cron: &str, zone: &str) -> Schedule {
        Schedule::parse(cron, zone, Duration::ZERO).expect("a plan")
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn the_plan_is_read_in_its_zone_across_the_clock_change() {
        let plan = plan("0 6 * * *", "America/New_York");
        let due = |last: &str, now: &str| plan.due(Some(at(last)), at(now)).map(|due| due.to_string());
        let summer = due("2026-10-31T10:00:00Z", "2026-10-31T11:00:00Z");
        assert_eq!(summer.as_deref(), Some("2026-11-01T11:00:00Z"), "six o'clock is an hour later in winter");
    }

    #[test]
    fn missed_runs_are_made_up_once_and_the_first_is_at_once() {
        let plan = plan("0 6 * * *", "UTC");
        let now = at("2026-11-24T12:00:00Z");
        assert_eq!(plan.due(None, now), Some(now));
        assert_eq!(plan.due(Some(at("2026-11-10T06:00:00Z")), now), Some(now), "two weeks are one run");
        assert_eq!(plan.due(Some(now), now), Some(at("2026-11-25T06:00:00Z")));
        assert_eq!(plan.due(Some(at("2027-06-01T00:00:00Z")), now), Some(at("2026-11-25T06:00:00Z")));
    }

    #[test]
    fn a_delay_stays_within_its_bound_and_a_wrong_plan_is_refused() {
        let plan = Schedule::parse("0 6 * * MON-FRI", "UTC", Duration::from_secs(2)).expect("a plan");
        assert!((0..200).all(|_| plan.delay() <= Duration::from_secs(2)));
        for (cron, zone) in [("0 6 * *", "UTC"), ("0 25 * * *", "UTC"), ("0 6 * * *", "Mars/Base")] {
            assert!(Schedule::parse(cron, zone, Duration::ZERO).is_err(), "{cron} {zone}");
        }
    }
}
