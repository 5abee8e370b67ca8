//! Which codes a drug's name may mean: one index of every name that a product has, by how near it is.

mod later;
mod numbers;
mod one_form;
mod parts;
mod salts;
mod written;

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::codes::CodeTable;
use super::formulary::Formulary;
use super::names::{fold, is_filler, is_salt, is_unit};
use super::record::{CodeFlag, CodeVersion};
use super::snapshot::Lookup;
use crate::domain::billing::NoUnitReason;
use crate::domain::code::HcpcsCode;
use crate::domain::time::Date;
use numbers::{before_number, has_numbers};
use one_form::{OneForm, as_named};
use parts::without_use;
pub use parts::{components, without_suffix};
use salts::{in_full, is_other_salt, salts, without_salts};

/// How near the name of a code is to the one that was asked for, the nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Nearness {
    /// The nonproprietary name, with or without its salt, or a brand.
    Exact,
    /// The name of a biologic without its four letters.
    WithoutSuffix,
    /// Another name of the same drug in the table of names.
    SameDrug,
    /// The drug in a preparation that its name tells of, such as one with hyaluronidase.
    Preparation,
    /// One of several drugs that the product combines.
    Component,
}

impl Nearness {
    /// Every degree, the nearest first.
    pub const ALL: [Self; 5] =
        [Self::Exact, Self::WithoutSuffix, Self::SameDrug, Self::Preparation, Self::Component];
}

/// A depot ester, which records leave out where the drug has no other product.
const DEPOT_ESTER: &str = "decanoate";

/// Words of a name that tell how the drug is prepared; the route or the NDC decides between the codes.
const PREPARATIONS: &[&str] = &[
    "depot",
    "emulsion",
    "er",
    "extended",
    "human",
    "injectable",
    "instillation",
    "intravesical",
    "lar",
    "liquid",
    "live",
    "lyophilized",
    "non",
    "percent",
    "powder",
    "recombinant",
    "release",
    "suspension",
    "xr",
];

/// Letters of the shortest name of a component; what is shorter is a mark, as in `S/D`.
const COMPONENT_LETTERS_MIN: usize = 5;

/// An enzyme that opens the tissue for a drug under the skin, and treats nothing itself.
const SPREADING_ENZYME: &str = "hyaluronidase";

/// Families of services, whose descriptors tell of the drug that the service gives.
const SERVICES: &[char] = &['G', 'M'];

/// A code, and the date from which a version of it holds.
type Place = (HcpcsCode, Date);

/// The codes of every name.
#[derive(Debug, Clone, Default)]
struct ProductNames(FxHashMap<Box<str>, Vec<Entry>>);

/// A code of a name: how near, and from which date the version is that has the name, for numbers are used again.
type Entry = (Nearness, HcpcsCode, Date);

/// The name that CMS gave a version of a code, where our tables rename it.
pub(super) type Descriptor = (HcpcsCode, Date, super::Text);

/// The index of a snapshot, read when a name is first looked up: most visits give codes, and start without it.
#[derive(Debug, Clone, Default)]
pub(super) struct NamesOnDemand {
    descriptors: Vec<Descriptor>,
    index: OnceLock<ProductNames>,
}

impl NamesOnDemand {
    pub const fn new(descriptors: Vec<Descriptor>) -> Self {
        Self { descriptors, index: OnceLock::new() }
    }

    fn of(&self, catalog: &super::Catalog) -> &ProductNames {
        self.index.get_or_init(|| ProductNames::build(&catalog.codes, &catalog.formulary, &self.descriptors))
    }
}

impl ProductNames {
    /// Reads the names of every code; `descriptors` are those that CMS gave and our tables rename.
    fn build(codes: &CodeTable, formulary: &Formulary, descriptors: &[Descriptor]) -> Self {
        let mut names = Building::default();
        for versions in codes.values() {
            let code = versions[0].code;
            for version in versions.iter().filter(|version| is_product(version)) {
                let at = (code, version.effective);
                // What our tables tell by the number is of the drug that has it last.
                let is_earlier = version.terminated.is_some_and(|last| last < versions[0].added);
                let tables = (!is_earlier).then_some(formulary);
                names.add_version(at, version, formulary, tables);
                for later in later::of(codes, tables, version) {
                    names.add_version(at, later, formulary, Some(formulary));
                }
            }
        }
        for (code, effective, name) in descriptors {
            let flags = codes.get(code).map(|versions| versions[0].flags);
            let is_biosimilar = flags.is_some_and(|flags| flags.has(CodeFlag::Biosimilar));
            if formulary.drug(*code).is_none_or(|listed| is_same_preparation(&listed.ingredient, name)) {
                names.add((*code, *effective), name, is_biosimilar, formulary);
            }
        }
        let Building { mut names, forms } = names;
        for (short, nearness, at) in forms.short_names() {
            names.put(short, nearness, at);
        }
        names.0.values_mut().for_each(|codes| codes.sort_unstable());
        names
    }
}

/// The index while it is read.
#[derive(Default)]
struct Building {
    names: ProductNames,
    forms: OneForm,
}

