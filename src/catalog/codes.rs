//! The versions of every code, laid out so that a look-up reads two cache lines: a slot and the version it names.

use super::record::CodeVersion;
use super::snapshot::Lookup;
use crate::domain::code::HcpcsCode;
use crate::domain::time::Date;

/// Of eight slots this many are taken at most, so that a search ends after a step or two.
const TAKEN_OF_EIGHT: usize = 5;

/// Every code with its versions. Immutable: a refresh builds another one.
#[derive(Debug, Clone, Default)]
pub struct CodeTable {
    /// A power of two of slots, or none; a code stands at its place or in the next free one behind it.
    slots: Box<[Slot]>,
    /// Ascending by code, the versions of a code together and the newest first.
    versions: Box<[CodeVersion]>,
    /// How many codes there are.
    len: usize,
}

/// What a look-up needs of a code: where its versions stand, and the dates of the newest.
#[derive(Debug, Clone, Copy)]
struct Slot {
    /// [`HcpcsCode::NONE`] where the slot is free.
    code: HcpcsCode,
    /// How many versions there are, and the place of the first.
    count: u16,
    first: u32,
    added: Date,
    effective: Date,
    /// Last usable date; the last of the calendar where the code has no end.
    last: Date,
}

const FREE: Slot = Slot {
    code: HcpcsCode::NONE,
    count: 0,
    first: 0,
    added: Date::MIN,
    effective: Date::MIN,
    last: Date::MAX,
};

impl CodeTable {
    /// Puts the table together from the versions of all codes, those of one code the oldest first.
    pub fn new(mut versions: Vec<CodeVersion>) -> Self {
        versions.sort_by_key(|version| version.code);
        versions.chunk_by_mut(|one, next| one.code == next.code).for_each(<[CodeVersion]>::reverse);
        let len = versions.chunk_by(|one, next| one.code == next.code).count();
        let versions = versions.into_boxed_slice();
        let size = if len == 0 { 0 } else { (len * 8 / TAKEN_OF_EIGHT + 1).next_power_of_two() };
        let mut table = Self { slots: vec![FREE; size].into(), versions, len };
        let mut first = 0;
        for group in table.versions.chunk_by(|one, next| one.code == next.code) {
            let newest = &group[0];
            let slot = Slot {
                code: newest.code,
                count: u16::try_from(group.len()).unwrap_or(u16::MAX),
                first,
                added: newest.added,
                effective: newest.effective,
                last: newest.terminated.unwrap_or(Date::MAX),
            };
            put(&mut table.slots, slot);
            first += group.len() as u32;
        }
        table
    }

