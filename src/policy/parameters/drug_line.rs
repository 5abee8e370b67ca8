//! Parameters of the drug_line rules.

use super::parameters;

parameters! {
    /// Thresholds and switches of the drug_line rules.
    pub struct DrugLineParameters in "drug_line" {
    }
}
