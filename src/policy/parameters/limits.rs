//! Parameters of the limits rules.

use super::parameters;

parameters! {
    /// Thresholds and switches of the limits rules.
    pub struct LimitParameters in "limits" {
    }
}
