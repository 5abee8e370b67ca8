//! What the catalog holds for one code in one span of dates.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::billing::{BillingUnit, NoUnitReason};
use crate::domain::code::HcpcsCode;
use crate::domain::time::Date;

/// What kind of code it is, from CMS text and data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u16)]
pub enum CodeFlag {
    /// A biosimilar, or a product licensed as one.
    Biosimilar = 1,
    /// An unclassified (not otherwise classified) code: one unit and a narrative.
    Unclassified = 1 << 1,
    /// Not otherwise specified, but with a billing unit.
    NotOtherwiseSpecified = 1 << 2,
    /// One maker's product, not therapeutically equivalent to another code's.
    ProductExclusive = 1 << 3,
    /// The descriptor states two components.
    TwoComponents = 1 << 4,
    /// For patients with ESRD on dialysis.
    EsrdOnDialysis = 1 << 5,
    /// For uses other than ESRD on dialysis.
    NonEsrd = 1 << 6,
    /// Given through durable medical equipment.
    ThroughDme = 1 << 7,
    /// Compounded product.
    Compounded = 1 << 8,
    /// Taken by mouth.
    Oral = 1 << 9,
    /// Inhaled.
    Inhaled = 1 << 10,
    /// Payable in the hospital outpatient setting only.
    HospitalOutpatientOnly = 1 << 11,
    /// A skin substitute or other product billed by area.
    SkinSubstitute = 1 << 12,
    /// A radiopharmaceutical or an imaging agent.
    ImagingAgent = 1 << 13,
    /// A vaccine.
    Vaccine = 1 << 14,
    /// Text of the code says that biosimilars are excluded.
    ExcludesBiosimilars = 1 << 15,
}

/// A set of [`CodeFlag`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct CodeFlags(u16);

impl CodeFlags {
    /// No flag.
    pub const NONE: Self = Self(0);

    /// Whether the flag is set.
    pub const fn has(self, flag: CodeFlag) -> bool {
        self.0 & flag as u16 != 0
    }

    /// The set with one more flag.
    #[must_use]
    pub const fn with(self, flag: CodeFlag) -> Self {
        Self(self.0 | flag as u16)
    }
}

/// What a code meant in one span of dates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeVersion {
    pub code: HcpcsCode,
    /// The billing unit, or the named reason why there is none.
    pub billing: Result<BillingUnit, NoUnitReason>,
    /// First date the code existed.
    pub added: Date,
    /// First date this version of it holds for.
    pub effective: Date,
    /// Last usable date, inclusive.
    pub terminated: Option<Date>,
    pub flags: CodeFlags,
    /// Drug or product in our own words: the nonproprietary name.
    pub name: Arc<str>,
    /// Brand names in our own table of facts.
    pub brands: Arc<[Box<str>]>,
    /// Codes of the reference product of a biosimilar.
    pub reference_codes: Arc<[HcpcsCode]>,
    pub reference_product: Option<Arc<str>>,
    /// Codes that replaced this one, where it has ended.
    pub successors: Arc<[HcpcsCode]>,
    /// Coverage code of the CMS file (C, D, I, M, S), or a blank.
    pub coverage: char,
    /// Pricing indicator of the CMS file, or an empty text.
    pub pricing_indicator: Box<str>,
    /// Action code of the release.
    pub action: char,
    /// CMS long descriptor, only where the operator imported a CMS file; never in the embedded default.
    pub long_descriptor: Option<Arc<str>>,
    pub short_descriptor: Option<Arc<str>>,
    /// Which file proves the record.
    pub source: Arc<str>,
}

impl CodeVersion {
    /// Whether the code may be billed for a date of service; the termination date is inclusive.
    pub fn in_force_on(&self, date: Date) -> bool {
        self.added <= date && self.terminated.is_none_or(|last| date <= last)
    }

    /// The billing unit, where there is one.
    pub fn billing_unit(&self) -> Option<BillingUnit> {
        self.billing.ok()
    }
}
