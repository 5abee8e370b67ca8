//! The audit of a claim: billed lines in, differences out.

use arrayvec::ArrayVec;

use super::answer::{Answering, citation};
use super::encounter::{encounter, modifiers};
use super::violations::{Path, Violations};
use crate::audit::{Audit, Discrepancy, Kind, Modifiers, Pattern, Side};
use crate::domain::billed::BilledLine;
use crate::domain::code::HcpcsCode;
use crate::domain::encounter::Encounter;
use crate::domain::quantity::Decimal;
use crate::report::audit_text;
use crate::report::explanation;
use crate::server::json::WireEnum;
use crate::server::limits::RequestLimits;
use crate::server::{lent, pb};

/// A visit with the lines that were billed for it.
#[derive(Debug, Clone)]
pub struct Claim {
    pub encounter: Encounter,
    pub lines: Vec<BilledLine>,
    /// Who coded it; empty when it is not stated.
    pub coder: String,
}

/// Reads a claim; the lines of a visit that nobody billed may be empty.
///
/// # Errors
/// Every violation of the request.
pub fn claim(given: &pb::AuditClaimRequest, limits: &RequestLimits) -> Result<Claim, Violations> {
    let mut violations = Violations::under(limits);
    let at = Path::Root;
    let coder = violations.id(&at.field("coderId"), &given.coder_id).unwrap_or_default();
    let lines = billed_lines(&given.billed_lines, &mut violations);
    let visit = given.encounter.as_ref().map(lent::Encounter::from);
    match encounter(visit.as_ref(), limits) {
        Ok(encounter) => violations.into_result(Claim { encounter, lines, coder }),
        Err(others) => {
            violations.merge(others);
            Err(violations)
        }
    }
}

fn billed_lines(given: &[pb::BilledLine], violations: &mut Violations) -> Vec<BilledLine> {
    let at = Path::Root;
    let limit = violations.limits.billed_lines();
    let given = violations.at_most(&at.field("billedLines"), given, limit);
    let mut read = Vec::with_capacity(given.len());
    for (index, line) in given.iter().enumerate() {
        let at = at.item("billedLines", index);
        let code: Option<HcpcsCode> = violations.take(&at.field("code"), line.code.parse());
        let units = line.units.unwrap_or(1);
        if units == 0 {
            violations.add(&at.field("units"), "is 0: give 1 or more");
        }
        let modifiers: ArrayVec<_, _> = modifiers(&line.modifiers, &at, violations).into_iter().collect();
        let service_date = violations.date(&at.field("serviceDate"), &line.service_date);
        let ndc =
            if line.ndc.is_empty() { None } else { violations.take(&at.field("ndc"), line.ndc.parse()) };
        if let Some(code) = code {
            let units = Decimal::from_nanos(i64::from(units) * Decimal::ONE.nanos());
            read.push(BilledLine { modifiers, service_date, ndc, ..BilledLine::new(code, units) });
        }
    }
    read
}

/// An audited claim on its way into a message.
pub struct Auditing<'a> {
    pub answering: Answering<'a>,
    pub billed: &'a [BilledLine],
    pub audit: &'a Audit,
}

