//! The mistakes that auditors meet again and again, each with the rule it breaks.

use super::compare::{DISCARDED, Rest};
use super::nature::{Family, Nature, Place, Technique};
use super::{Case, Discrepancy, Kind, product};
use crate::domain::code::HcpcsCode;
use crate::domain::drug::ContainerKind;
use crate::domain::finding::Reason;
use crate::domain::quantity::{Decimal, Quantity};
use crate::rules::{self, Rule};

/// A known pattern of mistakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pattern {
    /// The content of the opened containers was billed as administered.
    WholeVial,
    /// A second initial service where the record supports one.
    TwoInitials,
    /// Further hours of an infusion were never billed.
    AddOnHoursNeverBilled,
    /// The code for the same drug pushed again, in an office.
    RepeatPushInOffice,
    /// Discarded drug of a multi-dose container was billed.
    DiscardOfMultiDose,
    /// The NDC belongs to another product.
    NdcOfAnotherProduct,
    /// An unclassified code where a specific one is in force.
    UnclassifiedCode,
    /// A chemotherapy administration code for another drug.
    ChemotherapyCode,
    /// A start and stop entered to the full hour.
    TimesToTheHour,
    /// The code of a later service of the visit where the initial one is right.
    AddOnForInitial,
    /// A further hour, the next drug and one that ran beside taken for each other.
    AddOnOfAnotherKind,
    /// A therapeutic administration code for chemotherapy or another complex drug.
    TherapeuticCode,
    /// Hydration taken for the infusion of a drug, or the other way round.
    HydrationAndTherapy,
    /// Another technique: a push, an infusion and an injection taken for each other.
    OtherTechnique,
    /// A line that stands on the claim once more.
    DuplicateLine,
}

impl Pattern {
    /// Every pattern, in the order of the published API.
    pub const ALL: [Self; 15] = [
        Self::WholeVial,
        Self::TwoInitials,
        Self::AddOnHoursNeverBilled,
        Self::RepeatPushInOffice,
        Self::DiscardOfMultiDose,
        Self::NdcOfAnotherProduct,
        Self::UnclassifiedCode,
        Self::ChemotherapyCode,
        Self::TimesToTheHour,
        Self::AddOnForInitial,
        Self::AddOnOfAnotherKind,
        Self::TherapeuticCode,
        Self::HydrationAndTherapy,
        Self::OtherTechnique,
        Self::DuplicateLine,
    ];

    /// The published name, as on the wire without its prefix.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WholeVial => "WHOLE_VIAL",
            Self::TwoInitials => "TWO_INITIALS",
            Self::AddOnHoursNeverBilled => "ADD_ON_HOURS_NEVER_BILLED",
            Self::RepeatPushInOffice => "REPEAT_PUSH_IN_OFFICE",
            Self::DiscardOfMultiDose => "DISCARD_OF_MULTI_DOSE",
            Self::NdcOfAnotherProduct => "NDC_OF_ANOTHER_PRODUCT",
            Self::UnclassifiedCode => "UNCLASSIFIED_CODE",
            Self::ChemotherapyCode => "CHEMOTHERAPY_CODE",
            Self::TimesToTheHour => "TIMES_TO_THE_HOUR",
            Self::AddOnForInitial => "ADD_ON_FOR_INITIAL",
            Self::AddOnOfAnotherKind => "ADD_ON_OF_ANOTHER_KIND",
            Self::TherapeuticCode => "THERAPEUTIC_CODE",
            Self::HydrationAndTherapy => "HYDRATION_AND_THERAPY",
            Self::OtherTechnique => "OTHER_TECHNIQUE",
            Self::DuplicateLine => "DUPLICATE_LINE",
        }
    }

    const fn rule_id(self) -> &'static str {
        match self {
            Self::WholeVial => "U-17",
            Self::TwoInitials => "INIT-1",
            Self::AddOnHoursNeverBilled => "TIME-3",
            Self::RepeatPushInOffice => "REP-2",
            Self::DiscardOfMultiDose => "W-07",
            Self::NdcOfAnotherProduct => "D-07",
            Self::UnclassifiedCode => "N-01",
            Self::ChemotherapyCode => "G-21",
            Self::TimesToTheHour => "DOC-4",
            Self::AddOnForInitial => "INIT-1",
            Self::AddOnOfAnotherKind => "SEQ-1",
            Self::TherapeuticCode => "CLS-1",
            Self::HydrationAndTherapy => "HYD-1",
            Self::OtherTechnique => "TIME-1",
            Self::DuplicateLine => "G-01",
        }
    }

    /// The rule that the pattern breaks.
    pub fn rule(self) -> &'static Rule {
        // A test holds that each of these rules exists.
        rules::find(self.rule_id()).unwrap_or(&rules::audit::G_01)
    }
}

