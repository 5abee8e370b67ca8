//! Numbers, dates and places as text, appended to bytes.
//!
//! An answer holds some hundreds of them. The formatting of the standard library, which also pads, aligns and
//! asks for the width, costs more than the rest of such an answer; tests hold these equal to it.

use std::io::Write as _;

use crate::domain::code::Ndc;
use crate::domain::encounter::Encounter;
use crate::domain::field::Field;
use crate::domain::quantity::{Decimal, Quantity};
use crate::domain::time::{Date, LocalTime};

/// Appends a whole number.
pub fn whole(output: &mut Vec<u8>, number: i64) {
    output.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends a decimal number without trailing zeros: `705`, `0.3`.
pub fn decimal(output: &mut Vec<u8>, number: Decimal) {
    const NANOS: u64 = Decimal::ONE.nanos().unsigned_abs();
    let magnitude = number.nanos().unsigned_abs();
    if number.is_negative() {
        output.push(b'-');
    }
    output.extend_from_slice(itoa::Buffer::new().format(magnitude / NANOS).as_bytes());
    let mut fraction = magnitude % NANOS;
    let mut place = NANOS / 10;
    if fraction > 0 {
        output.push(b'.');
    }
    while fraction > 0 {
        output.push(digit(fraction / place));
        fraction %= place;
        place /= 10;
    }
}

/// Appends an amount with its unit: `705 mg`.
pub fn quantity(output: &mut Vec<u8>, quantity: Quantity) {
    decimal(output, quantity.value);
    output.push(b' ');
    output.extend_from_slice(quantity.unit.printed().as_bytes());
}

/// Appends a date: `2025-11-03`.
pub fn date(output: &mut Vec<u8>, date: Date) {
    let (Ok(year), Ok(month), Ok(day)) =
        (u64::try_from(date.year()), u64::try_from(date.month()), u64::try_from(date.day()))
    else {
        // A year before our era has a form of its own; writing to memory cannot fail.
        let _ = write!(output, "{date}");
        return;
    };
    let [y1, y2] = two_digits(year / 100);
    let [y3, y4] = two_digits(year % 100);
    let [m1, m2] = two_digits(month);
    let [d1, d2] = two_digits(day);
    output.extend_from_slice(&[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2]);
}

/// Appends the clock time, with its date only when it is not the date of service.
pub fn clock(output: &mut Vec<u8>, time: LocalTime, encounter: &Encounter) {
    if time.date() != encounter.service_date {
        date(output, time.date());
        output.push(b' ');
    }
    let of = |part: i8| two_digits(u64::from(part.unsigned_abs()));
    let ([h1, h2], [m1, m2]) = (of(time.hour()), of(time.minute()));
    output.extend_from_slice(&[h1, h2, b':', m1, m2]);
}

/// Appends a National Drug Code with hyphens, 5-4-2.
pub fn ndc(output: &mut Vec<u8>, ndc: Ndc) {
    let digits = ndc.as_str().as_bytes();
    for (part, hyphen) in [(&digits[..5], true), (&digits[5..9], true), (&digits[9..], false)] {
        output.extend_from_slice(part);
        if hyphen {
            output.push(b'-');
        }
    }
}

/// Appends a field in the names of the wire format.
pub fn path(output: &mut Vec<u8>, field: Field) {
    let name = match field {
        Field::Encounter(name) => return camel_case(output, name),
        Field::Administration(a, name) => {
            item(output, "administrations", a);
            name
        }
        Field::Drug(a, d, name) => {
            item(output, "administrations", a);
            item(output, ".drugs", d);
            name
        }
        Field::Container(a, d, c, name) => {
            item(output, "administrations", a);
            item(output, ".drugs", d);
            item(output, ".containers", c);
            name
        }
    };
    if !name.is_empty() {
        output.push(b'.');
        camel_case(output, name);
    }
}

fn item(output: &mut Vec<u8>, list: &str, index: u16) {
    output.extend_from_slice(list.as_bytes());
    output.push(b'[');
    whole(output, i64::from(index));
    output.push(b']');
}

/// Appends `dose_administered` as the wire format spells it: `doseAdministered`.
fn camel_case(output: &mut Vec<u8>, name: &str) {
    let mut begins_word = false;
    for byte in name.bytes() {
        match byte {
            b'_' => begins_word = true,
            byte => {
                output.push(if begins_word { byte.to_ascii_uppercase() } else { byte });
                begins_word = false;
            }
        }
    }
}

const fn two_digits(number: u64) -> [u8; 2] {
    [digit(number / 10 % 10), digit(number % 10)]
}

/// The digit of a number below ten.
const fn digit(number: u64) -> u8 {
    b'0' + (number % 10) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::encounter::Setting;
    use crate::domain::quantity::Unit;
    use crate::domain::time;

    fn text<T>(append: fn(&mut Vec<u8>, T), value: T) -> String {
        let mut output = Vec::new();
        append(&mut output, value);
        String::from_utf8(output).expect("text")
    }

    #[test]
    fn numbers_read_as_the_library_prints_them() {
        let numbers = [0, 1, -1, 10, 999, 1_000_000_000, 300_000_000, -1_500_000_000, 1_000_000_001];
        let numbers = numbers.into_iter().chain([123_456_789, i64::MAX, i64::MIN]);
        let powers = (0..19).map(|power| 7 * 10_i64.pow(power.min(18)) / 3);
        for number in numbers.chain(powers) {
            assert_eq!(text(whole, number), number.to_string());
            let number = Decimal::from_nanos(number);
            assert_eq!(text(decimal, number), number.to_string());
            for unit in Unit::ALL {
                let amount = Quantity::new(number, *unit);
                assert_eq!(text(quantity, amount), amount.to_string());
            }
        }
    }

    #[test]
    fn dates_and_times_read_as_the_library_prints_them() {
        for day in
            [time::date(2025, 11, 3), time::date(1, 1, 31), time::date(9999, 12, 10), time::date(-9, 2, 3)]
        {
            assert_eq!(text(date, day), day.to_string());
        }
        let visit = Encounter::new(Setting::PhysicianOffice, time::date(2025, 11, 3));
        for (given, printed) in [("2025-11-03T09:05", "09:05"), ("2025-11-04T23:59:30", "2025-11-04 23:59")] {
            let mut output = Vec::new();
            clock(&mut output, time::parse_local_time(given).expect(given), &visit);
            assert_eq!(output, printed.as_bytes());
        }
        let drug: Ndc = "50242-0053-06".parse().expect("a code");
        assert_eq!(text(ndc, drug), drug.hyphenated());
    }

    #[test]
    fn places_read_as_they_are_displayed() {
        for field in [
            Field::Encounter(""),
            Field::Encounter("documentation.order_signed"),
            Field::Administration(7, ""),
            Field::Administration(499, "access_site_"),
            Field::Drug(2, 0, "dose_administered"),
            Field::Container(0, 1, 2, "lotNumber"),
            Field::Container(65_535, 10, 100, ""),
        ] {
            assert_eq!(text(path, field), field.to_string());
        }
    }
}
