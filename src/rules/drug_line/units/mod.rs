//! From an administered dose to whole billing units (rules U-01..U-17).

mod billed;
mod components;
pub mod convert;
mod dispensed;
mod events;
mod records;
pub(in crate::rules) mod strength;
mod unopened;
mod vials;

use crate::domain::billing::{BillingUnit, NoUnitReason, UnitForm};
use crate::domain::quantity::{Measure, Quantity};
use crate::policy::parameters::UnitRounding;
use convert::{AmountError, LastPlace, Strength};

pub(in crate::rules::drug_line) use billed::bill;
pub use billed::{Billed, Counting, Measured};
pub use records::*;
pub use unopened::are_unlisted;

/// The whole units of one dose and of what was discarded with it: the answer of [`calculate`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Units {
    /// Units of the administered line, at least one for a dose above zero.
    pub administered: u32,
    /// Whole units of discarded drug, none where less than one is left.
    pub discarded: u32,
}

/// The units of a dose with an explicit billing unit, and of the rest of the containers opened for it.
///
/// `content` is the labelled content of every single-dose container, overfill excluded; without it
/// nothing is discarded. `per_ml` bridges a volume and an amount of drug. Counting codes (per
/// container, per event) take a dose in vials or doses and have no discarded units.
///
/// # Errors
/// When the dose cannot be counted in the billing unit; the message says what to state.
pub fn calculate(
    dose: Quantity,
    content: Option<Quantity>,
    unit: BillingUnit,
    per_ml: Option<Strength>,
) -> Result<Units, AmountError> {
    let measure = unit.quantity.unit.measure();
    if matches!(unit.form, UnitForm::PerContainer | UnitForm::PerEvent) {
        return Ok(Units { administered: counted(dose)?, discarded: 0 });
    }
    let one = unit_amount(unit.quantity)?;
    let dose = convert::in_measure(dose, measure, per_ml, LastPlace::Up)?;
    let administered = administered_units(dose, one, UnitRounding::Up)?;
    let discarded = match content {
        Some(content) if administered > 0 => {
            let content = convert::in_measure(content, measure, per_ml, LastPlace::Down)?;
            discarded_units(content, dose, one, administered, UnitRounding::Up)?
        }
        _ => 0,
    };
    Ok(Units { administered, discarded })
}

/// Units of the administered line: rounded **up**, at least one for any dose (rules U-02, U-03).
///
/// Under `Down` (row G-17) the quotient is rounded down, and a dose below one unit is still one.
///
/// # Errors
/// When the units pass what a line can hold.
pub fn administered_units(dose: i128, unit: i128, rounding: UnitRounding) -> Result<u32, AmountError> {
    if dose == 0 {
        return Ok(0);
    }
    let (whole, is_inexact) = divided(dose, unit);
    let units = match rounding {
        UnitRounding::Up => whole + i128::from(is_inexact),
        UnitRounding::Down => whole.max(1),
    };
    u32::try_from(units).map_err(|_| AmountError::TooLarge)
}

/// Whole units left in the containers after the administered ones (rules W-03, W-04).
///
/// The content is rounded **down** and the units already billed are taken from it, so that both
/// lines together never pass the label even where it holds a fraction of a unit. Under `Down` the
/// remainder itself is rounded down, because the administered line then covers no part of it.
///
/// # Errors
/// When the units pass what a line can hold.
pub fn discarded_units(
    content: i128,
    dose: i128,
    unit: i128,
    administered: u32,
    rounding: UnitRounding,
) -> Result<u32, AmountError> {
    let left = match rounding {
        UnitRounding::Up => divided(content, unit).0 - i128::from(administered),
        // A dose below one unit was raised to one, and takes its part of the content all the same.
        UnitRounding::Down => {
            let whole = divided(content, unit).0 - i128::from(administered);
            divided(content - dose, unit).0.min(whole)
        }
    };
    u32::try_from(left.max(0)).map_err(|_| AmountError::TooLarge)
}

/// Whole parts of an amount, rounded **down**, and whether something is left of it.
pub(super) fn divided(amount: i128, part: i128) -> (i128, bool) {
    // Nearly all amounts fit one machine word, which divides several times faster than two.
    match (u64::try_from(amount), u64::try_from(part)) {
        (Ok(amount), Ok(part)) => (i128::from(amount / part), amount % part != 0),
        _ => (amount.div_euclid(part), amount.rem_euclid(part) != 0),
    }
}

