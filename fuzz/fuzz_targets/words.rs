//! The small words of a request: codes, NDCs, dates, times, zones, amounts and quarters.
//!
//! What is read and printed reads again as the same.
#![no_main]

use std::fmt::Display;
use std::str::FromStr;

use infusion_coder::domain::code::{HcpcsCode, Modifier, Ndc};
use infusion_coder::domain::quantity::{Decimal, Quantity, Unit};
use infusion_coder::domain::quarter::Quarter;
use infusion_coder::domain::time::{self, LocalTime};
use infusion_coder::updater::posting::posting;
use infusion_coder::updater::quarter::read_quarter;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    reads_again::<HcpcsCode>(text);
    reads_again::<Modifier>(text);
    reads_again::<Ndc>(text);
    reads_again::<Decimal>(text);
    reads_again::<Unit>(text);
    reads_again::<Quarter>(text);
    if let Ok(ndc) = text.parse::<Ndc>() {
        assert_eq!(ndc.hyphenated().parse(), Ok(ndc));
    }
    if let Ok(date) = time::parse_date(text) {
        assert_eq!(date.to_string(), text);
    }
    let zone = time::parse_time_zone(text).ok();
    let read = [time::parse_local_time(text).ok(), time::parse_instant(text, zone.as_ref()).ok()];
    let times: Vec<LocalTime> = read.into_iter().flatten().collect();
    for (a, b) in times.iter().zip(times.iter().rev()) {
        std::hint::black_box(time::minutes_between(*a, *b, zone.as_ref()));
    }
    std::hint::black_box((posting(text), read_quarter(text)));
    if let Some((value, unit)) = text.split_once(' ')
        && let Ok(quantity) = Quantity::parse(value, unit)
    {
        calculated(quantity);
    }
});

fn reads_again<T: FromStr + Display + PartialEq>(text: &str) {
    if let Ok(read) = text.parse::<T>() {
        assert!(read.to_string().parse::<T>().is_ok_and(|again| again == read), "{text:?} gives {read}");
    }
}

/// Sums and quotients of an amount: nothing overflows, and rounding up is never less than rounding down.
fn calculated(quantity: Quantity) {
    std::hint::black_box((quantity.checked_add(quantity), quantity.checked_sub(quantity)));
    let one = Quantity::new(Decimal::ONE, quantity.unit);
    for (dividend, divisor) in [(quantity, one), (one, quantity)] {
        let (up, down) = (dividend.divided_rounding_up(divisor), dividend.divided_rounding_down(divisor));
        assert!(up >= down);
    }
}
