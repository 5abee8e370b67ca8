//! What one billing unit of a drug code is, or the named reason why a code has none.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::quantity::Quantity;

/// How the amount in a descriptor turns a dose into units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnitForm {
    /// Units are multiples of the amount (rule U-01).
    Multiple,
    /// Each unit pays for any amount up to the stated one; the same ceiling arithmetic (rule U-07).
    UpTo,
    /// Two stated components counted by one convention, kept as data (rule U-08).
    Components,
    /// One unit a container, whatever it holds (rule U-09).
    PerContainer,
    /// One unit an infusion, treatment or study dose, whatever the amount (rule U-09).
    PerEvent,
}

/// The billing unit of a drug code: an amount, and how it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BillingUnit {
    /// The amount that one unit stands for; `1 vial` or `1 dose` for the forms that count things.
    pub quantity: Quantity,
    pub form: UnitForm,
    /// The largest amount a counted event may hold ("per study dose, up to 45 mCi").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Quantity>,
}

impl BillingUnit {
    /// A plain multiple of an amount.
    pub const fn multiple_of(quantity: Quantity) -> Self {
        Self { quantity, form: UnitForm::Multiple, limit: None }
    }
}

/// The amount, and the largest one that an event may hold: two units that differ are never told alike.
impl fmt::Display for BillingUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.form == UnitForm::UpTo {
            f.write_str("up to ")?;
        }
        write!(f, "{}", self.quantity)?;
        match self.limit {
            Some(limit) => write!(f, " of at most {limit}"),
            None => Ok(()),
        }
    }
}

/// Why a code has no billing unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoUnitReason {
    /// An unclassified (not otherwise classified) code: billed once, with a narrative.
    Unclassified,
    /// The code names no drug: a device, a supply, a service or a fee.
    NotADrug,
    /// The descriptor names a drug and states no amount.
    NoAmountStated,
    /// Only a list without descriptors knows the code, so no unit is proven.
    Unproven,
}

/// A word that is no form of billing unit, or no reason for having none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this word is neither a form of billing unit nor a reason for having none")]
pub struct BillingWordError;

macro_rules! words {
    ($type:ident: $($variant:ident $word:literal),* $(,)?) => {
        impl $type {
            /// The word in data files.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl std::str::FromStr for $type {
            type Err = BillingWordError;

            fn from_str(text: &str) -> Result<Self, BillingWordError> {
                match text { $($word => Ok(Self::$variant),)* _ => Err(BillingWordError) }
            }
        }
    };
}

words!(UnitForm:
    Multiple "multiple",
    UpTo "up-to",
    Components "components",
    PerContainer "per-container",
    PerEvent "per-event",
);

words!(NoUnitReason:
    Unclassified "unclassified",
    NotADrug "not-a-drug",
    NoAmountStated "no-amount-stated",
    Unproven "unproven",
);