/// Patterns of the record itself.
pub(super) fn of_record(case: &Case<'_>) -> Option<Pattern> {
    let is_rounded = case.result.findings.iter().any(|finding| finding.reason == Reason::RoundedTime);
    is_rounded.then_some(Pattern::TimesToTheHour)
}

pub(super) fn of_wrong_code(case: &Case<'_>, billed: &Rest, supported: &Rest) -> Option<Pattern> {
    let nature = |rest: &Rest| Nature::of(rest.key.code, &case.policy.administration);
    let (Some(wrong), Some(right)) = (nature(billed), nature(supported)) else {
        let is_unclassified = |rest: &Rest| product::is_unclassified(case, rest.key.code);
        return (is_unclassified(billed) && !is_unclassified(supported)).then_some(Pattern::UnclassifiedCode);
    };
    if is_repeat_push_in_office(case, wrong) {
        return Some(Pattern::RepeatPushInOffice);
    }
    if wrong.place == Place::Initial && right.place != Place::Initial && has_initial(case) {
        return Some(Pattern::TwoInitials);
    }
    of_family(wrong.family, right.family).or_else(|| of_place(wrong, right))
}

/// The code is of another family.
fn of_family(wrong: Family, right: Family) -> Option<Pattern> {
    match (wrong, right) {
        _ if wrong == right => None,
        (Family::Chemotherapy, _) => Some(Pattern::ChemotherapyCode),
        (_, Family::Chemotherapy) => Some(Pattern::TherapeuticCode),
        _ => Some(Pattern::HydrationAndTherapy),
    }
}

/// The code is of the right family, and of another technique or another place in the visit.
fn of_place(wrong: Nature, right: Nature) -> Option<Pattern> {
    let is_of_pump = [wrong.technique, right.technique].contains(&Technique::Pump);
    if wrong.technique != right.technique {
        // A pump is none of the three that the pattern speaks of.
        return (!is_of_pump).then_some(Pattern::OtherTechnique);
    }
    let is_add_on =
        |place| matches!(place, Place::Hour | Place::Sequential | Place::Concurrent | Place::Repeat);
    match (is_add_on(wrong.place), is_add_on(right.place)) {
        (true, false) => Some(Pattern::AddOnForInitial),
        (true, true) if wrong.place != right.place => Some(Pattern::AddOnOfAnotherKind),
        _ => None,
    }
}

/// The rule of a wrong code: that of its pattern where the pattern breaks one whatever is right, otherwise that of the
/// line that is right.
pub(super) fn rule_of_wrong_code(
    case: &Case<'_>,
    pattern: Option<Pattern>,
    right: HcpcsCode,
) -> Option<&'static Rule> {
    let is_hour = || {
        let nature = Nature::of(right, &case.policy.administration);
        nature.is_some_and(|nature| nature.place == Place::Hour)
    };
    match pattern? {
        Pattern::TwoInitials if is_hour() => None,
        Pattern::AddOnForInitial
        | Pattern::AddOnOfAnotherKind
        | Pattern::TherapeuticCode
        | Pattern::HydrationAndTherapy
        | Pattern::OtherTechnique => None,
        known => Some(known.rule()),
    }
}

pub(super) fn of_extra(case: &Case<'_>, rest: &Rest) -> Option<Pattern> {
    if rest.key.discarded && is_multi_dose(case, rest) {
        return Some(Pattern::DiscardOfMultiDose);
    }
    let nature = Nature::of(rest.key.code, &case.policy.administration)?;
    if is_repeat_push_in_office(case, nature) {
        return Some(Pattern::RepeatPushInOffice);
    }
    (nature.place == Place::Initial && has_initial(case)).then_some(Pattern::TwoInitials)
}