/// One billing unit as an exact amount.
///
/// # Errors
/// When it is not above zero.
pub fn unit_amount(unit: Quantity) -> Result<i128, AmountError> {
    let amount = unit.in_base();
    if amount > 0 { Ok(amount) } else { Err(AmountError::NoUnit) }
}

/// A dose stated in vials, doses or items, rounded up; a measured amount of a counted code is one.
fn counted(dose: Quantity) -> Result<u32, AmountError> {
    match dose.unit.measure() {
        _ if dose.value.is_negative() => Err(AmountError::Negative),
        Measure::Count => administered_units(dose.in_base(), COUNT_OF_ONE, UnitRounding::Up),
        _ => Ok(u32::from(!dose.value.is_zero())),
    }
}

/// One vial, dose or item in the base of its measure.
pub const COUNT_OF_ONE: i128 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::quantity::Unit;

    fn quantity(text: &str) -> Quantity {
        let (value, unit) = text.split_once(' ').expect("a number, a blank and a unit");
        Quantity::parse(value, unit).expect("a quantity")
    }

    fn units(dose: &str, content: &str, unit: &str) -> Units {
        let content = (!content.is_empty()).then(|| quantity(content));
        calculate(quantity(dose), content, BillingUnit::multiple_of(quantity(unit)), None).expect("counts")
    }

    #[test]
    fn doses_round_up_and_remainders_round_down() {
        for (dose, content, unit, administered, discarded) in [
            ("350 mg", "400 mg", "10 mg", 35, 5),
            ("305 mg", "400 mg", "10 mg", 31, 9),
            ("175 mg", "200 mg", "50 mg", 4, 0),
            ("70 mg", "100 mg", "100 mg", 1, 0),
            ("9.5 mg", "10 mg", "10 mg", 1, 0),
            ("0.01 mg", "10 mg", "0.075 mg", 1, 132),
            ("3 g", "", "200 mg", 15, 0),
            ("2 mg", "", "5 mcg", 400, 0),
            ("40 mEq", "", "2 mEq", 20, 0),
        ] {
            let expected = Units { administered, discarded };
            assert_eq!(units(dose, content, unit), expected, "{dose} of {content} at {unit}");
        }
    }

    #[test]
    fn floats_would_err_here() {
        for (dose, unit, expected) in
            [("0.3 mg", "0.1 mg", 3), ("2.1 mg", "0.7 mg", 3), ("10.000000001 mg", "10 mg", 2)]
        {
            assert_eq!(units(dose, "", unit).administered, expected);
        }
    }

    #[test]
    fn the_guide_rounds_down_and_reports_the_rest() {
        let (dose, content, unit) = (175, 200, 50);
        assert_eq!(administered_units(dose, unit, UnitRounding::Down), Ok(3));
        assert_eq!(discarded_units(content, dose, unit, 3, UnitRounding::Down), Ok(0));
        assert_eq!(administered_units(5, unit, UnitRounding::Down), Ok(1));
        assert_eq!(discarded_units(60, 5, unit, 1, UnitRounding::Down), Ok(0));
        assert_eq!(administered_units(0, unit, UnitRounding::Down), Ok(0));
    }

    #[test]
    fn counted_codes_ignore_the_amount() {
        let vial = Quantity::new(crate::domain::quantity::Decimal::ONE, Unit::Vial);
        let per_vial = BillingUnit { quantity: vial, form: UnitForm::PerContainer, limit: None };
        let administered =
            |dose: &str| calculate(quantity(dose), None, per_vial, None).map(|units| units.administered);
        assert_eq!(administered("0.5 vial"), Ok(1));
        assert_eq!(administered("2 vial"), Ok(2));
        assert_eq!(administered("3750 unit"), Ok(1));
    }

    #[test]
    fn units_that_no_line_holds_are_refused() {
        let unit = BillingUnit::multiple_of(quantity("1 ng"));
        assert_eq!(calculate(quantity("9000000000 mg"), None, unit, None), Err(AmountError::TooLarge));
    }
}
