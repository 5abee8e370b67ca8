//! Which code a drug is billed by: from its code, its NDC or its name, on the date of service.

mod antiemetic;
mod asked;
mod bag_sizes;
mod before_code;
mod brackets;
mod by_dose;
mod candidates;
mod check;
mod combined;
mod compounded;
mod contradiction;
mod cpt_product;
mod flush;
mod named;
mod narrow;
mod near;
mod percent;
mod route;
mod stated;

use crate::catalog::{CodeFlag, CodeVersion, Lookup};
use crate::domain::billing::NoUnitReason;
use crate::domain::code::{HcpcsCode, Ndc};
use crate::domain::drug::{DrugGiven, DrugSource};
use crate::domain::encounter::{Administration, Encounter, Route};
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::engine::Coding;
use crate::engine::trail::{Subject, Value, fact};
use crate::policy::parameters::{CodeMark, NoCostDrug};
use crate::rules::administration::settles_spray;
use crate::rules::drug_line::biosimilar::{B_01, B_05};
use crate::rules::drug_line::drug_marks::DrugMark;
use crate::rules::drug_line::life_cycle::{L_01, L_02, L_03, L_04};
use crate::rules::drug_line::modifiers::{self, M_02};
use crate::rules::drug_line::ndc_report::D_01;
use crate::rules::drug_line::package;
use crate::rules::drug_line::treatment::{self, Dose, Possibility, ask, drug_at};
use crate::rules::drug_line::unclassified;
use crate::rules::drug_line::units::convert::{Strength, amount_per_ml, in_name_by};
use crate::rules::drug_line::waste::{W_12, W_13};
use crate::rules::given::{self, Given};
use crate::rules::identity;
use crate::rules::route_words::{self, Routes};

use asked::Asked;
pub use named::code_of_strength;

/// The doses of the visit that earn a drug line, each with its code.
pub fn resolve_all<'a>(coding: &mut Coding<'a>) -> Vec<Dose<'a>> {
    let encounter = coding.encounter;
    let drugs = encounter.administrations.iter().map(|administration| administration.drugs.len()).sum();
    let mut doses = Vec::with_capacity(drugs);
    for (a, administration) in encounter.administrations.iter().enumerate() {
        coding.turn_to(encounter.date_of(administration));
        for (d, drug) in administration.drugs.iter().enumerate() {
            let asked = Asked::of(coding, (a as u16, d as u16), administration, drug);
            if !was_given(coding, &asked) {
                continue;
            }
            if asked.is_only_named() {
                let text = "{drug} is named without code, NDC or dose, so only its administration is coded";
                let facts = [fact::given("drug", Value::Of(asked.field("")))];
                coding.not_billed(asked.field(""), &L_04, text, &facts);
                continue;
            }
            let Some(version) = resolve(coding, &asked) else { continue };
            let dose = asked.dose(coding, version);
            if is_admissible(coding, &dose) {
                doses.push(dose);
            }
        }
    }
    doses
}

/// Whether a drug was given as its name tells; one whose dose is zero is settled by its units (rule W-13).
fn was_given(coding: &mut Coding<'_>, asked: &Asked<'_>) -> bool {
    let text = match given::of(coding, asked.drug) {
        Given::No if !asked.drug.is_not_given() => {
            "The record says {drug}: it was not given, so neither an administered nor a discarded amount is billed"
        }
        Given::ByOthers => {
            "The record says {drug}: others gave it before the patient came, so its amount is not billed here"
        }
        Given::Open => "The record says {drug}: it waits for whether it was given",
        _ => return true,
    };
    let facts = [fact::given("drug", Value::Of(asked.field("")))];
    coding.not_billed(asked.field(""), &W_13, text, &facts);
    false
}

