//! Our own dated and cited table of drugs: class, routes, containers. Editorial defaults; overridable.
//!
//! A class is what kind of administration service a drug earns (rules CLS-1..CLS-5). The default is the
//! reading of CPT by complexity and risk; other readings are profiles that list their differences.

mod containers;
mod fluids;
mod mixture;
mod not_given;
mod notes;
mod occasion;
mod placeholder;
mod read;
mod routes;
mod telling;
mod words;

use containers::KnownContent;
pub use containers::ToldKind;
pub use not_given::Told;
pub use notes::may_name_flush;
pub use routes::Fit;
use routes::Ways;
use telling::TellingWords;

use rustc_hash::{FxHashMap, FxHashSet};

use super::keyed::KeyedTable;
use super::names::{Matches, alone, fold, is_salt, without};
use crate::domain::code::HcpcsCode;
use crate::domain::drug::{ClassProfile, ContainerKind, DrugClass};
use crate::domain::encounter::Route;
use crate::domain::quantity::{Measure, Quantity};
use crate::domain::time::Date;

/// What the formulary says of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrugFacts {
    pub code: HcpcsCode,
    /// Nonproprietary name, without the maker.
    pub ingredient: Box<str>,
    /// What the name stands for: one for a drug, its salts and its packages.
    pub identity: Box<str>,
    /// The same without what tells a biosimilar from its reference product: one substance is no new drug.
    pub substance: Box<str>,
    pub brands: Box<[Box<str>]>,
    pub class: DrugClass,
    /// Key into the citations.
    pub class_cite: Box<str>,
    pub routes: Box<[Route]>,
    /// Nothing where the drug is sold both ways, or where it is not known.
    pub container_kind: Option<ContainerKind>,
    /// Contents of the single containers on the market.
    pub container_sizes: Box<[Quantity]>,
    /// What divides all of these sizes, in the base of their measure; nothing where they are of several measures.
    pub size_step: Option<(Measure, i128)>,
    /// What the descriptor counts, where salt and base differ (rule U-10).
    pub dose_basis: Option<Box<str>>,
    /// Whether a profile lists the code, so that its class may be another one.
    pub is_profiled: bool,
}

/// A class and the source that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedClass {
    pub class: DrugClass,
    pub class_cite: Box<str>,
    pub nature: Nature,
    /// The nonproprietary name, folded: one for a drug and its brands.
    pub drug: Box<str>,
}

/// What the class of a named substance does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Nature {
    #[default]
    Ordinary,
    /// A replacement electrolyte: therapeutic for a documented deficit, hydration when premixed (rule HYD-9).
    Electrolyte,
    /// A flush of the line, which is part of every other service (rules CHM-8, CHM-13).
    Flush,
    /// A hormonal product whose label names cancer alone (rule CHM-1).
    CancerOnly,
    /// A hormonal product whose label names other diseases alone (rule CHM-1).
    OtherUse,
    /// The name has products of several classes, and the route tells which one was given.
    ByRoute,
    /// A drug that may be given under codes of another section (rule CHM-13).
    OwnService,
}

/// What a name tells of a drug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameReading<'a> {
    /// The substance that decides.
    pub named: &'a NamedClass,
    /// A hydration fluid is named too, as in `D5 1/2 NS with 20 mEq KCl`.
    pub has_fluid: bool,
    /// The text says that it was a flush, whatever it was of, as in `heparin 500 units flush`.
    pub has_flush: bool,
}

/// How surely a class is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClassBasis {
    /// A profile lists the drug.
    Profile,
    /// The table of drugs lists it.
    Listed,
    /// Only the range of its code speaks for it.
    CodeRange,
}

/// The class of a code under a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeClass<'a> {
    pub class: DrugClass,
    pub class_cite: &'a str,
    pub basis: ClassBasis,
}

/// Names of a product, and the source that says so.
#[derive(Debug, Clone)]
pub struct FurtherNames {
    pub names: Box<[Box<str>]>,
    /// Key into the citations.
    pub cite: Box<str>,
}

#[derive(Debug, Clone)]
struct CodeRange {
    first: HcpcsCode,
    last: HcpcsCode,
    class: DrugClass,
    class_cite: Box<str>,
}

#[derive(Debug, Clone)]
struct ProfileEntry {
    class: DrugClass,
    class_cite: Box<str>,
    from: Option<Date>,
    to: Option<Date>,
}

/// The data files of the formulary, by what they hold.
#[derive(Debug, Clone, Copy)]
pub struct FormularyFiles<'a> {
    pub drugs: &'a str,
    pub names: &'a str,
    pub families: &'a str,
    pub profiles: &'a str,
    pub biosimilars: &'a str,
    pub routes: &'a str,
    pub brands: &'a str,
    pub containers: &'a str,
}

