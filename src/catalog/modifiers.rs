//! The modifiers of HCPCS and CPT, numbers alone, with the days between which each may stand on a line (rule M-15).

use rustc_hash::FxHashMap;

use super::error::DataError;
use super::table::rows;
use crate::domain::code::Modifier;
use crate::domain::time::Date;

/// The table `catalog/modifiers.csv`.
#[derive(Debug, Clone, Default)]
pub struct Modifiers(FxHashMap<Modifier, Days>);

/// The first and the last day of a modifier, inclusive; nothing where the day is not known.
#[derive(Debug, Clone, Copy)]
struct Days {
    first: Option<Date>,
    last: Option<Date>,
}

/// How a modifier stands on a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModifierStanding {
    InUse,
    /// Not before this day.
    NotYet(Date),
    /// Not after this day.
    Ended(Date),
    /// In no list that is held.
    Unknown,
}

impl Modifiers {
    /// Reads the table.
    ///
    /// # Errors
    /// The first row that cannot be read.
    pub fn parse(text: &str) -> Result<Self, DataError> {
        rows("modifiers.csv", text, &["modifier", "first_day", "last_day", "cite"])?
            .map(|row| {
                let row = row?;
                Ok((row.read(0)?, Days { first: row.read_optional(1)?, last: row.read_optional(2)? }))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// How a modifier stands on a date of service.
    pub fn on(&self, modifier: Modifier, date: Date) -> ModifierStanding {
        let Some(days) = self.0.get(&modifier) else { return ModifierStanding::Unknown };
        match (days.first, days.last) {
            (Some(first), _) if date < first => ModifierStanding::NotYet(first),
            (_, Some(last)) if last < date => ModifierStanding::Ended(last),
            _ => ModifierStanding::InUse,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::date;
    use crate::policy::PolicyBook;

    #[test]
    fn the_day_tells_how_a_modifier_stands() {
        let on = |text: &str, year| Modifiers::embedded().on(Modifier::of(text), date(year, 6, 1));
        assert_eq!(on("JZ", 2022), ModifierStanding::NotYet(date(2023, 1, 1)));
        assert_eq!(on("JG", 2025), ModifierStanding::Ended(date(2024, 12, 31)));
        for known in ["JZ", "JW", "25", "59", "XS", "GC", "U5", "P3", "8P"] {
            assert_eq!(on(known, 2025), ModifierStanding::InUse, "{known}");
        }
        for unknown in ["ZZ", "JR", "00", "10"] {
            assert_eq!(on(unknown, 2025), ModifierStanding::Unknown, "{unknown}");
        }
    }

    #[test]
    fn every_modifier_that_the_rules_print_is_in_the_table() {
        let book = PolicyBook::embedded().expect("the embedded policies");
        let policy = book.at(date(2025, 11, 3), "medicare").expect("a policy");
        let (audit, order) = (&policy.audit, &policy.drug_line.modifier_order);
        for modifier in audit.judged_modifiers.iter().chain(order.iter()) {
            let standing = Modifiers::embedded().on(*modifier, date(2017, 10, 1));
            assert_ne!(standing, ModifierStanding::Unknown, "{modifier}");
        }
    }
}
