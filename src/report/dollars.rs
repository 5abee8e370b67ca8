//! Amounts of dollars as people read them.

use crate::domain::quantity::Decimal;

/// An amount of dollars in whole cents, rounded **half up**, with its thousands apart: `176,536.51`.
///
/// Less than a cent keeps its digits, so that a small amount is not shown as nothing.
pub fn dollars(amount: Decimal) -> String {
    const NANOS_PER_CENT: u64 = 10_000_000;
    let nanos = amount.nanos().unsigned_abs();
    if (1..NANOS_PER_CENT).contains(&nanos) {
        return amount.to_string();
    }
    let cents = (nanos + NANOS_PER_CENT / 2) / NANOS_PER_CENT;
    let (whole, part) = ((cents / 100).to_string(), cents % 100);
    let mut text = String::from(if amount.is_negative() { "-" } else { "" });
    for (at, digit) in whole.char_indices() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    format!("{text}.{part:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_people_read_them() {
        for (amount, written) in [
            ("0", "0.00"),
            ("3", "3.00"),
            ("0.5", "0.50"),
            ("24.9", "24.90"),
            ("45.052", "45.05"),
            ("12.345", "12.35"),
            ("1234.5", "1,234.50"),
            ("176536.507", "176,536.51"),
            ("1000000", "1,000,000.00"),
            ("-1234.5", "-1,234.50"),
            ("0.01", "0.01"),
            ("0.0045", "0.0045"),
        ] {
            assert_eq!(dollars(amount.parse().expect("an amount")), written);
        }
    }
}
