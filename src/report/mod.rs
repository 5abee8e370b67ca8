//! Answers for people: text, HTML and the quarterly change report.

pub mod audit_page;
pub mod audit_summary;
pub mod audit_text;
pub mod changes;
mod chart;
pub mod dollars;
pub mod explanation;
pub mod figures;
pub mod grouping;
pub mod note;
pub mod page;
mod role;
pub mod rule_reference;
pub mod rule_text;
mod template;
mod timeline;
