//! The entries of a Bundle, found by type and by reference, and errors that name an element's path.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::quantity::{Decimal, Quantity};

use super::elements::Amount;

/// Why a Bundle is not read: the path of the element at fault, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}{}", listed(.others))]
pub struct FhirError {
    pub path: String,
    pub reason: String,
    /// What else is at fault.
    pub others: Vec<FhirError>,
}

fn listed(others: &[FhirError]) -> String {
    others.iter().map(|other| format!("; {other}")).collect()
}

/// The faults of a Bundle, so that all are named and not only the first.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<FhirError>);

impl Faults {
    /// What was read; nothing where it could not be, which is noted.
    pub(super) fn note<T: Default>(&mut self, read: Result<T, FhirError>) -> T {
        read.unwrap_or_else(|error| {
            self.0.push(error);
            T::default()
        })
    }

    /// What was read last, where nothing was at fault in it or before.
    pub(super) fn settle<T>(self, read: Result<T, FhirError>) -> Result<T, FhirError> {
        let mut faults: Vec<FhirError> = self.0.into_iter().flat_map(FhirError::parted).collect();
        match read {
            Ok(read) if faults.is_empty() => return Ok(read),
            Ok(_) => {}
            Err(error) => faults.extend(error.parted()),
        }
        let first = faults.remove(0);
        Err(FhirError { others: faults, ..first })
    }
}

impl FhirError {
    pub(super) fn new(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { path: path.into(), reason: reason.into(), others: Vec::new() }
    }

    /// Each fault by itself.
    pub fn parted(mut self) -> Vec<Self> {
        let others = std::mem::take(&mut self.others);
        std::iter::once(self).chain(others.into_iter().flat_map(Self::parted)).collect()
    }
}

/// One resource with its path.
#[derive(Debug, Clone)]
pub(super) struct Resource<'a> {
    pub path: String,
    pub kind: String,
    id: Option<String>,
    full_url: Option<String>,
    raw: &'a RawValue,
}

impl<'a> Resource<'a> {
    /// The elements of the resource.
    pub(super) fn read<T: Deserialize<'a>>(&self) -> Result<T, FhirError> {
        read(self.raw.get(), &self.path)
    }

    fn new(raw: &'a RawValue, path: String, full_url: Option<String>) -> Result<Self, FhirError> {
        let head: Head = read(raw.get(), &path)?;
        let kind = head.resource_type.ok_or_else(|| FhirError::new(&path, "resourceType is missing"))?;
        Ok(Self { path, kind, id: head.id, full_url, raw })
    }

    /// Whether the resource has this id, or is known by this address.
    pub(super) fn has_id(&self, id: &str) -> bool {
        self.id.as_deref() == Some(id) || self.answers_to(id)
    }

    /// Whether both have addresses of their own, so that an equal id is chance.
    fn is_elsewhere(&self, other: &Self) -> bool {
        self.full_url.is_some() && other.full_url.is_some() && self.full_url != other.full_url
    }

    fn answers_to(&self, reference: &str) -> bool {
        let by_id = self.id.as_ref().is_some_and(|id| {
            let typed = format!("{}/{id}", self.kind);
            reference.strip_suffix(typed.as_str()).is_some_and(|base| base.is_empty() || base.ends_with('/'))
        });
        by_id || self.full_url.as_deref() == Some(reference)
    }
}

#[derive(Deserialize)]
struct Head {
    #[serde(rename = "resourceType")]
    resource_type: Option<String>,
    id: Option<String>,
}

#[derive(Deserialize)]
struct BundleResource<'a> {
    #[serde(borrow, default)]
    entry: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(rename = "fullUrl")]
    full_url: Option<String>,
    #[serde(borrow)]
    resource: Option<&'a RawValue>,
}

/// The resources of one visit.
pub(super) struct Resources<'a> {
    entries: Vec<Resource<'a>>,
}

impl<'a> Resources<'a> {
    /// Opens a Bundle, or a single resource as a Bundle of one.
    pub(super) fn open(text: &'a str) -> Result<Self, FhirError> {
        let raw: &RawValue = read(text, "Bundle")?;
        let whole = Resource::new(raw, String::new(), None);
        let mut whole = whole.map_err(|error| FhirError::new("Bundle", error.reason))?;
        whole.path.clone_from(&whole.kind);
        if whole.kind != "Bundle" {
            return Ok(Self { entries: vec![whole] });
        }
        let bundle: BundleResource<'a> = whole.read()?;
        let mut entries = Vec::with_capacity(bundle.entry.len());
        for (index, entry) in bundle.entry.into_iter().enumerate() {
            if let Some(raw) = entry.resource {
                entries.push(Resource::new(raw, format!("Bundle.entry[{index}].resource"), entry.full_url)?);
            }
        }
        Ok(Self { entries: each_once(entries)? })
    }

