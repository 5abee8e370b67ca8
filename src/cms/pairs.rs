//! Procedure-to-procedure edits: pairs of codes of which one is not paid beside the other.

use super::dates::any_date;
use super::problem::{FileError, ProblemKind, Problems};
use super::rows::{Cells, each_row_noting};
use super::table::{Column, Header, optional, required};
use crate::domain::code::HcpcsCode;
use crate::domain::time::Date;

/// The columns of derived tables, which have a header in one row.
const COLUMNS: &[Column] = &[
    required(&["column", "columnone", "columncode", "hcpcscolumn"]),
    required(&["modifierindicator"]),
    optional(&["effectivedate"]),
    required(&["deletiondate"]),
];

/// Where the fields of the published layout stand, whose header is wrapped over four lines: the codes, a
/// mark of pairs older than 1996, the first and the last date, and the modifier indicator.
const PUBLISHED: Places = Places { codes: [0, 1], effective: Some(3), deleted: 4, modifier: 5 };
/// Cells of a row of the published layout; the last, a reason, may be missing.
const PUBLISHED_CELLS_MIN: usize = 6;

/// The pairs of one file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PairEdits {
    pub rows: Vec<PairEdit>,
    pub problems: Problems,
}

/// One pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairEdit {
    pub line: u32,
    /// The code that is paid.
    pub column1: HcpcsCode,
    /// The code that is not paid beside it.
    pub column2: HcpcsCode,
    pub effective: Option<Date>,
    /// Last date of the pair, inclusive.
    pub deleted: Option<Date>,
    /// 0: no modifier bypasses the pair; 1: one may; 9: the pair never took effect.
    pub modifier: u8,
}

#[derive(Debug, Clone, Copy)]
struct Places {
    codes: [usize; 2],
    effective: Option<usize>,
    deleted: usize,
    modifier: usize,
}

/// Reads one file of pairs. The result is bounded by the file.
///
/// # Errors
/// [`FileError`] when the file cannot be read or holds no pair.
pub fn parse(bytes: &[u8]) -> Result<PairEdits, FileError> {
    let (mut rows, mut problems) = (Vec::new(), Problems::default());
    let mut places = None;
    each_row_noting(bytes, &mut problems, |line, cells, problems| {
        let Some(at) = places else {
            places = places_in(cells);
            // A row of the published layout is itself the first pair.
            if is_published_row(cells) {
                rows.extend(pair(line, cells, PUBLISHED).ok());
            }
            return Ok(());
        };
        match pair(line, cells, at) {
            Ok(pair) => rows.push(pair),
            Err(kind) => problems.note(line, kind),
        }
        Ok(())
    })?;
    if places.is_none() { Err(FileError::NoRecords) } else { Ok(PairEdits { rows, problems }) }
}

/// The places of the fields, once a row tells them.
fn places_in(cells: &dyn Cells) -> Option<Places> {
    if is_published_row(cells) {
        return Some(PUBLISHED);
    }
    let header = Header::find(COLUMNS, cells)?;
    let first = header.column(0)?;
    Some(Places {
        codes: [first, first + 1],
        effective: header.column(2),
        deleted: header.column(3)?,
        modifier: header.column(1)?,
    })
}

/// Whether a row begins with two codes and has the cells of the published layout.
pub(super) fn is_published_row(cells: &dyn Cells) -> bool {
    cells.count() >= PUBLISHED_CELLS_MIN && pair(0, cells, PUBLISHED).is_ok()
}

/// Whether a row is the header of a derived table.
pub(super) fn is_header(cells: &dyn Cells) -> bool {
    Header::find(COLUMNS, cells).is_some()
}

fn pair(line: u32, cells: &dyn Cells, at: Places) -> Result<PairEdit, ProblemKind> {
    let code = |column: usize| {
        let text = cells.cell(column);
        text.parse::<HcpcsCode>().map_err(|_| ProblemKind::bad("code", text))
    };
    let date = |column: usize| match cells.cell(column) {
        "" | "*" => Ok(None),
        text => any_date(text).map(Some).ok_or_else(|| ProblemKind::bad("date", text)),
    };
    let modifier = match cells.cell(at.modifier) {
        "0" => 0,
        "1" => 1,
        "9" => 9,
        other => return Err(ProblemKind::bad("modifier indicator", other)),
    };
    let (column1, column2) = (code(at.codes[0])?, code(at.codes[1])?);
    let effective = at.effective.map(date).transpose()?.flatten();
    Ok(PairEdit { line, column1, column2, effective, deleted: date(at.deleted)?, modifier })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::date;

    #[test]
    fn the_published_layout_has_no_header_in_one_row() {
        let text = "CPT only copyright notice, all rights reserved.\t\t\t\t\t\t\r\nColumn 1/Column 2 Edits\t\t\t\t\t\t\r\n\
            Column 1\tColumn 2\t*=in existence\tEffective\tDeletion\tModifier\tPTP Edit Rationale\r\n\
            \t\tprior to 1996\tDate\tDate\t0=not allowed\t\r\n\t\t\t\t*=no data\t1=allowed\t\r\n\t\t\t\t\t9=not applicable\t\r\n\
            96413\t36000\t \t20021001\t*\t1\tStandards\r\n96413\t96360\t*\t19960101\t20100331\t0\tMisuse\r\n\
            96413\tnone\t\t20021001\t*\t1\tx\r\n96413\t96365\t\t20021001\t*\t7\tx\r\n";
        let pairs = parse(text.as_bytes()).expect("pairs");
        assert_eq!(pairs.problems.iter().map(|it| it.line).collect::<Vec<_>>(), [9, 10]);
        let [first, second] = pairs.rows.as_slice() else { panic!("two rows") };
        assert_eq!((first.line, first.effective, first.deleted), (7, Some(date(2002, 10, 1)), None));
        assert_eq!((second.modifier, second.deleted), (0, Some(date(2010, 3, 31))));
    }

    #[test]
    fn a_derived_table_tells_its_columns() {
        let text = "column1,column2,deletion_date,modifier_indicator,rationale\n36593,96360,2011-09-30,1,x\n";
        let pairs = parse(text.as_bytes()).expect("pairs");
        assert_eq!(pairs.rows[0].deleted, Some(date(2011, 9, 30)));
        assert_eq!(parse(b"a,b\n1,2\n"), Err(FileError::NoRecords));
    }
}
