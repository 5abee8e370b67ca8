//! Words of a drug's name that say that it was not given, that it was held for a while, or either.

mod crews;
mod unmade;

use std::ops::Range;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::words::{self, Words};
use super::{Formulary, fold};
use crate::domain::drug::DrugClass;

/// What a name says of the giving.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Nothing against it.
    Given,
    /// It was given with a pause, as in `held 10 min then resumed`.
    Paused,
    /// It was not given, as in `pt refused`. The name without what says so.
    NotGiven(String),
    /// Others gave it before the patient came, as in `given by EMS`. The name without what says so.
    ByOthers(String),
    /// The words may say so, or not, as in `infusion held`. The name without them.
    Doubtful(String),
}

/// What a word may do in such a text; one word may do several things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
enum Part {
    Sign = 1,
    DoubtfulSign = 1 << 1,
    Negation = 1 << 2,
    Linking = 1 << 3,
    Giving = 1 << 4,
    Leaving = 1 << 5,
    OfInfusion = 1 << 6,
    OfRate = 1 << 7,
    OfElse = 1 << 8,
    Reaction = 1 << 9,
    GoingOn = 1 << 10,
    Otherwise = 1 << 11,
    Partly = 1 << 12,
    Others = 1 << 13,
    PerhapsOthers = 1 << 14,
    Arrival = 1 << 15,
    BeforeArrival = 1 << 16,
    OtherSense = 1 << 17,
    OfLine = 1 << 18,
    OtherDose = 1 << 19,
    OtherRoute = 1 << 20,
    OfDose = 1 << 21,
    TakenRoute = 1 << 22,
    Fault = 1 << 23,
    Recorded = 1 << 24,
    Entry = 1 << 25,
    Person = 1 << 26,
    Unused = 1 << 27,
    Lost = 1 << 28,
    Container = 1 << 29,
    Store = 1 << 30,
    Remainder = 1 << 31,
    Crew = 1 << 32,
    PerhapsCrew = 1 << 33,
    Field = 1 << 34,
    Way = 1 << 35,
    Within = 1 << 36,
    /// The first word of several that say so together.
    Leading = 1 << 37,
}

/// What a word is that may say so; behind it the others tell more.
const SIGNS: u64 = Part::Sign as u64
    | Part::DoubtfulSign as u64
    | Part::Negation as u64
    | Part::Others as u64
    | Part::PerhapsOthers as u64
    | Part::Arrival as u64
    | Part::Fault as u64
    | Part::Lost as u64
    | Part::Crew as u64
    | Part::PerhapsCrew as u64
    | Part::Field as u64
    | Part::Way as u64
    | Part::Leading as u64;

/// Letters of the longest of them.
const SIGN_LETTERS_MAX: usize = 12;

/// The sections of the file of words, by their headings.
const SECTIONS: &[(&str, Part)] = &[
    ("[signs]", Part::Sign),
    ("[doubtful-signs]", Part::DoubtfulSign),
    ("[negations]", Part::Negation),
    ("[linking]", Part::Linking),
    ("[giving]", Part::Giving),
    ("[leaving]", Part::Leaving),
    ("[held-part]", Part::OfInfusion),
    ("[held-rate]", Part::OfRate),
    ("[held-other]", Part::OfElse),
    ("[reactions]", Part::Reaction),
    ("[going-on]", Part::GoingOn),
    ("[otherwise]", Part::Otherwise),
    ("[partly]", Part::Partly),
    ("[others]", Part::Others),
    ("[perhaps-others]", Part::PerhapsOthers),
    ("[arrival]", Part::Arrival),
    ("[before-arrival]", Part::BeforeArrival),
    ("[other-sense]", Part::OtherSense),
    ("[line]", Part::OfLine),
    ("[other-dose]", Part::OtherDose),
    ("[other-route]", Part::OtherRoute),
    ("[of-dose]", Part::OfDose),
    ("[route]", Part::TakenRoute),
    ("[faults]", Part::Fault),
    ("[recorded]", Part::Recorded),
    ("[entries]", Part::Entry),
    ("[persons]", Part::Person),
    ("[unused]", Part::Unused),
    ("[lost]", Part::Lost),
    ("[containers]", Part::Container),
    ("[stores]", Part::Store),
    ("[remainders]", Part::Remainder),
    ("[crews]", Part::Crew),
    ("[perhaps-crews]", Part::PerhapsCrew),
    ("[field]", Part::Field),
    ("[way]", Part::Way),
    ("[within]", Part::Within),
    ("[leading]", Part::Leading),
];

/// The words that put what is given into doubt, in all their tenses the same first letters.
const HOLDS: &[&str] = &["held", "hold", "holding"];

static WORDS: LazyLock<FxHashMap<&[u8], u64>> = LazyLock::new(|| {
    let mut words: FxHashMap<&[u8], u64> = FxHashMap::default();
    for line in include_str!("../../../catalog/drugs/not_given_words.txt").lines() {
        let section = SECTIONS.iter().find_map(|(heading, part)| Some((line.strip_prefix(heading)?, *part)));
        for word in section.iter().flat_map(|(list, _)| list.split_ascii_whitespace()) {
            *words.entry(word.as_bytes()).or_default() |= section.map_or(0, |(_, part)| part as u64);
        }
    }
    words
});

