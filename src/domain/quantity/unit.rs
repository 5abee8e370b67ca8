//! Units of measure, and the measure each belongs to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{QuantityError, shortened};

/// What a unit measures. Amounts convert within one measure only (rule U-05).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    Mass,
    Volume,
    /// Units of biological activity: USP units, international units, anti-Xa units.
    BiologicalUnits,
    Radioactivity,
    Equivalents,
    AmountOfSubstance,
    Area,
    Length,
    Cells,
    PlaqueFormingUnits,
    VectorGenomes,
    /// Whole things counted one by one: vials, doses, studies, devices.
    Count,
    Time,
}

macro_rules! units {
    ($($variant:ident $measure:ident $per_base:literal $symbol:literal [$($alias:literal),*]),* $(,)?) => {
        /// A unit of measure. Symbols follow UCUM where it has a customary form.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Unit { $($variant),* }

        impl Unit {
            /// Every unit, in the order of its measure.
            pub const ALL: &'static [Unit] = &[$(Unit::$variant),*];

            /// What the unit measures.
            pub const fn measure(self) -> Measure {
                match self { $(Unit::$variant => Measure::$measure),* }
            }

            /// How many of the measure's smallest unit one of this unit holds.
            pub const fn base_units(self) -> i128 {
                // One machine word, so that a multiplication by it is one instruction.
                let units: i64 = match self { $(Unit::$variant => $per_base),* };
                units as i128
            }

            /// The symbol printed on a claim or in an answer.
            pub const fn symbol(self) -> &'static str {
                match self { $(Unit::$variant => $symbol),* }
            }

            fn from_lower_case(text: &str) -> Option<Unit> {
                Some(match text { $($symbol $(| $alias)* => Unit::$variant,)* _ => return None })
            }
        }
    };
}

units! {
    Nanogram Mass 1 "ng" ["nanogram", "nanograms"],
    Microgram Mass 1_000 "mcg" ["ug", "µg", "μg", "microgram", "micrograms"],
    Milligram Mass 1_000_000 "mg" ["milligram", "milligrams", "mgs", "mg pe"],
    Gram Mass 1_000_000_000 "g" ["gm", "gms", "gram", "grams"],
    Kilogram Mass 1_000_000_000_000 "kg" ["kilogram", "kilograms"],
    Microliter Volume 1 "ul" ["µl", "μl", "microliter", "microliters"],
    Milliliter Volume 1_000 "ml" ["cc", "milliliter", "milliliters", "millilitre", "millilitres", "mls", "ccs"],
    Liter Volume 1_000_000 "l" ["liter", "liters", "litre", "litres"],
    BiologicalUnit BiologicalUnits 1 "unit" ["units", "[iu]", "iu", "i.u.", "[usp'u]", "usp unit", "usp units", "international unit", "international units", "u", "unit(s)", "int. unit", "int. units", "int unit", "int units", "intl unit", "intl units"],
    ThousandUnits BiologicalUnits 1_000 "1000 units" ["ku", "k[iu]", "thousand units"],
    MillionUnits BiologicalUnits 1_000_000 "million units" ["mu", "m[iu]", "miu", "million iu", "million unit", "million international units", "million usp units", "mega unit", "mega units", "megaunit", "megaunits"],
    Becquerel Radioactivity 1 "bq" [],
    Kilobecquerel Radioactivity 1_000 "kbq" [],
    Megabecquerel Radioactivity 1_000_000 "mbq" [],
    Gigabecquerel Radioactivity 1_000_000_000 "gbq" [],
    Microcurie Radioactivity 37_000 "uci" ["µci", "μci", "microcurie", "microcuries"],
    Millicurie Radioactivity 37_000_000 "mci" ["millicurie", "millicuries"],
    Curie Radioactivity 37_000_000_000 "ci" ["curie", "curies"],
    Milliequivalent Equivalents 1 "meq" ["milliequivalent", "milliequivalents"],
    Millimole AmountOfSubstance 1 "mmol" ["millimole", "millimoles"],
    SquareCentimeter Area 1 "cm2" ["cm²", "cm^2", "sq. cm", "sq cm", "square centimeter", "square centimeters", "sqcm"],
    Centimeter Length 1 "cm" ["centimeter", "centimeters"],
    Cell Cells 1 "cell" ["cells"],
    MillionCells Cells 1_000_000 "million cells" [],
    PlaqueFormingUnit PlaqueFormingUnits 1 "pfu" ["plaque forming unit", "plaque forming units"],
    MillionPlaqueFormingUnits PlaqueFormingUnits 1_000_000 "million pfu" ["million plaque forming units"],
    VectorGenome VectorGenomes 1 "vg" ["vector genome", "vector genomes"],
    BillionVectorGenomes VectorGenomes 1_000_000_000 "billion vg" ["billion vector genomes"],
    Each Count 1 "each" ["ea", "tablet", "tablets", "tab", "tabs", "capsule", "capsules", "cap", "caps", "unit dose", "item", "items", "device", "devices", "patch", "patches", "implant", "implants", "kit", "kits", "pellet", "pellets", "applicator", "applicators"],
    Vial Count 1 "vial" ["vials", "container", "containers", "ampule", "ampules", "amp", "amps", "ampul", "ampuls", "ampoule", "ampoules", "syringe", "syringes", "bag", "bags"],
    Dose Count 1 "dose" ["doses", "treatment", "therapeutic dose", "study dose", "infusion", "instillation"],
    Day Time 1 "day" ["days"],
    Month Time 30 "month" ["months"],
}

impl FromStr for Unit {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        // Most units come in lower case already, and a visit has some twenty.
        let known = Unit::from_lower_case(text.trim());
        let known = known.or_else(|| Unit::from_lower_case(&text.trim().to_lowercase()));
        known.ok_or_else(|| QuantityError::UnknownUnit(shortened(text)))
    }
}

impl Unit {
    /// The symbol as it is customarily printed, with its capitals.
    pub const fn printed(self) -> &'static str {
        match self {
            // The table holds folded names; these symbols are customarily printed with capitals.
            Unit::Milliliter => "mL",
            Unit::Microliter => "uL",
            Unit::Liter => "L",
            Unit::Milliequivalent => "mEq",
            Unit::Millicurie => "mCi",
            Unit::Microcurie => "uCi",
            Unit::Curie => "Ci",
            Unit::Becquerel => "Bq",
            Unit::Kilobecquerel => "kBq",
            Unit::Megabecquerel => "MBq",
            Unit::Gigabecquerel => "GBq",
            Unit::PlaqueFormingUnit => "PFU",
            Unit::MillionPlaqueFormingUnits => "million PFU",
            other => other.symbol(),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.printed())
    }
}

impl Serialize for Unit {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Unit {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Unit;

    #[test]
    fn units_are_read_as_records_shorten_them() {
        for (text, unit) in [
            ("amp", Unit::Vial),
            ("ampul", Unit::Vial),
            ("ampoules", Unit::Vial),
            ("mLs", Unit::Milliliter),
            ("unit(s)", Unit::BiologicalUnit),
            ("Int. Units", Unit::BiologicalUnit),
            ("tab", Unit::Each),
            ("implants", Unit::Each),
            ("applicators", Unit::Each),
            ("mega units", Unit::MillionUnits),
        ] {
            assert_eq!(text.parse(), Ok(unit), "{text}");
        }
        // A bolus is a way of giving, and no amount.
        assert!("bolus".parse::<Unit>().is_err());
    }
}
