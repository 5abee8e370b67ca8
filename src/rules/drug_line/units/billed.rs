//! The units of a treatment: its doses in the measure of its code, added and rounded once.

use smallvec::SmallVec;

use super::convert::{self, AmountError, LastPlace};
use super::*;
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::domain::quantity::Unit;
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::policy::Policy;
use crate::policy::parameters::{CodeMark, UnitRounding};
use crate::rules::Rule;
use crate::rules::drug_line::limits::G_17;
use crate::rules::drug_line::treatment::{Dose, Treatment, ask, drug_at, readable};

/// The administered amount of a treatment in billing units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Billed {
    /// Units of the administered line.
    pub units: u32,
    pub counting: Counting,
}

/// How the units were counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counting {
    /// Multiples of an amount.
    Amount(Measured),
    /// One a container (rule U-09).
    Containers,
    /// One an event (rule U-09).
    Events,
    /// An unclassified code (rule N-04).
    Unclassified,
}

/// Exact amounts in the base of the code's measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// One billing unit.
    pub one: i128,
    pub administered: i128,
    /// The unit to print amounts in.
    pub unit: Unit,
}

impl Measured {
    /// The measure that all amounts share.
    pub const fn measure(&self) -> Measure {
        self.unit.measure()
    }

    /// The ordered dose, where every dose of the treatment states one in the measure of the code.
    pub fn ordered(&self, treatment: &Treatment<'_>) -> Option<i128> {
        treatment.doses.iter().map(|dose| ordered_amount(dose, self.unit)).sum()
    }

    /// An amount in the unit of the code.
    pub fn readable(&self, base: i128) -> Value {
        readable(base, self.unit)
    }
}

/// Counts the units of a treatment, or says what keeps it from being counted.
pub(in crate::rules::drug_line) fn bill(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
) -> Option<Billed> {
    let billed = count(coding, treatment)?;
    if billed.units == 0 {
        let text = "Nothing was given, so neither an administered nor a discarded amount is billed";
        coding.not_billed(treatment.field(""), &crate::rules::drug_line::waste::W_13, text, &[]);
        return None;
    }
    Some(billed)
}

fn count(coding: &mut Coding<'_>, treatment: &Treatment<'_>) -> Option<Billed> {
    match unit_of(coding.policy, treatment) {
        Ok(unit) => match unit.form {
            UnitForm::PerContainer => containers(coding, treatment, unit),
            UnitForm::PerEvent => events::count(coding, treatment, unit),
            _ => amounts(coding, treatment, unit),
        },
        Err(NoUnitReason::Unclassified) => Some(unclassified(coding, treatment)),
        Err(reason) => {
            let facts = [fact::catalog("code", Value::Code(treatment.code()))];
            let text = match reason {
                NoUnitReason::NotADrug => {
                    "{code} is the code of a service or a supply and of no drug: state the code, the NDC or the name of the drug that was given"
                }
                NoUnitReason::NoAmountStated => {
                    "CMS states no amount for {code}, so what one unit of it is has to be stated: give its billing unit as the payer has it"
                }
                _ => "{code} has no proven billing unit on this date; import the CMS file that states it",
            };
            block(coding, treatment.field("hcpcs_code"), Reason::NoBillingUnit, &U_01, text, &facts);
            None
        }
    }
}

/// The unit that counts: the convention of a two-component code, or the catalog's (rule U-08).
fn unit_of(policy: &Policy, treatment: &Treatment<'_>) -> Result<BillingUnit, NoUnitReason> {
    if treatment.first().is_unclassified {
        return Err(NoUnitReason::Unclassified);
    }
    let unit = treatment.first().billing?;
    if !treatment.first().marks.has(CodeMark::Components) {
        return Ok(unit);
    }
    let convention = policy.drug_line.component_units.iter().find(|row| row.code == treatment.code());
    Ok(convention.map_or(unit, |row| BillingUnit { quantity: row.quantity, ..unit }))
}

