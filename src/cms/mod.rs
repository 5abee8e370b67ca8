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
pub mod makers;
pub mod mue;
pub mod names;
pub mod ndc_crosswalk;
pub mod noc;
pub mod pairs;
pub mod period;
pub mod problem;
pub mod recognise;
mod rows;
mod table;
pub mod text;
mod text_rows;
pub mod workbook;

pub use problem::{FileError, Problem, ProblemKind, Problems};

/// Memory that reading one file may take beside the file itself, in bytes, whatever the file holds or claims.
///
/// It follows from the limits of `text`, `text_rows` and `workbook`: the largest text in another encoding, the most
/// rows with the longest texts. A real file takes a twentieth of it.
pub const PARSE_BYTES_MAX: usize = 512 << 20;
