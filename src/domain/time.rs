//! Civil dates and local clock times, and the exact minutes between two of them.
//!
//! The one place that names the time library, so that it can be replaced.

pub use jiff::civil::{Date, DateTime as LocalTime, date};
use jiff::tz::AmbiguousOffset;
pub use jiff::tz::TimeZone;

/// Why a text is not a date or a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    #[error("this is not a date: give it as YYYY-MM-DD, such as 2025-11-03")]
    Date,
    #[error(
        "this is not a local time: give it as YYYY-MM-DDTHH:MM, such as 2025-11-03T09:40, without an offset"
    )]
    LocalTime,
    #[error(
        "this is not a time with an offset such as 2025-11-03T09:40:00-06:00, or it is UTC and the time zone of the visit is not stated"
    )]
    Instant,
    #[error("this is not a time zone: give an IANA name such as America/Chicago")]
    TimeZone,
}

/// Reads an ISO date.
///
/// # Errors
/// [`TimeError::Date`] when the text is anything else.
pub fn parse_date(text: &str) -> Result<Date, TimeError> {
    // A visit has a date in every clock time, so the one form that is read is read digit by digit.
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else { return Err(TimeError::Date) };
    let digits = [y1, y2, y3, y4, m1, m2, d1, d2];
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(TimeError::Date);
    }
    let [y1, y2, y3, y4, m1, m2, d1, d2] = digits.map(|digit| i16::from(digit - b'0'));
    // Two digits are at most 99.
    let (month, day) = ((m1 * 10 + m2) as i8, (d1 * 10 + d2) as i8);
    Date::new(y1 * 1000 + y2 * 100 + y3 * 10 + y4, month, day).map_err(|_| TimeError::Date)
}

/// Reads a local clock time without an offset, to the minute or the second.
///
/// # Errors
/// [`TimeError::LocalTime`] when the text is anything else.
pub fn parse_local_time(text: &str) -> Result<LocalTime, TimeError> {
    const DATE_LENGTH: usize = "2025-11-03".len();
    let (day, clock) = match text.split_at_checked(DATE_LENGTH) {
        Some((day, clock)) if clock.starts_with('T') => (day, &clock[1..]),
        _ => text.split_once(['T', ' ']).ok_or(TimeError::LocalTime)?,
    };
    let day = parse_date(day).map_err(|_| TimeError::LocalTime)?;
    // The form that nearly every record has is read digit by digit.
    if let &[h1 @ b'0'..=b'9', h2 @ b'0'..=b'9', b':', m1 @ b'0'..=b'9', m2 @ b'0'..=b'9'] = clock.as_bytes()
    {
        // Two digits are at most 99.
        let [hour, minute] =
            [[h1, h2], [m1, m2]].map(|[tens, ones]| ((tens - b'0') * 10 + ones - b'0') as i8);
        let time = jiff::civil::Time::new(hour, minute, 0, 0);
        return time.map(|time| day.to_datetime(time)).map_err(|_| TimeError::LocalTime);
    }
    let mut parts = clock.split(':').map(|part| match part.len() {
        2 if part.bytes().all(|b| b.is_ascii_digit()) => part.parse::<i8>().ok(),
        _ => None,
    });
    let (hour, minute) = (parts.next().flatten(), parts.next().flatten());
    let second = parts.next().unwrap_or(Some(0));
    match (hour, minute, second, parts.next()) {
        (Some(hour), Some(minute), Some(second), None) => jiff::civil::Time::new(hour, minute, second, 0)
            .map(|time| day.to_datetime(time))
            .map_err(|_| TimeError::LocalTime),
        _ => Err(TimeError::LocalTime),
    }
}

/// Reads a time with an offset as local clock time: in `zone` where it is given, else as the clock that
/// wrote it showed. UTC without a zone is refused, because it tells no local time.
///
/// # Errors
/// [`TimeError::Instant`] when the text is no such time.
pub fn parse_instant(text: &str, zone: Option<&TimeZone>) -> Result<LocalTime, TimeError> {
    let instant = zone.zip(text.parse::<jiff::Timestamp>().ok());
    instant
        .map(|(zone, instant)| zone.to_datetime(instant))
        .or_else(|| text.parse().ok())
        .ok_or(TimeError::Instant)
}

/// Finds a time zone by its IANA name.
///
/// # Errors
/// [`TimeError::TimeZone`] when the database has no such name.
pub fn parse_time_zone(name: &str) -> Result<TimeZone, TimeError> {
    TimeZone::get(name).map_err(|_| TimeError::TimeZone)
}

