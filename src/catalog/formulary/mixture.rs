//! Parts of a mixture that is written in one name: one that nothing is known of may be the drug that decides.

use super::notes::is_note;
use super::{Formulary, fold};
use crate::catalog::names::{NAME_WORDS_MAX, is_filler, is_salt};

/// Letters of the shortest name of a drug; what is shorter is a mark, as in `w/`.
const LETTERS_MIN: usize = 3;

/// Signs between two drugs, and signs that may stand before a note as well.
const BETWEEN_DRUGS: &[char] = &['+', '/', '&'];
const BEFORE_NOTES: &[char] = &[',', ';'];

/// Words between two drugs.
const JOINING: &[&str] = &["and", "plus", "with"];

/// What stands before a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    /// A sign that only drugs and their measures stand between.
    Sign,
    Joining,
    /// A comma or a semicolon.
    Comma,
}

impl Formulary {
    /// The part of a mixture that names nothing known, as the text writes it: `ifos` in `ifos 1.8 g/m2 + mesna`.
    ///
    /// Behind a comma or a joining word a note may stand, so a part of several words counts there only with a dose.
    pub fn unknown_part<'t>(&self, text: &'t str) -> Option<&'t str> {
        let parts = parts(self.given_part(text));
        if parts.len() == 1 {
            return None;
        }
        let folded: Vec<Vec<String>> = parts.iter().map(|(_, part)| fold(part)).collect();
        let words: Vec<(usize, &str)> = folded
            .iter()
            .enumerate()
            .flat_map(|(part, words)| words.iter().map(move |word| (part, word.as_str())))
            .collect();
        let mut is_known = vec![false; parts.len()];
        let mut at = 0;
        while at < words.len() {
            let name =
                |length: usize| words[at..at + length].iter().map(|(_, word)| *word).collect::<Vec<_>>();
            let longest = (1..=NAME_WORDS_MAX.min(words.len() - at))
                .rev()
                .find(|length| self.by_name.contains_key(name(*length).join(" ").as_str()));
            for (part, _) in &words[at..at + longest.unwrap_or_default()] {
                is_known[*part] = true;
            }
            at += longest.unwrap_or(1);
        }
        let unknown = parts.iter().zip(&folded).zip(&is_known).filter(|(_, is_known)| !**is_known);
        let mut unknown = unknown.filter(|(((before, part), words), _)| is_drug(*before, part, words));
        unknown.next().map(|(((_, part), _), _)| *part)
    }
}

/// Whether a part without a known name is a drug.
fn is_drug(before: Before, part: &str, words: &[String]) -> bool {
    let is_told = |word: &&String| {
        word.len() >= LETTERS_MIN
            && word.starts_with(|c: char| c.is_ascii_alphabetic())
            && !is_filler(word)
            && !is_salt(word)
            && !is_note(word)
    };
    let told = words.iter().filter(is_told).count();
    let has_dose = part.contains(|c: char| c.is_ascii_digit());
    match before {
        Before::Nothing | Before::Sign => told > 0,
        Before::Joining => told == 1 || told > 0 && has_dose,
        Before::Comma => told > 0 && has_dose,
    }
}

/// Whether a text goes on with a unit or a number, as behind the stroke of `40 mg/mL`.
fn is_measure(text: &str) -> bool {
    let word: String = text.chars().take_while(char::is_ascii_alphanumeric).collect();
    !word.is_empty() && is_filler(&word.to_ascii_lowercase())
}

/// The parts of a name outside of its brackets, and what stands before each.
fn parts(text: &str) -> Vec<(Before, &str)> {
    let mut parts = Vec::new();
    let (mut before, mut start, mut depth) = (Before::Nothing, 0, 0_u32);
    let mut take = |before: Before, range: std::ops::Range<usize>| parts.push((before, text[range].trim()));
    for (at, sign) in text.char_indices() {
        match sign {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let next = at + sign.len_utf8();
        // A comma within a number parts nothing.
        let is_in_number = text[next..].starts_with(|c: char| c.is_ascii_digit())
            && text[..at].ends_with(|c: char| c.is_ascii_digit());
        let joining = JOINING.iter().find(|word| {
            text[..at].ends_with(' ')
                && text.get(at..at + word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word))
                && text[at + word.len()..].starts_with(' ')
        });
        let parting = match (joining, sign) {
            _ if depth > 0 || at < start => None,
            (Some(word), _) => Some((Before::Joining, word.len())),
            _ if BETWEEN_DRUGS.contains(&sign) && !is_measure(&text[next..]) => {
                Some((Before::Sign, sign.len_utf8()))
            }
            _ if BEFORE_NOTES.contains(&sign) && !is_in_number => Some((Before::Comma, sign.len_utf8())),
            _ => None,
        };
        if let Some((sign, length)) = parting {
            take(before, start..at);
            (before, start) = (sign, at + length);
        }
    }
    take(before, start..text.len());
    parts
}

#[cfg(test)]
mod tests {
    use crate::catalog::Catalog;

    #[test]
    fn a_drug_in_the_company_of_another_is_told_from_a_mixture() {
        let catalog = Catalog::embedded();
        for (text, parts) in [
            ("mesna w/ ifosfamide", Some(("mesna", "ifosfamide"))),
            ("leucovorin 700 mg with 5FU", Some(("leucovorin 700 mg", "5FU"))),
            ("leucovorin w/5FU", Some(("leucovorin", "5FU"))),
            ("mesna + ifosfamide", None),
            ("mesna and ifosfamide", None),
            ("mesna with needle", None),
            ("leucovorin", None),
        ] {
            assert_eq!(catalog.formulary.companions(text), parts, "{text}");
        }
    }

    #[test]
    fn a_part_that_names_nothing_known_is_told() {
        let catalog = Catalog::embedded();
        for (text, part) in [
            ("zzz 1.8 g/m2 + mesna", Some("zzz 1.8 g/m2")),
            ("zzz/Zofran", Some("zzz")),
            ("zzzmab (investigational) + heparin", Some("zzzmab (investigational)")),
            ("study drug MK-1234 with Benadryl", Some("study drug MK-1234")),
            ("Zofran and zzzmab", Some("zzzmab")),
            ("NS plus zzzmab", Some("zzzmab")),
            ("zzzmab, Zofran 8 mg", Some("zzzmab")),
            ("Zofran 8 mg, zzzmab 20 mg", Some("zzzmab 20 mg")),
            ("lidocaine w/epi", None),
            ("ceftriaxone 1 g with needle", None),
            ("ceftriaxone 1 g with 22 gauge needle", None),
            ("ceftriaxone 1 g and discarded", None),
            ("ceftriaxone 1 g and monitored with labs", None),
            ("Zofran 4 mg for nausea/vomiting", None),
            ("Zofran 8 mg, left deltoid", None),
            ("heparin 5,000 units/mL", None),
            ("piperacillin/tazobactam 3.375 g", None),
            ("piperacillin and tazobactam", None),
            ("Zofran 8 mg in NS 50 mL over 15 min, given slowly", None),
            ("vancomycin 1 g IV / 250 mL NS", None),
            ("ondansetron (Zofran, Zuplenz) 4 mg/2 mL", None),
            ("methylprednisolone, sodium succinate", None),
            ("calcium gluconate with magnesium sulfate and potassium chloride", None),
        ] {
            assert_eq!(catalog.formulary.unknown_part(text), part, "{text}");
        }
    }
}