pub(super) fn of_missing(case: &Case<'_>, rest: &Rest) -> Option<Pattern> {
    let nature = Nature::of(rest.key.code, &case.policy.administration)?;
    (nature.place == Place::Hour).then_some(Pattern::AddOnHoursNeverBilled)
}

/// Too many units of a service that is supported.
pub(super) fn of_units(case: &Case<'_>, rest: &Rest) -> Option<Pattern> {
    if let Some(nature) = Nature::of(rest.key.code, &case.policy.administration) {
        return (nature.place == Place::Initial).then_some(Pattern::TwoInitials);
    }
    let is_whole = !rest.key.discarded
        && (is_what_was_discarded(case, rest) || content_units(case, rest) == Some(rest.billed_total));
    is_whole.then_some(Pattern::WholeVial)
}

/// A discarded part that is missing beside a whole vial belongs to that pattern too.
pub(super) fn tie_discarded(found: &mut [Discrepancy]) {
    let whole: Vec<_> = found
        .iter()
        .filter(|found| found.pattern == Some(Pattern::WholeVial))
        .filter_map(|found| Some(found.billed.as_ref()?.code))
        .collect();
    for missing in found.iter_mut().filter(|found| found.kind == Kind::MissingLine) {
        let is_tied = missing
            .supported
            .as_ref()
            .is_some_and(|side| whole.contains(&side.code) && side.modifiers.contains(&DISCARDED));
        if is_tied {
            missing.pattern = Some(Pattern::WholeVial);
        }
    }
}

/// Whether what is billed too much is just what was discarded.
fn is_what_was_discarded(case: &Case<'_>, rest: &Rest) -> bool {
    let own = case.result.lines.iter().filter(|line| {
        line.code == rest.key.code
            && line.service_date == rest.key.date
            && line.modifiers.contains(&DISCARDED)
    });
    let discarded: i64 = own.map(|line| i64::from(line.units) * Decimal::ONE.nanos()).sum();
    discarded > 0 && rest.units.nanos() == discarded
}

/// Units that the labelled content of the opened containers would be, rounded **up**.
fn content_units(case: &Case<'_>, rest: &Rest) -> Option<Decimal> {
    let unit = case.catalog.lookup(rest.key.code, rest.key.date).billable()?.billing_unit()?.quantity;
    let mut content: Option<Quantity> = None;
    for container in
        product::drugs_of(case, rest.key.code, rest.key.date).iter().flat_map(|drug| &drug.containers)
    {
        let all = container.content.checked_times(container.count)?;
        content = Some(content.map_or(Some(all), |sum| sum.checked_add(all))?);
    }
    let units = content?.divided_rounding_up(unit)?;
    let nanos = units.checked_mul(i128::from(Decimal::ONE.nanos()))?;
    i64::try_from(nanos).ok().map(Decimal::from_nanos)
}

fn is_multi_dose(case: &Case<'_>, rest: &Rest) -> bool {
    let is_multi = |kind| matches!(kind, ContainerKind::MultiDose | ContainerKind::PharmacyBulkPackage);
    let drugs = product::drugs_of(case, rest.key.code, rest.key.date);
    let stated: Vec<_> = drugs.iter().flat_map(|drug| &drug.containers).filter_map(|one| one.kind).collect();
    if stated.is_empty() {
        let facts = case.catalog.formulary.drug(rest.key.code);
        return facts.and_then(|facts| facts.container_kind).is_some_and(is_multi);
    }
    stated.into_iter().any(is_multi)
}

fn is_repeat_push_in_office(case: &Case<'_>, nature: Nature) -> bool {
    nature.place == Place::Repeat && !case.encounter.setting.is_facility()
}

fn has_initial(case: &Case<'_>) -> bool {
    case.result.lines.iter().any(|line| {
        Nature::of(line.code, &case.policy.administration)
            .is_some_and(|nature| nature.place == Place::Initial)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_breaks_a_rule_of_the_book() {
        for pattern in Pattern::ALL {
            assert_eq!(pattern.rule().id, pattern.rule_id(), "{}", pattern.as_str());
        }
    }
}
