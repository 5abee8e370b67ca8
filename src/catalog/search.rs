//! Finds codes by code, ingredient, brand or nonproprietary name, misspelt within reason, the best first.

use rustc_hash::FxHashMap;

use super::names::fold;
use super::record::CodeVersion;
use super::snapshot::{Catalog, Lookup};
use crate::domain::code::HcpcsCode;
use crate::domain::time::Date;

/// Longest query that is looked at, in characters; a drug name is shorter.
const QUERY_CHARACTERS_MAX: usize = 100;

/// How a hit was found, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Matched {
    /// The query is the code.
    Code,
    /// The query is the nonproprietary name or a brand.
    Name,
    /// The query is the name without the four-letter suffix of a biologic.
    NameWithoutSuffix,
    /// The query is the beginning of the code.
    CodePrefix,
    /// Every word of the query begins a word of one name.
    Words,
    /// The query is a name with few letters wrong.
    Misspelt,
}

/// A code that was found.
#[derive(Debug, Clone, Copy)]
pub struct SearchHit<'a> {
    /// The version for the date; the newest where the code is not in force.
    pub version: &'a CodeVersion,
    pub matched: Matched,
    pub in_force: bool,
}

/// The folded names of every code.
#[derive(Debug, Clone, Default)]
pub(super) struct SearchIndex {
    names: Vec<(HcpcsCode, Vec<Box<str>>)>,
}

impl SearchIndex {
    /// Folds the names of the newest version of each code.
    pub fn build(codes: &FxHashMap<HcpcsCode, Vec<CodeVersion>>) -> Self {
        let folded = |version: &CodeVersion| {
            let names = std::iter::once(&*version.name).chain(version.brands.iter().map(AsRef::as_ref));
            names.map(|name| fold(name).join(" ").into()).collect()
        };
        let mut names: Vec<_> =
            codes.iter().filter_map(|(code, versions)| Some((*code, folded(versions.first()?)))).collect();
        names.sort_by_key(|(code, _)| *code);
        Self { names }
    }
}

impl Catalog {
    /// Codes that answer a query, those in force on the date first among equals; at most `limit`.
    pub fn search(&self, query: &str, date: Date, limit: usize) -> Vec<SearchHit<'_>> {
        let query: String = query.chars().take(QUERY_CHARACTERS_MAX).collect();
        let wanted = Query::new(&query);
        if wanted.name.is_empty() {
            return Vec::new();
        }
        let mut found: Vec<(Matched, usize, HcpcsCode)> = self
            .search_index
            .names
            .iter()
            .filter_map(|(code, names)| {
                let (matched, distance) = wanted.matches(*code, names)?;
                Some((matched, distance, *code))
            })
            .collect();
        // Guesses at a misspelling only help where nothing is spelt as asked.
        if found.iter().any(|(matched, ..)| *matched != Matched::Misspelt) {
            found.retain(|(matched, ..)| *matched != Matched::Misspelt);
        }
        let mut hits: Vec<(usize, SearchHit<'_>)> = found
            .into_iter()
            .filter_map(|(matched, distance, code)| Some((distance, self.hit(code, matched, date)?)))
            .collect();
        hits.sort_by_key(|(distance, hit)| (hit.matched, *distance, !hit.in_force, hit.version.code));
        hits.into_iter().map(|(_, hit)| hit).take(limit).collect()
    }

    fn hit(&self, code: HcpcsCode, matched: Matched, date: Date) -> Option<SearchHit<'_>> {
        let (version, in_force) = match self.lookup(code, date) {
            Lookup::InForce(version) | Lookup::Assumed(version) => (version, true),
            Lookup::Terminated(version) | Lookup::NotYet(version) => (version, false),
            Lookup::Unknown => return None,
        };
        Some(SearchHit { version, matched, in_force })
    }
}

struct Query {
    code: String,
    name: String,
    words: Vec<String>,
}

impl Query {
    fn new(text: &str) -> Self {
        let words = fold(text);
        Self { code: text.trim().to_uppercase(), name: words.join(" "), words }
    }