fn amounts(coding: &mut Coding<'_>, treatment: &Treatment<'_>, unit: BillingUnit) -> Option<Billed> {
    let unit = components::settle(coding, treatment, unit)?;
    note_components(coding, treatment, unit);
    let one = unit_amount(unit.quantity).ok()?;
    let mut administered: i128 = 0;
    for dose in treatment.doses {
        let amount = given_amount(coding, dose, unit.quantity)?;
        administered = administered.checked_add(amount)?;
        check_order(coding, dose, unit.quantity.unit, amount);
        check_basis(coding, dose);
    }
    let measured = Measured { one, administered, unit: unit.quantity.unit };
    if dispensed::is_open(coding, treatment, &measured) {
        return None;
    }
    let rounding = *coding.policy.drug_line.unit_rounding;
    let Ok(units) = administered_units(administered, one, rounding) else {
        too_large(coding, treatment);
        return None;
    };
    note_units(coding, treatment, &measured, unit, units, rounding);
    Some(Billed { units, counting: Counting::Amount(measured) })
}

/// The administered amount of one dose (rules U-05, U-06).
fn given_amount(coding: &mut Coding<'_>, dose: &Dose<'_>, unit: Quantity) -> Option<i128> {
    let Some(given) = dose.drug.dose_administered else {
        ask_dose(coding, dose);
        return None;
    };
    let given = vials::in_vials(coding, dose, given, unit).unwrap_or(given);
    match convert::in_measure(given, unit.unit.measure(), dose.per_ml, LastPlace::Up) {
        Ok(amount) => Some(amount),
        Err(error) => {
            refuse(coding, dose, given, unit, error);
            None
        }
    }
}

fn ask_dose(coding: &mut Coding<'_>, dose: &Dose<'_>) {
    let field = dose.field("dose_administered");
    let facts = [fact::given("drug", Value::Of(dose.field(""))), fact::missing("dose")];
    let text = "No administered dose of {drug} is documented, so its line is withheld; an ordered dose is not billed";
    block(coding, field, Reason::MissingDose, &U_17, text, &facts);
    let mut possibilities: Vec<crate::rules::drug_line::treatment::Possibility<'_>> = Vec::new();
    if let Some(ordered) = dose.drug.dose_ordered {
        let at = dose.at;
        possibilities.push((
            format!("{ordered} was given, as ordered"),
            Box::new(move |encounter| drug_at(encounter, at).dose_administered = Some(ordered)),
        ));
    }
    possibilities.extend(dispensed::all_of(coding, dose));
    ask(coding, field, &U_17, "Which dose of {drug} was given?", &facts, possibilities);
}

fn refuse(coding: &mut Coding<'_>, dose: &Dose<'_>, given: Quantity, unit: Quantity, error: AmountError) {
    let facts = [
        fact::given("dose", Value::Quantity(given)),
        fact::catalog("unit", Value::Quantity(unit)),
        fact::catalog("code", Value::Code(dose.code)),
    ];
    let field = dose.field("dose_administered");
    match error {
        AmountError::NoConcentration => {
            let text = "{dose} cannot be counted in units of {unit} without a concentration: state the amount per mL or the percentage";
            block(coding, field, Reason::MissingConcentration, &U_06, text, &facts);
            let field = dose.field("amount_per_ml");
            ask(coding, field, &U_06, "How much drug does one mL hold?", &facts, Vec::new());
        }
        AmountError::Negative => {
            block(coding, field, Reason::MissingDose, &U_05, "A dose of {dose} is below zero", &facts);
        }
        AmountError::TooLarge => {
            let text = "{dose} is more than a claim can hold; check the unit";
            block(coding, field, Reason::IncompatibleUnits, &U_05, text, &facts);
        }
        AmountError::Incompatible | AmountError::NoUnit => {
            let text = "{dose} and the {unit} of {code} measure different things: state the dose in the measure of the code";
            block(coding, field, Reason::IncompatibleUnits, &U_05, text, &facts);
            vials::ask_content(coding, dose, given);
        }
    }
}

