//! What an answer says of a rule whatever the visit is, encoded once.

use rustc_hash::FxHashMap;

use super::fields::{citation, finding, step};
use super::wire::{self, Size, Tag};
use crate::engine::trail::Outcome;
use crate::policy::Citations;
use crate::report::explanation::{CitedSource, cited};
use crate::rules::{self, Rule};
use crate::server::convert::enums::Counterpart;

/// The words of every rule as bytes, under the citations of one policy book.
pub struct CitedRules {
    by_id: FxHashMap<&'static str, CitedRule>,
}

/// What each message that names a rule says of it.
pub(super) struct CitedRule {
    fired: Box<[u8]>,
    declined: Box<[u8]>,
    /// The sources as fields of a step.
    pub(super) of_step: Box<[u8]>,
    /// The sources as fields of a finding, or of what is not billed.
    pub(super) of_finding: Box<[u8]>,
}

impl CitedRules {
    /// Encodes every rule.
    pub fn new(citations: &Citations) -> Self {
        Self { by_id: rules::all().map(|rule| (rule.id, CitedRule::new(rule, citations))).collect() }
    }

    /// Gives the words of a rule to `write`: those that are ready, or for a rule that no family lists its own.
    pub(super) fn with(&self, rule: &Rule, citations: &Citations, write: impl FnOnce(&CitedRule)) {
        match self.by_id.get(rule.id) {
            Some(ready) => write(ready),
            None => write(&CitedRule::new(rule, citations)),
        }
    }
}

impl CitedRule {
    fn new(rule: &Rule, citations: &Citations) -> Self {
        Self {
            fired: head(rule, Outcome::Fired),
            declined: head(rule, Outcome::Declined),
            of_step: sources(step::CITATIONS, rule, citations),
            of_finding: sources(finding::CITATIONS, rule, citations),
        }
    }

    /// The id of the rule and what it did, as fields of a step.
    pub(super) fn head(&self, outcome: Outcome) -> &[u8] {
        match outcome {
            Outcome::Fired => &self.fired,
            Outcome::Declined => &self.declined,
        }
    }
}

fn head(rule: &Rule, outcome: Outcome) -> Box<[u8]> {
    let mut output = Vec::new();
    wire::text(&mut output, step::RULE_ID, rule.id);
    wire::choice(&mut output, step::OUTCOME, outcome.to_wire());
    output.into()
}

fn sources(tag: Tag, rule: &Rule, citations: &Citations) -> Box<[u8]> {
    let mut output = Vec::new();
    for source in rule.citations.iter().filter_map(|key| cited(key, citations)) {
        wire::message(&mut output, tag, Size::Long, |output| {
            let CitedSource { id, title, section, url } = source;
            wire::text(output, citation::ID, id);
            wire::text(output, citation::TITLE, title);
            wire::text(output, citation::SECTION, section);
            wire::text(output, citation::URL, url);
        });
    }
    output.into()
}
