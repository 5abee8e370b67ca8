//! Which quarter a name speaks of, and what a quarter's file is expected to be called.

use std::sync::LazyLock;

use super::settings::Settings;
use crate::domain::quarter::Quarter;
use crate::domain::time::Date;

/// Months as CMS writes them, whole; the first letters of one are read as it.
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The shortest abbreviation of a month that is read as one.
const SHORTEST_MONTH: usize = 3;

/// The quarters a refresh looks for: the one in effect and the next, which CMS posts weeks early.
pub fn sought_on(today: Date) -> [Quarter; 2] {
    let current = Quarter::of(today);
    [current, current.next()]
}

/// An address template with the names of a quarter filled in.
pub fn fill(template: &str, quarter: Quarter) -> String {
    template
        .replace("{month}", month_name(quarter))
        .replace("{year}", &quarter.year().to_string())
        .replace("{quarter}", &quarter.number().to_string())
}

/// English name of the month a quarter begins with, in small letters.
pub fn month_name(quarter: Quarter) -> &'static str {
    MONTHS[usize::from(quarter.first_month().unsigned_abs()) - 1]
}

/// What stands before the date at which a file was posted, which is no word on its quarter.
const POSTED: &[&str] =
    &["posted", "updated", "revised", "published", "released", "corrected", "added", "modified", "uploaded"];
/// Words that may stand between.
const BETWEEN: &[&str] = &["on", "in", "as", "of", "at", "last"];

/// The quarter a link or a file name speaks of.
///
/// Reads a month beside a year (`october-2025`, `HCPC2026_OCT_ANWEB`, `APR2026`), also with a day between
/// (`October 1, 2026`), a numbered quarter (`2026-q3`, `V2026Q2`), a year and a month's number (`2020-10`), and else
/// the year of an annual file (`2020-Alpha-Numeric`, `14anweb`), which CMS published in January. A year alone tells
/// nothing of the quarterly files since: a month that is misspelt is no January. Of several months the one that a
/// quarter begins with counts, and one at which the file was posted only where there is no other.
pub fn read_quarter(name: &str) -> Option<Quarter> {
    let lower = name.to_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let is_posted = |at: usize| {
        let before = words[..at].iter().rev().find(|word| !BETWEEN.contains(word));
        before.is_some_and(|word| POSTED.contains(word))
    };
    let dates = || words.windows(3).enumerate().filter(|(at, _)| !is_posted(*at));
    named(&words, is_posted)
        .or_else(|| dates().find_map(|(_, day)| full_date(day[0], day[1], day[2])))
        .or_else(|| words.windows(2).find_map(|pair| year_and_month(pair[0], pair[1])))
        .or_else(|| words.iter().find_map(|word| joined(word)))
        .or_else(|| words.iter().find_map(|word| year(word)).and_then(annual))
}

/// The quarter of the month that is named beside a year, or of a numbered quarter.
fn named(words: &[&str], is_posted: impl Fn(usize) -> bool) -> Option<Quarter> {
    let begins = |word: &str| month_number(word).is_none_or(|month| (month - 1) % 3 == 0);
    let named = |at: usize| {
        let pair = words.get(at..at + 2)?;
        let word = |place: usize| words.get(place).copied().unwrap_or_default();
        let has_own_year =
            year(word(at + 2)).is_some() || named_date(pair[1], word(at + 2), word(at + 3)).is_some();
        if year(pair[0]).is_some() && month_number(pair[1]).is_some() && has_own_year {
            return None;
        }
        if let Some(quarter) = month_and_year(pair[0], pair[1]) {
            return Some((quarter, !is_posted(at), begins(pair[0]) && begins(pair[1])));
        }
        let quarter = named_date(pair[0], pair[1], words.get(at + 2)?).filter(|_| !is_posted(at))?;
        Some((quarter, true, begins(pair[0])))
    };
    let found: Vec<(Quarter, bool, bool)> = (0..words.len()).filter_map(named).collect();
    let best = found.iter().map(|(_, is_told, is_first)| (*is_told, *is_first)).max()?;
    found.iter().find(|(_, is_told, is_first)| (*is_told, *is_first) == best).map(|(quarter, ..)| *quarter)
}

/// A month, a day and a year: `October 1, 2026`.
fn named_date(month: &str, day: &str, year_text: &str) -> Option<Quarter> {
    let day = day.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let date = Date::new(year(year_text)?, month_number(month)?, day.parse().ok()?).ok()?;
    Some(Quarter::of(date))
}

/// The quarter of an annual file.
fn annual(year: i16) -> Option<Quarter> {
    static LAST: LazyLock<i16> = LazyLock::new(|| Settings::embedded().annual_until);
    Quarter::new(year, 1).filter(|_| year <= *LAST)
}

fn month_and_year(first: &str, second: &str) -> Option<Quarter> {
    let in_month = |month: &str, text: &str| Quarter::new(year(text)?, (month_number(month)? - 1) / 3 + 1);
    let numbered = |text: &str, number: &str| Quarter::new(year(text)?, quarter_number(number)?);
    in_month(first, second).or_else(|| in_month(second, first)).or_else(|| numbered(first, second))
}

/// A whole date, month first: `07-01-2026`.
fn full_date(month: &str, day: &str, year_text: &str) -> Option<Quarter> {
    let date = Date::new(year(year_text)?, month.parse().ok()?, day.parse().ok()?).ok()?;
    Some(Quarter::of(date))
}

