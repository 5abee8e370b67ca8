//! The class of a drug that the table of drugs does not list: what the request or the
//! name of its code tells of it, else the range of its code.

use super::{CLS_1, Unknown};
use crate::catalog::formulary::ClassBasis;
use crate::domain::drug::{DrugClass, DrugGiven, ProductKind};
use crate::domain::encounter::Route;
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::rules::identity;

/// The class of a drug that is not listed, `listed` being that of the range of its code, if there is one.
///
/// # Errors
/// The class itself, where nothing tells it.
pub(super) fn class(
    coding: &mut Coding<'_>,
    index: u16,
    drug: u16,
    given: &DrugGiven,
    listed: Option<(DrugClass, ClassBasis)>,
) -> Result<DrugClass, Unknown> {
    let unknown = Err(Unknown::Class { drug: Some(drug) });
    let route = coding.encounter.administrations[usize::from(index)].route;
    let is_range_therapeutic = listed.is_some_and(|(known, _)| known == DrugClass::Therapeutic);
    if let Some(class) = stated_elsewhere(coding, given) {
        return Ok(class);
    }
    match given.product_kind.or_else(|| kind_of_code(coding, given)).map(|kind| of_kind(kind, route)) {
        Some(Told::Class(class)) => return Ok(class),
        // The range guesses a therapeutic drug, and the request says that it may well be none.
        Some(Told::Open) if is_range_therapeutic => return unknown,
        _ => {}
    }
    match listed {
        Some(_) if class_of_own_name(coding, given) == Some(DrugClass::Therapeutic) => {
            Ok(DrugClass::Therapeutic)
        }
        // Into a cavity the class decides between these codes and another section.
        Some((DrugClass::Therapeutic, _)) if route.is_some_and(Route::is_into_cavity) => unknown,
        Some((DrugClass::Therapeutic, _)) => {
            note_range(coding, index, drug);
            Ok(DrugClass::Therapeutic)
        }
        Some((known, _)) => Ok(known),
        None => unknown,
    }
}

/// The kind of a product that nothing but an unclassified code states: that of biologics may hold any class.
fn kind_of_code(coding: &Coding<'_>, given: &DrugGiven) -> Option<ProductKind> {
    let code = given.code?;
    let mut kinds = coding.policy.drug_line.unclassified_codes.iter();
    let is_biologic = kinds.any(|row| row.code == code && row.kind == ProductKind::Biologic);
    let is_unnamed = is_biologic && class_of_own_name(coding, given).is_none();
    is_unnamed.then_some(ProductKind::Biologic)
}

/// What the kind of a product without a code of its own tells.
enum Told {
    Class(DrugClass),
    /// It may be of the chemotherapy and complex family.
    Open,
    Nothing,
}

const fn of_kind(kind: ProductKind, route: Option<Route>) -> Told {
    match kind {
        // An injected antineoplastic may be a hormone, which has a code of its own.
        ProductKind::Antineoplastic if matches!(route, Some(Route::Intramuscular | Route::Subcutaneous)) => {
            Told::Open
        }
        ProductKind::Antineoplastic => Told::Class(DrugClass::Antineoplastic),
        ProductKind::Biologic => Told::Open,
        ProductKind::ImmuneGlobulin | ProductKind::ClottingFactor => Told::Class(DrugClass::Therapeutic),
        ProductKind::TherapeuticRadiopharmaceutical | ProductKind::DiagnosticRadiopharmaceutical => {
            Told::Class(DrugClass::Radiopharmaceutical)
        }
        ProductKind::SkinSubstitute => Told::Class(DrugClass::SkinSubstitute),
        _ => Told::Nothing,
    }
}

/// The class that the table lists for the name of a drug's code.
fn class_of_own_name(coding: &Coding<'_>, given: &DrugGiven) -> Option<DrugClass> {
    let code = identity::code_of(coding, given)?;
    let version = coding.catalog.lookup(code, coding.date).version()?;
    coding.catalog.formulary.class_of_name(&version.name).map(|named| named.class)
}

/// The class that the request states for the same drug on another of its records, where these agree.
fn stated_elsewhere(coding: &Coding<'_>, given: &DrugGiven) -> Option<DrugClass> {
    let drugs = coding.encounter.administrations.iter().flat_map(|one| &one.drugs);
    let mut classes = drugs
        .filter(|other| other.class.is_some() && identity::is_same(coding, other, given))
        .filter_map(|other| other.class);
    let first = classes.next()?;
    classes.all(|other| other == first).then_some(first)
}

/// A code that our table does not list takes the class of its range, and the answer says so.
fn note_range(coding: &mut Coding<'_>, index: u16, drug: u16) {
    coding.find(
        Severity::Warn,
        Reason::MissingDrugClass,
        Field::Drug(index, drug, "drugClass"),
        &CLS_1,
        "Only the range of its code makes {drug} a therapeutic drug. State the class if it is a complex biologic or an antineoplastic.",
        &[fact::given("drug", Value::Of(Field::Drug(index, drug, "")))],
    );
}

/// Whether a class is only that of the range around an unclassified code, which may hold any drug.
pub(super) fn is_of_any_drug(coding: &Coding<'_>, given: &DrugGiven, basis: ClassBasis) -> bool {
    basis == ClassBasis::CodeRange && given.code.is_some_and(|code| identity::is_unclassified(coding, code))
}
