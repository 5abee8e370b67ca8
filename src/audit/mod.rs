//! Billed lines against what the record supports: every difference, its rule, and what it is worth.
//!
//! The record is coded by the engine like any visit; the audit sets the claim beside that answer. What
//! the record leaves open is not called wrong: a line that some answer to an open question would earn
//! is unsupported, and the missing fact is named.

mod because;
mod beside;
mod compare;
mod kind;
mod modifiers;
mod nature;
mod open;
mod pairing;
mod pattern;
mod product;
mod unknown;
mod value;

pub mod accuracy;
pub mod sample;
pub mod summary;

use crate::catalog::Catalog;
use crate::domain::billed::BilledLine;
use crate::domain::code::HcpcsCode;
use crate::domain::encounter::Encounter;
use crate::domain::quantity::Decimal;
use crate::domain::time::Date;
use crate::engine::CodingResult;
use crate::policy::Policy;
use crate::rules::Rule;
use compare::{Claimed, Comparison, DISCARDED, Key, Remarked, Rest};

pub use crate::domain::claim::Modifiers;
pub use beside::add_other_services;
pub use kind::{Detail, Kind, ModifierFault, WantedNdc};
pub use pattern::Pattern;

/// One side of a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// Place of the line among the billed lines, or among the lines of the answer.
    pub line: usize,
    /// The date of service.
    pub date: Date,
    pub code: HcpcsCode,
    /// Units of the service that are spoken of.
    pub units: Decimal,
    pub modifiers: Modifiers,
}

/// A difference between the claim and the record.
#[derive(Debug, Clone)]
pub struct Discrepancy {
    pub kind: Kind,
    /// The known pattern of mistakes it belongs to.
    pub pattern: Option<Pattern>,
    pub billed: Option<Side>,
    pub supported: Option<Side>,
    /// Units billed above what is supported.
    pub overbilled: Decimal,
    /// Units supported above what was billed.
    pub underbilled: Decimal,
    /// Supported less billed, in dollars at the payment limit; nothing where no limit is known.
    pub dollars: Option<Decimal>,
    /// The rule that decides what is right.
    pub rule: &'static Rule,
    /// What it says beyond the sides.
    pub detail: Option<Detail>,
}

/// A code that was judged, for the accuracy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    pub code: HcpcsCode,
    pub is_right: bool,
}

/// What an audit of one claim found.
#[derive(Debug, Clone, Default)]
pub struct Audit {
    pub discrepancies: Vec<Discrepancy>,
    /// Known patterns of the claim and of its record, each once.
    pub patterns: Vec<Pattern>,
    /// The lines billed, and those that are missing.
    pub judged: Vec<Judged>,
    /// Places of the billed lines that are services of another kind, or could not be read.
    pub not_judged: Vec<usize>,
    /// Codes of the lines that could not be read, of which nothing is called missing.
    pub unread: Vec<HcpcsCode>,
}

impl Audit {
    /// Units over- and underbilled.
    pub fn units(&self) -> (Decimal, Decimal) {
        let sum = |amount: fn(&Discrepancy) -> Decimal| value::sum(self.discrepancies.iter().map(amount));
        (sum(|found| found.overbilled), sum(|found| found.underbilled))
    }

    /// Units of the overbilled ones that only lack a fact of the record.
    pub fn units_open(&self) -> Decimal {
        let unsupported = self.discrepancies.iter().filter(|found| found.kind == Kind::Unsupported);
        value::sum(unsupported.map(|found| found.overbilled))
    }

    /// Dollars over- and underbilled at the payment limits; nothing where none is known.
    pub fn dollars(&self) -> (Option<Decimal>, Option<Decimal>) {
        let known = || self.discrepancies.iter().filter_map(|found| found.dollars);
        let over = known().filter(|dollars| dollars.is_negative()).map(value::negated);
        let under = known().filter(|dollars| !dollars.is_negative());
        (over.reduce(value::add), under.reduce(value::add))
    }
}

/// What a claim is held against.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    pub encounter: &'a Encounter,
    /// The visit as the engine coded it.
    pub result: &'a CodingResult,
    pub catalog: &'a Catalog,
    pub policy: &'a Policy,
}

