//! The lines of an answer, on both tracks.

use arrayvec::ArrayVec;
use smallvec::SmallVec;

use crate::domain::code::{HcpcsCode, Modifier, Ndc};
use crate::domain::quantity::Decimal;
use crate::domain::time::Date;

/// Modifiers that one claim line can carry (CMS-1500 item 24D, 837 SV101).
pub const MODIFIERS_PER_LINE_MAX: usize = 4;

/// The two parallel tracks of an infusion visit. Source: row G-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Track {
    Administration,
    Drug,
}

/// The modifiers of a line, in the order of the claim.
pub type Modifiers = ArrayVec<Modifier, MODIFIERS_PER_LINE_MAX>;

/// The unit in which an NDC quantity is reported. Source: rule D-03.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NdcQualifier {
    InternationalUnit,
    Gram,
    Milligram,
    Milliliter,
    Unit,
}

impl NdcQualifier {
    /// Every qualifier.
    pub const ALL: [Self; 5] =
        [Self::InternationalUnit, Self::Gram, Self::Milligram, Self::Milliliter, Self::Unit];

    /// The two letters of the claim form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InternationalUnit => "F2",
            Self::Gram => "GR",
            Self::Milligram => "ME",
            Self::Milliliter => "ML",
            Self::Unit => "UN",
        }
    }
}

/// The NDC of a line with its own quantity, which is not the billing unit count (rule D-04).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NdcReport {
    pub ndc: Ndc,
    pub qualifier: NdcQualifier,
    pub quantity: Decimal,
}

/// One line of the claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub track: Track,
    pub code: HcpcsCode,
    /// Whole billing units, at least one (rule U-15).
    pub units: u32,
    pub modifiers: Modifiers,
    pub service_date: Date,
    /// Indices of the administrations behind the line, in the order of the request.
    pub administrations: Administrations,
    /// For a drug line, the index of the drug within its first administration.
    pub drug: Option<u16>,
    pub ndc: Option<NdcReport>,
    /// The NDCs beyond the first, where containers of several share the line (rule D-08).
    pub further_ndcs: Vec<NdcReport>,
    /// The quantity that goes with the NDC, where the payer wants one and none is given.
    pub unnamed_quantity: Option<(Decimal, NdcQualifier)>,
    /// Item 19, SV101-7 or NTE text of an unclassified or split line.
    pub narrative: Option<Box<str>>,
    /// The line's share of the charge in cents, where the request states one (rule X-03).
    pub charge_cents: Option<u64>,
}

/// Administrations of a line that are held without an allocation; few lines have more.
const ADMINISTRATIONS_INLINE: usize = 8;

type Administrations = SmallVec<[u16; ADMINISTRATIONS_INLINE]>;

impl Line {
    /// A line without modifiers.
    #[inline]
    pub fn new(track: Track, code: HcpcsCode, units: u32, service_date: Date) -> Self {
        Self::standing_on(SmallVec::new(), track, code, units, service_date)
    }

    /// The line of one administration, without modifiers.
    #[inline]
    pub fn of(track: Track, code: HcpcsCode, units: u32, service_date: Date, administration: u16) -> Self {
        let mut inline = [0; ADMINISTRATIONS_INLINE];
        inline[0] = administration;
        Self::standing_on(SmallVec::from_buf_and_len(inline, 1), track, code, units, service_date)
    }

    #[inline]
    fn standing_on(
        administrations: Administrations,
        track: Track,
        code: HcpcsCode,
        units: u32,
        service_date: Date,
    ) -> Self {
        Self {
            track,
            code,
            units,
            modifiers: ArrayVec::new(),
            service_date,
            administrations,
            drug: None,
            ndc: None,
            further_ndcs: Vec::new(),
            unnamed_quantity: None,
            narrative: None,
            charge_cents: None,
        }
    }

    /// Adds a modifier once; reports whether there was room for it.
    #[must_use]
    pub fn add_modifier(&mut self, modifier: Modifier) -> bool {
        self.modifiers.contains(&modifier) || self.modifiers.try_push(modifier).is_ok()
    }

    /// Names an administration behind the line, once.
    pub fn add_administration(&mut self, index: u16) {
        if !self.administrations.contains(&index) {
            self.administrations.push(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::date;

    #[test]
    fn a_line_names_every_administration_once() {
        let mut line = Line::new(Track::Administration, HcpcsCode::of("96375"), 1, date(2025, 11, 3));
        for index in (0..500).chain(0..500) {
            line.add_administration(index);
        }
        assert_eq!(line.administrations.len(), 500);
    }
}
