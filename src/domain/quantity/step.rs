//! What divides several amounts, so that every sum of them is a multiple of it.

use super::{Measure, Quantity};

/// The measure of some amounts and what divides each of them in its base; nothing where they are of several measures or
/// none is above zero.
pub fn common_step(amounts: &[Quantity]) -> Option<(Measure, i128)> {
    let measure = amounts.first()?.unit.measure();
    if amounts.iter().any(|amount| amount.unit.measure() != measure) {
        return None;
    }
    let step = amounts.iter().map(|amount| amount.in_base()).filter(|base| *base > 0).fold(0, common_divisor);
    (step > 0).then_some((measure, step))
}

/// The greatest common divisor of two numbers, of which one may be zero.
pub fn common_divisor(a: i128, b: i128) -> i128 {
    match (u64::try_from(a), u64::try_from(b)) {
        (Ok(a), Ok(b)) => i128::from(common_divisor_of_words(a, b)),
        _ if b == 0 => a,
        _ => common_divisor(b, a % b),
    }
}

/// The same of two machine words.
pub fn common_divisor_of_words(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { common_divisor_of_words(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_divides_every_amount_of_one_measure() {
        let amounts = |texts: &[(&str, &str)]| -> Vec<Quantity> {
            texts.iter().map(|(value, unit)| Quantity::parse(value, unit).expect("an amount")).collect()
        };
        let milligram = 1_000_000_000_000_000;
        let step = |texts: &[(&str, &str)]| common_step(&amounts(texts));
        assert_eq!(step(&[("500", "mg"), ("0.1", "g")]), Some((Measure::Mass, 100 * milligram)));
        assert_eq!(step(&[("0", "mg"), ("7", "mg")]), Some((Measure::Mass, 7 * milligram)));
        assert_eq!(step(&[("0", "mg")]), None);
        assert_eq!(step(&[("5", "mg"), ("1", "mL")]), None);
        assert_eq!(step(&[]), None);
    }
}
