//! The nouns of an infusion visit: codes, exact quantities, civil time, the encounter and the claim.
//!
//! Everything here is pure: no IO, no clock, no floating point.

pub mod billed;
pub mod billing;
pub mod claim;
pub mod code;
pub mod diagnosis;
pub mod drug;
pub mod encounter;
pub mod fact;
pub mod field;
pub mod finding;
pub mod quantity;
pub mod quarter;
pub mod time;
