//! What the request states of a drug, as bits: a rule about what it does not state returns at its door.

use crate::domain::drug::{Container, DrugGiven, NdcGiven};
use crate::domain::quantity::{Measure, Quantity};
use crate::rules::drug_line::package::is_one_piece;

/// Something that a request may state of a drug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum DrugMark {
    /// The NDC of one product, of the drug or of a container.
    Ndc = 1,
    /// An NDC that fits several products.
    AmbiguousNdc = 1 << 1,
    /// An amount in a measure of volume: the dose, what was discarded, or the content of a container.
    Volume = 1 << 2,
    /// Something that may tell how much drug a millilitre holds.
    Strength = 1 << 3,
    /// A container.
    Container = 1 << 4,
    /// A container whose content is not known.
    OpenContent = 1 << 5,
}

/// What a request states of a drug, or of the drugs that are billed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DrugMarks(u8);

impl DrugMarks {
    /// Reads what the request states of a drug: its containers are looked at once for all the rules.
    pub fn of(drug: &DrugGiven) -> Self {
        let has_volume = |amount: Option<Quantity>| amount.is_some_and(is_volume);
        let states_volume = has_volume(drug.dose_administered) || has_volume(drug.dose_discarded);
        let tells_strength = drug.amount_per_ml.is_some()
            || drug.percent_strength.is_some()
            || drug.name.is_some()
            || drug.containers.first().is_some_and(|container| container.volume.is_some());
        let mut bits = of_ndc(drug.ndc.as_ref())
            | bit(DrugMark::Strength, tells_strength)
            | bit(DrugMark::Volume, states_volume);
        for container in &drug.containers {
            bits |= of_container(container);
        }
        Self(bits)
    }

    /// Whether the request states it.
    #[inline]
    pub const fn has(self, mark: DrugMark) -> bool {
        self.0 & mark as u8 != 0
    }

    /// What is stated of this drug or of another one.
    #[inline]
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

const fn bit(mark: DrugMark, is_stated: bool) -> u8 {
    if is_stated { mark as u8 } else { 0 }
}

fn of_container(container: &Container) -> u8 {
    DrugMark::Container as u8
        | of_ndc(container.ndc.as_ref())
        | bit(DrugMark::Volume, is_volume(container.content))
        | bit(DrugMark::OpenContent, is_one_piece(container.content))
}

const fn of_ndc(ndc: Option<&NdcGiven>) -> u8 {
    match ndc {
        None => 0,
        Some(NdcGiven::Read(_)) => DrugMark::Ndc as u8,
        Some(NdcGiven::Ambiguous(_)) => DrugMark::AmbiguousNdc as u8,
    }
}

fn is_volume(amount: Quantity) -> bool {
    amount.unit.measure() == Measure::Volume
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::drug::ContainerKind;
    use crate::domain::quantity::{Decimal, Unit};
    use crate::rules::drug_line::package::UNSTATED;

    fn container(content: Quantity, ndc: Option<NdcGiven>) -> Container {
        Container {
            content,
            volume: None,
            count: 1,
            kind: Some(ContainerKind::SingleDose),
            form: None,
            ndc,
            lot_number: None,
            shared_with_later_patient: false,
        }
    }

    #[test]
    fn each_mark_is_what_its_rule_would_find() {
        let volume = Quantity::new(Decimal::ONE, Unit::Milliliter);
        let amount = Quantity::new(Decimal::ONE, Unit::Milligram);
        let read = || NdcGiven::Read("50242-0053-06".parse().expect("an NDC"));
        let bare = DrugGiven::default();
        assert_eq!(DrugMarks::of(&bare), DrugMarks::default());
        for (drug, mark) in [
            (DrugGiven { ndc: Some(read()), ..bare.clone() }, DrugMark::Ndc),
            (
                DrugGiven { ndc: Some(NdcGiven::Ambiguous("1".to_owned())), ..bare.clone() },
                DrugMark::AmbiguousNdc,
            ),
            (DrugGiven { dose_discarded: Some(volume), ..bare.clone() }, DrugMark::Volume),
            (DrugGiven { name: Some("mesna".to_owned()), ..bare.clone() }, DrugMark::Strength),
            (DrugGiven { containers: vec![container(amount, None)], ..bare.clone() }, DrugMark::Container),
        ] {
            assert!(DrugMarks::of(&drug).has(mark) && DrugMarks::of(&drug) == DrugMarks(mark as u8));
        }
        let containers = vec![container(UNSTATED, None), container(volume, Some(read()))];
        let marks = DrugMarks::of(&DrugGiven { containers, ..bare });
        assert!(marks.has(DrugMark::Ndc) && marks.has(DrugMark::Volume) && marks.has(DrugMark::OpenContent));
        assert_eq!(marks.or(DrugMarks::default()), marks);
    }
}
