//! A descriptor as tokens: numbers, words and signs.
//!
//! Digits inside a word are never a number, so `j9305`, `tc-99m` and `factor-13` give no quantity.

use crate::domain::quantity::Decimal;

/// Longest descriptor that is read, in bytes; the longest real one has 4,492 characters.
pub(super) const DESCRIPTOR_BYTES_MAX: usize = 16 << 10;

/// One piece of a descriptor, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Number(Decimal),
    Word(String),
    /// A comma or a semicolon: the end of a phrase.
    Break,
    /// Any other sign, parentheses among them.
    Sign(char),
}

impl Token {
    /// Whether it is the word.
    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self, Token::Word(own) if own == word)
    }

    /// Whether it is the sign.
    pub(super) fn is_sign(&self, sign: char) -> bool {
        *self == Token::Sign(sign)
    }
}

/// Cuts a descriptor into tokens.
pub(super) fn tokens(descriptor: &str) -> Vec<Token> {
    let text = normalized(descriptor);
    let mut rest = text.as_str();
    let mut tokens = Vec::new();
    while let Some(first) = rest.chars().next() {
        let after_number = matches!(tokens.last(), Some(Token::Number(_)));
        let broken = broken_number_length(rest);
        let length = match first {
            '0'..='9' if broken > 0 => broken,
            '0'..='9' => number_length(rest),
            '.' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) => number_length(rest),
            _ if first.is_alphabetic() => word_length(rest, after_number),
            _ => first.len_utf8(),
        };
        let (piece, tail) = rest.split_at(length);
        rest = tail;
        match first {
            // Whether `0,5` is a half or two numbers nobody can tell, so it is no amount.
            '0'..='9' if broken > 0 => tokens.push(Token::Sign('#')),
            '0'..='9' | '.' if length > 1 || first != '.' => {
                let digits: String = piece.chars().filter(|c| *c != ',').collect();
                // A run of digits too long for an amount is no amount; its place is kept by a sign.
                tokens.push(digits.parse().map_or(Token::Sign('#'), Token::Number));
            }
            ',' | ';' => tokens.push(Token::Break),
            _ if first.is_alphabetic() => tokens.push(Token::Word(piece.trim_end_matches('.').to_owned())),
            '.' => {}
            _ if first.is_whitespace() => {}
            sign => tokens.push(Token::Sign(sign)),
        }
    }
    tokens
}

/// Lower case, single blanks, and the blanks that one release put behind points taken out again
/// (`0. 1 mg`, `i. u.`).
fn normalized(descriptor: &str) -> String {
    let mut end = descriptor.len().min(DESCRIPTOR_BYTES_MAX);
    while !descriptor.is_char_boundary(end) {
        end -= 1;
    }
    let lower = crate::cms::text::folded(&descriptor[..end]).to_lowercase();
    let mut text = String::with_capacity(lower.len());
    let characters: Vec<char> = lower.chars().collect();
    for (at, c) in characters.iter().enumerate() {
        let before = |by: usize| at.checked_sub(by).map(|at| characters[at]);
        let next = characters.get(at + 1);
        let in_number = before(2).is_some_and(|c| c.is_ascii_digit())
            && before(1) == Some('.')
            && next.is_some_and(char::is_ascii_digit);
        let in_unit = before(2) == Some('i') && before(1) == Some('.') && next == Some(&'u');
        if !(*c == ' ' && (in_number || in_unit)) {
            text.push(*c);
        }
    }
    text
}

/// Digits with thousands in groups of three, and at most one point.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut at = 0;
    while digit(at) {
        at += 1;
    }
    while bytes.get(at) == Some(&b',') && (1..=3).all(|by| digit(at + by)) && !digit(at + 4) {
        at += 4;
    }
    if bytes.get(at) == Some(&b'.') && digit(at + 1) {
        at += 1;
        while digit(at) {
            at += 1;
        }
    }
    at.max(1)
}

/// The length of a number that a comma breaks elsewhere than between thousands, as in `0,5`; 0 of any other.
fn broken_number_length(text: &str) -> usize {
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    let whole = number_length(text);
    let mut behind = text[whole..].chars();
    if behind.next() != Some(',') || !behind.next().is_some_and(|c| c.is_ascii_digit()) {
        return 0;
    }
    text.find(|c: char| !c.is_ascii_digit() && c != ',').unwrap_or(text.len())
}

/// Letters and digits; hyphens, apostrophes and points inside. A unit behind a number is letters only,
/// so that `10mg` and `4mg-4mg` come apart.
fn word_length(text: &str, after_number: bool) -> usize {
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        let inside = match c {
            '.' => next.is_some_and(char::is_alphabetic),
            '-' | '\'' | '\u{2019}' => !after_number && next.is_some_and(char::is_alphanumeric),
            _ => c.is_alphabetic() || (c.is_ascii_digit() && !after_number),
        };
        if !inside {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        tokens(text)
            .iter()
            .map(|token| match token {
                Token::Number(number) => format!("<{number}>"),
                Token::Word(word) => word.clone(),
                Token::Break => "|".to_owned(),
                Token::Sign(sign) => sign.to_string(),
            })
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn numbers_stand_alone() {
        assert_eq!(
            shown("Example, not equivalent to J9305, 10 mg"),
            "example | not equivalent to j9305 | <10> mg"
        );
        assert_eq!(shown("Tc-99m beta-1a i-131, 1mg"), "tc-99m beta-1a i-131 | <1> mg");
        assert_eq!(shown("1,000 units"), "<1000> units");
        assert_eq!(shown("100,000 units,10 mg"), "<100000> units | <10> mg");
        assert_eq!(shown(".625 GM"), "<0.625> gm");
        assert_eq!(shown("0,5 mg, 40, 500 ml"), "# mg | <40> | <500> ml");
        assert_eq!(shown("4 MG-4 MG-2 MG"), "<4> mg - <4> mg - <2> mg");
        assert_eq!(shown("(500 ml=1 unit)"), "( <500> ml = <1> unit )");
    }

    #[test]
    fn blanks_behind_points_are_taken_out() {
        assert_eq!(shown("0. 1 mg"), "<0.1> mg");
        assert_eq!(shown("1 i. U. Vwf:rco"), "<1> i.u vwf : rco");
        assert_eq!(shown("per i.u., nos"), "per i.u | nos");
    }

    #[test]
    fn a_number_beyond_any_amount_is_no_number() {
        assert_eq!(shown("99999999999999999999 mg"), "# mg");
        assert!(tokens(&"9,".repeat(100_000)).len() <= DESCRIPTOR_BYTES_MAX);
    }
}
