//! What rests on a part of the record: the lines, and their value where the payment limit is known.

use smallvec::SmallVec;

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
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stake {
    pub lines: usize,
    /// Nothing where no payment limit is known.
    pub dollars: Option<Decimal>,
}

/// Where the drug lines begin, which stand behind all others.
fn first_of_drugs(lines: &[Line]) -> usize {
    lines.iter().position(|line| line.track == Track::Drug).unwrap_or(lines.len())
}

/// What rests on a part of the record.
pub(super) fn of(scope: Scope, coding: &Coding<'_>) -> Stake {
    let parameters = &coding.policy.administration;
    let mut stake = Stake::default();
    for line in coding.result.lines.iter().filter(|line| rests(line, scope, parameters)) {
        stake.add(line, coding.catalog);
    }
    stake
}

impl Stake {
    fn add(&mut self, line: &Line, catalog: &Catalog) {
        self.lines += 1;
        self.dollars = Catalog::sum(self.dollars, catalog.value_of(line));
    }
}

/// Drugs whose stakes are held without an allocation.
const DRUGS_INLINE: usize = 8;

/// What rests on each drug, by the place of the drug in the request.
pub(super) struct OfDrugs(Stakes);

type Stakes = SmallVec<[((u16, u16), Stake); DRUGS_INLINE]>;

impl OfDrugs {
    /// Looks at the drug lines once for all drugs: gaps of a drug are asked for most often, and the lines of one drug
    /// stand together.
    pub(super) fn new(coding: &Coding<'_>) -> Self {
        let lines = &coding.result.lines;
        let mut stakes = Stakes::new();
        for line in &lines[first_of_drugs(lines)..] {
            let (Some(&a), Some(d)) = (line.administrations.first(), line.drug) else { continue };
            if stakes.last().is_none_or(|(drug, _)| *drug != (a, d)) {
                stakes.push(((a, d), Stake::default()));
            }
            if let Some((_, stake)) = stakes.last_mut() {
                stake.add(line, coding.catalog);
            }
        }
        Self(stakes)
    }

    /// What rests on a drug.
    pub(super) fn of(&self, a: u16, d: u16) -> Stake {
        let known = self.0.iter().find(|(drug, _)| *drug == (a, d));
        known.map(|(_, stake)| *stake).unwrap_or_default()
    }
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
