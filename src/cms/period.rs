//! The quarter that a table states of itself, in the lines above its header.

use std::sync::LazyLock;

use regex::Regex;

use super::recognise::Seeker;
use super::rows::each_row;
use super::workbook::Stop;
use crate::domain::quarter::Quarter;

/// Rows among which the statement is sought; it stands in the first ones.
const ROWS_MAX: usize = 40;

/// "Effective October 1, 2026 through December 31, 2026", with or without its first word.
static PERIOD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b([a-z]{3,9})\.? +\d{1,2},? +(20\d\d) *(?:through|thru|to|-|–) *[a-z]{3,9}\.? +\d{1,2},? +20\d\d")
        .expect("a constant expression")
});

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// The quarter whose days a table says it is for; nothing where it says none, or cannot be read.
pub fn stated_quarter(bytes: &[u8]) -> Option<Quarter> {
    let (mut found, mut seen, mut seeker) = (None, 0, Seeker::default());
    let read = each_row(bytes, |_, cells| {
        seen += 1;
        found = (0..cells.count()).find_map(|column| quarter_of(cells.cell(column)));
        let is_over = found.is_some() || seen == ROWS_MAX || seeker.sees(cells).is_some();
        if is_over { Err(Stop::Enough) } else { Ok(()) }
    });
    read.ok().and(found)
}

fn quarter_of(text: &str) -> Option<Quarter> {
    let period = PERIOD.captures(text)?;
    let month = period[1].to_lowercase();
    let index = MONTHS.iter().position(|begin| month.starts_with(begin))?;
    Quarter::new(period[2].parse().ok()?, i8::try_from(index / 3 + 1).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stated(text: &str) -> Option<String> {
        stated_quarter(text.as_bytes()).map(|quarter| quarter.to_string())
    }

    #[test]
    fn the_line_above_the_header_tells_the_quarter() {
        let limits = "Payment Allowance Limits,,\n\"Effective October 1, 2026 through December 31, 2026\",,\n,,\n\
                      \"Note 1: based on 2Q26 data, January 1, 2026.\",,\n\
                      HCPCS Code,HCPCS Code Dosage,Payment Limit\nJ0001,1 MG,1\n";
        assert_eq!(stated(limits).as_deref(), Some("2026Q4"));
        assert_eq!(stated("T,\n\"  Apr. 1, 2026 thru Jun. 30, 2026\",\n").as_deref(), Some("2026Q2"));
        let below = "HCPCS Code,HCPCS Code Dosage,Payment Limit\nJ0001,\"January 1, 2026 through March 31, 2026\",1\n";
        assert_eq!(stated(below), None, "a row of the table tells of itself alone");
        for silent in ["", "a,b\n", "\"Effective Januray 1, 2026\"\n"] {
            assert_eq!(stated(silent), None, "{silent}");
        }
    }
}