/// Compares a claim with what the record supports.
pub fn audit(case: &Case<'_>, billed: &[BilledLine]) -> Audit {
    let (judged, not_judged): (Vec<usize>, Vec<usize>) =
        (0..billed.len()).partition(|at| !billed[*at].is_unread && case.is_judged(billed[*at].code));
    let unread: Vec<HcpcsCode> = billed.iter().filter(|line| line.is_unread).map(|line| line.code).collect();
    let supported = case.result.lines.iter().enumerate();
    let supported: Vec<Claimed> = supported.map(|(at, line)| Claimed::supported(line, at)).collect();
    let claimed = case.claimed(billed, &judged, &supported);
    let now = compare::compare(&claimed, &supported, &unread, case.policy);
    let is_dated = |rest: &Rest| billed[rest.line].service_date.is_some();
    let mut found = case.discrepancies(&now, &claimed, &unread, is_dated);
    modifiers::check(case, billed, &judged, &mut found);
    product::check_ndcs(case, billed, &judged, &mut found);
    let own = found.len();
    let not_judged = beside::judge(case, billed, not_judged, &mut found);
    let mut patterns: Vec<Pattern> = found.iter().filter_map(|found| found.pattern).collect();
    patterns.extend(pattern::of_record(case));
    patterns.sort_unstable();
    patterns.dedup();
    let mut judged = accuracy::judged(&claimed, &found[..own]);
    let beside = found[own..].iter().filter_map(|found| found.billed.as_ref());
    judged.extend(beside.map(|side| Judged { code: side.code, is_right: false }));
    Audit { discrepancies: found, patterns, judged, not_judged, unread }
}

/// Whether a code is one of a drug or of its administration.
fn is_of_track(policy: &Policy, code: HcpcsCode) -> bool {
    let audit = &policy.audit;
    audit.is_administration(code)
        || audit.is_drug(code)
        || nature::Nature::of(code, &policy.administration).is_some()
}