/// The ordered amount of one dose in the measure of a unit.
fn ordered_amount(dose: &Dose<'_>, unit: Unit) -> Option<i128> {
    convert::in_measure(dose.drug.dose_ordered?, unit.measure(), dose.per_ml, LastPlace::Up).ok()
}

/// Says where another amount was given than was ordered (rule U-17).
fn check_order(coding: &mut Coding<'_>, dose: &Dose<'_>, unit: Unit, given: i128) {
    let Some((stated, ordered)) = dose.drug.dose_ordered.zip(ordered_amount(dose, unit)) else { return };
    // Where nothing was given, no dose is billed.
    if ordered != given && given > 0 {
        let facts =
            [fact::given("ordered", Value::Quantity(stated)), fact::given("given", readable(given, unit))];
        let text = "{ordered} was ordered and {given} given; the administered dose is billed";
        coding.find(
            Severity::Info,
            Reason::OrderedDoseDiffers,
            dose.field("dose_ordered"),
            &U_17,
            text,
            &facts,
        );
    }
}

/// Warns where the dose is stated on another basis than the code counts (rule U-10).
fn check_basis(coding: &mut Coding<'_>, dose: &Dose<'_>) {
    let counted = dose.listed.and_then(|drug| drug.dose_basis.as_deref());
    let (Some(stated), Some(counted)) = (dose.drug.dose_basis.as_deref(), counted) else { return };
    if !stated.trim().eq_ignore_ascii_case(counted) {
        let text =
            "The dose of {drug} is stated on another basis than {code} counts; convert it before billing";
        let facts =
            [fact::given("drug", Value::Of(dose.field(""))), fact::catalog("code", Value::Code(dose.code))];
        coding.find(Severity::Warn, Reason::DoseBasisDiffers, dose.field("dose_basis"), &U_10, text, &facts);
    }
}

fn note_components(coding: &mut Coding<'_>, treatment: &Treatment<'_>, unit: BillingUnit) {
    if unit.form != UnitForm::Components {
        return;
    }
    let table = &coding.policy.drug_line.component_units;
    let facts = [
        fact::catalog("code", Value::Code(treatment.code())),
        fact::parameter("unit", Value::Quantity(unit.quantity), table),
    ];
    if table.iter().any(|row| row.code == treatment.code()) {
        let text = "One unit of {code} covers {unit} of the dose by its stated convention";
        coding.result.trail.fired(&U_08, treatment.subject(), text, &facts);
    } else {
        let text = "{code} names two components and has no recorded convention; each {unit} of the dose is counted as one unit";
        coding.find(Severity::Warn, Reason::DoseBasisDiffers, treatment.field(""), &U_08, text, &facts);
    }
}

