//! Collects what is wrong with a request, field by field.

use std::fmt;

use crate::domain::quantity::Decimal;
use crate::domain::time::{self, Date, LocalTime};
use crate::server::limits::{RequestLimits, VIOLATIONS_MAX};

/// One field at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field within the request, in the names of the JSON mapping.
    pub field: String,
    /// What is wrong, and what to give instead.
    pub description: String,
}

/// Everything that is wrong with a request, and the limits it is read under.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Violations {
    pub(super) limits: RequestLimits,
    found: Vec<Violation>,
    /// Violations beyond those that are listed.
    unlisted: usize,
}

impl Violations {
    /// The faults of a text, at most as many as are listed.
    pub fn of(mut faults: Vec<Violation>) -> Self {
        let unlisted = faults.len().saturating_sub(VIOLATIONS_MAX);
        faults.truncate(VIOLATIONS_MAX);
        Self { found: faults, unlisted, ..Self::default() }
    }

    /// Nothing wrong so far.
    pub fn under(limits: &RequestLimits) -> Self {
        Self { limits: *limits, ..Self::default() }
    }

    /// Adds a violation; beyond the limit it is only counted.
    pub fn add(&mut self, at: &Path<'_>, description: impl fmt::Display) {
        if self.found.len() == VIOLATIONS_MAX {
            self.unlisted += 1;
        } else {
            self.found.push(Violation { field: at.to_string(), description: description.to_string() });
        }
    }

    /// One field at fault.
    pub fn one(field: &'static str, description: impl fmt::Display) -> Self {
        let mut violations = Self::default();
        violations.add(&Path::Root.field(field), description);
        violations
    }

    /// What two readings of one request found, or the violations of both, so that a caller mends all at once.
    ///
    /// # Errors
    /// The violations of either.
    pub fn of_both<A, B>(first: Result<A, Self>, second: Result<B, Self>) -> Result<(A, B), Self> {
        match (first, second) {
            (Ok(first), Ok(second)) => Ok((first, second)),
            (Err(mut violations), Err(others)) => {
                violations.merge(others);
                Err(violations)
            }
            (Err(violations), Ok(_)) | (Ok(_), Err(violations)) => Err(violations),
        }
    }

    /// Adds what another reading of the same request found.
    pub(super) fn merge(&mut self, other: Self) {
        let room = VIOLATIONS_MAX - self.found.len();
        self.unlisted += other.unlisted + other.found.len().saturating_sub(room);
        self.found.extend(other.found.into_iter().take(room));
    }

    /// The violations that are listed.
    pub fn list(&self) -> &[Violation] {
        &self.found
    }

