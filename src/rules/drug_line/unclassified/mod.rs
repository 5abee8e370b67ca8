//! Drugs without a code of their own: which unclassified code, how many units, which narrative.

mod narrative;
mod records;

use crate::catalog::CodeVersion;
use crate::domain::billing::NoUnitReason;
use crate::domain::code::HcpcsCode;
use crate::domain::drug::{DrugGiven, Laterality, ProductKind};
use crate::domain::encounter::Route;
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::domain::quantity::Quantity;
use crate::engine::Coding;
use crate::engine::trail::{Subject, Value, fact};
use crate::policy::parameters::{NewDrugCode, UnclassifiedCode, UnclassifiedUnits};
use crate::rules::drug_line::treatment::{Dose, Treatment, ask, drug_at};
use crate::rules::drug_line::units::administered_units;
use crate::rules::drug_line::units::convert::{self, LastPlace};

pub use narrative::write;
pub use records::*;

/// The unclassified code of a product in this setting on this date (rules N-02, N-03).
pub fn select<'a>(coding: &mut Coding<'a>, at: (u16, u16), drug: &DrugGiven) -> Option<&'a CodeVersion> {
    let route = coding.encounter.administrations[usize::from(at.0)].route;
    let kind = by_route(drug.product_kind?, route);
    let code = code_for(coding, at, drug, kind)?;
    let date = coding.date;
    let version = coding.catalog.lookup(code, date).billable();
    let facts = [fact::derived("code", Value::Code(code)), fact::given("date", Value::Date(date))];
    match version {
        Some(_) => {
            let text = "No specific code is in force on {date}; {code} is the unclassified code of this kind of product";
            coding.result.trail.fired(&N_02, Subject::Drug(at.0, at.1), text, &facts);
        }
        None => {
            let text =
                "{code} is the unclassified code of this kind of product and is not in the catalog on {date}";
            let field = Field::Drug(at.0, at.1, "product_kind");
            coding.find(Severity::Block, Reason::CodeNotInForce, field, &N_02, text, &facts);
        }
    }
    version
}

/// The kind of product that a drug is by its route: what is swallowed is an oral drug (rule N-02).
const fn by_route(kind: ProductKind, route: Option<Route>) -> ProductKind {
    match (kind, route) {
        (ProductKind::Drug | ProductKind::Biologic, Some(Route::Oral)) => ProductKind::OralNonChemotherapy,
        (ProductKind::Antineoplastic, Some(Route::Oral)) => ProductKind::OralChemotherapy,
        _ => kind,
    }
}

/// Names the code that the authorities have in place of the guide's (row G-18).
fn note_departure(coding: &mut Coding<'_>, at: (u16, u16), drug: &DrugGiven, plain: &UnclassifiedCode) {
    let (parameters, setting) = (&coding.policy.drug_line, coding.encounter.setting);
    let is_new_here = |row: &&NewDrugCode| {
        let is_old = drug.fda_approved.is_some_and(|approved| approved < row.approved_from);
        row.settings.contains(&setting) && row.kinds.contains(&plain.kind) && !is_old
    };
    let new = parameters.new_drug_codes.iter().find(is_new_here).map(|row| row.code);
    let of_kind = || parameters.unclassified_codes.iter().find(|row| row.kind == plain.kind);
    let Some(right) = new.or_else(|| of_kind().map(|row| row.code)) else { return };
    let facts = [
        fact::derived("code", Value::Code(plain.code)),
        fact::parameter("right", Value::Code(right), &parameters.unclassified_codes),
    ];
    let subject = Subject::Drug(at.0, at.1);
    let text = "The guide bills a product without a code of its own by {code}";
    coding.result.trail.fired(&G_18, subject, text, &facts[..1]);
    if right != plain.code {
        let text = "The guide names {code} for every such product; CMS has {right} for one of this kind and setting (Pub. 100-04 chapter 17)";
        let field = Field::Drug(at.0, at.1, "product_kind");
        coding.find(Severity::Info, Reason::GuideDepartsFromAuthority, field, &G_18, text, &facts);
    }
}

