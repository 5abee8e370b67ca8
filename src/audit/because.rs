//! The rule that decides what is right, read off the trail of the answer.

use super::Case;
use super::compare::{Claimed, DISCARDED, Key, NONE_DISCARDED, Remarked, Rest};
use super::nature::{Family, Nature};
use crate::catalog::{CodeFlag, CodeVersion, Lookup};
use crate::domain::code::HcpcsCode;
use crate::domain::drug::DrugGiven;
use crate::domain::field::Field;
use crate::domain::quantity::Decimal;
use crate::engine::reasons::Reasons;
use crate::engine::trail::{Note, Outcome, Step, Value};
use crate::policy::parameters::Standing;
use crate::rules::Rule;
use crate::rules::audit::G_01;
use crate::rules::drug_line::biosimilar::B_04;
use crate::rules::drug_line::life_cycle::{L_01, L_02, L_04};
use crate::rules::drug_line::unclassified::N_03;
use crate::rules::drug_line::waste::{W_01, W_13, Z_01, Z_09};

/// What the ids of rules begin with: of classes, of discarded drug and of none, and of hydration.
const CLASS: &str = "CLS-";
const DISCARD: &str = "W-";
const ZERO: &str = "Z-";
const HYDRATION: [&str; 2] = ["HYD-", "TIME-4"];

