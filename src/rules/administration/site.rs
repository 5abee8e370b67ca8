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
    let (place_of_one, place_of_other) = (place(one), place(other));
    match (place_of_one.is_empty(), place_of_other.is_empty()) {
        // Of lines in a limb whose place is not told there is one.
        (true, true) => is_peripheral(one) && is_peripheral(other),
        (false, false) => {
            is_told_more_closely(&place_of_one, &place_of_other)
                || is_told_more_closely(&place_of_other, &place_of_one)
        }
        _ => false,
    }
}

/// Whether every word of a place stands in another one, or is of a device that lies where the other one tells: a central
/// line is in the jugular vein, and a port in the chest.
fn is_told_more_closely(place: &Words, other: &Words) -> bool {
    let lies_in = |word: &String, list: &[&str], places: &[&str]| {
        list.contains(&word.as_str()) && other.iter().any(|told| places.contains(&told.as_str()))
    };
    place.iter().all(|word| {
        other.contains(word)
            || lies_in(word, &CENTRAL_LINES, &CENTRAL_LINES)
            || lies_in(word, &CENTRAL_LINES, &CENTRAL_VEINS)
            || lies_in(word, &["port"], &["chest"])
    })
}

/// Words that refer to a site named before.
const REFERRING_WORDS: [&str; 9] =
    ["same", "as", "above", "before", "previous", "prior", "ditto", "stated", "earlier"];

/// Whether a text names no site of its own and refers to one named before, as `same as above` does.
pub(super) fn refers_to_another(site: &str) -> bool {
    // Few names begin with a letter of such a word, and of the others nothing more is read.
    let is_other_letter = |first: &u8| {
        first.is_ascii_alphanumeric() && !matches!(first.to_ascii_lowercase(), b's' | b'd' | b'a')
    };
    if site.as_bytes().first().is_some_and(is_other_letter)
        || !site.trim_start().starts_with(['s', 'S', 'd', 'D', 'a', 'A'])
    {
        return false;
    }
    let words = words(site);
    !words.is_empty() && words.iter().all(|word| REFERRING_WORDS.contains(&word.as_str()))
}

/// Words that tell the lumens of one catheter apart.
const LUMEN_WORDS: [&str; 19] = [
    "proximal", "prox", "distal", "dist", "medial", "med", "middle", "lateral", "lat", "red", "blue",
    "white", "purple", "brown", "green", "yellow", "orange", "gray", "grey",
];

/// Words that count lumens, beside one that says that lumens are meant.
const COUNT_WORDS: [&str; 11] =
    ["lumen", "lumens", "chamber", "single", "double", "dual", "triple", "1", "2", "3", "of"];

/// Words of a device in a central vein, which may have several lumens.
const CENTRAL_WORDS: [&str; 22] = [
    "port",
    "picc",
    "cvc",
    "cvl",
    "tlc",
    "central",
    "hickman",
    "broviac",
    "groshong",
    "tunneled",
    "tunnelled",
    "implanted",
    "subclavian",
    "jugular",
    "ij",
    "ej",
    "femoral",
    "permcath",
    "permacath",
    "vascath",
    "quinton",
    "dialysis",
];

/// Words of a central line that leave open in which vein it lies.
const CENTRAL_LINES: [&str; 4] = ["central", "cvc", "cvl", "tlc"];

/// Words of the veins that a central line lies in.
const CENTRAL_VEINS: [&str; 6] = ["subclavian", "jugular", "ij", "ej", "femoral", "chest"];

/// Words of a place on a limb, or of a line in one.
const PERIPHERAL_WORDS: [&str; 15] = [
    "peripheral",
    "midline",
    "forearm",
    "hand",
    "wrist",
    "arm",
    "antecubital",
    "foot",
    "ankle",
    "leg",
    "scalp",
    "finger",
    "thumb",
    "arterial",
    "saphenous",
];

/// Words of an access site that name no place.
const EMPTY_WORDS: [&str; 8] = ["line", "iv", "catheter", "cath", "site", "access", "vein", "gauge"];

/// Gauges of the needles that lie in veins.
const GAUGES: [&str; 6] = ["14", "16", "18", "20", "22", "24"];

