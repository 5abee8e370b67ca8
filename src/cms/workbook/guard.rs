//! Measures a workbook before the spreadsheet library sees it.
//!
//! That library trusts the sizes a workbook declares, and an allocation that fails ends the process.
//! So each member is inflated under a limit first, and a table of shared strings that claims more
//! entries than any CMS file has is refused.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::unreadable;
use crate::cms::problem::FileError;

/// Members of a workbook; real ones have about fifteen.
const MEMBERS_MAX: usize = 64;
/// Size of one member; the largest real worksheet has 14 MB.
const MEMBER_BYTES_MAX: u64 = 64 << 20;
/// Entries that a table of shared strings may claim; the largest real one has 26,000.
const SHARED_STRINGS_MAX: u64 = 200_000;
/// How the name of that member ends, in lower case: the spreadsheet library ignores case too.
const SHARED_STRINGS_MEMBER: &[u8] = b"sharedstrings.xml";
/// The attribute by which the spreadsheet library reserves memory.
const SHARED_STRINGS_CLAIM: &str = "uniqueCount";

/// Letters and digits that the place of a cell may have: the last one of any sheet is XFD1048576.
const PLACE_LETTERS_MAX: usize = 3;
const PLACE_DIGITS_MAX: usize = 7;
/// The attributes that hold the places of rows and cells.
const PLACE_ATTRIBUTES: [&[u8]; 2] = [b"r", b"ref"];

/// The member that lists the parts of a workbook.
const PARTS_MEMBER: &str = "[Content_Types].xml";

/// Whether an archive lists its parts as a workbook does.
pub(super) fn names_parts(bytes: &[u8]) -> bool {
    ZipArchive::new(Cursor::new(bytes)).is_ok_and(|archive| archive.index_for_name(PARTS_MEMBER).is_some())
}

/// Refuses what no CMS workbook is.
pub(super) fn measure(bytes: &[u8]) -> Result<(), FileError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(unreadable)?;
    if archive.len() > MEMBERS_MAX {
        return Err(unreadable("it has too many members"));
    }
    let mut content = Vec::new();
    for index in 0..archive.len() {
        let member = archive.by_index(index).map_err(unreadable)?;
        let has_texts = member.name_raw().to_ascii_lowercase().ends_with(SHARED_STRINGS_MEMBER);
        content.clear();
        member.take(MEMBER_BYTES_MAX + 1).read_to_end(&mut content).map_err(unreadable)?;
        if content.len() as u64 > MEMBER_BYTES_MAX {
            return Err(unreadable("a member is larger than any CMS worksheet"));
        }
        if has_texts && !claims_are_modest(&content) {
            return Err(unreadable("it claims more texts than any CMS file has"));
        }
        if !places_are_of_a_sheet(&content) {
            return Err(unreadable("it names a cell that no sheet has"));
        }
    }
    Ok(())
}

/// Whether every claim in a member is a number within the limit.
fn claims_are_modest(content: &[u8]) -> bool {
    // Another encoding than UTF-8 would hide the attribute from a search for its name.
    let Ok(content) = std::str::from_utf8(content) else { return false };
    !content.contains('\0')
        && content.match_indices(SHARED_STRINGS_CLAIM).all(|(at, name)| {
            let value =
                content[at + name.len()..].trim_start_matches([' ', '\t', '\r', '\n', '=', '"', '\'']);
            let digits = value.len() - value.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            value[..digits].parse().is_ok_and(|claim: u64| claim <= SHARED_STRINGS_MAX)
        })
}

/// Whether every place that a member names can lie in a sheet: the spreadsheet library counts its letters and
/// digits without a bound.
fn places_are_of_a_sheet(content: &[u8]) -> bool {
    memchr::memchr_iter(b'=', content).all(|at| {
        let name = content[..at].trim_ascii_end();
        let begin = name.iter().rposition(|byte| !is_of_name(*byte)).map_or(0, |before| before + 1);
        !PLACE_ATTRIBUTES.contains(&&name[begin..]) || is_place(content[at + 1..].trim_ascii_start())
    })
}

/// Whether a byte may stand in the name of an attribute; `xmlns:r` is another one than `r`.
const fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'-' | b'_' | b'.')
}

/// Whether the quoted text at the beginning is a place, or two with a mark between them.
fn is_place(quoted: &[u8]) -> bool {
    let Some((quote @ (b'"' | b'\''), text)) = quoted.split_first() else { return true };
    let end = memchr::memchr(*quote, text).unwrap_or(text.len());
    text[..end].split(|byte| !byte.is_ascii_alphanumeric()).all(|place| {
        let digits = place.iter().filter(|byte| byte.is_ascii_digit()).count();
        digits <= PLACE_DIGITS_MAX && place.len() - digits <= PLACE_LETTERS_MAX
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_of_too_many_texts_is_found_however_it_is_written() {
        for modest in ["<sst uniqueCount=\"26417\">", "<sst count='9' >", ""] {
            assert!(claims_are_modest(modest.as_bytes()), "{modest}");
        }
        for greedy in [
            "<sst uniqueCount=\"99999999999\">",
            "<sst uniqueCount = '200001'>",
            "<sst uniqueCount=\"1\" uniqueCount=\"18446744073709551615\">",
            "<sst uniqueCount=\"&#57;\">",
        ] {
            assert!(!claims_are_modest(greedy.as_bytes()), "{greedy}");
        }
        assert!(!claims_are_modest(b"\xFF\xFEu\0n\0"));
    }

    #[test]
    fn a_cell_beyond_any_sheet_is_found_however_it_is_written() {
        for real in [
            "<c r=\"XFD1048576\" t=\"s\">",
            "<dimension ref='A1:Z20'/>",
            "<row r = \"9\" ht=\"15\">",
            "<c r=",
            "",
        ] {
            assert!(places_are_of_a_sheet(real.as_bytes()), "{real}");
        }
        for absurd in
            ["<c r=\"sharedstringsA2\">", "<c\nr = 'A99999999999'>", "<mergeCell ref=\"A1:ZZZZZZZ1\">"]
        {
            assert!(!places_are_of_a_sheet(absurd.as_bytes()), "{absurd}");
        }
        assert!(places_are_of_a_sheet(
            b"<a xmlns:r=\"http://schemas.example\" r:id=\"rId123456789\" bar=\"abcdefgh\">"
        ));
    }

    #[test]
    fn what_is_not_an_archive_is_refused() {
        assert!(matches!(measure(b"PK\x03\x04 not really"), Err(FileError::Workbook(_))));
    }
}
