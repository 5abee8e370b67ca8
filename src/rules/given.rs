//! Whether a drug was given: its dose says so, or the words of its name (rule W-13).

use crate::catalog::formulary::Told;
use crate::domain::drug::{DiscardReason, DrugGiven};
use crate::engine::Coding;

/// Whether a drug was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    Yes,
    /// With a pause that its name tells of.
    WithPause,
    No,
    /// Others gave it before the patient came, as its name tells.
    ByOthers,
    /// The words of its name may say that it was not, or say so beside a dose.
    Open,
}

/// Whether the record says that a drug was given.
pub fn of(coding: &Coding<'_>, drug: &DrugGiven) -> Given {
    if drug.is_not_given() {
        return Given::No;
    }
    match drug.name.as_deref().map_or(Told::Given, |name| coding.catalog.formulary.told(name)) {
        Told::Given => Given::Yes,
        Told::Paused => Given::WithPause,
        Told::NotGiven(_) if drug.dose_administered.is_some() && !is_explained(drug) => Given::Open,
        Told::NotGiven(_) => Given::No,
        Told::ByOthers(_) => Given::ByOthers,
        Told::Doubtful(_) => Given::Open,
    }
}

/// Whether the record gives the reason for which nothing was given.
pub fn is_explained(drug: &DrugGiven) -> bool {
    drug.discard_reason == Some(DiscardReason::SpoiledOrMissed)
}

/// The name of a drug without the words that say that it was not given; nothing where nothing else is left.
pub fn bare_name(coding: &Coding<'_>, drug: &DrugGiven) -> Option<String> {
    let name = drug.name.as_deref()?;
    match coding.catalog.formulary.told(name) {
        Told::NotGiven(bare) | Told::ByOthers(bare) | Told::Doubtful(bare) => {
            Some(bare).filter(|bare| !bare.is_empty())
        }
        Told::Given | Told::Paused => Some(name.to_owned()),
    }
}
