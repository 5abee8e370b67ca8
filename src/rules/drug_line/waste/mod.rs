//! Discarded drug: how much of the opened containers is billed with JW, and when JZ attests none.
//!
//! The algorithm of the rule book: the content of the single-dose containers in whole units, less
//! the administered units, is what JW may carry (rules W-01..W-17, Z-01..Z-11, K-01, K-02).

pub mod avoidable;
mod balance;
mod departures;
mod held;
mod opened;
mod partly;
mod records;
mod refund;
pub(super) mod scope;
mod undocumented;
mod zero_records;

use crate::domain::drug::DiscardReason;
use crate::domain::encounter::Encounter;
use crate::domain::finding::{Reason, Severity};
use crate::domain::quantity::Unit;
use crate::engine::Coding;
use crate::engine::trail::{NotedFact, Value, fact};
use crate::policy::parameters::{
    DiscardReporting, JzAttestation, PartlyAdministered, Standing, UnclassifiedDiscard, UndocumentedDiscard,
};
use crate::rules::drug_line::drug_marks::DrugMark;
use crate::rules::drug_line::treatment::{Dose, Possibility, Treatment, ask};
use crate::rules::drug_line::unclassified;
use crate::rules::drug_line::units::{self, Billed, Counting, Measured};
use opened::Opened;

pub use opened::rest_of;

pub use records::*;
pub use refund::*;
pub use zero_records::*;

/// What the claim says of discarded drug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Discard {
    /// Units of the JW line; no line where there are none.
    pub jw_units: u32,
    /// The administered line carries JZ.
    pub jz: bool,
    /// Discarded units that a combined line adds to the administered ones.
    pub combined_units: u32,
    /// The discarded amount in the base of the code's measure, payable or not.
    pub amount: Option<i128>,
}

