//! Reads the data files of the formulary.

use std::str::FromStr;

use rustc_hash::{FxHashMap, FxHashSet};

use super::routes::route;
use super::telling::TellingWords;
use super::{
    CodeRange, DrugFacts, Formulary, FormularyFiles, FurtherNames, NamedClass, Nature, ProfileEntry,
    is_biologic_suffix,
};
use crate::catalog::biosimilar;
use crate::catalog::error::DataError;
use crate::catalog::names::{fold, is_filler, is_salt, without};
use crate::catalog::table::{Row, rows};
use crate::domain::code::HcpcsCode;
use crate::domain::drug::{ClassProfile, ContainerKind, DrugClass};
use crate::domain::quantity::{Quantity, Unit, common_step};
use crate::domain::time::parse_date;

impl Formulary {
    /// Reads the data files.
    ///
    /// # Errors
    /// The first row that cannot be read, with its file and line.
    pub fn parse(files: FormularyFiles<'_>) -> Result<Self, DataError> {
        let mut formulary = Self::default();
        formulary.read_drugs(files.drugs)?;
        formulary.read_biosimilars(files.biosimilars)?;
        formulary.note_routes();
        formulary.read_routes(files.routes)?;
        formulary.read_containers(files.containers)?;
        formulary.read_brands(files.brands)?;
        formulary.read_families(files.families)?;
        formulary.read_profiles(files.profiles)?;
        formulary.name_the_drugs();
        let own = formulary.read_names(files.names)?;
        formulary.settle_identities(&own);
        formulary.telling = TellingWords::of(&formulary.by_name);
        Ok(formulary)
    }

    fn read_drugs(&mut self, text: &str) -> Result<(), DataError> {
        const COLUMNS: &[&str] = &[
            "code",
            "ingredient",
            "brands",
            "class",
            "class_cite",
            "routes",
            "container_kind",
            "container_sizes",
            "dose_basis",
        ];
        for row in rows("drugs/drugs.csv", text, COLUMNS)? {
            let row = row?;
            let sizes: Box<[Quantity]> =
                row.texts(7).map(|text| size(&row, text)).collect::<Result<_, _>>()?;
            let facts = DrugFacts {
                code: row.read(0)?,
                ingredient: row.text(1).into(),
                identity: identity(without_suffix(row.text(1))),
                substance: Box::default(),
                brands: row.texts(2).map(Into::into).collect(),
                class: class(&row, 3)?,
                class_cite: row.text(4).into(),
                routes: row.texts(5).map(|text| route(&row, text)).collect::<Result<_, _>>()?,
                container_kind: container_kind(&row, 6)?,
                size_step: common_step(&sizes),
                container_sizes: sizes,
                dose_basis: Some(row.text(8)).filter(|text| !text.is_empty()).map(Into::into),
                is_profiled: false,
            };
            if facts.code.family().is_ascii_digit() {
                self.numbered.push(facts.code);
            }
            if self.by_code.insert(facts.code, facts).is_some() {
                return Err(row.refuse("the code is listed twice"));
            }
        }
        Ok(())
    }

    /// A biosimilar has the class, routes and container kind of its reference product, unless listed itself.
    fn read_biosimilars(&mut self, text: &str) -> Result<(), DataError> {
        for row in rows("biosimilars.csv", text, biosimilar::COLUMNS)? {
            let row = row?;
            let code: HcpcsCode = row.read(0)?;
            let references = row.read_all::<HcpcsCode>(4)?;
            let mut listed = references.iter().filter_map(|code| self.by_code.get(code));
            let Some(reference) = listed.next() else { continue };
            // One code of a biosimilar stands for every product of its reference, which may have a code for each route.
            let mut routes = reference.routes.to_vec();
            listed.flat_map(|other| other.routes.iter()).for_each(|route| {
                if !routes.contains(route) {
                    routes.push(*route);
                }
            });
            let facts = DrugFacts {
                code,
                routes: routes.into(),
                ingredient: row.text(1).into(),
                identity: identity(row.text(1)),
                brands: row.texts(2).map(Into::into).collect(),
                container_sizes: Box::default(),
                size_step: None,
                ..reference.clone()
            };
            self.by_code.or_insert_with(code, || facts);
        }
        Ok(())
    }

    /// Names of products that neither CMS nor the table of drugs has.
    fn read_brands(&mut self, text: &str) -> Result<(), DataError> {
        for row in rows("drugs/brands.csv", text, &["code", "names", "cite"])? {
            let row = row?;
            let names = row.texts(1).map(Into::into).collect();
            let known =
                self.further_names.insert(row.read(0)?, FurtherNames { names, cite: row.text(2).into() });
            if known.is_some() {
                return Err(row.refuse("the code is listed twice"));
            }
        }
        Ok(())
    }

