//! What one container of an NDC holds: where the record gives no content, and where its content says otherwise (rules
//! D-07, D-10).

use smallvec::SmallVec;

use crate::catalog::ndc::NdcEntry;
use crate::catalog::{Catalog, CodeFlag, CodeVersion};
use crate::domain::billing::{BillingUnit, UnitForm};
use crate::domain::code::{HcpcsCode, Ndc};
use crate::domain::drug::{Container, DrugGiven, NdcGiven};
use crate::domain::encounter::Encounter;
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::domain::quantity::{Decimal, Measure, Quantity, Unit};
use crate::domain::time::Date;
use crate::engine::Coding;
use crate::engine::trail::{Subject, Value, fact};
use crate::policy::Policy;
use crate::rules::drug_line::drug_marks::DrugMark;
use crate::rules::drug_line::ndc_report::{D_07, D_10};
use crate::rules::drug_line::treatment::{Dose, Treatment};
use crate::rules::drug_line::units::convert::{LastPlace, Strength, in_measure};
use crate::rules::drug_line::units::{Billed, Counting};

/// Billing units of a container are printed to two decimals, so amounts that are nearer than a twentieth are one.
const TOLERANCE_PARTS: i128 = 20;

/// Contents of one package that are held without an allocation; few crosswalks differ.
const CONTENTS_INLINE: usize = 2;

/// The crosswalks, and what the policy says of reading them.
type Book<'a> = (&'a Catalog, &'a Policy);

type Contents = SmallVec<[Quantity; CONTENTS_INLINE]>;

/// A container without a content: one container, whatever it holds.
pub const UNSTATED: Quantity = Quantity::new(Decimal::ONE, Unit::Vial);

/// Whether a content says no more than that it is one container or one piece: a device, an implant.
pub fn is_one_piece(content: Quantity) -> bool {
    content == UNSTATED || content == Quantity::new(Decimal::ONE, Unit::Each)
}

/// A content that the crosswalk told, and where.
pub struct Filled {
    at: (u16, u16),
    ndc: Ndc,
    code: HcpcsCode,
    content: Quantity,
}

/// The encounter with the contents that the crosswalk tells of containers without one; nothing where all are stated.
pub fn filled(encounter: &Encounter, catalog: &Catalog, policy: &Policy) -> Option<(Encounter, Vec<Filled>)> {
    let is_open = |container: &Container| container.content.unit == Unit::Vial;
    let holds_open = |drug: &DrugGiven| drug.containers.iter().any(is_open);
    if !encounter.administrations.iter().any(|administration| administration.drugs.iter().any(holds_open)) {
        return None;
    }
    let (mut changed, mut contents) = (encounter.clone(), Vec::new());
    for (a, administration) in encounter.administrations.iter().enumerate() {
        let date = encounter.date_of(administration);
        for (d, drug) in administration.drugs.iter().enumerate() {
            for (c, container) in drug.containers.iter().enumerate().filter(|(_, one)| is_open(one)) {
                let Some(ndc) = ndc_of(drug, container) else { continue };
                let Some((code, one)) = content_of((catalog, policy), drug, ndc, date) else { continue };
                let content = times(one, container.content.value).unwrap_or(one);
                changed.administrations[a].drugs[d].containers[c].content = content;
                contents.push(Filled { at: (a as u16, d as u16), ndc, code, content });
            }
        }
    }
    (!contents.is_empty()).then_some((changed, contents))
}

/// Notes which contents the crosswalk told.
pub fn note(coding: &mut Coding<'_>, contents: &[Filled]) {
    for Filled { at: (a, d), ndc, code, content } in contents {
        let facts = [
            fact::given("ndc", Value::Ndc(*ndc)),
            fact::catalog("code", Value::Code(*code)),
            fact::catalog("content", Value::Quantity(*content)),
        ];
        let text =
            "No content is stated; the crosswalk lists a container of {ndc} under {code} with {content}";
        coding.result.trail.fired(&D_10, Subject::Drug(*a, *d), text, &facts);
    }
}

/// Names contents that are not those of the package: another container was opened, or the content is wrong (rule D-07).
#[inline]
pub fn check(coding: &mut Coding<'_>, treatment: &Treatment<'_>, billed: &Billed) {
    // Many records hold no NDC, and then there is nothing to compare with.
    if treatment.stated.has(DrugMark::Ndc) {
        compare(coding, treatment, billed);
    }
}

