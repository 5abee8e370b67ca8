//! Parsers of what CMS publishes: bytes in, records and problems out.
//!
//! A parser never fails whole because of one bad row, never panics, and never allocates beyond a stated
//! limit. What the records mean for billing is `catalog`'s business.

pub mod asp;
pub mod descriptor;
pub mod facts;
pub mod hcpcs;
pub mod kinds;
pub mod mue;
pub mod names;
pub mod ndc_crosswalk;
pub mod problem;
mod table;
pub mod text;
pub mod xlsx;

pub use problem::{FileError, Problem, ProblemKind, Problems};
