//! What a fluid is for: hydration, a drug, or nothing that is reported (rules HYD-2 to HYD-7, HYD-9).

use super::electrolytes::{self, Electrolytes, has_transfusion};
use super::elsewhere;
use super::hydration::{HYD_2, HYD_3, HYD_5, HYD_6, HYD_7, HYD_9};
use super::low_sugar;
use super::what_if;
use crate::domain::drug::DrugClass;
use crate::domain::encounter::{Administration, FluidPurpose, Route};
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::engine::Coding;
use crate::engine::trail::{Subject, Value, fact};
use crate::policy::parameters::{ChemoPrehydration, ElectrolyteClass};

/// What a service is once the purpose of its fluid is read.
pub(super) enum Purpose {
    Class(DrugClass),
    /// It earns no line.
    Refused,
    /// It flushed the line.
    Flush,
    /// A fluid with electrolytes, and nothing tells whether it treated a deficit.
    Unknown,
}

/// The class of a service once the purpose of its fluid is read.
pub(super) fn purpose(coding: &mut Coding<'_>, index: u16, class: DrugClass) -> Purpose {
    if class == DrugClass::Hydration && low_sugar::is_treated(coding, index) {
        return Purpose::Class(DrugClass::Therapeutic);
    }
    let administration = &coding.encounter.administrations[usize::from(index)];
    let may_be_fluid = match class {
        DrugClass::Hydration => true,
        DrugClass::Therapeutic => electrolytes::may_be_present(coding, administration),
        _ => false,
    };
    if !may_be_fluid {
        doubt_purpose_of_drug(coding, index);
        return Purpose::Class(class);
    }
    let switch = &coding.policy.administration.electrolyte_class;
    let electrolytes = Electrolytes::of(coding, administration);
    if electrolytes.has_own_service && elsewhere::is_settled_by_name(coding, index) {
        return Purpose::Refused;
    }
    let (is_electrolyte, is_stated) = (electrolytes.present, electrolytes.class_is_stated);
    let read = match (class, administration.fluid_purpose, **switch) {
        (DrugClass::Hydration, Some(FluidPurpose::ElectrolyteReplacement), ElectrolyteClass::ByIntent) => {
            DrugClass::Therapeutic
        }
        (
            DrugClass::Therapeutic,
            Some(FluidPurpose::ElectrolyteReplacement),
            ElectrolyteClass::AlwaysHydration,
        ) => DrugClass::Hydration,
        (DrugClass::Therapeutic, Some(FluidPurpose::Hydration), _) if is_electrolyte && !is_stated => {
            DrugClass::Hydration
        }
        (DrugClass::Therapeutic, _, ElectrolyteClass::AlwaysHydration) if is_electrolyte => {
            DrugClass::Hydration
        }
        (DrugClass::Therapeutic, None, ElectrolyteClass::ByIntent)
            if electrolytes.are_premixed() && !is_stated =>
        {
            return Purpose::Unknown;
        }
        _ => class,
    };
    let is_contrary = read != class && administration.fluid_purpose == Some(FluidPurpose::Hydration);
    if is_contrary && electrolytes::is_rider(coding, administration) {
        let limit = &coding.policy.administration.rider_ml_max;
        let facts = [fact::parameter("limit", Value::Count(i64::from(**limit)), limit)];
        let field = Field::Administration(index, "fluidPurpose");
        let text = "The electrolyte was in no more than {limit} mL, which is too little to treat dehydration: as replacement of a documented deficit it is a therapeutic infusion. Correct the purpose or the volume.";
        coding.find(Severity::Warn, Reason::HydrationNotSupported, field, &HYD_9, text, &facts);
        what_if::ask_purpose(coding, index);
    }
    if read != class {
        let label = if read == DrugClass::Hydration { "hydration" } else { "therapeutic" };
        let facts = [fact::parameter("class", Value::Label(label), switch)];
        let text = "The fluid with electrolytes counts as {class}.";
        coding.result.trail.fired(&HYD_9, Subject::Administration(index), text, &facts);
    }
    if read != DrugClass::Hydration {
        doubt_purpose_of_drug(coding, index);
        Purpose::Class(read)
    } else if administration.fluid_purpose.is_none() && is_named_flush(coding, administration) {
        Purpose::Flush
    } else if is_refused(coding, index) {
        Purpose::Refused
    } else {
        Purpose::Class(read)
    }
}