/// Whole minutes from `start` to `stop`, rounded **down**; negative when `stop` is earlier.
///
/// With a zone the clock change of a daylight-saving night counts as it was lived. A time that
/// occurs twice is read as its first occurrence for a start and its second for a stop only when
/// the pair would otherwise run backwards.
pub fn minutes_between(start: LocalTime, stop: LocalTime, zone: Option<&TimeZone>) -> i64 {
    let Some(zone) = zone else {
        return (civil_seconds(stop) - civil_seconds(start)).div_euclid(60);
    };
    let first = |time| zone.to_ambiguous_timestamp(time).compatible();
    let last = |time| zone.to_ambiguous_timestamp(time).later();
    match (first(start), first(stop)) {
        (Ok(from), Ok(to)) if to >= from => to.duration_since(from).as_secs().div_euclid(60),
        (Ok(from), Ok(_)) => last(stop).map_or(0, |to| to.duration_since(from).as_secs().div_euclid(60)),
        _ => 0,
    }
}

/// The clock time so many minutes later, or earlier when negative; clock changes are not followed.
pub fn plus_minutes(time: LocalTime, minutes: i64) -> LocalTime {
    time.saturating_add(jiff::SignedDuration::from_mins(minutes))
}

/// The clock time so many minutes of flow before a stop.
///
/// With a zone the minutes count as they were lived, and a stop that occurs twice is read as its first
/// occurrence, as [`Clock::seconds`] reads it.
pub fn before(stop: LocalTime, minutes: u32, zone: Option<&TimeZone>) -> LocalTime {
    let lived = jiff::SignedDuration::from_mins(i64::from(minutes));
    let instant = zone.and_then(|zone| {
        let stop = zone.to_ambiguous_timestamp(stop).compatible().ok()?;
        Some(zone.to_datetime(stop.checked_sub(lived).ok()?))
    });
    instant.unwrap_or_else(|| stop.saturating_sub(lived))
}

/// How often a clock showed a time on the night on which it was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    Once,
    Twice,
    Never,
}

/// Places the local times of one visit on a single line of seconds.
///
/// Where the offset of the zone is the same at both ends of the visit, the civil difference is exact
/// and cheap; a visit across a clock change asks the zone for every time.
#[derive(Debug, Clone, Copy)]
pub struct Clock<'a> {
    origin: LocalTime,
    /// Seconds of the origin's day that had gone by.
    origin_seconds: i64,
    zone: Option<&'a TimeZone>,
    crosses_change: bool,
}

impl<'a> Clock<'a> {
    /// A clock for a visit between two times.
    pub fn new(zone: Option<&'a TimeZone>, earliest: LocalTime, latest: LocalTime) -> Self {
        // An end that the clock skipped or showed twice has no one offset, and is left to the zone too.
        let offset = |zone: &TimeZone, time| match zone.to_ambiguous_timestamp(time).offset() {
            AmbiguousOffset::Unambiguous { offset } => Some(offset),
            _ => None,
        };
        let crosses_change = zone.is_some_and(|zone| {
            let first = offset(zone, earliest);
            first.is_none() || first != offset(zone, latest)
        });
        Self { origin: earliest, origin_seconds: clock_seconds(earliest), zone, crosses_change }
    }

    /// Seconds from the origin of the visit; a time that occurs twice is read as the first one.
    #[inline]
    pub fn seconds(&self, time: LocalTime) -> i64 {
        match self.zone {
            Some(zone) if self.crosses_change => self.by_zone(zone, time),
            _ => self.by_calendar(time),
        }
    }

    #[cold]
    fn by_zone(&self, zone: &TimeZone, time: LocalTime) -> i64 {
        let read = |time| zone.to_ambiguous_timestamp(time).compatible();
        match (read(self.origin), read(time)) {
            (Ok(origin), Ok(time)) => time.duration_since(origin).as_secs(),
            // Only the ends of the calendar have no timestamp; the civil difference serves there.
            _ => self.by_calendar(time),
        }
    }

    /// The civil difference; nearly every time lies on the date of the origin.
    #[inline]
    fn by_calendar(&self, time: LocalTime) -> i64 {
        if time.date() == self.origin.date() {
            clock_seconds(time) - self.origin_seconds
        } else {
            civil_seconds(time) - civil_seconds(self.origin)
        }
    }