fn code_for(
    coding: &mut Coding<'_>,
    at: (u16, u16),
    drug: &DrugGiven,
    kind: ProductKind,
) -> Option<HcpcsCode> {
    let parameters = &coding.policy.drug_line;
    if let Some(row) = parameters.plain_unclassified_codes.iter().find(|row| row.kind == kind) {
        note_departure(coding, at, drug, row);
        return Some(row.code);
    }
    let setting = coding.encounter.setting;
    let new_drug = parameters
        .new_drug_codes
        .iter()
        .find(|row| row.settings.contains(&setting) && row.kinds.contains(&kind));
    let by_kind = parameters.unclassified_codes.iter().find(|row| row.kind == kind).map(|row| row.code);
    let Some(row) = new_drug else { return by_kind };
    if drug.fda_approved.is_some_and(|approved| approved > coding.date) {
        refuse_unapproved(coding, at, drug, row.code);
        return None;
    }
    match drug.fda_approved {
        Some(approved) if approved >= row.approved_from => return Some(row.code),
        Some(_) => return by_kind,
        None if has_suffix(drug) => return Some(row.code),
        None => {}
    }
    let from = row.approved_from;
    let field = Field::Drug(at.0, at.1, "fda_approved");
    let facts = [fact::derived("code", Value::Code(row.code)), fact::derived("from", Value::Date(from))];
    let text =
        "Whether the product was approved on or after {from} decides between {code} and the code of its kind";
    coding.find(Severity::Block, Reason::MissingNarrativeFact, field, &N_03, text, &facts);
    let since: crate::rules::drug_line::treatment::Possibility<'_> = (
        format!("approved on or after {from}"),
        Box::new(move |encounter| drug_at(encounter, at).fda_approved = Some(from)),
    );
    let before: crate::rules::drug_line::treatment::Possibility<'_> = (
        format!("approved before {from}"),
        Box::new(move |encounter| drug_at(encounter, at).fda_approved = from.yesterday().ok()),
    );
    ask(coding, field, &N_03, "When was the product approved by the FDA?", &facts, vec![since, before]);
    None
}

/// A product that was approved after the date of service had no new-drug code on it (rule N-03).
fn refuse_unapproved(coding: &mut Coding<'_>, at: (u16, u16), drug: &DrugGiven, code: HcpcsCode) {
    let facts = [
        fact::derived("code", Value::Code(code)),
        fact::given("approved", drug.fda_approved.map_or(Value::None, Value::Date)),
        fact::given("date", Value::Date(coding.date)),
    ];
    let text = "The product is stated as approved on {approved}, after {date}: {code} is for products that were approved when they were given; check both dates";
    let field = Field::Drug(at.0, at.1, "fda_approved");
    coding.find(Severity::Block, Reason::CodeNotInForce, field, &N_03, text, &facts);
}

