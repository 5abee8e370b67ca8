//! A coded visit on its way out, and what every form of the answer says of it.

use std::borrow::Cow;

use super::answer_proto::CitedRules;
use crate::catalog::Catalog;
use crate::domain::claim::{Line, Track};
use crate::domain::encounter::Encounter;
use crate::domain::field::Field;
use crate::engine::CodingResult;
use crate::policy::Citations;
use crate::report::explanation::CitedSource;
use crate::report::note;
use crate::server::pb::{self, Detail};

/// A coded visit, ready to be written as protobuf or as JSON.
pub struct Answering<'a> {
    pub encounter: &'a Encounter,
    pub result: &'a CodingResult,
    pub catalog: &'a Catalog,
    pub citations: &'a Citations,
    /// What is said of each rule under these citations.
    pub cited: &'a CitedRules,
    pub detail: Detail,
    /// SHA-256 of the request's encounter, in hexadecimal.
    pub input_digest: String,
}

impl Answering<'_> {
    /// The drug of a drug line; each drug of an administration line once.
    pub(super) fn description(&self, line: &Line) -> Cow<'_, str> {
        let Some(&first) = line.administrations.first() else { return Cow::Borrowed("") };
        if let (Track::Drug, Some(drug)) = (line.track, line.drug) {
            return self.drug_name(first, drug);
        }
        if line.administrations.len() == 1 {
            return self.administration_name(first);
        }
        let mut names = vec![self.administration_name(first)];
        for name in line.administrations.iter().skip(1).map(|index| self.administration_name(*index)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if names.len() == 1 { names.swap_remove(0) } else { Cow::Owned(names.join("; ")) }
    }

    /// The name in the request, or the catalog's where the request gives only a code.
    fn drug_name(&self, administration: u16, drug: u16) -> Cow<'_, str> {
        let encounter = self.encounter;
        let given = encounter.administrations.get(usize::from(administration));
        let given = given.and_then(|administration| administration.drugs.get(usize::from(drug)));
        if let Some(name) = given.and_then(|drug| drug.name.as_deref()) {
            return Cow::Borrowed(name);
        }
        let version = given.and_then(|drug| self.catalog.codes.get(&drug.code?)?.first());
        match version {
            Some(version) if !version.name.is_empty() => Cow::Borrowed(&version.name),
            _ => Cow::Owned(note::named(Field::Drug(administration, drug, ""), encounter)),
        }
    }

    fn administration_name(&self, index: u16) -> Cow<'_, str> {
        let given = self.encounter.administrations.get(usize::from(index));
        match given.map_or(0, |given| given.drugs.len()) {
            0 => Cow::Borrowed(""),
            1 => self.drug_name(index, 0),
            count => {
                let drugs: Vec<_> = (0..count).map(|drug| self.drug_name(index, drug as u16)).collect();
                Cow::Owned(drugs.join(", "))
            }
        }
    }

    /// What a field of the request speaks of.
    pub(super) fn described(&self, field: Field) -> Cow<'_, str> {
        match field {
            Field::Encounter(_) => Cow::Borrowed(""),
            Field::Administration(a, _) => self.administration_name(a),
            Field::Drug(a, d, _) | Field::Container(a, d, _, _) => self.drug_name(a, d),
        }
    }

    pub(super) fn administration_id(&self, field: Field) -> &str {
        let (Field::Administration(index, _) | Field::Drug(index, _, _) | Field::Container(index, _, _, _)) =
            field
        else {
            return "";
        };
        let given = self.encounter.administrations.get(usize::from(index));
        given.map_or("", |administration| &administration.id)
    }

    pub(super) const fn is_full(&self) -> bool {
        matches!(self.detail, Detail::Full | Detail::Unspecified)
    }
}

/// Puts a source into a message.
pub(super) fn citation(source: CitedSource<'_>) -> pb::Citation {
    pb::Citation {
        id: source.id.to_owned(),
        title: source.title.to_owned(),
        section: source.section.to_owned(),
        url: source.url.to_owned(),
    }
}
