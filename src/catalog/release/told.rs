//! The versions of one code as one list after the other tells them.

use std::ops::Range;

use smallvec::SmallVec;

use crate::catalog::brand_names::joined;
use crate::catalog::record::CodeVersion;
use crate::domain::quarter::Quarter;
use crate::domain::time::Date;

/// What is known of a code so far, and the newest quarter that told it.
pub(super) struct Told {
    pub(super) quarter: Quarter,
    /// The places of its versions among those of all codes, the oldest first.
    places: SmallVec<[u32; 2]>,
    /// The versions of the drug that our own tables speak of by the number of the code: the last one that the
    /// embedded table has under it.
    ours: Range<usize>,
    /// The newest list that has the code, where a list has it.
    pub(super) listed: Option<Quarter>,
    /// The first version since the code was put into force again after its end.
    returned: usize,
}

impl Told {
    /// Nothing is known yet.
    pub(super) const fn new(quarter: Quarter) -> Self {
        Self {
            quarter,
            places: SmallVec::new_const(),
            ours: 0..usize::MAX,
            listed: None,
            returned: usize::MAX,
        }
    }

    /// Ends the embedded table: of the drugs that had the number in turn, our tables speak of its last one.
    pub(super) fn end_table(&mut self, versions: &[CodeVersion]) {
        let begins = |pair: &[u32]| {
            let [before, version] = [pair[0], pair[1]].map(|place| &versions[place as usize]);
            before.terminated.is_some_and(|end| end < version.added)
        };
        let last = self.places.windows(2).rposition(begins);
        self.ours = last.map_or(0, |at| at + 1)..usize::MAX;
    }

    /// Ends a code that a later list no longer has, and whose end no list states, as a code that was rescinded: whoever
    /// bills it is told that it ended with the quarter before. `lists` are the quarters of all lists, ascending.
    pub(super) fn end_unlisted(&self, versions: &mut [CodeVersion], lists: &[Quarter]) {
        let Some(listed) = self.listed.filter(|listed| *listed >= self.quarter) else { return };
        let Some(without) = lists.iter().find(|quarter| **quarter > listed) else { return };
        let last_day = without.previous().last_day();
        for place in &self.places {
            let version = &mut versions[*place as usize];
            if version.terminated.is_none() && version.added <= last_day {
                version.terminated = Some(last_day);
            }
        }
    }

    /// Whether CMS gave the number to another drug than the one that our tables speak of.
    pub(super) fn is_reassigned(&self) -> bool {
        self.ours.end < self.places.len()
    }

    /// The places of the versions that our own tables speak of, each with whether the code had been put into force again.
    pub(super) fn ours(&self) -> impl Iterator<Item = (usize, bool)> {
        let places = self.places.iter().enumerate().filter(|(at, _)| self.ours.contains(at));
        places.map(|(at, place)| (*place as usize, at >= self.returned))
    }

    /// The place of the newest version; there is one from the first record on.
    pub(super) fn newest(&self) -> usize {
        self.places[self.places.len() - 1] as usize
    }

    fn push(&mut self, versions: &mut Vec<CodeVersion>, version: CodeVersion) {
        // No catalog comes near four thousand million versions.
        self.places.push(versions.len() as u32);
        versions.push(version);
    }

    /// Takes the record of another list, in the order in which they are merged.
    pub(super) fn hear(&mut self, versions: &mut Vec<CodeVersion>, record: CodeVersion, quarter: Quarter) {
        let returned = self.places.get(self.returned);
        let since = returned.map_or(Date::MIN, |place| versions[*place as usize].added);
        let Some(newest) = self.places.last() else { return self.push(versions, record) };
        let last = &mut versions[*newest as usize];
        if quarter < self.quarter {
            // The embedded table is of a later quarter and holds the code's history, its end included;
            // an older posting has only its text to add.
            if last.bills_like(&record) && last.long_descriptor.is_none() {
                last.long_descriptor = record.long_descriptor;
                last.short_descriptor = record.short_descriptor;
            }
            return;
        }
        // A number that CMS gives to another drug begins anew; else no list takes a brand away.
        let is_reused = last.terminated.is_some_and(|end| end < record.added);
        let is_returned = !is_reused && returns(last, self.quarter, &record);
        let brands = if is_reused { record.brands.clone() } else { joined(&last.brands, &record.brands) };
        // A list goes on stating when a code was first added; between its end and its return it was in no force.
        let added = if is_returned { record.effective } else { record.added.max(since) };
        let record = CodeVersion { brands, added, ..record };
        if last.bills_like(&record) && !is_reused && !is_returned {
            // The same version, seen again later.
            let effective = last.effective.min(record.effective);
            *last = CodeVersion { effective, ..record };
        } else {
            // What the quarter before said stays true of that quarter, whatever date the newer record bears.
            let untold = if quarter > self.quarter { self.quarter.next().first_day() } else { Date::MIN };
            // A list states the date of its last change; a number given to another drug means it since it was added.
            let begins = if is_reused { record.added } else { record.effective };
            let effective = begins.max(last.effective).max(untold);
            let (terminated, added, place) = (record.terminated, record.added, self.places.len());
            if is_reused && self.ours.end > place {
                self.ours.end = place;
            }
            if is_returned {
                self.returned = place;
            }
            self.push(versions, CodeVersion { effective, ..record });
            // The end of a code is no change of its meaning: what it was until then is the older record. What another
            // drug's number was had its own end before.
            for place in &self.places {
                let version = &mut versions[*place as usize];
                if version.terminated.is_none_or(|end| added <= end) {
                    version.terminated = terminated;
                }
            }
        }
        self.quarter = quarter;
    }
}

