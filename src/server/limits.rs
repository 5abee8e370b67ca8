//! Every limit of the service, with its name, its unit and the flag, variable and key that set it.
//!
//! A request above a limit is refused with the limit's value, and nothing is read beyond it.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use crate::domain::claim::MODIFIERS_PER_LINE_MAX;

/// Modifiers of one billed line or other service: as many as a claim has room for.
pub const MODIFIERS_MAX: usize = MODIFIERS_PER_LINE_MAX;

/// Violations that one answer lists; further ones are counted.
pub const VIOLATIONS_MAX: usize = 100;

/// Messages within one request, at every depth: visits, administrations, drugs, amounts. A thousand visits of six drugs
/// have forty thousand.
pub const MESSAGES_MAX: usize = 60_000;

/// Rules on one page of a listing.
pub const RULES_PAGE_MAX: u32 = 500;

/// Rules on one page where the caller names no size.
pub const RULES_PAGE_DEFAULT: u32 = 50;

/// Writes a set of limits once: its fields, its default, and the flag of each.
macro_rules! limits {
    (
        $(#[$set_doc:meta])*
        $set:ident {
            $($(#[$doc:meta])* $flag:literal $field:ident: $kind:ty = $default:expr,)*
        }
    ) => {
        $(#[$set_doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, clap::Args)]
        pub struct $set {
            $(
                $(#[$doc])*
                #[arg(long = $flag, value_name = "N", default_value_t = $default, value_parser = positive::<$kind>)]
                pub $field: $kind,
            )*
        }

        impl $set {
            $(
                #[doc = concat!("The limit with the name that its operator knows it by, `", $flag, "`.")]
                pub const fn $field(&self) -> ($kind, &'static str) {
                    (self.$field, $flag)
                }
            )*
        }

        impl Default for $set {
            fn default() -> Self {
                Self { $($field: $default),* }
            }
        }
    };
}

limits! {
    /// What one request may hold.
    RequestLimits {
        /// Administrations in one encounter.
        "limit-administrations" administrations: usize = 500,
        /// Drugs in one administration.
        "limit-drugs" drugs_per_administration: usize = 50,
        /// Entries of containers of one drug; each entry may count many equal containers.
        "limit-containers" containers_per_drug: usize = 50,
        /// Equal containers that one entry may count.
        "limit-container-count" container_count: u32 = 10_000,
        /// Pauses of one administration.
        "limit-interruptions" interruptions: usize = 50,
        /// Diagnoses of one encounter.
        "limit-diagnoses" diagnoses: usize = 50,
        /// Other services of one encounter.
        "limit-other-services" other_services: usize = 100,
        /// Lines of one billed claim.
        "limit-billed-lines" billed_lines: usize = 1_000,
        /// Visits, codes or other items of one batch.
        "limit-batch-items" batch_items: usize = 1_000,
        /// Characters of an id, such as an encounter's or an access site's name.
        "limit-id-characters" id_characters: usize = 128,
        /// Characters of a free text, such as a drug's name.
        "limit-text-characters" text_characters: usize = 256,
        /// Days between the date of service and any clock time of the encounter.
        "limit-days-from-service" days_from_service: i32 = 31,
    }
}

limits! {
    /// What the callers together may ask of the service.
    ServiceLimits {
        /// Largest message that is read, in bytes; of JSON four times as many.
        "limit-message-bytes" message_bytes: usize = 1024 * 1024,
        /// Calls that are answered at once, on all connections; further ones get RESOURCE_EXHAUSTED.
        "limit-in-flight" in_flight: usize = 256,
        /// Connections that are held open; for further ones those without a call make room.
        "limit-connections" connections: usize = 1_024,
        /// Calls that one connection may have open; further ones wait at the caller.
        "limit-streams" streams_per_connection: u32 = 200,
        /// Calls that send many items and are open at once, on all connections; further ones get RESOURCE_EXHAUSTED.
        "limit-open-streams" open_streams: usize = 128,
        /// Largest answer, in bytes; items of a batch beyond it get RESOURCE_EXHAUSTED.
        "limit-answer-bytes" answer_bytes: usize = 64 * 1024 * 1024,
        /// Bytes of all large answers that are made, or wait to be taken; calls beyond get RESOURCE_EXHAUSTED.
        "limit-answers-bytes" answers_bytes: usize = 128 * 1024 * 1024,
        /// Longest call, in seconds, whatever deadline the caller names; also how long an answer may wait to be taken.
        "limit-call-seconds" call_seconds: u64 = 30,
        /// Longest wait for the next item of a stream, in seconds, before it is ended.
        "limit-stream-idle-seconds" stream_idle_seconds: u64 = 60,
        /// Age at which a connection is closed, in seconds, so that callers spread over replicas.
        "limit-connection-age-seconds" connection_age_seconds: u64 = 1_800,
        /// How long a connection may be open without a call of somebody who may call, in seconds.
        "limit-idle-seconds" idle_seconds: u64 = 300,
        /// How long a caller may take to agree on TLS and to begin HTTP, in seconds.
        "limit-handshake-seconds" handshake_seconds: u64 = 10,
        /// How long calls in flight may go on after the process was asked to stop, in seconds.
        "limit-drain-seconds" drain_seconds: u64 = 10,
    }
}

impl RequestLimits {
    /// Minutes of one documented duration: those of the days that a clock time may lie away.
    pub fn duration_minutes(&self) -> u32 {
        const MINUTES_PER_DAY: u32 = 24 * 60;
        self.days_from_service.unsigned_abs().saturating_mul(MINUTES_PER_DAY)
    }
}

impl ServiceLimits {
    /// Streams that may be open at once: fewer than the calls, so that they never keep all others out.
    pub const fn streams_at_once(&self) -> usize {
        let others = self.in_flight.saturating_sub(1);
        if others == 0 || self.open_streams < others { self.open_streams } else { others }
    }

    /// Longest call.
    pub const fn call(&self) -> Duration {
        Duration::from_secs(self.call_seconds)
    }

    /// Age at which a connection is closed.
    pub const fn connection_age(&self) -> Duration {
        Duration::from_secs(self.connection_age_seconds)
    }

    /// Longest wait for the next item of a stream.
    pub const fn stream_idle(&self) -> Duration {
        Duration::from_secs(self.stream_idle_seconds)
    }

    /// Longest handshake.
    pub const fn handshake(&self) -> Duration {
        Duration::from_secs(self.handshake_seconds)
    }

    /// Longest drain.
    pub const fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds)
    }
}

fn positive<N>(text: &str) -> Result<N, String>
where
    N: FromStr<Err: Display> + Default + PartialOrd,
{
    let number: N = text.parse().map_err(|error: N::Err| error.to_string())?;
    if number > N::default() { Ok(number) } else { Err("give 1 or more".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_nothing_is_refused() {
        assert_eq!(positive::<usize>("1"), Ok(1));
        assert!(positive::<usize>("0").is_err());
        assert!(positive::<i32>("-1").is_err());
        assert!(positive::<u64>("many").is_err());
    }

    #[test]
    fn streams_leave_a_place_for_other_calls() {
        let streams = |in_flight| ServiceLimits { in_flight, ..ServiceLimits::default() }.streams_at_once();
        assert_eq!([256, 100, 2, 1].map(streams), [128, 99, 1, 128], "of one place a stream may have it");
        assert_eq!(RequestLimits::default().drugs_per_administration(), (50, "limit-drugs"));
    }

    #[test]
    fn a_duration_is_as_long_as_the_days_that_are_read() {
        assert_eq!(RequestLimits::default().duration_minutes(), 44_640);
    }
}