/// The rule behind a supported line: the last that speaks of its units, else of its code, else the last.
pub(super) fn of_line(case: &Case<'_>, line: usize, units: Decimal) -> &'static Rule {
    let Some(supported) = case.result.lines.get(line) else { return &G_01 };
    let count = Value::Count(units.nanos() / Decimal::ONE.nanos());
    let steps = fired(case, line);
    let speaks_of = |value: Value| steps.iter().rev().find(|step| has(case, step, value));
    let step = speaks_of(count).or_else(|| speaks_of(Value::Code(supported.code))).or(steps.last());
    step.map_or(&G_01, |step| step.rule)
}

/// The rule that a wrong code breaks: of the class of a service, of the date of a code, or of the product of a drug.
pub(super) fn of_code(case: &Case<'_>, billed: HcpcsCode, supported: &Rest) -> &'static Rule {
    let nature = |code| Nature::of(code, &case.policy.administration);
    let right = supported.key.code;
    if let Some(right) = nature(right) {
        let is_other_class = nature(billed).is_some_and(|wrong| wrong.family != right.family);
        let class = fired(case, supported.line).into_iter().find(|step| step.rule.id.starts_with(CLASS));
        let class = class.filter(|_| is_other_class).map(|step| step.rule);
        let steps = fired(case, supported.line);
        let own = steps.iter().rev().find(|step| has(case, step, Value::Code(supported.key.code)));
        let own = class.or_else(|| own.map(|step| step.rule));
        return own.unwrap_or_else(|| of_line(case, supported.line, supported.units));
    }
    let of_date = |code| case.catalog.lookup(code, supported.key.date);
    let is_biosimilar =
        |code| of_date(code).version().is_some_and(|version| version.flags.has(CodeFlag::Biosimilar));
    match of_date(billed) {
        Lookup::Terminated(_) => &L_02,
        Lookup::NotYet(_) | Lookup::Unknown => &L_01,
        lookup if is_of_other_setting(case, lookup) => &N_03,
        _ if is_biosimilar(billed) || is_biosimilar(right) => &B_04,
        _ => &L_04,
    }
}

/// Whether a code is for hospital outpatient departments, and the visit was elsewhere (rule N-03).
fn is_of_other_setting(case: &Case<'_>, lookup: Lookup<'_>) -> bool {
    let is_of_hospitals = |version: &CodeVersion| {
        version.code.family() == 'C' || version.flags.has(CodeFlag::HospitalOutpatientOnly)
    };
    lookup.version().is_some_and(is_of_hospitals)
        && !case.policy.drug_line.hospital_code_settings.contains(&case.encounter.setting)
}

/// The rule behind a line that is missing: for the drug itself the first that speaks of its code; where its discarded
/// part was billed, that this is not paid for alone.
pub(super) fn of_missing(case: &Case<'_>, rest: &Rest, claimed: &[Claimed]) -> &'static Rule {
    let discarded = Key { discarded: true, ..rest.key };
    if !rest.key.discarded && claimed.iter().any(|line| line.key == discarded) {
        return &W_13;
    }
    let is_drug = Nature::of(rest.key.code, &case.policy.administration).is_none();
    let steps = if is_drug && !rest.key.discarded { fired(case, rest.line) } else { Vec::new() };
    let first = steps.into_iter().find(|step| has(case, step, Value::Code(rest.key.code)));
    first.map_or_else(|| of_line(case, rest.line, rest.units), |step| step.rule)
}

/// The rule that keeps discarded drug off the claim, where its drug was given.
fn of_discarded(case: &Case<'_>, key: Key) -> &'static Rule {
    last_of_discard(case, key).unwrap_or(&W_01)
}

/// The rule that keeps JZ off a line: none is used on the date, or the last that speaks of what was discarded.
fn of_zero(case: &Case<'_>, key: Key) -> Option<&'static Rule> {
    if *case.policy.drug_line.jz_standing == Standing::NotUsed {
        return Some(&Z_01);
    }
    last_of_discard(case, key)
}

/// The last rule of discarded drug that spoke of a drug that was given, whether it fired or was declined.
fn last_of_discard(case: &Case<'_>, key: Key) -> Option<&'static Rule> {
    let given = line_of(case, Key { discarded: false, ..key });
    let reasons = Reasons::of(case.encounter, case.result);
    let is_of_discard = |rule: &Rule| rule.id.starts_with(DISCARD) || rule.id.starts_with(ZERO);
    let given = given.and_then(|place| case.result.lines.get(place));
    let steps = given.into_iter().flat_map(|line| reasons.steps_of(line)).map(|(_, step)| step.rule);
    steps.filter(|rule| is_of_discard(rule)).last()
}

/// The rule behind the modifiers that one of two lines has and the other lacks.
pub(super) fn of_modifiers(case: &Case<'_>, billed: &Claimed, supported: &Claimed) -> &'static Rule {
    let only = |one: &Claimed, other: &Claimed| {
        let own: Vec<_> = one.modifiers.iter().filter(|m| !other.modifiers.contains(m)).copied().collect();
        own
    };
    let superfluous = only(billed, supported);
    let differing = [only(supported, billed), superfluous.clone()].concat();
    if superfluous.contains(&NONE_DISCARDED)
        && let Some(rule) = of_zero(case, supported.key)
    {
        return rule;
    }
    let steps = fired(case, supported.line);
    let mut speaking = differing.iter().filter_map(|modifier| {
        let named = steps.iter().rev().find(|step| has(case, step, Value::Modifier(*modifier)));
        named.or_else(|| {
            // A rule may write its modifier into its sentence.
            let is_written = |step: &&&Step| step.note.text.contains(modifier.as_str());
            steps.iter().rev().find(is_written)
        })
    });
    speaking.next().map_or_else(|| of_line(case, supported.line, supported.units), |step| step.rule)
}

/// Whether the billed line only attests that nothing was discarded of a drug that is not paid separately. No rule asks
/// for that, many departments do it on every line, and nothing is paid for it.
pub(super) fn is_needless_attestation(case: &Case<'_>, pair: &Remarked) -> bool {
    pair.only_attests_more(case.policy) && *of_modifiers(case, &pair.billed, &pair.supported) == Z_09
}

/// The rule that declined a code which nothing earns; else the rule by which a part of the visit earns
/// nothing; else that every line stands on an administration.
pub(super) fn of_extra(case: &Case<'_>, key: Key) -> (&'static Rule, Option<Note>) {
    let code = key.code;
    if key.discarded && line_of(case, Key { discarded: false, ..key }).is_some() {
        return (of_discarded(case, key), None);
    }
    let declined = |step: &&Step| step.outcome == Outcome::Declined && has(case, step, Value::Code(code));
    if let Some(step) = case.result.trail.steps.iter().find(declined) {
        return (step.rule, Some(step.note));
    }
    let is_administration = case.policy.audit.is_administration(code);
    let of_code = |what: Field| match what {
        Field::Drug(a, d, _) | Field::Container(a, d, _, _) => {
            let drug = case.encounter.administrations.get(usize::from(a))?.drugs.get(usize::from(d))?;
            Some(!is_administration && is_of(case, drug, key))
        }
        Field::Administration(..) => Some(is_administration),
        Field::Encounter(_) => None,
    };
    let mut not_billed = case.result.not_billed.iter().filter(|item| of_code(item.what) == Some(true));
    let family = Nature::of(code, &case.policy.administration).map(|nature| nature.family);
    let item = match family {
        // Beside other things that earn nothing, those of hydration are what its codes were billed for.
        Some(Family::Hydration) => {
            not_billed.clone().find(|item| HYDRATION.iter().any(|own| item.rule.id.starts_with(own)))
        }
        _ => None,
    };
    item.or_else(|| not_billed.next()).map_or((&G_01, None), |item| (item.rule, Some(item.note)))
}

/// Whether a drug of the record is one of a code: by its own code, else by its package, else by its name.
fn is_of(case: &Case<'_>, drug: &DrugGiven, key: Key) -> bool {
    if drug.code.is_some() {
        return drug.code == Some(key.code);
    }
    if let Some(ndc) = drug.ndcs().next() {
        return case.catalog.ndc_on(ndc, key.date).any(|entry| entry.code == key.code);
    }
    let name = drug.name.as_deref();
    name.is_some_and(|name| case.catalog.codes_of_name(name, key.date).contains(&key.code))
}

/// The place of the supported line of a service.
pub(super) fn line_of(case: &Case<'_>, key: Key) -> Option<usize> {
    case.result.lines.iter().position(|line| {
        line.code == key.code
            && line.service_date == key.date
            && line.modifiers.contains(&DISCARDED) == key.discarded
    })
}

fn fired<'a>(case: &Case<'a>, line: usize) -> Vec<&'a Step> {
    let Some(line) = case.result.lines.get(line) else { return Vec::new() };
    let reasons = Reasons::of(case.encounter, case.result);
    let steps = reasons.steps_of(line).map(|(_, step)| step);
    steps.filter(|step| step.outcome == Outcome::Fired).collect()
}

fn has(case: &Case<'_>, step: &Step, value: Value) -> bool {
    case.result.trail.facts(&step.note).iter().any(|fact| fact.value == value)
}
