//! What the catalog holds for one code in one span of dates.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::text::Text;
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

impl CodeFlag {
    /// Every flag and its word in data files.
    pub const ALL: &'static [(Self, &'static str)] = &[
        (Self::Biosimilar, "biosimilar"),
        (Self::Unclassified, "unclassified"),
        (Self::NotOtherwiseSpecified, "not-otherwise-specified"),
        (Self::ProductExclusive, "product-exclusive"),
        (Self::TwoComponents, "two-components"),
        (Self::EsrdOnDialysis, "esrd-on-dialysis"),
        (Self::NonEsrd, "non-esrd"),
        (Self::ThroughDme, "through-dme"),
        (Self::Compounded, "compounded"),
        (Self::Oral, "oral"),
        (Self::Inhaled, "inhaled"),
        (Self::HospitalOutpatientOnly, "hospital-outpatient-only"),
        (Self::SkinSubstitute, "skin-substitute"),
        (Self::ImagingAgent, "imaging-agent"),
        (Self::Vaccine, "vaccine"),
        (Self::ExcludesBiosimilars, "excludes-biosimilars"),
    ];
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

    /// Whether every flag of another set is set.
    pub const fn has_all(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// The flags of the set, in their order.
    pub fn iter(self) -> impl Iterator<Item = CodeFlag> {
        CodeFlag::ALL.iter().map(|(flag, _)| *flag).filter(move |flag| self.has(*flag))
    }

    /// The set with one more flag.
    #[must_use]
    pub const fn with(self, flag: CodeFlag) -> Self {
        Self(self.0 | flag as u16)
    }
}

/// A word that is no flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a word of the flags is not known")]
pub struct CodeFlagError;

impl fmt::Display for CodeFlags {
    /// The words of the set, separated by semicolons.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words = CodeFlag::ALL.iter().filter(|(flag, _)| self.has(*flag)).map(|(_, word)| *word);
        f.write_str(words.next().unwrap_or(""))?;
        words.try_for_each(|word| write!(f, ";{word}"))
    }
}

impl FromStr for CodeFlags {
    type Err = CodeFlagError;

    fn from_str(text: &str) -> Result<Self, CodeFlagError> {
        text.split(';').filter(|word| !word.is_empty()).try_fold(Self::NONE, |flags, word| {
            let flag = CodeFlag::ALL.iter().find(|(_, known)| *known == word).ok_or(CodeFlagError)?;
            Ok(flags.with(flag.0))
        })
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
    pub name: Text,
    /// Brand names in our own table of facts.
    pub brands: Arc<[Text]>,
    /// Codes of the reference product of a biosimilar.
    pub reference_codes: Arc<[HcpcsCode]>,
    pub reference_product: Option<Arc<str>>,
    /// Codes that replaced this one, where it has ended.
    pub successors: Arc<[HcpcsCode]>,
    /// Coverage code of the CMS file (C, D, I, M, S), or a blank.
    pub coverage: char,
    /// Pricing indicator of the CMS file, or an empty text.
    pub pricing_indicator: Text,
    /// Action code of the release.
    pub action: char,
    /// CMS long descriptor, only where the operator imported a CMS file; never in the embedded default.
    pub long_descriptor: Option<Text>,
    pub short_descriptor: Option<Text>,
    /// Which file proves the record.
    pub source: Arc<str>,
}

impl CodeVersion {
    /// Whether the code may be billed for a date of service; the termination date is inclusive.
    pub fn in_force_on(&self, date: Date) -> bool {
        self.added <= date && self.terminated.is_none_or(|last| date <= last)
    }

    /// Whether another record of the code means the same on a claim.
    pub fn bills_like(&self, other: &Self) -> bool {
        (self.billing, self.flags) == (other.billing, other.flags)
    }

    /// The billing unit, where there is one.
    pub fn billing_unit(&self) -> Option<BillingUnit> {
        self.billing.ok()
    }

    /// The billing unit in words, or why there is none.
    pub fn unit_text(&self) -> String {
        match self.billing {
            Ok(unit) => unit.to_string(),
            Err(reason) => format!("none ({})", reason.as_str()),
        }
    }
}
