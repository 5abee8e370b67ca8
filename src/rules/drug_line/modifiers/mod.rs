//! Modifiers of drug lines other than JW and JZ: route, indication, acquisition, place, coverage, side.

mod acquisition;
mod department;
mod erythropoietin;
mod records;
pub mod sides;

use smallvec::SmallVec;

use crate::catalog::CodeFlag;
use crate::domain::claim;
use crate::domain::code::Modifier;
use crate::domain::drug::{DrugClass, DrugGiven, Laterality};
use crate::domain::encounter::{Encounter, Route};
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::policy::Policy;
use crate::policy::parameters::{CodeMark, CodeMarks, ProductModifier, RouteModifiers};
use crate::rules::drug_line::biosimilar::B_01;
use crate::rules::drug_line::limits::G_27;
use crate::rules::drug_line::treatment::{Possibility, Treatment, ask, is_subcutaneous};
use crate::rules::{Rule, classify, identity};

pub(super) use department::ask_status;
pub use records::*;

const JA: Modifier = Modifier::of("JA");
const JB: Modifier = Modifier::of("JB");
const JE: Modifier = Modifier::of("JE");
const BILATERAL: Modifier = Modifier::of("50");

/// Modifiers of a treatment that are held without an allocation; a line prints four.
const MODIFIERS_INLINE: usize = 6;

/// The modifiers of a treatment, before they are printed on its lines.
pub type Modifiers = SmallVec<[Modifier; MODIFIERS_INLINE]>;

/// Tables of codes that ask for a modifier.
const ASKED_OF_CODES: CodeMarks = CodeMarks::of(&[
    CodeMark::RouteModifier,
    CodeMark::SelfAdministered,
    CodeMark::Erythropoietin,
    CodeMark::SharedByMakers,
    CodeMark::PumpInsulin,
    CodeMark::OralAntiemetic,
]);

/// The modifiers that stand on every line of a treatment.
#[inline]
pub(super) fn common(coding: &mut Coding<'_>, treatment: &Treatment<'_>, visit_may_ask: bool) -> Modifiers {
    if visit_may_ask || may_ask(treatment) { asked(coding, treatment) } else { Modifiers::new() }
}

/// Whether something of the visit may ask for a modifier on the lines of every drug.
pub(super) fn visit_may_ask(encounter: &Encounter) -> bool {
    let coverage = &encounter.coverage;
    encounter.off_campus.is_some()
        || encounter.renal.esrd_on_dialysis == Some(true)
        || coverage.not_a_benefit
        || coverage.expected_denial
        || coverage.medical_policy_met == Some(true)
}

/// Whether something of the code or the drug may ask for a modifier; of most drugs nothing does.
fn may_ask(treatment: &Treatment<'_>) -> bool {
    let first = treatment.first();
    first.marks.has_any(ASKED_OF_CODES)
        || treatment.laterality.is_some()
        || !first.drug.circumstances.is_empty()
        || first.drug.code.is_some_and(|given| given != first.code)
        || treatment.doses.iter().any(|dose| dose.drug.acquired_340b)
}

