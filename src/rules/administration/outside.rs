//! What belongs to other codes or to none (rules DOC-5, CHM-11, CHM-13, CHM-14).

use super::cavity;
use super::elsewhere;
use super::lines::{self, Place};
use super::pump;
use super::timeline;
use super::vaccine;
use super::visit::{Family, Kind, Service, Visit};
use crate::domain::code::HcpcsCode;
use crate::domain::drug::{DrugClass, DrugGiven};
use crate::domain::encounter::Route;
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::engine::Coding;
use crate::engine::trail::{NotedFact, Subject, Value, fact};
use crate::policy::parameters::CellTherapy;
use crate::rules::{Rule, Status, classify, identity, rule};

rule! {
    pub static CHM_11: "CHM-11", "Unlisted administration",
    basis: Secondary, cites: ["AAPC-CONC"],
    says: "A service that no code describes takes the unlisted code of its family, with a description on the claim. That of the therapeutic family is for veins and arteries alone.",
    why: "A code that nearly fits would misstate the service.",
    example: "A chemotherapy drug by a route without a code.",
    exceptions: "Routes that belong to another code set are sent there (CHM-13).",
}

rule! {
    pub static CHM_13: "CHM-13", "Other services and included work",
    basis: Primary, cites: ["A52953", "UWHC", "NCCI11", "AAPC-TPA", "AAPC-LOCAL", "AM-HIDA", "ACEP-SEDATION", "L31243", "METROPLUS-CGT", "PRS-JELMYTO"],
    says: "Preparation, access, local anaesthesia, tubing and flushing are included; what numbs for a procedure of the claim is a part of that procedure. Blood, vaccines, contrast, a patient's own changed cells, botulinum toxin, thrombolysis of the brain, the heart or through a catheter in an artery, the clearing of a clotted catheter, joint, eye, bladder and similar procedures have codes of other sections and none of these. A drug that a test, a study, a laser treatment, a sedation or an operation needs is given as a part of it.",
    why: "Each service is paid once, where it belongs.",
    example: "Contrast injected for a scan is part of the scan; a transfusion has its own code.",
    exceptions: "None.",
}

rule! {
    pub static CHM_14: "CHM-14", "Not for the physician in a facility",
    basis: Primary, cites: ["A52953"],
    status: Status::Informational,
    says: "The individual physician reports none of these codes for services in a facility.",
    why: "The facility's staff and rooms give the service.",
    example: "The hospital reports the infusion; the oncologist reports the visit.",
    exceptions: "None.",
}

rule! {
    pub static DOC_5: "DOC-5", "Outpatient time only",
    basis: Secondary, cites: ["AHIMA", "A52953", "IOM02-11", "IOM02-13"],
    says: "These codes are for outpatient services in offices and facilities; inpatient stays, home infusion, suppliers and pharmacies report the service otherwise, and Medicare pays dialysis facilities and surgical centers for it with the rest of their service.",
    why: "Other payment systems hold the service there.",
    example: "An infusion during an inpatient stay has no code of this family.",
    exceptions: "The policy lists the settings. In clinics that are paid by the visit the lines inform. A date of service before the first codes held gets none.",
}

pub(super) static RULES: &[&Rule] = &[&CHM_11, &CHM_13, &CHM_14, &DOC_5];

/// Sends every administration away where the setting reports none; reports whether it does.
pub(super) fn refuses_setting(coding: &mut Coding<'_>) -> bool {
    let encounter = coding.encounter;
    let field = Field::Encounter("setting");
    if coding.policy.administration.settings_paid_by_visit.contains(&encounter.setting) {
        let text = "This setting is paid by the visit: its administration lines inform and are not paid by themselves.";
        coding.find(Severity::Info, Reason::SettingNotBillable, field, &DOC_5, text, &[]);
    }
    if !coding.policy.administration.settings_without_codes.contains(&encounter.setting) {
        return false;
    }
    let text = "This setting reports no administration codes of this family.";
    coding.find(Severity::Info, Reason::SettingNotBillable, field, &DOC_5, text, &[]);
    for index in 0..encounter.administrations.len() {
        coding.not_billed(Field::Administration(index as u16, ""), &DOC_5, text, &[]);
    }
    true
}