/// The table of drugs.
#[derive(Debug, Clone, Default)]
pub struct Formulary {
    pub by_code: KeyedTable<HcpcsCode, DrugFacts>,
    numbered: Vec<HcpcsCode>,
    /// Folded nonproprietary and brand names.
    pub by_name: FxHashMap<Box<str>, NamedClass>,
    /// Short names that mean a drug only where nothing else stands beside them, such as `MS` and `blood`.
    alone: FxHashMap<Box<str>, NamedClass>,
    ways: KeyedTable<HcpcsCode, Ways>,
    pub further_names: FxHashMap<HcpcsCode, FurtherNames>,
    contents: FxHashMap<HcpcsCode, Vec<KnownContent>>,
    ranges: Vec<CodeRange>,
    profiles: KeyedTable<(ClassProfile, HcpcsCode), Vec<ProfileEntry>>,
    telling: TellingWords,
}

impl Formulary {
    /// The facts of a code.
    pub fn drug(&self, code: HcpcsCode) -> Option<&DrugFacts> {
        self.by_code.get(&code)
    }

    /// The same without what is known of codes whose number CMS gave to another drug: a name still tells what its
    /// drug is.
    #[must_use]
    pub fn without_codes(&self, reassigned: &FxHashSet<HcpcsCode>) -> Self {
        let mut left = self.clone();
        let keeps = |code: &HcpcsCode| !reassigned.contains(code);
        left.by_code.retain(keeps);
        left.ways.retain(keeps);
        left.profiles.retain(|(_, code)| keeps(code));
        left.further_names.retain(|code, _| keeps(code));
        left.contents.retain(|code, _| keeps(code));
        left
    }

    /// The facts of the product codes of CPT, which are numbers.
    pub fn numbered(&self) -> impl Iterator<Item = &DrugFacts> {
        self.numbered.iter().filter_map(|code| self.drug(*code))
    }

    /// Names of the product of a code that neither CMS nor the table of drugs has.
    pub fn further_names(&self, code: HcpcsCode) -> &[Box<str>] {
        self.further_names.get(&code).map(|names| &*names.names).unwrap_or_default()
    }