fn compare(coding: &mut Coding<'_>, treatment: &Treatment<'_>, billed: &Billed) {
    let Counting::Amount(measured) = &billed.counting else { return };
    for dose in treatment.doses.iter().filter(|dose| dose.stated.has(DrugMark::Ndc)) {
        let listed = |ndc| listed_contents((coding.catalog, coding.policy), dose, ndc);
        let agrees = |container: &Container, contents: &[Quantity]| {
            let base = |amount| in_measure(amount, measured.measure(), dose.per_ml, LastPlace::Down).ok();
            let near = |one: i128, other: i128| {
                one == other || (one - other).abs().saturating_mul(TOLERANCE_PARTS) <= other
            };
            let Some(stated) = base(container.content) else { return true };
            contents.iter().filter_map(|content| base(*content)).any(|listed| near(stated, listed))
        };
        let of_drug = read(dose.drug.ndc.as_ref());
        // The NDC of the drug is that of one of its containers, and the others may be of further sizes.
        let may_be_of_drug = |container: &Container| container.ndc.is_none();
        let is_met = of_drug.map(listed).is_some_and(|own| {
            dose.drug.containers.iter().any(|one| may_be_of_drug(one) && agrees(one, &own))
        });
        let mut wrong = Vec::new();
        for (c, container) in dose.drug.containers.iter().enumerate() {
            let Some(ndc) = ndc_of(dose.drug, container) else { continue };
            let contents = listed(ndc);
            let is_excused = may_be_of_drug(container) && is_met;
            if let Some(first) = contents.first().filter(|_| !is_excused && !agrees(container, &contents)) {
                wrong.push((c as u16, ndc, container.content, *first));
            }
        }
        for (c, ndc, stated, content) in wrong {
            let facts = [
                fact::given("ndc", Value::Ndc(ndc)),
                fact::given("stated", Value::Quantity(stated)),
                fact::catalog("content", Value::Quantity(content)),
            ];
            let text = "A container of {ndc} holds {content} by the crosswalk and not the stated {stated}; the stated content counts: correct it, or give the NDC of the container that was opened";
            let field = Field::Container(dose.at.0, dose.at.1, c, "content");
            coding.find(Severity::Warn, Reason::NdcCodeMismatch, field, &D_07, text, &facts);
        }
    }
}

/// The contents of a package under the code of a dose, by every crosswalk held; of a bottle also that of one piece.
fn listed_contents(book: Book<'_>, dose: &Dose<'_>, ndc: Ndc) -> Contents {
    let Some(unit) = dose.version.billing_unit() else { return Contents::new() };
    let rows = || book.0.ndc(ndc).iter().filter(|row| row.code == dose.code);
    let bottles = rows().filter_map(|row| content_by_unit(book.1, row, unit, Forms::Amounts));
    if !dose.version.flags.has(CodeFlag::Oral) {
        return bottles.collect();
    }
    let pieces = rows()
        .filter_map(|row| piece_of(content_by_unit(book.1, row, unit, Forms::Amounts)?, row.package_size));
    bottles.chain(pieces).collect()
}

/// One of the pieces of a bottle; rounded **down** to the last place kept.
fn piece_of(content: Quantity, pieces: Decimal) -> Option<Quantity> {
    let whole = i128::from(content.value.nanos()).checked_mul(i128::from(Decimal::ONE.nanos()))?;
    let nanos = i64::try_from(whole.checked_div(i128::from(pieces.nanos()))?).ok()?;
    Some(Quantity::new(Decimal::from_nanos(nanos), content.unit))
}

/// The content of one container of a package; nothing where the crosswalk tells none, or two.
fn content_of(book: Book<'_>, drug: &DrugGiven, ndc: Ndc, date: Date) -> Option<(HcpcsCode, Quantity)> {
    let catalog = book.0;
    let is_of_code = |row: &&NdcEntry| drug.code == Some(row.code);
    let has_code = catalog.ndc_on(ndc, date).any(|row| is_of_code(&row));
    let forms = if is_in_vials(drug) { Forms::AsBilled } else { Forms::Amounts };
    let mut rows = catalog.ndc_on(ndc, date).filter(|row| !has_code || is_of_code(row));
    let first = rows.next()?;
    let content = content_of_row(book, first, date, forms)?;
    let is_same = |row: &NdcEntry| {
        let other = content_of_row(book, row, date, forms);
        other.and_then(|other| other.compare(content)).is_some_and(std::cmp::Ordering::is_eq)
    };
    rows.all(is_same).then_some((first.code, content))
}

