//! Others who gave a drug before the patient came, by what they are called or by where they gave it.

use std::ops::Range;

use super::{Part, TO_OTHERS, Word};

/// Where patients are brought.
const HERE: &[&str] = &["ed", "er", "here", "us"];

/// The words that say so, and whether they surely do: `by flight crew`, `given in the field`, `en route`.
pub(super) fn others(words: &[Word]) -> Option<(Range<usize>, bool)> {
    (0..words.len()).find_map(|at| crew(words, at).or_else(|| place(words, at)))
}

/// `by flight crew` and its like: one name behind `by`, or two in a row.
fn crew(words: &[Word], at: usize) -> Option<(Range<usize>, bool)> {
    let is_name = |word: &&Word| word.is(Part::Crew) || word.is(Part::PerhapsCrew);
    let length = words[at..].iter().take_while(is_name).count();
    let names = words.get(at..at + length).filter(|names| !names.is_empty())?;
    let led = words[..at].iter().rev().take_while(|word| TO_OTHERS.contains(&word.text.as_str()));
    let led: Vec<&str> = led.map(|word| word.text.as_str()).collect();
    let is_by = led.contains(&"by");
    // `by SNF order` and `via flight crew IV` name whose it was, and not who gave it.
    let is_of_line = words[at + length..].iter().take(2).any(|next| next.is(Part::OfLine));
    if is_of_line || !is_by && length < 2 {
        return None;
    }
    Some((start(words, at - led.len())..at + length, names.iter().any(|name| name.is(Part::Crew))))
}

/// `in the field`, and `en route` with nothing behind it that says where to.
fn place(words: &[Word], at: usize) -> Option<(Range<usize>, bool)> {
    let next = words.get(at + 1);
    let is_field = words[at].is(Part::Field)
        && next.is_none_or(|next| !next.is(Part::Within))
        && match &words[..at] {
            [.., before] if before.text == "in" => true,
            [.., before, the] => before.text == "in" && the.text == "the",
            _ => false,
        };
    let is_en_route = words[at].text == "en" && next.is_some_and(|next| next.text == "route");
    let end = match (is_field || words[at].is(Part::Way), is_en_route) {
        (true, _) => at + 1,
        (_, true) => at + 2,
        _ => return None,
    };
    let led = words[..at].iter().rev().take_while(|word| TO_OTHERS.contains(&word.text.as_str())).count();
    // The way to another room of the house is none to the house.
    let goes_on = words.get(end).is_some_and(|next| next.text == "to");
    let to = words[end..].iter().find(|word| !TO_OTHERS.contains(&word.text.as_str()));
    let is_here = to.is_some_and(|to| to.is(Part::Arrival) || HERE.contains(&to.text.as_str()));
    (!goes_on || is_here).then(|| (start(words, at - led)..end, true))
}

/// Where such words begin with a word of giving before them.
fn start(words: &[Word], at: usize) -> usize {
    at - words[..at].iter().rev().take_while(|word| word.is(Part::Giving)).count()
}