/// The version of the code that a drug is billed by.
fn resolve<'a>(coding: &mut Coding<'a>, asked: &Asked<'a>) -> Option<&'a CodeVersion> {
    if !is_billable_source(coding, asked) || flush::is_settled(coding, asked) {
        return None;
    }
    let may_be_spray = asked.drug.code.is_none() || asked.marks().has(CodeMark::AdmittedApart);
    if may_be_spray && settles_spray(coding, asked.at, asked.drug) {
        return None;
    }
    report_ambiguous_ndc(coding, asked);
    let version = match asked.drug.code {
        Some(code) => by_code(coding, asked, code),
        None if compounded::is_uncoded(coding, asked) => unclassified::select(coding, asked.at, asked.drug),
        None => {
            candidates::choose(coding, asked).filter(|version| !antiemetic::is_none(coding, asked, version))
        }
    }?;
    if asked.drug.code.is_some()
        && (!compounded::agrees(coding, asked, version)
            || bag_sizes::are_of_other_codes(coding, asked, version))
        || !contradiction::agrees_with_name(coding, asked, version)
    {
        return None;
    }
    let version = check::settle(coding, asked, version)?;
    note_biosimilar(coding, asked, version);
    let version = check::prefer_reference(coding, asked, version);
    let is_unclassified = version.billing == Err(NoUnitReason::Unclassified);
    (!is_unclassified || check::has_no_own_code(coding, asked, version)).then_some(version)
}

/// Whether a dose earns a line: it is no flush that another service includes, and nothing speaks against a code without
/// a unit.
fn is_admissible(coding: &mut Coding<'_>, dose: &Dose<'_>) -> bool {
    !flush::is_included(coding, dose) && (!dose.is_unclassified || unclassified::is_admissible(coding, dose))
}

/// A biosimilar has its own code, and sometimes another unit than its reference (rules B-01, B-05).
fn note_biosimilar(coding: &mut Coding<'_>, asked: &Asked<'_>, version: &CodeVersion) {
    if !version.flags.has(CodeFlag::Biosimilar) {
        return;
    }
    let date = coding.date;
    let reference =
        version.reference_codes.iter().find_map(|code| coding.catalog.lookup(*code, date).billable());
    let quantity = |version: &CodeVersion| version.billing_unit().map(|unit| unit.quantity);
    let printed =
        |version: Option<&CodeVersion>| version.and_then(quantity).map_or(Value::None, Value::Quantity);
    let facts = [
        fact::catalog("code", Value::Code(version.code)),
        fact::catalog("reference", reference.map_or(Value::None, |version| Value::Code(version.code))),
        fact::catalog("unit", printed(Some(version))),
        fact::catalog("reference_unit", printed(reference)),
    ];
    let trail = &mut coding.result.trail;
    trail.fired(
        &B_01,
        asked.subject(),
        "{code} is the biosimilar's own code; its reference is {reference}",
        &facts,
    );
    if reference.is_some_and(|reference| quantity(reference) != quantity(version)) {
        let text = "{code} counts {unit} and its reference {reference} counts {reference_unit}";
        trail.fired(&B_05, asked.subject(), text, &facts);
    }
}

/// Drug that the provider did not buy earns no line (rule W-12).
fn is_billable_source(coding: &mut Coding<'_>, asked: &Asked<'_>) -> bool {
    let no_cost = *coding.policy.drug_line.no_cost_drug;
    let is_billable = match asked.drug.source {
        DrugSource::Purchased | DrugSource::CompetitiveAcquisition => true,
        DrugSource::NoCost => no_cost == NoCostDrug::Report,
        DrugSource::PatientSupplied | DrugSource::WhiteBagged => false,
    };
    if !is_billable {
        let facts = [fact::given("drug", Value::Of(asked.field("")))];
        let text = "The billing entity did not buy {drug}, so it earns no drug line and no waste";
        coding.not_billed(asked.field(""), &W_12, text, &facts);
        coding.find(Severity::Info, Reason::DrugNotPurchased, asked.field("source"), &W_12, text, &facts);
    }
    is_billable
}

fn report_ambiguous_ndc(coding: &mut Coding<'_>, asked: &Asked<'_>) {
    if asked.stated.has(DrugMark::AmbiguousNdc) {
        let text = "An NDC of ten digits without hyphens fits three products; give it with hyphens or in eleven digits";
        let has_code = asked.drug.code.is_some();
        let severity = if has_code { Severity::Warn } else { Severity::Block };
        coding.find(severity, Reason::AmbiguousNdc, asked.field("ndc"), &D_01, text, &[]);
    }
}