/// Refuses a date of service before the codes that are held came into force; reports whether it does.
pub(super) fn refuses_date(coding: &mut Coding<'_>) -> bool {
    let first = coding.policy.administration.hydration_codes.from;
    if coding.encounter.service_date >= first {
        return false;
    }
    let facts = [fact::catalog("first", Value::Date(first))];
    let text = "The administration codes held are in force from {first} on, so none is chosen for an earlier date of service. Correct the date, or take the codes of that time.";
    coding.find(
        Severity::Block,
        Reason::CodeNotInForce,
        Field::Encounter("serviceDate"),
        &DOC_5,
        text,
        &facts,
    );
    for index in 0..coding.encounter.administrations.len() {
        let what = Field::Administration(index as u16, "");
        coding.not_billed(what, &DOC_5, text, &facts);
    }
    true
}

/// Settles the flush of a line that lies in no vein, which the code of a flushed port does not describe; reports
/// whether it is one.
pub(super) fn is_flush_elsewhere(coding: &mut Coding<'_>, index: u16, route: Route) -> bool {
    let administration = &coding.encounter.administrations[usize::from(index)];
    // A drug with a code went where the record says; only a name tells that nothing but a line was meant.
    let is_flush = match route {
        Route::IntraArterialPush | Route::IntraArterialInfusion => {
            pump::is_flush(coding, administration, route)
        }
        Route::Subcutaneous | Route::SubcutaneousInfusion | Route::Intramuscular => {
            administration.drugs.iter().all(|drug| drug.code.is_none())
                && pump::is_flush(coding, administration, route)
        }
        _ => false,
    };
    if is_flush {
        let text = "Flushing a line is part of what is given through it, and earns no administration code.";
        say_outside(coding, index, text, &[]);
    }
    is_flush
}

/// Settles a route that belongs to another code set or earns nothing; reports whether it did.
pub(super) fn is_outside(coding: &mut Coding<'_>, index: u16, route: Route) -> bool {
    let codes = &coding.policy.administration.outside_codes;
    let other = match route {
        // Some drugs have codes of their own there, as botulinum toxin in the wall of the bladder.
        Route::Intravesical | Route::Implanted if elsewhere::is_settled_by_name(coding, index) => {
            return true;
        }
        Route::Intravesical => return instilled(coding, index),
        Route::Intravitreal => Some(codes.intravitreal),
        Route::Intraarticular => Some(codes.joint),
        Route::Inhaled => Some(codes.inhalation),
        Route::Implanted => Some(codes.implant),
        Route::HeatedIntraperitoneal => {
            cavity::heated(coding, index);
            return true;
        }
        Route::Intradermal => {
            let text = "An injection into the skin, such as a skin test, has a code of its own in another section, and earns no administration code here.";
            say_outside(coding, index, text, &[]);
            return true;
        }
        Route::Oral | Route::Topical | Route::ViaDialysate => None,
        _ => return false,
    };
    send_away(coding, index, other);
    true
}

/// Settles what went into the bladder, where a drug against cancer has a code of its own; always does.
fn instilled(coding: &mut Coding<'_>, index: u16) -> bool {
    let codes = &coding.policy.administration.outside_codes;
    let (against_cancer, other) = (codes.bladder_instillation, codes.bladder_irrigation);
    let drugs = &coding.encounter.administrations[usize::from(index)].drugs;
    let is_against_cancer = |drug: &DrugGiven| {
        let class = drug.class.or_else(|| Some(classify::known_class(coding, drug)?.0))?;
        Some(!matches!(class, DrugClass::Therapeutic | DrugClass::Hydration))
    };
    let known: Vec<Option<bool>> = drugs.iter().map(is_against_cancer).collect();
    if known.contains(&Some(true)) {
        send_away(coding, index, Some(against_cancer));
    } else if known.is_empty() || known.contains(&None) {
        elsewhere::send_away(coding, index, &[other, against_cancer]);
    } else {
        send_away(coding, index, Some(other));
    }
    true
}