    /// Why there is nothing to code: a resource alone that is no administration, or a Bundle without one.
    pub(super) fn without_administrations(&self) -> FhirError {
        match self.entries.as_slice() {
            [only] if only.path == only.kind => FhirError::new(
                format!("{}.resourceType", only.path),
                "this resource holds no visit; give a MedicationAdministration, or a Bundle with one",
            ),
            _ => FhirError::new("Bundle.entry", "no MedicationAdministration is among the resources"),
        }
    }

    /// The resources of a type, in the order of the Bundle.
    pub(super) fn of_kind(&self, kind: &'static str) -> impl Iterator<Item = &Resource<'a>> {
        self.entries.iter().filter(move |resource| resource.kind == kind)
    }

    /// What a reference points to within the Bundle; one to a version is to the resource, which a Bundle holds once.
    pub(super) fn resolve(&self, reference: &str) -> Option<&Resource<'a>> {
        let address = reference.split("/_history/").next().unwrap_or(reference);
        self.entries.iter().find(|resource| resource.answers_to(reference) || resource.answers_to(address))
    }
}

/// Kinds of which nothing is read.
const UNREAD: &[&str] = &["Patient", "Practitioner", "PractitionerRole", "Organization", "Provenance"];

/// Each resource once: two pages of a search that were joined hold some twice, and a drug that was given once must not
/// be billed twice.
fn each_once(entries: Vec<Resource<'_>>) -> Result<Vec<Resource<'_>>, FhirError> {
    let mut kept: Vec<Resource<'_>> = Vec::with_capacity(entries.len());
    let mut known: HashMap<(String, String), usize> = HashMap::new();
    for resource in entries.into_iter().filter(|resource| !UNREAD.contains(&resource.kind.as_str())) {
        let names = [("url", &resource.full_url), (resource.kind.as_str(), &resource.id)];
        let names = names.into_iter().filter_map(|(of, name)| Some((of.to_owned(), name.clone()?)));
        let names: Vec<_> = names.collect();
        let before = names.iter().find_map(|name| known.get(name)).map(|at| &kept[*at]);
        match before {
            Some(before) if same(before.raw, resource.raw) => continue,
            Some(before) if before.is_elsewhere(&resource) => {}
            Some(before) => {
                let reason = format!("is another version of {}: send one of the two", before.path);
                return Err(FhirError::new(&resource.path, reason));
            }
            None => {}
        }
        for name in names {
            known.entry(name).or_insert(kept.len());
        }
        kept.push(resource);
    }
    Ok(kept)
}

/// Whether two resources say the same, however they are laid out.
fn same(one: &RawValue, other: &RawValue) -> bool {
    let value = |raw: &RawValue| serde_json::from_str::<serde_json::Value>(raw.get()).ok();
    one.get() == other.get() || value(one).is_some_and(|one| value(other) == Some(one))
}

/// A resource contained in another one, by its `#id`.
pub(super) fn contained<'a>(
    reference: &str,
    resources: &[&'a RawValue],
    path: &str,
) -> Result<Option<Resource<'a>>, FhirError> {
    let Some(id) = reference.strip_prefix('#') else { return Ok(None) };
    for (index, raw) in resources.iter().enumerate() {
        let resource = Resource::new(raw, format!("{path}.contained[{index}]"), None)?;
        if resource.id.as_deref() == Some(id) {
            return Ok(Some(resource));
        }
    }
    Ok(None)
}

/// The exact amount with its unit; the code of the unit is tried before its printed form.
pub(super) fn quantity(amount: &Amount<'_>, path: &str) -> Result<Quantity, FhirError> {
    let value = decimal(amount, path)?;
    let names = [amount.code.as_deref(), amount.unit.as_deref()];
    let unit = names.into_iter().flatten().find_map(|name| name.parse().ok());
    let given = names.into_iter().flatten().next().unwrap_or_default();
    let refuse = || {
        if given.is_empty() {
            return FhirError::new(format!("{path}.unit"), "the amount has no unit (`unit` or `code`)");
        }
        let given: String = given.chars().filter(|c| !c.is_control()).take(32).collect();
        FhirError::new(format!("{path}.code"), format!("`{given}` is not a unit of dose this service knows"))
    };
    Ok(Quantity::new(value, unit.ok_or_else(refuse)?))
}

/// The exact number of an amount, whatever its unit.
pub(super) fn decimal(amount: &Amount<'_>, path: &str) -> Result<Decimal, FhirError> {
    let at = format!("{path}.value");
    if amount.comparator.is_some() {
        return Err(FhirError::new(format!("{path}.comparator"), "a dose must be one number, not a bound"));
    }
    let number = amount.value.ok_or_else(|| FhirError::new(&at, "the amount has no number"))?;
    number.get().parse().map_err(|error| FhirError::new(&at, format!("{error}")))
}

fn read<'a, T: Deserialize<'a>>(text: &'a str, path: &str) -> Result<T, FhirError> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let inside = error.path().to_string();
        let dot = if inside.is_empty() || inside == "." { String::new() } else { format!(".{inside}") };
        FhirError::new(format!("{path}{dot}"), error.into_inner().to_string())
    })?;
    deserializer.end().map_err(|error| FhirError::new(path, error.to_string()))?;
    Ok(value)
}
