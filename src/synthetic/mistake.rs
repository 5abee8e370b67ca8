//! The mistakes that are put into made claims, and what an audit must find of each.

use super::product;
use super::random::Random;
use super::{Made, code, is_whole};
use crate::audit::{Kind, Pattern};
use crate::server::coder::Coder;
use crate::server::pb;
use crate::server::refusal::Refusal;

/// A mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mistake {
    LineLeftOut,
    HoursLeftOut,
    HoursTooMany,
    LineAdded,
    ChemotherapyCode,
    TherapeuticCode,
    SecondInitial,
    RepeatPushInOffice,
    UnitsTooFew,
    DecimalPointMoved,
    WholeVial,
    ModifierDropped,
    ModifierAdded,
    DiscardOfMultiDose,
    OtherNdc,
    Unclassified,
    OtherMaker,
    StopTimeMissing,
    TimesToTheHour,
}

impl Mistake {
    /// Every mistake.
    pub const ALL: [Self; 19] = [
        Self::LineLeftOut,
        Self::HoursLeftOut,
        Self::HoursTooMany,
        Self::LineAdded,
        Self::ChemotherapyCode,
        Self::TherapeuticCode,
        Self::SecondInitial,
        Self::RepeatPushInOffice,
        Self::UnitsTooFew,
        Self::DecimalPointMoved,
        Self::WholeVial,
        Self::ModifierDropped,
        Self::ModifierAdded,
        Self::DiscardOfMultiDose,
        Self::OtherNdc,
        Self::Unclassified,
        Self::OtherMaker,
        Self::StopTimeMissing,
        Self::TimesToTheHour,
    ];
}

/// What an audit must find of a claim.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expected {
    /// Each difference by its kind and pattern, in any order.
    pub differences: Vec<(Kind, Option<Pattern>)>,
    /// The differences may stand more than once, and each once at least.
    pub may_repeat: bool,
    /// Patterns of the record, which no difference carries.
    pub of_record: Option<Pattern>,
}

impl Expected {
    fn one(kind: Kind, pattern: Option<Pattern>) -> Self {
        Self { differences: vec![(kind, pattern)], ..Self::default() }
    }

    /// Whether an audit found this and nothing else.
    pub fn is_found(&self, audit: &crate::audit::Audit) -> bool {
        let mut found: Vec<_> = audit.discrepancies.iter().map(|found| (found.kind, found.pattern)).collect();
        let mut wanted = self.differences.clone();
        found.sort_unstable();
        wanted.sort_unstable();
        if self.may_repeat {
            found.dedup();
        }
        let mut patterns: Vec<Pattern> = wanted.iter().filter_map(|(_, pattern)| *pattern).collect();
        patterns.extend(self.of_record);
        patterns.sort_unstable();
        patterns.dedup();
        found == wanted && audit.patterns == patterns
    }
}

/// A supported line as it is billed.
pub(super) fn billed(line: &pb::Line) -> pb::BilledLine {
    pb::BilledLine {
        code: line.code.clone(),
        units: Some(line.units),
        modifiers: line.modifiers.clone(),
        ndc: line.ndc.as_ref().map(|report| report.ndc.clone()).unwrap_or_default(),
        service_date: line.service_date.clone(),
    }
}

/// Puts a mistake into a right claim; nothing where the visit gives no occasion for it.
pub(super) fn put_in(
    mistake: Mistake,
    encounter: &pb::Encounter,
    answer: &pb::CodeEncounterResponse,
    random: &mut Random,
    coder: &Coder,
) -> Result<Option<Made>, Refusal> {
    let lines = answer.lines.iter().map(billed).collect();
    let mut claim = Claim { encounter: encounter.clone(), lines, random };
    let expected = match mistake {
        Mistake::StopTimeMissing => claim.stop_time_missing(),
        Mistake::TimesToTheHour => claim.times_to_the_hour(coder)?,
        _ => claim.change(mistake),
    };
    Ok(expected.map(|expected| {
        let Claim { encounter, lines, .. } = claim;
        let request = pb::AuditClaimRequest {
            encounter: Some(encounter),
            billed_lines: lines,
            ..pb::AuditClaimRequest::default()
        };
        Made { request, mistake: Some(mistake), expected }
    }))
}

/// Codes for further hours.
const HOURS: [&str; 3] = ["96366", "96415", "96361"];
/// Therapeutic codes beside those of chemotherapy for the same service.
const FAMILIES: [(&str, &str); 6] = [
    ("96365", "96413"),
    ("96366", "96415"),
    ("96367", "96417"),
    ("96374", "96409"),
    ("96375", "96411"),
    ("96372", "96401"),
];
/// Codes of a further service beside the initial one of its family.
const INITIALS: [(&str, &str); 4] =
    [("96367", "96365"), ("96375", "96374"), ("96417", "96413"), ("96411", "96409")];
/// Services that no made visit holds.
const NEVER_GIVEN: [&str; 4] = ["96373", "96522", "96542", "J1885"];

