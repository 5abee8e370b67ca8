//! Code numbers as small `Copy` values: HCPCS/CPT codes, modifiers and National Drug Codes.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is not a code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    #[error("`{0}` is not a HCPCS or CPT code: give five characters such as J9312 or 96413")]
    Hcpcs(String),
    #[error("`{0}` is not a modifier: give two letters or digits such as JW or 59")]
    Modifier(String),
    #[error(
        "`{0}` is not a National Drug Code: give 11 digits, or 10 digits with hyphens (4-4-2, 5-3-2 or 5-4-1)"
    )]
    Ndc(String),
    #[error(
        "`{0}` has 10 digits and no hyphens, so three different codes are possible: give it with hyphens or in 11 digits (rule D-01)"
    )]
    AmbiguousNdc(String),
}

/// A five-character HCPCS Level II or CPT code, upper case: `J9312`, `96413`, `0663T`.
///
/// Zeros fill it to a machine word, so that two codes are compared at once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HcpcsCode([u8; 8]);

/// Characters of a code.
const CODE_LENGTH: usize = 5;

impl std::hash::Hash for HcpcsCode {
    /// One word is hashed, and not bytes with their length: the tables of codes are read often.
    #[inline]
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        state.write_u64(u64::from_le_bytes(self.0));
    }
}

impl Ord for HcpcsCode {
    /// The order of the texts, which as words with the first character in front is that of two numbers.
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        u64::from_be_bytes(self.0).cmp(&u64::from_be_bytes(other.0))
    }
}

impl PartialOrd for HcpcsCode {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl HcpcsCode {
    /// A code written in the program itself; refuses to compile in a `const` when it is not a code.
    pub const fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        assert!(bytes.len() == CODE_LENGTH, "a code has five characters");
        let mut code = [0; 8];
        let mut at = 0;
        while at < CODE_LENGTH {
            assert!(bytes[at].is_ascii_uppercase() || bytes[at].is_ascii_digit());
            code[at] = bytes[at];
            at += 1;
        }
        Self(code)
    }

    /// In place of the code of a product that is counted in a stated unit and has none: an empty text.
    pub const NONE: Self = Self([0; 8]);

    /// The five characters; empty for [`Self::NONE`].
    pub fn as_str(&self) -> &str {
        if *self == Self::NONE {
            return "";
        }
        // Every constructor admits ASCII letters and digits only.
        std::str::from_utf8(&self.0[..CODE_LENGTH]).unwrap_or("?????")
    }

    /// The leading character, which names the family: `J`, `Q`, `C`, `A`, `9` …
    pub const fn family(&self) -> char {
        self.0[0] as char
    }

    /// Whether the code belongs to CPT (five digits, or four digits and a letter at the end).
    pub const fn is_cpt(&self) -> bool {
        self.0[0].is_ascii_digit()
    }

    /// The numeric part of a Level II code, for ranges such as `J9000`–`J9999`.
    pub fn number(&self) -> Option<u16> {
        self.as_str().get(1..)?.parse().ok()
    }
}

/// Which codes are in a set, told by a few bits: a code that is not in it may seem to be, and never the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CodeSketch(u128);

impl CodeSketch {
    /// Adds a code.
    #[inline]
    pub const fn add(&mut self, code: HcpcsCode) {
        // The digits of a code, which differ most at its end, are spread over all bits of a word; its top bits choose.
        const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
        const TOP: u32 = u64::BITS - u128::BITS.ilog2();
        self.0 |= 1 << (u64::from_le_bytes(code.0).wrapping_mul(SPREAD) >> TOP);
    }

    /// Whether two sets may have a code in common.
    #[inline]
    pub const fn may_share(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl FromIterator<HcpcsCode> for CodeSketch {
    fn from_iter<I: IntoIterator<Item = HcpcsCode>>(codes: I) -> Self {
        let mut sketch = Self::default();
        codes.into_iter().for_each(|code| sketch.add(code));
        sketch
    }
}

impl FromStr for HcpcsCode {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        let refuse = || CodeError::Hcpcs(shortened(text));
        let trimmed = text.trim().as_bytes();
        let mut code: [u8; CODE_LENGTH] = trimmed.try_into().map_err(|_| refuse())?;
        code.make_ascii_uppercase();
        let digits = code.iter().filter(|byte| byte.is_ascii_digit()).count();
        let well_formed = code.iter().all(u8::is_ascii_alphanumeric)
            && (digits == 5 || digits == 4 && (code[0].is_ascii_uppercase() || code[4].is_ascii_uppercase()));
        let [a, b, c, d, e] = code;
        well_formed.then_some(Self([a, b, c, d, e, 0, 0, 0])).ok_or_else(refuse)
    }
}

/// A two-character modifier: `JW`, `59`, `XS`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Modifier([u8; 2]);

impl Modifier {
    /// A modifier written in the program itself.
    pub const fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        assert!(bytes.len() == 2, "a modifier has two characters");
        Self([bytes[0], bytes[1]])
    }

    /// The two characters.
    pub fn as_str(&self) -> &str {
        // Every constructor admits ASCII only.
        std::str::from_utf8(&self.0).unwrap_or("??")
    }
}

