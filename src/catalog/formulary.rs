//! Our own dated and cited table of drugs: class, routes, containers. Editorial defaults; overridable.
//!
//! A class is what kind of administration service a drug earns (rules CLS-1..CLS-5). The default is the
//! reading of CPT by complexity and risk; other readings are profiles that list their differences.

mod containers;
mod read;
mod routes;

pub use routes::Fit;
use routes::Ways;

use rustc_hash::FxHashMap;

use super::names::{Matches, fold, is_salt, without};
use crate::domain::code::HcpcsCode;
use crate::domain::drug::{ClassProfile, ContainerKind, DrugClass};
use crate::domain::encounter::Route;
use crate::domain::quantity::Quantity;
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
    /// What the descriptor counts, where salt and base differ (rule U-10).
    pub dose_basis: Option<Box<str>>,
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
    pub by_code: FxHashMap<HcpcsCode, DrugFacts>,
    /// Folded nonproprietary and brand names.
    pub by_name: FxHashMap<Box<str>, NamedClass>,
    ways: FxHashMap<HcpcsCode, Ways>,
    pub further_names: FxHashMap<HcpcsCode, FurtherNames>,
    contents: FxHashMap<HcpcsCode, Vec<(Quantity, ContainerKind)>>,
    ranges: Vec<CodeRange>,
    profiles: FxHashMap<(ClassProfile, HcpcsCode), Vec<ProfileEntry>>,
}

impl Formulary {
    /// The facts of a code.
    pub fn drug(&self, code: HcpcsCode) -> Option<&DrugFacts> {
        self.by_code.get(&code)
    }

    /// Names of the product of a code that neither CMS nor the table of drugs has.
    pub fn further_names(&self, code: HcpcsCode) -> &[Box<str>] {
        self.further_names.get(&code).map(|names| &*names.names).unwrap_or_default()
    }

    /// The class of a code under a profile on a date: the profile's own entry, else the table's,
    /// else that of the code's range.
    pub fn class_of_code(&self, code: HcpcsCode, profile: ClassProfile, date: Date) -> Option<CodeClass<'_>> {
        let listed =
            self.profiles.get(&(profile, code)).into_iter().flatten().find(|entry| {
                entry.from.is_none_or(|from| from <= date) && entry.to.is_none_or(|to| date <= to)
            });
        if let Some(ProfileEntry { class, class_cite, .. }) = listed {
            return Some(CodeClass { class: *class, class_cite, basis: ClassBasis::Profile });
        }
        if let Some(DrugFacts { class, class_cite, .. }) = self.drug(code) {
            return Some(CodeClass { class: *class, class_cite, basis: ClassBasis::Listed });
        }
        let range = self.ranges.iter().find(|range| range.first <= code && code <= range.last)?;
        let CodeRange { class, class_cite, .. } = range;
        Some(CodeClass { class: *class, class_cite, basis: ClassBasis::CodeRange })
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
    /// A hydration fluid beside a drug does not count, and a salt says no more than its drug. Words that
    /// are not understood stay as they are.
    pub fn identity_of_name(&self, text: &str) -> String {
        let folded = fold(text);
        let matches = Matches::find(&folded, &self.by_name);
        let is_drug = |named: &&NamedClass| named.class != DrugClass::Hydration;
        let has_drug = matches.found.iter().any(is_drug);
        let named = matches.found.iter().filter(|named| !has_drug || is_drug(named));
        let is_named = !matches.found.is_empty();
        let mut words = if is_named { matches.rest } else { without(&matches.rest, is_salt) };
        words.retain(|word| !is_named || !is_salt(word));
        words.extend(named.map(|named| &*named.drug));
        words.sort_unstable();
        words.dedup();
        words.join("+")
    }

    /// What a text names, a biosimilar being the drug of its reference product.
    pub fn substance_of_name(&self, text: &str) -> String {
        let identity = self.identity_of_name(text);
        let substance = self.substance_of(&identity);
        if substance.len() == identity.len() { identity } else { substance.to_owned() }
    }

