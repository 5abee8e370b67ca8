//! What an administration code stands for, so that a wrong code finds the one it stands in for.

use crate::domain::code::HcpcsCode;
use crate::policy::parameters::{AdministrationParameters, FamilyCodes};

/// The family of services a code belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Family {
    Chemotherapy,
    Therapeutic,
    Hydration,
}

/// How the drug was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Technique {
    Infusion,
    Push,
    Injection,
    Pump,
    Artery,
    Cavity,
}

/// The place of the service in the visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Place {
    Initial,
    Hour,
    Sequential,
    Concurrent,
    /// The same drug pushed again.
    Repeat,
    /// Outside the order of the visit.
    Alone,
}

/// Family, technique and place of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Nature {
    pub family: Family,
    pub technique: Technique,
    pub place: Place,
}

impl Nature {
    /// The nature of a code under a policy; nothing for a code that the policy does not use.
    pub(super) fn of(code: HcpcsCode, parameters: &AdministrationParameters) -> Option<Self> {
        let vein = of_vein(&parameters.chemotherapy_codes, Family::Chemotherapy)
            .chain(of_vein(&parameters.therapeutic_codes, Family::Therapeutic));
        vein.chain(beside_vein(parameters)).find(|(known, _)| *known == code).map(|(_, nature)| nature)
    }

    /// How many of the three things two natures share.
    pub(super) fn likeness(self, other: Self) -> u32 {
        u32::from(self.family == other.family)
            + u32::from(self.technique == other.technique)
            + u32::from(self.place == other.place)
    }

    /// Whether one can have been reported in place of the other: further hours for further hours, or for another place
    /// of their own kind.
    pub(super) fn can_stand_in_for(self, other: Self) -> bool {
        let is_hours_alike = (self.place == Place::Hour) == (other.place == Place::Hour);
        if is_hours_alike { self.likeness(other) > 0 } else { self.is_of_kind(other) }
    }

    /// Whether family and technique are the same.
    pub(super) fn is_of_kind(self, other: Self) -> bool {
        (self.family, self.technique) == (other.family, other.technique)
    }
}

fn of_vein(codes: &FamilyCodes, family: Family) -> impl Iterator<Item = (HcpcsCode, Nature)> {
    use Technique::{Infusion, Push};
    let own = [
        (Some(codes.infusion), Infusion, Place::Initial),
        (Some(codes.hour), Infusion, Place::Hour),
        (Some(codes.sequential), Infusion, Place::Sequential),
        (codes.concurrent, Infusion, Place::Concurrent),
        (Some(codes.push), Push, Place::Initial),
        (Some(codes.additional_push), Push, Place::Sequential),
        (codes.repeat_push, Push, Place::Repeat),
    ];
    own.into_iter()
        .filter_map(move |(code, technique, place)| Some((code?, Nature { family, technique, place })))
}

fn beside_vein(parameters: &AdministrationParameters) -> impl Iterator<Item = (HcpcsCode, Nature)> {
    use Family::{Chemotherapy, Hydration, Therapeutic};
    use Technique::{Artery, Cavity, Infusion, Injection, Pump};
    let AdministrationParameters {
        hydration_codes: hydration,
        injection_codes: injections,
        subcutaneous_infusion_codes: skin,
        intra_arterial_codes: artery,
        pump_codes: pumps,
        cavity_codes: cavities,
        ..
    } = parameters;
    [
        (hydration.initial, Hydration, Infusion, Place::Initial),
        (hydration.hour, Hydration, Infusion, Place::Hour),
        (injections.therapeutic, Therapeutic, Injection, Place::Alone),
        (injections.on_body_injector, Therapeutic, Injection, Place::Alone),
        (injections.antineoplastic, Chemotherapy, Injection, Place::Alone),
        (injections.hormonal, Chemotherapy, Injection, Place::Alone),
        (skin.first_hour, Therapeutic, Injection, Place::Alone),
        (skin.hour, Therapeutic, Injection, Place::Hour),
        (artery.push, Chemotherapy, Artery, Place::Alone),
        (artery.first_hour, Chemotherapy, Artery, Place::Alone),
        (artery.hour, Chemotherapy, Artery, Place::Hour),
        (artery.pump_start, Chemotherapy, Pump, Place::Alone),
        (artery.therapeutic_injection, Therapeutic, Artery, Place::Alone),
        (pumps.prolonged_start, Chemotherapy, Pump, Place::Alone),
        (pumps.practice_pump_start, Chemotherapy, Pump, Place::Alone),
        (pumps.therapeutic_start, Therapeutic, Pump, Place::Alone),
        (pumps.refill_portable, Chemotherapy, Pump, Place::Alone),
        (pumps.refill_implantable, Chemotherapy, Pump, Place::Alone),
        (cavities.pleural, Chemotherapy, Cavity, Place::Alone),
        (cavities.peritoneal, Chemotherapy, Cavity, Place::Alone),
        (cavities.central_nervous_system, Chemotherapy, Cavity, Place::Alone),
        (cavities.reservoir, Chemotherapy, Cavity, Place::Alone),
        (cavities.lesions_few, Chemotherapy, Cavity, Place::Alone),
        (cavities.lesions_many, Chemotherapy, Cavity, Place::Alone),
    ]
    .into_iter()
    .map(|(code, family, technique, place)| (code, Nature { family, technique, place }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::date;
    use crate::policy::PolicyBook;

    #[test]
    fn a_code_stands_in_for_its_like() {
        let book = PolicyBook::embedded().expect("the embedded policies");
        let policy = book.at(date(2025, 11, 3), "medicare").expect("a policy");
        let of = |code| Nature::of(HcpcsCode::of(code), &policy.administration).expect(code);
        let like = |one, other| of(one).can_stand_in_for(of(other));
        for (one, other) in [("96365", "96413"), ("96365", "96367"), ("96376", "96375"), ("96415", "96366")]
            .into_iter()
            .chain([("96360", "96361"), ("96413", "96415"), ("96417", "96415"), ("96366", "96367")])
        {
            assert!(like(one, other), "{one} {other}");
        }
        for (one, other) in [("96366", "96413"), ("96360", "96375"), ("96415", "96411")] {
            assert!(!like(one, other), "{one} {other}");
        }
        assert_eq!(of("96365").likeness(of("96413")), 2);
        assert!(Nature::of(HcpcsCode::of("99213"), &policy.administration).is_none());
    }
}