/// The action of CMS by which an ended code is put into force again.
const REACTIVATED: char = 'R';

/// Whether a record puts a code into force again that had ended, and had been in no force since. An end that the list
/// before could only suppose is none: it is the last day of that list's own quarter.
fn returns(last: &CodeVersion, told: Quarter, record: &CodeVersion) -> bool {
    let Some(end) = last.terminated else { return false };
    let goes_on = record.terminated.is_none_or(|until| until > record.effective);
    let has_gap = end.tomorrow().is_ok_and(|next| next < record.effective);
    goes_on && has_gap && (record.action == REACTIVATED || end < told.first_day())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::catalog::release::{Overlay, Release, ReleaseHeader, ReleaseKind};
    use crate::catalog::snapshot::Lookup;
    use crate::domain::code::HcpcsCode;
    use crate::domain::time::date;

    /// A list of one code, that of an ended drug in the embedded table.
    fn list(quarter: &str, change: impl FnOnce(&mut CodeVersion)) -> Release {
        let header =
            ReleaseHeader::new(ReleaseKind::Hcpcs, quarter.parse().expect("a quarter"), quarter, quarter);
        let ended = Release::embedded().codes.iter().rfind(|version| version.code == HcpcsCode::of(ENDED));
        let mut version = ended.expect("an ended drug").clone();
        change(&mut version);
        Release { codes: vec![version], ..Release::empty(header) }
    }

    const ENDED: &str = "J2505";

    fn given_to_another(quarter: &str) -> Release {
        list(quarter, |version| {
            (version.name, version.brands) = ("examplone".into(), [].into());
            (version.added, version.effective) = (date(2031, 1, 1), date(2031, 1, 1));
            (version.terminated, version.action) = (None, 'A');
        })
    }

    fn in_force_again(quarter: &str) -> Release {
        list(quarter, |version| {
            version.effective = date(2031, 1, 1);
            (version.terminated, version.action) = (None, REACTIVATED);
        })
    }

    fn merged(lists: &[Release]) -> Catalog {
        Catalog::merge([Release::embedded()].into_iter().chain(lists), Overlay::embedded())
    }

    fn standing(catalog: &Catalog, day: Date) -> (&'static str, String, Vec<String>) {
        let lookup = catalog.lookup(HcpcsCode::of(ENDED), day);
        let version = lookup.version().expect("a known code");
        let word = match lookup {
            Lookup::InForce(_) => "in force",
            Lookup::Terminated(_) => "ended",
            _ => "else",
        };
        (word, version.name.to_string(), version.successors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_number_given_to_another_drug_takes_nothing_from_the_first_one() {
        // The unit is the same by chance, and later lists say it again.
        for lists in
            [vec![given_to_another("2031Q1")], vec![given_to_another("2031Q2"), given_to_another("2031Q1")]]
        {
            let catalog = merged(&lists);
            assert_eq!(standing(&catalog, date(2021, 6, 1)).1, "pegfilgrastim");
            let gap = ("ended", "pegfilgrastim".to_owned(), vec!["J2506".to_owned()]);
            assert_eq!(standing(&catalog, date(2024, 1, 5)), gap);
            assert_eq!(standing(&catalog, date(2031, 4, 5)), ("in force", "examplone".to_owned(), vec![]));
            let code = HcpcsCode::of(ENDED);
            let newest = &catalog.codes.get(&code).expect("known")[0];
            assert!(newest.brands.is_empty(), "{:?}", newest.brands);
            let listed = catalog.formulary.drug(code).map(|facts| &*facts.ingredient);
            assert_eq!(listed, None, "facts of the first drug are none of the second");
        }
    }

    #[test]
    fn a_code_that_the_next_list_lacks_has_ended() {
        let header = ReleaseHeader::new(ReleaseKind::Hcpcs, "2031Q3".parse().expect("a quarter"), "", "b");
        let without = Release::empty(header);
        let catalog = merged(&[given_to_another("2031Q1"), without]);
        assert_eq!(standing(&catalog, date(2031, 6, 30)).0, "in force");
        assert_eq!(standing(&catalog, date(2031, 7, 1)).0, "ended");
        let catalog = merged(&[given_to_another("2031Q1")]);
        assert_eq!(standing(&catalog, date(2031, 7, 1)).0, "in force", "no later list is held");
    }

    #[test]
    fn a_code_that_returns_was_in_no_force_in_between() {
        for lists in
            [vec![in_force_again("2031Q1")], vec![in_force_again("2031Q1"), in_force_again("2031Q3")]]
        {
            let catalog = merged(&lists);
            assert_eq!(standing(&catalog, date(2021, 12, 31)).0, "in force");
            assert_eq!(standing(&catalog, date(2024, 1, 5)).0, "ended");
            assert_eq!(standing(&catalog, date(2030, 12, 31)).0, "ended");
            assert_eq!(
                standing(&catalog, date(2031, 1, 1)),
                ("in force", "pegfilgrastim".to_owned(), vec![])
            );
        }
    }
}
