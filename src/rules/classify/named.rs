//! The class of the products that a name means.

use crate::catalog::CodeFlag;
use crate::catalog::formulary::{ClassBasis, Fit, Nature};
use crate::domain::billing::NoUnitReason;
use crate::domain::code::HcpcsCode;
use crate::domain::drug::{ClassProfile, DrugClass, DrugGiven};
use crate::domain::encounter::{FluidPurpose, Route};
use crate::engine::Coding;
use crate::rules::identity;

/// The class of the product that goes by the stated route, where the name alone has products of several classes.
///
/// Octreotide into the muscle is the depot, whatever the record calls it.
pub(super) fn by_route(
    coding: &Coding<'_>,
    given: &DrugGiven,
    route: Option<Route>,
    known: (DrugClass, ClassBasis),
) -> (DrugClass, ClassBasis) {
    let formulary = &coding.catalog.formulary;
    let (Some(name), Some(route), None) = (given.name.as_deref(), route, identity::code_of(coding, given))
    else {
        return known;
    };
    let named = formulary.class_of_name(name).filter(|named| named.nature == Nature::ByRoute);
    let Some(named) = named else { return known };
    let fits = |code: &HcpcsCode| {
        let version = coding.catalog.lookup(*code, coding.date).version();
        version.is_some_and(|version| formulary.fit(*code, version.flags, route) == Fit::Fits)
    };
    let codes = |name| coding.catalog.codes_of_name(name, coding.date);
    // A brand is of one of the products, and its drug of all of them.
    let mut codes: Vec<HcpcsCode> = [codes(name), codes(&named.drug)].concat();
    codes.retain(fits);
    let mut classes = codes
        .into_iter()
        .filter_map(|code| formulary.class_of_code(code, ClassProfile::CptComplexity, coding.date));
    let Some(first) = classes.next() else { return known };
    if classes.all(|other| other.class == first.class) { (first.class, first.basis) } else { known }
}

/// The class of a fluid beside words that nothing is known of, where the record says what the fluid was for: it is what
/// the record says, and the words are notes.
pub(super) fn by_purpose(
    coding: &Coding<'_>,
    given: &DrugGiven,
    purpose: Option<FluidPurpose>,
) -> Option<(DrugClass, ClassBasis)> {
    purpose.filter(|purpose| *purpose != FluidPurpose::ElectrolyteReplacement)?;
    let name = given.name.as_deref().filter(|_| identity::code_of(coding, given).is_none())?;
    let is_fluid = coding.catalog.formulary.is_fluid_with_notes(name);
    is_fluid.then_some((DrugClass::Hydration, ClassBasis::Listed))
}

/// Whether a name is of a therapeutic drug and another one whose part in it is open, as `leucovorin with 5FU`: one bag
/// of both is one chemotherapy service, and leucovorin in the company of the other is a therapeutic one (rules SEQ-4,
/// CHM-12).
pub(super) fn is_in_company(coding: &Coding<'_>, given: &DrugGiven) -> bool {
    let formulary = &coding.catalog.formulary;
    let name = given.name.as_deref().filter(|_| identity::code_of(coding, given).is_none());
    let class = |part: &str| formulary.class_of_name(part).map(|named| named.class);
    name.and_then(|name| formulary.companions(name)).is_some_and(|(first, second)| {
        let leads = |class: DrugClass| super::rank(class) != super::rank(DrugClass::Hydration);
        class(first) == Some(DrugClass::Therapeutic)
            && class(second).is_some_and(|class| leads(class) && class != DrugClass::Therapeutic)
    })
}

/// The class of the codes that a name means, where they agree.
pub(super) fn class_of_codes(coding: &Coding<'_>, name: &str) -> Option<(DrugClass, ClassBasis)> {
    let class = |code| coding.catalog.formulary.class_of_code(code, ClassProfile::CptComplexity, coding.date);
    let mut classes = coding.catalog.codes_of_name(name, coding.date).into_iter().map(class);
    let first = classes.next()??;
    classes
        .all(|other| other.is_some_and(|other| other.class == first.class))
        .then_some((first.class, first.basis))
}

/// The class of the name that the catalogue gives a code, as of a C code whose drug the table of names has.
pub(super) fn class_of_code(coding: &Coding<'_>, code: HcpcsCode) -> Option<(DrugClass, ClassBasis)> {
    let version = coding.catalog.lookup(code, coding.date).version()?;
    if version.flags.has(CodeFlag::Unclassified) {
        return None;
    }
    let named = coding.catalog.formulary.class_of_name(&version.name)?;
    // The code of a service may name the kind of drug that it gives, which tells nothing of the drug.
    if version.billing == Err(NoUnitReason::NotADrug) && super::is_complex(named.class) {
        return None;
    }
    Some((named.class, ClassBasis::Listed))
}
