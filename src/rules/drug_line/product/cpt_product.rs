//! Product codes of CPT: immune globulins and vaccines, which the catalog does not hold.

use super::*;
use crate::catalog::CodeFlags;
use crate::catalog::formulary::{DrugFacts, Fit};
use crate::catalog::ndc::NdcEntry;
use crate::domain::drug::DrugClass;
use crate::domain::quantity::{Decimal, Measure, Quantity, Unit};
use crate::rules::drug_line::unclassified::N_07;
use crate::rules::drug_line::units::U_01;
use crate::rules::drug_line::units::convert::{LastPlace, in_measure};
use crate::rules::identity;

/// One in billionths.
const ONE: i128 = 1_000_000_000;

/// Letters by which a name is taken for one that may be such a brand.
const BRAND_LETTERS_TOLD: usize = 4;

/// One dose of a vaccine.
const ONE_DOSE: Quantity = Quantity::new(Decimal::ONE, Unit::Dose);

/// The row of the crosswalk that puts a package of the drug under such a code.
pub(super) fn of_package<'a>(coding: &Coding<'a>, asked: &Asked<'_>) -> Option<&'a NdcEntry> {
    let catalog = coding.catalog;
    let mut rows = asked.drug.ndcs().flat_map(|ndc| catalog.ndc(ndc));
    rows.find(|entry| identity::is_cpt_product(coding, entry.code))
}

/// The code that the package of a drug has, or else its brand: a product is never billed by the code of another.
pub(super) fn meant(coding: &Coding<'_>, asked: &Asked<'_>) -> Option<HcpcsCode> {
    if let Some(ndc) = asked.drug.ndcs().next() {
        let is_other = || candidates::of_ndc(coding, ndc).is_empty();
        return of_package(coding, asked).filter(|_| is_other()).map(|entry| entry.code);
    }
    of_brand(coding, asked.drug.name.as_deref()?)
}

/// The code whose brand a name is, or has before or between its parentheses.
pub(super) fn of_brand(coding: &Coding<'_>, name: &str) -> Option<HcpcsCode> {
    let inside = name.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(inside, _)| inside);
    let before = name.split('(').next();
    [inside, before].into_iter().flatten().map(str::trim).find_map(|part| {
        // Few names begin as one of these brands, so few are folded.
        let begins = |brand: &str| {
            let heads = [part, brand].map(|text| text.as_bytes().get(..BRAND_LETTERS_TOLD));
            matches!(heads, [Some(one), Some(other)] if one.eq_ignore_ascii_case(other))
        };
        let is_it =
            |brand: &str| begins(brand) && named::words_of(brand).concat() == named::words_of(part).concat();
        listed(coding).find(|facts| facts.brands.iter().any(|brand| is_it(brand))).map(|facts| facts.code)
    })
}

/// The products of such codes that the table of drugs lists.
fn listed<'a>(coding: &Coding<'a>) -> impl Iterator<Item = &'a DrugFacts> {
    coding.catalog.formulary.numbered()
}

/// The codes whose drug a name is of and whose products go by the stated route: the name of an immune globulin is no
/// one's product.
pub(super) fn of_drug(coding: &Coding<'_>, asked: &Asked<'_>, found: &[&CodeVersion]) -> Vec<HcpcsCode> {
    let is_its = |version: &CodeVersion| {
        listed(coding).any(|facts| facts.ingredient.eq_ignore_ascii_case(&version.name))
    };
    let is_possible = found.is_empty() || found.iter().any(|version| is_its(version));
    let name = asked.drug.name.as_deref().filter(|_| is_possible && asked.drug.ndcs().next().is_none());
    let Some(name) = name else { return Vec::new() };
    let identity = coding.catalog.formulary.identity_of_name(name);
    let is_of_drug = |facts: &&DrugFacts| *facts.identity == *identity && goes_by(coding, asked, facts.code);
    listed(coding).filter(is_of_drug).map(|facts| facts.code).collect()
}

/// Whether the product of a code is given by the stated route, as far as its label is known.
fn goes_by(coding: &Coding<'_>, asked: &Asked<'_>, code: HcpcsCode) -> bool {
    let fit = |route| coding.catalog.formulary.fit(code, CodeFlags::NONE, route);
    asked.route().is_none_or(|route| fit(route) <= Fit::Unknown)
}

/// The code of a drug and what one unit of it is, where both are known.
pub(super) fn settled(coding: &Coding<'_>, asked: &Asked<'_>) -> Option<(HcpcsCode, Quantity)> {
    let stated = asked.drug.code.filter(|code| identity::is_cpt_product(coding, *code));
    let code = stated.or_else(|| meant(coding, asked).filter(|_| asked.drug.code.is_none()))?;
    Some((code, unit_of(coding, asked, code)?))
}

/// One unit: as stated, one dose of a vaccine, or what the payment file counts where the dose is whole units of it.
fn unit_of(coding: &Coding<'_>, asked: &Asked<'_>, code: HcpcsCode) -> Option<Quantity> {
    if let Some(stated) = asked.drug.billing_unit {
        return Some(stated);
    }
    if is_vaccine(coding, code) {
        return Some(ONE_DOSE);
    }
    let unit = coding.policy.drug_line.cpt_product_units.iter().find(|row| row.code == code)?.quantity;
    let dose = asked.drug.dose_administered?;
    let base = in_measure(dose, unit.unit.measure(), amount_per_ml(asked.drug), LastPlace::Up).ok()?;
    (base % unit.in_base() == 0).then_some(unit)
}