    /// The value, unless something was wrong.
    ///
    /// # Errors
    /// The violations themselves.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.found.is_empty() { Ok(value) } else { Err(self) }
    }

    /// Keeps the value of a reading, or notes why there is none.
    pub(super) fn take<T, E: fmt::Display>(&mut self, at: &Path<'_>, read: Result<T, E>) -> Option<T> {
        read.map_err(|error| self.add(at, error)).ok()
    }

    /// A list no longer than the limit of a name; a longer one is refused and not read, so that its items cost nothing.
    pub(super) fn at_most<'l, T>(
        &mut self,
        at: &Path<'_>,
        list: &'l [T],
        (limit, name): (usize, &str),
    ) -> &'l [T] {
        if list.len() > limit {
            // What no operator can change has no name.
            let by = if name.is_empty() { String::new() } else { format!(" ({name})") };
            self.add(at, format_args!("{} are given and at most {limit} are read{by}", list.len()));
            return &[];
        }
        list
    }

    /// A text no longer than its limit and without control characters; nothing when it is empty.
    fn text(&mut self, at: &Path<'_>, text: &str, (limit, name): (usize, &str)) -> Option<String> {
        if text.is_empty() {
            return None;
        }
        // A text of few bytes has no more characters.
        if text.len() > limit && text.chars().nth(limit).is_some() {
            self.add(at, format_args!("more than {limit} characters ({name})"));
            return None;
        }
        // Plain letters and digits are known by their bytes alone.
        let is_plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if !is_plain && text.chars().any(char::is_control) {
            self.add(at, "a control character: give plain text on one line");
            return None;
        }
        Some(text.to_owned())
    }

    /// A free text.
    pub(in crate::server) fn free_text(&mut self, at: &Path<'_>, text: &str) -> Option<String> {
        self.text(at, text, self.limits.text_characters())
    }

    /// A name that the caller chose for something.
    pub(in crate::server) fn id(&mut self, at: &Path<'_>, text: &str) -> Option<String> {
        self.text(at, text, self.limits.id_characters())
    }

    /// A share of a hundred; nothing when the text is empty.
    pub(super) fn percent(&mut self, at: &Path<'_>, text: &str) -> Option<Decimal> {
        const WHOLE: Decimal = Decimal::whole(100);
        let share = self.decimal(at, text)?;
        if share > WHOLE {
            self.add(at, format_args!("{share} is above 100: give it in percent"));
            return None;
        }
        Some(share)
    }

    /// A decimal number that is not negative; nothing when the text is empty.
    pub(super) fn decimal(&mut self, at: &Path<'_>, text: &str) -> Option<Decimal> {
        if text.is_empty() {
            return None;
        }
        let number: Decimal = self.take(at, text.parse())?;
        if number.is_negative() {
            self.add(at, format_args!("{number} is negative: give zero or more"));
            return None;
        }
        Some(number)
    }

    /// An ISO date; nothing when the text is empty.
    pub(super) fn date(&mut self, at: &Path<'_>, text: &str) -> Option<Date> {
        if text.is_empty() { None } else { self.take(at, time::parse_date(text)) }
    }

    /// A local clock time; nothing when the text is empty.
    pub(super) fn local_time(&mut self, at: &Path<'_>, text: &str) -> Option<LocalTime> {
        if text.is_empty() { None } else { self.take(at, time::parse_local_time(text)) }
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.found.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            let colon = if violation.field.is_empty() { "" } else { ": " };
            write!(f, "{separator}{}{colon}{}", violation.field, violation.description)?;
        }
        if self.unlisted > 0 {
            write!(f, "; and {} more", self.unlisted)?;
        }
        Ok(())
    }
}

/// The path of a field, put into words only when something is wrong there.
#[derive(Clone, Copy)]
pub enum Path<'a> {
    Root,
    Field(&'a Path<'a>, &'static str),
    Item(&'a Path<'a>, &'static str, usize),
}

impl<'a> Path<'a> {
    /// A field of the message at this path.
    pub const fn field(&'a self, name: &'static str) -> Path<'a> {
        Path::Field(self, name)
    }

    /// An item of a list in the message at this path.
    pub const fn item(&'a self, name: &'static str, index: usize) -> Path<'a> {
        Path::Item(self, name, index)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Path::Field(parent, name) | Path::Item(parent, name, _)) = self else { return Ok(()) };
        if !matches!(parent, Path::Root) {
            write!(f, "{parent}.")?;
        }
        f.write_str(name)?;
        if let Path::Item(_, _, index) = self { write!(f, "[{index}]") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_as_in_json() {
        let encounter = Path::Root.field("encounter");
        let administration = encounter.item("administrations", 3);
        let drug = administration.item("drugs", 0);
        assert_eq!(drug.field("ndc").to_string(), "encounter.administrations[3].drugs[0].ndc");
    }

    #[test]
    fn violations_beyond_the_limit_are_counted() {
        let mut violations = Violations::default();
        for _ in 0..VIOLATIONS_MAX + 7 {
            violations.add(&Path::Root.field("x"), "wrong");
        }
        assert_eq!(violations.list().len(), VIOLATIONS_MAX);
        assert!(violations.to_string().ends_with("and 7 more"));
    }
}
