//! Parsers of what CMS publishes: bytes in, records and problems out.
//!
//! A parser never fails whole because of one bad row, never panics, and never allocates beyond a stated
//! limit. What the records mean for billing is `catalog`'s business.

pub mod add_ons;
pub mod addendum_b;
pub mod asp;
pub mod corrections;
mod dates;
pub mod descriptor;
pub mod facts;
pub mod hcpcs;
pub mod kinds;
pub mod mue;
pub mod names;
pub mod ndc_crosswalk;
pub mod noc;
pub mod pairs;
pub mod problem;
pub mod recognise;
mod rows;
mod table;
pub mod text;
pub mod workbook;

pub use problem::{FileError, Problem, ProblemKind, Problems};