/// Settles a class that belongs to another code set.
pub(super) fn class(coding: &mut Coding<'_>, index: u16, class: DrugClass) {
    match class {
        DrugClass::Vaccine => vaccine::send_away(coding, index),
        DrugClass::Radiopharmaceutical => radiopharmaceutical(coding, index),
        _ => send_away(coding, index, None),
    }
}

/// Whether it was a tracer or therapy, its giving is reported in another section.
fn radiopharmaceutical(coding: &mut Coding<'_>, index: u16) {
    let therapy = coding.policy.administration.outside_codes.radiopharmaceutical;
    let facts = [fact::derived("code", Value::Code(therapy))];
    let text = "Giving a tracer is part of the imaging study, and therapy by a radiopharmaceutical belongs to another section of codes, such as {code}: neither earns an administration code here.";
    say_outside(coding, index, text, &facts);
}

/// Settles an administration of a patient's own changed cells, by the code of the product; reports whether it is one.
pub(super) fn sends_cells_away(coding: &mut Coding<'_>, index: u16) -> bool {
    let policy = coding.policy;
    let kinds = &policy.administration.cell_therapy;
    let of_code = |code: HcpcsCode| kinds.iter().find(|kind| kind.products.contains(&code));
    let drugs = &coding.encounter.administrations[usize::from(index)].drugs;
    let cells = drugs.iter().find_map(|drug| of_code(identity::code_of(coding, drug)?));
    if let Some(cells) = cells {
        send_away(coding, index, cells.administration);
    }
    cells.is_some()
}

/// The kind of such cells that an administration gives, by the name of the product, which takes longer to tell.
pub(super) fn cells_by_name<'p>(coding: &Coding<'p>, index: u16) -> Option<&'p CellTherapy> {
    let kinds = &coding.policy.administration.cell_therapy;
    let of_code = |code: &HcpcsCode| kinds.iter().find(|kind| kind.products.contains(code));
    names_without_code(coding, index).find_map(|name| {
        let by_code = || coding.catalog.codes_of_name(name, coding.date).iter().find_map(of_code);
        of_words(coding, name).or_else(by_code).or_else(|| cells_listed(coding, name))
    })
}

/// As [`cells_by_name`], by the words of the table alone.
pub(super) fn cells_by_word<'p>(coding: &Coding<'p>, index: u16) -> Option<&'p CellTherapy> {
    names_without_code(coding, index).find_map(|name| of_words(coding, name))
}

/// What was given of each drug that has a name alone: what it was given for or after is no product that was given.
fn names_without_code<'p>(coding: &Coding<'p>, index: u16) -> impl Iterator<Item = &'p str> {
    let drugs = coding.encounter.administrations[usize::from(index)].drugs.iter();
    drugs.filter_map(|drug| {
        let name = drug.name.as_deref().filter(|_| identity::code_of(coding, drug).is_none())?;
        Some(coding.catalog.formulary.given_part(name))
    })
}

fn of_words<'p>(coding: &Coding<'p>, name: &str) -> Option<&'p CellTherapy> {
    let lower = name.to_lowercase();
    let is_named = |kind: &&CellTherapy| kind.words.iter().any(|word| lower.contains(word.as_str()));
    coding.policy.administration.cell_therapy.iter().find(is_named)
}

/// The kind of a product that the table of drugs lists, also before its code began.
fn cells_listed<'p>(coding: &Coding<'p>, name: &str) -> Option<&'p CellTherapy> {
    let formulary = &coding.catalog.formulary;
    let drug = &*formulary.read_name(name)?.named.drug;
    let is_it = |code: &HcpcsCode| formulary.drug(*code).is_some_and(|facts| *facts.identity == *drug);
    coding.policy.administration.cell_therapy.iter().find(|kind| kind.products.iter().any(is_it))
}

