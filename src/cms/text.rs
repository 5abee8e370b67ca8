//! Bytes to text: CMS writes ASCII, Windows-1252 or UTF-8, with either line ending.

use std::borrow::Cow;

use super::problem::FileError;
use crate::domain::time::Date;

/// Largest text file that is read; the largest real one has 6 MB.
pub const TEXT_BYTES_MAX: usize = 64 << 20;

/// The text of a file: UTF-8 where it is valid, else Windows-1252, which can express every byte.
///
/// # Errors
/// [`FileError::TooLarge`] beyond [`TEXT_BYTES_MAX`].
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, FileError> {
    if bytes.len() > TEXT_BYTES_MAX {
        return Err(FileError::TooLarge { bytes: bytes.len(), bytes_max: TEXT_BYTES_MAX });
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    // The mark by which DOS ended a text.
    let bytes = bytes.strip_suffix(b"\x1A").unwrap_or(bytes);
    Ok(match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0,
    })
}

/// The lines of a text, counted from one, without their ends.
pub fn numbered_lines(text: &str) -> impl Iterator<Item = (u32, &str)> {
    // Where no line ends with a line feed, the returns of an old Macintosh end them.
    let end = if text.contains('\n') { '\n' } else { '\r' };
    (1..).zip(text.split(end)).map(|(number, line)| (number, line.strip_suffix('\r').unwrap_or(line)))
}

/// The words of a text with one blank between them; no-break blanks and tabs count as blanks.
pub fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    push_folded(&mut folded, text);
    folded
}

/// Appends the words of a text, with one blank before each but the first.
pub fn push_folded(target: &mut String, text: &str) {
    for word in text.split_whitespace() {
        if !target.is_empty() {
            target.push(' ');
        }
        target.push_str(word);
    }
}

/// Reads the `YYYYMMDD` of CMS files.
pub fn compact_date(text: &str) -> Option<Date> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Date::new(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::date;

    #[test]
    fn bytes_that_are_not_utf8_are_windows_1252() {
        assert_eq!(decode(b"CMS\x92 2020\xA0File").expect("text"), "CMS\u{2019} 2020\u{a0}File");
        assert_eq!(decode("\u{feff}5\u{2019}".as_bytes()).expect("text"), "5\u{2019}");
    }

    #[test]
    fn lines_end_either_way() {
        let lines: Vec<_> = numbered_lines("a\r\nb\n\nc").collect();
        assert_eq!(lines, [(1, "a"), (2, "b"), (3, ""), (4, "c")]);
        assert_eq!(numbered_lines("a\rb\rc").collect::<Vec<_>>(), [(1, "a"), (2, "b"), (3, "c")]);
    }

    #[test]
    fn dates_are_real_dates() {
        assert_eq!(compact_date("20240229"), Some(date(2024, 2, 29)));
        for wrong in ["", "2024022", "20230229", "2024-2-9", " 2024022"] {
            assert_eq!(compact_date(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn blanks_of_every_kind_fold() {
        assert_eq!(folded("  1 million\u{a0}PFU\t x "), "1 million PFU x");
    }
}