    fn read_families(&mut self, text: &str) -> Result<(), DataError> {
        for row in rows("drugs/families.csv", text, &["first", "last", "class", "class_cite"])? {
            let row = row?;
            let class = class(&row, 2)?;
            let class_cite = row.text(3).into();
            self.ranges.push(CodeRange { first: row.read(0)?, last: row.read(1)?, class, class_cite });
        }
        Ok(())
    }

    /// A profile names a code, or a nonproprietary name that stands for all of its codes.
    fn read_profiles(&mut self, text: &str) -> Result<(), DataError> {
        const COLUMNS: &[&str] = &["profile", "drug", "class", "class_cite", "from", "to"];
        for row in rows("drugs/profiles.csv", text, COLUMNS)? {
            let row = row?;
            let profile = profile(&row, 0)?;
            let day = |column| match row.text(column) {
                "" => Ok(None),
                text => parse_date(text).map(Some).map_err(|error| row.refuse(&error.to_string())),
            };
            let (class, from, to) = (class(&row, 2)?, day(4)?, day(5)?);
            let codes: Vec<HcpcsCode> = match row.read(1) {
                Ok(code) => vec![code],
                Err(_) => self.codes_of_ingredient(row.text(1)),
            };
            if codes.is_empty() {
                return Err(row.refuse("no code of drugs.csv has this nonproprietary name"));
            }
            let class_cite: Box<str> = row.text(3).into();
            for code in codes {
                let entry = ProfileEntry { class, class_cite: class_cite.clone(), from, to };
                self.profiles.or_insert_with((profile, code), Vec::new).push(entry);
                if let Some(facts) = self.by_code.get_mut(&code) {
                    facts.is_profiled = true;
                }
            }
        }
        Ok(())
    }

    /// Codes of a nonproprietary name, biosimilars with their suffix included.
    fn codes_of_ingredient(&self, name: &str) -> Vec<HcpcsCode> {
        let is_named = |ingredient: &str| {
            ingredient == name || ingredient.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'))
        };
        let mut codes: Vec<_> = self
            .by_code
            .values()
            .filter(|facts| is_named(&facts.ingredient))
            .map(|facts| facts.code)
            .collect();
        codes.sort_unstable();
        codes
    }

    /// Names of the table of drugs; a name whose codes differ in class is left to `names.csv`.
    fn name_the_drugs(&mut self) {
        let mut classes: FxHashMap<Box<str>, Option<NamedClass>> = FxHashMap::default();
        for facts in self.by_code.values() {
            let drug = &facts.identity;
            for name in [&facts.ingredient, &facts.identity].into_iter().chain(&facts.brands) {
                let (class, class_cite) = (facts.class, facts.class_cite.clone());
                let drug = drug.clone();
                let named = NamedClass { class, class_cite, nature: Nature::Ordinary, drug };
                classes
                    .entry(fold(name).join(" ").into())
                    .and_modify(|held| {
                        if held.as_ref().is_some_and(|held| held.class != class) {
                            *held = None;
                        }
                    })
                    .or_insert(Some(named));
            }
        }
        self.by_name.extend(classes.into_iter().filter_map(|(name, named)| Some((name, named?))));
    }

    /// Reads the names, and returns those that are drugs of their own, whatever salt they name.
    fn read_names(&mut self, text: &str) -> Result<FxHashSet<Box<str>>, DataError> {
        let mut own = FxHashSet::default();
        for row in rows("drugs/names.csv", text, &["name", "class", "class_cite", "nature", "same_as"])? {
            let row = row?;
            let name: Box<str> = fold(row.text(0)).join(" ").into();
            let drug: Box<str> = match (row.text(4), self.by_name.get(&name)) {
                ("", Some(known)) => known.drug.clone(),
                ("", None) => name.clone(),
                (other, _) => fold(other).join(" ").into(),
            };
            if drug == name && row.text(3) != ALONE {
                own.insert(name.clone());
            }
            let (class, class_cite) = (class(&row, 1)?, row.text(2).into());
            if row.text(3) == ALONE {
                // A short name says no more than its drug, whose nature the table has by then.
                let nature = self.by_name.get(&drug).map(|known| known.nature).unwrap_or_default();
                self.alone.insert(name, NamedClass { class, class_cite, nature, drug });
                continue;
            }
            let named = NamedClass { class, class_cite, nature: nature(&row, 3)?, drug };
            self.by_name.insert(name, named);
        }
        Ok(own)
    }