/// Words of an infusion that others began.
const CONTINUED: &[&str] = &[
    "continued",
    "continues",
    "continuing",
    "started",
    "hung",
    "infusing",
    "running",
    "repeat",
    "repeated",
    "then",
    "again",
];

/// A word of a text, with its place and what it may do.
struct Word {
    place: Range<usize>,
    parts: u64,
    text: String,
}

impl Word {
    const fn is(&self, part: Part) -> bool {
        self.parts & part as u64 != 0
    }
}

impl Formulary {
    /// What a drug's name says of its giving. Most names say nothing, which is seen without an allocation.
    pub fn told(&self, text: &str) -> Told {
        if !may_tell(text) {
            return Told::Given;
        }
        let words = words(text);
        let sign = self.sign(text, &words);
        let by_others = if sign.is_none() { others(&words).or_else(|| crews::others(&words)) } else { None };
        let Some((sign, is_sure)) = sign.or_else(|| by_others.clone()) else { return Told::Given };
        let was_begun =
            |at: usize| words[at].is(Part::GoingOn) && !sign.contains(&at) && !is_negated(&words, at);
        let goes_on = (0..words.len()).any(was_begun);
        let is_hold = HOLDS.contains(&words[sign.start].text.as_str());
        let lasts = words.get(sign.end).is_some_and(is_span)
            || matches!(&words[sign.end..], [f, next, ..] if f.text == "for" && is_span(next));
        if is_hold && (goes_on || lasts) {
            return Told::Paused;
        }
        let range = words[sign.start].place.start..words[sign.end - 1].place.end;
        let bare = self.without(text, range);
        let is_one = || self.names_one_drug(text, &bare);
        if by_others.is_some() {
            // What others began may have gone on here.
            let is_told = is_sure && !words.iter().any(|word| CONTINUED.contains(&word.text.as_str()));
            return if is_told && is_one() { Told::ByOthers(bare) } else { Told::Doubtful(bare) };
        }
        if is_sure && !goes_on && is_one() { Told::NotGiven(bare) } else { Told::Doubtful(bare) }
    }

    /// The words that say that nothing was given, and whether they surely do.
    fn sign(&self, text: &str, words: &[Word]) -> Option<(Range<usize>, bool)> {
        let mut doubtful = None;
        for at in 0..words.len() {
            let found = negated(words, at).or_else(|| spoken(words, at)).or_else(|| self.unmade(words, at));
            let Some((sign, is_sure)) = found.filter(|(sign, _)| !is_of_other(text, words, sign.start))
            else {
                continue;
            };
            if is_sure {
                return Some((sign, true));
            }
            doubtful.get_or_insert((sign, false));
        }
        doubtful
    }

    /// Whether a text names one drug at most: of several, which one was not given is open.
    fn names_one_drug(&self, text: &str, bare: &str) -> bool {
        let folded = fold(text);
        let found = self.find(&folded).found;
        let mut drugs = found.iter().filter(|named| named.class != DrugClass::Hydration);
        let first = drugs.next();
        drugs.all(|other| first.is_some_and(|first| first.drug == other.drug))
            && self.unknown_part(bare).is_none()
    }

    /// The part of a text that names a known drug, before the words of a range or else behind them.
    fn without(&self, text: &str, range: Range<usize>) -> String {
        let trim = |part: &str| part.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
        let (before, behind) = (&text[..range.start], &text[range.end..]);
        let is_named = !self.find(&fold(before)).found.is_empty();
        let names_nothing = before.chars().all(|c| !c.is_alphanumeric());
        if names_nothing || !is_named && !self.find(&fold(behind)).found.is_empty() {
            trim(behind)
        } else {
            trim(before)
        }
    }
}

/// Whether a text has a word that may say so.
fn may_tell(text: &str) -> bool {
    let of_word = |word: &[u8]| {
        let mut lower = [0; SIGN_LETTERS_MAX];
        let Some(lower) = lower.get_mut(..word.len()) else { return false };
        lower.copy_from_slice(word);
        lower.make_ascii_lowercase();
        WORDS.get(&*lower).is_some_and(|parts| parts & SIGNS != 0)
    };
    text.as_bytes().split(|byte| !byte.is_ascii_alphanumeric()).any(of_word)
}

fn words(text: &str) -> Vec<Word> {
    let words = Words::of(text);
    let read = |word: words::Word<'_>| {
        let parts = WORDS.get(word.text.as_bytes()).copied().unwrap_or_default();
        Word { place: word.place, parts, text: word.text.to_owned() }
    };
    words.all(0..words.len()).map(read).collect()
}

