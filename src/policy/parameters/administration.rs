//! Parameters of the administration rules.

use super::parameters;

parameters! {
    /// Thresholds and switches of the administration rules.
    pub struct AdministrationParameters in "administration" {
    }
}