    /// What stands for a drug without the four letters of a biosimilar.
    pub(super) fn substance_of<'i>(&self, identity: &'i str) -> &'i str {
        let base = identity.rsplit_once(' ').filter(|(_, suffix)| is_biologic_suffix(suffix));
        // Four letters behind a name are a suffix only where the name is a drug without them.
        base.map(|(base, _)| base).filter(|base| self.by_name.contains_key(*base)).unwrap_or(identity)
    }

    /// The same, with what else the text names.
    pub fn read_name(&self, text: &str) -> Option<NameReading<'_>> {
        let folded = fold(text);
        let matches = Matches::find(&folded, &self.by_name);
        let has_fluid = matches.found.iter().any(|named| named.class == DrugClass::Hydration);
        let named = matches.found.into_iter().min_by_key(|named| precedence(named))?;
        let is_settled = named.class != DrugClass::Hydration || !matches.has_unknown_words;
        is_settled.then_some(NameReading { named, has_fluid })
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
        DrugClass::Therapeutic => 6,
        DrugClass::Hydration => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::domain::time::date;

    fn class_of(name: &str) -> Option<DrugClass> {
        Catalog::embedded().formulary.class_of_name(name).map(|named| named.class)
    }

    #[test]
    fn names_are_recognised_as_records_write_them() {
        for (name, class) in [
            ("Zofran", DrugClass::Therapeutic),
            ("ondansetron 8 mg", DrugClass::Therapeutic),
            ("Normal Saline", DrugClass::Hydration),
            ("normal saline 1000 cc", DrugClass::Hydration),
            ("0.9% NaCl 1 L IV bolus", DrugClass::Hydration),
            ("D5 1/2 NS", DrugClass::Hydration),
            ("ceftriaxone + ketorolac in saline bag", DrugClass::Therapeutic),
            ("palonosetron + dexamethasone (same bag)", DrugClass::Therapeutic),
            ("rituximab-abbs", DrugClass::Antineoplastic),
            ("Truxima", DrugClass::Antineoplastic),
            ("5-FU", DrugClass::Antineoplastic),
            ("infliximab-dyyb 100 mg", DrugClass::ComplexBiologic),
            ("pegfilgrastim on-body injector", DrugClass::Therapeutic),
            ("leuprolide depot 7.5 mg", DrugClass::HormonalAntineoplastic),
            ("iron dextran test dose 25 mg", DrugClass::Therapeutic),
            ("packed red cells", DrugClass::BloodProduct),
            ("iodinated contrast", DrugClass::Contrast),
            ("interferon alfa", DrugClass::ComplexBiologic),
            ("denosumab", DrugClass::Therapeutic),
            ("heparin flush", DrugClass::Therapeutic),
            ("NS @ 150 mL/hr x 2 hours", DrugClass::Hydration),
            ("D5 ½ NS", DrugClass::Hydration),
            ("dextrose 50%", DrugClass::Therapeutic),
            ("sodium chloride 3%", DrugClass::Therapeutic),
            ("D5 0.3% sodium chloride", DrugClass::Hydration),
            ("Solu-Medrol 125 mg IVP", DrugClass::Therapeutic),
            ("carboplatin AUC 5", DrugClass::Antineoplastic),
        ] {
            assert_eq!(class_of(name), Some(class), "{name}");
        }
    }

    #[test]
    fn an_unknown_word_beside_a_fluid_leaves_the_class_open() {
        for name in ["", "drug A", "xyzumab in normal saline", "xyzumab", "500 mL"] {
            assert_eq!(class_of(name), None, "{name}");
        }
    }

    #[test]
    fn a_brand_and_its_drug_are_one() {
        let catalog = Catalog::embedded();
        let identity = |text| catalog.formulary.identity_of_name(text);
        for (one, other) in [
            ("Zofran 8 mg", "ondansetron"),
            ("insulin", "insulin drip"),
            ("Decadron", "dexamethasone sodium phosphate 10 mg"),
            ("vancomycin in NS", "Vancomycin 1 g IVPB"),
            ("drug A", "Drug A"),
            ("morphine", "morphine sulfate (PF) 4 mg PRN"),
            ("vincristine", "vincristine sulfate, second dose"),
            ("cefazolin", "cefazolin sodium"),
            ("methylprednisolone", "methylprednisolone sod succ"),
            ("Kenalog", "triamcinolone acetonide"),
            ("iron dextran", "iron dextran test dose"),
            ("unlisted drug sulfate", "unlisted drug"),
        ] {
            assert_eq!(identity(one), identity(other), "{one} and {other}");
        }
        for (one, other) in [
            ("drug A", "drug B"),
            ("antibiotic A", "antibiotic B"),
            ("Zofran", "Kytril"),
            ("haloperidol", "haloperidol decanoate"),
            ("methylprednisolone acetate", "methylprednisolone sodium succinate"),
            ("potassium phosphate", "potassium chloride"),
            ("calcium chloride", "calcium gluconate"),
            ("sodium acetate", "sodium phosphate"),
        ] {
            assert_ne!(identity(one), identity(other), "{one} and {other}");
        }
    }

    #[test]
    fn a_code_and_its_brands_are_one() {
        let catalog = Catalog::embedded();
        let formulary = &catalog.formulary;
        let is_other = |facts: &&DrugFacts| {
            let differs = |brand: &str| {
                let identity = formulary.identity_of_name(brand);
                let has_brand = |other: &&DrugFacts| other.brands.iter().any(|known| **known == *brand);
                let mut others = formulary.by_code.values().filter(has_brand);
                !others.any(|other| *other.identity == *identity)
            };
            facts.brands.iter().any(|brand| differs(brand))
        };
        let mut split: Vec<_> = formulary.by_code.values().filter(is_other).collect();
        split.sort_by_key(|facts| facts.code);
        let split: Vec<_> = split.iter().map(|facts| (facts.code, &facts.identity, &facts.brands)).collect();
        assert!(split.is_empty(), "{split:?}");
    }

    #[test]
    fn electrolytes_say_so_and_decide_before_their_fluid() {
        let catalog = Catalog::embedded();
        let named = catalog.formulary.class_of_name("potassium chloride in IV fluid").expect("known");
        assert_eq!(named.nature, Nature::Electrolyte);
        let named = catalog.formulary.class_of_name("D5-1/2 NS + KCl 30 mEq/L").expect("known");
        assert_eq!(named.nature, Nature::Electrolyte);
    }

    #[test]
    fn profiles_differ_only_where_they_list_a_drug() {
        let catalog = Catalog::embedded();
        let day = date(2025, 11, 3);
        let class = |code, profile| {
            catalog.formulary.class_of_code(HcpcsCode::of(code), profile, day).map(|c| (c.class, c.basis))
        };
        use ClassProfile::{CptComplexity, PayerList};
        assert_eq!(class("J0717", CptComplexity), Some((DrugClass::ComplexBiologic, ClassBasis::Listed)));
        assert_eq!(class("J0717", PayerList), Some((DrugClass::Therapeutic, ClassBasis::Profile)));
        assert_eq!(class("Q5115", PayerList), Some((DrugClass::Antineoplastic, ClassBasis::Listed)));
        assert_eq!(class("J9999", CptComplexity), Some((DrugClass::Antineoplastic, ClassBasis::CodeRange)));
        assert_eq!(class("Q4101", CptComplexity), Some((DrugClass::SkinSubstitute, ClassBasis::CodeRange)));
        assert_eq!(class("C9399", CptComplexity), None);
    }

    #[test]
    fn every_source_is_in_the_citations() {
        let formulary = &Catalog::embedded().formulary;
        let citations: toml::Table = include_str!("../../catalog/citations.toml").parse().expect("citations");
        let cited = formulary.by_code.values().map(|facts| &facts.class_cite);
        let cited = cited.chain(formulary.by_name.values().map(|named| &named.class_cite));
        let cited = cited.chain(formulary.further_names.values().map(|names| &names.cite));
        let cited = cited.chain(formulary.profiles.values().flatten().map(|entry| &entry.class_cite));
        for key in cited.chain(formulary.ranges.iter().map(|range| &range.class_cite)) {
            assert!(citations.contains_key(key.as_ref()), "{key}");
        }
    }
}
