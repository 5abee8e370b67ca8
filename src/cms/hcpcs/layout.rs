//! Where each field stands: columns of the text, header names of the worksheet.

use std::ops::Range;

use crate::cms::rows::folded_name;

/// The fields that are read, in the order of [`LAYOUT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Field {
    Code,
    Sequence,
    RecordKind,
    LongDescription,
    ShortDescription,
    PricingIndicators,
    MultiplePricing = Field::PricingIndicators as usize + 4,
    CrossReferences,
    Coverage = Field::CrossReferences as usize + 5,
    ProcessingNote,
    Betos,
    TypesOfService,
    Added = Field::TypesOfService as usize + 5,
    Effective,
    Terminated,
    Action,
}

/// Pricing indicators, cross references and types of service of one record.
pub(super) const PRICING_INDICATORS: usize = 4;
pub(super) const CROSS_REFERENCES: usize = 5;
pub(super) const TYPES_OF_SERVICE: usize = 5;

/// One field: its columns in the text, counted from zero, and its folded header names.
pub(super) struct Place {
    pub(super) columns: Range<usize>,
    pub(super) headers: &'static [&'static str],
    /// Whether no sheet can be read without it: what a code is, when it is in force and which drug it names hang on it.
    pub(super) is_required: bool,
}

impl Place {
    /// Whether a header cell is one of its names.
    pub(super) fn is_named(&self, cell: &str) -> bool {
        self.headers.contains(&folded_name(cell).as_str())
    }
}

const fn place(from: usize, to: usize, headers: &'static [&'static str]) -> Place {
    // The CMS layout counts columns from one and inclusive.
    Place { columns: from - 1..to, headers, is_required: true }
}

const fn spare(from: usize, to: usize, headers: &'static [&'static str]) -> Place {
    Place { is_required: false, ..place(from, to, headers) }
}

/// The layout, as the CMS record layout of 2017 and later gives it; names of 2012 and 2013 are second,
/// and behind them the ways in which people write them.
pub(super) const LAYOUT: &[Place] = &[
    place(1, 5, &["hcpc", "hcpcs", "hcpcscode", "hcpccode", "hcpcscd", "hcpccd"]),
    spare(6, 10, &["seqnum", "sequencenumber", "seqno"]),
    place(11, 11, &["recid", "ric", "recordid", "recordidentificationcode"]),
    place(12, 91, &["longdescription", "longdesc"]),
    spare(92, 119, &["shortdescription", "shortdesc"]),
    place(120, 121, &["price1", "pi1"]),
    spare(122, 123, &["price2", "pi2"]),
    spare(124, 125, &["price3", "pi3"]),
    spare(126, 127, &["price4", "pi4"]),
    spare(128, 128, &["multpi", "mpi"]),
    spare(205, 209, &["xref1"]),
    spare(210, 214, &["xref2"]),
    spare(215, 219, &["xref3"]),
    spare(220, 224, &["xref4"]),
    spare(225, 229, &["xref5"]),
    place(230, 230, &["cov", "coverage"]),
    spare(253, 256, &["procnote"]),
    place(257, 259, &["betos"]),
    spare(261, 261, &["tos1"]),
    spare(262, 262, &["tos2"]),
    spare(263, 263, &["tos3"]),
    spare(264, 264, &["tos4"]),
    spare(265, 265, &["tos5"]),
    place(269, 276, &["adddt", "codeadddate", "adddate", "dateadded"]),
    place(277, 284, &["acteffdt", "actioneffdate", "acteffdate", "actioneffectivedate"]),
    place(285, 292, &["termdt", "termdate", "terminationdate"]),
    spare(293, 293, &["actioncd", "actioncode"]),
];

/// How many fields a record has.
pub(super) const FIELDS: usize = LAYOUT.len();

/// The fields of one line or row, trimmed.
pub(super) struct Record<'a> {
    /// Line or row, counted from one.
    pub(super) line: u32,
    pub(super) fields: [&'a str; FIELDS],
}

impl<'a> Record<'a> {
    pub(super) const fn get(&self, field: Field) -> &'a str {
        self.fields[field as usize]
    }

    /// A run of fields that belong together.
    pub(super) fn run(&self, first: Field, length: usize) -> impl Iterator<Item = &'a str> {
        self.fields[first as usize..first as usize + length].iter().copied().filter(|text| !text.is_empty())
    }

    /// The only character of a field, or a blank.
    pub(super) fn character(&self, field: Field) -> char {
        self.get(field).chars().next().unwrap_or(' ')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_and_the_table_agree() {
        assert_eq!(LAYOUT[Field::MultiplePricing as usize].headers[0], "multpi");
        assert_eq!(LAYOUT[Field::Coverage as usize].headers[0], "cov");
        assert_eq!(LAYOUT[Field::Added as usize].columns, 268..276);
        assert_eq!(Field::Action as usize, FIELDS - 1);
        assert!(LAYOUT.windows(2).all(|pair| pair[0].columns.end <= pair[1].columns.start));
    }
}
