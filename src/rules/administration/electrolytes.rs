//! Electrolytes in a fluid, by code or by name (rule HYD-9).

use std::cmp::Ordering;

use super::named_dose;
use crate::catalog::formulary::Nature;
use crate::domain::drug::{ClassProfile, DrugClass, DrugGiven};
use crate::domain::encounter::{Administration, Encounter, Route};
use crate::domain::quantity::{Decimal, Measure, Quantity, Unit};
use crate::engine::Coding;
use crate::rules::identity;

/// What the drugs of one administration tell of its electrolytes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Electrolytes {
    pub(super) present: bool,
    /// One is present that fluids for a maintenance or a volume need hold.
    may_be_maintenance: bool,
    /// The fluid is too little for hydration.
    is_rider: bool,
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
        // A drug that is ordered by its own dose is no maintenance, whatever fluid carries it.
        let is_dosed = matches!(&*administration.drugs, [only] if is_dosed(coding, only));
        read.may_be_maintenance &= !is_dosed;
        read.is_rider = read.may_be_maintenance && read.with_fluid && is_rider(coding, administration);
        read
    }

    /// Whether this is a fluid with electrolytes and nothing else.
    pub(super) const fn are_premixed(self) -> bool {
        self.may_be_maintenance && self.with_fluid && !self.with_drug && !self.is_rider
    }

    fn add(&mut self, coding: &Coding<'_>, drug: &DrugGiven) {
        let formulary = &coding.catalog.formulary;
        if let Some(code) = identity::code_of(coding, drug) {
            let date = coding.date;
            let class = || formulary.class_of_code(code, ClassProfile::CptComplexity, date);
            if coding.policy.administration.electrolyte_codes.contains(&code) {
                (self.present, self.may_be_maintenance) = (true, true);
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
            Nature::Electrolyte => {
                self.present = true;
                let codes = coding.catalog.codes_of_name(&reading.named.drug, coding.date);
                let listed = &coding.policy.administration.electrolyte_codes;
                self.may_be_maintenance |= codes.iter().any(|code| listed.contains(code));
            }
            nature => {
                self.has_own_service |= nature == Nature::OwnService;
                self.with_drug |= reading.named.class != DrugClass::Hydration;
            }
        }
    }
}

/// Whether a drug is an electrolyte with a dose by weight, whose name it begins.
fn is_dosed(coding: &Coding<'_>, drug: &DrugGiven) -> bool {
    let listed = &coding.policy.administration.dosed_electrolytes;
    let is_weight = |dose: Quantity| dose.unit.measure() == Measure::Mass;
    let mut words = drug.name.as_deref().unwrap_or_default().split(|c: char| !c.is_ascii_alphanumeric());
    let first = words.find(|word| word.starts_with(|c: char| c.is_ascii_alphabetic())).unwrap_or_default();
    drug.dose_administered.is_some_and(is_weight)
        && listed.names.iter().any(|known| known.eq_ignore_ascii_case(first))
}

/// Whether the record states a volume of fluid that is too little for hydration.
pub(super) fn is_rider(coding: &Coding<'_>, administration: &Administration) -> bool {
    let most = Quantity::new(Decimal::whole(*coding.policy.administration.rider_ml_max), Unit::Milliliter);
    let named =
        || administration.drugs.iter().filter_map(named_dose::volume_in_name).max_by_key(|it| it.in_base());
    let volume = administration.volume_infused.or_else(named);
    volume.and_then(|volume| volume.compare(most)).is_some_and(Ordering::is_le)
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
