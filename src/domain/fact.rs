//! A fact is given by the caller, assumed by a stated rule, or missing.

/// A value with how it is known. An answer is only as certain as the weakest fact it used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact<T> {
    /// The record states it.
    Given(T),
    /// A policy rule supplies it, and the answer says so.
    Assumed(T),
    /// Nobody said; the answer asks.
    Missing,
}

impl<T> Fact<T> {
    /// The value, however it is known.
    pub fn known(self) -> Option<T> {
        match self {
            Fact::Given(value) | Fact::Assumed(value) => Some(value),
            Fact::Missing => None,
        }
    }

    /// Whether nobody stated or assumed the value.
    pub const fn is_missing(&self) -> bool {
        matches!(self, Fact::Missing)
    }

    /// The same state around another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Fact::Given(value) => Fact::Given(change(value)),
            Fact::Assumed(value) => Fact::Assumed(change(value)),
            Fact::Missing => Fact::Missing,
        }
    }
}

impl<T> From<Option<T>> for Fact<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Fact::Missing, Fact::Given)
    }
}
