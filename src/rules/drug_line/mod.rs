//! The drug track: from doses and containers to drug lines.

use crate::engine::Coding;
use crate::rules::Family;

/// The rules of this file.
pub static FAMILIES: &[Family] = &[];

/// Runs the rules of this family on a visit.
pub fn code(_coding: &mut Coding<'_>) {}