/// A year and the number of a month: `2020-10`, also as the beginning of a date.
fn year_and_month(year_text: &str, month: &str) -> Option<Quarter> {
    let month: i8 = (month.len() == 2).then(|| month.parse().ok()).flatten()?;
    let year = (year_text.len() == 4).then(|| year(year_text)).flatten()?;
    if (1..=12).contains(&month) { Quarter::new(year, (month - 1) / 3 + 1) } else { None }
}

/// A month or a quarter written together with its year: `apr2026`, `v2026q2`.
fn joined(word: &str) -> Option<Quarter> {
    let digits = word.find(|c: char| c.is_ascii_digit())?;
    let (before, rest) = word.split_at(digits);
    let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
    let year = (number.len() == 4).then(|| year(number)).flatten()?;
    match month_number(before) {
        Some(month) if after.is_empty() => Quarter::new(year, (month - 1) / 3 + 1),
        _ => Quarter::new(year, quarter_number(after)?),
    }
}

fn month_number(word: &str) -> Option<i8> {
    let long_enough = word.len() >= SHORTEST_MONTH;
    let index = MONTHS.iter().position(|month| long_enough && month.starts_with(word))?;
    i8::try_from(index + 1).ok()
}

fn quarter_number(word: &str) -> Option<i8> {
    word.strip_prefix('q')?.parse().ok()
}

/// A year alone, after `hcpc` or before `anweb`, of four digits or of two.
fn year(word: &str) -> Option<i16> {
    let alone = word.trim_start_matches("hcpcs").trim_start_matches("hcpc").trim_end_matches("anweb");
    let shortened = alone.len() != word.len();
    let number: i16 = alone.bytes().all(|b| b.is_ascii_digit()).then(|| alone.parse().ok()).flatten()?;
    match alone.len() {
        4 if (2000..2100).contains(&number) => Some(number),
        2 if shortened => Some(2000 + number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::date;

    fn read(name: &str) -> String {
        read_quarter(name).map_or_else(|| "none".to_owned(), |quarter| quarter.to_string())
    }

    #[test]
    fn names_of_every_year_are_read() {
        for (name, quarter) in [
            ("/files/zip/october-2025-alpha-numeric-hcpcs-file.zip", "2025Q4"),
            ("October 2021 Alpha-Numeric HCPCS File", "2021Q4"),
            ("January 2026 Alpha-Numeric HCPCS File (ZIP)", "2026Q1"),
            ("/Medicare/Coding/HCPCSReleaseCodeSets/Downloads/2020-Alpha-Numeric-HCPCS-File.zip", "2020Q1"),
            ("/Medicare/Coding/HCPCSReleaseCodeSets/Downloads/14anweb.zip", "2014Q1"),
            ("hcpc2025_jul_anweb_v3.zip", "2025Q3"),
            ("hcpc2026_jan_anweb_01122026.zip", "2026Q1"),
            ("HCPC2020_APRIL_ANWEB_w_disclaimer_v5.xlsx", "2020Q2"),
            ("HCPC17_CONTR_ANWEB.txt", "2017Q1"),
            ("HCPC2013_A-N.txt", "2013Q1"),
            ("NOC codes_APR2026.xlsx", "2026Q2"),
            ("section 508 version of Oct 2025 ASP Pricing File 091725.csv", "2025Q4"),
            ("/files/zip/medicare-ncci-2026-q3-practitioner-services-mue-table.zip", "2026Q3"),
            ("MCR_MUE_PractitionerServices_Eff_07-01-2026.csv", "2026Q3"),
            ("2020-10_anweb.xlsx", "2020Q4"),
            ("ncci_mue_dme_2024-07-01.levelII_and_drugadmin.csv", "2024Q3"),
            ("opps_addendum_b_2026-04.levelII.csv", "2026Q2"),
            ("AOC_V2026Q2-MCR.txt", "2026Q2"),
            ("2017-January-ASP-Pricing-File.zip", "2017Q1"),
            ("section 508 version of Ocotber 2026 ASP NDC-HCPCS Crosswalk 091726.csv", "none"),
            ("HCPC2027_JNA_ANWEB.txt", "none"),
            ("/media/123456", "none"),
            ("anweb.zip", "none"),
            ("Q5 2026Q7", "none"),
            ("Practitioner Services MUE Table - Effective October 1, 2026", "2026Q4"),
            ("medicare-ncci-add-code-edits-effective-october-1-2026.zip", "2026Q4"),
            ("Posted September 2026: October 2026 Alpha-Numeric HCPCS File", "2026Q4"),
            ("Posted on October 2, 2026: January 2027 Alpha-Numeric HCPCS File", "2027Q1"),
            ("September 2026 posting of the October 2026 file", "2026Q4"),
            ("Updated October 2026 Alpha-Numeric HCPCS File", "2026Q4"),
            ("July 2026 file, updated October 12, 2026", "2026Q3"),
            ("Alpha-Numeric HCPCS File (posted 09/19/2026)", "none"),
            ("april-2026-medicare-part-b-payment-limit-files-03-19-2026-final-file.zip", "2026Q2"),
        ] {
            assert_eq!(read(name), quarter, "{name}");
        }
    }

    #[test]
    fn the_expected_names_follow_the_calendar() {
        let [current, next] = sought_on(date(2025, 12, 31));
        let template = "/files/zip/{month}-{year}-alpha-numeric-hcpcs-file.zip";
        assert_eq!(fill(template, current), "/files/zip/october-2025-alpha-numeric-hcpcs-file.zip");
        assert_eq!(fill(template, next), "/files/zip/january-2026-alpha-numeric-hcpcs-file.zip");
        assert_eq!(fill("{year}-q{quarter}", next), "2026-q1");
    }
}
