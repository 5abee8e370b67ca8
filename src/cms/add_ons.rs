//! Add-on code edits: which primary codes support an add-on code.

use super::dates::{any_date, ordinal_date};
use super::problem::{FileError, ProblemKind, Problems};
use super::table::{self, Column, Row, optional, required};
use crate::domain::code::HcpcsCode;
use crate::domain::time::Date;

/// The columns read, in the published files and in derived tables.
pub(super) const COLUMNS: &[Column] = &[
    required(&["addoncode", "aoc"]),
    required(&["primarycode"]),
    required(&["aocedittype", "edittype"]),
    optional(&["aocdeldt", "aocdeldtjulian"]),
    optional(&["primarycodedeldt", "primarycodedeldtjulian", "primarydeldt"]),
    optional(&["aocediteffdt", "aocediteffdtjulian"]),
    optional(&["aoceditdeldt", "aoceditdeldtjulian"]),
    optional(&["specialinstructionnotes", "specialinstructionsnotes"]),
];

/// What stands for a primary code that each contractor names.
const CONTRACTOR_DEFINED: &str = "CCCCC";

/// The edits of one file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AddOnEdits {
    pub rows: Vec<AddOnEdit>,
    pub problems: Problems,
}

/// One pair of an add-on code and a primary code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddOnEdit {
    pub line: u32,
    pub add_on: HcpcsCode,
    /// Nothing where each contractor names the primary codes (type 2).
    pub primary: Option<HcpcsCode>,
    /// 1: only with the codes listed; 2: the contractors list them; 3: they may list more.
    pub kind: u8,
    /// First date of the pair.
    pub effective: Option<Date>,
    /// Last date of the pair: the earliest on which the pair or either code was deleted, inclusive.
    pub deleted: Option<Date>,
    pub notes: Box<str>,
}

impl AddOnEdit {
    /// Whether the pair holds on a date.
    pub fn in_force_on(&self, date: Date) -> bool {
        self.effective.is_none_or(|first| first <= date) && self.deleted.is_none_or(|last| date <= last)
    }
}

/// Reads one file of edits. The result is bounded by the file.
///
/// # Errors
/// [`FileError`] when the file cannot be read or has no header.
pub fn parse(bytes: &[u8]) -> Result<AddOnEdits, FileError> {
    let (mut rows, mut problems) = (Vec::new(), Problems::default());
    table::each(bytes, COLUMNS, &mut problems, |row, problems| {
        let code =
            |column: usize| row.get(column).parse().map_err(|_| ProblemKind::bad("code", row.get(column)));
        let is_contractors = row.get(1).eq_ignore_ascii_case(CONTRACTOR_DEFINED);
        let kind = row.get(2).bytes().next().filter(|byte| (b'1'..=b'3').contains(byte));
        let deletions = [3, 4, 6].map(|column| date(row, column, problems));
        rows.push(AddOnEdit {
            line: row.line,
            add_on: code(0)?,
            primary: if is_contractors { None } else { Some(code(1)?) },
            kind: kind.ok_or_else(|| ProblemKind::bad("type of edit", row.get(2)))? - b'0',
            effective: date(row, 5, problems),
            deleted: deletions.into_iter().flatten().min(),
            notes: row.get(7).trim_matches('"').into(),
        });
        Ok(())
    })?;
    Ok(AddOnEdits { rows, problems })
}

/// A date with the day of the year, or a usual one; a row of zeros and a blank are none.
fn date(row: &Row<'_>, column: usize, problems: &mut Problems) -> Option<Date> {
    let text = row.get(column);
    if text.bytes().all(|byte| byte == b'0' || byte == b'.') || text == "*" {
        return None;
    }
    ordinal_date(text).or_else(|| any_date(text)).or_else(|| {
        problems.note(row.line, ProblemKind::ignored("date", text));
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::date;

    #[test]
    fn the_published_layout_is_read() {
        let text = "CPT only copyright notice\t\t\t\t\t\t\t\r\n\
            AOC_Edit_Type\tAdd-On_Code\tAOC_DelDT\tPrimary_Code\tPrimary_Code_DelDT\tAOC_Edit_EffDT\tAOC_Edit_DelDT\tSpecial_Instruction_Notes\r\n\
            1\t96415\t\t96413\t\t2013091\t\t\r\n\
            2\t0663T\t2026365\tCCCCC\t\t2021182\t\t\"(Contractor Defined Primary Codes)\"\r\n\
            1\t96417\t\t96413\t2025001\t2013091\t2024366\t\r\n\
            9\t96417\t\t96413\t\t\t\t\r\n";
        let edits = parse(text.as_bytes()).expect("edits");
        assert_eq!(edits.problems.iter().map(|it| it.line).collect::<Vec<_>>(), [6]);
        let [first, second, third] = edits.rows.as_slice() else { panic!("three rows") };
        assert_eq!(
            (first.add_on.as_str(), first.kind, first.effective),
            ("96415", 1, Some(date(2013, 4, 1)))
        );
        assert!(first.in_force_on(date(2026, 1, 1)) && !first.in_force_on(date(2013, 3, 31)));
        assert_eq!((second.primary, &*second.notes), (None, "(Contractor Defined Primary Codes)"));
        assert_eq!(third.deleted, Some(date(2024, 12, 31)));
    }
}
