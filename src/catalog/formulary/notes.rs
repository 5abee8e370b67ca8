//! Words behind the name of a drug that are no part of it: where it went in, at whose order, at what moment, in what state.

/// Words of notes, of which none is a drug and none tells two drugs apart.
const NOTES: &[&str] = &[
    "ac",
    "adult",
    "after",
    "again",
    "agitation",
    "allergy",
    "antecubital",
    "anxiety",
    "arm",
    "at",
    "back",
    "been",
    "before",
    "being",
    "bid",
    "bilateral",
    "both",
    "brand",
    "buffered",
    "buttock",
    "by",
    "carpuject",
    "catheter",
    "center",
    "change",
    "changed",
    "chills",
    "concentrate",
    "cont",
    "contd",
    "continued",
    "continues",
    "continuing",
    "cycle",
    "day",
    "decreased",
    "delivered",
    "deltoid",
    "diluted",
    "discharge",
    "done",
    "dorsogluteal",
    "down",
    "during",
    "early",
    "ed",
    "emesis",
    "end",
    "ended",
    "er",
    "exp",
    "extra",
    "faster",
    "fever",
    "filter",
    "final",
    "finished",
    "food",
    "forearm",
    "from",
    "full",
    "generic",
    "gluteal",
    "gluteus",
    "half",
    "hand",
    "headache",
    "held",
    "her",
    "hip",
    "his",
    "human",
    "hung",
    "hypotension",
    "increase",
    "increased",
    "initial",
    "interrupted",
    "into",
    "intramuscular",
    "intravenously",
    "itching",
    "joint",
    "knee",
    "lac",
    "last",
    "late",
    "later",
    "left",
    "liquid",
    "lot",
    "lyophilized",
    "md",
    "migraine",
    "monitoring",
    "monthly",
    "mouth",
    "nausea",
    "new",
    "next",
    "no",
    "note",
    "np",
    "obs",
    "observation",
    "one",
    "onto",
    "op",
    "oral",
    "orally",
    "order",
    "orders",
    "pain",
    "part",
    "partial",
    "patient",
    "paused",
    "pca",
    "pediatric",
    "per",
    "pharmacy",
    "phase",
    "piv",
    "port",
    "post",
    "powder",
    "pre",
    "premed",
    "premedication",
    "premeds",
    "prior",
    "protocol",
    "provider",
    "pt",
    "qd",
    "qid",
    "quadrant",
    "rac",
    "rash",
    "reaction",
    "rechallenge",
    "recombinant",
    "reconstituted",
    "redose",
    "reduced",
    "reinfusion",
    "remainder",
    "remaining",
    "rescue",
    "restart",
    "restarted",
    "resume",
    "resumed",
    "right",
    "rigors",
    "rn",
    "scheduled",
    "seen",
    "seizure",
    "severe",
    "shoulder",
    "side",
    "site",
    "slower",
    "spasm",
    "split",
    "standing",
    "stopped",
    "subcut",
    "subcutaneous",
    "thigh",
    "through",
    "tid",
    "time",
    "times",
    "titrated",
    "today",
    "tolerated",
    "tubing",
    "twice",
    "undiluted",
    "up",
    "upper",
    "vein",
    "ventrogluteal",
    "vomiting",
    "waste",
    "wasted",
    "water",
    "week",
    "weekly",
    "well",
    "while",
    "without",
];

/// Endings of a number that counts a dose or a bag, as in `2nd`.
const ORDINALS: &[&str] = &["st", "nd", "rd", "th"];

/// Letters before a number that count a day, a cycle or a dose, as in `d8`, `c2d1`, `x2` and `q8h`.
const COUNTS: &[u8] = b"cdhqx";

/// Single letters of notes, as in `R AC` and `cont'd`.
const LETTERS: &[&str] = &["d", "l", "r", "w"];

/// Leaves out of the words behind the name of a drug what tells nothing of the drug.
pub(super) fn leave_out(words: &mut Vec<&str>) {
    let before = words.len();
    words.retain(|word| !is_note(word));
    let has_note = words.len() < before;
    words.retain(|word| !has_note || !LETTERS.contains(word));
}

/// Whether a word behind the name of a drug tells how, when or where it was given.
pub(super) fn is_note(word: &str) -> bool {
    NOTES.contains(&word) || is_ordinal(word) || is_count(word)
}

fn is_ordinal(word: &str) -> bool {
    let number = word.trim_end_matches(|c: char| c.is_ascii_lowercase());
    !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && ORDINALS.contains(&&word[number.len()..])
}

/// Whether a word is made of counts alone: each letter is one that counts, and a number stands among them.
fn is_count(word: &str) -> bool {
    let (letters, digits): (Vec<u8>, Vec<u8>) = word.bytes().partition(u8::is_ascii_lowercase);
    let is_short = word.len() <= "c12d15".len();
    is_short
        && !digits.is_empty()
        && digits.iter().all(u8::is_ascii_digit)
        && COUNTS.contains(&word.as_bytes()[0])
        && letters.iter().all(|letter| COUNTS.contains(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_moments_are_notes_and_names_are_none() {
        for word in ["2nd", "3rd", "q8h", "c2d1", "d15", "x2", "resumed", "lac"] {
            assert!(is_note(word), "{word}");
        }
        for word in ["b12", "2a", "alfa", "decanoate", "benzathine", "viii", "f18", "tc99m", ""] {
            assert!(!is_note(word), "{word}");
        }
    }

    #[test]
    fn the_words_are_in_order() {
        assert!(NOTES.is_sorted());
    }
}
