//! Parameters of the documentation rules.

use super::parameters;

parameters! {
    /// Thresholds and switches of the documentation rules.
    pub struct DocumentationParameters in "documentation" {
    }
}
