//! What the audits of many visits say together: accuracy by coder, by code and by kind of mistake.

use std::collections::BTreeMap;

use super::accuracy::Rate;
use super::value::add;
use super::{Audit, Kind, Pattern, sample};
use crate::domain::code::HcpcsCode;
use crate::domain::encounter::Encounter;
use crate::domain::quantity::Decimal;
use crate::domain::time::LocalTime;
use crate::policy::parameters::AuditParameters;

/// Units and dollars on the wrong side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amounts {
    pub overbilled_units: Decimal,
    pub underbilled_units: Decimal,
    /// Dollars at the payment limits that are known.
    pub overbilled_dollars: Decimal,
    pub underbilled_dollars: Decimal,
}

/// How often something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Occurrence {
    pub found: u64,
    /// Visits in which it was found at least once.
    pub visits: u64,
    pub amounts: Amounts,
}

/// The work of one coder, or of all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Work {
    /// Lines that are right, of those billed and those that are missing.
    pub lines: Rate,
    /// Visits without a difference.
    pub visits: Rate,
    /// Stop times that do not stand on the full hour; about one in sixty does by chance.
    pub stop_times: Rate,
    pub amounts: Amounts,
}

/// One visit of the summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitRow {
    pub reference: String,
    pub coder: String,
    pub differences: u32,
    pub amounts: Amounts,
}

/// What the audits of many visits say together.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    pub total: Work,
    pub coders: BTreeMap<String, Work>,
    pub codes: BTreeMap<HcpcsCode, Rate>,
    pub kinds: BTreeMap<Kind, Occurrence>,
    pub patterns: BTreeMap<Pattern, Occurrence>,
    pub visits: Vec<VisitRow>,
    /// Visits that could not be read.
    pub refused: u64,
}

impl Summary {
    /// Counts one visit.
    pub fn count(&mut self, encounter: &Encounter, coder: &str, audit: &Audit) {
        let amounts = Amounts::of(audit);
        let own = self.coders.entry(coder.to_owned()).or_default();
        for work in [&mut self.total, own] {
            for judged in &audit.judged {
                work.lines.count(judged.is_right);
            }
            for stop in encounter.administrations.iter().filter_map(|given| given.stop) {
                work.stop_times.count(!is_on_the_hour(stop));
            }
            work.visits.count(audit.discrepancies.is_empty());
            work.amounts.add(&amounts);
        }
        for judged in &audit.judged {
            self.codes.entry(judged.code).or_default().count(judged.is_right);
        }
        self.count_occurrences(audit);
        self.visits.push(VisitRow {
            reference: encounter.id.clone(),
            coder: coder.to_owned(),
            differences: audit.discrepancies.len() as u32,
            amounts,
        });
    }

    /// The visits of a reproducible sample, by their place in the file.
    pub fn sample(&self, audit: &AuditParameters, seed: u64) -> Vec<usize> {
        let references = self.visits.iter().map(|visit| visit.reference.as_str());
        sample::draw(references, *audit.sample_percent, seed)
    }

    fn count_occurrences(&mut self, audit: &Audit) {
        let mut kinds: Vec<Kind> = Vec::new();
        let mut patterns: Vec<Pattern> = Vec::new();
        for found in &audit.discrepancies {
            let mut amounts = Amounts {
                overbilled_units: found.overbilled,
                underbilled_units: found.underbilled,
                ..Amounts::default()
            };
            amounts.add_dollars(found.dollars);
            count(&mut self.kinds, &mut kinds, found.kind, &amounts);
            if let Some(pattern) = found.pattern {
                count(&mut self.patterns, &mut patterns, pattern, &amounts);
            }
        }
        // A pattern of the record alone has no difference to carry it.
        for pattern in &audit.patterns {
            if !patterns.contains(pattern) {
                count(&mut self.patterns, &mut patterns, *pattern, &Amounts::default());
            }
        }
    }
}

/// Counts one more of a thing, and its visit when it is the first there.
fn count<K: Copy + Ord>(all: &mut BTreeMap<K, Occurrence>, seen: &mut Vec<K>, key: K, amounts: &Amounts) {
    let occurrence = all.entry(key).or_default();
    occurrence.found += 1;
    occurrence.amounts.add(amounts);
    if !seen.contains(&key) {
        occurrence.visits += 1;
        seen.push(key);
    }
}

impl Amounts {
    /// The amounts of one audit.
    pub fn of(audit: &Audit) -> Self {
        let (overbilled_units, underbilled_units) = audit.units();
        let (over, under) = audit.dollars();
        Self {
            overbilled_units,
            underbilled_units,
            overbilled_dollars: over.unwrap_or_default(),
            underbilled_dollars: under.unwrap_or_default(),
        }
    }

    fn add(&mut self, other: &Self) {
        self.overbilled_units = add(self.overbilled_units, other.overbilled_units);
        self.underbilled_units = add(self.underbilled_units, other.underbilled_units);
        self.overbilled_dollars = add(self.overbilled_dollars, other.overbilled_dollars);
        self.underbilled_dollars = add(self.underbilled_dollars, other.underbilled_dollars);
    }

    /// Dollars that are supported and not billed when above zero, and the other way round below it.
    fn add_dollars(&mut self, dollars: Option<Decimal>) {
        match dollars {
            Some(dollars) if dollars.is_negative() => {
                self.overbilled_dollars = add(self.overbilled_dollars, super::value::negated(dollars));
            }
            Some(dollars) => self.underbilled_dollars = add(self.underbilled_dollars, dollars),
            None => {}
        }
    }
}

fn is_on_the_hour(time: LocalTime) -> bool {
    time.minute() == 0
}
