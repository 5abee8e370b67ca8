//! Lists of values of one enumeration, kept as a bit a value, so that asking is one test.

use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::domain::drug::{ContainerKind, DiscardReason, DrugClass};
use crate::domain::encounter::{Route, Setting};

/// An enumeration whose values have a bit each: fewer than 64 of them.
pub trait Enumerated: DeserializeOwned {
    /// The bit of the value.
    fn bit(&self) -> u64;
}

macro_rules! enumerated {
    ($($type:ty),*) => {
        $(impl Enumerated for $type {
            #[inline]
            fn bit(&self) -> u64 {
                1 << *self as u32
            }
        })*
    };
}

enumerated!(ContainerKind, DiscardReason, DrugClass, Route, Setting);

/// Some values of an enumeration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(from = "Vec<T>", bound = "T: Enumerated")]
pub struct SetOf<T: Enumerated> {
    bits: u64,
    values: PhantomData<T>,
}

impl<T: Enumerated> SetOf<T> {
    /// Whether the value is one of them.
    #[inline]
    pub fn contains(&self, value: &T) -> bool {
        self.bits & value.bit() != 0
    }
}

impl<T: Enumerated> From<Vec<T>> for SetOf<T> {
    fn from(values: Vec<T>) -> Self {
        let bits = values.iter().fold(0, |bits, value| bits | value.bit());
        Self { bits, values: PhantomData }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_the_values_of_its_list_and_no_other() {
        let set = SetOf::from(vec![Setting::PhysicianOffice, Setting::HospitalInpatient]);
        assert!(set.contains(&Setting::PhysicianOffice) && set.contains(&Setting::HospitalInpatient));
        assert!(!set.contains(&Setting::HospitalOutpatient) && !set.contains(&Setting::Pharmacy));
        assert!(!SetOf::from(vec![]).contains(&Route::Other));
    }
}