fn note_units(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    measured: &Measured,
    unit: BillingUnit,
    units: u32,
    rounding: UnitRounding,
) {
    let facts = [
        fact::given("dose", measured.readable(measured.administered)),
        fact::catalog("unit", Value::Quantity(unit.quantity)),
        fact::derived("units", Value::Count(i64::from(units))),
    ];
    let is_exact = !divided(measured.administered, measured.one).1;
    // Only a dose below one unit is rounded up by either way.
    let up = || administered_units(measured.administered, measured.one, UnitRounding::Up);
    let is_lower = rounding == UnitRounding::Down && up() != Ok(units);
    let (rule, text): (&'static Rule, &'static str) = if is_lower {
        (&G_17, "{dose} at {unit} a unit, rounded down, is {units} units")
    } else if is_exact {
        (&U_01, "{dose} at {unit} a unit is {units} units")
    } else if measured.administered < measured.one {
        (&U_03, "{dose} is less than one unit of {unit} and is billed as {units}")
    } else if unit.form == UnitForm::UpTo {
        (&U_07, "{dose} at up to {unit} a unit is {units} units")
    } else {
        (&U_02, "{dose} at {unit} a unit, rounded up, is {units} units")
    };
    let date = coding.date;
    let trail = &mut coding.result.trail;
    trail.fired(rule, treatment.subject(), text, &facts);
    let is_one_container = matches!(treatment.doses, [dose] if dose.drug.containers.len() <= 1);
    let sizes = if is_one_container { 1 } else { container_sizes(treatment) };
    if sizes > 1 {
        let facts = [fact::given("sizes", Value::Count(sizes as i64))];
        let text = "The amounts from {sizes} sizes of container were added before rounding";
        trail.fired(&U_13, treatment.subject(), text, &facts);
    }
    if treatment.doses.len() > 1 {
        let facts = [
            fact::derived("doses", Value::Count(treatment.doses.len() as i64)),
            fact::derived("date", Value::Date(date)),
        ];
        let text = "{doses} doses of {date} were added before rounding";
        trail.fired(&U_14, treatment.subject(), text, &facts);
    }
    if is_lower {
        warn_of_guide(coding, treatment, &facts);
    }
}

/// Sizes of container that are told apart without an allocation; few treatments have more.
const SIZES_INLINE: usize = 4;

/// How many different contents the opened containers have.
fn container_sizes(treatment: &Treatment<'_>) -> usize {
    let containers = treatment.doses.iter().flat_map(|dose| &dose.drug.containers);
    let mut contents: SmallVec<[i128; SIZES_INLINE]> = SmallVec::new();
    for content in containers.map(|container| container.content.in_base()) {
        if !contents.contains(&content) {
            contents.push(content);
        }
    }
    contents.len()
}

/// Names the authority that the guide departs from (row G-17).
fn warn_of_guide(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    facts: &[crate::engine::trail::NotedFact],
) {
    let text = "The guide rounds {dose} at {unit} down to {units} units; CMS (Pub. 100-04 chapter 17 §10) rounds up to the next whole unit";
    let field = treatment.field("dose_administered");
    coding.find(Severity::Warn, Reason::GuideDepartsFromAuthority, field, &G_17, text, facts);
}

/// One unit a container, whatever was given of it (rule U-09).
fn containers(coding: &mut Coding<'_>, treatment: &Treatment<'_>, unit: BillingUnit) -> Option<Billed> {
    let mut units: u32 = 0;
    for dose in treatment.doses {
        let opened: u32 = dose.drug.containers.iter().map(|container| container.count).sum();
        let given = dose.drug.dose_administered;
        units = units.checked_add(match (opened, given) {
            (_, Some(given)) if given.value.is_zero() => 0,
            (0, Some(given)) => unopened::count(coding, dose, unit, given)?,
            (0, None) => {
                ask_dose(coding, dose);
                return None;
            }
            (opened, _) => opened,
        })?;
    }
    let facts = [fact::derived("units", Value::Count(i64::from(units)))];
    let text = "The code counts containers: {units}, whatever was given of each";
    coding.result.trail.fired(&U_09, treatment.subject(), text, &facts);
    Some(Billed { units, counting: Counting::Containers })
}

fn unclassified(coding: &mut Coding<'_>, treatment: &Treatment<'_>) -> Billed {
    let units = crate::rules::drug_line::unclassified::units(coding, treatment);
    Billed { units, counting: Counting::Unclassified }
}

fn too_large(coding: &mut Coding<'_>, treatment: &Treatment<'_>) {
    let text = "The dose makes more units than any claim holds; check the unit of the dose";
    block(coding, treatment.field("dose_administered"), Reason::UnitsAboveMue, &U_15, text, &[]);
}

fn block(
    coding: &mut Coding<'_>,
    field: Field,
    reason: Reason,
    rule: &'static Rule,
    text: &'static str,
    facts: &[crate::engine::trail::NotedFact],
) {
    coding.find(Severity::Block, reason, field, rule, text, facts);
}
