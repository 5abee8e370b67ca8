//! A name that is nearly another: a slip of the pen is no new product.

use super::percent::percent_in;
use super::*;
use crate::catalog::search::Matched;
use crate::domain::drug::DrugClass;

/// Letters from which a name may be a misspelt one.
const LETTERS_MIN: usize = 5;

/// How many codes are offered for a misspelt name.
const CODES_MAX: usize = 6;

/// What a search among all names costs beside coding, in administrations and drugs that take as long.
const SEARCH_SERVICES: usize = 400;

/// Codes in force whose name the given one is nearly, or begins.
pub(super) fn codes(coding: &Coding<'_>, asked: &Asked<'_>) -> Vec<HcpcsCode> {
    let name = asked.drug.name.as_deref().and_then(|name| name.split('(').next()).unwrap_or_default();
    if name.trim().len() < LETTERS_MIN || !coding.affords(SEARCH_SERVICES) {
        return Vec::new();
    }
    // What is spelt like a vaccine is none of the drugs that have codes here.
    let named = coding.catalog.formulary.class_of_name(name);
    if named.is_some_and(|named| named.class == DrugClass::Vaccine) {
        return Vec::new();
    }
    let hits = coding.catalog.search(name, coding.date, CODES_MAX);
    let is_near = |matched| matches!(matched, Matched::Misspelt | Matched::Words);
    let billable =
        hits.into_iter().filter(|hit| is_near(hit.matched)).filter_map(|hit| hit.standing.billable());
    let fitting =
        billable.filter(|version| version.billing.is_ok() && named::fits_use(coding, asked, version));
    let percent = asked.drug.percent_strength.or_else(|| percent_in(name));
    let fitting = fitting.filter(|version| !named::is_other_strength(coding, version.code, percent));
    fitting.map(|version| version.code).collect()
}

/// Whether a name is a product's that the catalog knows of another date or setting, or nearly that of none.
pub(super) fn is_no_slip(coding: &Coding<'_>, asked: &Asked<'_>) -> bool {
    before_code::product(coding, asked).is_some() || codes(coding, asked).is_empty()
}

/// An unclassified code is denied where the product has its own (rule N-01), and a misspelt name hides that it has.
pub(super) fn warn(coding: &mut Coding<'_>, asked: &Asked<'_>) {
    if !coding.asking {
        return;
    }
    let Some(code) = codes(coding, asked).first().copied() else { return };
    let facts = [fact::given("drug", Value::Of(asked.field(""))), fact::catalog("right", Value::Code(code))];
    let text = "{drug} is nearly the name of a product under {right}: if that one was given, the unclassified code is denied";
    let field = asked.field("name");
    coding.find(Severity::Warn, Reason::SpecificCodeExists, field, &unclassified::N_01, text, &facts);
}