impl Building {
    /// Adds the names of a version, and those that `tables` tell by its number.
    fn add_version(
        &mut self,
        at: Place,
        version: &CodeVersion,
        formulary: &Formulary,
        tables: Option<&Formulary>,
    ) {
        let is_biosimilar = version.flags.has(CodeFlag::Biosimilar);
        let listed = tables.and_then(|tables| tables.drug(version.code));
        let own = version.brands.iter().map(|brand| &**brand).chain([&*version.name]);
        let of_table = listed.into_iter().flat_map(|drug| drug.brands.iter().chain([&drug.ingredient]));
        for name in own.chain(of_table.map(|name| &**name)) {
            self.add(at, name, is_biosimilar, formulary);
        }
        for name in tables.map(|tables| tables.further_names(version.code)).unwrap_or_default() {
            self.add_further(at, name, is_biosimilar, formulary);
        }
        // Records write drug and brand in one, either first; the brand tells a biosimilar without its letters.
        for brand in version.brands.iter().filter(|brand| !brand.starts_with(&*version.name)) {
            let own = [Some(&*version.name), without_suffix(&version.name), without_use(&version.name)];
            for name in own.into_iter().flatten() {
                let (name, brand) = (fold(name), fold(brand));
                self.add_words(at, &[&*name, &*brand].concat(), Nearness::Exact);
                self.add_words(at, &[&*brand, &*name].concat(), Nearness::Exact);
            }
        }
    }

    fn add(&mut self, at: Place, name: &str, is_biosimilar: bool, formulary: &Formulary) {
        self.add_exact(at, name);
        self.add_without_and(at, name, Nearness::Exact);
        // A biosimilar has its suffix to be told from its reference, so nobody may leave it out.
        if is_biosimilar {
            return;
        }
        let base = without_suffix(name);
        if let Some(base) = base {
            self.add_words(at, &fold(base), Nearness::WithoutSuffix);
            self.add_without_and(at, base, Nearness::WithoutSuffix);
        }
        let base = base.unwrap_or(name);
        self.forms.note(&fold(base), Nearness::WithoutSuffix, at);
        self.names.put(identity_key(&formulary.identity_of_name(base)), Nearness::SameDrug, at);
        let mut parts: Vec<String> =
            components(base).map(|part| without_preparation(&fold(part)).concat()).collect();
        parts.sort_unstable();
        parts.dedup();
        let nearness = if parts.len() == 1 { Nearness::Preparation } else { Nearness::Component };
        let is_told =
            |part: &String| nearness == Nearness::Preparation || part.len() >= COMPONENT_LETTERS_MIN;
        for part in parts.into_iter().filter(is_told) {
            self.names.put(part, nearness, at);
        }
        components(base).for_each(|part| self.forms.note(&fold(part), nearness, at));
    }

    /// Records write a drug and its spreading enzyme with a hyphen or a space where CMS writes "and".
    fn add_without_and(&mut self, at: Place, name: &str, nearness: Nearness) {
        if name.contains(SPREADING_ENZYME) {
            let words: Vec<String> = fold(name).into_iter().filter(|word| word != "and").collect();
            self.add_words(at, &words, nearness);
        }
    }

    fn add_words(&mut self, at: Place, words: &[String], nearness: Nearness) {
        self.names.put(key(words), nearness, at);
        // Without its ester a depot has the name of another product of the drug.
        let is_depot = words.iter().any(|word| word == DEPOT_ESTER);
        let nearness = if is_depot { nearness.max(Nearness::Preparation) } else { nearness };
        let bare = words.iter().filter(|word| !is_left_out(word)).map(|word| as_named(word));
        self.names.put(bare.collect(), nearness, at);
    }
}

impl ProductNames {
    fn put(&mut self, key: String, nearness: Nearness, at: Place) {
        if key.is_empty() || key == NO_IDENTITY {
            return;
        }
        let held = self.0.entry(key.into()).or_default();
        match held.iter_mut().find(|(_, code, effective)| (*code, *effective) == at) {
            Some((known, ..)) => *known = nearness.min(*known),
            None => held.push((nearness, at.0, at.1)),
        }
    }

