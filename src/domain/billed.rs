//! A claim as somebody billed it, to be compared with what the visit supports.

use arrayvec::ArrayVec;

use crate::domain::claim::{Modifiers, NdcQualifier};
use crate::domain::code::{HcpcsCode, Ndc};
use crate::domain::encounter::Setting;
use crate::domain::quantity::Decimal;
use crate::domain::time::Date;

/// One billed line. A claim may hold what this service would never answer, such as part units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BilledLine {
    pub code: HcpcsCode,
    pub modifiers: Modifiers,
    pub units: Decimal,
    /// First date of service of the line, where it states one.
    pub service_date: Option<Date>,
    pub charge_cents: Option<u64>,
    /// Revenue code of an institutional line.
    pub revenue_code: Option<Box<str>>,
    pub ndc: Option<Ndc>,
    /// Quantity of the NDC, which is not the billing unit count (rule D-04).
    pub ndc_quantity: Option<(Decimal, NdcQualifier)>,
    pub narrative: Option<Box<str>>,
    /// Nothing but the code could be read, so the line is not judged and its code is not missing.
    pub is_unread: bool,
}

impl BilledLine {
    /// A line without modifiers.
    pub const fn new(code: HcpcsCode, units: Decimal) -> Self {
        Self {
            code,
            modifiers: ArrayVec::new_const(),
            units,
            service_date: None,
            charge_cents: None,
            revenue_code: None,
            ndc: None,
            ndc_quantity: None,
            narrative: None,
            is_unread: false,
        }
    }

    /// A line of which only the code could be read.
    pub fn unread(code: HcpcsCode) -> Self {
        Self { is_unread: true, ..Self::new(code, Decimal::ZERO) }
    }
}

/// A billed claim without anything that identifies a patient.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BilledClaim {
    /// The claim's place in the file, such as `claim 2`; the provider's account number is not kept.
    pub reference: String,
    pub setting: Option<Setting>,
    /// First date of service of the claim, where it states one.
    pub service_date: Option<Date>,
    pub diagnoses: Vec<String>,
    pub lines: Vec<BilledLine>,
}
