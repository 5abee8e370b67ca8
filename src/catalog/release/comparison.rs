//! What changed from one release to another, as a person responsible for a charge master needs it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Release;
use crate::catalog::record::{CodeFlag, CodeVersion};
use crate::domain::code::HcpcsCode;
use crate::domain::time::Date;

/// One code with what to know about its change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangedCode {
    pub code: HcpcsCode,
    pub name: String,
    /// The billing unit, or why there is none.
    pub unit: String,
    /// First date of the change.
    pub from: Date,
}

/// A code that may no longer be billed after a date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EndedCode {
    pub code: HcpcsCode,
    pub name: String,
    /// Last usable date, inclusive.
    pub last: Date,
    /// Codes to bill instead; empty where none is named.
    pub replaced_by: Vec<HcpcsCode>,
}

/// A code whose billing unit is another one now: the units of every order set must be recalculated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnitChange {
    pub code: HcpcsCode,
    pub name: String,
    pub before: String,
    pub after: String,
    pub from: Date,
}

/// The changes between two releases, each list in the order of the codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Id of the older release; empty when there was none.
    pub before: String,
    pub after: String,
    pub added: Vec<ChangedCode>,
    /// Added codes that are biosimilars.
    pub new_biosimilars: Vec<ChangedCode>,
    pub ended: Vec<EndedCode>,
    pub unit_changed: Vec<UnitChange>,
    /// Codes that the older release has and the newer one no longer lists.
    pub vanished: Vec<HcpcsCode>,
}

impl Comparison {
    /// Compares the newest version of every code; without an older release nothing counts as added.
    pub fn between(before: Option<&Release>, after: &Release) -> Self {
        let old = before.map(newest_versions);
        let new = newest_versions(after);
        let mut comparison = Self {
            before: before.map(|release| release.header.id.to_string()).unwrap_or_default(),
            after: after.header.id.to_string(),
            added: Vec::new(),
            new_biosimilars: Vec::new(),
            ended: Vec::new(),
            unit_changed: Vec::new(),
            vanished: Vec::new(),
        };
        let Some(old) = old else { return comparison };
        for (code, version) in &new {
            comparison.compare(old.get(code).copied(), version);
        }
        comparison.vanished = old.keys().filter(|code| !new.contains_key(code)).copied().collect();
        comparison
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        let changed = self.added.len() + self.ended.len() + self.unit_changed.len() + self.vanished.len();
        changed == 0
    }

    fn compare(&mut self, before: Option<&CodeVersion>, after: &CodeVersion) {
        let changed = || ChangedCode {
            code: after.code,
            name: after.name.to_string(),
            unit: unit(after),
            from: after.effective,
        };
        let Some(before) = before else {
            self.added.push(changed());
            if after.flags.has(CodeFlag::Biosimilar) {
                self.new_biosimilars.push(changed());
            }
            return;
        };
        if let (None, Some(last)) = (before.terminated, after.terminated) {
            let replaced_by = after.successors.to_vec();
            self.ended.push(EndedCode { code: after.code, name: after.name.to_string(), last, replaced_by });
        }
        if before.billing != after.billing {
            self.unit_changed.push(UnitChange {
                code: after.code,
                name: after.name.to_string(),
                before: unit(before),
                after: unit(after),
                from: after.effective,
            });
        }
    }
}

fn newest_versions(release: &Release) -> BTreeMap<HcpcsCode, &CodeVersion> {
    release.codes.iter().map(|version| (version.code, version)).collect()
}

fn unit(version: &CodeVersion) -> String {
    match version.billing {
        Ok(unit) => unit.quantity.to_string(),
        Err(reason) => reason.as_str().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::date;

    fn seed() -> Release {
        Release::embedded().clone()
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
            .take(3)
            .collect();
        let [ended, changed, gone] = live[..] else { panic!("the embedded release has live codes") };
        after.codes[ended].terminated = Some(date(2026, 3, 31));
        let other = after.codes[gone].billing;
        after.codes[changed].billing = Err(crate::domain::billing::NoUnitReason::Unclassified);
        assert_ne!(other, after.codes[changed].billing);
        let removed = after.codes.remove(gone).code;
        let comparison = Comparison::between(Some(&before), &after);
        assert_eq!(comparison.ended.len(), 1);
        assert_eq!(comparison.ended[0].last, date(2026, 3, 31));
        assert_eq!(comparison.unit_changed.len(), 1);
        assert_eq!(comparison.vanished, [removed]);
        let back = Comparison::between(Some(&after), &before);
        assert_eq!(back.added.iter().map(|added| added.code).collect::<Vec<_>>(), [removed]);
    }
}
