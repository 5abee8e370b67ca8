//! Visits made by a seed: whole records with their right claims, and claims with one known mistake each.
//!
//! An audit that is given these claims must find every mistake and nothing else. The same seed makes the
//! same visits on every machine, so that benchmarks and bug reports speak of the same file.

mod mistake;
mod product;
mod random;
mod visit;

use crate::server::coder::Coder;
use crate::server::pb;
use crate::server::refusal::Refusal;

pub use mistake::{Expected, Mistake};
use random::Random;

/// One made visit with its claim.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    pub request: pb::AuditClaimRequest,
    /// The mistake that was put in; nothing for a right claim.
    pub mistake: Option<Mistake>,
    /// What an audit must find.
    pub expected: Expected,
}

/// Which visits to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recipe {
    pub seed: u64,
    /// Visits in a hundred whose claim has a mistake.
    pub mistakes_percent: u64,
}

/// Who "coded" the claims; the later ones make more mistakes.
const CODERS: [&str; 5] = ["coder-1", "coder-2", "coder-3", "coder-4", "coder-5"];

/// Tries after which a visit is left as it is, without a mistake that fits it.
const TRIES_MAX: u32 = 50;

/// The visit of a number. Each is made from the seed and its own number, so that any part of a file can be
/// made alone.
pub fn visit(recipe: Recipe, number: u64) -> pb::Encounter {
    let mut random = Random::of(recipe.seed, number);
    visit::make(&mut random, number)
}

/// The visit of a number with its claim. A visit whose record leaves something open is made anew, because
/// no claim of it is right.
///
/// # Errors
/// Those of the coder.
pub fn claim(recipe: Recipe, number: u64, coder: &Coder) -> Result<Made, Refusal> {
    let mut random = Random::of(recipe.seed, number);
    let (mut encounter, mut answer) = whole(&mut random, number, coder)?;
    let coded_by = random.below(CODERS.len() as u64) as usize;
    if random.below(100) < recipe.mistakes_percent {
        for _ in 0..TRIES_MAX {
            let mistake = *random.pick(&Mistake::ALL);
            let made = mistake::put_in(mistake, &encounter, &answer, &mut random, coder)?;
            if let Some(mut made) = made {
                made.request.coder_id = CODERS[coded_by].to_owned();
                return Ok(made);
            }
            (encounter, answer) = whole(&mut random, number, coder)?;
        }
    }
    let request = pb::AuditClaimRequest {
        encounter: Some(encounter),
        billed_lines: answer.lines.iter().map(mistake::billed).collect(),
        coder_id: CODERS[coded_by].to_owned(),
        ..pb::AuditClaimRequest::default()
    };
    Ok(Made { request, mistake: None, expected: Expected::default() })
}

/// A visit whose record leaves nothing open, and its answer.
fn whole(
    random: &mut Random,
    number: u64,
    coder: &Coder,
) -> Result<(pb::Encounter, pb::CodeEncounterResponse), Refusal> {
    loop {
        let encounter = visit::make(random, number);
        let answer = code(&encounter, coder)?;
        if is_whole(&answer) {
            return Ok((encounter, answer));
        }
    }
}

/// Whether the answer withholds nothing and asks nothing.
fn is_whole(answer: &pb::CodeEncounterResponse) -> bool {
    let blocks = answer.findings.iter().any(|finding| finding.severity() == pb::Severity::Block);
    !blocks && answer.questions.is_empty() && !answer.lines.is_empty()
}

fn code(encounter: &pb::Encounter, coder: &Coder) -> Result<pb::CodeEncounterResponse, Refusal> {
    let request =
        pb::CodeEncounterRequest { encounter: Some(encounter.clone()), detail: pb::Detail::Lines.into() };
    Ok(coder.code(request)?.response)
}
