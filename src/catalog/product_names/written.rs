//! Names with every word of theirs: a part of a product's name may look like a strength or a route, as in `Biovance 3L`.

use super::{Building, Entry, NameQuery, Nearness, Place, ProductNames, key};
use crate::catalog::formulary::Formulary;
use crate::catalog::names::{as_written, fold};

impl NameQuery {
    /// The query of a text, by the words that are left of it and by the whole of it.
    pub fn of(text: &str, words: &[String], formulary: &Formulary) -> Self {
        Self { written: whole(text, words), ..Self::new(words, formulary) }
    }
}

impl Building {
    /// Reads the very words of a name, and those that are cut from it where it is looked up.
    pub(super) fn add_exact(&mut self, at: Place, name: &str) {
        let words = fold(name);
        self.add_words(at, &words, Nearness::Exact);
        if let Some(whole) = whole(name, &words) {
            self.names.put(whole, Nearness::Exact, at);
        }
    }

    /// Reads a name of our own tables: where a part of it looks like a strength, what is left is another product's name.
    pub(super) fn add_further(&mut self, at: Place, name: &str, is_biosimilar: bool, formulary: &Formulary) {
        match whole(name, &fold(name)) {
            Some(whole) => self.names.put(whole, Nearness::Exact, at),
            None => self.add(at, name, is_biosimilar, formulary),
        }
    }
}

impl ProductNames {
    /// The codes of a key, or those whose name the query is as it is written: it means no other product then.
    pub(super) fn of_query(&self, query: &NameQuery, nearness: Nearness, key: &str) -> &[Entry] {
        let written = query.written.as_deref().filter(|_| nearness == Nearness::Exact);
        let whole = written.map(|written| self.of(written)).filter(|entries| !entries.is_empty());
        whole.unwrap_or_else(|| self.of(key))
    }
}

/// The key of a text with all its words, where some are left out of those given; a percentage is a strength for sure.
fn whole(text: &str, words: &[String]) -> Option<String> {
    if text.contains('%') {
        return None;
    }
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
    let is_cut = letters(text) != words.iter().map(|word| letters(word)).sum::<usize>();
    is_cut.then(|| key(&as_written(text)))
}
