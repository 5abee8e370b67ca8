//! checks rules.

use super::Family;
use crate::engine::Coding;

/// The rules of this file.
pub static FAMILIES: &[Family] = &[];

/// Runs the rules of this family on a visit.
pub fn check(_coding: &mut Coding<'_>) {}
