//! X12 837 (005010): service lines out, billed claims in.
//!
//! The tokenizer is our own, because what reads 837 in Rust either stops at the first unexpected segment
//! without naming it or keeps every patient's segments in memory.

mod place;
mod read;
mod segment;
mod service_line;
mod write;

pub use place::of_place_of_service as setting_of_place_of_service;
pub use read::{ReadClaims, X12Error, X12Problem, read_claims};
pub use write::{ClaimForm, ServiceLineOptions, write_service_lines};
