//! The alpha-numeric HCPCS file ("ANWEB"), as fixed-width text and as Excel.
//!
//! `layout` says where each field stands in both, `text` and `sheet` cut a file into records, and
//! `assemble` joins first lines with their continuations into codes and modifiers.

mod assemble;
mod layout;
mod sheet;
mod text;

use crate::cms::problem::{FileError, Problems};
use crate::cms::rows::Cells;
use crate::cms::workbook;
use crate::domain::code::{HcpcsCode, Modifier};
use crate::domain::time::Date;

/// What one posting of the file says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Release {
    /// Codes in the order of the file, each once.
    pub codes: Vec<CodeRow>,
    /// Modifiers in the order of the file, each once.
    pub modifiers: Vec<ModifierRow>,
    pub problems: Problems,
}

/// One Level II code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeRow {
    pub code: HcpcsCode,
    pub details: Details,
}

/// One modifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModifierRow {
    pub modifier: Modifier,
    pub details: Details,
}

/// What the file says of a code or a modifier. Texts have single blanks; a field left blank is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// Line or worksheet row of the first record, counted from one.
    pub line: u32,
    /// Long descriptor, continuation lines joined.
    pub long_description: String,
    /// Short descriptor of at most 28 characters, cut anywhere; never a source of amounts (rule U-01).
    pub short_description: String,
    /// Pricing indicators: `51` drugs, `54` vaccinations, `00` not separately priced …
    pub pricing_indicators: Vec<Box<str>>,
    /// Multiple pricing indicator, or a blank.
    pub multiple_pricing: char,
    /// Codes that replace this one; old files hold a few words that are no codes.
    pub cross_references: Vec<Box<str>>,
    /// Coverage: `C` carrier judgment, `D` special instructions, `I` not payable, `M` and `S` not covered.
    pub coverage: char,
    /// Number of a processing note, four digits.
    pub processing_note: Box<str>,
    /// BETOS group: `O1D` chemotherapy, `O1E` other drugs, `D1G` drugs through DME, `O1G` vaccines …
    pub betos: Box<str>,
    /// Types of service, one character each.
    pub types_of_service: Box<str>,
    /// First date the code existed.
    pub added: Date,
    /// Date of the last action; the oldest codes have none.
    pub effective: Option<Date>,
    /// Last usable date, inclusive.
    pub terminated: Option<Date>,
    /// What this release did to the code; tells nothing about whether it is live.
    pub action: char,
}

impl Details {
    /// The replacing codes, without what is not a code.
    pub fn successors(&self) -> impl Iterator<Item = HcpcsCode> {
        self.cross_references.iter().filter_map(|text| text.parse().ok())
    }
}

/// Reads any form, told apart by the first bytes and the first records.
///
/// # Errors
/// Those of [`parse_text`] and [`parse_sheet`].
pub fn parse(bytes: &[u8]) -> Result<Release, FileError> {
    if workbook::is_workbook(bytes) {
        return parse_sheet(bytes);
    }
    match parse_text(bytes) {
        Err(FileError::NoRecords) => parse_sheet(bytes).map_err(|error| match error {
            FileError::NoColumn(_) | FileError::NoneRead(_) => error,
            _ => FileError::NoRecords,
        }),
        parsed => parsed,
    }
}

/// Reads the fixed-width text: records of 293, 320 or 91 characters, or trimmed.
///
/// The result is bounded by the file: at most 26 × 10,000 codes and 1,296 modifiers, each once.
///
/// # Errors
/// [`FileError`] when the file is too large or holds no record.
pub fn parse_text(bytes: &[u8]) -> Result<Release, FileError> {
    text::parse(bytes)
}

/// Reads the Excel form, or one saved from it as comma-separated text, whatever row its header stands in.
///
/// # Errors
/// [`FileError`] when the workbook cannot be read or holds no header or record.
pub fn parse_sheet(bytes: &[u8]) -> Result<Release, FileError> {
    sheet::parse(bytes)
}

/// Whether a line is a record of the fixed-width text.
pub(super) fn is_record(line: &str) -> bool {
    text::is_record(line)
}

/// Whether a row is the header of the Excel form.
pub(super) fn is_header(cells: &dyn Cells) -> bool {
    sheet::is_header(cells)
}

impl Release {
    /// How many codes start with a prefix, such as `J` or `Q51`.
    pub fn count_of(&self, prefix: &str) -> usize {
        self.codes.iter().filter(|row| row.code.as_str().starts_with(prefix)).count()
    }

    fn or_no_records(self) -> Result<Self, FileError> {
        if !self.codes.is_empty() || !self.modifiers.is_empty() {
            return Ok(self);
        }
        // Where every row is wrong in the same way, the first tells what it is.
        let first = self.problems.iter().next();
        Err(first.map_or(FileError::NoRecords, |first| FileError::NoneRead(first.to_string().into())))
    }
}
