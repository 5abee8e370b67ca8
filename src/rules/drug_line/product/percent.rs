//! The strength of a solution as its name states it: in percent, or as a part of normal saline.

use crate::domain::quantity::Decimal;

/// Words that name sodium chloride in water.
const SALINES: &[&str] = &["ns", "nss", "nacl", "saline", "chloride"];

/// Words between a part and the saline that it is of.
const BETWEEN: &[&str] = &["normal", "strength", "sodium"];

/// Parts of normal saline and their strength in percent.
const PARTS: &[(&str, &str)] = &[
    ("1/2", "0.45"),
    ("half", "0.45"),
    ("one-half", "0.45"),
    ("1/3", "0.3"),
    ("1/4", "0.225"),
    ("quarter", "0.225"),
    ("one-quarter", "0.225"),
];

/// The strength in a name, in percent; nothing where it has none, or several percent signs.
pub(super) fn percent_in(name: &str) -> Option<Decimal> {
    before_sign(name).or_else(|| of_saline(name))
}

fn before_sign(name: &str) -> Option<Decimal> {
    let mut parts = name.split('%');
    let before = parts.next()?.trim_end();
    let (Some(_), None) = (parts.next(), parts.next()) else { return None };
    let is_other = |(_, c): &(usize, char)| !c.is_ascii_digit() && *c != '.';
    let digits = before.char_indices().rev().find(is_other).map_or(0, |(at, c)| at + c.len_utf8());
    before.get(digits..)?.parse().ok()
}

/// The strength of a saline without a percent sign: `1/2 NS`, `0.45NS`, `half normal saline`, `NaCl 0.9`.
fn of_saline(name: &str) -> Option<Decimal> {
    if name.contains('%') {
        return None;
    }
    let name = name.to_lowercase().replace('½', "1/2").replace('¼', "1/4");
    let words: Vec<&str> = name.split(|c: char| c.is_whitespace() || "(),".contains(c)).collect();
    let (at, glued) = words.iter().enumerate().find_map(|(at, word)| {
        let before = SALINES.iter().find_map(|saline| word.strip_suffix(saline))?;
        (before.is_empty() || strength(before).is_some()).then_some((at, before))
    })?;
    let before = || words[..at].iter().rev().find(|word| !BETWEEN.contains(word)).copied();
    let behind = || words.get(at + 1).copied().filter(|word| word.contains('.'));
    strength(glued).or_else(|| strength(before()?)).or_else(|| strength(behind()?))
}

/// What a part or a number with a decimal point states; a whole number beside a saline may be a volume.
fn strength(word: &str) -> Option<Decimal> {
    let part = PARTS.iter().find(|(part, _)| *part == word).map(|(_, percent)| *percent);
    let number =
        || word.contains('.').then(|| word.strip_prefix('.').map_or(word.to_owned(), |d| format!("0.{d}")));
    part.map(str::to_owned).or_else(number)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strength_is_read_before_its_sign_and_nothing_else_is() {
        let percent = |text: &str| percent_in(text).map(|percent| percent.to_string());
        assert_eq!(percent("dextrose 5% in water").as_deref(), Some("5"));
        assert_eq!(percent("NaCl 0.9 %").as_deref(), Some("0.9"));
        assert_eq!(percent("é5%").as_deref(), Some("5"));
        for without in ["", "%", "saline", "½%", "dextrose 5% and sodium chloride 0.9%"] {
            assert_eq!(percent(without), None, "{without}");
        }
    }

    #[test]
    fn a_part_of_normal_saline_has_its_strength() {
        let percent = |text: &str| percent_in(text).map(|percent| percent.to_string());
        for (text, expected) in [
            ("1/2 NS", "0.45"),
            ("½ normal saline", "0.45"),
            ("D5 1/2NS", "0.45"),
            ("D5 .45 NS", "0.45"),
            ("half normal saline 1000 mL", "0.45"),
            ("D5 1/4 NS", "0.225"),
            ("0.9 NaCl", "0.9"),
            ("sodium chloride 0.45 IV", "0.45"),
        ] {
            assert_eq!(percent(text).as_deref(), Some(expected), "{text}");
        }
        for without in ["NS", "NS 500 mL", "1000 NS", "D5NS", "normal saline", "potassium chloride 20 mEq"] {
            assert_eq!(percent(without), None, "{without}");
        }
    }
}