/// Of which codes the billing units of a container are taken for what it holds.
#[derive(Clone, Copy)]
enum Forms {
    /// Of those that count an amount: one that counts up to an amount tells no content.
    Amounts,
    /// Of those too that count up to an amount: a dose of whole containers is billed by what each is billed by.
    AsBilled,
}

/// Whether the dose is stated in containers.
fn is_in_vials(drug: &DrugGiven) -> bool {
    drug.dose_administered.is_some_and(|dose| dose.unit == Unit::Vial)
}

/// The billing units of a container in the unit of the code.
fn content_of_row((catalog, policy): Book<'_>, row: &NdcEntry, date: Date, forms: Forms) -> Option<Quantity> {
    content_by_unit(policy, row, catalog.lookup(row.code, date).version()?.billing_unit()?, forms)
}

fn content_by_unit(policy: &Policy, row: &NdcEntry, unit: BillingUnit, forms: Forms) -> Option<Quantity> {
    let is_amount = match unit.form {
        UnitForm::Multiple | UnitForm::Components => true,
        UnitForm::UpTo => matches!(forms, Forms::AsBilled),
        _ => false,
    };
    let content = times(unit.quantity, row.bill_units).filter(|_| is_amount)?;
    let is_told = !content.value.is_zero() && !is_placeholder(policy, row, unit.quantity);
    is_told.then_some(content)
}

/// Whether a row counts one of the smallest measure in place of what its package holds: the potency of clotting factors
/// and of proteins out of plasma differs by lot and stands on the label alone (rule D-10).
///
/// No package holds one international unit, and none that bills less than a unit holds one milligram sharp; one
/// milligram that is a whole unit may be a true content, so the policy names those codes of which it is none.
pub fn is_placeholder(policy: &Policy, row: &NdcEntry, unit: Quantity) -> bool {
    let is_single = row.package_size == Decimal::ONE && row.package_quantity == Decimal::ONE;
    if !is_single || row.bill_units > Decimal::ONE {
        return false;
    }
    let Some(content) = times(unit, row.bill_units) else { return false };
    let is_one = content.value == Decimal::ONE;
    let is_below_unit = row.bill_units < Decimal::ONE && unit.value > Decimal::ONE;
    is_one && (is_below_unit || content.unit == Unit::BiologicalUnit)
        || policy.drug_line.lot_content_codes.contains(&row.code)
}

/// The content of one container of the NDC of a dose, where one is given and listed.
pub fn content_of_dose(coding: &Coding<'_>, dose: &Dose<'_>) -> Option<Quantity> {
    let ndc = dose.drug.ndcs().next()?;
    content_of((coding.catalog, coding.policy), dose.drug, ndc, dose.date()).map(|(_, content)| content)
}

/// What one container of the code of a dose holds, where the crosswalk and the tables of containers know no two contents
/// of it: one vial of a powder that is sold in one size.
pub fn content_of_code(coding: &Coding<'_>, dose: &Dose<'_>) -> Option<Quantity> {
    let unit = dose.billing.ok()?;
    let rows = coding.catalog.ndcs.iter().flat_map(|(_, rows)| rows).filter(|row| row.code == dose.code);
    let mut contents = rows.map(|row| content_by_unit(coding.policy, row, unit, Forms::AsBilled)).peekable();
    // What no crosswalk lists is told by its label alone.
    if contents.peek().is_none() {
        let by_label = coding.policy.drug_line.container_contents.iter().find(|row| row.code == dose.code);
        return by_label.map(|row| row.quantity);
    }
    let first = contents.next()??;
    let is_it = |other: Quantity| other.compare(first).is_some_and(std::cmp::Ordering::is_eq);
    let listed = dose.listed.map(|drug| &*drug.container_sizes).unwrap_or_default();
    let mut known = listed.iter().copied().chain(coding.catalog.formulary.known_contents(dose.code));
    (contents.all(|other| other.is_some_and(is_it)) && known.all(is_it)).then_some(first)
}

/// What containers of the code of a dose hold by the crosswalk, the smallest first, where it knows a few contents.
pub fn contents_of_code(coding: &Coding<'_>, dose: &Dose<'_>) -> Vec<Quantity> {
    const OFFERED_MAX: usize = 4;
    let Ok(unit) = dose.billing else { return Vec::new() };
    let rows = coding.catalog.ndcs.iter().flat_map(|(_, rows)| rows).filter(|row| row.code == dose.code);
    let mut contents: Vec<Quantity> =
        rows.filter_map(|row| content_by_unit(coding.policy, row, unit, Forms::AsBilled)).collect();
    contents.sort_unstable_by_key(|content| content.in_base());
    contents.dedup_by_key(|content| content.in_base());
    if contents.len() > OFFERED_MAX { Vec::new() } else { contents }
}

