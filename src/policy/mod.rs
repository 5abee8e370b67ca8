//! The meaning of the data files under `catalog/`: dated parameters, payer exceptions, citations.
//!
//! Rust names parameters and never a year or a threshold. The date of service and the payer choose
//! the value of each; [`PolicyBook::choose`] hands out the resolved [`Policy`].

mod book;
mod choice;
mod citations;
mod data;
mod document;
mod error;
pub mod parameters;

pub use book::PolicyBook;
pub use choice::{Chosen, FALLBACK_PAYER};
pub use citations::{Citation, Citations};
pub use error::PolicyError;
pub use parameters::{Param, Policy};