    /// Whether the clock was set forward or back during the visit, so that a time may have two readings or none.
    pub const fn crosses_change(&self) -> bool {
        self.crosses_change
    }

    /// How often a clock showed a time.
    pub fn shown(&self, time: LocalTime) -> Shown {
        let Some(zone) = self.zone.filter(|_| self.crosses_change) else { return Shown::Once };
        match zone.to_ambiguous_timestamp(time).offset() {
            AmbiguousOffset::Unambiguous { .. } => Shown::Once,
            AmbiguousOffset::Fold { .. } => Shown::Twice,
            AmbiguousOffset::Gap { .. } => Shown::Never,
        }
    }

    /// Every span that a start and a stop may mean where the clock changed, the shortest and earliest first.
    pub fn spans(&self, start: LocalTime, stop: LocalTime) -> Vec<(i64, i64)> {
        let readings = |time| {
            let zone = self.zone.filter(|_| self.crosses_change);
            let both = zone.and_then(|zone| {
                let origin = zone.to_ambiguous_timestamp(self.origin).compatible().ok()?;
                let read = |time: jiff::Timestamp| time.duration_since(origin).as_secs();
                let earlier = zone.to_ambiguous_timestamp(time).earlier().ok()?;
                let later = zone.to_ambiguous_timestamp(time).later().ok()?;
                Some([read(earlier), read(later)])
            });
            both.unwrap_or_else(|| [self.by_calendar(time); 2])
        };
        let stops = readings(stop);
        let pairs = readings(start).into_iter().flat_map(|from| stops.map(|to| (from, to)));
        let mut spans: Vec<(i64, i64)> = pairs.filter(|(from, to)| to >= from).collect();
        spans.sort_by_key(|(from, to)| (to - from, *from));
        spans.dedup();
        spans
    }

    /// Start and stop in seconds. A stop that lies before the start is read as the second of two
    /// occurrences where the clock was set back; it stays before the start otherwise.
    pub fn span(&self, start: LocalTime, stop: LocalTime) -> (i64, i64) {
        let (from, to) = (self.seconds(start), self.seconds(stop));
        let Some(zone) = self.zone.filter(|_| to < from) else { return (from, to) };
        let first = zone.to_ambiguous_timestamp(start).compatible();
        let second = zone.to_ambiguous_timestamp(stop).later();
        match (first, second) {
            (Ok(first), Ok(second)) if second >= first => {
                (from, from + second.duration_since(first).as_secs())
            }
            _ => (from, to),
        }
    }
}

/// Whole seconds of a civil time from a fixed day, by the calendar alone; parts of a second are left out.
///
/// The difference of two is that of the time library, which counts it field by field.
fn civil_seconds(time: LocalTime) -> i64 {
    day_number(time.date()) * 86_400 + clock_seconds(time)
}

/// Whole seconds since midnight.
fn clock_seconds(time: LocalTime) -> i64 {
    i64::from(time.hour()) * 3_600 + i64::from(time.minute()) * 60 + i64::from(time.second())
}

