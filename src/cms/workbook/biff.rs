//! The cells of an `.xls` workbook: the BIFF8 records of the sheet that holds the table.

use super::compound::{u16_at, u32_at, u64_at, workbook_stream};
use super::{ROWS_MAX, Row, Stop, Tells, Visit, telling, unreadable};
use crate::cms::problem::FileError;

const END: u16 = 0x000A;
const ENCRYPTED: u16 = 0x002F;
const CONTINUE: u16 = 0x003C;
const SHEET: u16 = 0x0085;
const NUMBERS: u16 = 0x00BD;
const SHARED_TEXTS: u16 = 0x00FC;
const SHARED_TEXT: u16 = 0x00FD;
const NUMBER: u16 = 0x0203;
const TEXT: u16 = 0x0204;
const NUMBER_RK: u16 = 0x027E;
const BEGIN: u16 = 0x0809;
/// The version of Excel 97 and later, which every CMS `.xls` has.
const BIFF8: u16 = 0x0600;

/// Shared texts of a workbook; the largest real one has 26,000.
const SHARED_TEXTS_MAX: usize = 200_000;

/// Calls `visit` with each row of the first sheet that tells what it is, or else of the first.
pub(super) fn each_row(bytes: &[u8], tells: &mut Tells<'_>, visit: &mut Visit<'_>) -> Result<(), Stop> {
    let stream = workbook_stream(bytes)?;
    let (texts, sheets) = globals(&stream)?;
    let records_of = |sheet: usize| stream.get(sheets[sheet]..).unwrap_or(&[]);
    let sheet = telling(sheets.len(), tells, |sheet, visit| rows_of(records_of(sheet), &texts, visit));
    rows_of(records_of(sheet), &texts, visit)
}

/// Calls `visit` with each row of the sheet whose records begin here.
fn rows_of(sheet: &[u8], texts: &[String], visit: &mut Visit<'_>) -> Result<(), Stop> {
    let mut row = Row::default();
    for (kind, data) in records(sheet).take_while(|(kind, _)| *kind != END) {
        let (Some(at), Some(column)) = (u16_at(data, 0), u16_at(data, 2)) else { continue };
        let mut put = |column: u16, text: &str| {
            let number = u32::from(at) + 1;
            if number > ROWS_MAX {
                return Err(Stop::Failed(FileError::TooManyRows(ROWS_MAX)));
            }
            row.begin(number, visit)?;
            Ok(row.put(usize::from(column), text)?)
        };
        match kind {
            SHARED_TEXT => {
                let text = u32_at(data, 6).and_then(|index| texts.get(index as usize));
                put(column, text.map_or("", String::as_str))?;
            }
            TEXT => put(column, &Texts::new(vec![data.get(6..).unwrap_or(&[])]).text().unwrap_or_default())?,
            NUMBER => put(column, &u64_at(data, 6).map(plain_number).unwrap_or_default())?,
            NUMBER_RK => put(column, &u32_at(data, 6).map(packed_number).unwrap_or_default())?,
            NUMBERS => {
                let packed = data.get(4..data.len().saturating_sub(2)).unwrap_or(&[]).chunks_exact(6);
                for (packed, column) in packed.zip(column..=u16::MAX) {
                    put(column, &u32_at(packed, 2).map(packed_number).unwrap_or_default())?;
                }
            }
            _ => {}
        }
    }
    row.flush(visit)
}

/// The shared texts, and where each sheet begins: one at least.
fn globals(stream: &[u8]) -> Result<(Vec<String>, Vec<usize>), FileError> {
    let mut all = records(stream).peekable();
    let version = all.peek().filter(|(kind, _)| *kind == BEGIN).and_then(|(_, data)| u16_at(data, 0));
    if version != Some(BIFF8) {
        return Err(unreadable("it is of another version than Excel 97 and later"));
    }
    let (mut texts, mut sheets) = (Vec::new(), Vec::new());
    while let Some((kind, data)) = all.next() {
        match kind {
            END => break,
            ENCRYPTED => return Err(unreadable("it is encrypted")),
            SHEET => sheets.extend(u32_at(data, 0).and_then(|at| usize::try_from(at).ok())),
            SHARED_TEXTS => {
                let mut parts = vec![data.get(8..).unwrap_or(&[])];
                while let Some((_, more)) = all.next_if(|(kind, _)| *kind == CONTINUE) {
                    parts.push(more);
                }
                // How many texts the table claims is not believed: it ends where its bytes end.
                texts = Texts::new(parts).take(SHARED_TEXTS_MAX + 1).collect();
                if texts.len() > SHARED_TEXTS_MAX {
                    return Err(unreadable("it holds more texts than any CMS file has"));
                }
            }
            _ => {}
        }
    }
    if sheets.is_empty() {
        return Err(unreadable("it has no worksheet"));
    }
    Ok((texts, sheets))
}

/// The records of a stream: a kind, a length and that many bytes; the first cut one ends it.
fn records(stream: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = stream;
    std::iter::from_fn(move || {
        let (kind, length) = (u16_at(rest, 0)?, u16_at(rest, 2)?);
        let data = rest.get(4..4 + usize::from(length))?;
        rest = &rest[4 + usize::from(length)..];
        Some((kind, data))
    })
}

/// Texts one after the other, over the borders of records.
struct Texts<'a> {
    parts: std::vec::IntoIter<&'a [u8]>,
    part: &'a [u8],
}

impl<'a> Texts<'a> {
    fn new(parts: Vec<&'a [u8]>) -> Self {
        Self { parts: parts.into_iter(), part: &[] }
    }