/// The version of a stated code on the date of service (rules L-01, L-02).
fn by_code<'a>(coding: &mut Coding<'a>, asked: &Asked<'a>, code: HcpcsCode) -> Option<&'a CodeVersion> {
    let date = coding.date;
    let catalog = coding.catalog;
    let facts = [fact::given("code", Value::Code(code)), fact::given("date", Value::Date(date))];
    match catalog.lookup(code, date) {
        Lookup::InForce(version) => {
            coding.result.trail.fired(&L_01, asked.subject(), "{code} is in force on {date}", &facts);
            Some(version)
        }
        Lookup::Assumed(version) => {
            let text = "What {code} meant on {date} is assumed from the oldest release held";
            coding.find(
                Severity::Info,
                Reason::CodeVersionAssumed,
                asked.field("hcpcs_code"),
                &L_01,
                text,
                &facts,
            );
            Some(version)
        }
        Lookup::Terminated(version) => {
            refuse_terminated(coding, asked, version);
            None
        }
        Lookup::NotYet(_) => {
            let text = "{code} was not yet in force on {date}; bill the code that was";
            coding.find(
                Severity::Block,
                Reason::CodeNotInForce,
                asked.field("hcpcs_code"),
                &L_01,
                text,
                &facts,
            );
            ask_codes(coding, asked, predecessors(coding, code));
            None
        }
        Lookup::Unknown if asked.drug.billing_unit.is_some() => {
            stated::uncoded(coding, asked, Reason::UnknownCode)
        }
        Lookup::Unknown if identity::is_cpt_product(coding, code) => cpt_product::bill(coding, asked, code),
        Lookup::Unknown if is_blood_product(coding, code) => {
            let text = "{code} is a blood product, which the hospital bills by its own unit and the catalog does not hold; state its billing unit to have its line here";
            coding.find(
                Severity::Info,
                Reason::NoBillingUnit,
                asked.field("hcpcs_code"),
                &L_01,
                text,
                &facts,
            );
            None
        }
        Lookup::Unknown => {
            let text = "The catalog knows no code {code}; check it, or import the release that has it";
            coding.find(Severity::Block, Reason::UnknownCode, asked.field("hcpcs_code"), &L_01, text, &facts);
            None
        }
    }
}

fn is_blood_product(coding: &Coding<'_>, code: HcpcsCode) -> bool {
    let ranges = &coding.policy.drug_line.blood_product_codes;
    ranges.iter().any(|(first, last)| (*first..=*last).contains(&code))
}

fn refuse_terminated<'a>(coding: &mut Coding<'a>, asked: &Asked<'a>, version: &'a CodeVersion) {
    let facts = [
        fact::given("code", Value::Code(version.code)),
        fact::given("date", Value::Date(coding.date)),
        fact::catalog("last", version.terminated.map_or(Value::None, Value::Date)),
    ];
    let successors = successors(coding, asked, version);
    let text = if successors.is_empty() {
        "{code} could be billed until {last} and not on {date}; there is no grace period. No code took its place: the unclassified code of its kind of product is what remains, so state the name and the kind in place of the code"
    } else {
        "{code} could be billed until {last} and not on {date}; there is no grace period"
    };
    coding.find(Severity::Block, Reason::CodeNotInForce, asked.field("hcpcs_code"), &L_02, text, &facts);
    note_new_units(coding, asked, version, &successors);
    ask_codes(coding, asked, successors.iter().map(|successor| successor.code).collect());
}

/// The codes in force that took the place of one that has ended: those recorded, else those of its drug.
fn successors<'a>(coding: &Coding<'a>, asked: &Asked<'_>, ended: &CodeVersion) -> Vec<&'a CodeVersion> {
    let recorded = recorded_successors(coding, ended);
    if !recorded.is_empty() {
        return recorded;
    }
    // What is swallowed took the place of no injection.
    let is_alike = |other: &&CodeVersion| other.flags.has(CodeFlag::Oral) == ended.flags.has(CodeFlag::Oral);
    named::of_words(coding, asked, &ended.name).into_iter().filter(is_alike).collect()
}

