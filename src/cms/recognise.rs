//! Which kind of CMS file some bytes are, by their content alone.

use super::problem::{FileError, Problems};
use super::rows::{Cells, each_row};
use super::table::{Column, Header, Seeking};
use super::text::{TEXT_BYTES_MAX, decode, numbered_lines};
use super::workbook::{self, Stop};
use super::{add_ons, addendum_b, asp, corrections, hcpcs, mue, ndc_crosswalk, noc, pairs};

/// Rows among which the header of a table is sought; preambles have up to 20.
const HEADER_ROWS_MAX: usize = 200;
/// Lines among which the first record of the fixed-width text is sought; disclaimers have up to 11.
const RECORD_LINES_MAX: usize = 200;

/// A kind of file that CMS publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The alpha-numeric HCPCS file.
    Codes,
    /// Corrections of it.
    Corrections,
    /// The list of unclassified codes.
    NocCodes,
    /// Part B payment limits.
    PaymentLimits,
    /// Payment limits of drugs without a code.
    NocPrices,
    /// NDC–HCPCS crosswalk.
    Crosswalk,
    /// Packages of drugs without a code.
    NocPackages,
    /// Medically unlikely edits.
    UnitEdits,
    /// Add-on code edits.
    AddOnEdits,
    /// Procedure-to-procedure edits.
    PairEdits,
    /// Addendum B.
    StatusIndicators,
}

impl Kind {
    /// Every kind, and what it is called.
    pub const ALL: &'static [(Self, &'static str)] = &[
        (Self::Codes, "HCPCS codes"),
        (Self::Corrections, "HCPCS corrections"),
        (Self::NocCodes, "unclassified codes"),
        (Self::PaymentLimits, "payment limits"),
        (Self::NocPrices, "payment limits of drugs without a code"),
        (Self::Crosswalk, "NDC-HCPCS crosswalk"),
        (Self::NocPackages, "NDC crosswalk of drugs without a code"),
        (Self::UnitEdits, "medically unlikely edits"),
        (Self::AddOnEdits, "add-on code edits"),
        (Self::PairEdits, "procedure-to-procedure edits"),
        (Self::StatusIndicators, "Addendum B"),
    ];

    /// What the kind is called.
    pub fn title(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, title)| title)
    }
}

/// The kinds that are known by the columns of their header; one with more columns comes before one with fewer.
const BY_HEADER: &[(Kind, &[Column])] = &[
    (Kind::NocPackages, noc::PACKAGES),
    (Kind::Crosswalk, ndc_crosswalk::COLUMNS),
    (Kind::PaymentLimits, asp::COLUMNS),
    (Kind::NocPrices, noc::PRICES),
    (Kind::Corrections, corrections::COLUMNS),
    (Kind::NocCodes, noc::CODES),
    (Kind::AddOnEdits, add_ons::COLUMNS),
    (Kind::UnitEdits, mue::COLUMNS),
    (Kind::StatusIndicators, addendum_b::COLUMNS),
];

/// A file of any kind, read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CmsFile {
    Codes(hcpcs::Release),
    Corrections(corrections::Corrections),
    NocCodes(noc::NocCodes),
    PaymentLimits(asp::PaymentLimits),
    NocPrices(noc::NocPrices),
    Crosswalk(ndc_crosswalk::Crosswalk),
    NocPackages(noc::NocPackages),
    UnitEdits(mue::UnitEdits),
    AddOnEdits(add_ons::AddOnEdits),
    PairEdits(pairs::PairEdits),
    StatusIndicators(addendum_b::StatusIndicators),
}

/// Says which kind of file the bytes are.
///
/// # Errors
/// [`FileError`] when they are too large, damaged, or of no kind that is known.
pub fn kind_of(bytes: &[u8]) -> Result<Kind, FileError> {
    if !workbook::is_workbook(bytes) && has_fixed_width_record(bytes)? {
        return Ok(Kind::Codes);
    }
    let (mut found, mut seen, mut seeker, mut near) = (None, 0, Seeker::default(), None);
    each_row(bytes, |_, cells| {
        seen += 1;
        found = seeker.sees(cells);
        if found.is_none() && near.is_none() {
            near = near_to(cells);
        }
        if found.is_some() || seen == HEADER_ROWS_MAX { Err(Stop::Enough) } else { Ok(()) }
    })?;
    found.ok_or_else(|| match near {
        Some((kind, lacking)) => FileError::NearHeader(kind.title(), lacking.join("`, `").into()),
        None if workbook::is_workbook(bytes) => FileError::UnknownSheet,
        None => FileError::UnknownKind,
    })
}

