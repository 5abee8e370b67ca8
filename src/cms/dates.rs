//! Dates as the smaller CMS files write them.

use super::text::compact_date;
use crate::domain::time::Date;

/// Day zero of a spreadsheet's serial dates, valid from 1 March 1900 on.
const SERIAL_ZERO: Date = Date::constant(1899, 12, 30);
/// Serial numbers that are taken for dates: 1970 to 2100.
const SERIALS: std::ops::RangeInclusive<i64> = 25_569..=73_050;

/// `20260101`, `01/31/2026`, `2026-01-31` or a spreadsheet's day number.
pub(super) fn any_date(text: &str) -> Option<Date> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if digits && text.len() == 8 {
        return compact_date(text);
    }
    if digits && let Ok(serial) = text.parse::<i64>() {
        let days = jiff::Span::new().try_days(serial).ok().filter(|_| SERIALS.contains(&serial))?;
        return SERIAL_ZERO.checked_add(days).ok();
    }
    let parts: Vec<&str> = text.split(['/', '-']).collect();
    let [first, second, third] = parts.as_slice() else { return None };
    if let Some(month) = month_of(second) {
        return Date::new(four_digits(third)?, month, first.parse().ok()?).ok();
    }
    let (year, month, day) = if first.len() == 4 { (first, second, third) } else { (third, first, second) };
    if year.len() != 4 {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// The month of `01-Jan-2027`.
fn month_of(text: &str) -> Option<i8> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let index = MONTHS.iter().position(|month| text.eq_ignore_ascii_case(month))?;
    i8::try_from(index + 1).ok()
}

fn four_digits(text: &str) -> Option<i16> {
    (text.len() == 4).then(|| text.parse().ok()).flatten()
}

/// The year and the day of the year, as the edit files write them: `2026091` is 1 April 2026.
pub(super) fn ordinal_date(text: &str) -> Option<Date> {
    if text.len() != 7 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, day): (i16, i64) = (text[..4].parse().ok()?, text[4..].parse().ok()?);
    let first = Date::new(year, 1, 1).ok()?;
    let date = first.checked_add(jiff::Span::new().try_days(day - 1).ok()?).ok()?;
    (day > 0 && date.year() == year).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::date;

    #[test]
    fn every_way_of_writing_a_date_is_read() {
        for text in ["20190101", "01/01/2019", "1/1/2019", "2019-01-01", "43466", "01-Jan-2019", "1-JAN-2019"]
        {
            assert_eq!(any_date(text), Some(date(2019, 1, 1)), "{text}");
        }
        for wrong in [
            "",
            "01/0/12019",
            "2019",
            "99999999",
            "1-1-19",
            "01-Jan-19",
            "01-Jam-2019",
            "7",
            "13/01/2019",
            "99999999999999999999",
        ] {
            assert_eq!(any_date(wrong), None, "{wrong}");
        }
        assert_eq!(ordinal_date("2026091"), Some(date(2026, 4, 1)));
        assert_eq!(ordinal_date("2024366"), Some(date(2024, 12, 31)));
        for wrong in ["", "2026000", "2026366", "202609", "20260911", "9999999"] {
            assert_eq!(ordinal_date(wrong), None, "{wrong}");
        }
    }
}