/// The codes in force at the end of the recorded successions, for a successor may have ended too.
fn recorded_successors<'a>(coding: &Coding<'a>, ended: &CodeVersion) -> Vec<&'a CodeVersion> {
    const STEPS_MAX: usize = 8;
    let mut found: Vec<&CodeVersion> = Vec::new();
    let mut open: Vec<HcpcsCode> = ended.successors.to_vec();
    for _ in 0..STEPS_MAX {
        let mut next = Vec::new();
        for code in open {
            match coding.catalog.lookup(code, coding.date) {
                Lookup::Terminated(later) => next.extend(later.successors.iter().copied()),
                lookup => found.extend(lookup.billable()),
            }
        }
        open = next;
    }
    found.sort_unstable_by_key(|version| version.code);
    found.dedup_by_key(|version| version.code);
    found
}

/// A successor with another unit is counted anew; old units are never scaled (rule L-03).
fn note_new_units(coding: &mut Coding<'_>, asked: &Asked<'_>, ended: &CodeVersion, new: &[&CodeVersion]) {
    let unit = |version: &CodeVersion| version.billing_unit().map(|unit| unit.quantity);
    for successor in new.iter().filter(|successor| unit(successor) != unit(ended)) {
        let quantity = |version| unit(version).map_or(Value::None, Value::Quantity);
        let facts = [
            fact::catalog("old", Value::Code(ended.code)),
            fact::catalog("new", Value::Code(successor.code)),
            fact::catalog("old_unit", quantity(ended)),
            fact::catalog("new_unit", quantity(successor)),
        ];
        let text = "{new} counts {new_unit} where {old} counted {old_unit}: the dose is counted anew and no units are scaled";
        coding.find(Severity::Info, Reason::CodeNotInForce, asked.field("hcpcs_code"), &L_03, text, &facts);
    }
}

/// Codes in force on the date that the given code later replaced.
fn predecessors(coding: &Coding<'_>, code: HcpcsCode) -> Vec<HcpcsCode> {
    let date = coding.date;
    let mut found: Vec<HcpcsCode> = coding
        .catalog
        .codes
        .values()
        .filter_map(|versions| versions.first())
        .filter(|version| version.successors.contains(&code) && version.in_force_on(date))
        .map(|version| version.code)
        .collect();
    found.sort_unstable();
    found
}

/// Asks which of some codes is meant, with the lines under each.
/// States the code of a drug, and of each one that the record writes like it: one product has one code.
fn state_code(encounter: &mut Encounter, at: (u16, u16), code: HcpcsCode) {
    let route = encounter.administrations[usize::from(at.0)].route;
    let asked = drug_at(encounter, at).clone();
    let is_alike =
        |drug: &DrugGiven| drug.code == asked.code && drug.name == asked.name && drug.ndcs().eq(asked.ndcs());
    let is_under_skin = |route: Option<Route>| {
        matches!(route, Some(Route::Subcutaneous | Route::SubcutaneousInfusion | Route::OnBodyInjector))
    };
    let by_way = encounter
        .administrations
        .iter_mut()
        .filter(|given| given.route == route || is_under_skin(given.route) && is_under_skin(route));
    for drug in by_way.flat_map(|given| &mut given.drugs).filter(|drug| is_alike(drug)) {
        drug.code = Some(code);
    }
}

fn ask_codes(coding: &mut Coding<'_>, asked: &Asked<'_>, codes: Vec<HcpcsCode>) {
    if codes.is_empty() {
        return;
    }
    let at = asked.at;
    let possibilities: Vec<Possibility<'_>> = codes
        .into_iter()
        .map(|code| -> Possibility<'_> {
            (code.to_string(), Box::new(move |encounter| state_code(encounter, at, code)))
        })
        .collect();
    let facts = [fact::given("drug", Value::Of(asked.field("")))];
    let text = "Which code describes {drug}?";
    ask(coding, asked.field("hcpcs_code"), &L_04, text, &facts, possibilities);
}