/// The kind whose header a row nearly is, and the names of the columns that it lacks.
fn near_to(cells: &dyn Cells) -> Option<(Kind, Vec<&'static str>)> {
    let near = |(kind, columns): &(Kind, &[Column])| Some((*kind, Header::lacking(columns, cells)?));
    BY_HEADER.iter().filter_map(near).min_by_key(|(_, lacking)| lacking.len())
}

fn has_fixed_width_record(bytes: &[u8]) -> Result<bool, FileError> {
    if bytes.len() > TEXT_BYTES_MAX {
        return Err(FileError::TooLarge { bytes: bytes.len(), bytes_max: TEXT_BYTES_MAX });
    }
    // The first lines suffice, and are cut before they are decoded.
    const BYTES_MAX: usize = 256 * 1024;
    let text = decode(&bytes[..bytes.len().min(BYTES_MAX)])?;
    Ok(numbered_lines(&text).take(RECORD_LINES_MAX).any(|(_, line)| hcpcs::is_record(line)))
}

/// Looks for the row that tells which file it stands in.
#[derive(Debug, Default)]
pub(super) struct Seeker {
    seeking: Seeking,
}

impl Seeker {
    /// The kind that a row tells, alone or below the one that was seen before.
    pub(super) fn sees(&mut self, cells: &dyn Cells) -> Option<Kind> {
        if hcpcs::is_header(cells) {
            return Some(Kind::Codes);
        }
        if pairs::is_published_row(cells) || pairs::is_header(cells) {
            return Some(Kind::PairEdits);
        }
        let of_columns = |cells: &dyn Cells| {
            BY_HEADER
                .iter()
                .find(|(_, columns)| Header::find(columns, cells).is_some())
                .map(|(kind, _)| *kind)
        };
        self.seeking.look(cells, of_columns)
    }
}

/// Reads a file of any kind.
///
/// # Errors
/// As for [`kind_of`], and those of the kind's own parser.
pub fn read(bytes: &[u8]) -> Result<CmsFile, FileError> {
    Ok(match kind_of(bytes)? {
        Kind::Codes => CmsFile::Codes(hcpcs::parse(bytes)?),
        Kind::Corrections => CmsFile::Corrections(corrections::parse(bytes)?),
        Kind::NocCodes => CmsFile::NocCodes(noc::parse_codes(bytes)?),
        Kind::PaymentLimits => CmsFile::PaymentLimits(asp::parse(bytes)?),
        Kind::NocPrices => CmsFile::NocPrices(noc::parse_prices(bytes)?),
        Kind::Crosswalk => CmsFile::Crosswalk(ndc_crosswalk::parse(bytes)?),
        Kind::NocPackages => CmsFile::NocPackages(noc::parse_packages(bytes)?),
        Kind::UnitEdits => CmsFile::UnitEdits(mue::parse(bytes)?),
        Kind::AddOnEdits => CmsFile::AddOnEdits(add_ons::parse(bytes)?),
        Kind::PairEdits => CmsFile::PairEdits(pairs::parse(bytes)?),
        Kind::StatusIndicators => CmsFile::StatusIndicators(addendum_b::parse(bytes)?),
    })
}

