//! What differs between two releases, or between two dates of the catalog.

use std::collections::BTreeMap;
use std::fmt;

use super::record::CodeVersion;
use super::release::Release;
use super::snapshot::{Catalog, Lookup};
use super::text::Text;
use crate::domain::code::HcpcsCode;
use crate::domain::time::Date;

/// What kind of change it is, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// The code has ended, and other codes in force replace it (rule L-03).
    Replaced,
    /// The code has ended, and no other code is known to replace it.
    Terminated,
    /// The code stays and its billing unit differs.
    UnitChanged,
    Added,
    /// The text of the code differs, and its billing unit does not.
    TextChanged,
    /// Only dates, flags or payment facts differ.
    FactsChanged,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub kind: ChangeKind,
    pub code: HcpcsCode,
    pub before: Option<CodeVersion>,
    pub after: Option<CodeVersion>,
    /// Of a replaced code its successors with their versions.
    pub successors: Vec<CodeVersion>,
}

impl Change {
    /// Whether the billing unit differs, for a replaced code that of any successor.
    pub fn changes_unit(&self) -> bool {
        let Some(before) = &self.before else { return false };
        let after = self.after.iter().filter(|_| self.kind != ChangeKind::Replaced);
        after.chain(&self.successors).any(|after| after.billing != before.billing)
    }
}

impl ChangeKind {
    /// Every kind, the gravest first.
    pub const ALL: &'static [Self] = &[
        Self::Replaced,
        Self::Terminated,
        Self::UnitChanged,
        Self::Added,
        Self::TextChanged,
        Self::FactsChanged,
    ];
}

/// The change in a sentence for a person who keeps a charge master.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = CodeVersion::unit_text;
        let named = self.before.as_ref().or(self.after.as_ref());
        write!(f, "{}", self.code)?;
        if let Some(version) = named.filter(|version| !version.name.is_empty()) {
            write!(f, " ({})", version.name)?;
        }
        let (before, after) = (self.before.as_ref().map(unit), self.after.as_ref());
        let last = after.and_then(|version| version.terminated);
        match self.kind {
            ChangeKind::Added => {
                let added = after.map(|version| (version.added.to_string(), unit(version)));
                let (day, unit) = added.unwrap_or_default();
                return write!(f, " was added on {day}; its billing unit is {unit}");
            }
            ChangeKind::UnitChanged => {
                let (before, after) = (before.unwrap_or_default(), after.map(unit).unwrap_or_default());
                return write!(f, " changed its billing unit from {before} to {after}");
            }
            ChangeKind::TextChanged => return write!(f, " has another text and the same billing unit"),
            ChangeKind::FactsChanged => return write!(f, " has other dates, flags or payment facts"),
            ChangeKind::Replaced | ChangeKind::Terminated => write!(f, " ended")?,
        }
        if let Some(last) = last {
            write!(f, " on {last}")?;
        }
        for (index, successor) in self.successors.iter().enumerate() {
            let lead = if index == 0 { "; bill instead" } else { "," };
            write!(f, "{lead} {} ({})", successor.code, unit(successor))?;
        }
        if self.changes_unit() {
            write!(f, ", and recalculate the units: one was {}", before.unwrap_or_default())?;
        }
        Ok(())
    }
}

/// The codes that may be billed on one side of a comparison.
type Side = BTreeMap<HcpcsCode, CodeVersion>;

impl Catalog {
    /// What changed between two dates of service, by kind and code.
    pub fn compare(&self, from: Date, to: Date) -> Vec<Change> {
        let side = |date| -> Side {
            let codes = self.codes.keys().filter_map(|code| self.lookup(*code, date).billable());
            codes.map(|version| (version.code, version.clone())).collect()
        };
        let ended = |code| match self.lookup(code, to) {
            Lookup::Terminated(version) => Some(version.clone()),
            _ => None,
        };
        compare(&side(from), &side(to), ended, |code| {
            self.codes.get(&code).and_then(|versions| versions.first()).map(|v| v.successors.to_vec())
        })
    }
}

/// What changed from one release to another, each as of its quarter's first day; `catalog` knows the successors.
pub fn compare_releases(from: &Release, to: &Release, catalog: &Catalog) -> Vec<Change> {
    let newest = |release: &Release| -> Side {
        let mut newest: Side = release.codes.iter().map(|version| (version.code, version.clone())).collect();
        for texts in &release.descriptors {
            if let Some(version) = newest.get_mut(&texts.code) {
                version.long_descriptor = Some(texts.long.clone());
                version.short_descriptor = Some(texts.short.clone());
            }
        }
        newest
    };
    let (before, after) = (newest(from), newest(to));
    let live = |side: &Side, day: Date| -> Side {
        side.iter().filter(|(_, v)| v.in_force_on(day)).map(|(code, v)| (*code, v.clone())).collect()
    };
    let (from_day, to_day) = (from.header.quarter.first_day(), to.header.quarter.first_day());
    compare(
        &live(&before, from_day),
        &live(&after, to_day),
        |code| after.get(&code).cloned(),
        |code| {
            let stated = after.get(&code).map(|version| version.successors.to_vec());
            let known = || catalog.codes.get(&code).map(|versions| versions[0].successors.to_vec());
            stated.filter(|codes| !codes.is_empty()).or_else(known)
        },
    )
}