/// Decides what the claim says of discarded drug of one treatment, beside all the doses of the visit.
pub(super) fn decide(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    doses: &[Dose<'_>],
    billed: &Billed,
) -> Discard {
    let is_skin = scope::is_unlicensed_skin_substitute(treatment.first());
    let reporting = scope::reporting(coding, treatment, is_skin);
    if is_skin {
        scope::note_skin_substitute(coding, treatment);
    }
    if let Some(exemption) = scope::exemption(coding, treatment, doses, reporting) {
        scope::note(coding, treatment, exemption);
        return Discard::default();
    }
    match &billed.counting {
        Counting::Amount(measured) => measured_discard(coding, treatment, doses, billed, measured, reporting),
        Counting::Unclassified => unclassified_discard(coding, treatment, reporting),
        Counting::Containers if units::are_unlisted(treatment) => {
            let unit = treatment.first().drug.dose_administered.map_or(Unit::Vial, |dose| dose.unit);
            opened::ask_containers(coding, treatment, unit, false);
            Discard::default()
        }
        Counting::Containers | Counting::Events => {
            let text = "One unit covers the container, so no discarded amount is payable";
            coding.result.trail.fired(&W_05, treatment.subject(), text, &[]);
            Discard { jz: attests_zero(coding, treatment, reporting), ..Discard::default() }
        }
    }
}

fn measured_discard(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    doses: &[Dose<'_>],
    billed: &Billed,
    measured: &Measured,
    reporting: DiscardReporting,
) -> Discard {
    if held::holds_incomparable(coding, treatment, measured) {
        return Discard::default();
    }
    let Some(opened) = opened::gather(coding, treatment, measured) else { return Discard::default() };
    if opened.is_short {
        held::ask_short(coding, treatment, measured, opened.content);
        return Discard::default();
    }
    if opened.is_mixed && held::holds_mixed(coding, treatment, measured, &opened) {
        return Discard::default();
    }
    if reporting == DiscardReporting::JzOnly {
        if held::holds_for_supplier(coding, treatment, measured, &opened) {
            return Discard::default();
        }
        return Discard { jz: attests_zero(coding, treatment, reporting), ..Discard::default() };
    }
    let left = (opened.payable - measured.administered).max(0);
    let reason = treatment.doses.iter().find_map(|dose| dose.drug.discard_reason);
    let rest = if reason.is_none() && !opened.is_shared {
        left
    } else {
        let units = billed.units;
        match rest_by_reason(coding, treatment, measured, &opened, (left, units), reason) {
            Some(rest) => rest,
            None => return Discard::default(),
        }
    };
    let units = units_of_rest(coding, measured, rest, billed.units);
    let found = Found { opened: &opened, rest, units };
    if units < *coding.policy.drug_line.smallest_jw_units {
        return below_one_unit(coding, treatment, measured, &found, reporting);
    }
    if let Some(gap) = undocumented::gap(coding.encounter, treatment) {
        return undocumented::hold(coding, treatment, doses, measured, &found, gap);
    }
    if found.opened.is_kind_open {
        held::ask_kind(coding, treatment, measured, &found);
        return Discard::default();
    }
    if !treatment.stated.has(DrugMark::Container)
        && held::is_without_container(treatment, doses)
        && held::holds_without(coding, treatment, measured, &found)
    {
        return Discard::default();
    }
    let units = avoidable::limit(coding, treatment, measured, found.opened, billed.units, units);
    report(coding, treatment, measured, rest, units, reporting)
}

/// The rest that was found in the opened containers.
struct Found<'o> {
    opened: &'o Opened,
    /// What may count as discarded, in the base of the measure.
    rest: i128,
    /// Whole units of it.
    units: u32,
}

/// The whole units of what may count as discarded.
fn units_of_rest(coding: &Coding<'_>, measured: &Measured, rest: i128, administered_units: u32) -> u32 {
    if rest == 0 {
        return 0;
    }
    let rounding = *coding.policy.drug_line.unit_rounding;
    let (content, dose) = (measured.administered + rest, measured.administered);
    // Content and dose were checked when they were added up, so the units fit wherever the dose did.
    units::discarded_units(content, dose, measured.one, administered_units, rounding).unwrap_or(0)
}

/// What is left of the containers and may count as discarded drug, by the reason that the record gives; nothing where a
/// fact that decides it is missing.
#[inline(never)]
fn rest_by_reason(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    measured: &Measured,
    opened: &Opened,
    (left, administered_units): (i128, u32),
    reason: Option<DiscardReason>,
) -> Option<i128> {
    let trail = &mut coding.result.trail;
    let rest = match reason {
        _ if opened.is_shared => {
            let facts = [fact::derived("left", measured.readable(left))];
            let text = "A container serves a later patient, so what is left is not this patient's waste";
            trail.fired(&W_11, treatment.subject(), text, &facts);
            0
        }
        Some(DiscardReason::SpoiledOrMissed) => {
            let facts = [fact::derived("left", measured.readable(left))];
            let text = "Drug that was spoiled or never needed is not billed: {left}";
            coding.find(
                Severity::Warn,
                Reason::DiscardNotBillable,
                treatment.field("discard_reason"),
                &W_12,
                text,
                &facts,
            );
            0
        }
        Some(DiscardReason::PartlyAdministered) => {
            return partly::rest(coding, treatment, measured, opened, left, administered_units);
        }
        _ => left,
    };
    Some(rest)
}

/// Less than one payable unit is left: one line, and JZ (rules W-04..W-06, Z-08).
fn below_one_unit(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    measured: &Measured,
    found: &Found,
    reporting: DiscardReporting,
) -> Discard {
    if found.rest <= 0 {
        let jz = attests_zero(coding, treatment, reporting);
        return Discard { jz, amount: Some(found.rest), ..Discard::default() };
    }
    let facts = [
        fact::derived("discarded", measured.readable(found.rest)),
        fact::catalog("unit", measured.readable(measured.one)),
    ];
    let covers_all = measured.one >= found.opened.payable;
    let (rule, text) = if covers_all {
        (&W_05, "{discarded} was left; one unit of {unit} covers the whole container, so JW is not permitted")
    } else if found.units > 0 {
        (&W_04, "{discarded} was left, fewer units than the policy bills with JW")
    } else {
        (&W_06, "{discarded} was left, less than a payable unit of {unit}: no JW line")
    };
    coding.result.trail.declined(rule, treatment.subject(), text, &facts);
    let text = if found.units > 0 && !covers_all {
        "{discarded} was discarded, fewer units of {unit} than this payer takes on a JW line; no JW line is billed"
    } else {
        "{discarded} was discarded, which is less than a payable unit of {unit}; no JW line is billed"
    };
    let field = treatment.field("dose_discarded");
    coding.find(Severity::Info, Reason::DiscardBelowOneUnit, field, rule, text, &facts);
    let attests_payable_only = *coding.policy.drug_line.jz_attestation != JzAttestation::NoDiscard;
    if !attests_payable_only {
        departures::without_zero(coding, treatment, reporting, &facts);
    }
    let jz = attests_payable_only && attests_zero(coding, treatment, reporting);
    if jz && covers_all {
        let text = "JZ is printed although {discarded} was thrown away, because one unit of {unit} covers the container";
        coding.result.trail.fired(&Z_08, treatment.subject(), text, &facts);
    }
    Discard { jz, amount: Some(found.rest), ..Discard::default() }
}

/// Whether this payer knows JZ.
const fn names_zero(reporting: DiscardReporting) -> bool {
    matches!(reporting, DiscardReporting::JzOnly | DiscardReporting::JwAndJz)
}

/// Whether JZ is printed on the date for this payer (rules Z-01, Z-02).
fn attests_zero(coding: &mut Coding<'_>, treatment: &Treatment<'_>, reporting: DiscardReporting) -> bool {
    let standing = &coding.policy.drug_line.jz_standing;
    let facts = [fact::parameter("since", Value::Date(standing.from), standing)];
    let trail = &mut coding.result.trail;
    match (names_zero(reporting), **standing) {
        (false, _) | (_, Standing::NotUsed) => false,
        (true, Standing::Optional) => {
            let text = "JZ may be printed and is not required on this date";
            trail.declined(&Z_01, treatment.subject(), text, &facts);
            false
        }
        (true, required) => {
            // The date of the stricter standing is that of the returned claims, not that of the modifier.
            let text = if required == Standing::RequiredOrReturned {
                "No payable amount was discarded, so the administered line carries JZ (required, and since {since} a claim without it may be returned)"
            } else {
                "No payable amount was discarded, so the administered line carries JZ (required since {since})"
            };
            trail.fired(&Z_02, treatment.subject(), text, &facts);
            true
        }
    }
}

fn report(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    measured: &Measured,
    rest: i128,
    units: u32,
    reporting: DiscardReporting,
) -> Discard {
    let standing = &coding.policy.drug_line.jw_standing;
    let facts = [
        fact::derived("discarded", measured.readable(rest)),
        fact::derived("units", Value::Count(i64::from(units))),
        fact::parameter("since", Value::Date(standing.from), standing),
    ];
    let trail = &mut coding.result.trail;
    let amount = Some(rest);
    if units == 0 {
        return Discard { amount, ..Discard::default() };
    }
    if reporting == DiscardReporting::CombinedLine {
        let text = "This payer wants given and discarded drug on one line: {units} units are added";
        trail.fired(&W_17, treatment.subject(), text, &facts);
        return Discard { combined_units: units, amount, ..Discard::default() };
    }
    let label = "The unused rest of a single-dose container is paid for, up to its label";
    trail.fired(&W_01, treatment.subject(), label, &facts);
    let text =
        "{discarded} was discarded: {units} whole units after the administered ones, on a line with JW";
    trail.fired(&W_03, treatment.subject(), text, &facts);
    if **standing == Standing::Optional {
        let text = "JW was each contractor's choice on this date; some wanted one combined line";
        coding.find(
            Severity::Info,
            Reason::DisputedRule,
            treatment.field("dose_discarded"),
            &W_02,
            text,
            &facts,
        );
    } else {
        let text = "The administered line carries no JZ, because drug was discarded";
        trail.declined(&Z_03, treatment.subject(), text, &facts);
    }
    departures::of_several_doses(coding, treatment, &facts);
    Discard { jw_units: units, amount, ..Discard::default() }
}

/// An unclassified code has no unit to discard; the narrative names the amount (rule Z-11).
fn unclassified_discard(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    reporting: DiscardReporting,
) -> Discard {
    let rest = treatment.doses.iter().find_map(|dose| opened::rest_of(dose.drug));
    match rest {
        None => Discard::default(),
        Some(rest) if rest.value.is_zero() => {
            Discard { jz: attests_zero(coding, treatment, reporting), ..Discard::default() }
        }
        Some(rest) => {
            let facts = [fact::derived("discarded", Value::Quantity(rest))];
            let text = if unclassified::has_own_unit(coding, treatment.first()) {
                "{discarded} was discarded under an unclassified code that this payer counts by a unit of its own: no source found says whether a JW line goes with it; the narrative names the amount"
            } else {
                "{discarded} was discarded under a code of one unit: sources disagree on a JW line; the narrative names the amount"
            };
            let field = treatment.field("dose_discarded");
            coding.find(Severity::Warn, Reason::DisputedRule, field, &Z_11, text, &facts);
            let has_line = *coding.policy.drug_line.unclassified_discard == UnclassifiedDiscard::JwLine;
            Discard { jw_units: u32::from(has_line), ..Discard::default() }
        }
    }
}
