//! A place in the request, so that a finding can name the field it speaks of.

use std::fmt;

/// A field of the encounter, printed in the names of the wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    Encounter(&'static str),
    /// Index of the administration, and the field in it (empty for the whole).
    Administration(u16, &'static str),
    /// Indices of the administration and the drug, and the field in it.
    Drug(u16, u16, &'static str),
    /// Indices of the administration, the drug and the container, and the field in it.
    Container(u16, u16, u16, &'static str),
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match *self {
            Field::Encounter(name) => return f.write_str(name),
            Field::Administration(a, name) => {
                write!(f, "administrations[{a}]")?;
                name
            }
            Field::Drug(a, d, name) => {
                write!(f, "administrations[{a}].drugs[{d}]")?;
                name
            }
            Field::Container(a, d, c, name) => {
                write!(f, "administrations[{a}].drugs[{d}].containers[{c}]")?;
                name
            }
        };
        if name.is_empty() { Ok(()) } else { write!(f, ".{name}") }
    }
}