fn asked(coding: &mut Coding<'_>, treatment: &Treatment<'_>) -> Modifiers {
    let mut found: SmallVec<[(Modifier, &'static Rule); MODIFIERS_INLINE]> = SmallVec::new();
    let mut add = |modifiers: &[Modifier], rule: &'static Rule| {
        modifiers.iter().for_each(|modifier| found.push((*modifier, rule)));
    };
    add(acquisition::modifier(coding, treatment).as_slice(), &M_06);
    add(department::modifier(coding).as_slice(), &M_08);
    add(renal(coding, treatment), &M_05);
    add(maker(coding, treatment).as_slice(), &B_01);
    add(reference(coding, treatment), &G_27);
    let esa_rule = if coding.encounter.renal.esrd_on_dialysis == Some(true) { &M_04 } else { &M_03 };
    add(erythropoietin::modifier(coding, treatment).as_slice(), esa_rule);
    add(route(coding, treatment).as_slice(), &M_01);
    add(side(treatment).as_slice(), &M_12);
    add(coverage(coding).as_slice(), &M_10);
    add(supply(coding, treatment).as_slice(), &M_09);
    circumstances(coding, treatment).for_each(|modifier| add(&[modifier], &M_11));
    let mut modifiers = Modifiers::new();
    for &(modifier, rule) in &found {
        modifiers.push(modifier);
        let facts = [fact::derived("modifier", Value::Modifier(modifier))];
        let text = "{modifier} stands on each line of the drug";
        coding.result.trail.fired(rule, treatment.subject(), text, &facts);
        if *rule == M_06 {
            let text = "{modifier} stands on the administered and on the discarded units alike";
            coding.result.trail.fired(&M_07, treatment.subject(), text, &facts);
        }
    }
    modifiers
}

/// The common modifiers and the line's own in the order of the policy (rule M-14), as far as the line has room.
#[inline]
pub fn print(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    common: &Modifiers,
    own: Option<Modifier>,
) -> claim::Modifiers {
    if common.is_empty() {
        // One modifier has room and needs no order.
        return own.into_iter().collect();
    }
    print_several(coding, treatment, common.iter().copied().chain(own).collect())
}

fn print_several(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    mut modifiers: Modifiers,
) -> claim::Modifiers {
    put_in_order(coding.policy, &mut modifiers);
    let mut printed = claim::Modifiers::new();
    for modifier in modifiers {
        if !printed.contains(&modifier) && printed.try_push(modifier).is_err() {
            let facts = [fact::derived("modifier", Value::Modifier(modifier))];
            let text = "{modifier} applies as well and does not fit the four places of the line";
            let field = treatment.field("");
            coding.find(Severity::Warn, Reason::TooManyModifiers, field, &M_14, text, &facts);
        }
    }
    printed
}

/// Puts modifiers in the order of the policy; those it does not list stand behind (rule M-14).
pub fn put_in_order(policy: &Policy, modifiers: &mut [Modifier]) {
    let order = &policy.drug_line.modifier_order;
    modifiers.sort_by_key(|own| order.iter().position(|known| known == own).unwrap_or(order.len()));
}

/// What every line of the claim carries, of a drug or of giving it: where it was given, and what is known of its
/// coverage (rules M-08, M-10).
pub(in crate::rules) fn of_visit(
    coding: &Coding<'_>,
) -> impl Iterator<Item = (Modifier, &'static Rule)> + use<> {
    let place = department::modifier(coding).map(|modifier| (modifier, &M_08));
    let coverage = coverage(coding).map(|modifier| (modifier, &M_10));
    place.into_iter().chain(coverage)
}

/// AY for a drug that a dialysis patient gets for another reason (rule M-05).
fn renal<'a>(coding: &mut Coding<'a>, treatment: &Treatment<'_>) -> &'a [Modifier] {
    let renal = &coding.encounter.renal;
    let parameters = &coding.policy.drug_line;
    let is_esrd = renal.esrd_on_dialysis == Some(true) && !renal.acute_kidney_injury;
    if !is_esrd || !renal.unrelated_to_esrd || parameters.unrelated_to_esrd_modifiers.is_empty() {
        return &[];
    }
    if parameters.esrd_bundled_codes.contains(&treatment.code()) {
        let facts = [fact::catalog("code", Value::Code(treatment.code()))];
        let text = "{code} is of a kind of drug that always counts as given for ESRD, so it stays in the bundle without AY, although the record says that it was unrelated";
        let field = Field::Encounter("renal.unrelated_to_esrd");
        coding.find(Severity::Info, Reason::ModifierUnverified, field, &M_05, text, &facts);
        return &[];
    }
    &parameters.unrelated_to_esrd_modifiers
}

/// The maker's modifier under a shared biosimilar code (rule B-01).
fn maker(coding: &mut Coding<'_>, treatment: &Treatment<'_>) -> Option<Modifier> {
    if !treatment.first().marks.has(CodeMark::SharedByMakers) {
        return None;
    }
    let table = &coding.policy.drug_line.biosimilar_modifiers;
    let code = treatment.code();
    let mut rows = table.iter().filter(|row| row.code == code);
    let first = rows.next()?;
    if rows.next().is_none() {
        return Some(first.modifier);
    }
    let name = treatment.first().drug.name.as_deref().unwrap_or_default().to_lowercase();
    let is_named =
        |row: &&ProductModifier| row.products.iter().any(|product| name.contains(product.as_str()));
    let named = table.iter().filter(|row| row.code == code).find(is_named);
    if named.is_none() {
        let text = "The code is shared by several makers on this date; the product decides its modifier";
        let field = treatment.field("name");
        coding.find(Severity::Warn, Reason::MissingModifierFact, field, &B_01, text, &[]);
    }
    named.map(|row| row.modifier)
}

/// Modifiers of a biosimilar under its reference code, where the payer wants that (row G-27).
fn reference<'a>(coding: &Coding<'a>, treatment: &Treatment<'_>) -> &'a [Modifier] {
    let is_replaced = treatment.first().drug.code.is_some_and(|given| given != treatment.code());
    if is_replaced { &coding.policy.drug_line.biosimilar_reference_modifiers } else { &[] }
}

/// JA, JB or JE where one code serves several routes (rules M-01, M-02).
fn route(coding: &mut Coding<'_>, treatment: &Treatment<'_>) -> Option<Modifier> {
    let parameters = &coding.policy.drug_line;
    let code = treatment.code();
    let route = treatment.first().administration.route;
    let under_skin = route.is_some_and(is_subcutaneous);
    let marks = treatment.first().marks;
    if under_skin && marks.has(CodeMark::SelfAdministered) {
        let facts = [fact::catalog("code", Value::Code(code))];
        let text =
            "Patients usually give {code} to themselves under the skin; it may be no benefit of this payer";
        let field = treatment.field("hcpcs_code");
        coding.find(Severity::Warn, Reason::SelfAdministered, field, &M_02, text, &facts);
    }
    if marks.has(CodeMark::OralAntiemetic) {
        note_antiemetic(coding, treatment);
    }
    let is_asked = match *parameters.route_modifiers {
        RouteModifiers::Off => false,
        RouteModifiers::OnDialysis => treatment.version().flags.has(CodeFlag::EsrdOnDialysis),
        RouteModifiers::Informational | RouteModifiers::Required => true,
    };
    if !is_asked || !marks.has(CodeMark::RouteModifier) {
        return None;
    }
    match route {
        Some(Route::IvInfusion | Route::IvPush) => Some(JA),
        Some(Route::ViaDialysate) => Some(JE),
        _ if under_skin => Some(JB),
        _ => {
            note_missing_route(coding, treatment, route);
            None
        }
    }
}

/// A code of two routes without either: the claim wants to know which (rule M-01).
fn note_missing_route(coding: &mut Coding<'_>, treatment: &Treatment<'_>, route: Option<Route>) {
    let is_required = *coding.policy.drug_line.route_modifiers != RouteModifiers::Informational;
    let (severity, text) = match (is_required, route) {
        (true, None) => (
            Severity::Warn,
            "The route decides between JA and JB, and none is given; the claim is denied without",
        ),
        (true, Some(_)) => (
            Severity::Warn,
            "The route decides between JA and JB, and neither fits the one given; the claim is denied without",
        ),
        (false, _) => {
            (Severity::Info, "The route would decide between JA and JB, which inform this payer only")
        }
    };
    let at = treatment.first().at.0;
    let field = Field::Administration(at, "route");
    coding.find(severity, Reason::MissingModifierFact, field, &M_01, text, &[]);
    if route.is_some() || !is_required {
        return;
    }
    let by = |route| move |e: &mut Encounter| e.administrations[usize::from(at)].route = Some(route);
    let possibilities: Vec<Possibility<'_>> = vec![
        ("into a vein".to_owned(), Box::new(by(Route::IvInfusion))),
        ("under the skin".to_owned(), Box::new(by(Route::Subcutaneous))),
    ];
    ask(coding, field, &M_01, "How was the drug given?", &[], possibilities);
}

