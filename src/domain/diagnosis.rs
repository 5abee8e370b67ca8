//! How the code of a disease is written: ICD-10-CM, and ICD-9-CM for dates before it.

/// Whether a text is written as a code of either set is, with its point or without, in any case.
///
/// Which codes exist is not known here; what is no code at all, such as the name of a disease, is told from one.
pub fn is_code(text: &str) -> bool {
    let text = text.trim();
    let (category, subdivision) = match text.split_once('.') {
        Some((category, subdivision)) if !subdivision.is_empty() => (category, subdivision),
        Some(_) => return false,
        None => text.split_at_checked(CATEGORY_CHARACTERS).unwrap_or((text, "")),
    };
    is_of_tenth_revision(category, subdivision) || is_of_ninth_revision(category, subdivision, text)
}

/// Characters before the point of most codes.
const CATEGORY_CHARACTERS: usize = 3;

/// Characters behind the point of an ICD-10-CM code, at most.
const SUBDIVISION_CHARACTERS_MAX: usize = 4;

/// Digits behind the point of an ICD-9-CM code, at most.
const SUBDIVISION_DIGITS_MAX: usize = 2;

/// A letter, a digit, a digit or letter, and up to four of either behind the point.
fn is_of_tenth_revision(category: &str, subdivision: &str) -> bool {
    matches!(category.as_bytes(), [letter, digit, last]
        if letter.is_ascii_alphabetic() && digit.is_ascii_digit() && last.is_ascii_alphanumeric())
        && subdivision.len() <= SUBDIVISION_CHARACTERS_MAX
        && subdivision.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Three digits, or V and two of them, and up to two behind the point; or E and three digits, and up to one.
fn is_of_ninth_revision(category: &str, subdivision: &str, text: &str) -> bool {
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_cause = || {
        let digits = text.strip_prefix(['E', 'e']).map(|rest| rest.replace('.', ""));
        digits.is_some_and(|digits| matches!(digits.len(), 3 | 4) && is_number(&digits))
    };
    let numbered = category.strip_prefix(['V', 'v']).filter(|rest| rest.len() + 1 == CATEGORY_CHARACTERS);
    let is_disease = category.len() == CATEGORY_CHARACTERS
        && is_number(numbered.unwrap_or(category))
        && subdivision.len() <= SUBDIVISION_DIGITS_MAX
        && is_number(subdivision);
    is_disease || is_cause()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_both_revisions_are_known_in_each_written_form() {
        for code in ["C50", "C50.911", "c50911", "M06.9", "U07.1", "Z85.72", "T45.1X5A", "C7A.8", " I10 "] {
            assert!(is_code(code), "{code}");
        }
        for code in ["202.80", "20280", "250", "V58.11", "V5811", "E812.0", "E8120", "E933.1"] {
            assert!(is_code(code), "{code}");
        }
    }

    #[test]
    fn what_is_no_code_is_told_from_one() {
        for text in [
            "lymphoma",
            "hello",
            "C",
            "C5",
            "C50.",
            "C50.91111",
            "C50 breast",
            "1",
            "12345.6",
            "Ç50",
            "C50.9-",
            "",
        ] {
            assert!(!is_code(text), "{text}");
        }
    }
}
