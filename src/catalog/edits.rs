//! The edits of the National Correct Coding Initiative: unit limits, add-on codes and code pairs.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::keyed::KeyedTable;
use super::quarterly::{InQuarter, QuarterlyTable};
use crate::domain::code::{CodeSketch, HcpcsCode};
use crate::domain::quarter::Quarter;
use crate::domain::time::Date;

/// Whose claims an edit table is for. Add-on codes have one table for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EditKind {
    Practitioner,
    OutpatientHospital,
    /// Suppliers of durable medical equipment; has unit limits and no code pairs.
    DmeSupplier,
}

impl EditKind {
    /// The word in data files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Practitioner => "practitioner",
            Self::OutpatientHospital => "outpatient-hospital",
            Self::DmeSupplier => "dme-supplier",
        }
    }
}

impl FromStr for EditKind {
    type Err = EditError;

    fn from_str(text: &str) -> Result<Self, EditError> {
        [Self::Practitioner, Self::OutpatientHospital, Self::DmeSupplier]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(EditError::Kind)
    }
}

/// Why a cell of an edit table is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    #[error("the kind must be practitioner, outpatient-hospital or dme-supplier")]
    Kind,
    #[error("the adjudication indicator must be 1, 2 or 3")]
    Adjudication,
}

/// How a unit limit is applied: the adjudication indicator (rule X-01).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Adjudication {
    /// 1: each claim line by itself; a justified modifier may split the units over lines.
    ClaimLine,
    /// 2: all lines of the date, from a definition or a policy; never overridden.
    DatePolicy,
    /// 3: all lines of the date, from clinical data; may be appealed.
    DateClinical,
}

impl Adjudication {
    /// Reads the indicator 1, 2 or 3.
    pub const fn from_indicator(indicator: u8) -> Option<Self> {
        match indicator {
            1 => Some(Self::ClaimLine),
            2 => Some(Self::DatePolicy),
            3 => Some(Self::DateClinical),
            _ => None,
        }
    }

    /// The indicator as CMS prints it.
    pub const fn indicator(self) -> u8 {
        match self {
            Self::ClaimLine => 1,
            Self::DatePolicy => 2,
            Self::DateClinical => 3,
        }
    }
}

impl FromStr for Adjudication {
    type Err = EditError;

    fn from_str(text: &str) -> Result<Self, EditError> {
        text.parse().ok().and_then(Self::from_indicator).ok_or(EditError::Adjudication)
    }
}

/// A medically unlikely edit: the most units that are paid, and how they are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitLimit {
    /// Zero where the code is never paid on such a claim.
    pub units: u32,
    pub adjudication: Adjudication,
}

/// Where a primary code supports an add-on code (administration rules §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AddOnSetting {
    #[default]
    Both,
    PractitionerOnly,
    FacilityOnly,
}

/// A primary code that an add-on code may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddOnParent {
    pub code: HcpcsCode,
    pub setting: AddOnSetting,
}

/// A column-1 / column-2 pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcedurePair {
    /// Whether a modifier such as 59 or XS may bypass the pair (modifier indicator 1).
    pub modifier_allowed: bool,
    /// First date of the pair, where the table tells it.
    pub effective: Option<Date>,
    /// Last date of the pair, inclusive.
    pub deleted: Option<Date>,
}

impl ProcedurePair {
    /// Whether the pair is in force on a date of service.
    pub fn covers(&self, date: Date) -> bool {
        self.effective.is_none_or(|first| first <= date) && self.deleted.is_none_or(|last| date <= last)
    }
}

/// Column-1 code, column-2 code and whose claims.
pub type PairKey = (HcpcsCode, HcpcsCode, EditKind);

/// The code pairs by quarter. Of most codes that stand on one claim it is known at once that none is the second one
/// of a pair with another: a visit has few pairs, and every two of its lines would be a question to the table.
#[derive(Debug, Clone, Default)]
pub struct PairTable {
    rows: QuarterlyTable<PairKey, ProcedurePair>,
    /// Of each column-2 code the column-1 codes that any quarter ever paired it with.
    partners: KeyedTable<HcpcsCode, CodeSketch>,
}

impl PairTable {
    /// The pairs of every quarter.
    pub const fn rows(&self) -> &QuarterlyTable<PairKey, ProcedurePair> {
        &self.rows
    }

    /// Puts the whole table of a quarter in its place among those held, or replaces it there.
    pub fn put_quarter(
        &mut self,
        quarter: Quarter,
        table: impl IntoIterator<Item = (PairKey, ProcedurePair)>,
    ) {
        self.rows.put_quarter(quarter, table);
        *self = std::mem::take(&mut self.rows).into();
    }

    /// Whether a code may be the second one of a pair with one of some codes; if not, there is none for certain.
    #[inline]
    pub fn may_follow(&self, column2: HcpcsCode, firsts: CodeSketch) -> bool {
        self.partners.get(&column2).is_some_and(|partners| partners.may_share(firsts))
    }
}

impl From<QuarterlyTable<PairKey, ProcedurePair>> for PairTable {
    fn from(rows: QuarterlyTable<PairKey, ProcedurePair>) -> Self {
        let mut partners: KeyedTable<HcpcsCode, CodeSketch> = KeyedTable::default();
        for ((column1, column2, _), ..) in rows.changes() {
            partners.or_insert_with(*column2, CodeSketch::default).add(*column1);
        }
        Self { rows, partners }
    }
}

/// Every edit table, by quarter.
#[derive(Debug, Clone, Default)]
pub struct Edits {
    pub unit_limits: QuarterlyTable<(HcpcsCode, EditKind), UnitLimit>,
    /// Of each add-on code its primary codes, ascending.
    pub add_ons: QuarterlyTable<HcpcsCode, Box<[AddOnParent]>>,
    pub pairs: PairTable,
}

impl Edits {
    /// The pair in force on a date, where both codes on one claim trip an edit.
    #[inline]
    pub fn pair(
        &self,
        column1: HcpcsCode,
        column2: HcpcsCode,
        kind: EditKind,
        date: Date,
    ) -> Option<InQuarter<ProcedurePair>> {
        let InQuarter { value, quarter, is_exact } = self.pairs.rows.on(&(column1, column2, kind), date)?;
        value.covers(date).then_some(InQuarter { value: *value, quarter, is_exact })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn every_pair_may_be_one_and_a_code_that_is_second_in_none_may_not() {
        let pairs = &Catalog::embedded().edits.pairs;
        assert!(!pairs.rows().is_empty());
        for ((column1, column2, _), ..) in pairs.rows().changes() {
            assert!(pairs.may_follow(*column2, [*column1].into_iter().collect()));
        }
        let all: CodeSketch = pairs.rows().changes().map(|((column1, ..), ..)| *column1).collect();
        assert!(!pairs.may_follow(HcpcsCode::of("J9312"), all));
    }
}
