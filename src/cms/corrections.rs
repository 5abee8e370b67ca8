//! Corrections of an alpha-numeric HCPCS file: what CMS changed after it was posted, a row an action.

use super::dates::any_date;
use super::problem::{FileError, ProblemKind, Problems};
use super::table::{self, Column, optional, required};
use super::text::folded;
use crate::domain::time::Date;

/// The columns read.
pub(super) const COLUMNS: &[Column] = &[
    required(&["code", "hcpcscode", "hcpcs", "hcpc"]),
    required(&["action", "actioncode", "correction"]),
    required(&["effdate", "effectivedate", "acteffdt", "acteffdate"]),
    required(&["shortdesc", "shortdescription", "shortdescriptor"]),
    required(&["longdesc", "longdescription", "longdescriptor"]),
    optional(&["cov", "coverage"]),
    optional(&["price", "pi", "pricingindicator"]),
    optional(&["xrefcode", "xref"]),
    optional(&["comments", "comment"]),
];

/// The corrections of one file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Corrections {
    pub rows: Vec<Correction>,
    pub problems: Problems,
}

/// One correction, in the words of CMS: what to do about it is for a person to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    pub line: u32,
    /// A code of five characters, or a modifier of two.
    pub code: Box<str>,
    pub action: Box<str>,
    /// Nothing where CMS wrote no date that exists.
    pub effective: Option<Date>,
    pub short_description: Box<str>,
    pub long_description: Box<str>,
    pub coverage: Box<str>,
    pub pricing_indicator: Box<str>,
    pub cross_reference: Box<str>,
    pub comments: Box<str>,
}

/// Reads a file of corrections. The result is bounded by the file.
///
/// # Errors
/// [`FileError`] when the file cannot be read or has no header.
pub fn parse(bytes: &[u8]) -> Result<Corrections, FileError> {
    let (mut rows, mut problems) = (Vec::new(), Problems::default());
    table::each(bytes, COLUMNS, &mut problems, |row, problems| {
        let code = row.get(0).to_uppercase();
        if !matches!(code.len(), 2 | 5) || !code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(ProblemKind::bad("code", row.get(0)));
        }
        let effective = any_date(row.get(2));
        if effective.is_none() {
            problems.note(row.line, ProblemKind::ignored("effective date", row.get(2)));
        }
        let text = |column: usize| folded(row.get(column)).into();
        rows.push(Correction {
            line: row.line,
            code: code.into(),
            action: text(1),
            effective,
            short_description: text(3),
            long_description: text(4),
            coverage: text(5),
            pricing_indicator: text(6),
            cross_reference: text(7),
            comments: text(8),
        });
        Ok(())
    })?;
    Ok(Corrections { rows, problems })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::date;

    #[test]
    fn actions_are_kept_in_their_words_and_dates_that_do_not_exist_are_noted() {
        let text = ",,,2031 CORRECTIONS\nCODE,ACTION,EFF DATE,SHORT DESC,LONG DESC,TOS ,BETOS,COV,PRICE,XREF CODE,ASC IND,ASC DATE,COMMENTS\n\
                    J1095,ADD CODE,43466,Short,\"Long,  ours\",1,O1E,D,51,,YY,43466,\n\
                    Q5111,ADD CODE,01/0/12019,,,,,,,,,,\nDA,Removed,01/01/2011,,,,,,,J0001,,,\nlong word,x,,,,,,,,,,,\n";
        let corrections = parse(text.as_bytes()).expect("corrections");
        let dates: Vec<_> = corrections.rows.iter().map(|row| row.effective).collect();
        assert_eq!(dates, [Some(date(2019, 1, 1)), None, Some(date(2011, 1, 1))]);
        assert_eq!(&*corrections.rows[0].long_description, "Long, ours");
        assert_eq!(&*corrections.rows[2].cross_reference, "J0001");
        assert_eq!(corrections.problems.iter().map(|it| it.line).collect::<Vec<_>>(), [4, 6]);
    }
}
