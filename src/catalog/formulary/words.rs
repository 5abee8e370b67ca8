//! Words of a text as they are read for what stands around a name, and lists of such words.

use std::ops::Range;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// Words of the longest entry of a list.
const ENTRY_WORDS_MAX: usize = 3;

/// Where a word stands in its text.
pub(super) type Place = Range<usize>;

/// A word of a text.
pub(super) struct Word<'w> {
    pub text: &'w str,
    pub place: Place,
}

/// The words of a text in lower case, with their places in it.
pub(super) struct Words<'t> {
    pub text: &'t str,
    /// The words in one, parted by single spaces, so that a row of them is looked up as it stands.
    lower: String,
    places: SmallVec<[(Place, Place); 12]>,
}

impl<'t> Words<'t> {
    pub fn of(text: &'t str) -> Self {
        let mut lower = String::with_capacity(text.len());
        let mut places = SmallVec::new();
        let mut from = None;
        for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
            match (from, letter.is_alphanumeric()) {
                (None, true) => from = Some(at),
                (Some(start), false) => {
                    if !lower.is_empty() {
                        lower.push(' ');
                    }
                    let begin = lower.len();
                    lower.extend(text[start..at].chars().flat_map(char::to_lowercase));
                    places.push((start..at, begin..lower.len()));
                    from = None;
                }
                _ => {}
            }
        }
        Self { text, lower, places }
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Some words in a row, parted by single spaces.
    pub fn joined(&self, range: Range<usize>) -> &str {
        match (self.places.get(range.start), range.end.checked_sub(1).and_then(|last| self.places.get(last)))
        {
            (Some((_, first)), Some((_, last))) if range.start < range.end => {
                &self.lower[first.start..last.end]
            }
            _ => "",
        }
    }

    pub fn word(&self, at: usize) -> &str {
        self.joined(at..at + 1)
    }

    /// Where a word of the text stands in it; its end for what is behind the last one.
    pub fn place(&self, at: usize) -> Place {
        self.places.get(at).map_or(self.text.len()..self.text.len(), |(place, _)| place.clone())
    }

    /// Some words in a row.
    pub fn all(&self, range: Range<usize>) -> impl Iterator<Item = Word<'_>> {
        range.map(|at| Word { text: self.word(at), place: self.place(at) })
    }

    /// Whether one of some words in a row passes a test.
    pub fn any(&self, range: Range<usize>, test: impl Fn(&str) -> bool) -> bool {
        range.into_iter().any(|at| test(self.word(at)))
    }

    /// The text between two words, with what stands before the first and behind the last of those between.
    pub fn between(&self, range: Range<usize>) -> &'t str {
        let start = range.start.checked_sub(1).map_or(0, |before| self.place(before).end);
        let end = self.place(range.end).start;
        self.text.get(start..end).unwrap_or_default()
    }
}

/// Lists of words under their headings.
#[derive(Debug, Default)]
pub(super) struct Lists(FxHashMap<&'static str, FxHashMap<&'static str, usize>>);

impl Lists {
    /// Reads lines that begin with the heading of their list in brackets, and have its entries parted by commas.
    pub fn read(text: &'static str) -> Self {
        let mut lists = Self::default();
        for line in text.lines() {
            if let Some((heading, entries)) = line.strip_prefix('[').and_then(|line| line.split_once(']')) {
                let list = lists.0.entry(heading).or_default();
                for entry in entries.split(',').map(str::trim) {
                    let place = list.len() + 1;
                    list.entry(entry).or_insert(place);
                }
            }
        }
        lists
    }

    pub fn has(&self, list: &str, entry: &str) -> bool {
        self.order(list, entry).is_some()
    }

    /// The place of an entry in its list, from one on.
    pub fn order(&self, list: &str, entry: &str) -> Option<usize> {
        self.0.get(list)?.get(entry).copied()
    }

    /// How many words the entry of a list has that stands at a place, the longest first.
    pub fn at(&self, list: &str, words: &Words<'_>, at: usize) -> Option<usize> {
        let entries = self.0.get(list)?;
        (1..=ENTRY_WORDS_MAX).rev().find(|length| entries.contains_key(words.joined(at..at + length)))
    }
}