struct Claim<'r> {
    encounter: pb::Encounter,
    lines: Vec<pb::BilledLine>,
    random: &'r mut Random,
}

impl Claim<'_> {
    /// Changes the lines alone.
    fn change(&mut self, mistake: Mistake) -> Option<Expected> {
        let wrong_code = |pattern| Some(Expected::one(Kind::WrongCode, pattern));
        match mistake {
            Mistake::LineLeftOut => {
                let at = self.any(|line, claim| !is_hour(line) && claim.is_alone(line))?;
                self.lines.remove(at);
                Some(Expected::one(Kind::MissingLine, None))
            }
            Mistake::HoursLeftOut => {
                let at = self.any(|line, _| is_hour(line))?;
                self.lines.remove(at);
                Some(Expected::one(Kind::MissingLine, Some(Pattern::AddOnHoursNeverBilled)))
            }
            Mistake::HoursTooMany => {
                let at = self.any(|line, _| is_hour(line))?;
                self.change_units(at, |units| units + 1);
                Some(Expected::one(Kind::WrongUnits, None))
            }
            Mistake::LineAdded => {
                let code = self.random.pick(&NEVER_GIVEN).to_string();
                self.lines.push(pb::BilledLine { code, ..pb::BilledLine::default() });
                Some(Expected::one(Kind::ExtraLine, None))
            }
            Mistake::ChemotherapyCode => {
                self.swap(&FAMILIES)?;
                wrong_code(Some(Pattern::ChemotherapyCode))
            }
            Mistake::TherapeuticCode => {
                self.swap(&FAMILIES.map(|(therapeutic, chemotherapy)| (chemotherapy, therapeutic)))?;
                wrong_code(Some(Pattern::TherapeuticCode))
            }
            Mistake::SecondInitial => {
                self.swap(&INITIALS)?;
                wrong_code(Some(Pattern::TwoInitials))
            }
            Mistake::RepeatPushInOffice => {
                if self.encounter.setting() != pb::Setting::PhysicianOffice {
                    return None;
                }
                self.swap(&[("96375", "96376")])?;
                wrong_code(Some(Pattern::RepeatPushInOffice))
            }
            _ => self.change_drug(mistake),
        }
    }

    /// Changes a drug line.
    fn change_drug(&mut self, mistake: Mistake) -> Option<Expected> {
        match mistake {
            Mistake::UnitsTooFew => {
                let at = self.any(|line, _| is_drug(line) && line.units.unwrap_or(1) > 1)?;
                self.change_units(at, |units| units - 1);
                Some(Expected::one(Kind::WrongUnits, None))
            }
            Mistake::DecimalPointMoved => {
                let at = self.any(|line, _| is_drug(line) && !is_discarded(line))?;
                self.change_units(at, |units| units * 10);
                Some(Expected::one(Kind::WrongUnits, None))
            }
            Mistake::WholeVial => self.whole_vial(),
            Mistake::ModifierDropped => {
                let at = self.any(|line, _| line.modifiers.iter().any(|modifier| modifier != "JW"))?;
                self.lines[at].modifiers.retain(|modifier| modifier == "JW");
                Some(Expected::one(Kind::WrongModifier, None))
            }
            Mistake::ModifierAdded => {
                let at = self.any(|line, _| is_drug(line) && line.modifiers.len() < 3)?;
                self.lines[at].modifiers.push("JB".to_owned());
                Some(Expected::one(Kind::WrongModifier, None))
            }
            Mistake::DiscardOfMultiDose => self.discard_of_multi_dose(),
            Mistake::OtherNdc => {
                let named = |line: &pb::BilledLine| {
                    product::of(&line.code)
                        .is_some_and(|product| product.containers.iter().all(|(_, ndc)| !ndc.is_empty()))
                };
                let at = self.any(|line, _| named(line))?;
                let rituximab = self.lines[at].code == "J9312";
                self.lines[at].ndc = if rituximab { "57894-0030-01" } else { "50242-0053-06" }.to_owned();
                Some(Expected::one(Kind::WrongNdc, Some(Pattern::NdcOfAnotherProduct)))
            }
            Mistake::Unclassified => self.unclassified(),
            Mistake::OtherMaker => self.other_maker(),
            _ => None,
        }
    }

    /// Bills the content of the containers as administered, in place of a line for what was discarded.
    fn whole_vial(&mut self) -> Option<Expected> {
        let at = self.any(|line, _| is_discarded(line))?;
        let discarded = self.lines.remove(at);
        let own = self.lines.iter_mut().find(|line| line.code == discarded.code)?;
        own.units = Some(own.units.unwrap_or(1) + discarded.units.unwrap_or(1));
        let pattern = Some(Pattern::WholeVial);
        let differences = vec![(Kind::WrongUnits, pattern), (Kind::MissingLine, pattern)];
        Some(Expected { differences, ..Expected::default() })
    }

    fn discard_of_multi_dose(&mut self) -> Option<Expected> {
        let is_multi =
            |line: &pb::BilledLine| product::of(&line.code).is_some_and(|product| product.is_multi_dose);
        let at = self.any(|line, _| is_multi(line))?;
        let (code, units) = (self.lines[at].code.clone(), self.random.between(1, 9) as u32);
        let modifiers = vec!["JW".to_owned()];
        self.lines.push(pb::BilledLine { code, units: Some(units), modifiers, ..pb::BilledLine::default() });
        Some(Expected::one(Kind::ExtraLine, Some(Pattern::DiscardOfMultiDose)))
    }

    fn unclassified(&mut self) -> Option<Expected> {
        let at = self.any(|line, claim| is_drug(line) && !is_discarded(line) && claim.is_alone(line))?;
        let product = product::of(&self.lines[at].code)?;
        self.lines[at].code = if product.is_chemotherapy { "J9999" } else { "J3490" }.to_owned();
        self.lines[at].units = Some(1);
        Some(Expected::one(Kind::WrongCode, Some(Pattern::UnclassifiedCode)))
    }

    /// Bills every line of a drug under the code of another maker's product.
    fn other_maker(&mut self) -> Option<Expected> {
        let twin = |line: &pb::BilledLine| product::of(&line.code).and_then(|product| product.twin);
        let at = self.any(|line, _| twin(line).is_some())?;
        let (code, other) = (self.lines[at].code.clone(), twin(&self.lines[at])?);
        for line in self.lines.iter_mut().filter(|line| line.code == code) {
            line.code = other.to_owned();
            line.ndc.clear();
        }
        let differences = vec![(Kind::WrongCode, None)];
        Some(Expected { differences, may_repeat: true, ..Expected::default() })
    }

    /// Takes a stop time out of the record of a claim that was right with it.
    fn stop_time_missing(&mut self) -> Option<Expected> {
        let timed = |given: &pb::Administration| !given.stop_time.is_empty();
        let places: Vec<usize> = (0..self.encounter.administrations.len())
            .filter(|at| timed(&self.encounter.administrations[*at]))
            .collect();
        if places.is_empty() {
            return None;
        }
        let at = *self.random.pick(&places);
        self.encounter.administrations[at].stop_time.clear();
        let differences = vec![(Kind::Unsupported, None)];
        Some(Expected { differences, may_repeat: true, ..Expected::default() })
    }

    /// Writes an infusion from one full hour to another, and bills what that earns.
    fn times_to_the_hour(&mut self, coder: &Coder) -> Result<Option<Expected>, Refusal> {
        let mut timed = self.encounter.administrations.iter_mut().filter(|given| !given.stop_time.is_empty());
        let (Some(only), None) = (timed.next(), timed.next()) else { return Ok(None) };
        let date = self.encounter.service_date.clone();
        let hour = self.random.between(13, 16);
        only.start_time = format!("{date}T{hour}:00");
        only.stop_time = format!("{date}T{}:00", hour + self.random.between(1, 4));
        let answer = code(&self.encounter, coder)?;
        self.lines = answer.lines.iter().map(billed).collect();
        let expected = Expected { of_record: Some(Pattern::TimesToTheHour), ..Expected::default() };
        Ok(is_whole(&answer).then_some(expected))
    }

    /// A line of some kind, by its place.
    fn any(&mut self, fits: impl Fn(&pb::BilledLine, &Self) -> bool) -> Option<usize> {
        let fitting: Vec<usize> = (0..self.lines.len()).filter(|at| fits(&self.lines[*at], self)).collect();
        if fitting.is_empty() { None } else { Some(*self.random.pick(&fitting)) }
    }

    /// Gives a line the other code of its pair.
    fn swap(&mut self, pairs: &[(&'static str, &'static str)]) -> Option<()> {
        let other = |line: &pb::BilledLine| pairs.iter().find(|(right, _)| *right == line.code);
        let at = self.any(|line, claim| other(line).is_some() && claim.is_alone(line))?;
        let (_, wrong) = other(&self.lines[at])?;
        self.lines[at].code = (*wrong).to_owned();
        Some(())
    }

    fn change_units(&mut self, at: usize, change: impl Fn(u32) -> u32) {
        let line = &mut self.lines[at];
        line.units = Some(change(line.units.unwrap_or(1)));
    }

    /// Whether no other line is of the same service.
    fn is_alone(&self, line: &pb::BilledLine) -> bool {
        let same =
            |other: &&pb::BilledLine| other.code == line.code && is_discarded(other) == is_discarded(line);
        self.lines.iter().filter(same).count() == 1
    }
}

fn is_hour(line: &pb::BilledLine) -> bool {
    HOURS.contains(&line.code.as_str())
}

fn is_drug(line: &pb::BilledLine) -> bool {
    !line.code.starts_with("96")
}

fn is_discarded(line: &pb::BilledLine) -> bool {
    line.modifiers.iter().any(|modifier| modifier == "JW")
}
