//! The book of codes: what each code means on each date, as an immutable snapshot in memory.
//!
//! `store` is the durable home; requests only ever read a [`Catalog`].

pub mod formulary;
pub mod record;
pub mod snapshot;

pub use record::{CodeFlag, CodeFlags, CodeVersion};
pub use snapshot::{Catalog, Lookup};
