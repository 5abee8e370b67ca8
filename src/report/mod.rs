//! Answers for people: text, HTML and the quarterly change report.

pub mod changes;
mod chart;
pub mod explanation;
pub mod note;
pub mod page;
mod role;
pub mod rule_reference;
pub mod rule_text;
mod timeline;