/// An antiemetic by mouth is a benefit beside chemotherapy alone (rule M-02).
fn note_antiemetic(coding: &mut Coding<'_>, treatment: &Treatment<'_>) {
    let facts = [fact::catalog("code", Value::Code(treatment.code()))];
    let (severity, text) = if is_beside_chemotherapy(coding) {
        (
            Severity::Info,
            "{code} is paid as full replacement of an intravenous antiemetic: begun within two hours of the chemotherapy, for at most 48 hours",
        )
    } else {
        (
            Severity::Warn,
            "{code} is a benefit only as full replacement of an intravenous antiemetic within 48 hours of chemotherapy, and this visit shows none",
        )
    };
    coding.find(severity, Reason::SelfAdministered, treatment.field("hcpcs_code"), &M_02, text, &facts);
}

/// Whether a drug against cancer was given at the visit.
pub(super) fn is_beside_chemotherapy(coding: &Coding<'_>) -> bool {
    let drugs = coding.encounter.administrations.iter().flat_map(|administration| &administration.drugs);
    let is_chemotherapy = |drug| {
        classify::known_class(coding, drug).is_some_and(|(class, _)| class == DrugClass::Antineoplastic)
    };
    // The codes of oral antiemetics lie in the range of the antineoplastics by mouth, and are none themselves.
    let is_other = |drug: &&DrugGiven| {
        let code = identity::code_of(coding, drug);
        code.is_none_or(|code| !coding.policy.marked_codes.of(code).has(CodeMark::OralAntiemetic))
    };
    drugs.filter(is_other).any(is_chemotherapy)
}

