//! Which of the postings of a quarter a name speaks of.

use crate::domain::time::Date;

/// What stands before a day that is the first one a file is good for, and not the day of its posting.
const EFFECTIVE: &[&str] = &["eff", "effective"];

/// The place of a file among the postings of its quarter: later ones compare greater.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PostingName {
    newness: Newness,
    /// The name itself, so that the order is one.
    name: String,
}

/// What tells two postings apart, and not two formats of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Newness {
    /// Whether no word says that it is preliminary.
    is_settled: bool,
    /// The last date in the name as YYYYMMDD; 0 without one.
    day: u32,
    /// The number of `_vN`; 0 without one.
    version: u32,
    /// Whether the name says `final`, as the file does that follows a preliminary one.
    is_final: bool,
}

impl Newness {
    /// What two names of one file say together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            is_settled: self.is_settled && other.is_settled,
            day: self.day.max(other.day),
            version: self.version.max(other.version),
            is_final: self.is_final || other.is_final,
        }
    }
}

impl PostingName {
    /// What tells two postings apart, and not two formats of one.
    pub const fn newness(&self) -> Newness {
        self.newness
    }
}

/// Reads which posting of its quarter a name speaks of.
pub fn posting(name: &str) -> PostingName {
    let lower = name.to_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let newness = Newness {
        is_settled: !words.iter().any(|word| word.starts_with("prelim")),
        day: (0..words.len()).filter_map(|at| day_at(&words, at)).max().unwrap_or(0),
        version: words.iter().filter_map(|word| word.strip_prefix('v')?.parse().ok()).max().unwrap_or(0),
        is_final: words.contains(&"final"),
    };
    PostingName { newness, name: lower }
}

/// The number behind a file's name under which a site keeps a second file of that name, as `-0` of `…-final-0.zip`, and
/// one more than it; 0 without one.
pub fn copy_number(file: &str) -> u32 {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let Some((before, last)) = stem.rsplit_once(['-', '_']) else { return 0 };
    // Behind a number it is the end of a date.
    let is_alone = before.ends_with(|c: char| c.is_ascii_alphabetic());
    let number = (last.len() == 1 && is_alone).then(|| last.parse().ok()).flatten();
    number.map_or(0, |number: u32| number + 1)
}

/// YYYYMMDD of a date that begins at a word, so that later ones compare greater: `03102026`, `031026`, `3-10-2026`,
/// `03-10-26` and `2026-03-10`.
fn day_at(words: &[&str], at: usize) -> Option<u32> {
    if at > 0 && EFFECTIVE.contains(&words[at - 1]) {
        return None;
    }
    let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let word = words[at];
    match (word.len(), words.get(at + 1..at + 3)) {
        (8, _) if is_number(word) => day_of(&word[4..], &word[..2], &word[2..4])
            .or_else(|| day_of(&word[..4], &word[4..6], &word[6..])),
        (6, _) if is_number(word) => day_of(&word[4..], &word[..2], &word[2..4]),
        (4, Some([month, day])) => day_of(word, month, day),
        (1 | 2, Some([day, year])) if year.len() == 4 => day_of(year, word, day),
        (2, Some([day, year])) if day.len() == 2 && year.len() == 2 => day_of(year, word, day),
        _ => None,
    }
}

fn day_of(year: &str, month: &str, day: &str) -> Option<u32> {
    const CENTURY: i16 = 2000;
    let number: i16 = year.parse().ok().filter(|year| *year >= 0)?;
    let year = if year.len() == 2 { CENTURY + number } else { number };
    let date = Date::new(year, month.parse().ok()?, day.parse().ok()?).ok()?;
    let [year, month, day] = [i32::from(date.year()), i32::from(date.month()), i32::from(date.day())];
    u32::try_from(year * 10_000 + month * 100 + day).ok().filter(|_| year >= i32::from(CENTURY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_posting_of_a_quarter_compares_greater() {
        for (older, newer) in [
            ("limit-files-03-19-2026-final-file.zip", "limit-files-03-30-2026-final-file.zip"),
            ("pricing-file-12-17-25.zip", "pricing-file-03-11-26-final-file.zip"),
            ("crosswalk-final.zip", "crosswalk-updated-11-15-2026.zip"),
            ("crosswalk-10-2-2026.zip", "crosswalk-updated-10-12-2026.zip"),
            ("HCPC2026_JAN_ANWEB_12082025.txt", "HCPC2026_JAN_ANWEB_01122026.txt"),
            ("HCPC2026_OCT_ANWEB.txt", "HCPC2026_OCT_ANWEB_v2.txt"),
            ("October 2026 file 091126.csv", "October 2026 file 093026.csv"),
            ("posted 09/19/2026", "posted 2026-09-30"),
            ("crosswalk-preliminary-09-30-2026.zip", "crosswalk-final.zip"),
            ("crosswalk.zip", "crosswalk-final.zip"),
        ] {
            assert!(posting(older).newness() < posting(newer).newness(), "{older} {newer}");
        }
        for (one, other) in [
            ("MUE Eff_10-01-2026.csv", "MUE.csv"),
            ("a 13-45-2026.csv", "a.csv"),
            ("a 99999999 123456.csv", "a.csv"),
        ] {
            assert_eq!(posting(one).newness(), posting(other).newness(), "{one}");
        }
    }

    #[test]
    fn a_second_file_of_a_name_has_a_number_behind_it() {
        for (file, number) in [
            ("a-final.zip", 0),
            ("a-final-0.zip", 1),
            ("hcpc2026_apr_anweb_1.zip", 2),
            ("a-10-1.zip", 0),
            ("a-2026.zip", 0),
            ("a", 0),
            ("", 0),
        ] {
            assert_eq!(copy_number(file), number, "{file}");
        }
    }
}