/// A four-letter suffix of a biologic's name, which the FDA has given since 2015 (rule N-09).
pub fn has_suffix(drug: &DrugGiven) -> bool {
    let name = drug.name.as_deref().unwrap_or_default();
    name.split_whitespace()
        .next()
        .and_then(|word| word.rsplit_once('-'))
        .is_some_and(|(_, suffix)| suffix.len() == 4 && suffix.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// Whether an unclassified code may stand for this product here (rules N-01..N-03).
///
/// A stated kind of product that has another unclassified code is refused; a code that the caller
/// chose without a kind is taken, but for a drug by mouth.
pub fn is_admissible(coding: &mut Coding<'_>, dose: &Dose<'_>) -> bool {
    let code = dose.code;
    let parameters = &coding.policy.drug_line;
    let route = dose.administration.route;
    let of_code = || parameters.unclassified_codes.iter().find(|row| row.code == code).map(|row| row.kind);
    let stated = dose.drug.product_kind.or_else(|| of_code().filter(|_| route == Some(Route::Oral)));
    let Some(kind) = stated.map(|kind| by_route(kind, route)) else { return true };
    if parameters.plain_unclassified_codes.iter().any(|row| row.kind == kind && row.code == code) {
        return true;
    }
    let of_kind = parameters.unclassified_codes.iter().find(|row| row.kind == kind).map(|row| row.code);
    let setting = coding.encounter.setting;
    let of_new = parameters
        .new_drug_codes
        .iter()
        .filter(|row| row.settings.contains(&setting) && row.kinds.contains(&kind))
        .any(|row| row.code == code);
    let Some(right) = of_kind.filter(|right| *right != code && !of_new) else { return true };
    let facts = [fact::given("code", Value::Code(code)), fact::derived("right", Value::Code(right))];
    let text = "{code} is the unclassified code of another kind of product; this kind is {right}";
    coding.find(Severity::Block, Reason::WrongCodeForSetting, dose.field("hcpcs_code"), &N_02, text, &facts);
    false
}

/// Units of an unclassified code: one, or what the payer counts (rule N-04).
pub fn units(coding: &mut Coding<'_>, treatment: &Treatment<'_>) -> u32 {
    debug_assert_eq!(treatment.version().billing, Err(NoUnitReason::Unclassified));
    let dose = *treatment.first();
    let units = payer_dosage(coding, &dose).or_else(|| stated_dosage(coding, &dose)).unwrap_or_else(|| {
        let sides = if treatment.laterality == Some(Laterality::Bilateral) { 2 } else { 1 };
        match *coding.policy.drug_line.unclassified_units {
            UnclassifiedUnits::One | UnclassifiedUnits::StatedDosage => sides,
            UnclassifiedUnits::Containers => {
                dose.drug.containers.iter().map(|container| container.count).sum::<u32>().max(1)
            }
        }
    });
    let given = dose.drug.dose_administered;
    let is_given = given.is_none_or(|amount| !amount.value.is_zero());
    let facts = [fact::derived("units", Value::Count(i64::from(units)))];
    let text = "An unclassified code has no billing unit: {units}; the narrative carries the dose";
    coding.result.trail.fired(&N_04, treatment.subject(), text, &facts);
    if is_given { units } else { 0 }
}

/// Whether the payer has a unit of its own for the unclassified drug of a dose, which the request or the policy tells.
pub fn has_own_unit(coding: &Coding<'_>, dose: &Dose<'_>) -> bool {
    payer_dosage(coding, dose).or_else(|| stated_dosage(coding, dose)).is_some()
}

/// The units of a dosage that the payer itself defines.
fn payer_dosage(coding: &Coding<'_>, dose: &Dose<'_>) -> Option<u32> {
    let name = dose.drug.name.as_deref()?.to_lowercase();
    let table = &coding.policy.drug_line.unclassified_dosages;
    let is_it = |row: &&crate::policy::parameters::UnclassifiedDosage| {
        row.code == dose.code && row.names.iter().any(|known| name.contains(known.as_str()))
    };
    let row = table.iter().find(is_it)?;
    units_of(coding, dose, row.quantity)
}

/// The units of the dosage that the caller knows from the payer, where the payer defines its own.
fn stated_dosage(coding: &Coding<'_>, dose: &Dose<'_>) -> Option<u32> {
    let is_stated = *coding.policy.drug_line.unclassified_units == UnclassifiedUnits::StatedDosage;
    units_of(coding, dose, dose.drug.billing_unit.filter(|_| is_stated)?)
}

fn units_of(coding: &Coding<'_>, dose: &Dose<'_>, unit: Quantity) -> Option<u32> {
    let measure = unit.unit.measure();
    let given = dose.drug.dose_administered?;
    let amount = convert::in_measure(given, measure, dose.per_ml, LastPlace::Up).ok()?;
    administered_units(amount, unit.in_base(), *coding.policy.drug_line.unit_rounding).ok()
}
