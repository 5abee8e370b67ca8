//! A place in the request, so that a finding can name the field it speaks of.

use std::fmt::{self, Write as _};

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
            Field::Encounter(name) => return write_camel_case(name, f),
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
        if name.is_empty() {
            return Ok(());
        }
        f.write_char('.')?;
        write_camel_case(name, f)
    }
}

/// Writes `dose_administered` as the wire format spells it: `doseAdministered`.
fn write_camel_case(name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut words = name.split('_');
    f.write_str(words.next().unwrap_or_default())?;
    for word in words {
        let mut letters = word.chars();
        letters.next().map_or(Ok(()), |first| f.write_char(first.to_ascii_uppercase()))?;
        f.write_str(letters.as_str())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_printed_in_the_names_of_the_wire_format() {
        assert_eq!(
            Field::Drug(2, 0, "dose_administered").to_string(),
            "administrations[2].drugs[0].doseAdministered"
        );
        assert_eq!(
            Field::Container(0, 1, 2, "lotNumber").to_string(),
            "administrations[0].drugs[1].containers[2].lotNumber"
        );
        assert_eq!(Field::Administration(7, "").to_string(), "administrations[7]");
        assert_eq!(Field::Encounter("documentation.order_signed").to_string(), "documentation.orderSigned");
    }
}
