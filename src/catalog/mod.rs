//! The book of codes: what each code means on each date, as an immutable snapshot in memory.
//!
//! `store` is the durable home; requests only ever read a [`Catalog`].

pub mod add_on_settings;
pub mod biosimilar;
mod brand_names;
pub mod codes;
pub mod compose;
pub mod diff;
pub mod dose_forms;
pub mod edits;
mod embedded;
pub mod error;
pub mod formulary;
pub mod keyed;
pub mod list;
pub mod modifiers;
pub mod names;
pub mod ndc;
pub mod package_forms;
pub mod package_sizes;
pub mod payment;
pub mod product_names;
pub mod quarterly;
pub mod record;
pub mod release;
pub mod rxnorm;
pub mod search;
pub mod snapshot;
pub mod store;
pub mod successors;
mod table;
pub mod text;

pub use edits::EditKind;
pub use quarterly::InQuarter;
pub use record::{CodeFlag, CodeFlags, CodeVersion};
pub use snapshot::{Catalog, Lookup};
pub use text::Text;
