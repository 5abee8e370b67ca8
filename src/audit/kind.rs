//! What kinds of difference there are, and what one says beyond its two sides.

use crate::domain::claim::{NdcQualifier, NdcReport};
use crate::domain::code::Modifier;
use crate::domain::quantity::Decimal;
use crate::domain::time::Date;
use crate::engine::trail::Note;

/// What kind of difference it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Supported and not billed.
    MissingLine,
    /// Billed and not earned by anything recorded.
    ExtraLine,
    /// Another code is right.
    WrongCode,
    /// Another number of units is right.
    WrongUnits,
    /// Other modifiers are right.
    WrongModifier,
    /// The record lacks a fact that the line needs.
    Unsupported,
    /// The NDC belongs to another product, or its quantity is another.
    WrongNdc,
    /// The service was given on another date.
    WrongDate,
    /// The payer wants an NDC on the line.
    MissingNdc,
    /// No table of codes has the code.
    UnknownCode,
    /// The services beside it include it.
    Included,
}

impl Kind {
    /// Every kind, in the order of the published API.
    pub const ALL: [Self; 11] = [
        Self::MissingLine,
        Self::ExtraLine,
        Self::WrongCode,
        Self::WrongUnits,
        Self::WrongModifier,
        Self::Unsupported,
        Self::WrongNdc,
        Self::WrongDate,
        Self::MissingNdc,
        Self::UnknownCode,
        Self::Included,
    ];

    /// The published name, as on the wire without its prefix.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MissingLine => "MISSING_LINE",
            Self::ExtraLine => "EXTRA_LINE",
            Self::WrongCode => "WRONG_CODE",
            Self::WrongUnits => "WRONG_UNITS",
            Self::WrongModifier => "WRONG_MODIFIER",
            Self::Unsupported => "UNSUPPORTED",
            Self::WrongNdc => "WRONG_NDC",
            Self::WrongDate => "WRONG_DATE",
            Self::MissingNdc => "MISSING_NDC",
            Self::UnknownCode => "UNKNOWN_CODE",
            Self::Included => "INCLUDED",
        }
    }
}

/// What a difference says beyond its two sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detail {
    /// What the record lacks, for an unsupported line.
    Lacking(Note),
    /// Why the record does not earn the line, in the words of the rule that declined it.
    Declined(Note),
    /// What is wrong with the modifiers of the line themselves.
    Modifiers(Vec<ModifierFault>),
    /// The NDC that the payer wants.
    Ndc(WantedNdc),
    /// No table of codes has the billed code.
    UnknownCode,
}

/// A fault of a modifier that no record is needed to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModifierFault {
    /// It stands on the line more than once.
    Repeated(Modifier),
    /// One says what the other denies.
    Contradiction(Modifier, Modifier),
    /// No list of modifiers has it.
    Unknown(Modifier),
    /// It was not there before this day.
    NotYet(Modifier, Date),
    /// It ended on this day.
    Ended(Modifier, Date),
}

/// What the record tells of an NDC that a payer wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WantedNdc {
    /// The NDCs of the line, each with its quantity.
    Known(Vec<NdcReport>),
    /// The quantity alone.
    Quantity(Decimal, NdcQualifier),
    /// Nothing.
    Unknown,
}