    /// The class of a code under a profile on a date: the profile's own entry, else the table's,
    /// else that of the code's range.
    pub fn class_of_code(&self, code: HcpcsCode, profile: ClassProfile, date: Date) -> Option<CodeClass<'_>> {
        if let Some(facts) = self.drug(code) {
            return Some(self.class_of(facts, profile, date));
        }
        if let Some(class) = self.class_in(profile, code, date) {
            return Some(class);
        }
        let range = self.ranges.iter().find(|range| range.first <= code && code <= range.last)?;
        let CodeRange { class, class_cite, .. } = range;
        Some(CodeClass { class: *class, class_cite, basis: ClassBasis::CodeRange })
    }

    /// The same for a code of the table.
    #[inline]
    pub fn class_of<'f>(&'f self, facts: &'f DrugFacts, profile: ClassProfile, date: Date) -> CodeClass<'f> {
        let DrugFacts { class, class_cite, .. } = facts;
        let listed = CodeClass { class: *class, class_cite, basis: ClassBasis::Listed };
        // Few drugs are in a profile.
        let profiled = if facts.is_profiled { self.class_in(profile, facts.code, date) } else { None };
        profiled.unwrap_or(listed)
    }

    /// What a profile has of a code on a date.
    fn class_in(&self, profile: ClassProfile, code: HcpcsCode, date: Date) -> Option<CodeClass<'_>> {
        let mut entries = self.profiles.get(&(profile, code))?.iter();
        let is_of_date = |entry: &&ProfileEntry| {
            entry.from.is_none_or(|from| from <= date) && entry.to.is_none_or(|to| date <= to)
        };
        let ProfileEntry { class, class_cite, .. } = entries.find(is_of_date)?;
        Some(CodeClass { class: *class, class_cite, basis: ClassBasis::Profile })
    }

    /// The class of a drug by its name as a record writes it: `ondansetron 8 mg`, `Zofran`, `normal saline 1 L`.
    ///
    /// Of several drugs in one text the one with the more complex service decides. A fluid with a
    /// word that is not understood has no class, because the word may be a drug (rule HYD-1).
    pub fn class_of_name(&self, text: &str) -> Option<&NamedClass> {
        self.read_name(text).map(|reading| reading.named)
    }

    /// What a text names, so that two texts can be compared: `Zofran 8 mg` and `ondansetron` are one drug.
    ///
    /// A hydration fluid or a flush beside a drug does not count, and a salt says no more than its drug. Words that
    /// are not understood stay as they are.
    pub fn identity_of_name(&self, text: &str) -> String {
        self.identity(text, |_, _| ())
    }

    /// The same, without the words that are left out; whether a known name stands in the text is told.
    fn identity(&self, text: &str, leave_out: impl FnOnce(&mut Vec<&str>, bool)) -> String {
        let folded = fold(text);
        let matches = self.find(&folded);
        let is_drug =
            |named: &&NamedClass| named.class != DrugClass::Hydration && named.nature != Nature::Flush;
        let has_drug = matches.found.iter().any(is_drug);
        let named = matches.found.iter().filter(|named| !has_drug || is_drug(named));
        let is_named = !matches.found.is_empty();
        let mut words = if is_named { matches.rest } else { without(&matches.rest, is_salt) };
        if is_named {
            words.retain(|word| !is_salt(word));
        }
        leave_out(&mut words, is_named);
        words.extend(named.map(|named| &*named.drug));
        words.sort_unstable();
        words.dedup();
        words.join("+")
    }

    /// The names of a text; a short one counts only where no other does.
    fn find<'w>(&self, words: &'w [String]) -> Matches<'w, '_, NamedClass> {
        let matches = Matches::find(words, &self.by_name);
        if !matches.found.is_empty() {
            return matches;
        }
        match self.alone.get(alone(words).as_str()) {
            Some(named) => Matches { found: vec![named], has_unknown_words: false, rest: Vec::new() },
            None => matches,
        }
    }

    /// What a record names, a biosimilar being the drug of its reference product. A note behind the name tells
    /// nothing of the drug. Of two that name no drug the numbers tell whether they are one.
    pub fn substance_of_name(&self, text: &str) -> String {
        let given = self.given_part(text);
        if self.is_placeholder(given) {
            let bare = self.identity(given, |words, _| words.retain(|word| !placeholder::is_number(word)));
            let marks = self.marks(given);
            return std::iter::once(bare).chain(marks).collect::<Vec<_>>().join(" ");
        }
        let leave_out = |words: &mut Vec<&str>, is_named| {
            if is_named {
                notes::leave_out(words);
            }
        };
        let identity = self.identity(given, leave_out);
        let substance = self.substance_of(&identity);
        if substance.len() == identity.len() { identity } else { substance.to_owned() }
    }

    /// What stands for a drug without the four letters of a biosimilar.
    pub(super) fn substance_of<'i>(&self, identity: &'i str) -> &'i str {
        let base = identity.rsplit_once(' ').filter(|(_, suffix)| is_biologic_suffix(suffix));
        // Four letters behind a name are a suffix only where the name is a drug without them.
        base.filter(|(base, suffix)| self.by_name.contains_key(*base) && !self.is_greek(base, suffix))
            .map_or(identity, |(base, _)| base)
    }

    /// Whether the four letters are the Greek ones that tell two drugs apart: interferon alfa and interferon beta.
    fn is_greek(&self, base: &str, suffix: &str) -> bool {
        const LETTERS: [&str; 2] = ["alfa", "beta"];
        let is_drug = |letter: &str| self.by_name.contains_key(format!("{base} {letter}").as_str());
        LETTERS.contains(&suffix) && LETTERS.into_iter().all(is_drug)
    }

    /// The same, with what else the text names.
    pub fn read_name(&self, text: &str) -> Option<NameReading<'_>> {
        let folded = fold(self.given_part(text));
        let matches = self.find(&folded);
        let has_fluid = matches.found.iter().any(|named| named.class == DrugClass::Hydration);
        let has_flush = matches.found.iter().any(|named| *named.drug == *notes::FLUSH)
            || self.begins_with_flushing(&folded);
        let named = matches.found.into_iter().min_by_key(|named| precedence(named))?;
        let is_settled =
            named.class != DrugClass::Hydration || has_flush || !fluids::has_unknown(&matches.rest);
        is_settled.then_some(NameReading { named, has_fluid, has_flush })
    }

    /// Whether a text says that what was given flushed or locked a line.
    pub fn names_flush(&self, text: &str) -> bool {
        let reading = || self.read_name(text);
        let is_flush = |reading: NameReading<'_>| reading.has_flush || reading.named.nature == Nature::Flush;
        may_name_flush(text) && reading().is_some_and(is_flush)
    }
}

/// Whether a word may be the four letters that the FDA gives a biologic.
fn is_biologic_suffix(word: &str) -> bool {
    const LETTERS: usize = 4;
    word.len() == LETTERS && word.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// The class that decides where one text names several drugs: the lowest comes first.
const fn precedence(named: &NamedClass) -> u8 {
    match named.class {
        DrugClass::Antineoplastic => 0,
        DrugClass::HormonalAntineoplastic => 1,
        DrugClass::ComplexBiologic => 2,
        DrugClass::BloodProduct => 3,
        DrugClass::Radiopharmaceutical | DrugClass::Contrast => 4,
        DrugClass::Vaccine | DrugClass::SkinSubstitute => 5,
        DrugClass::Therapeutic if matches!(named.nature, Nature::Electrolyte) => 7,
        // A flush beside a drug is part of giving it, and a flush beside a fluid says what the fluid was for.
        DrugClass::Therapeutic if matches!(named.nature, Nature::Flush) => 8,
        DrugClass::Therapeutic => 6,
        DrugClass::Hydration => 9,
    }
}

#[cfg(test)]
mod tests;
