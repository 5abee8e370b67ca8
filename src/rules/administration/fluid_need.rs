//! What hydration rests on beside its minutes: the purpose of the fluid and its reason (rules HYD-10, DOC-2).

use super::hydration::{HYD_4, HYD_10};
use super::visit::{Kind, Service, Visit};
use super::{keep_open, what_if};
use crate::domain::encounter::FluidPurpose;
use crate::domain::field::Field;
use crate::domain::finding::{Answer, Reason, Severity};
use crate::engine::Coding;
use crate::rules::classify;

/// Asks for what the lines of hydration rest on, where the request does not say it.
pub(super) fn check(coding: &mut Coding<'_>, visit: &Visit<'_>) {
    if !visit.admitted.has(Kind::Hydration)
        || !visit.services.iter().any(|service| service.kind == Kind::Hydration)
    {
        return;
    }
    let codes = &coding.policy.administration.hydration_codes;
    let is_hydration = |code| code == codes.initial || code == codes.hour;
    let lines = coding.result.lines.iter().filter(|line| is_hydration(line.code));
    let billed: Vec<u16> = lines.flat_map(|line| line.administrations.iter().copied()).collect();
    if billed.is_empty() {
        return;
    }
    doubt_order(coding, visit, &billed);
    let slow = keep_open::doubt(coding, visit, &billed);
    if billed.iter().all(|index| slow.contains(index)) {
        return;
    }
    if coding.encounter.documentation.hydration_necessity.is_some() || has_telling_diagnosis(coding) {
        return;
    }
    let administrations = &coding.encounter.administrations;
    let without_purpose: Vec<u16> = billed
        .iter()
        .copied()
        .filter(|index| administrations[usize::from(*index)].fluid_purpose.is_none() && !slow.contains(index))
        .collect();
    match without_purpose.first() {
        Some(first) => {
            let mut fluids = visit.services.iter().filter(|service| service.kind == Kind::Hydration);
            let is_every = fluids.all(|service| without_purpose.contains(&service.index));
            ask_purpose(coding, *first, &without_purpose, is_every);
        }
        None => ask_reason(coding, billed[0]),
    }
}

/// Whether a diagnosis of the visit names a need of fluid or electrolytes.
fn has_telling_diagnosis(coding: &Coding<'_>) -> bool {
    let begins = &coding.policy.administration.hydration_diagnoses;
    let is_one = |code: &String| begins.iter().any(|begin| classify::begins(code, begin));
    coding.encounter.diagnoses.iter().any(is_one)
}

/// Asks what fluids were for, which may be every fluid of the visit.
fn ask_purpose(coding: &mut Coding<'_>, first: u16, without: &[u16], is_every: bool) {
    let field = Field::Administration(first, "fluidPurpose");
    let text = "The fluid is billed as hydration, and the request says neither what it was for nor that signs or symptoms called for it. Fluid that keeps a vein open, carries a drug or had no reason of its own is not reported. State the purpose and the reason.";
    coding.find(Severity::Warn, Reason::HydrationNotSupported, field, &HYD_10, text, &[]);
    coding.ask(field, &HYD_10, "What was the fluid for?", &[], |coding| {
        let state = |label: &str, purpose, is_needed| {
            coding.answer(label, |visit| {
                for index in without {
                    visit.administrations[usize::from(*index)].fluid_purpose = Some(purpose);
                }
                visit.documentation.hydration_necessity = is_needed;
            })
        };
        let needed = state("It treated a documented need of fluid", FluidPurpose::Hydration, Some(true));
        // What is not reported leaves the same claim, whichever reason it is not reported for.
        let kept_open = state("It kept the vein open", FluidPurpose::KeepOpen, None);
        let alike = |label: &str| Answer { label: label.to_owned(), lines: kept_open.lines.clone() };
        let carried = alike("It carried a drug, or flushed the line");
        let label = "No reason of its own is on record";
        let unneeded =
            if is_every { alike(label) } else { state(label, FluidPurpose::Hydration, Some(false)) };
        vec![needed, kept_open, carried, unneeded]
    });
}

fn ask_reason(coding: &mut Coding<'_>, first: u16) {
    let what = Field::Administration(first, "");
    let text = "The request does not say whether the signs or symptoms that called for hydration are on record; without them it is not paid.";
    coding.find(Severity::Warn, Reason::HydrationNotSupported, what, &HYD_10, text, &[]);
    let field = Field::Encounter("documentation.hydrationNecessity");
    let text = "Are the signs or symptoms that made hydration necessary on record?";
    coding.ask(field, &HYD_10, text, &[], |coding| {
        [("Yes", true), ("No", false)]
            .map(|(label, held)| {
                coding.answer(label, |visit| visit.documentation.hydration_necessity = Some(held))
            })
            .into()
    });
}

/// Asks whether hydration ran beside another service, where a missing clock time leaves that open (rule HYD-4).
fn doubt_order(coding: &mut Coding<'_>, visit: &Visit<'_>, billed: &[u16]) {
    let runs = |service: &&Service| {
        matches!(service.kind, Kind::Infusion | Kind::Transfusion) && service.flow.seconds > 0
    };
    let hydration = |service: &&Service| service.kind == Kind::Hydration && billed.contains(&service.index);
    let pair = visit.services.iter().filter(hydration).find_map(|fluid| {
        let other = visit.services.iter().filter(runs).find(|other| {
            let has_clock = fluid.flow.segments > 0 && other.flow.segments > 0;
            other.visit == fluid.visit
                && visit.date(other) == visit.date(fluid)
                && !has_clock
                && !visit.are_together(fluid.index, other.index)
        })?;
        Some((fluid.index, other.index))
    });
    let Some((fluid, other)) = pair else { return };
    let field = Field::Administration(fluid, "concurrentWith");
    let text = "Without clock times of both, the fluid and the other infusion are taken as one after the other; what ran together is not hydration. State the times, or what ran together.";
    coding.find(Severity::Warn, Reason::MissingStartTime, field, &HYD_4, text, &[]);
    let id = coding.encounter.administrations[usize::from(other)].id.clone();
    coding.ask(field, &HYD_4, "Did the fluid run together with the other infusion?", &[], |coding| {
        vec![
            what_if::answer(coding, "No, one after the other", fluid, |_| {}),
            what_if::answer(coding, "Yes, as long as both ran", fluid, |a| a.concurrent_with.push(id)),
        ]
    });
}
