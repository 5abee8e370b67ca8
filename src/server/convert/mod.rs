//! The only place that knows both the messages and the domain.
//!
//! On the way in every violation is collected before anything is refused; on the way out the trail
//! is put into words, by the detail that was asked for.

mod answer;
mod answer_json;
mod answer_proto;
mod audit;
pub mod catalog;
mod drug;
mod encounter;
mod enums;
pub mod refresh;
mod rule;
mod violations;

pub use answer::Answering;
pub use answer_proto::{CitedRules, write_item};
pub use audit::{Auditing, Claim, claim};
pub use encounter::{drug_alone, encounter};
pub use enums::setting;
pub use rule::{rule, rules_version};
pub use violations::{Path, Violation, Violations};