    /// Gives a drug and its salts one name, and every code the drug that its name stands for.
    fn settle_identities(&mut self, own: &FxHashSet<Box<str>>) {
        let base = |drug: &str| {
            let words: Vec<&str> = drug.split(' ').collect();
            let bare: Box<str> = without(&words, |word| is_salt(word) || is_filler(word)).join(" ").into();
            let known = self.by_name.get(&bare).map(|named| named.drug.clone());
            Some(known.unwrap_or(bare)).filter(|base| **base != *drug)
        };
        let drugs = self.by_name.values().map(|named| &named.drug).filter(|drug| !own.contains(*drug));
        let settled: FxHashMap<Box<str>, Box<str>> =
            drugs.filter_map(|drug| Some((drug.clone(), base(drug)?))).collect();
        for named in self.by_name.values_mut().chain(self.alone.values_mut()) {
            if let Some(base) = settled.get(&named.drug) {
                named.drug.clone_from(base);
            }
        }
        let identities: Vec<(HcpcsCode, String)> =
            self.by_code.values().map(|facts| (facts.code, self.identity_of_name(&facts.identity))).collect();
        for (code, identity) in identities {
            let substance = self.substance_of(&identity).into();
            if let Some(facts) = self.by_code.get_mut(&code) {
                facts.substance = substance;
                facts.identity = identity.into();
            }
        }
    }
}

/// The nature of a name that means a drug only where it stands alone.
const ALONE: &str = "alone";

/// A name as it is compared, before its salts are settled.
fn identity(name: &str) -> Box<str> {
    fold(name).join(" ").into()
}

/// The name of a biologic without the four letters that tell its makers apart: only a biosimilar needs them.
fn without_suffix(name: &str) -> &str {
    name.rsplit_once('-').filter(|(_, suffix)| is_biologic_suffix(suffix)).map_or(name, |(base, _)| base)
}

fn class(row: &Row<'_>, column: usize) -> Result<DrugClass, DataError> {
    Ok(match row.text(column) {
        "antineoplastic" => DrugClass::Antineoplastic,
        "hormonal-antineoplastic" => DrugClass::HormonalAntineoplastic,
        "complex-biologic" => DrugClass::ComplexBiologic,
        "therapeutic" => DrugClass::Therapeutic,
        "hydration" => DrugClass::Hydration,
        "blood-product" => DrugClass::BloodProduct,
        "contrast" => DrugClass::Contrast,
        "vaccine" => DrugClass::Vaccine,
        "radiopharmaceutical" => DrugClass::Radiopharmaceutical,
        "skin-substitute" => DrugClass::SkinSubstitute,
        other => return Err(row.refuse(&format!("`{other}` is no class of drug"))),
    })
}

fn nature(row: &Row<'_>, column: usize) -> Result<Nature, DataError> {
    Ok(match row.text(column) {
        "" => Nature::Ordinary,
        "electrolyte" => Nature::Electrolyte,
        "flush" => Nature::Flush,
        "cancer-only" => Nature::CancerOnly,
        "other-use" => Nature::OtherUse,
        "by-route" => Nature::ByRoute,
        "own-service" => Nature::OwnService,
        other => {
            return Err(row.refuse(&format!(
                "`{other}` is no nature: electrolyte, flush, cancer-only, other-use, by-route, own-service, alone or nothing"
            )));
        }
    })
}

fn profile(row: &Row<'_>, column: usize) -> Result<ClassProfile, DataError> {
    Ok(match row.text(column) {
        "cpt_complexity" => ClassProfile::CptComplexity,
        "mac_list" => ClassProfile::MacList,
        "payer_list" => ClassProfile::PayerList,
        "strict_oncology" => ClassProfile::StrictOncology,
        other => return Err(row.refuse(&format!("`{other}` is no class profile"))),
    })
}

pub(super) fn container_kind(row: &Row<'_>, column: usize) -> Result<Option<ContainerKind>, DataError> {
    Ok(match row.text(column) {
        "" => None,
        "single-dose" => Some(ContainerKind::SingleDose),
        "multi-dose" => Some(ContainerKind::MultiDose),
        "pharmacy-bulk-package" => Some(ContainerKind::PharmacyBulkPackage),
        "imaging-bulk-package" => Some(ContainerKind::ImagingBulkPackage),
        other => return Err(row.refuse(&format!("`{other}` is no kind of container"))),
    })
}

pub(super) fn size(row: &Row<'_>, text: &str) -> Result<Quantity, DataError> {
    let refuse = || row.refuse(&format!("`{text}` is no amount: write it as 100 mg"));
    let (value, unit) = text.split_once(' ').ok_or_else(refuse)?;
    let unit = Unit::from_str(unit).map_err(|_| refuse())?;
    Ok(Quantity::new(value.parse().map_err(|_| refuse())?, unit))
}
