//! Finds codes by code, ingredient, brand or nonproprietary name, misspelt within reason, the best first.

mod words;

use rustc_hash::FxHashSet;

use super::codes::CodeTable;
use super::list::NdcReading;
use super::names::fold;
use super::record::CodeVersion;
use super::snapshot::{Catalog, Lookup};
use crate::domain::code::{HcpcsCode, Ndc};
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
    /// The query names the reference product of the biosimilar.
    ReferenceProduct,
    /// The query is a name with few letters wrong.
    Misspelt,
}

/// Which text of a code the query met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Met<'a> {
    Code,
    Name(&'a str),
    Brand(&'a str),
    ReferenceProduct(&'a str),
}

/// A code that was found.
#[derive(Debug, Clone, Copy)]
pub struct SearchHit<'a> {
    /// The version for the date; the newest where the code is not in force.
    pub version: &'a CodeVersion,
    pub matched: Matched,
    pub met: Met<'a>,
    /// Letters that are wrong; zero unless misspelt.
    pub wrong_letters: usize,
    pub standing: Lookup<'a>,
}

/// One name of a code, as it was written and folded.
#[derive(Debug, Clone)]
struct IndexedName {
    kind: NameKind,
    written: Box<str>,
    folded: Box<str>,
    /// The letters of the whole folded name, and those of its first word.
    letters: [Letters; 2],
}

/// Which letters and figures a text holds, a bit each; others share one.
///
/// A letter put in or left out turns one bit at the most, a wrong one two, so two texts whose letters differ in more
/// are no misspellings of each other, and most pairs are told apart without comparing them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Letters(u64);

impl Letters {
    fn of(text: &str) -> Self {
        let bit = |byte: u8| match byte {
            b'a'..=b'z' => byte - b'a',
            b'0'..=b'9' => 26 + byte - b'0',
            _ => 63,
        };
        Self(text.bytes().fold(0, |letters, byte| letters | 1 << bit(byte)))
    }

    const fn are_within(self, other: Self, wrong_letters: usize) -> bool {
        (self.0 ^ other.0).count_ones() as usize <= 2 * wrong_letters
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NameKind {
    Name,
    Brand,
    ReferenceProduct,
}

impl IndexedName {
    fn new(kind: NameKind, written: &str) -> Self {
        let folded = fold(written).join(" ");
        let letters = [Letters::of(&folded), Letters::of(first_word(&folded))];
        Self { kind, written: written.into(), folded: folded.into(), letters }
    }

    fn met(&self) -> Met<'_> {
        match self.kind {
            NameKind::Name => Met::Name(&self.written),
            NameKind::Brand => Met::Brand(&self.written),
            NameKind::ReferenceProduct => Met::ReferenceProduct(&self.written),
        }
    }
}

/// The folded names of every code.
#[derive(Debug, Clone, Default)]
pub(super) struct SearchIndex {
    names: Vec<(HcpcsCode, Vec<IndexedName>)>,
}

impl SearchIndex {
    /// Folds the names of the newest version of each code.
    pub fn build(codes: &CodeTable) -> Self {
        let folded = |version: &CodeVersion| {
            let reference = version.reference_product.as_deref().unwrap_or_default();
            let references = reference.split(';').filter(|product| !product.is_empty());
            std::iter::once(IndexedName::new(NameKind::Name, &version.name))
                .chain(version.brands.iter().map(|brand| IndexedName::new(NameKind::Brand, brand)))
                .chain(references.map(|product| IndexedName::new(NameKind::ReferenceProduct, product)))
                .filter(|name| !name.folded.is_empty())
                .collect()
        };
        Self { names: codes.values().map(|versions| (versions[0].code, folded(&versions[0]))).collect() }
    }
}

/// How well a code answers, the best first: the match, what is wrong with it, and which text was met.
type Found<'a> = (Matched, usize, Met<'a>);

impl Catalog {
    /// Codes that answer a query, those in force on the date first among equals; at most `limit`.
    ///
    /// A query may be an NDC, a word of the trade for several drugs, or a name as a record writes it.
    pub fn search(&self, query: &str, date: Date, limit: usize) -> Vec<SearchHit<'_>> {
        let query: String = query.chars().take(QUERY_CHARACTERS_MAX).collect();
        let mut hits = self.packages(&query, date);
        if hits.is_empty() {
            let meant = words::meant_by(&fold(&query).join(" "));
            let mut known = FxHashSet::default();
            let all = meant.iter().flat_map(|name| self.by_name(name, date));
            hits.extend(all.filter(|hit| known.insert(hit.version.code)));
        }
        if hits.is_empty() {
            hits = self.by_name(&query, date);
        }
        if hits.is_empty() || hits.iter().all(|hit| hit.matched == Matched::Misspelt) {
            let codes = self.codes_of_name(&query, date);
            let named: Vec<SearchHit<'_>> = codes
                .into_iter()
                .filter_map(|code| self.hit(code, (Matched::Words, 0, Met::Code), date))
                .collect();
            hits = if named.is_empty() { hits } else { named };
        }
        hits.truncate(limit);
        hits
    }

    /// The codes of an NDC, or of each one that ten digits without hyphens can be.
    fn packages(&self, query: &str, date: Date) -> Vec<SearchHit<'_>> {
        let ndcs: Vec<Ndc> = match self.read_ndc(query.trim()) {
            Ok(NdcReading::Known(ndc)) => vec![ndc],
            Ok(NdcReading::Ambiguous(candidates)) => {
                candidates.into_iter().filter(|(_, is_known)| *is_known).map(|(ndc, _)| ndc).collect()
            }
            _ => Vec::new(),
        };
        let mut codes: Vec<HcpcsCode> =
            ndcs.into_iter().flat_map(|ndc| self.ndc_on(ndc, date)).map(|row| row.code).collect();
        codes.sort_unstable();
        codes.dedup();
        codes.into_iter().filter_map(|code| self.hit(code, (Matched::Code, 0, Met::Code), date)).collect()
    }

    fn by_name(&self, query: &str, date: Date) -> Vec<SearchHit<'_>> {
        let wanted = Query::new(query);
        if wanted.name.is_empty() {
            return Vec::new();
        }
        let index = self.search_index.get_or_init(|| SearchIndex::build(&self.codes));
        let names = index.names.iter();
        let mut found: Vec<(Found<'_>, HcpcsCode)> =
            names.filter_map(|(code, names)| Some((wanted.matches(*code, names)?, *code))).collect();
        // Guesses at a misspelling only help where nothing is spelt as asked.
        if found.iter().any(|((matched, ..), _)| *matched != Matched::Misspelt) {
            found.retain(|((matched, ..), _)| *matched != Matched::Misspelt);
        }
        let mut hits: Vec<(usize, SearchHit<'_>)> = found
            .into_iter()
            .filter_map(|(found, code)| Some((found.1, self.hit(code, found, date)?)))
            .collect();
        hits.sort_by_key(|(distance, hit)| {
            (hit.matched, *distance, hit.standing.billable().is_none(), hit.version.code)
        });
        hits.into_iter().map(|(_, hit)| hit).collect()
    }

    fn hit<'a>(&'a self, code: HcpcsCode, found: Found<'a>, date: Date) -> Option<SearchHit<'a>> {
        let (matched, distance, met) = found;
        let standing = self.lookup(code, date);
        let wrong_letters = if matched == Matched::Misspelt { distance / 2 } else { 0 };
        Some(SearchHit { version: standing.version()?, matched, met, wrong_letters, standing })
    }
}