fn compare(
    before: &Side,
    after: &Side,
    ended: impl Fn(HcpcsCode) -> Option<CodeVersion>,
    successors: impl Fn(HcpcsCode) -> Option<Vec<HcpcsCode>>,
) -> Vec<Change> {
    let mut changes = Vec::new();
    for (code, old) in before {
        if let Some(new) = after.get(code) {
            let kind = kind_of(old, new);
            changes.extend(kind.map(|kind| change(kind, *code, Some(old.clone()), Some(new.clone()))));
            continue;
        }
        let codes = successors(*code).unwrap_or_default();
        let successors: Vec<_> = codes.iter().filter_map(|code| after.get(code).cloned()).collect();
        let kind = if successors.is_empty() { ChangeKind::Terminated } else { ChangeKind::Replaced };
        changes.push(Change { successors, ..change(kind, *code, Some(old.clone()), ended(*code)) });
    }
    for (code, new) in after.iter().filter(|(code, _)| !before.contains_key(code)) {
        changes.push(change(ChangeKind::Added, *code, None, Some(new.clone())));
    }
    changes.sort_by_key(|change| (change.kind, change.code));
    changes
}

fn change(
    kind: ChangeKind,
    code: HcpcsCode,
    before: Option<CodeVersion>,
    after: Option<CodeVersion>,
) -> Change {
    Change { kind, code, before, after, successors: Vec::new() }
}

fn kind_of(old: &CodeVersion, new: &CodeVersion) -> Option<ChangeKind> {
    // Case, punctuation and blanks vary between postings without a change of meaning.
    let plain = |text: &Option<Text>| {
        text.as_ref().map(|text| text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" "))
    };
    // Another bound of a dose that is billed once leaves its units as they are.
    let unit = |version: &CodeVersion| version.billing.map(|unit| (unit.quantity, unit.form));
    if unit(old) != unit(new) {
        return Some(ChangeKind::UnitChanged);
    }
    let texts = plain(&old.long_descriptor).zip(plain(&new.long_descriptor));
    if old.billing != new.billing || texts.is_some_and(|(old, new)| old != new) {
        return Some(ChangeKind::TextChanged);
    }
    let facts = |version: &CodeVersion| {
        (version.flags, version.terminated, version.coverage, version.pricing_indicator.clone())
    };
    (facts(old) != facts(new)).then_some(ChangeKind::FactsChanged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::billing::{BillingUnit, NoUnitReason};
    use crate::domain::time::date;

    #[test]
    fn rituximab_is_replaced_with_another_unit() {
        let changes = Catalog::embedded().compare(date(2018, 1, 1), date(2019, 1, 1));
        let code: HcpcsCode = "J9310".parse().expect("a code");
        let change = changes.iter().find(|change| change.code == code).expect("a change");
        assert_eq!(change.kind, ChangeKind::Replaced);
        assert!(change.changes_unit());
        assert_eq!(change.successors[0].code.as_str(), "J9312");
        assert_eq!(
            change.to_string(),
            "J9310 (rituximab) ended on 2018-12-31; bill instead J9312 (10 mg), and recalculate the units: \
             one was 100 mg"
        );
        let added = changes.iter().filter(|change| change.kind == ChangeKind::Added);
        assert!(added.clone().any(|change| change.code.as_str() == "J9312"));
    }

    #[test]
    fn a_date_does_not_differ_from_itself() {
        let day = date(2025, 11, 3);
        assert_eq!(Catalog::embedded().compare(day, day), []);
        assert_eq!(compare_releases(Release::embedded(), Release::embedded(), &Catalog::embedded()), []);
    }

    #[test]
    fn another_bound_of_a_dose_is_another_text_and_no_other_unit() {
        let catalog = Catalog::embedded();
        let cells = &catalog.codes.get(&HcpcsCode::of("Q2055")).expect("a code of a dose with a bound")[0];
        let (mut bounded, mut doubled) = (cells.clone(), cells.clone());
        bounded.billing = bounded.billing.map(|unit| BillingUnit { limit: None, ..unit });
        assert_eq!(kind_of(cells, &bounded), Some(ChangeKind::TextChanged));
        doubled.billing = Err(NoUnitReason::NoAmountStated);
        assert_eq!(kind_of(cells, &doubled), Some(ChangeKind::UnitChanged));
        assert_eq!(kind_of(cells, cells), None);
    }
}
