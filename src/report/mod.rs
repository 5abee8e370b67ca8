//! Answers for people: text, HTML and the quarterly change report.

pub mod explanation;
pub mod note;
