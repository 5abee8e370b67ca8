//! Words of the trade that mean several drugs, such as IVIG.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::catalog::table::rows;

/// The words that ship with the program.
const EMBEDDED: &str = include_str!("../../../catalog/drugs/search_words.csv");

/// The names that a folded word means; none where it is no word of the trade.
pub(super) fn meant_by(word: &str) -> &'static [Box<str>] {
    static WORDS: LazyLock<FxHashMap<Box<str>, Vec<Box<str>>>> = LazyLock::new(|| {
        // A test reads the same text, so it cannot fail here.
        let rows =
            rows("drugs/search_words.csv", EMBEDDED, &["word", "names"]).into_iter().flatten().flatten();
        rows.map(|row| (row.text(0).into(), row.texts(1).map(Into::into).collect())).collect()
    });
    WORDS.get(word).map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::names::fold;

    #[test]
    fn the_embedded_words_are_read_whole() {
        let lines = EMBEDDED.lines().skip(1).filter_map(|line| line.split(',').next());
        for word in lines {
            assert!(!meant_by(word).is_empty() && fold(word).join(" ") == word, "{word}");
        }
    }
}
