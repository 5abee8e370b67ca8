//! Tables that CMS publishes by quarter, kept as the changes from one quarter to the next.

use std::hash::Hash;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::keyed::KeyedTable;
use crate::domain::quarter::Quarter;
use crate::domain::time::Date;

/// An answer of a quarterly table, and the quarter that gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InQuarter<T> {
    pub value: T,
    /// The quarter of the table that answered.
    pub quarter: Quarter,
    /// Whether the table is that of the date's own quarter; otherwise the nearest one held answered.
    pub is_exact: bool,
}

/// One table in several quarters. A row that does not change is held once.
#[derive(Debug, Clone)]
pub struct QuarterlyTable<K, T> {
    /// The quarters held, ascending.
    quarters: Vec<Quarter>,
    /// Of each key: what it was from a quarter on, ascending; nothing where the table dropped it.
    rows: KeyedTable<K, Changes<T>>,
}

/// What a row was from a quarter on, ascending; few rows change more than once, and one change is held in place.
type Changes<T> = SmallVec<[(Quarter, Option<T>); 1]>;

impl<K, T> Default for QuarterlyTable<K, T> {
    fn default() -> Self {
        Self { quarters: Vec::new(), rows: KeyedTable::default() }
    }
}

impl<K: Eq + Hash, T: PartialEq> QuarterlyTable<K, T> {
    /// The row in force on a date: that of the nearest earlier quarter held, else of the oldest.
    #[inline]
    pub fn on(&self, key: &K, date: Date) -> Option<InQuarter<&T>> {
        // Most keys that are asked for are in no quarter, so the key comes first.
        let changes = self.rows.get(key)?;
        let wanted = Quarter::of(date);
        let quarter = self.quarter_for(wanted)?;
        row_in(changes, quarter).map(|value| InQuarter { value, quarter, is_exact: quarter == wanted })
    }

    /// The row in force on a date, for a caller who does not ask which quarter answered.
    #[inline]
    pub fn row_on(&self, key: &K, date: Date) -> Option<&T> {
        let changes = self.rows.get(key)?;
        // A row changes with a quarter that is held only, so up to the date it is as the nearest one held has it.
        row_in(changes, Quarter::of(date).max(*self.quarters.first()?))
    }

    /// The quarters held, ascending.
    pub fn quarters(&self) -> &[Quarter] {
        &self.quarters
    }

    /// How many keys the table knows in any quarter.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether no quarter is held.
    pub fn is_empty(&self) -> bool {
        self.quarters.is_empty()
    }

    /// Every change, in no order: key, first quarter, row.
    pub fn changes(&self) -> impl Iterator<Item = (&K, Quarter, Option<&T>)> {
        self.rows
            .iter()
            .flat_map(|(key, changes)| changes.iter().map(move |(from, row)| (key, *from, row.as_ref())))
    }

    /// Every row of a quarter that is held, in no order.
    pub fn in_quarter(&self, quarter: Quarter) -> impl Iterator<Item = (&K, &T)> {
        self.rows.iter().filter_map(move |(key, changes)| Some((key, row_in(changes, quarter)?)))
    }

    /// Puts the whole table of a quarter in its place among those held, or replaces it there.
    pub fn put_quarter(&mut self, quarter: Quarter, table: impl IntoIterator<Item = (K, T)>)
    where
        T: Clone,
    {
        self.put_part(quarter, table, |_| true);
    }

    /// Puts a part of a quarter's table in its place: rows that the part covers and does not hold are
    /// dropped, and all others stay as they are.
    pub fn put_part(
        &mut self,
        quarter: Quarter,
        part: impl IntoIterator<Item = (K, T)>,
        covers: impl Fn(&K) -> bool,
    ) where
        T: Clone,
    {
        let next = self.quarters.iter().copied().find(|held| *held > quarter);
        let mut part: FxHashMap<K, T> = part.into_iter().collect();
        for (key, changes) in self.rows.iter_mut() {
            let row = part.remove(key);
            if row.is_some() || covers(key) {
                put_row(changes, quarter, next, row);
            }
        }
        for (key, row) in part {
            put_row(self.rows.or_insert_with(key, Changes::default), quarter, next, Some(row));
        }
        self.rows.shrink_to_fit();
        if let Err(place) = self.quarters.binary_search(&quarter) {
            self.quarters.insert(place, quarter);
        }
    }

    /// Puts a table together from its changes; they may come in any order.
    pub fn from_changes(
        mut quarters: Vec<Quarter>,
        changes: impl IntoIterator<Item = (K, Quarter, Option<T>)>,
    ) -> Self {
        let mut rows: KeyedTable<K, Changes<T>> = KeyedTable::default();
        for (key, from, row) in changes {
            rows.or_insert_with(key, Changes::default).push((from, row));
        }
        for (_, changes) in rows.iter_mut() {
            changes.sort_by_key(|(from, _)| *from);
        }
        rows.shrink_to_fit();
        quarters.sort_unstable();
        quarters.dedup();
        Self { quarters, rows }
    }