/// Short words, and the words that they stand for.
const SHORT_WORDS: [(&str, &str); 36] = [
    ("one", "1"),
    ("two", "2"),
    ("three", "3"),
    ("first", "1"),
    ("second", "2"),
    ("lle", "left leg"),
    ("rle", "right leg"),
    ("hd", "dialysis"),
    ("rij", "right ij"),
    ("chestwall", "chest"),
    ("piv", "peripheral"),
    ("lue", "left arm"),
    ("rue", "right arm"),
    ("lh", "left hand"),
    ("rh", "right hand"),
    ("antecub", "antecubital"),
    ("sc", "subclavian"),
    ("pac", "port"),
    ("ivad", "port"),
    ("infusaport", "port"),
    ("lij", "left ij"),
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
    let mut place = words(site);
    let is_one = |list: &[&str], word: &String| list.contains(&word.as_str());
    let names_lumen = place.iter().any(|word| matches!(word.as_str(), "lumen" | "lumens" | "chamber"));
    if names_lumen || place.iter().any(|word| is_one(&CENTRAL_WORDS, word)) {
        place.retain(|word| !is_one(&LUMEN_WORDS, word));
    }
    if names_lumen {
        place.retain(|word| !is_one(&COUNT_WORDS, word));
    }
    let is_gauge = |word: &str| GAUGES.contains(&word.trim_end_matches("ga").trim_end_matches('g'));
    place.retain(|word| word != "peripheral" && !is_gauge(word));
    place
}

/// The words of an access site, short ones in full.
fn words(site: &str) -> Words {
    let site = site.to_ascii_lowercase().replace("port-a-cath", "port").replace("port a cath", "port");
    let site = site.replace("a/c", "ac").replace("upper extremity", "arm").replace("lower extremity", "leg");
    let mut words = Words::new();
    let parts = site.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    for word in parts.flat_map(numbered) {
        let long = SHORT_WORDS.iter().find(|(short, _)| *short == word).map_or(word, |(_, long)| long);
        words.extend(long.split(' ').filter(|word| !EMPTY_WORDS.contains(word)).map(str::to_owned));
    }
    words
}

/// A word that names no place and its number, as in `IV1`, in two words; any other word as it is.
fn numbered(word: &str) -> impl Iterator<Item = &str> {
    let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let (name, number) =
        word.split_at(if EMPTY_WORDS.contains(&letters) { letters.len() } else { word.len() });
    [name, number].into_iter().filter(|part| !part.is_empty())
}

/// Whether a name tells of a vein of a limb, or an artery, and of no device in a central vein.
pub(super) fn is_peripheral(site: &str) -> bool {
    let words = words(site);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    has(&PERIPHERAL_WORDS) && !has(&CENTRAL_WORDS)
}

#[cfg(test)]
mod tests {
    use super::{is_peripheral, is_same_site, refers_to_another};

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
            ("Left A/C", "L antecub"),
            ("Hickman red", "Hickman white"),
            ("PICC purple", "PICC red"),
            ("R IJ distal", "R IJ proximal"),
            ("port medial", "port, lateral chamber"),
            ("TLC white", "TLC blue"),
            ("PIV left arm", "LUE"),
            ("PAC", "IVAD"),
            ("PIV", "peripheral IV"),
            ("PIV R AC", "R AC 20g"),
            ("L hand PIV", "left hand #22"),
            ("R SC port", "right subclavian port"),
            ("LUE PIV", "left upper extremity PIV"),
            ("dialysis catheter", "HD cath"),
            ("central line", "RIJ"),
            ("Port", "right chest"),
            ("IV1", "IV 1"),
            ("IV #2", "iv2"),
            ("Line 1", "line one"),
            ("first line", "IV line 1"),
            ("central line", "CVC"),
            ("central line", "CVC distal lumen"),
        ] {
            assert!(is_same_site(one, other), "{one} and {other}");
        }
        for (one, other) in [
            ("left arm", "right hand"),
            ("port", "PICC red lumen"),
            ("IV 1", "IV 2"),
            ("IV1", "IV2"),
            ("line one", "line two"),
            ("left forearm", "left hand"),
            ("iv", "line"),
            ("left distal forearm", "left proximal forearm"),
            ("R IJ", "L IJ"),
            ("port", "PICC"),
            ("central line", "left forearm"),
            ("R IJ central line", "L IJ"),
        ] {
            assert!(!is_same_site(one, other), "{one} and {other}");
        }
    }

    #[test]
    fn a_site_named_before_is_no_new_one() {
        assert!(["same as above", "Same", "same site", "ditto"].into_iter().all(refers_to_another));
        assert!(["", "IV", "port", "same arm"].into_iter().all(|site| !refers_to_another(site)));
    }

    #[test]
    fn a_line_in_a_limb_is_no_implanted_device() {
        for site in ["left forearm", "saline lock L hand", "PIV", "midline", "arterial line", "R AC"] {
            assert!(is_peripheral(site), "{site}");
        }
        for site in ["port", "left arm port", "RUE PICC", "Hickman", "chest", "right femoral line", "line 1"]
        {
            assert!(!is_peripheral(site), "{site}");
        }
    }
}