    /// The version of a code for a date of service.
    pub fn on(&self, code: HcpcsCode, date: Date) -> Lookup<'_> {
        let Some(slot) = self.slot(code) else { return Lookup::Unknown };
        let versions = self.versions_of(slot);
        let newest = &versions[0];
        if slot.added > date {
            // Before it was given to this drug the number may have been another one's, until that one's end.
            let was_held = |version: &&CodeVersion| {
                version.added <= date && version.terminated.is_some_and(|last| date <= last)
            };
            let held = versions.iter().find(|version| was_held(version) && version.effective <= date);
            // Between that end and its new beginning the number had ended, and was not yet to come.
            let ended = || versions.iter().find(|version| version.terminated.is_some_and(|last| last < date));
            return match (held, ended()) {
                (Some(version), _) => Lookup::InForce(version),
                (None, Some(version)) => Lookup::Terminated(version),
                (None, None) => Lookup::NotYet(newest),
            };
        }
        if slot.last < date {
            return Lookup::Terminated(newest);
        }
        if slot.effective <= date {
            return Lookup::InForce(newest);
        }
        // What the number of another drug meant ended before it was given to this one.
        let mut lasting =
            versions.iter().filter(|version| version.terminated.is_none_or(|last| date <= last));
        match lasting.clone().find(|version| version.effective <= date) {
            Some(version) => Lookup::InForce(version),
            None => Lookup::Assumed(lasting.next_back().unwrap_or(newest)),
        }
    }

    /// The versions of a code, the newest first and at least one; nothing where the code is not known.
    pub fn get(&self, code: &HcpcsCode) -> Option<&[CodeVersion]> {
        self.slot(*code).map(|slot| self.versions_of(slot))
    }

    /// The versions of each code, ascending by code.
    pub fn values(&self) -> impl Iterator<Item = &[CodeVersion]> {
        self.versions.chunk_by(|one, next| one.code == next.code)
    }

    /// Every code, ascending.
    pub fn keys(&self) -> impl Iterator<Item = &HcpcsCode> {
        self.values().map(|versions| &versions[0].code)
    }

    /// How many codes are known.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no code is known.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn slot(&self, code: HcpcsCode) -> Option<&Slot> {
        let mut at = place(code, self.slots.len());
        loop {
            let slot = self.slots.get(at)?;
            if slot.code == code {
                return (slot.count > 0).then_some(slot);
            }
            if slot.code == HcpcsCode::NONE {
                return None;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    fn versions_of(&self, slot: &Slot) -> &[CodeVersion] {
        let first = slot.first as usize;
        &self.versions[first..first + usize::from(slot.count)]
    }
}

/// Puts a code into the first free slot from its place on; there are more slots than codes.
fn put(slots: &mut [Slot], slot: Slot) {
    let mut at = place(slot.code, slots.len());
    while slots[at].count > 0 {
        at = (at + 1) & (slots.len() - 1);
    }
    slots[at] = slot;
}

/// Where a code is looked for first among a power of two of slots.
fn place(code: HcpcsCode, slots: usize) -> usize {
    let hash = std::hash::BuildHasher::hash_one(&rustc_hash::FxBuildHasher, code);
    hash as usize & slots.saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::domain::time::date;

    /// A table of made-up codes, each with as many versions as its number's last digit and one.
    fn table(count: usize) -> CodeTable {
        let model = Catalog::embedded().codes.values().next().expect("a code")[0].clone();
        let versions = |number: usize| -> Vec<CodeVersion> {
            let code: HcpcsCode = format!("Z{number:04}").parse().expect("a code");
            let years = 2000..=2000 + (number % 10) as i16;
            let version = |year| CodeVersion {
                code,
                added: date(2000, 1, 1),
                effective: date(year, 1, 1),
                terminated: number.is_multiple_of(3).then(|| date(2020, 6, 30)),
                ..model.clone()
            };
            years.map(version).collect()
        };
        CodeTable::new((0..count).rev().flat_map(versions).collect())
    }

    #[test]
    fn every_code_is_found_and_no_other() {
        for count in [0, 1, 2, 5, 100, 3_000] {
            let table = table(count);
            assert_eq!((table.len(), table.keys().count(), table.is_empty()), (count, count, count == 0));
            assert!(table.keys().is_sorted());
            for code in table.keys() {
                let versions = table.get(code).expect("known");
                assert!(versions.iter().all(|version| version.code == *code));
                assert!(versions.is_sorted_by(|newer, older| newer.effective > older.effective));
            }
            assert!(table.get(&HcpcsCode::of("J0000")).is_none() && table.get(&HcpcsCode::NONE).is_none());
        }
    }

    #[test]
    fn the_date_picks_the_version_as_a_search_of_all_would() {
        let table = table(30);
        for code in table.keys() {
            let versions = table.get(code).expect("known");
            for year in 1998..2024 {
                let day = date(year, 7, 1);
                let is_ended = versions[0].terminated.is_some_and(|last| last < day);
                let expected = versions.iter().find(|version| version.effective <= day);
                match table.on(*code, day) {
                    Lookup::NotYet(_) => assert!(year < 2000),
                    Lookup::Terminated(version) => assert!(is_ended && version == &versions[0]),
                    Lookup::InForce(version) => assert!(!is_ended && Some(version) == expected),
                    other => panic!("{other:?}"),
                }
            }
        }
    }
}
