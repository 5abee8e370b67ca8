//! The fixed-width text, one record a line.

use super::Release;
use super::assemble::Assembler;
use super::layout::{FIELDS, Field, LAYOUT, Record};
use crate::cms::problem::{FileError, ProblemKind, excerpt};
use crate::cms::text::{compact_date, decode, numbered_lines};

/// How far a stray character may have moved the columns behind the description.
const SHIFT_MAX: i32 = 8;

/// Reads the whole text.
pub(super) fn parse(bytes: &[u8]) -> Result<Release, FileError> {
    let text = decode(bytes)?;
    let mut assembler = Assembler::default();
    let mut in_records = false;
    for (number, line) in numbered_lines(&text) {
        if is_record(line) {
            in_records = true;
            push_line(&mut assembler, number, line);
        } else if in_records && !line.trim_matches(|c: char| c.is_whitespace() || c.is_control()).is_empty() {
            // Lines before the first record are the disclaimer.
            assembler.problem(number, ProblemKind::NotARecord(excerpt(line)));
        }
    }
    assembler.finish().or_no_records()
}

/// Whether a line has a code or a modifier, a sequence number and a record kind in their columns.
///
/// Three blanks alone do not mean a modifier: disclaimers are indented too.
pub(super) fn is_record(line: &str) -> bool {
    let Some(head) = line.as_bytes().get(..11) else { return false };
    let code = &head[..5];
    let procedure = code[0].is_ascii_uppercase() && code[1..].iter().all(u8::is_ascii_digit);
    let modifier = &code[..3] == b"   "
        && code[3..].iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    (procedure || modifier) && head[5..10].iter().all(u8::is_ascii_digit) && b"3478".contains(&head[10])
}

fn push_line(assembler: &mut Assembler, number: u32, line: &str) {
    let record = cut(number, line, 0);
    let is_continuation = matches!(record.get(Field::RecordKind), "4" | "8");
    if is_continuation || has_dates(&record) {
        return assembler.push(&record);
    }
    // A stray tab or multi-byte character moves every column behind it; the dates prove the right place.
    let mut shifts = (1..=SHIFT_MAX).flat_map(|by| [-by, by]);
    let found = shifts.find_map(|by| Some((by, cut(number, line, by))).filter(|(_, it)| has_dates(it)));
    match found {
        Some((by, shifted)) => {
            assembler.problem(number, ProblemKind::ColumnsShifted(by));
            assembler.push(&shifted);
        }
        None => assembler.push(&record),
    }
}

/// Whether the date columns hold dates or blanks, with an action letter behind them.
fn has_dates(record: &Record<'_>) -> bool {
    let date_or_blank = |field| {
        let text: &str = record.get(field);
        text.is_empty() || compact_date(text).is_some()
    };
    compact_date(record.get(Field::Added)).is_some()
        && date_or_blank(Field::Effective)
        && date_or_blank(Field::Terminated)
        && record.character(Field::Action).is_ascii_uppercase()
}

/// Cuts a line into its fields, those behind the description moved by `shift` characters.
fn cut(number: u32, line: &str, shift: i32) -> Record<'_> {
    let moved = |column: usize| column.saturating_add_signed(shift as isize);
    let mut fields = [""; FIELDS];
    for (field, place) in fields.iter_mut().zip(LAYOUT) {
        let columns = &place.columns;
        *field = match columns.start {
            0..11 => characters(line, columns.start, columns.end),
            11 => characters(line, columns.start, moved(columns.end)),
            _ => characters(line, moved(columns.start), moved(columns.end)),
        }
        .trim();
    }
    Record { line: number, fields }
}