impl Case<'_> {
    /// Whether a billed code is one of a drug or of its administration, or the record supports it.
    fn is_judged(&self, code: HcpcsCode) -> bool {
        is_of_track(self.policy, code) || self.result.lines.iter().any(|line| line.code == code)
    }

    /// The billed lines that are judged. One without a date is that of the first date on which the record supports
    /// its code in as many units and no other line claims it, else of the first on which it supports the code.
    fn claimed(&self, billed: &[BilledLine], judged: &[usize], supported: &[Claimed]) -> Vec<Claimed> {
        let mut free: Vec<&Claimed> = supported.iter().collect();
        let one = |&at: &usize| {
            let line = &billed[at];
            let discarded = self.is_discarded_part(billed, at);
            let fits = |other: &Claimed| {
                (other.key.code, other.key.discarded) == (line.code, discarded)
                    && line.service_date.is_none_or(|date| date == other.key.date)
            };
            let exact = free.iter().position(|other| fits(other) && other.units == line.units);
            let taken = exact.or_else(|| free.iter().position(|other| fits(other)));
            let found = taken.map(|place| free.remove(place).key.date);
            let date = line.service_date.or(found).unwrap_or(self.encounter.service_date);
            let key = Key { date, code: line.code, discarded };
            Claimed { key, modifiers: line.modifiers.clone(), units: line.units, line: at }
        };
        let mut order = judged.to_vec();
        order.sort_by_key(|at| billed[*at].service_date.is_none());
        order.iter().map(one).collect()
    }

    /// Whether a billed line is that of discarded drug. One that is marked as both parts, or as none beside one for the
    /// drug given, is it where its units are those of the discarded part.
    fn is_discarded_part(&self, billed: &[BilledLine], at: usize) -> bool {
        let line = &billed[at];
        let is_marked = |modifiers: &Modifiers| modifiers.contains(&DISCARDED);
        let fits = |units: Decimal, wants_discarded: bool| {
            self.result.lines.iter().any(|own| {
                let is_part = is_marked(&own.modifiers) == wants_discarded;
                own.code == line.code && is_part && value::whole(own.units) == units
            })
        };
        if is_marked(&line.modifiers) {
            return !line.modifiers.contains(&compare::NONE_DISCARDED) || fits(line.units, true);
        }
        let others = || {
            let all = billed.iter().enumerate().filter(|(other, _)| *other != at);
            all.filter(|(_, other)| (other.code, other.service_date) == (line.code, line.service_date))
        };
        // Of two lines in equal units the first is that of the drug given.
        let is_given = |(other, given): (usize, &BilledLine)| {
            fits(given.units, false) && (given.units != line.units || other < at)
        };
        fits(line.units, true)
            && !others().any(|(_, other)| is_marked(&other.modifiers))
            && others().any(is_given)
    }

    fn discrepancies(
        &self,
        now: &Comparison,
        claimed: &[Claimed],
        unread: &[HcpcsCode],
        is_dated: impl Fn(&Rest) -> bool,
    ) -> Vec<Discrepancy> {
        let open = open::find(self, now, claimed, unread);
        let wrong = open.remarked.iter().filter(|pair| !because::is_needless_attestation(self, pair));
        let mut found: Vec<Discrepancy> = wrong.map(|pair| self.wrong_modifier(pair)).collect();
        found.extend(open.unsupported.iter().map(|(rest, why)| self.unsupported(rest, why)));
        found.extend(open.unsupported_modifiers.iter().map(|(pair, why)| {
            let (kind, rule) = (Kind::Unsupported, why.rule);
            Discrepancy { kind, rule, detail: Some(Detail::Lacking(why.note)), ..self.wrong_modifier(pair) }
        }));
        let paired = pairing::pair(self, open.excess, open.shortage, is_dated);
        found.extend(paired.pairs.iter().map(|(billed, supported)| {
            let is_moved = billed.key.code == supported.key.code;
            if is_moved { self.wrong_date(billed, supported) } else { self.wrong_code(billed, supported) }
        }));
        for rest in &paired.excess {
            found.push(match open::blocked(self, rest) {
                Some(why) => self.unsupported(rest, &why),
                None if rest.is_shared => match self.duplicated(rest, claimed) {
                    Some(twin) => self.duplicate(rest, twin),
                    None => self.wrong_units(rest, claimed),
                },
                None => self.extra(rest),
            });
        }
        for rest in &paired.shortage {
            found.push(if rest.is_shared {
                self.wrong_units(rest, claimed)
            } else {
                self.missing(rest, claimed)
            });
        }
        pattern::tie_discarded(&mut found);
        found.sort_by_key(|found| (found.billed.as_ref().map_or(usize::MAX, |side| side.line), found.kind));
        found
    }

    fn wrong_modifier(&self, pair: &Remarked) -> Discrepancy {
        let side = |line: &Claimed| Side {
            line: line.line,
            date: line.key.date,
            code: line.key.code,
            units: pair.units,
            modifiers: line.modifiers.clone(),
        };
        let rule = because::of_modifiers(self, &pair.billed, &pair.supported);
        let sides = (Some(side(&pair.billed)), Some(side(&pair.supported)));
        self.discrepancy(Kind::WrongModifier, sides, (Decimal::ZERO, Decimal::ZERO), rule)
    }

    fn unsupported(&self, rest: &Rest, why: &open::Why) -> Discrepancy {
        let sides = (Some(rest.side(rest.units)), None);
        let found = self.discrepancy(Kind::Unsupported, sides, (rest.units, Decimal::ZERO), why.rule);
        let dollars = value::of(self, rest.key, rest.units).map(value::negated);
        Discrepancy { dollars, detail: Some(Detail::Lacking(why.note)), ..found }
    }

    fn wrong_code(&self, billed: &Rest, supported: &Rest) -> Discrepancy {
        let pattern = pattern::of_wrong_code(self, billed, supported);
        let rule = pattern::rule_of_wrong_code(self, pattern, supported.key.code);
        let rule = rule.unwrap_or_else(|| because::of_code(self, billed.key.code, supported));
        let sides = (Some(billed.side(billed.units)), Some(supported.side(supported.units)));
        let found = self.discrepancy(Kind::WrongCode, sides, (billed.units, supported.units), rule);
        let worth = |rest: &Rest| value::of(self, rest.key, rest.units);
        let dollars = worth(supported).zip(worth(billed)).map(|(right, wrong)| compare::less(right, wrong));
        let is_unknown = unknown::is_unknown(self, billed.key.code, billed.key.date);
        Discrepancy { pattern, dollars, detail: is_unknown.then_some(Detail::UnknownCode), ..found }
    }

    fn wrong_date(&self, billed: &Rest, supported: &Rest) -> Discrepancy {
        let rule = because::of_line(self, supported.line, supported.units);
        let sides = (Some(billed.side(billed.units)), Some(supported.side(supported.units)));
        let found = self.discrepancy(Kind::WrongDate, sides, (Decimal::ZERO, Decimal::ZERO), rule);
        let worth = |rest: &Rest| value::of(self, rest.key, rest.units);
        let dollars = worth(supported).zip(worth(billed));
        let difference = dollars.map(|(right, wrong)| compare::less(right, wrong));
        Discrepancy { dollars: difference.filter(|dollars| !dollars.is_zero()), ..found }
    }

    /// The line that only repeats another one; a second initial service is known by a pattern of its own.
    fn duplicated<'c>(&self, rest: &Rest, claimed: &'c [Claimed]) -> Option<&'c Claimed> {
        pairing::duplicate(rest, claimed)
            .filter(|_| pattern::of_units(self, rest) != Some(Pattern::TwoInitials))
    }

    fn duplicate(&self, rest: &Rest, twin: &Claimed) -> Discrepancy {
        let pattern = Pattern::DuplicateLine;
        let side = Side { line: twin.line, modifiers: twin.modifiers.clone(), ..rest.side(rest.units) };
        let amounts = (rest.units, Decimal::ZERO);
        let found = self.discrepancy(Kind::ExtraLine, (Some(side), None), amounts, pattern.rule());
        let dollars = value::of(self, rest.key, rest.units).map(value::negated);
        Discrepancy { pattern: Some(pattern), dollars, ..found }
    }

    fn wrong_units(&self, rest: &Rest, claimed: &[Claimed]) -> Discrepancy {
        let is_over = rest.billed_total > rest.supported_total;
        let other = claimed.iter().find(|line| line.key == rest.key);
        let (billed_line, supported_line) = if is_over {
            (rest.line, because::line_of(self, rest.key).unwrap_or_default())
        } else {
            (other.map_or(0, |line| line.line), rest.line)
        };
        let pattern = is_over.then(|| pattern::of_units(self, rest)).flatten();
        let rule = pattern
            .map_or_else(|| because::of_line(self, supported_line, rest.supported_total), Pattern::rule);
        let side = |line, units| Some(Side { line, ..rest.side(units) });
        let sides = (side(billed_line, rest.billed_total), side(supported_line, rest.supported_total));
        let difference = if is_over { (rest.units, Decimal::ZERO) } else { (Decimal::ZERO, rest.units) };
        let found = self.discrepancy(Kind::WrongUnits, sides, difference, rule);
        let worth = value::of(self, rest.key, rest.units);
        Discrepancy { pattern, dollars: if is_over { worth.map(value::negated) } else { worth }, ..found }
    }

    fn extra(&self, rest: &Rest) -> Discrepancy {
        let sides = (Some(rest.side(rest.units)), None);
        let of = |kind, rule| self.discrepancy(kind, sides, (rest.units, Decimal::ZERO), rule);
        let dollars = value::of(self, rest.key, rest.units).map(value::negated);
        if unknown::is_unknown(self, rest.key.code, rest.key.date) {
            return Discrepancy { detail: Some(Detail::UnknownCode), ..of(Kind::UnknownCode, unknown::RULE) };
        }
        if let Some(rule) = beside::including(self, rest.key) {
            return Discrepancy { dollars, ..of(Kind::Included, rule) };
        }
        let pattern = pattern::of_extra(self, rest);
        let (rule, declined) = because::of_extra(self, rest.key);
        let detail = declined.map(Detail::Declined);
        Discrepancy { pattern, dollars, detail, ..of(Kind::ExtraLine, pattern.map_or(rule, Pattern::rule)) }
    }

    fn missing(&self, rest: &Rest, claimed: &[Claimed]) -> Discrepancy {
        let pattern = pattern::of_missing(self, rest);
        let rule = because::of_missing(self, rest, claimed);
        let sides = (None, Some(rest.side(rest.units)));
        let found = self.discrepancy(Kind::MissingLine, sides, (Decimal::ZERO, rest.units), rule);
        Discrepancy { pattern, dollars: value::of(self, rest.key, rest.units), ..found }
    }

    fn discrepancy(
        &self,
        kind: Kind,
        (billed, supported): (Option<Side>, Option<Side>),
        (overbilled, underbilled): (Decimal, Decimal),
        rule: &'static Rule,
    ) -> Discrepancy {
        let (pattern, dollars, detail) = (None, None, None);
        Discrepancy { kind, pattern, billed, supported, overbilled, underbilled, dollars, rule, detail }
    }
}

impl Rest {
    fn side(&self, units: Decimal) -> Side {
        let Key { date, code, .. } = self.key;
        Side { line: self.line, date, code, units, modifiers: self.modifiers.clone() }
    }
}

#[cfg(test)]
mod tests;
