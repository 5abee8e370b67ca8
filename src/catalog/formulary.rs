//! Our own dated and cited table of drugs: class, routes, containers. Editorial defaults; overridable.

use rustc_hash::FxHashMap;

use crate::domain::code::HcpcsCode;
use crate::domain::drug::{ContainerKind, DrugClass};
use crate::domain::encounter::Route;
use crate::domain::quantity::Quantity;

/// What the formulary says of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrugFacts {
    pub code: HcpcsCode,
    pub class: DrugClass,
    /// Key into the citations.
    pub class_cite: Box<str>,
    pub routes: Box<[Route]>,
    pub container_kind: Option<ContainerKind>,
    /// Contents of the single containers on the market.
    pub container_sizes: Box<[Quantity]>,
    /// What the descriptor counts, where salt and base differ (rule U-10).
    pub dose_basis: Option<Box<str>>,
}

/// A drug known by name only: premedications and fluids without a code of interest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedClass {
    pub class: DrugClass,
    pub class_cite: Box<str>,
}

/// The table of drugs.
#[derive(Debug, Clone, Default)]
pub struct Formulary {
    pub by_code: FxHashMap<HcpcsCode, DrugFacts>,
    /// Folded nonproprietary and brand names.
    pub by_name: FxHashMap<Box<str>, NamedClass>,
}

impl Formulary {
    /// The facts of a code.
    pub fn drug(&self, code: HcpcsCode) -> Option<&DrugFacts> {
        self.by_code.get(&code)
    }
}