    fn quarter_for(&self, wanted: Quarter) -> Option<Quarter> {
        let earlier = self.quarters.iter().rfind(|held| **held <= wanted);
        earlier.or(self.quarters.first()).copied()
    }
}

/// The row that holds in a quarter: the last change up to it.
fn row_in<T>(changes: &[(Quarter, Option<T>)], quarter: Quarter) -> Option<&T> {
    changes.iter().rfind(|(from, _)| *from <= quarter)?.1.as_ref()
}

/// Sets the row of one quarter and leaves what the next quarter held as it was.
fn put_row<T: Clone + PartialEq>(
    changes: &mut Changes<T>,
    quarter: Quarter,
    next: Option<Quarter>,
    row: Option<T>,
) {
    let held_next = next.map(|next| (next, row_in(changes, next).cloned()));
    changes.retain(|(from, _)| *from != quarter && Some(*from) != next);
    for (from, row) in [Some((quarter, row)), held_next].into_iter().flatten() {
        if row_in(changes, from) != row.as_ref() {
            let place = changes.partition_point(|(other, _)| *other < from);
            changes.insert(place, (from, row));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::date;

    fn quarter(text: &str) -> Quarter {
        text.parse().expect(text)
    }

    fn table() -> QuarterlyTable<&'static str, char> {
        let mut table = QuarterlyTable::default();
        table.put_quarter(quarter("2024Q1"), [("J1", 'K'), ("J2", 'N')]);
        table.put_quarter(quarter("2024Q2"), [("J1", 'K')]);
        table.put_quarter(quarter("2025Q1"), [("J1", 'N'), ("J2", 'K')]);
        table
    }

    #[test]
    fn the_nearest_earlier_quarter_answers_and_says_so() {
        let table = table();
        let answer = |key, day| {
            assert_eq!(table.on(&key, day).map(|a| a.value), table.row_on(&key, day));
            table.on(&key, day).map(|a| (*a.value, a.quarter.to_string(), a.is_exact))
        };
        assert_eq!(answer("J1", date(2024, 5, 1)), Some(('K', "2024Q2".into(), true)));
        assert_eq!(answer("J1", date(2024, 12, 31)), Some(('K', "2024Q2".into(), false)));
        assert_eq!(answer("J1", date(2026, 1, 1)), Some(('N', "2025Q1".into(), false)));
        assert_eq!(answer("J1", date(2020, 1, 1)), Some(('K', "2024Q1".into(), false)));
    }

    #[test]
    fn a_part_leaves_the_rows_that_it_does_not_cover() {
        let mut table = table();
        table.put_part(quarter("2025Q2"), [("J3", 'K')], |key| *key == "J1");
        let held = |key| table.on(&key, date(2025, 5, 1)).map(|row| *row.value);
        assert_eq!([held("J1"), held("J2"), held("J3")], [None, Some('K'), Some('K')]);
    }

    #[test]
    fn a_dropped_row_is_absent_until_it_returns() {
        let table = table();
        let held = |day| table.on(&"J2", day).is_some();
        assert!(held(date(2024, 3, 31)) && !held(date(2024, 4, 1)) && held(date(2025, 1, 1)));
        assert!(table.on(&"J3", date(2025, 1, 1)).is_none());
        assert!(QuarterlyTable::<&str, char>::default().on(&"J1", date(2025, 1, 1)).is_none());
    }

    #[test]
    fn a_quarter_put_between_or_again_changes_only_itself() {
        let mut table = table();
        table.put_quarter(quarter("2024Q3"), [("J1", 'G'), ("J3", 'A')]);
        table.put_quarter(quarter("2024Q1"), [("J1", 'B')]);
        let row = |key, text: &str| table.on(&key, quarter(text).first_day()).map(|a| *a.value);
        assert_eq!(
            ["2024Q1", "2024Q2", "2024Q3", "2025Q1"].map(|text| row("J1", text)),
            [Some('B'), Some('K'), Some('G'), Some('N')]
        );
        assert_eq!(["2024Q2", "2024Q3", "2025Q1"].map(|text| row("J3", text)), [None, Some('A'), None]);
        assert_eq!(["2024Q1", "2025Q1"].map(|text| row("J2", text)), [None, Some('K')]);
    }

    #[test]
    fn changes_rebuild_the_table_and_hold_unchanged_rows_once() {
        let table = table();
        let changes: Vec<_> = table.changes().map(|(key, from, row)| (*key, from, row.copied())).collect();
        assert_eq!(changes.len(), 5);
        let again = QuarterlyTable::from_changes(table.quarters().to_vec(), changes);
        assert_eq!(again.on(&"J2", date(2025, 3, 1)).map(|a| *a.value), Some('K'));
    }
}