/// The words that say that others gave it, and whether they surely do.
fn others(words: &[Word]) -> Option<(Range<usize>, bool)> {
    let sign = |at: usize| {
        let word = &words[at];
        let before = |back: usize| at.checked_sub(back).map(|before| &words[before]);
        let is = |word: Option<&Word>, part: Part| word.is_some_and(|word| word.is(part));
        let is_line = is(words.get(at + 1), Part::OfLine);
        let is_other_sense = is(before(1), Part::OtherSense);
        // `prior to arrival` and `before arrival`.
        let led = [before(1), before(2).filter(|_| before(1).is_some_and(|word| word.text == "to"))];
        let is_led = led.into_iter().any(|word| is(word, Part::BeforeArrival));
        let is_named = word.is(Part::Others) || word.is(Part::PerhapsOthers);
        let is_told = !is_line && (is_named && !is_other_sense || word.is(Part::Arrival) && is_led);
        // `morphine (EMS gave 4 mg)` may tell of a dose before this one.
        let is_told_behind = at > 0 && words.get(at + 1).is_some_and(|next| next.text == "gave");
        let is_sure = (word.is(Part::Others) || word.text == "arrival") && !is_told_behind;
        let start = (1..=at).take_while(|back| {
            is(before(*back), Part::BeforeArrival)
                || is(before(*back), Part::Giving)
                || before(*back).is_some_and(|word| TO_OTHERS.contains(&word.text.as_str()))
        });
        is_told.then(|| (at - start.count()..at + 1, is_sure))
    };
    (0..words.len()).find_map(sign)
}

/// Words between what was given and those who gave it.
const TO_OTHERS: &[&str] = &["by", "in", "the", "to", "at", "from", "per", "an"];

/// Whether the words before a sign say that another dose was meant, as in `home dose held`, or another route than the one
/// that the text names before, as in `IV (IM refused)`.
fn is_of_other(text: &str, words: &[Word], at: usize) -> bool {
    let of_dose = words[..at].iter().rev().take_while(|word| word.is(Part::OfDose)).count();
    let Some(object) = (at - of_dose).checked_sub(1) else { return false };
    let Some(before) = object.checked_sub(1) else { return false };
    let parted = &text[words[before].place.end..words[object].place.start];
    if !parted.contains(['(', '[', '-', ',', ';', ':']) {
        return false;
    }
    let is_taken = |word: &Word| word.is(Part::TakenRoute) && word.text != words[object].text;
    words[object].is(Part::OtherDose)
        || words[object].is(Part::OtherRoute) && words[..object].iter().any(is_taken)
}

/// `not given` and its like, from a negation on.
fn negated(words: &[Word], at: usize) -> Option<(Range<usize>, bool)> {
    if !words[at].is(Part::Negation) {
        return None;
    }
    let linked = words[at + 1..].iter().take_while(|word| word.is(Part::Linking)).count();
    let giving = at + 1 + linked;
    words.get(giving).filter(|word| word.is(Part::Giving))?;
    let is_otherwise = words.get(giving + 1).is_some_and(|next| next.is(Part::Otherwise));
    Some((at..giving + 1, !is_otherwise))
}

/// `refused`, `held` and their like.
fn spoken(words: &[Word], at: usize) -> Option<(Range<usize>, bool)> {
    let word = &words[at];
    let before = at.checked_sub(1).map(|before| &words[before]);
    let next = words.get(at + 1);
    let is_of_else = next.is_some_and(|next| next.is(Part::OfElse));
    let is_of_rate = before.is_some_and(|before| before.is(Part::OfRate));
    let is_negated = before.is_some_and(|before| before.is(Part::Negation));
    if !(word.is(Part::Sign) || word.is(Part::DoubtfulSign)) || is_of_else || is_of_rate || is_negated {
        return None;
    }
    let is_hold = HOLDS.contains(&word.text.as_str());
    let is_part = is_hold && before.is_some_and(|before| before.is(Part::OfInfusion));
    let by_reaction = is_hold && words[at + 1..].iter().any(|word| word.is(Part::Reaction));
    // At the front the drug itself stands behind it, or a condition.
    let is_front = words[..at].iter().all(|word| word.is(Part::Leaving) || word.text == "on")
        && next.is_none_or(|next| !next.is(Part::Otherwise));
    let is_left =
        next.is_none_or(|next| next.is(Part::Leaving) || next.is(Part::Sign) || next.is(Part::Negation));
    let is_sure = word.is(Part::Sign) && !is_part && !by_reaction && (is_front || is_left);
    let start = if before.is_some_and(|before| before.text == "on") { at - 1 } else { at };
    Some((start..at + 1, is_sure))
}

/// Whether a word of giving belongs to a negation before it.
fn is_negated(words: &[Word], at: usize) -> bool {
    let mut before = words[..at].iter().rev();
    before
        .find(|word| !word.is(Part::Linking) && !word.is(Part::Partly))
        .is_some_and(|word| word.is(Part::Negation))
}

/// Whether a word begins a time that something lasted, as in `held 10 min` and `held x10min`.
fn is_span(word: &Word) -> bool {
    word.text.trim_start_matches('x').starts_with(|c: char| c.is_ascii_digit()) || word.text == "x"
}

#[cfg(test)]
mod tests;