impl FromStr for Modifier {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        let refuse = || CodeError::Modifier(shortened(text));
        let mut modifier: [u8; 2] = text.trim().as_bytes().try_into().map_err(|_| refuse())?;
        modifier.make_ascii_uppercase();
        let well_formed = modifier.iter().all(u8::is_ascii_alphanumeric);
        well_formed.then_some(Self(modifier)).ok_or_else(refuse)
    }
}

/// A National Drug Code in its 11-digit billing form (5-4-2, no hyphens). Source: rule D-01.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ndc([u8; 11]);

impl std::hash::Hash for Ndc {
    /// Two words are hashed, and not eleven bytes with their length, as for a HCPCS code.
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        let [a, b, c, d, e, f, g, h, i, j, k] = self.0;
        state.write_u64(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
        state.write_u32(u32::from_le_bytes([i, j, k, 0]));
    }
}

impl Ndc {
    /// The 11 digits without hyphens.
    pub fn as_str(&self) -> &str {
        // Every constructor admits ASCII digits only.
        std::str::from_utf8(&self.0).unwrap_or("???????????")
    }

    /// The code with hyphens, 5-4-2.
    pub fn hyphenated(&self) -> String {
        let digits = self.as_str();
        format!("{}-{}-{}", &digits[..5], &digits[5..9], &digits[9..])
    }

    /// The five digits that name the labeler.
    pub fn labeler(&self) -> &str {
        &self.as_str()[..5]
    }

    /// The nine digits that name the labeler and the product, without the package.
    pub fn product(&self) -> &str {
        &self.as_str()[..9]
    }
}

impl FromStr for Ndc {
    type Err = CodeError;

    /// Reads 11 digits, or three segments between hyphens of at most 5, 4 and 2 digits, each padded
    /// to its length. Ten digits without hyphens are refused, because three codes could be meant.
    fn from_str(text: &str) -> Result<Self, CodeError> {
        let refuse = || CodeError::Ndc(shortened(text));
        let trimmed = text.trim();
        let segments: Vec<&str> = trimmed.split('-').collect();
        if trimmed.len() > 13 || !segments.iter().all(|s| s.bytes().all(|b| b.is_ascii_digit())) {
            return Err(refuse());
        }
        let lengths: Vec<usize> = segments.iter().map(|segment| segment.len()).collect();
        let digits = match lengths.as_slice() {
            [11] => trimmed.to_owned(),
            [10] => return Err(CodeError::AmbiguousNdc(trimmed.to_owned())),
            [1..=5, 1..=4, 1..=2] => {
                format!("{:0>5}{:0>4}{:0>2}", segments[0], segments[1], segments[2])
            }
            _ => return Err(refuse()),
        };
        digits.as_bytes().try_into().map(Self).map_err(|_| refuse())
    }
}

/// Keeps an error message short and free of control characters, whatever was sent.
fn shortened(text: &str) -> String {
    const CHARACTERS_MAX: usize = 32;
    text.chars().filter(|c| !c.is_control()).take(CHARACTERS_MAX).collect()
}

macro_rules! text_form {
    ($type:ty) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

text_form!(HcpcsCode);
text_form!(Modifier);
text_form!(Ndc);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_in_any_case_and_refused_when_malformed() {
        assert_eq!("j9312".parse(), Ok(HcpcsCode::of("J9312")));
        assert_eq!("0663t".parse(), Ok(HcpcsCode::of("0663T")));
        for wrong in ["", "J931", "J93122", "JJ312", "J93-2", "é9312"] {
            assert!(wrong.parse::<HcpcsCode>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn each_ten_digit_form_pads_its_own_segment() {
        let read = |text: &str| text.parse::<Ndc>().map(|ndc| ndc.as_str().to_owned());
        assert_eq!(read("1234-5678-90").as_deref(), Ok("01234567890"));
        assert_eq!(read("58063-797-25").as_deref(), Ok("58063079725"));
        assert_eq!(read("12345-6789-0").as_deref(), Ok("12345678900"));
        assert_eq!(read("50242-0053-06").as_deref(), Ok("50242005306"));
        assert_eq!(read("50242005306").as_deref(), Ok("50242005306"));
        assert_eq!(read("2-22-2").as_deref(), Ok("00002002202"));
        assert!(read("123456-789-01").is_err() && read("--").is_err());
    }

    #[test]
    fn ten_bare_digits_are_ambiguous() {
        assert!(matches!("5024205306".parse::<Ndc>(), Err(CodeError::AmbiguousNdc(_))));
        assert!(matches!("50242-0053".parse::<Ndc>(), Err(CodeError::Ndc(_))));
        assert!(matches!("".parse::<Ndc>(), Err(CodeError::Ndc(_))));
    }
    #[test]
    fn a_sketch_misses_no_code_and_tells_most_others_apart() {
        let codes = || (96_360..96_380).map(|number| number.to_string().parse().expect("a code"));
        for code in codes() {
            let own: CodeSketch = [code].into_iter().collect();
            assert!(codes().collect::<CodeSketch>().may_share(own));
            let alike = codes().filter(|other| own.may_share([*other].into_iter().collect())).count();
            assert!(alike < 5, "{} seems to be {alike} codes", code.as_str());
        }
        assert!(!CodeSketch::default().may_share(codes().collect()));
    }
}