/// Whether the names of fluids with codes say that they flushed the line.
fn is_named_flush(coding: &Coding<'_>, administration: &Administration) -> bool {
    let vein = [Some(Route::IvPush), Some(Route::IvInfusion)];
    vein.contains(&administration.route)
        && administration
            .drugs
            .iter()
            .all(|drug| drug.name.as_deref().is_some_and(|name| coding.catalog.formulary.names_flush(name)))
}

/// Whether a fluid only kept the vein open, by its purpose or by its name.
pub(super) fn keeps_open(coding: &Coding<'_>, administration: &Administration) -> bool {
    let purpose = administration.fluid_purpose.or_else(|| named_purpose(coding, administration));
    purpose == Some(FluidPurpose::KeepOpen)
}

/// The purpose that a fluid's name states: `NS at KVO` keeps the vein open, and `NS behind heparin` carries a drug.
pub(super) fn named_purpose(coding: &Coding<'_>, administration: &Administration) -> Option<FluidPurpose> {
    let mut names = administration.drugs.iter().filter_map(|drug| drug.name.as_deref());
    names.find_map(|name| coding.catalog.formulary.told_purpose(name))
}

/// Warns of a purpose that only a fluid has, where a drug that is named with the fluid decides: the purpose is not used.
fn doubt_purpose_of_drug(coding: &mut Coding<'_>, index: u16) {
    let administration = &coding.encounter.administrations[usize::from(index)];
    let is_of_fluid = matches!(
        administration.fluid_purpose,
        Some(FluidPurpose::Hydration | FluidPurpose::KeepOpen | FluidPurpose::Carrier)
    );
    let [drug] = administration.drugs.as_slice() else { return };
    let leads = |name: &str| coding.catalog.formulary.begins_with_fluid(name);
    if !is_of_fluid || drug.code.is_some() || !drug.name.as_deref().is_some_and(leads) {
        return;
    }
    let facts = [fact::given("drug", Value::Of(Field::Drug(index, 0, "")))];
    let text = "The record says {drug}, and its purpose is one of a fluid alone: the drug decides, and the purpose is not used. Correct the name or the purpose.";
    let field = Field::Administration(index, "fluidPurpose");
    coding.find(Severity::Warn, Reason::DrugClassOverridden, field, &HYD_2, text, &facts);
}

/// Whether the purpose of the fluid leaves nothing to report.
fn is_refused(coding: &mut Coding<'_>, index: u16) -> bool {
    let encounter = coding.encounter;
    let administration = &encounter.administrations[usize::from(index)];
    let necessity = encounter.documentation.hydration_necessity;
    let what = Field::Administration(index, "");
    let is_integral =
        *coding.policy.administration.chemo_prehydration == ChemoPrehydration::IntegralIfLabelDirected;
    let purpose = administration.fluid_purpose.or_else(|| named_purpose(coding, administration));
    let (rule, text) = match purpose {
        Some(FluidPurpose::KeepOpen) => (&HYD_3, "Fluid that keeps the vein open is never reported."),
        Some(FluidPurpose::Carrier) if has_transfusion(encounter) => {
            (&HYD_7, "Fluid that runs behind blood is part of the transfusion.")
        }
        Some(FluidPurpose::Carrier) => {
            (&HYD_2, "Fluid that carries a drug or runs behind another product is incidental.")
        }
        Some(FluidPurpose::LabelDirected) if is_integral => {
            (&HYD_5, "This policy counts fluid that the drug's label directs as part of the chemotherapy.")
        }
        Some(FluidPurpose::Perioperative) if necessity != Some(true) => {
            (&HYD_6, "Fluid around an operation is not hydration unless signs and symptoms called for it.")
        }
        _ if necessity == Some(false) => {
            let text =
                "The record shows no signs or symptoms that called for hydration, so it is not reported.";
            coding.find(Severity::Warn, Reason::HydrationNotSupported, what, &HYD_6, text, &[]);
            (&HYD_6, "No documented reason for hydration.")
        }
        _ => return false,
    };
    coding.not_billed(what, rule, text, &[]);
    true
}