impl Auditing<'_> {
    /// The answer to a claim.
    pub fn response(self) -> pb::AuditClaimResponse {
        let audit = self.audit;
        let discrepancies = audit.discrepancies.iter().map(|found| self.discrepancy(found)).collect();
        let (overbilled, underbilled) = audit.units();
        let (over_dollars, under_dollars) = audit.dollars();
        let dollars = |amount: Option<Decimal>| amount.map(|amount| amount.to_string()).unwrap_or_default();
        let right = audit.judged.iter().filter(|judged| judged.is_right).count();
        let answer = self.answering.visit();
        pb::AuditClaimResponse {
            encounter_id: answer.encounter_id,
            discrepancies,
            supported_lines: answer.lines,
            findings: answer.findings,
            overbilled_units: whole(overbilled),
            underbilled_units: whole(underbilled),
            overbilled_dollars: dollars(over_dollars),
            underbilled_dollars: dollars(under_dollars),
            provenance: answer.provenance,
            patterns: audit.patterns.iter().map(|known| pattern(*known)).collect(),
            questions: answer.questions,
            lines_not_judged: audit.not_judged.iter().map(|at| *at as u32).collect(),
            lines_judged: audit.judged.len() as u32,
            lines_right: right as u32,
        }
    }

    fn discrepancy(&self, found: &Discrepancy) -> pb::Discrepancy {
        let Answering { encounter, result, citations, .. } = self.answering;
        let code = |side: &Option<Side>| side.as_ref().map(|side| side.code.to_string()).unwrap_or_default();
        let units = |side: &Option<Side>| side.as_ref().map_or(0, |side| whole(side.units));
        let modifiers = |side: &Option<Side>| {
            let modifiers: Option<&Modifiers> = side.as_ref().map(|side| &side.modifiers);
            modifiers.into_iter().flatten().map(ToString::to_string).collect()
        };
        let cited = found.rule.citations.iter().filter_map(|key| explanation::cited(key, citations));
        pb::Discrepancy {
            kind: kind(found.kind),
            billed_line: found.billed.as_ref().map(|side| side.line as u32),
            billed_code: code(&found.billed),
            supported_code: code(&found.supported),
            billed_units: units(&found.billed),
            supported_units: units(&found.supported),
            billed_modifiers: modifiers(&found.billed),
            supported_modifiers: modifiers(&found.supported),
            dollars: found.dollars.map(|dollars| dollars.to_string()).unwrap_or_default(),
            rule_id: found.rule.id.to_owned(),
            text: audit_text::sentence(found, self.billed, encounter, result),
            pattern: found.pattern.map(pattern).unwrap_or_default(),
            citations: if self.answering.is_full() { cited.map(citation).collect() } else { Vec::new() },
            overbilled_units: whole(found.overbilled),
            underbilled_units: whole(found.underbilled),
        }
    }
}

/// Units as a whole number; part units, which only a faulty claim has, round **up**.
fn whole(units: Decimal) -> u32 {
    let one = Decimal::ONE.nanos();
    u32::try_from(units.nanos().div_euclid(one) + i64::from(units.nanos().rem_euclid(one) != 0))
        .unwrap_or(u32::MAX)
}

fn kind(kind: Kind) -> i32 {
    // A test keeps both lists equal, so a kind never goes out unnamed.
    pb::DiscrepancyKind::number(kind.as_str()).unwrap_or_default()
}

fn pattern(pattern: Pattern) -> i32 {
    // A test keeps both lists equal, so a pattern never goes out unnamed.
    pb::AuditPattern::number(pattern.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_patterns_are_published_in_the_same_words() {
        let published = |names: &[(&'static str, i32)]| -> Vec<&'static str> {
            names.iter().filter(|(_, number)| *number != 0).map(|(name, _)| *name).collect()
        };
        assert_eq!(Kind::ALL.map(Kind::as_str).to_vec(), published(pb::DiscrepancyKind::NAMES));
        assert_eq!(Pattern::ALL.map(Pattern::as_str).to_vec(), published(pb::AuditPattern::NAMES));
    }

    #[test]
    fn every_violation_of_a_claim_is_named_at_once() {
        let line = |code: &str, units| pb::BilledLine {
            code: code.to_owned(),
            units: Some(units),
            ..pb::BilledLine::default()
        };
        let request = pb::AuditClaimRequest {
            encounter: Some(pb::Encounter::default()),
            billed_lines: vec![line("96413", 0), line("nothing", 1)],
            ..pb::AuditClaimRequest::default()
        };
        let violations = claim(&request, &RequestLimits::default()).expect_err("a refusal").to_string();
        for field in ["billedLines[0].units", "billedLines[1].code", "encounter.setting"] {
            assert!(violations.contains(field), "{field} is not in {violations}");
        }
    }
}