/// The characters of some columns; lines end where their blanks were trimmed.
fn characters(line: &str, from: usize, to: usize) -> &str {
    if line.is_ascii() {
        return &line[from.min(line.len())..to.min(line.len())];
    }
    let byte = |column| line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
    &line[byte(from)..byte(to)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::date;

    /// A record of 320 columns in the layout of the real file, with our own words.
    fn record(head: &str, long: &str, short: &str, dates: &str) -> String {
        let mut line = format!("{head}{long:<80}{short:<28}51");
        line = format!("{line:<229}DYY20190101");
        line = format!("{line:<256}O1D 1P");
        line = format!("{line:<267}0{dates}");
        format!("{line:<320}")
    }

    fn parsed(lines: &[String]) -> Release {
        parse(lines.join("\r\n").as_bytes()).expect("a release")
    }

    #[test]
    fn a_code_and_its_continuations_become_one_row() {
        let long = "Injection, examplemab, 10";
        for width in [320, 293, 91] {
            let mut next = format!("J9312002004{:<80}", "mg per unit");
            next = format!("{next:<320}")[..width].to_owned();
            let first = record("J9312001003", long, "Inj examplemab", "2019010120190401        N");
            let release = parsed(&[first[..width.max(293)].to_owned(), next.trim_end().to_owned()]);
            let details = &release.codes[0].details;
            assert_eq!(details.long_description, "Injection, examplemab, 10 mg per unit");
            assert_eq!(details.added, date(2019, 1, 1));
            assert_eq!(details.effective, Some(date(2019, 4, 1)));
            assert_eq!((details.terminated, details.action), (None, 'N'));
            assert_eq!((details.coverage, &*details.betos, &*details.types_of_service), ('D', "O1D", "1P"));
            assert_eq!(&*details.pricing_indicators[0], "51");
            assert!(release.problems.is_empty());
        }
    }

    #[test]
    fn disclaimers_are_not_records_even_when_indented() {
        let lines = [
            "***Disclaimers\t\t".to_owned(),
            "   of any particular brand.".to_owned(),
            String::new(),
            record("   JW001007", "Amount discarded", "Discarded", "2003010120030101        N"),
        ];
        let release = parsed(&lines);
        assert_eq!((release.codes.len(), release.modifiers.len()), (0, 1));
        assert_eq!(release.modifiers[0].details.line, 4);
        assert!(release.problems.is_empty());
    }

    #[test]
    fn a_tab_that_shifted_the_columns_is_repaired() {
        let long = format!("{:<79}", "Medical\ttransport");
        let line = record("   TP001007", "", "", "2003010120030101        N");
        let line = format!("{}{long}{}", &line[..11], &line[91..]);
        let release = parsed(&[line]);
        assert_eq!(release.modifiers[0].details.long_description, "Medical transport");
        assert_eq!(release.modifiers[0].details.added, date(2003, 1, 1));
        let kinds: Vec<_> = release.problems.iter().map(|problem| problem.kind.clone()).collect();
        assert_eq!(kinds, [ProblemKind::ColumnsShifted(-1)]);
    }

    #[test]
    fn a_bad_row_is_left_out_with_its_continuations_and_the_next_is_kept() {
        let release = parsed(&[
            record("J0001001003", "First", "First", "2019139920190401        N"),
            format!("J0001002004{:<80}", "more"),
            record("J0002001003", "Second", "Second", "2019010120190401        N"),
            record("J0002001003", "Again", "Again", "2019010120190401        N"),
            format!("J0003002004{:<80}", "orphan"),
            "What is this?".to_owned(),
        ]);
        assert_eq!(release.codes.len(), 1);
        assert_eq!(release.codes[0].details.long_description, "Second");
        let lines: Vec<_> = release.problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [1, 4, 5, 6]);
    }

    #[test]
    fn a_missing_line_of_a_description_is_noticed() {
        let release = parsed(&[
            record("J0001001003", "First", "First", "2019010120190401        N"),
            format!("J0001003004{:<80}", "third"),
        ]);
        assert_eq!(release.codes[0].details.long_description, "First third");
        assert_eq!(release.problems.count(), 1);
    }

    #[test]
    fn windows_1252_keeps_the_columns() {
        let text =
            record("J2787001003", "Riboflavin 5~-phosphate", "Riboflavin 5~", "20190101                N");
        let bytes: Vec<u8> = text.bytes().map(|byte| if byte == b'~' { 0x92 } else { byte }).collect();
        let release = parse(&bytes).expect("a release");
        assert_eq!(release.codes[0].details.short_description, "Riboflavin 5\u{2019}");
        assert_eq!(release.codes[0].details.effective, None);
        assert_eq!(parse(b"no record"), Err(FileError::NoRecords));
    }
}