struct Query {
    code: String,
    name: String,
    words: Vec<String>,
    letters: Letters,
    /// Letters that may be wrong, few for the length: one from five letters on, two from eight.
    wrong_letters_max: usize,
}

impl Query {
    fn new(text: &str) -> Self {
        let words = fold(text);
        let name = words.join(" ");
        let wrong_letters_max = match name.chars().count() {
            0..=4 => 0,
            5..=7 => 1,
            _ => 2,
        };
        let letters = Letters::of(&name);
        Self { code: text.trim().to_uppercase(), name, words, letters, wrong_letters_max }
    }

    fn matches<'a>(&self, code: HcpcsCode, names: &'a [IndexedName]) -> Option<Found<'a>> {
        const CODE_PREFIX_MIN: usize = 2;
        if self.code == code.as_str() {
            return Some((Matched::Code, 0, Met::Code));
        }
        let by_name = names.iter().filter_map(|name| {
            let (matched, distance) = self.matches_name(name)?;
            let is_own = name.kind != NameKind::ReferenceProduct || matched == Matched::Misspelt;
            Some((if is_own { matched } else { Matched::ReferenceProduct }, distance, name.met()))
        });
        let is_prefix = self.code.len() >= CODE_PREFIX_MIN && code.as_str().starts_with(&self.code);
        let by_prefix = is_prefix.then_some((Matched::CodePrefix, 0, Met::Code));
        by_name.chain(by_prefix).min()
    }

    fn matches_name(&self, indexed: &IndexedName) -> Option<(Matched, usize)> {
        let name = &*indexed.folded;
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
        self.misspelling(indexed).map(|distance| (Matched::Misspelt, distance))
    }

    /// Letters that are wrong, where they are few enough for the length.
    fn misspelling(&self, indexed: &IndexedName) -> Option<usize> {
        let allowed = self.wrong_letters_max;
        if allowed == 0 {
            return None;
        }
        let name = &*indexed.folded;
        // A whole name goes before the first word of a longer one at the same distance.
        [(name, indexed.letters[0], 0), (first_word(name), indexed.letters[1], 1)]
            .into_iter()
            .filter(|(candidate, ..)| candidate.len().abs_diff(self.name.len()) <= allowed)
            .filter(|(_, letters, _)| letters.are_within(self.letters, allowed))
            .map(|(candidate, _, rank)| (strsim::osa_distance(candidate, &self.name), rank))
            .filter(|(distance, _)| *distance <= allowed)
            .map(|(distance, rank)| 2 * distance + rank)
            .min()
    }
}

fn first_word(name: &str) -> &str {
    name.split(' ').next().unwrap_or(name)
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
            ("sodium chloride 3%", "J7131", Matched::Name),
            ("3% sodium chloride", "J7131", Matched::Words),
            ("hypertonic saline 3%", "J7131", Matched::Name),
            ("00006-3026-02", "J9271", Matched::Code),
            ("00006302602", "J9271", Matched::Code),
            ("vitamin B12", "J3420", Matched::Name),
            ("Neulasta Onpro", "J2506", Matched::Words),
        ] {
            assert_eq!(first(query), Some((code.to_owned(), matched)), "{query}");
        }
    }

    #[test]
    fn words_of_the_trade_find_their_drugs() {
        for (query, expected) in [
            ("IVIG", "J1459"),
            ("immune globulin", "J1459"),
            ("iron", "J1439"),
            ("iron", "J1756"),
            ("steroid", "J1100"),
            ("G-CSF", "J1442"),
            ("EPO", "J0881"),
        ] {
            let catalog = Catalog::embedded();
            let hits = catalog.search(query, date(2025, 11, 3), 60);
            assert!(hits.iter().any(|hit| hit.version.code.as_str() == expected), "{query}");
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
