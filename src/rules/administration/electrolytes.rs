//! Electrolytes in a fluid, by code or by name (rule HYD-9).

use crate::catalog::formulary::Nature;
use crate::domain::drug::{ClassProfile, DrugClass, DrugGiven};
use crate::domain::encounter::{Administration, Encounter, Route};
use crate::engine::Coding;
use crate::rules::identity;

/// What the drugs of one administration tell of its electrolytes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Electrolytes {
    pub(super) present: bool,
    /// A hydration fluid is named beside them.
    with_fluid: bool,
    /// A drug is named that is neither.
    with_drug: bool,
    /// A name is listed as given under codes of another section (rule CHM-13).
    pub(super) has_own_service: bool,
    /// The request states the class of a drug.
    pub(super) class_is_stated: bool,
}

impl Electrolytes {
    /// Reads the drugs of an administration.
    pub(super) fn of(coding: &Coding<'_>, administration: &Administration) -> Self {
        let mut read = Self::default();
        for drug in &administration.drugs {
            read.class_is_stated |= drug.class.is_some();
            read.add(coding, drug);
        }
        read
    }

    /// Whether this is a fluid with electrolytes and nothing else.
    pub(super) const fn are_premixed(self) -> bool {
        self.present && self.with_fluid && !self.with_drug
    }

    fn add(&mut self, coding: &Coding<'_>, drug: &DrugGiven) {
        let formulary = &coding.catalog.formulary;
        if let Some(code) = identity::code_of(coding, drug) {
            let date = coding.date;
            let class = || formulary.class_of_code(code, ClassProfile::CptComplexity, date);
            if coding.policy.administration.electrolyte_codes.contains(&code) {
                self.present = true;
            } else if class().is_some_and(|known| known.class == DrugClass::Hydration) {
                self.with_fluid = true;
            } else {
                self.with_drug = true;
            }
            return;
        }
        let Some(reading) = drug.name.as_deref().and_then(|name| formulary.read_name(name)) else {
            self.with_drug = true;
            return;
        };
        self.with_fluid |= reading.has_fluid;
        match reading.named.nature {
            Nature::Electrolyte => self.present = true,
            nature => {
                self.has_own_service |= nature == Nature::OwnService;
                self.with_drug |= reading.named.class != DrugClass::Hydration;
            }
        }
    }
}

/// Whether a therapeutic administration may hold an electrolyte: by a code of the policy's list, or by a name.
pub(super) fn may_be_present(coding: &Coding<'_>, administration: &Administration) -> bool {
    let codes = &coding.policy.administration.electrolyte_codes;
    administration.drugs.iter().any(|drug| drug.code.is_none_or(|code| codes.contains(&code)))
}

/// Whether blood was given in the visit.
pub(super) fn has_transfusion(encounter: &Encounter) -> bool {
    let is_blood = |administration: &Administration| {
        administration.route == Some(Route::Transfusion)
            || administration.drugs.iter().any(|drug| drug.class == Some(DrugClass::BloodProduct))
    };
    encounter.administrations.iter().any(is_blood)
}
