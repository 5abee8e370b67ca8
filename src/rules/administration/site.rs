//! Names of access sites: which of them mean one place (rule INIT-5).

use smallvec::SmallVec;

/// Whether two names mean one access site.
///
/// Lumens of one catheter are one site (rule INIT-5), and so are a name and the same name told more closely, as `port`
/// and `right chest port`.
pub(super) fn is_same_site(one: &str, other: &str) -> bool {
    if one == other || one.trim().eq_ignore_ascii_case(other.trim()) {
        return true;
    }
    let (one, other) = (place(one), place(other));
    let is_part = |one: &Words, other: &Words| !one.is_empty() && one.iter().all(|word| other.contains(word));
    is_part(&one, &other) || is_part(&other, &one)
}

/// Words that tell the lumens of one catheter apart, or count them.
const LUMEN_WORDS: [&str; 19] = [
    "lumen", "lumens", "single", "double", "dual", "triple", "proximal", "distal", "medial", "middle", "red",
    "blue", "white", "purple", "brown", "1", "2", "3", "of",
];

/// Words of an access site that name no place.
const EMPTY_WORDS: [&str; 8] = ["line", "iv", "piv", "catheter", "cath", "site", "access", "vein"];

/// Short words, and the words that they stand for.
const SHORT_WORDS: [(&str, &str); 15] = [
    ("l", "left"),
    ("lt", "left"),
    ("r", "right"),
    ("rt", "right"),
    ("fa", "forearm"),
    ("ac", "antecubital"),
    ("acf", "antecubital"),
    ("fossa", "antecubital"),
    ("lfa", "left forearm"),
    ("rfa", "right forearm"),
    ("lac", "left antecubital"),
    ("rac", "right antecubital"),
    ("mediport", "port"),
    ("portacath", "port"),
    ("powerport", "port"),
];

type Words = SmallVec<[String; 4]>;

/// The words of an access site that tell its place.
fn place(site: &str) -> Words {
    let site = site.to_ascii_lowercase().replace("port-a-cath", "port").replace("port a cath", "port");
    let words = || site.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let names_lumen = words().any(|word| word == "lumen");
    let mut place = Words::new();
    for word in words() {
        let long = SHORT_WORDS.iter().find(|(short, _)| *short == word).map_or(word, |(_, long)| long);
        place.extend(long.split(' ').filter(|word| !EMPTY_WORDS.contains(word)).map(str::to_owned));
    }
    if names_lumen {
        place.retain(|word| !LUMEN_WORDS.contains(&word.as_str()));
    }
    place
}

#[cfg(test)]
mod tests {
    use super::is_same_site;

    #[test]
    fn lumens_of_one_catheter_are_one_site() {
        for (one, other) in [
            ("port", " Port"),
            ("PICC, red lumen", "picc white lumen"),
            ("double lumen PICC", "PICC"),
            ("left arm", "Left Arm"),
            ("L forearm", "left forearm"),
            ("port-a-cath", "Right chest port"),
            ("PICC line", "picc"),
            ("LAC", "left AC"),
        ] {
            assert!(is_same_site(one, other), "{one} and {other}");
        }
        for (one, other) in [
            ("left arm", "right hand"),
            ("port", "PICC red lumen"),
            ("IV 1", "IV 2"),
            ("left forearm", "left hand"),
            ("iv", "line"),
        ] {
            assert!(!is_same_site(one, other), "{one} and {other}");
        }
    }
}
