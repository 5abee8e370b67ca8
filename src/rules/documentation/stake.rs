//! What rests on a part of the record: the lines, and their value where the payment limit is known.

use crate::catalog::Catalog;
use crate::domain::claim::{Line, Track};
use crate::domain::code::HcpcsCode;
use crate::domain::quantity::Decimal;
use crate::engine::Coding;
use crate::policy::parameters::AdministrationParameters;

/// Which lines rest on a part of the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    EveryLine,
    Administrations,
    Of(u16),
    Drug(u16, u16),
    Chemotherapy,
    Hydration,
}

/// How many lines are at stake, and their value at the payment limits.
pub(super) struct Stake {
    pub lines: usize,
    /// Nothing where no payment limit is known.
    pub dollars: Option<Decimal>,
}

/// Where the drug lines begin, which stand behind all others.
pub(super) fn first_of_drugs(lines: &[Line]) -> usize {
    lines.iter().position(|line| line.track == Track::Drug).unwrap_or(lines.len())
}

/// What rests on a part of the record, of the lines from the `first` on.
pub(super) fn of(scope: Scope, coding: &Coding<'_>, first: usize) -> Stake {
    let parameters = &coding.policy.administration;
    let lines = coding.result.lines[first..].iter();
    match scope {
        // What rests on one drug is asked for most often, and the lines of one drug stand together.
        Scope::Drug(a, d) => {
            let is_its_own = |line: &&Line| is_of_drug(line, a, d);
            sum(coding, lines.skip_while(|line| !is_its_own(line)).take_while(is_its_own))
        }
        _ => sum(coding, lines.filter(|line| rests(line, scope, parameters))),
    }
}

fn sum<'l>(coding: &Coding<'_>, resting: impl Iterator<Item = &'l Line>) -> Stake {
    let mut stake = Stake { lines: 0, dollars: None };
    for line in resting {
        stake.lines += 1;
        stake.dollars = Catalog::sum(stake.dollars, coding.catalog.value_of(line));
    }
    stake
}

/// Whether any line rests on a part of the record.
pub(super) fn exists(scope: Scope, coding: &Coding<'_>) -> bool {
    let parameters = &coding.policy.administration;
    coding.result.lines.iter().any(|line| rests(line, scope, parameters))
}

/// Whether a line rests on a part of the record.
#[inline]
pub(super) fn rests(line: &Line, scope: Scope, parameters: &AdministrationParameters) -> bool {
    match scope {
        Scope::EveryLine => true,
        Scope::Administrations => line.track == Track::Administration,
        Scope::Of(a) => line.administrations.contains(&a),
        Scope::Drug(a, d) => is_of_drug(line, a, d),
        Scope::Chemotherapy => line.track == Track::Administration && is_chemotherapy(line.code, parameters),
        Scope::Hydration => {
            let codes = &parameters.hydration_codes;
            line.code == codes.initial || line.code == codes.hour
        }
    }
}

fn is_of_drug(line: &Line, a: u16, d: u16) -> bool {
    line.drug == Some(d) && line.administrations.first() == Some(&a)
}

/// Whether a code belongs to the chemotherapy and complex drug family.
fn is_chemotherapy(code: HcpcsCode, parameters: &AdministrationParameters) -> bool {
    let vein = &parameters.chemotherapy_codes;
    let injections = &parameters.injection_codes;
    let artery = &parameters.intra_arterial_codes;
    let pumps = &parameters.pump_codes;
    let cavities = &parameters.cavity_codes;
    [
        vein.infusion,
        vein.hour,
        vein.sequential,
        vein.push,
        vein.additional_push,
        injections.antineoplastic,
        injections.hormonal,
        artery.push,
        artery.first_hour,
        artery.hour,
        artery.pump_start,
        pumps.prolonged_start,
        pumps.practice_pump_start,
        cavities.pleural,
        cavities.peritoneal,
        cavities.central_nervous_system,
        cavities.reservoir,
        cavities.lesions_few,
        cavities.lesions_many,
    ]
    .contains(&code)
}
