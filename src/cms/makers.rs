//! Makers that descriptors name where otherwise the brand of a product stands.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::domain::code::Ndc;

/// The makers that ship with the program.
const EMBEDDED: &str = include_str!("../../catalog/drugs/makers.toml");

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[cfg_attr(not(test), expect(dead_code, reason = "the data names its source, and a test looks it up"))]
    cite: Box<str>,
    makers: Vec<Box<str>>,
    #[cfg_attr(not(test), expect(dead_code, reason = "the data names its source, and a test looks it up"))]
    labelers_cite: Box<str>,
    labelers: FxHashMap<Box<str>, Vec<Box<str>>>,
}

/// The first digits of the NDCs of each maker, by the letters of its name.
static MAKERS: LazyLock<FxHashMap<String, Vec<Box<str>>>> = LazyLock::new(|| {
    // A test reads the same text, so it cannot fail here.
    let File { makers, mut labelers, .. } = toml::from_str(EMBEDDED).unwrap_or_default();
    makers.iter().map(|maker| (letters(maker), labelers.remove(maker).unwrap_or_default())).collect()
});

/// Whether a text is the name of a maker and nothing else.
pub fn is_maker(text: &str) -> bool {
    MAKERS.contains_key(&letters(text))
}

/// Whether a package is of a maker, as far as the labelers of the maker are known.
pub fn is_of_maker(ndc: Ndc, maker: &str) -> bool {
    let labelers = MAKERS.get(&letters(maker)).map(Vec::as_slice).unwrap_or_default();
    labelers.iter().any(|labeler| &**labeler == ndc.labeler())
}

/// Whether two texts write one maker.
pub fn are_one(one: &str, other: &str) -> bool {
    letters(one) == letters(other)
}

/// A name by its letters and digits alone: "B. Braun" and "b braun" are one maker.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_makers_are_read_and_cited() {
        let file: File = toml::from_str(EMBEDDED).expect("the makers");
        let citations: toml::Table = include_str!("../../catalog/citations.toml").parse().expect("citations");
        assert!(file.makers.is_sorted() && citations.contains_key(&*file.cite));
        assert!(citations.contains_key(&*file.labelers_cite));
        assert!(file.labelers.keys().all(|maker| file.makers.contains(maker)), "each labeler is of a maker");
    }

    #[test]
    fn a_maker_is_told_from_a_brand() {
        for maker in ["sandoz", "B. Braun", "b braun", "Dr. Reddy's", " par pharm "] {
            assert!(is_maker(maker), "{maker}");
        }
        for other in ["", "velcade", "sandoz velcade", "hopeful"] {
            assert!(!is_maker(other), "{other}");
        }
    }
}