/// Days from a fixed day of the Gregorian calendar, whose leap years repeat every 400 years of 146,097 days.
fn day_number(date: Date) -> i64 {
    let month = i64::from(date.month());
    // A year that begins in March has its leap day at its end.
    let year = i64::from(date.year()) - i64::from(month <= 2);
    let months_past_march = (month + 9) % 12;
    // The months from March on have 31, 30, 31, 30, 31 days, and so again: 153 in five.
    let day_of_year = (153 * months_past_march + 2) / 5 + i64::from(date.day());
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> LocalTime {
        parse_local_time(text).expect(text)
    }

    #[test]
    fn texts_that_are_not_times_are_refused() {
        for wrong in ["", "2025-13-01", "2025-1-1", "20251101", "2025-02-30"] {
            assert!(parse_date(wrong).is_err(), "{wrong}");
        }
        for wrong in [
            "2025-11-03",
            "2025-11-03T9:40",
            "2025-11-03T09:40Z",
            "2025-11-03T24:00",
            "2025-11-03T09:40:00:1",
        ] {
            assert!(parse_local_time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn minutes_follow_the_clock_change() {
        let zone = parse_time_zone("America/Chicago").expect("a zone");
        let fall = (at("2025-11-02T00:30"), at("2025-11-02T03:00"));
        assert_eq!(minutes_between(fall.0, fall.1, None), 150);
        assert_eq!(minutes_between(fall.0, fall.1, Some(&zone)), 210);
        let spring = (at("2025-03-09T01:30"), at("2025-03-09T03:30"));
        assert_eq!(minutes_between(spring.0, spring.1, Some(&zone)), 60);
    }

    #[test]
    fn a_start_is_counted_back_from_the_stop_as_it_was_lived() {
        let zone = parse_time_zone("America/Chicago").expect("a zone");
        assert_eq!(before(at("2025-04-01T00:10"), 40, Some(&zone)), at("2025-03-31T23:30"));
        // The hour from 01:00 was lived twice, so the infusion began on this side of midnight.
        let stop = at("2025-11-02T02:30");
        assert_eq!(before(stop, 200, None), at("2025-11-01T23:10"));
        assert_eq!(before(stop, 200, Some(&zone)), at("2025-11-02T00:10"));
        assert_eq!(before(at("2025-11-02T01:10"), 75, Some(&zone)), at("2025-11-01T23:55"));
        // The hour from 02:00 was skipped.
        assert_eq!(before(at("2025-03-09T03:10"), 150, Some(&zone)), at("2025-03-08T23:40"));
        assert_eq!(before(LocalTime::MIN, 1, Some(&zone)), LocalTime::MIN);
    }

    #[test]
    fn midnight_is_an_ordinary_minute() {
        assert_eq!(minutes_between(at("2025-11-03T23:30"), at("2025-11-04T00:45"), None), 75);
        assert_eq!(minutes_between(at("2025-11-03T10:00"), at("2025-11-03T09:00"), None), -60);
    }

    #[test]
    fn civil_seconds_are_those_of_the_time_library() {
        let origin = at("2024-02-28T23:59:59");
        let mut time = date(1896, 1, 1).at(0, 0, 0, 0);
        while time.year() < 2205 {
            let expected = time.duration_since(origin).as_secs();
            assert_eq!(civil_seconds(time) - civil_seconds(origin), expected, "{time}");
            time = plus_minutes(time, 60 * 24 + 61);
        }
        let ends = (LocalTime::MIN, LocalTime::MAX);
        let whole = ends.1.duration_since(ends.0).as_secs();
        assert_eq!(civil_seconds(ends.1) - civil_seconds(ends.0), whole);
    }

    #[test]
    fn a_time_that_was_shown_twice_or_never_has_several_spans() {
        let zone = parse_time_zone("America/New_York").expect("a zone");
        let lengths = |start: &str, stop: &str| -> Vec<i64> {
            let (start, stop) = (at(start), at(stop));
            let (midnight, last) = (start.date().at(0, 0, 0, 0), start.date().at(23, 59, 59, 0));
            let spans = Clock::new(Some(&zone), midnight, last).spans(start, stop);
            let mut lengths: Vec<i64> = spans.iter().map(|(from, to)| (to - from) / 60).collect();
            lengths.dedup();
            lengths
        };
        assert_eq!(lengths("2025-11-02T01:10", "2025-11-02T02:20"), [70, 130]);
        assert_eq!(lengths("2025-11-02T00:30", "2025-11-02T01:10"), [40, 100]);
        assert_eq!(lengths("2025-11-02T01:10", "2025-11-02T01:40"), [30, 90]);
        assert_eq!(lengths("2025-11-02T01:50", "2025-11-02T01:20"), [30]);
        assert_eq!(lengths("2025-11-02T00:30", "2025-11-02T02:00"), [150]);
        assert_eq!(lengths("2025-03-09T02:15", "2025-03-09T03:35"), [20, 80]);
        assert!(lengths("2025-11-03T10:00", "2025-11-03T09:00").is_empty());
    }

    #[test]
    fn a_clock_follows_the_zone_only_where_it_changes() {
        let zone = parse_time_zone("America/Chicago").expect("a zone");
        let (start, stop) = (at("2025-11-02T00:30"), at("2025-11-02T03:00"));
        assert_eq!(Clock::new(Some(&zone), start, stop).span(start, stop), (0, 210 * 60));
        assert_eq!(Clock::new(None, start, stop).span(start, stop), (0, 150 * 60));
        let (before, after) = (at("2025-11-02T01:50"), at("2025-11-02T01:20"));
        assert_eq!(Clock::new(Some(&zone), after, before).span(before, after), (30 * 60, 60 * 60));
        let (first, second) = (at("2025-11-03T10:00"), at("2025-11-03T09:00"));
        assert_eq!(Clock::new(Some(&zone), second, first).span(first, second), (3600, 0));
    }
}
