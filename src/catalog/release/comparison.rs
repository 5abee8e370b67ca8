//! What changed from one release to another, as a person responsible for a charge master needs it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Overlay, Release, ReleaseKind};
use crate::catalog::record::{CodeFlag, CodeVersion};
use crate::domain::code::HcpcsCode;
use crate::domain::quarter::Quarter;
use crate::domain::time::Date;

/// Names one side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    pub release: String,
    pub quarter: Quarter,
    pub codes: usize,
}

/// One code with what to know about its change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangedCode {
    pub code: HcpcsCode,
    pub name: String,
    /// The billing unit, or why there is none.
    pub unit: String,
    /// First date of the change.
    pub from: Date,
    /// The reference product of a biosimilar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_product: Option<String>,
}

/// A code that may no longer be billed after a date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EndedCode {
    pub code: HcpcsCode,
    pub name: String,
    pub unit: String,
    /// Last usable date, inclusive.
    pub last: Date,
    /// Codes to bill instead, with their own units; empty where none is named.
    pub replaced_by: Vec<ChangedCode>,
    /// Whether a replacing code counts another unit, so that the units of order sets must be recalculated.
    pub unit_differs: bool,
}

/// A code that stays and whose billing unit or text is another one now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Altered {
    pub code: HcpcsCode,
    pub name: String,
    pub before: String,
    pub after: String,
    pub from: Date,
}

/// The changes between two releases, each list in the order of the codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// The older release; nothing when there was none, and then nothing counts as changed.
    pub before: Option<Side>,
    pub after: Side,
    pub added: Vec<ChangedCode>,
    /// Those of the added codes that are biosimilars.
    pub new_biosimilars: Vec<ChangedCode>,
    /// Ended codes that name their replacement.
    pub replaced: Vec<EndedCode>,
    /// Ended codes that name none.
    pub ended: Vec<EndedCode>,
    /// The billing unit differs: the units of every order set must be recalculated.
    pub unit_changed: Vec<Altered>,
    /// The text differs, the billing unit does not.
    pub reworded: Vec<Altered>,
    /// Codes whose end was taken back.
    pub reinstated: Vec<ChangedCode>,
    /// Codes that the older release has and the newer one no longer lists.
    pub vanished: Vec<HcpcsCode>,
}

impl Comparison {
    /// Compares the newest version of every code, each side as of its quarter's first day.
    pub fn between(before: Option<&Release>, after: &Release) -> Self {
        let mut comparison = Self {
            before: before.map(side),
            after: side(after),
            added: Vec::new(),
            new_biosimilars: Vec::new(),
            replaced: Vec::new(),
            ended: Vec::new(),
            unit_changed: Vec::new(),
            reworded: Vec::new(),
            reinstated: Vec::new(),
            vanished: Vec::new(),
        };
        let Some(before) = before else { return comparison };
        let comparing = Comparing {
            old: newest_versions(before),
            new: newest_versions(after),
            old_texts: texts(before),
            new_texts: texts(after),
            from: before.header.quarter.first_day(),
            to: after.header.quarter.first_day(),
            // The embedded table knows drugs only, so a code that it lacks is new only by its date.
            is_whole: before.header.kind != ReleaseKind::Embedded,
            overlay: Overlay::embedded(),
        };
        for version in comparing.new.values() {
            comparing.compare(version, &mut comparison);
        }
        // A list drops codes that ended, and a later one is not in it yet: neither has vanished.
        let expected = in_force(before, comparing.to);
        comparison.vanished = expected.filter(|code| !comparing.new.contains_key(code)).collect();
        comparison
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        let lists = [
            self.added.len(),
            self.replaced.len(),
            self.ended.len(),
            self.unit_changed.len(),
            self.reworded.len(),
            self.reinstated.len(),
            self.vanished.len(),
        ];
        lists.iter().all(|count| *count == 0)
    }
}

type Versions<'a> = BTreeMap<HcpcsCode, &'a CodeVersion>;
type Texts<'a> = BTreeMap<HcpcsCode, &'a str>;

/// Two releases side by side.
struct Comparing<'a> {
    old: Versions<'a>,
    new: Versions<'a>,
    old_texts: Texts<'a>,
    new_texts: Texts<'a>,
    /// First day of the older and of the newer quarter.
    from: Date,
    to: Date,
    is_whole: bool,
    overlay: &'a Overlay,
}

