//! Fluid that runs so slowly that it may only keep the vein open (rule HYD-3).

use super::fluid;
use super::hydration::{HYD_2, HYD_3};
use super::visit::Visit;
use super::what_if::answer;
use crate::domain::encounter::{Administration, FluidPurpose};
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::domain::quantity::{Decimal, Measure};
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};

/// Billionths of a millilitre in a millilitre.
const NANOS: i128 = 1_000_000_000;

/// Asks what each slow fluid among the billed hydration was for, where the request does not say; its lines wait. Tells
/// which fluids it asked about. Where the request says hydration and the name or the rate says otherwise, the lines stand.
pub(super) fn doubt(coding: &mut Coding<'_>, visit: &Visit<'_>, billed: &[u16]) -> Vec<u16> {
    let mut asked = Vec::new();
    let limit = &coding.policy.administration.keep_open_ml_per_hour_max;
    let most = i128::from(**limit) * NANOS;
    for &index in billed {
        let administration = &coding.encounter.administrations[usize::from(index)];
        let service = visit.services.iter().find(|service| service.index == index);
        let seconds = || service.map(|service| i128::from(service.flow.seconds));
        let is_slow = rate(administration, seconds).is_some_and(|nanos| nanos > 0 && nanos <= most);
        if asked.contains(&index) {
            continue;
        }
        if administration.fluid_purpose == Some(FluidPurpose::Hydration) {
            match fluid::named_purpose(coding, administration) {
                Some(FluidPurpose::Carrier) => doubt_carriage(coding, index),
                named if named.is_some() || is_slow => doubt_purpose(coding, index),
                _ => {}
            }
            continue;
        }
        if administration.fluid_purpose.is_some() || !is_slow {
            continue;
        }
        let field = Field::Administration(index, "fluidPurpose");
        let facts = [fact::parameter("limit", Value::Count(i64::from(**limit)), limit)];
        let text = "The fluid ran at no more than {limit} mL an hour, as one does that keeps the vein open and is never reported; its line waits. State its purpose.";
        coding.find(Severity::Block, Reason::HydrationNotSupported, field, &HYD_3, text, &facts);
        ask_purpose(coding, index);
        asked.push(index);
    }
    asked
}

/// Warns of a fluid whose purpose is hydration, and whose name or rate is that of one that keeps the vein open.
fn doubt_purpose(coding: &mut Coding<'_>, index: u16) {
    let field = Field::Administration(index, "fluidPurpose");
    if coding.result.questions.iter().any(|question| question.field == field) {
        return;
    }
    let text = "The purpose says hydration, and the name or the rate of the fluid says that it kept the vein open, which is never reported. Correct one of them.";
    coding.find(Severity::Warn, Reason::HydrationNotSupported, field, &HYD_3, text, &[]);
    ask_purpose(coding, index);
}

/// Warns of a fluid whose purpose is hydration, and whose name says that it carried a drug or ran with one.
fn doubt_carriage(coding: &mut Coding<'_>, index: u16) {
    let field = Field::Administration(index, "fluidPurpose");
    let text = "The purpose says hydration, and the name of the fluid says that it carried a drug or ran with one, which is never reported. Correct one of them.";
    coding.find(Severity::Warn, Reason::HydrationNotSupported, field, &HYD_2, text, &[]);
}

fn ask_purpose(coding: &mut Coding<'_>, index: u16) {
    let field = Field::Administration(index, "fluidPurpose");
    coding.ask(field, &HYD_3, "What was the slow fluid for?", &[], |coding| {
        let purposes = [
            ("It kept the vein open", FluidPurpose::KeepOpen),
            ("It treated a documented need of fluid", FluidPurpose::Hydration),
        ];
        purposes
            .map(|(label, purpose)| answer(coding, label, index, |a| a.fluid_purpose = Some(purpose)))
            .into()
    });
}

/// Billionths of a millilitre an hour, rounded **down**: the documented rate, the one in a name, else the volume over the
/// time of flow.
fn rate(administration: &Administration, seconds: impl Fn() -> Option<i128>) -> Option<i128> {
    let stated = administration.rate_ml_per_hour.map(|rate| i128::from(rate.nanos()));
    let named = || {
        let names = administration.drugs.iter().filter_map(|drug| drug.name.as_deref());
        names.filter_map(rate_in).next().map(|rate| i128::from(rate.nanos()))
    };
    let by_volume = || {
        let dose = administration.drugs.first().and_then(|drug| drug.dose_administered);
        let volume = administration.volume_infused.or(dose)?;
        let seconds = seconds().filter(|seconds| *seconds > 0)?;
        // The base of a volume is a billionth of a microlitre.
        (volume.unit.measure() == Measure::Volume).then(|| volume.in_base() * 3600 / (seconds * 1000))
    };
    stated.or_else(named).or_else(by_volume)
}

/// The rate that a name states, as in `NS @ 20 mL/hr`, in millilitres an hour.
fn rate_in(name: &str) -> Option<Decimal> {
    const ENDINGS: [&str; 3] = ["ml/h", "cc/h", "ml per hour"];
    let name = name.to_ascii_lowercase();
    let at = ENDINGS.iter().find_map(|ending| name.find(ending))?;
    let before = name[..at].trim_end();
    before.rsplit(|c: char| !c.is_ascii_digit() && c != '.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_read_from_a_name() {
        let rate = |name| rate_in(name).map(|rate| rate.to_string());
        for (name, expected) in
            [("NS 1000 mL @ 20 mL/hr", "20"), ("LR at 12.5ml/h", "12.5"), ("D5W 30 cc/hr", "30")]
        {
            assert_eq!(rate(name).as_deref(), Some(expected), "{name}");
        }
        assert_eq!(rate("NS 1000 mL"), None);
        assert_eq!(rate("NS at mL/hr"), None);
    }
}