/// Whether an antiemetic went into the vein (rule M-02).
pub(super) fn has_intravenous_antiemetic(coding: &Coding<'_>) -> bool {
    let listed = &coding.policy.drug_line.intravenous_antiemetics;
    let mut drugs = coding.encounter.administrations.iter().flat_map(|administration| {
        administration.drugs.iter().filter(|_| administration.route != Some(Route::Oral))
    });
    drugs.any(|drug| identity::is_listed(coding, drug, listed))
}

/// Whether a visit gave drugs by other ways than the mouth, and none against cancer (rule M-02).
pub(super) fn is_beside_other_treatment(coding: &Coding<'_>) -> bool {
    let mut administrations = coding.encounter.administrations.iter();
    let has_others = administrations
        .any(|administration| administration.route != Some(Route::Oral) && !administration.drugs.is_empty());
    has_others && !is_beside_chemotherapy(coding)
}

/// RT or LT, or 50 for the compounded syringes of both eyes; other drugs of both are parted by side (rule M-12).
fn side(treatment: &Treatment<'_>) -> Option<Modifier> {
    match treatment.laterality? {
        Laterality::Right => Some(sides::RIGHT),
        Laterality::Left => Some(sides::LEFT),
        Laterality::Bilateral => treatment.first().is_unclassified.then_some(BILATERAL),
    }
}

/// KX, GA, GZ or GY as the request states coverage (rule M-10).
fn coverage(coding: &Coding<'_>) -> Option<Modifier> {
    let coverage = &coding.encounter.coverage;
    if coverage.not_a_benefit {
        return Some(Modifier::of("GY"));
    }
    if coverage.expected_denial {
        let on_file = coverage.beneficiary_notice_on_file == Some(true);
        return Some(Modifier::of(if on_file { "GA" } else { "GZ" }));
    }
    let settings = &coding.policy.drug_line.coverage_modifier_settings;
    let states_criteria = || settings.contains(&coding.encounter.setting);
    (coverage.medical_policy_met == Some(true) && states_criteria()).then(|| Modifier::of("KX"))
}

/// JK or JL by the days of pump insulin supplied (rule M-09).
fn supply(coding: &mut Coding<'_>, treatment: &Treatment<'_>) -> Option<Modifier> {
    let parameters = &coding.policy.drug_line;
    let is_for_pump = treatment.first().marks.has(CodeMark::PumpInsulin);
    if !is_for_pump || parameters.insulin_supply_modifiers.is_empty() {
        return None;
    }
    let days = treatment.first().drug.days_supply;
    let row =
        days.and_then(|days| parameters.insulin_supply_modifiers.iter().find(|row| days <= row.days_max));
    if row.is_none() {
        let text = if days.is_some() {
            "Pump insulin states its supply by modifier; no modifier fits the days given on this date"
        } else {
            "Pump insulin states its supply by modifier, and the days of supply are not given"
        };
        let field = treatment.field("days_supply");
        coding.find(Severity::Warn, Reason::MissingModifierFact, field, &M_09, text, &[]);
    }
    row.map(|row| row.modifier)
}

/// Modifiers that the payer's file asks for (rule M-11).
fn circumstances<'a>(
    coding: &Coding<'a>,
    treatment: &Treatment<'a>,
) -> impl Iterator<Item = Modifier> + use<'a> {
    let stated = &treatment.first().drug.circumstances;
    let table = &coding.policy.drug_line.circumstance_modifiers;
    table.iter().filter(|row| stated.contains(&row.circumstance)).map(|row| row.modifier)
}