/// Digits after the point that the crosswalk prints of billing units; where all are used, the number may be rounded.
const PRINTED_PLACE: i64 = 10_000_000;

/// The strength of a solution that the crosswalk tells by the volume and the billing units of its package, where the
/// request states a volume and no strength (rules U-06, D-10).
pub fn strength(
    coding: &mut Coding<'_>,
    drug: &DrugGiven,
    at: (u16, u16),
    version: &CodeVersion,
) -> Option<Strength> {
    let contents = drug.containers.iter().map(|container| container.content);
    let mut stated = drug.dose_administered.into_iter().chain(drug.dose_discarded).chain(contents);
    let unit = version.billing.ok()?.quantity;
    let is_asked = unit.unit.measure() != Measure::Volume
        && !version.flags.has(CodeFlag::Oral)
        && stated.any(|amount| amount.unit.measure() == Measure::Volume);
    if !is_asked {
        return None;
    }
    let mut strengths = drug.ndcs().map(|ndc| (ndc, strength_of(coding, ndc, version)));
    let (ndc, first) = strengths.next()?;
    let strength = first.filter(|_| strengths.all(|(_, other)| other == first))?;
    let facts = [
        fact::given("ndc", Value::Ndc(ndc)),
        fact::catalog("content", Value::Quantity(strength.amount)),
        fact::catalog("volume", Value::Quantity(strength.volume)),
    ];
    let text =
        "No concentration is stated; the crosswalk lists a container of {ndc} with {content} in {volume}";
    coding.result.trail.fired(&D_10, Subject::Drug(at.0, at.1), text, &facts);
    Some(strength)
}

/// The strength of one package on the date; nothing where it is no liquid, or two rows differ.
fn strength_of(coding: &Coding<'_>, ndc: Ndc, version: &CodeVersion) -> Option<Strength> {
    let of_row = |row: &NdcEntry| {
        let is_liquid = !row.is_counted() && !row.package_size.is_zero();
        let has_place_left = row.bill_units.nanos() % (PRINTED_PLACE * 10) == 0;
        let content = content_of_row((coding.catalog, coding.policy), row, coding.date, Forms::Amounts)?;
        let volume = Quantity::new(row.package_size, Unit::Milliliter);
        (is_liquid && has_place_left).then_some(Strength { amount: content, volume })
    };
    let rows = coding.catalog.ndc_on(ndc, coding.date).filter(|row| row.code == version.code);
    let mut strengths = rows.map(of_row);
    let first = strengths.next()??;
    strengths.all(|other| other == Some(first)).then_some(first)
}

/// An amount times a number of units; rounded **down** to the last place kept.
pub fn times(amount: Quantity, units: Decimal) -> Option<Quantity> {
    if let Some(count) = units.whole_count() {
        return amount.checked_times(count);
    }
    let product = i128::from(amount.value.nanos()).checked_mul(i128::from(units.nanos()))?;
    let nanos = i64::try_from(product / i128::from(Decimal::ONE.nanos())).ok()?;
    Some(Quantity::new(Decimal::from_nanos(nanos), amount.unit))
}

/// The NDC of a container, else that of its drug.
fn ndc_of(drug: &DrugGiven, container: &Container) -> Option<Ndc> {
    read(container.ndc.as_ref()).or_else(|| read(drug.ndc.as_ref()))
}

fn read(ndc: Option<&NdcGiven>) -> Option<Ndc> {
    match ndc? {
        NdcGiven::Read(ndc) => Some(*ndc),
        NdcGiven::Ambiguous(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_and_broken_units_of_an_amount_agree() {
        let one = Quantity::parse("0.075", "mg").expect("an amount");
        let of = |units: &str| times(one, units.parse().expect(units)).map(|amount| amount.to_string());
        assert_eq!(of("40").as_deref(), Some("3 mg"));
        assert_eq!(of("0.5").as_deref(), Some("0.0375 mg"));
        assert_eq!(of("0").as_deref(), Some("0 mg"));
        assert_eq!(times(Quantity::new(Decimal::whole(9), Unit::Gram), Decimal::whole(1_500_000_000)), None);
    }
}
