//! From a National Drug Code to billing codes and units in a container.

use smallvec::SmallVec;

use super::keyed::KeyedTable;
use crate::domain::code::{HcpcsCode, Ndc};
use crate::domain::quantity::Decimal;
use crate::domain::quarter::Quarter;
use crate::domain::time::Date;

/// One row of the crosswalk: a package under a billing code (rule D-10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NdcEntry {
    pub code: HcpcsCode,
    /// Billing units in one container; may be a fraction.
    pub bill_units: Decimal,
    /// Billing units in the package as CMS prints them, rounded up there; never multiply vials by it (rule W-15).
    pub bill_units_per_package: Decimal,
    /// Size of one container: millilitres of a liquid, otherwise 1.
    pub package_size: Decimal,
    /// What our own tables tell of a size of 1, which CMS prints for one millilitre and for one piece.
    pub form: PackageForm,
    /// Containers in the package.
    pub package_quantity: Decimal,
    /// First and last quarter held whose crosswalk has these very numbers.
    pub first_quarter: Quarter,
    pub quarter: Quarter,
}

/// What a package holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackageForm {
    Liquid,
    /// A powder, a kit, an implant or a tablet, which is counted.
    Piece,
    Untold,
}

impl NdcEntry {
    /// Whether the package is counted by pieces: its size is 1 and nothing says that this is one millilitre.
    pub fn is_counted(&self) -> bool {
        self.package_size == Decimal::ONE && self.form != PackageForm::Liquid
    }

    /// What the package holds; every size but 1 is in millilitres.
    pub fn told_form(&self) -> PackageForm {
        if self.package_size == Decimal::ONE { self.form } else { PackageForm::Liquid }
    }

    /// Whether another row of the package has the same numbers, whatever its quarters.
    pub fn has_numbers_of(&self, other: &Self) -> bool {
        let numbers = |entry: &Self| {
            (
                entry.code,
                entry.bill_units,
                entry.bill_units_per_package,
                entry.package_size,
                entry.package_quantity,
            )
        };
        numbers(self) == numbers(other)
    }
}

/// The rows of one package; nearly all have one, which is held in place.
type Rows = SmallVec<[NdcEntry; 1]>;

/// The crosswalk of all quarters held.
#[derive(Debug, Clone, Default)]
pub struct NdcTable {
    /// The newest quarter first, then by code: one NDC may sit under several codes (rule L-05).
    entries: KeyedTable<Ndc, Rows>,
}

impl NdcTable {
    /// Puts the table together; rows may come in any order.
    pub fn new(rows: impl IntoIterator<Item = (Ndc, NdcEntry)>) -> Self {
        let mut entries: KeyedTable<Ndc, Rows> = KeyedTable::default();
        for (ndc, entry) in rows {
            entries.or_insert_with(ndc, Rows::new).push(entry);
        }
        entries.shrink_to_fit();
        for (_, entries) in entries.iter_mut() {
            entries.sort_by(|a, b| b.quarter.cmp(&a.quarter).then(a.code.cmp(&b.code)));
        }
        Self { entries }
    }

    /// Every row of an NDC, the newest quarter first.
    pub fn get(&self, ndc: Ndc) -> &[NdcEntry] {
        self.entries.get(&ndc).map_or(&[], |rows| rows.as_slice())
    }

    /// The rows of an NDC that speak for a date: those of its quarter, else those of the nearest one where all lie on one
    /// side of it. Between two crosswalks that differ nobody knows which held, so all of them speak.
    pub fn on(&self, ndc: Ndc, date: Date) -> impl Iterator<Item = &NdcEntry> {
        let rows = self.get(ndc);
        let quarter = Quarter::of(date);
        let covers = |row: &NdcEntry| row.first_quarter <= quarter && quarter <= row.quarter;
        let (first, last) = match rows.iter().any(covers) {
            true => (quarter, quarter),
            false => {
                let newest = rows.iter().map(|row| row.quarter).max();
                let oldest = rows.iter().map(|row| row.first_quarter).min();
                match (oldest, newest) {
                    (_, Some(newest)) if newest < quarter => (newest, newest),
                    (Some(oldest), _) if quarter < oldest => (oldest, oldest),
                    (Some(oldest), Some(newest)) => (oldest, newest),
                    _ => (quarter, quarter),
                }
            }
        };
        rows.iter().filter(move |row| row.first_quarter <= last && first <= row.quarter)
    }

    /// Whether any quarter knows the NDC.
    pub fn contains(&self, ndc: Ndc) -> bool {
        self.entries.contains_key(&ndc)
    }

    /// How many NDCs are known.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no NDC is known.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Every NDC with its rows, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (Ndc, &[NdcEntry])> {
        self.entries.iter().map(|(ndc, entries)| (*ndc, entries.as_slice()))
    }
}
