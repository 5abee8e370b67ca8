//! Records to codes and modifiers: a first line and the continuations that follow it.

use rustc_hash::FxHashSet;

use super::layout::{CROSS_REFERENCES, Field, PRICING_INDICATORS, Record, TYPES_OF_SERVICE};
use super::{CodeRow, Details, ModifierRow, Release};
use crate::cms::dates::any_date;
use crate::cms::problem::{ProblemKind, excerpt};
use crate::cms::text::{folded, push_folded};
use crate::domain::code::{HcpcsCode, Modifier};
use crate::domain::time::Date;

/// The record kinds of column 11.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Procedure,
    Modifier,
    Continuation,
}

/// Builds a release from records in the order of the file.
#[derive(Default)]
pub(super) struct Assembler {
    release: Release,
    codes: FxHashSet<HcpcsCode>,
    modifiers: FxHashSet<Modifier>,
    open: Option<Open>,
}

/// The row that continuations belong to.
struct Open {
    key: String,
    /// Sequence number that the next line should have.
    next: u32,
    /// Where the text goes; nowhere when the first line was left out.
    target: Option<Target>,
}

#[derive(Clone, Copy)]
enum Target {
    Code(usize),
    Modifier(usize),
}

impl Assembler {
    /// The release, once the file has ended.
    pub(super) fn finish(self) -> Release {
        self.release
    }

    /// Notes a problem of a line that never became a record.
    pub(super) fn problem(&mut self, line: u32, kind: ProblemKind) {
        self.release.problems.note(line, kind);
    }

    /// Takes one record.
    pub(super) fn push(&mut self, record: &Record<'_>) {
        match kind_of(record) {
            Some(Kind::Continuation) => self.continue_open(record),
            Some(kind) => self.begin(record, kind),
            None => {
                let value = record.get(Field::RecordKind);
                self.problem(record.line, ProblemKind::bad("record identification code", value));
            }
        }
    }

    fn begin(&mut self, record: &Record<'_>, kind: Kind) {
        let target = match self.row(record, kind) {
            Ok(target) => Some(target),
            Err(problem) => {
                self.problem(record.line, problem);
                None
            }
        };
        let next = following(record);
        self.open = Some(Open { key: record.get(Field::Code).to_owned(), next, target });
    }

    fn row(&mut self, record: &Record<'_>, kind: Kind) -> Result<Target, ProblemKind> {
        let key = record.get(Field::Code);
        let twice = || ProblemKind::Duplicate(excerpt(key));
        if kind == Kind::Modifier {
            let modifier = key.parse().map_err(|_| ProblemKind::bad("modifier", key))?;
            let details = self.details(record)?;
            if !self.modifiers.insert(modifier) {
                return Err(twice());
            }
            self.release.modifiers.push(ModifierRow { modifier, details });
            return Ok(Target::Modifier(self.release.modifiers.len() - 1));
        }
        let code: HcpcsCode = key.parse().map_err(|_| ProblemKind::bad("code", key))?;
        if !is_level_two(code) {
            return Err(ProblemKind::bad("Level II code", key));
        }
        let details = self.details(record)?;
        if !self.codes.insert(code) {
            return Err(twice());
        }
        self.release.codes.push(CodeRow { code, details });
        Ok(Target::Code(self.release.codes.len() - 1))
    }

    fn details(&mut self, record: &Record<'_>) -> Result<Details, ProblemKind> {
        let effective = optional_date(record, Field::Effective, "action effective date")?;
        let added = match optional_date(record, Field::Added, "add date")? {
            Some(added) => added,
            None => self.added_when_effective(record.line, effective)?,
        };
        let terminated = optional_date(record, Field::Terminated, "termination date")?;
        if let Some(last) = terminated.filter(|last| *last < added) {
            let key = record.get(Field::Code);
            let why = format!("{key} ends on {last}, before it is added on {added}, so it is never in force");
            self.problem(record.line, ProblemKind::Inconsistent(why.into()));
        }
        Ok(Details {
            line: record.line,
            long_description: folded(record.get(Field::LongDescription)),
            short_description: folded(record.get(Field::ShortDescription)),
            pricing_indicators: record
                .run(Field::PricingIndicators, PRICING_INDICATORS)
                .map(|indicator| zero_filled(indicator, 2))
                .collect(),
            multiple_pricing: record.character(Field::MultiplePricing),
            cross_references: record.run(Field::CrossReferences, CROSS_REFERENCES).map(Into::into).collect(),
            coverage: record.character(Field::Coverage),
            processing_note: match record.get(Field::ProcessingNote) {
                "" => "".into(),
                note => zero_filled(note, 4),
            },
            betos: record.get(Field::Betos).into(),
            types_of_service: record.run(Field::TypesOfService, TYPES_OF_SERVICE).collect::<String>().into(),
            added,
            effective,
            terminated,
            action: record.character(Field::Action),
        })
    }

    fn added_when_effective(&mut self, line: u32, effective: Option<Date>) -> Result<Date, ProblemKind> {
        let effective = effective.ok_or_else(|| ProblemKind::bad("add date", ""))?;
        self.problem(line, ProblemKind::ignored("add date", ""));
        Ok(effective)
    }

    fn continue_open(&mut self, record: &Record<'_>) {
        let key = record.get(Field::Code);
        let Some(open) = self.open.as_mut().filter(|open| open.key == key) else {
            self.problem(record.line, ProblemKind::Orphan(excerpt(key)));
            return;
        };
        // A sheet without the numbers tells its continuations by their kind alone.
        let number = record.get(Field::Sequence);
        let in_sequence = number.is_empty() || number.parse() == Ok(open.next);
        open.next = following(record);
        let text = match open.target {
            Some(Target::Code(at)) => &mut self.release.codes[at].details.long_description,
            Some(Target::Modifier(at)) => &mut self.release.modifiers[at].details.long_description,
            None => return,
        };
        push_folded(text, record.get(Field::LongDescription));
        if !in_sequence {
            self.problem(record.line, ProblemKind::SequenceGap(excerpt(key)));
        }
    }
}

fn kind_of(record: &Record<'_>) -> Option<Kind> {
    let is_modifier = record.get(Field::Code).len() == 2;
    match (record.get(Field::RecordKind), is_modifier) {
        ("3" | "", false) => Some(Kind::Procedure),
        ("7" | "", true) => Some(Kind::Modifier),
        ("4", false) | ("8", true) => Some(Kind::Continuation),
        _ => None,
    }
}

/// The sequence number behind a record's: texts count in hundreds, worksheets since 2017 in tens, and
/// old files start some descriptions at the second line.
fn following(record: &Record<'_>) -> u32 {
    let number: u32 = record.get(Field::Sequence).parse().unwrap_or(0);
    number.saturating_add(if number.is_multiple_of(100) { 100 } else { 10 })
}

/// A letter and four digits: the file never lists CPT or CDT codes.
fn is_level_two(code: HcpcsCode) -> bool {
    code.family().is_ascii_uppercase() && code.number().is_some()
}

fn optional_date(record: &Record<'_>, field: Field, name: &'static str) -> Result<Option<Date>, ProblemKind> {
    match record.get(field) {
        "" => Ok(None),
        text => any_date(text).map(Some).ok_or_else(|| ProblemKind::bad(name, text)),
    }
}

/// Spreadsheets drop the leading zeros of numbers.
fn zero_filled(text: &str, width: usize) -> Box<str> {
    format!("{text:0>width$}").into()
}