impl Comparing<'_> {
    fn compare(&self, new: &CodeVersion, found: &mut Comparison) {
        let Some(old) = self.old.get(&new.code) else {
            let is_past = new.terminated.is_some_and(|last| last < self.to);
            if !is_past && (self.is_whole || new.added > self.from) {
                self.add(new, found);
            }
            return;
        };
        if let Some(last) = self.newly_ended(old, new) {
            let ended = self.ended(new, last);
            if ended.replaced_by.is_empty() {
                found.ended.push(ended)
            } else {
                found.replaced.push(ended)
            }
            return;
        }
        if old.terminated.is_some() && new.terminated.is_none() {
            found.reinstated.push(self.changed(new, new.effective));
        } else if old.added > self.from && old.added <= self.to && self.from < self.to {
            self.add(new, found);
        }
        let altered = |before, after| {
            let (code, name) = (new.code, self.changed(new, new.effective).name);
            Altered { code, name, before, after, from: new.effective }
        };
        if old.billing != new.billing {
            found.unit_changed.push(altered(old.unit_text(), new.unit_text()));
        } else if let (Some(before), Some(after)) =
            (self.old_texts.get(&new.code), self.new_texts.get(&new.code))
            && folded(before) != folded(after)
        {
            found.reworded.push(altered((*before).to_owned(), (*after).to_owned()));
        }
    }

    /// The last day of a code that ended between the releases, or whose end the newer one announces.
    fn newly_ended(&self, old: &CodeVersion, new: &CodeVersion) -> Option<Date> {
        let last = new.terminated.filter(|last| *last >= self.from)?;
        let is_announced = old.terminated != Some(last);
        let has_passed = old.in_force_on(self.from) && last < self.to;
        (is_announced || has_passed).then_some(last)
    }

    fn add(&self, new: &CodeVersion, found: &mut Comparison) {
        let changed = self.changed(new, new.added);
        if new.flags.has(CodeFlag::Biosimilar) {
            found.new_biosimilars.push(changed.clone());
        }
        found.added.push(changed);
    }

    fn ended(&self, version: &CodeVersion, last: Date) -> EndedCode {
        let own = self.completed(version);
        let by = own.successors.iter().filter_map(|code| self.new.get(code));
        let unit_differs = by.clone().any(|successor| successor.billing != version.billing);
        let replaced_by = by.map(|successor| self.changed(successor, successor.added)).collect();
        let ChangedCode { code, name, unit, .. } = self.changed(version, last);
        EndedCode { code, name, unit, last, replaced_by, unit_differs }
    }

    fn changed(&self, version: &CodeVersion, from: Date) -> ChangedCode {
        let own = self.completed(version);
        let brands = own.brands.join(", ");
        let is_told = brands.is_empty() || own.name.to_lowercase().contains(&brands.to_lowercase());
        let name = if is_told { own.name.to_string() } else { format!("{} ({brands})", own.name) };
        // A code that is no drug has no name of its own, and the text of CMS serves.
        let name = if name.is_empty() {
            self.new_texts.get(&version.code).map_or_else(String::new, |text| (*text).to_owned())
        } else {
            name
        };
        let reference_product = own.reference_product.as_deref().map(str::to_owned);
        ChangedCode { code: version.code, name, unit: version.unit_text(), from, reference_product }
    }

    /// The version with what our own tables add.
    fn completed(&self, version: &CodeVersion) -> CodeVersion {
        let mut own = version.clone();
        let end = self.old.get(&version.code).and_then(|old| old.terminated);
        // What our tables say of a number is of the drug that had it before CMS gave it to another one.
        if end.is_none_or(|end| version.added <= end) {
            self.overlay.complete(&mut own, false);
        }
        own
    }
}

fn side(release: &Release) -> Side {
    let codes = newest_versions(release).len();
    Side { release: release.header.id.to_string(), quarter: release.header.quarter, codes }
}

fn newest_versions(release: &Release) -> Versions<'_> {
    release.codes.iter().map(|version| (version.code, version)).collect()
}

/// The codes that a list of a day must hold, by what a release knows, each once.
pub fn in_force(release: &Release, day: Date) -> impl Iterator<Item = HcpcsCode> {
    let in_force = release.codes.iter().filter(move |version| version.in_force_on(day));
    let codes: BTreeSet<HcpcsCode> = in_force.map(|version| version.code).collect();
    codes.into_iter()
}

fn texts(release: &Release) -> Texts<'_> {
    release.descriptors.iter().map(|texts| (texts.code, &*texts.long)).collect()
}

/// Case, punctuation and blanks vary between postings without a change of meaning.
fn folded(text: &str) -> String {
    text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::billing::NoUnitReason;
    use crate::domain::time::date;

    fn seed() -> Release {
        let mut release = Release::embedded().clone();
        release.header.kind = ReleaseKind::Hcpcs;
        release
    }

    #[test]
    fn equal_releases_differ_in_nothing() {
        assert!(Comparison::between(Some(&seed()), &seed()).is_empty());
        assert!(Comparison::between(None, &seed()).is_empty());
    }

    #[test]
    fn every_kind_of_change_is_listed_once() {
        let (before, mut after) = (seed(), seed());
        let live: Vec<usize> = (0..after.codes.len())
            .filter(|&at| {
                let version = &after.codes[at];
                let single = after.codes.iter().filter(|other| other.code == version.code).count() == 1;
                single && version.terminated.is_none() && version.billing.is_ok()
            })
            .take(4)
            .collect();
        let [ended, replaced, changed, gone] = live[..] else {
            panic!("the embedded release has live codes")
        };
        after.codes[ended].terminated = Some(date(2026, 3, 31));
        after.codes[replaced].terminated = Some(date(2026, 3, 31));
        after.codes[replaced].successors = [after.codes[changed].code].into();
        after.codes[changed].billing = Err(NoUnitReason::Unclassified);
        let removed = after.codes.remove(gone).code;
        let comparison = Comparison::between(Some(&before), &after);
        assert_eq!(comparison.ended.len(), 1, "{comparison:?}");
        assert_eq!(comparison.ended[0].last, date(2026, 3, 31));
        assert_eq!(comparison.replaced.len(), 1);
        assert!(comparison.replaced[0].unit_differs);
        assert_eq!(comparison.unit_changed.len(), 1);
        assert_eq!(comparison.vanished, [removed]);
        let back = Comparison::between(Some(&after), &before);
        assert_eq!(back.added.iter().map(|added| added.code).collect::<Vec<_>>(), [removed]);
        assert_eq!(back.reinstated.len(), 2);
    }
}
