//! Which quarter and posting a name speaks of, and what a quarter's file is expected to be called.

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

/// The quarter a link or a file name speaks of.
///
/// Reads a month beside a year (`october-2025`, `HCPC2026_OCT_ANWEB`, `APR2026`), a numbered quarter
/// (`2026-q3`, `V2026Q2`), a year and a month's number (`2020-10`), and else the year of an annual file (`2020-Alpha-Numeric`, `14anweb`),
/// which CMS published in January. A year alone tells nothing of the quarterly files since: a month that is misspelt
/// is no January.
pub fn read_quarter(name: &str) -> Option<Quarter> {
    let lower = name.to_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let pairs = words.windows(2).find_map(|pair| month_and_year(pair[0], pair[1]));
    pairs
        .or_else(|| words.windows(3).find_map(|day| full_date(day[0], day[1], day[2])))
        .or_else(|| words.windows(2).find_map(|pair| year_and_month(pair[0], pair[1])))
        .or_else(|| words.iter().find_map(|word| joined(word)))
        .or_else(|| words.iter().find_map(|word| year(word)).and_then(annual))
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

/// The place of a file among the postings of its quarter: later ones compare greater.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PostingName {
    /// The date in the name (`_MMDDYYYY` or `MMDDYY`) as YYYYMMDD; 0 without one.
    day: u32,
    /// The number of `_vN`; 0 without one.
    version: u32,
    /// Whether the name says `final`, as the file does that follows a preliminary one.
    is_final: bool,
    /// The name itself, so that the order is one.
    name: String,
}

impl PostingName {
    /// What tells two postings apart, and not two formats of one.
    pub const fn newness(&self) -> (u32, u32, bool) {
        (self.day, self.version, self.is_final)
    }
}

/// Reads which posting of its quarter a name speaks of.
pub fn posting(name: &str) -> PostingName {
    let lower = name.to_lowercase();
    let words = || lower.split(|c: char| !c.is_ascii_alphanumeric());
    let day = words().filter_map(date_suffix).max().unwrap_or(0);
    let version = words().filter_map(|word| word.strip_prefix('v')?.parse().ok()).max().unwrap_or(0);
    let is_final = words().any(|word| word == "final");
    PostingName { day, version, is_final, name: lower }
}

/// YYYYMMDD of an `MMDDYYYY` or `MMDDYY` word, so that later dates compare greater.
fn date_suffix(word: &str) -> Option<u32> {
    let digits: u32 = word.bytes().all(|b| b.is_ascii_digit()).then(|| word.parse().ok()).flatten()?;
    match word.len() {
        8 => Some(digits % 10_000 * 10_000 + digits / 10_000),
        6 => Some((2000 + digits % 100) * 10_000 + digits / 100),
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