    /// The next bytes of one part; the rest of a part too short for them is passed over.
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        while self.part.len() < count {
            self.part = self.parts.next()?;
        }
        let (taken, rest) = self.part.split_at(count);
        self.part = rest;
        Some(taken)
    }

    /// Passes over bytes that may go on in the next parts.
    fn skip(&mut self, mut count: usize) -> Option<()> {
        while count > 0 {
            if self.part.is_empty() {
                self.part = self.parts.next()?;
            }
            let step = count.min(self.part.len());
            self.part = &self.part[step..];
            count -= step;
        }
        Some(())
    }

    fn text(&mut self) -> Option<String> {
        const WIDE: u8 = 1;
        const WITH_PHONETICS: u8 = 4;
        const WITH_FORMATS: u8 = 8;
        let head = self.take(3)?;
        let (mut left, flags) = (usize::from(u16_at(head, 0)?), head[2]);
        let formats = if flags & WITH_FORMATS == 0 { 0 } else { u16_at(self.take(2)?, 0)? };
        let phonetics = if flags & WITH_PHONETICS == 0 { 0 } else { u32_at(self.take(4)?, 0)? };
        let mut is_wide = flags & WIDE != 0;
        let mut units: Vec<u16> = Vec::new();
        while left > 0 {
            if self.part.is_empty() {
                // Each part begins with the width of its characters.
                self.part = self.parts.next()?;
                is_wide = self.take(1)?[0] & WIDE != 0;
            }
            let width = if is_wide { 2 } else { 1 };
            let count = left.min(self.part.len() / width);
            if count == 0 {
                return None;
            }
            let taken = self.take(count * width)?;
            units.extend(taken.chunks_exact(width).map(|unit| match unit {
                [low, high] => u16::from_le_bytes([*low, *high]),
                narrow => u16::from(narrow[0]),
            }));
            left -= count;
        }
        self.skip(usize::from(formats) * 4)?;
        self.skip(usize::try_from(phonetics).ok()?)?;
        Some(String::from_utf16_lossy(&units))
    }
}

impl Iterator for Texts<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        self.text()
    }
}

/// A number packed into four bytes: a whole number or the upper half of a double, perhaps in hundredths.
fn packed_number(packed: u32) -> String {
    const IN_HUNDREDTHS: u32 = 1;
    const WHOLE: u32 = 2;
    let is_whole = packed & WHOLE != 0;
    if packed & IN_HUNDREDTHS == 0 {
        return if is_whole { (packed.cast_signed() >> 2).to_string() } else { plain_number(upper(packed)) };
    }
    let hundred =
        if is_whole { Some(i128::from(packed.cast_signed() >> 2) * NANO) } else { nanos(upper(packed)) };
    hundred.map(|hundred| text_of(hundred / 100)).unwrap_or_default()
}

const fn upper(packed: u32) -> u64 {
    ((packed & !3) as u64) << 32
}

const NANO: i128 = 1_000_000_000;

/// A double by its bits as decimal text; nothing where it is not finite or larger than any number of CMS.
fn plain_number(bits: u64) -> String {
    nanos(bits).map(text_of).unwrap_or_default()
}

/// The billionths of a double, rounded to the nearest: its bits are a whole number and a power of two.
fn nanos(bits: u64) -> Option<i128> {
    const LARGEST_POWER: i32 = 10;
    let (sign, power) = (bits >> 63, i32::try_from(bits >> 52 & 0x7FF).ok()?);
    let fraction = i128::from(bits & ((1 << 52) - 1));
    let whole = if power == 0 { fraction } else { fraction | 1 << 52 };
    let power = power.max(1) - 1075;
    let scaled = whole * NANO;
    let nanos = match power {
        0..=LARGEST_POWER => scaled << power,
        -126..=-1 => (scaled + (1 << (-power - 1))) >> -power,
        ..-126 => 0,
        _ => return None,
    };
    Some(if sign == 0 { nanos } else { -nanos })
}

fn text_of(nanos: i128) -> String {
    let (whole, part) =
        (nanos.unsigned_abs() / NANO.unsigned_abs(), nanos.unsigned_abs() % NANO.unsigned_abs());
    let sign = if nanos < 0 { "-" } else { "" };
    let text = format!("{sign}{whole}.{part:09}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_read_by_their_bits() {
        for (bits, text) in [
            (0x4066_E000_0000_0000, "183"),
            (0x40E5_3BC0_0000_0000, "43486"),
            (0x3FB9_9999_9999_999A, "0.1"),
            (0xC004_0000_0000_0000, "-2.5"),
            (0, "0"),
            (1, "0"),
            (u64::MAX, ""),
            (0x7FEF_FFFF_FFFF_FFFF, ""),
            (0x4173_40E1_E000_0000, "20188702"),
        ] {
            assert_eq!(plain_number(bits), text, "{bits:x}");
        }
        assert_eq!(packed_number(43_466 << 2 | 2), "43466");
        assert_eq!(packed_number(1234 << 2 | 3), "12.34");
        assert_eq!(packed_number(0x4066_E000), "183");
    }

    #[test]
    fn a_text_goes_on_in_the_next_record_with_another_width() {
        let parts: Vec<&[u8]> = vec![b"\x05\0\0ab", b"\x01c\0d\0\xE9\0\x01\0\x08\x01\0Z", b"FORM"];
        assert_eq!(Texts::new(parts).collect::<Vec<_>>(), ["abcd\u{e9}", "Z"]);
        assert_eq!(Texts::new(vec![b"\xFF\xFF\0ab"]).next(), None);
    }
}
