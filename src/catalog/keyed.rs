//! A table by a key of a few words, laid out so that a look-up takes few steps: a visit makes some eighty of them.

use std::hash::{BuildHasher, Hash};

use rustc_hash::FxBuildHasher;

/// A slot that names no row.
const FREE: u32 = u32::MAX;

/// Slots of the first rows.
const SLOTS_MIN: usize = 8;

/// Rows by key. Rows are added and changed, and none is taken away alone; they stand in the order in which they came.
#[derive(Debug, Clone)]
pub struct KeyedTable<K, V> {
    /// A power of two of slots, or none, at most half of them taken: the place of a row stands where the hash of its
    /// key points, or in the next free slot behind it.
    slots: Box<[u32]>,
    rows: Vec<(K, V)>,
}

impl<K, V> Default for KeyedTable<K, V> {
    fn default() -> Self {
        Self { slots: Box::default(), rows: Vec::new() }
    }
}

impl<K: Eq + Hash, V> KeyedTable<K, V> {
    /// The row of a key.
    #[inline]
    pub fn get(&self, key: &K) -> Option<&V> {
        self.find(key).map(|(_, value)| value)
    }

    /// The row of a key, to be changed.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let place = self.find(key)?.0;
        Some(&mut self.rows[place].1)
    }

    /// Whether there is a row of the key.
    pub fn contains_key(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    /// The row of a key, which is made where there is none.
    pub fn or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        let known = self.find(&key).map(|(place, _)| place);
        let place = known.unwrap_or_else(|| self.add(key, make()));
        &mut self.rows[place].1
    }

    /// Puts a row in the place of the one that the key had, which is returned.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.get_mut(&key) {
            Some(known) => Some(std::mem::replace(known, value)),
            None => {
                self.add(key, value);
                None
            }
        }
    }

    /// Every row with its key.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.rows.iter().map(|(key, value)| (key, value))
    }

    /// Every row with its key, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.rows.iter_mut().map(|(key, value)| (&*key, value))
    }

    /// Every row.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.rows.iter().map(|(_, value)| value)
    }

    /// Lays the table out anew with the rows whose keys a test picks.
    pub fn retain(&mut self, keeps: impl Fn(&K) -> bool) {
        let rows = std::mem::take(self).rows;
        for (key, value) in rows.into_iter().filter(|(key, _)| keeps(key)) {
            self.add(key, value);
        }
    }

    /// Gives back the room that no row takes.
    pub fn shrink_to_fit(&mut self) {
        self.rows.shrink_to_fit();
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    #[inline]
    fn first_slot(&self, key: &K) -> usize {
        FxBuildHasher.hash_one(key) as usize & self.slots.len().wrapping_sub(1)
    }

    #[inline]
    fn next_slot(&self, at: usize) -> usize {
        (at + 1) & (self.slots.len() - 1)
    }

    /// The place of the row of a key, and the row.
    #[inline]
    fn find(&self, key: &K) -> Option<(usize, &V)> {
        let mut at = self.first_slot(key);
        loop {
            // A free slot names no row, and neither does a table without slots.
            let place = *self.slots.get(at)? as usize;
            let (known, value) = self.rows.get(place)?;
            if known == key {
                return Some((place, value));
            }
            at = self.next_slot(at);
        }
    }

    /// Adds the row of a key that has none, and returns its place.
    fn add(&mut self, key: K, value: V) -> usize {
        let place = self.rows.len();
        self.rows.push((key, value));
        if place * 2 >= self.slots.len() {
            self.slots = vec![FREE; (self.slots.len() * 2).max(SLOTS_MIN)].into();
            (0..=place).for_each(|place| self.note(place));
        } else {
            self.note(place);
        }
        place
    }

    /// Notes the place of a row in the first free slot of its key.
    fn note(&mut self, place: usize) {
        let mut at = self.first_slot(&self.rows[place].0);
        while self.slots[at] != FREE {
            at = self.next_slot(at);
        }
        // No table of CMS comes near four thousand million rows.
        self.slots[at] = place as u32;
    }
}

impl<K: Eq + Hash, V> FromIterator<(K, V)> for KeyedTable<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(rows: I) -> Self {
        let mut table = Self::default();
        for (key, value) in rows {
            table.insert(key, value);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_its_last_row_and_no_other_key_has_one() {
        for count in [0_u64, 1, 4, 5, 300] {
            let mut table: KeyedTable<u64, u64> = (0..count).map(|key| (key * 7, key)).collect();
            assert_eq!((table.len(), table.is_empty()), (count as usize, count == 0));
            for key in 0..count * 7 {
                let expected = key.is_multiple_of(7).then_some(key / 7);
                assert_eq!(
                    (table.get(&key).copied(), table.contains_key(&key)),
                    (expected, expected.is_some())
                );
            }
            for key in 0..count {
                assert_eq!(table.insert(key * 7, key + 1), Some(key));
                *table.or_insert_with(key * 7, || 0) += 1;
            }
            assert!(table.iter().all(|(key, value)| *value == key / 7 + 2));
            assert_eq!(table.len(), count as usize);
        }
    }

    #[test]
    fn a_row_is_made_once() {
        let mut table: KeyedTable<u64, Vec<u64>> = KeyedTable::default();
        assert!(table.get(&1).is_none() && table.get_mut(&1).is_none());
        for value in 0..3 {
            table.or_insert_with(1, Vec::new).push(value);
        }
        assert_eq!(table.get(&1).map(Vec::as_slice), Some(&[0, 1, 2][..]));
        table.iter_mut().for_each(|(_, values)| values.clear());
        assert!(table.values().all(Vec::is_empty));
    }
}