/// Settles a transfusion; its time still covers hydration (rule HYD-4).
pub(super) fn transfusion(coding: &mut Coding<'_>, visit: &mut Visit<'_>, service: &mut Service) {
    service.kind = Kind::Transfusion;
    service.flow = timeline::flow(coding, visit, service.index).unwrap_or_else(|(_, flow)| flow);
    let code = coding.policy.administration.outside_codes.transfusion;
    send_away(coding, service.index, Some(code));
}

/// Settles a therapeutic drug that went into a cavity or a lesion.
pub(super) fn therapeutic_cavity(coding: &mut Coding<'_>, service: &Service, route: Option<Route>) {
    let codes = &coding.policy.administration.outside_codes;
    let other = match route {
        Some(Route::Intrathecal) => Some(codes.spinal_injection),
        Some(Route::Intralesional) => Some(codes.lesion_injection),
        Some(Route::Intrapleural) => Some(codes.pleural_instillation),
        Some(Route::IntraventricularReservoir) => Some(codes.reservoir_injection),
        _ => None,
    };
    send_away(coding, service.index, other);
}

pub(super) fn send_away(coding: &mut Coding<'_>, index: u16, other: Option<HcpcsCode>) {
    if let Some(code) = other {
        let facts = [fact::derived("code", Value::Code(code))];
        let text = "This belongs to another section of codes, such as {code}, and earns no administration code here.";
        say_outside(coding, index, text, &facts);
    } else {
        let text = "This is part of another service, and earns no administration code here.";
        say_outside(coding, index, text, &[]);
    }
}

pub(super) fn say_outside(coding: &mut Coding<'_>, index: u16, text: &'static str, facts: &[NotedFact]) {
    let what = Field::Administration(index, "");
    coding.find(Severity::Info, Reason::OutsideScope, what, &CHM_13, text, facts);
    coding.not_billed(what, &CHM_13, text, facts);
}

/// Codes what has no code of its own.
pub(super) fn code(coding: &mut Coding<'_>, visit: &Visit<'_>) {
    for at in 0..visit.services.len() {
        let service = visit.services[at];
        match (service.kind, service.family) {
            (Kind::Unlisted, Family::Chemotherapy) => unlisted(coding, visit, &service, &CHM_11),
            (Kind::Unlisted, _) => refuse_other_route(coding, service.index),
            _ => {}
        }
    }
}

/// Settles a therapeutic drug by a route without a code: the unlisted code of its family is for veins and arteries.
fn refuse_other_route(coding: &mut Coding<'_>, index: u16) {
    let facts = [fact::derived("code", Value::Code(coding.policy.administration.unlisted_codes.therapeutic))];
    let text = "No administration code describes this route: the unlisted code {code} is for veins and arteries, and giving a drug by nose, mouth, rectum or skin is part of the visit. State the route where it was another one.";
    let what = Field::Administration(index, "");
    coding.find(Severity::Info, Reason::OutsideScope, what, &CHM_11, text, &facts);
    coding.not_billed(what, &CHM_11, text, &facts);
}

/// Bills the unlisted code of the service's family, and says that no other one fits.
pub(super) fn unlisted(coding: &mut Coding<'_>, visit: &Visit<'_>, service: &Service, rule: &'static Rule) {
    let codes = &coding.policy.administration.unlisted_codes;
    let code = if service.family == Family::Chemotherapy { codes.chemotherapy } else { codes.therapeutic };
    let facts = [fact::derived("code", Value::Code(code))];
    let text = "No code describes this service; the unlisted code {code} is reported, with a description on the claim.";
    let field = Field::Administration(service.index, "");
    coding.find(Severity::Warn, Reason::NoCleanCode, field, rule, text, &facts);
    coding.result.trail.fired(rule, Subject::Administration(service.index), text, &facts);
    lines::bill(coding, visit, service, code, 1, Place::Own);
}
