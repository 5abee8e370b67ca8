//! Parameters of claim limits.

use super::parameters;

parameters! {
    /// What one claim and one line can hold.
    pub struct LimitParameters in "limits" {
        /// Largest charge of one claim, in cents (rule X-03).
        pub claim_charge_cents_max: u64,
        /// Most billing units of one line (rule X-04).
        pub units_per_line_max: u32,
    }
}