    fn matches(&self, code: HcpcsCode, names: &[Box<str>]) -> Option<(Matched, usize)> {
        const CODE_PREFIX_MIN: usize = 2;
        if self.code == code.as_str() {
            return Some((Matched::Code, 0));
        }
        let by_name = names.iter().filter_map(|name| self.matches_name(name)).min();
        let is_prefix = self.code.len() >= CODE_PREFIX_MIN && code.as_str().starts_with(&self.code);
        let by_prefix = is_prefix.then_some((Matched::CodePrefix, 0));
        by_name.into_iter().chain(by_prefix).min()
    }

    fn matches_name(&self, name: &str) -> Option<(Matched, usize)> {
        if name == self.name {
            return Some((Matched::Name, 0));
        }
        if without_suffix(name) == Some(&self.name) {
            return Some((Matched::NameWithoutSuffix, 0));
        }
        let begins = |word: &String| name.split(' ').any(|part| part.starts_with(word.as_str()));
        if self.words.iter().all(begins) {
            return Some((Matched::Words, name.len()));
        }
        self.misspelling(name).map(|distance| (Matched::Misspelt, distance))
    }

    /// Letters that are wrong, where they are few for the length: one from five letters on, two from eight.
    fn misspelling(&self, name: &str) -> Option<usize> {
        let allowed = match self.name.chars().count() {
            0..=4 => return None,
            5..=7 => 1,
            _ => 2,
        };
        let first = name.split(' ').next().unwrap_or(name);
        // A whole name goes before the first word of a longer one at the same distance.
        [(name, 0), (first, 1)]
            .into_iter()
            .filter(|(candidate, _)| candidate.len().abs_diff(self.name.len()) <= allowed)
            .map(|(candidate, rank)| (strsim::osa_distance(candidate, &self.name), rank))
            .filter(|(distance, _)| *distance <= allowed)
            .map(|(distance, rank)| 2 * distance + rank)
            .min()
    }
}

/// `rituximab abbs` without its suffix of four letters.
fn without_suffix(name: &str) -> Option<&str> {
    const SUFFIX_LETTERS: usize = 4;
    let (stem, suffix) = name.rsplit_once(' ')?;
    (suffix.len() == SUFFIX_LETTERS && !stem.contains(' ')).then_some(stem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::date;

    fn codes(query: &str) -> Vec<(String, Matched)> {
        let catalog = Catalog::embedded();
        let hits = catalog.search(query, date(2025, 11, 3), 10);
        hits.iter().map(|hit| (hit.version.code.to_string(), hit.matched)).collect()
    }

    fn first(query: &str) -> Option<(String, Matched)> {
        codes(query).into_iter().next()
    }

    #[test]
    fn each_way_of_naming_a_drug_finds_it() {
        for (query, code, matched) in [
            ("J9312", "J9312", Matched::Code),
            ("j9312", "J9312", Matched::Code),
            ("rituximab", "J9312", Matched::Name),
            ("Rituxan", "J9312", Matched::Name),
            ("rituximab-abbs", "Q5115", Matched::Name),
            ("Truxima", "Q5115", Matched::Name),
            ("ritoximab", "J9312", Matched::Misspelt),
            ("pembrolizumb", "J9271", Matched::Misspelt),
            ("Keytrudda", "J9271", Matched::Misspelt),
            ("Q511", "Q5110", Matched::CodePrefix),
            ("trastuzumab-anns 150 mg", "Q5117", Matched::Name),
        ] {
            assert_eq!(first(query), Some((code.to_owned(), matched)), "{query}");
        }
    }

    #[test]
    fn codes_in_force_come_before_ended_ones_of_the_same_name() {
        let found = codes("rituximab");
        let place = |code: &str| found.iter().position(|(found, _)| found == code);
        assert!(place("J9312") < place("J9310") && place("J9310").is_some(), "{found:?}");
        assert!(place("Q5115").is_some(), "{found:?}");
    }

    #[test]
    fn nothing_is_found_for_nothing() {
        for query in ["", "  ", "8 mg", "zzzzzzzzzz", &"x".repeat(10_000)] {
            assert!(codes(query).is_empty(), "{query:.20}");
        }
    }
}
