//! JSON read from a borrowed text, in the spelling that programs write: texts without escapes, plain numbers.

/// Bytes that are looked at together.
const STRIDE: usize = 8;
/// The lowest bit of each byte of a stride, and the highest.
const LOWEST: u64 = 0x0101_0101_0101_0101;
const HIGHEST: u64 = 0x8080_8080_8080_8080;

/// A text that is read from its beginning on.
#[derive(Debug)]
pub struct Json<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Json<'a> {
    /// A whole text.
    pub const fn of(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Whether only blanks are left.
    pub fn ends(mut self) -> bool {
        self.next().is_none()
    }

    /// Passes the bracket that opens an object or a list; tells whether it holds anything.
    #[inline]
    pub fn opens(&mut self, open: u8, close: u8) -> Option<bool> {
        self.pass(open)?;
        let holds = self.next()? != close;
        self.at += usize::from(!holds);
        Some(holds)
    }

    /// Passes the comma before a further item, or the bracket that closes; tells which it was.
    #[inline]
    pub fn goes_on(&mut self, close: u8) -> Option<bool> {
        let byte = self.next()?;
        self.at += 1;
        if byte == b',' {
            return Some(true);
        }
        (byte == close).then_some(false)
    }

    /// The name of a field, with its colon.
    #[inline]
    pub fn name(&mut self) -> Option<&'a [u8]> {
        let name = self.text()?;
        if self.byte()? == b':' {
            self.at += 1;
        } else {
            self.pass(b':')?;
        }
        Some(name.as_bytes())
    }

    /// Notes that a field occurs, which it may once; passes its `null`, and tells whether there is more.
    #[inline]
    pub fn is_given(&mut self, seen: &mut u64, bit: u32) -> Option<bool> {
        if *seen >> bit & 1 == 1 {
            return None;
        }
        *seen |= 1 << bit;
        if self.next()? != b'n' {
            return Some(true);
        }
        self.pass_word("null")?;
        Some(false)
    }

    /// A text without escapes.
    #[inline]
    pub fn text(&mut self) -> Option<&'a str> {
        self.pass(b'"')?;
        let start = self.at;
        let end = start + plain_length(self.text.as_bytes().get(start..)?);
        self.at = end;
        // A line break before the mark belongs to the text, which JSON then refuses; it is no blank to pass over.
        if self.byte()? != b'"' {
            return None;
        }
        self.at += 1;
        self.text.get(start..end)
    }

    /// A decimal number, as text or as a plain number, whose digits are kept as they stand.
    #[inline]
    pub fn decimal(&mut self) -> Option<&'a str> {
        if self.next()? == b'"' {
            return self.text();
        }
        let start = self.at;
        self.whole()?;
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        self.ends_number()?;
        self.text.get(start..self.at)
    }

    /// A whole number.
    #[inline]
    pub fn count(&mut self) -> Option<u32> {
        self.next()?;
        let start = self.at;
        self.whole()?;
        self.ends_number()?;
        self.text.get(start..self.at)?.parse().ok()
    }

    /// Yes or no.
    #[inline]
    pub fn flag(&mut self) -> Option<bool> {
        let word = if self.next()? == b't' { "true" } else { "false" };
        self.pass_word(word)?;
        Some(word == "true")
    }

    /// The number of an enum's value.
    #[inline]
    pub fn choice(&mut self, number: impl FnOnce(&[u8]) -> Option<i32>) -> Option<i32> {
        number(self.text()?.as_bytes())
    }

    /// Reads each item of a list.
    #[inline]
    pub fn list(&mut self, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        let mut more = self.opens(b'[', b']')?;
        while more {
            item(self)?;
            more = self.goes_on(b']')?;
        }
        Some(())
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is no blank.
    #[inline]
    fn next(&mut self) -> Option<u8> {
        loop {
            let byte = self.byte()?;
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    #[inline]
    fn pass(&mut self, expected: u8) -> Option<()> {
        let is_there = self.next()? == expected;
        self.at += usize::from(is_there);
        is_there.then_some(())
    }

    #[inline]
    fn pass_word(&mut self, word: &str) -> Option<()> {
        let is_there = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        self.at += word.len();
        is_there.then_some(())
    }

    /// Passes digits without a needless zero before them.
    fn whole(&mut self) -> Option<()> {
        let is_zero = self.byte()? == b'0';
        let count = self.digits()?;
        (!is_zero || count == 1).then_some(())
    }

    /// Passes digits, at least one.
    fn digits(&mut self) -> Option<usize> {
        let rest = &self.text.as_bytes()[self.at..];
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        (count > 0).then_some(count)
    }

    /// Whether a number is over here; an exponent or a letter is left to the owned reading.
    fn ends_number(&self) -> Option<()> {
        matches!(self.byte()?, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t').then_some(())
    }
}

/// How many bytes come before the first quotation mark, backslash or control character.
#[inline]
fn plain_length(bytes: &[u8]) -> usize {
    let mut length = 0;
    for stride in bytes.chunks_exact(STRIDE) {
        // A chunk has the length that is asked for.
        let word = u64::from_le_bytes(stride.try_into().unwrap_or_default());
        let special = holding(word, b'"') | holding(word, b'\\') | below_blank(word);
        if special != 0 {
            return length + special.trailing_zeros() as usize / STRIDE;
        }
        length += STRIDE;
    }
    let is_plain = |byte: &&u8| !matches!(**byte, b'"' | b'\\' | 0..b' ');
    length + bytes[length..].iter().take_while(is_plain).count()
}

/// Marks the highest bit of bytes that are a given one. What lies above the lowest mark may be marked wrongly.
#[inline]
const fn holding(word: u64, byte: u8) -> u64 {
    let zeroed = word ^ (LOWEST * byte as u64);
    zeroed.wrapping_sub(LOWEST) & !zeroed & HIGHEST
}

/// Marks the highest bit of bytes that are control characters. What lies above the lowest mark may be marked
/// wrongly.
#[inline]
const fn below_blank(word: u64) -> u64 {
    word.wrapping_sub(LOWEST * b' ' as u64) & !word & HIGHEST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_ends_where_byte_after_byte_says() {
        for special in ['"', '\\', '\n', '\u{1f}', '\0'] {
            for at in 0..20 {
                for filling in ["a", " ", "é", "\u{7f}", "!", "~"] {
                    let text = filling.repeat(at) + &special.to_string() + "\"\\\nrest of it";
                    assert_eq!(plain_length(text.as_bytes()), filling.len() * at, "{text:?}");
                }
            }
        }
        assert_eq!(plain_length(b"without an end"), 14);
    }

    #[test]
    fn a_line_break_before_the_end_of_a_text_is_left_to_the_full_reading() {
        assert_eq!(Json::of(" \"rituximab\",").text(), Some("rituximab"));
        for text in ["\"rituximab\n\",", "\"rituximab\t \",", "\"rituximab\\n\","] {
            assert_eq!(Json::of(text).text(), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_read_where_json_has_them() {
        for (number, read) in [("0,", "0"), ("705}", "705"), ("0.10 ", "0.10"), ("\"x\"", "x"), ("9.]", "")] {
            assert_eq!(Json::of(number).decimal().unwrap_or_default(), read, "{number}");
        }
        for left in ["01,", "-1,", "1e3,", ".5,", "1", "1x", "+1,"] {
            assert_eq!(Json::of(left).decimal(), None, "{left}");
            assert_eq!(Json::of(left).count(), None, "{left}");
        }
        assert_eq!(Json::of(" 4294967295,").count(), Some(u32::MAX));
        assert_eq!(Json::of("4294967296,").count(), None);
        assert_eq!(Json::of("1.0,").count(), None);
    }
}