fn is_vaccine(coding: &Coding<'_>, code: HcpcsCode) -> bool {
    let class = coding.catalog.formulary.class_of_code(code, Default::default(), coding.date);
    class.is_some_and(|known| known.class == DrugClass::Vaccine)
}

/// Bills a drug by such a code, in its unit; else asks for what is missing, or says what contradicts it.
pub(super) fn bill<'a>(
    coding: &mut Coding<'a>,
    asked: &Asked<'a>,
    code: HcpcsCode,
) -> Option<&'a CodeVersion> {
    if asked.drug.ndcs().any(|ndc| !agrees_with_package(coding, asked, code, ndc)) {
        return None;
    }
    if !contradiction::agrees_with_brand(coding, asked, code) {
        return None;
    }
    let facts = [fact::given("drug", Value::Of(asked.field(""))), fact::catalog("code", Value::Code(code))];
    if !goes_by(coding, asked, code) {
        let text = "{drug} is a product of {code}, which is labelled for other routes than the one given, so no line is billed: check the route and the product";
        let field = Field::Administration(asked.at.0, "route");
        coding.find(Severity::Block, Reason::WrongCodeForSetting, field, &N_07, text, &facts);
        return None;
    }
    let Some(unit) = unit_of(coding, asked, code) else {
        ask_unit(coding, asked, code);
        return None;
    };
    let facts = [facts[0], facts[1], fact::catalog("unit", Value::Quantity(unit))];
    let text = "{drug} is billed by {code}, a product code of CPT; one unit of it is {unit}";
    coding.result.trail.fired(&U_01, asked.subject(), text, &facts);
    Some(stated::without_version())
}

/// Whether the crosswalk lists a package under a code where it lists it under such codes alone (rule L-04).
pub(super) fn agrees_with_package(
    coding: &mut Coding<'_>,
    asked: &Asked<'_>,
    code: HcpcsCode,
    ndc: Ndc,
) -> bool {
    let catalog = coding.catalog;
    let mut codes: Vec<HcpcsCode> = catalog.ndc_on(ndc, coding.date).map(|entry| entry.code).collect();
    codes.retain(|code| {
        identity::is_cpt_product(coding, *code) || catalog.lookup(*code, coding.date).billable().is_some()
    });
    let Some(first) = codes.first().copied().filter(|_| !codes.contains(&code)) else { return true };
    let facts = [
        fact::given("ndc", Value::Ndc(ndc)),
        fact::given("code", Value::Code(code)),
        fact::catalog("right", Value::Code(first)),
    ];
    let text = "NDC {ndc} belongs to {right} and not to {code}; they are not interchanged";
    coding.find(Severity::Block, Reason::NdcCodeMismatch, asked.field("ndc"), &L_04, text, &facts);
    ask_codes(coding, asked, codes);
    false
}

/// Names the code and asks for its unit; the crosswalk of the package offers one.
pub(super) fn ask_unit(coding: &mut Coding<'_>, asked: &Asked<'_>, code: HcpcsCode) {
    let facts = [fact::given("drug", Value::Of(asked.field(""))), fact::catalog("code", Value::Code(code))];
    let field = asked.field("billing_unit");
    let text = match asked.drug.code {
        Some(_) => {
            "{code} is a product code of CPT, whose unit the catalog does not hold: state its billing unit"
        }
        None => {
            "{drug} is billed by {code}, a product code of CPT, whose unit the catalog does not hold: state the code with its billing unit"
        }
    };
    coding.find(Severity::Block, Reason::NoBillingUnit, field, &U_01, text, &facts);
    let at = asked.at;
    let unit =
        of_package(coding, asked).filter(|entry| entry.code == code).and_then(|entry| unit(asked, entry));
    let listed = coding.policy.drug_line.cpt_product_units.iter().find(|row| row.code == code);
    let listed = listed.map(|row| row.quantity);
    let (unit, label) = match (listed, unit) {
        (Some(unit), _) => (Some(unit), format!("{unit}, as the payment file of CMS counts it")),
        (None, Some(unit)) => (Some(unit), format!("{unit}, as the NDC crosswalk counts the package")),
        (None, None) => (None, String::new()),
    };
    let possibilities = unit.map(|unit| -> Possibility<'_> {
        let state = move |encounter: &mut crate::domain::encounter::Encounter| {
            let drug = drug_at(encounter, at);
            (drug.code, drug.billing_unit) = (Some(code), Some(unit));
        };
        (label, Box::new(state))
    });
    let text = "What is one unit of {code}?";
    ask(coding, field, &U_01, text, &facts, possibilities.into_iter().collect());
}

/// The volume of one unit by the crosswalk, for a drug that is measured by volume; never an inexact one.
fn unit(asked: &Asked<'_>, entry: &NdcEntry) -> Option<Quantity> {
    let by_volume = asked.drug.dose_administered?.unit.measure() == Measure::Volume;
    let (size, units) = (i128::from(entry.package_size.nanos()), i128::from(entry.bill_units.nanos()));
    let is_exact = by_volume && units > 0 && size * ONE % units == 0;
    let nanos = is_exact.then(|| i64::try_from(size * ONE / units).ok())??;
    Some(Quantity::new(Decimal::from_nanos(nanos), Unit::Milliliter))
}