impl CmsFile {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Codes(_) => Kind::Codes,
            Self::Corrections(_) => Kind::Corrections,
            Self::NocCodes(_) => Kind::NocCodes,
            Self::PaymentLimits(_) => Kind::PaymentLimits,
            Self::NocPrices(_) => Kind::NocPrices,
            Self::Crosswalk(_) => Kind::Crosswalk,
            Self::NocPackages(_) => Kind::NocPackages,
            Self::UnitEdits(_) => Kind::UnitEdits,
            Self::AddOnEdits(_) => Kind::AddOnEdits,
            Self::PairEdits(_) => Kind::PairEdits,
            Self::StatusIndicators(_) => Kind::StatusIndicators,
        }
    }

    /// What was wrong with its rows.
    pub const fn problems(&self) -> &Problems {
        match self {
            Self::Codes(file) => &file.problems,
            Self::Corrections(file) => &file.problems,
            Self::NocCodes(file) => &file.problems,
            Self::PaymentLimits(file) => &file.problems,
            Self::NocPrices(file) => &file.problems,
            Self::Crosswalk(file) => &file.problems,
            Self::NocPackages(file) => &file.problems,
            Self::UnitEdits(file) => &file.problems,
            Self::AddOnEdits(file) => &file.problems,
            Self::PairEdits(file) => &file.problems,
            Self::StatusIndicators(file) => &file.problems,
        }
    }

    /// What was read, as names and counts that can be compared with any other reader's.
    pub fn counts(&self) -> Vec<(&'static str, usize)> {
        match self {
            Self::Codes(file) => vec![
                ("codes", file.codes.len()),
                ("modifiers", file.modifiers.len()),
                ("J", file.count_of("J")),
                ("Q", file.count_of("Q")),
                ("Q51", file.count_of("Q51")),
            ],
            Self::Corrections(file) => vec![("corrections", file.rows.len())],
            Self::NocCodes(file) => vec![
                ("codes", file.rows.len()),
                ("J", file.rows.iter().filter(|row| row.code.family() == 'J').count()),
                ("ended", file.rows.iter().filter(|row| row.terminated.is_some()).count()),
            ],
            Self::PaymentLimits(file) => vec![
                ("codes", file.rows.len()),
                ("with a limit", file.rows.iter().filter(|row| row.dollars.is_some()).count()),
            ],
            Self::NocPrices(file) => vec![("drugs", file.rows.len())],
            Self::Crosswalk(file) => {
                vec![("packages", file.rows.len()), ("without an NDC", file.alternates.len())]
            }
            Self::NocPackages(file) => {
                vec![("packages", file.rows.len()), ("without an NDC", file.alternate_ids)]
            }
            Self::UnitEdits(file) => vec![("edits", file.rows.len())],
            Self::AddOnEdits(file) => vec![("edits", file.rows.len())],
            Self::PairEdits(file) => vec![
                ("pairs", file.rows.len()),
                ("deleted", file.rows.iter().filter(|row| row.deleted.is_some()).count()),
            ],
            Self::StatusIndicators(file) => vec![("rows", file.rows.len())],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_known_by_its_content() {
        for (text, kind) in [
            ("J9312001003Our words", Kind::Codes),
            ("HCPC,SEQNUM,RECID\n", Kind::Codes),
            ("CODE,ACTION,EFF DATE,SHORT DESC,LONG DESC\n", Kind::Corrections),
            (",NOC\nHCPCS,LONG DESCRIPTION,ADD DATE,TERM DATE\n", Kind::NocCodes),
            ("HCPCS Code,Short Description,HCPCS Code Dosage,Payment Limit\n", Kind::PaymentLimits),
            ("Drug Generic Name (Trade Name),Dosage,Payment Limit,Notes\n", Kind::NocPrices),
            (
                "_2031_CODE,NDC2,Drug Name,HCPCS dosage,PKG SIZE,PKG QTY,BILLUNITS,BILLUNITSPKG\n",
                Kind::Crosswalk,
            ),
            (
                "Drug Generic Name,NDC,Drug Name,Dosage,PKG SIZE,PKG QTY,BILLUNITS,BILLUNITSPKG\n",
                Kind::NocPackages,
            ),
            ("hcpcs_code,mue_units,mue_mai\n", Kind::UnitEdits),
            ("primary_code,add_on_code,aoc_edit_type\n", Kind::AddOnEdits),
            ("column1,column2,deletion_date,modifier_indicator\n", Kind::PairEdits),
            ("96413\t36000\t\t20021001\t*\t1\n96413\t36410\t\t20021001\t*\t1\n", Kind::PairEdits),
            ("HCPCS Code,Short Descriptor,SI,APC,Relative Weight,Payment Rate\n", Kind::StatusIndicators),
        ] {
            assert_eq!(kind_of(text.as_bytes()), Ok(kind), "{text}");
        }
        let renamed = "_2031_CODE,NDC2,Drug Name,HCPCS dosage,PKG SIZE,PKG QTY,UNITS OF BILLING,PKG UNITS\n";
        let error = kind_of(renamed.as_bytes()).expect_err("two columns have other names").to_string();
        assert!(error.contains("NDC-HCPCS crosswalk without `billunits`, `billunitspkg`"), "{error}");
        for unknown in ["", "a,b,c\n", "Dear Sir,\n"] {
            assert_eq!(kind_of(unknown.as_bytes()), Err(FileError::UnknownKind), "{unknown}");
        }
    }
}