    fn of(&self, key: &str) -> &[Entry] {
        self.0.get(key).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Whether a version is of a drug or a biologic: services and supplies have no name that a dose could have.
fn is_product(version: &CodeVersion) -> bool {
    version.billing != Err(NoUnitReason::NotADrug) && !SERVICES.contains(&version.code.family())
}

/// Whether two names differ in salt and preparation alone; our table names what a descriptor's first words leave out.
fn is_same_preparation(one: &str, other: &str) -> bool {
    let told = |name: &str| -> Vec<String> {
        let is_told =
            |word: &String| !is_left_out(word) && !is_filler(word) && !PREPARATIONS.contains(&word.as_str());
        fold(name).into_iter().filter(is_told).collect()
    };
    told(one) == told(other)
}

/// A name as it is looked up, folded once.
#[derive(Debug, Clone)]
pub struct NameQuery {
    exact: String,
    identity: String,
    bare: String,
    /// The name before the number that ends it, where one does.
    before_number: Option<String>,
    /// The salts that the name tells.
    salts: Vec<String>,
    /// The name without them, where it tells some and something else.
    unsalted: Option<String>,
    /// The name with the words that are cut from it.
    written: Option<String>,
}

impl NameQuery {
    /// The same name with every word of it, for a name that is a product's and may not be taken for another's.
    #[must_use]
    pub fn word_for_word(&self) -> Self {
        Self { identity: String::new(), bare: self.exact.clone(), unsalted: None, ..self.clone() }
    }

    /// Folds the words of a name.
    pub fn new(words: &[String], formulary: &Formulary) -> Self {
        Self {
            exact: key(words),
            identity: identity_key(&formulary.identity_of_name(&words.join(" "))),
            bare: without_preparation(words).concat(),
            before_number: before_number(words),
            salts: salts(words),
            unsalted: without_salts(words),
            written: None,
        }
    }
}

impl super::Catalog {
    /// The versions in force on a date whose name is as near as this to a query.
    pub fn named<'a>(
        &'a self,
        query: &NameQuery,
        nearness: Nearness,
        date: Date,
    ) -> impl Iterator<Item = Lookup<'a>> + use<'a> {
        let (key, reaches): (&str, Nearness) = match nearness {
            Nearness::Exact | Nearness::WithoutSuffix => (&query.exact, nearness),
            Nearness::SameDrug => (&query.identity, nearness),
            // What the record adds to the name may be left out, and what the product adds to it too.
            Nearness::Preparation => (&query.bare, Nearness::Exact),
            Nearness::Component => (&query.bare, nearness),
        };
        let names = self.product_names.of(self);
        let near = names.of_query(query, nearness, key);
        let bare =
            if nearness == Nearness::Exact { self.without_its_salt(names, query, near) } else { Vec::new() };
        let number = query.before_number.clone().filter(|_| nearness > Nearness::Exact);
        let query_salts = query.salts.clone();
        let reached = near.iter().filter(move |(known, ..)| (reaches..=nearness).contains(known));
        reached.map(|entry| (entry, false)).chain(bare.into_iter().map(|entry| (entry, true))).filter_map(
            move |((_, code, effective), is_bare)| {
                let lookup = self.lookup(*code, date);
                let version = lookup.version().filter(|version| version.effective == *effective)?;
                let is_other_number = number.as_ref().is_some_and(|base| has_numbers(version, base));
                let may_differ = is_bare || nearness > Nearness::Exact;
                let is_other_salt = may_differ && is_other_salt(&query_salts, &version.name);
                (!is_other_number && !is_other_salt).then_some(lookup)
            },
        )
    }
}

impl super::Catalog {
    /// The codes in force that a name as a record writes it means, by itself or by its drug.
    pub fn codes_of_name(&self, name: &str, date: Date) -> Vec<HcpcsCode> {
        let inside =
            name.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(inside, _)| inside);
        let before = name.split('(').next().filter(|_| inside.is_some());
        let parts = [inside, Some(name), before].into_iter().flatten();
        let queries: Vec<NameQuery> =
            parts.map(|part| NameQuery::of(part, &fold(part), &self.formulary)).collect();
        let found =
            [Nearness::Exact, Nearness::WithoutSuffix, Nearness::SameDrug].into_iter().find_map(|near| {
                queries.iter().find_map(|query| {
                    let found = self.named(query, near, date).filter_map(Lookup::billable);
                    let codes: Vec<HcpcsCode> = found.map(|version| version.code).collect();
                    (!codes.is_empty()).then_some(codes)
                })
            });
        found.unwrap_or_default()
    }
}

/// The key of a name that says nothing.
const NO_IDENTITY: &str = "=";

/// Identities live beside the words of names, and no word begins so.
fn identity_key(identity: &str) -> String {
    format!("={identity}")
}

fn is_left_out(word: &str) -> bool {
    is_salt(word) || word == DEPOT_ESTER
}

/// The words of a name in one, each salt in full.
fn key(words: &[String]) -> String {
    words.iter().map(|word| in_full(word).unwrap_or(as_named(word))).collect()
}

/// The words without salt, preparation and what is no name; all of them where nothing else is left.
///
/// A name of several salts, such as sodium ferric gluconate, is told by them.
fn without_preparation(words: &[String]) -> Vec<&str> {
    let has_one_salt = words.iter().filter(|word| is_left_out(word)).count() == 1;
    // A unit that begins a name is a part of it: G-CSF, and GM-CSF.
    let (mark, words) = match words {
        [first, rest @ ..] if is_unit(first) && !rest.is_empty() => (Some(first.as_str()), rest),
        _ => (None, words),
    };
    let is_dropped =
        |word: &str| is_filler(word) || PREPARATIONS.contains(&word) || has_one_salt && is_left_out(word);
    let named = || words.iter().map(|word| as_named(word));
    let mut kept: Vec<&str> = named().filter(|word| !is_dropped(word)).collect();
    if kept.is_empty() {
        kept = named().collect();
    }
    kept.splice(0..0, mark);
    kept
}

#[cfg(test)]
mod tests;
