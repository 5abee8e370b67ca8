//! Records that were made by mistake, and drugs that were taken out and not used.

use std::ops::Range;

use super::{Part, Word};
use crate::catalog::formulary::Formulary;
use crate::catalog::names::is_unit;

impl Formulary {
    /// The words at a place that say that nothing was given, and whether they surely do: `charted in error`,
    /// `not needed`, `vial dropped`, `returned to Pyxis`.
    pub(super) fn unmade(&self, words: &[Word], at: usize) -> Option<(Range<usize>, bool)> {
        fault(words, at)
            .or_else(|| self.unused(words, at))
            .or_else(|| self.lost(words, at))
            .or_else(|| ended_before(words, at))
    }

    /// `not needed`, `no longer needed` and `not used` behind the drug itself: a filter that was not used says nothing of it.
    fn unused(&self, words: &[Word], at: usize) -> Option<(Range<usize>, bool)> {
        if !words[at].is(Part::Negation) || !self.is_drug_before(words, at) {
            return None;
        }
        let linked = words[at + 1..].iter().take_while(|word| word.is(Part::Linking)).count();
        let end = at + 1 + linked;
        words.get(end).filter(|word| word.is(Part::Unused))?;
        Some((at..end + 1, is_left(words, end)))
    }

    /// `vial dropped` and `returned to Pyxis`: another dose may have been given instead, or a part of this one.
    fn lost(&self, words: &[Word], at: usize) -> Option<(Range<usize>, bool)> {
        let word = &words[at];
        let is_part = words.iter().any(|word| word.is(Part::Remainder));
        if !word.is(Part::Lost) || is_part || !self.is_drug_before(words, at) {
            return None;
        }
        let end = match (word.text.as_str(), &words[at + 1..]) {
            ("returned", [to, store, ..]) if to.text == "to" && store.is(Part::Store) => at + 3,
            ("returned", []) if at > 0 && words[at - 1].is(Part::Store) => at + 1,
            ("returned", _) => return None,
            // A pressure dropped to a figure, and a bag was broken up, or dropped off.
            (_, [next, ..]) if !is_left(words, at) && next.text != "on" => return None,
            _ => at + 1,
        };
        Some((at..end, false))
    }

    /// Whether the drug itself stands before a word: its name, its amount, its container or where it was taken from.
    fn is_drug_before(&self, words: &[Word], at: usize) -> bool {
        let Some(before) = at.checked_sub(1).map(|before| &words[before]) else { return true };
        let is_number = |word: &Word| word.text.starts_with(|c: char| c.is_ascii_digit());
        let is_amount = || is_number(before) || at >= 2 && is_unit(&before.text) && is_number(&words[at - 2]);
        let is_beside = [Part::Container, Part::Store, Part::TakenRoute, Part::OtherRoute, Part::Sign]
            .map(|part| before.is(part));
        is_beside.contains(&true) || is_amount() || self.by_name.contains_key(before.text.as_str())
    }
}

/// Whether nothing stands behind a word that gives it another sense.
fn is_left(words: &[Word], at: usize) -> bool {
    words.get(at + 1).is_none_or(|next| next.is(Part::Leaving) || next.is(Part::Sign))
}

/// A fault of the record: surely where an entry is named with it, and `given in error` was given.
fn fault(words: &[Word], at: usize) -> Option<(Range<usize>, bool)> {
    let word = &words[at];
    if !word.is(Part::Fault) {
        return None;
    }
    let leads = ["in", "as", "a"];
    let led = words[..at].iter().rev().take_while(|word| leads.contains(&word.text.as_str())).count();
    let before = (at - led).checked_sub(1).map(|before| &words[before]);
    let is = |word: Option<&Word>, part| word.is_some_and(|word| word.is(part));
    let next = words.get(at + 1);
    if is(next, Part::Entry) {
        return Some((at..at + 2, true));
    }
    if is(before, Part::Recorded) || led == 0 && is(before, Part::Entry) {
        return Some((at - led - 1..at + 1, is_left(words, at)));
    }
    let may_be = match word.text.as_str() {
        "error" => led > 0 && !is(before, Part::Giving),
        // What is voided is urine, unless the word stands by itself.
        "void" | "voided" => (at == 0 || next.is_none()) && !is(before, Part::Person),
        _ => is_left(words, at),
    };
    may_be.then(|| (at - led..at + 1, false))
}

/// `dc'd before given`.
fn ended_before(words: &[Word], at: usize) -> Option<(Range<usize>, bool)> {
    const ENDS: &[&str] = &["dc", "dcd", "d", "discontinued", "stopped", "expired"];
    let is_before_giving =
        words[at].text == "before" && words.get(at + 1).is_some_and(|next| next.is(Part::Giving));
    let ended = words[..at].iter().rev().take_while(|word| ENDS.contains(&word.text.as_str())).count();
    (is_before_giving && ended > 0).then(|| (at - ended..at + 2, true))
}
