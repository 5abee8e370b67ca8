//! What kind of administration service a drug earns (rules CLS-1..CLS-5).

use super::Family;

/// The rules of this file.
pub static FAMILIES: &[Family] = &[];
