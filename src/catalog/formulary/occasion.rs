//! What of a text names the drug that was given, and what only its occasion: `Benadryl` of `Benadryl (Rituxan reaction)`.

use std::ops::Range;
use std::sync::LazyLock;

use smallvec::SmallVec;

use super::notes::is_note;
use super::words::{Lists, Words};
use super::{Formulary, NamedClass, Nature, fold};
use crate::catalog::names::{NAME_WORDS_MAX, is_filler, is_salt};
use crate::domain::drug::DrugClass;

/// The words that tell an occasion, by what they do.
pub(super) static WORDS: LazyLock<Lists> =
    LazyLock::new(|| Lists::read(include_str!("../../../catalog/drugs/occasion_words.txt")));

/// Letters of the shortest word that may be the name of a drug.
const LETTERS_MIN: usize = 3;

/// Words of several drugs that were given before another one.
const PREMEDICATION: [&str; 3] = ["premeds", "premedication", "premedications"];

/// Signs between two drugs that went together.
const MIXING_SIGNS: &[char] = &['+', '/', '&'];

/// The sign of a list, which may stand before a note as well.
const COMMA: char = ',';

/// Signs that part a note from the name before it.
const NOTE_SIGNS: &[char] = &['(', '[', '-', '–', '—', ':', ';'];

/// A known name in a text.
#[derive(Clone)]
pub(super) struct Mention<'f> {
    /// Its words.
    pub at: Range<usize>,
    pub named: &'f NamedClass,
}

impl Mention<'_> {
    /// Whether it stands for any drug of a kind.
    pub fn is_kind(&self) -> bool {
        is_kind(self.named)
    }

    fn is_fluid(&self) -> bool {
        self.named.class == DrugClass::Hydration
    }

    /// Whether it is no drug that can be another's reason: a fluid, its electrolytes, or a flush.
    fn is_beside(&self) -> bool {
        self.is_fluid() || matches!(self.named.nature, Nature::Flush | Nature::Electrolyte)
    }

    /// Whether it is of those that other drugs are given against or before.
    fn may_be_reason(&self) -> bool {
        self.named.class != DrugClass::Therapeutic && !self.is_fluid()
    }
}

/// Whether a name of the table stands for any drug of a kind, as `antibiotic` does.
pub(super) fn is_kind(named: &NamedClass) -> bool {
    WORDS.has("kinds", &named.drug)
}

/// Whether two drugs are one, or one is a preparation of the other that is named after it.
fn is_one_drug(one: &str, other: &str) -> bool {
    let is_of = |long: &str, short: &str| long.strip_prefix(short).is_some_and(|rest| rest.starts_with(' '));
    one == other || is_of(one, other) || is_of(other, one)
}

/// The known names of a text, in their order.
type Mentions<'f> = SmallVec<[Mention<'f>; 4]>;

/// A text as it is read: its words and the known names among them.
struct Reading<'f, 't> {
    words: Words<'t>,
    names: Mentions<'f>,
}

impl Formulary {
    /// A name without the reason or the moment around it: `Benadryl 25 mg` of `Benadryl 25 mg for Rituxan` and of
    /// `pre-Rituxan Benadryl 25 mg`; the whole where nothing known was given.
    pub fn given_part<'t>(&self, text: &'t str) -> &'t str {
        let words = Words::of(text);
        if words.len() < 2 {
            return text;
        }
        let names = self.mentions(&words);
        let reading = Reading { words, names };
        let first = reading.first_given();
        let start = if first == 0 { 0 } else { reading.start_of(first) };
        let end = self.end_of_given(&reading, first, start);
        let is_note = |c: char| c.is_whitespace() || NOTE_SIGNS.contains(&c) || c == COMMA;
        if (start, end) == (0, text.len()) { text } else { text[start..end].trim_end_matches(is_note) }
    }

    /// Two drugs of a name that its words leave open, the one that was surely given first: `mesna w/ ifosfamide` may be a
    /// mixture or mesna in the company of the other. A sign such as `+` and the word `and` say that the two went together.
    pub fn companions<'t>(&self, text: &'t str) -> Option<(&'t str, &'t str)> {
        const COMPANY: &[&str] = &["with", "w"];
        let text = self.given_part(text);
        let words = Words::of(text);
        let names = self.mentions(&words);
        let reading = Reading { words, names };
        let pair = reading.names.windows(2).position(|pair| {
            let between = pair[0].at.end..pair[1].at.start;
            let in_company = reading.words.any(between.clone(), |word| COMPANY.contains(&word));
            let is_listed = reading.words.between(between.clone()).contains(COMMA);
            let is_apart = !is_listed && !pair[0].is_beside() && !reading.is_mixed(between);
            !is_one_drug(&pair[0].named.drug, &pair[1].named.drug)
                && !pair[1].is_beside()
                && (in_company || is_apart)
        })?;
        let [one, other] = [&reading.names[pair], &reading.names[pair + 1]];
        let joint = reading.words.all(one.at.end..other.at.start).find(|word| COMPANY.contains(&word.text));
        let start = reading.words.place(other.at.start).start;
        let (parted, behind) = joint.map_or((start, start), |word| (word.place.start, word.place.end));
        let (first, second) = (trimmed(&text[..parted]), trimmed(&text[behind..]));
        // `Rituxan reaction: Benadryl` names what was given last.
        let is_turned = one.may_be_reason() && !other.may_be_reason() && reading.has_occasion(one.at.end);
        Some(if is_turned { (second, first) } else { (first, second) })
    }

    /// Whether the words of a name tell that a hormone was given against cancer, or against another disease.
    pub fn told_use(&self, text: &str) -> Option<bool> {
        let words = Words::of(text);
        let has = |list| words.any(0..words.len(), |word| WORDS.has(list, word));
        match (has("cancer"), has("other-use")) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            _ => None,
        }
    }

    /// The known names of a text, the longest at each place.
    pub(super) fn mentions<'f>(&'f self, words: &Words<'_>) -> Mentions<'f> {
        let mut names = Mentions::new();
        let mut at = 0;
        while at < words.len() {
            let longest = (at + 1..=words.len().min(at + NAME_WORDS_MAX)).rev();
            let mut found = longest.filter_map(|end| Some((end, self.by_name.get(words.joined(at..end))?)));
            let end = match found.next() {
                Some((end, named)) => {
                    names.push(Mention { at: at..end, named });
                    end
                }
                None => at + 1,
            };
            at = end;
        }
        names
    }

    /// Where what was given ends in a text, from its first name on.
    fn end_of_given(&self, reading: &Reading<'_, '_>, first: usize, start: usize) -> usize {
        let Reading { words, names } = reading;
        let whole = words.text.len();
        let is_within_name = |at: usize| names.iter().any(|name| name.at.start < at && at < name.at.end);
        let by_reason = (1..words.len())
            .filter(|at| words.place(*at).start > start && !is_within_name(*at))
            .filter(|at| reading.begins_reason(first, *at))
            .find(|at| self.is_told(reading, start, *at))
            .map_or(whole, |at| words.place(at).start);
        let Some(given) = names.get(first) else { return by_reason };
        let by_other = (given.at.end..words.len())
            .find(|at| reading.names_reason(given, *at))
            .map_or(whole, |at| words.place(at).start);
        let by_name = names.windows(2).enumerate().skip(first).find_map(|(at, pair)| {
            let is_reason = !reading.is_mixed(pair[0].at.end..pair[1].at.start)
                && reading.is_reason(given, &pair[0], &pair[1]);
            is_reason.then(|| reading.start_of(at + 1))
        });
        // What is not known was given for the one that is.
        let by_only = reading.is_reason_of_unknown(given, start).then(|| reading.start_of(first));
        [by_name, by_only].into_iter().flatten().chain([by_reason, by_other]).min().unwrap_or(whole)
    }

    /// Whether a part of a text tells what was given: it names something known, or any drug whose reason is another.
    fn is_told(&self, reading: &Reading<'_, '_>, start: usize, at: usize) -> bool {
        let before = &reading.words.text[start..reading.words.place(at).start];
        if !self.find(&fold(before)).found.is_empty() {
            return true;
        }
        let has_placeholder = reading.words.any(0..at, |word| WORDS.has("placeholders", word));
        let mut behind = reading.names.iter().filter(|name| name.at.start > at);
        start == 0
            && (has_placeholder || behind.any(|name| reading.has_occasion(name.at.end)))
            && reading.names.iter().any(|name| name.at.start > at && !name.is_beside())
    }
}

impl Reading<'_, '_> {
    /// The first name of what was given: before it may stand a kind of drug, or a moment.
    fn first_given(&self) -> usize {
        let mut first = 0;
        while let [one, other, ..] = &self.names[first..] {
            let is_moment = self.is_moment(one);
            let is_kind = one.is_kind() && !other.is_kind() && (!other.is_beside() || is_moment);
            if self.is_hydration_for(one, other) {
                first += 1;
                continue;
            }
            let is_flush = other.named.nature == Nature::Flush;
            let is_other = one.named.drug != other.named.drug;
            let between = one.at.end..other.at.start;
            let is_reason = |at: usize| {
                ["reasons", "reasons-of-another"].iter().any(|list| WORDS.at(list, &self.words, at).is_some())
            };
            let is_joined = self.is_mixed(between.clone()) || !is_moment && between.clone().any(is_reason);
            if is_flush || !is_other || !(is_kind || is_moment) || is_joined {
                break;
            }
            first += 1;
        }
        first
    }

    /// Whether two names are of hydration for a drug, as in `cisplatin pre-hydration`.
    fn is_hydration_for(&self, one: &Mention<'_>, other: &Mention<'_>) -> bool {
        let between = one.at.end..other.at.start;
        one.may_be_reason()
            && WORDS.has("fluids", &other.named.drug)
            && self.words.all(between.clone()).all(|word| WORDS.has("moments", word.text))
            && !self.words.between(between).contains(|c: char| !c.is_alphanumeric() && !" -".contains(c))
    }

    /// Whether a name at the front is of the moment, as in `pre-Rituxan Benadryl`.
    fn is_moment(&self, name: &Mention<'_>) -> bool {
        let is_moment = |at: usize| WORDS.at("moments", &self.words, at).is_some();
        let is_front = |to: usize| self.words.all(0..to).all(|word| is_filler(word.text));
        let start = name.at.start;
        let led = (1..=2)
            .filter_map(|length| start.checked_sub(length))
            .find(|at| WORDS.at("moments", &self.words, *at).is_some_and(|length| at + length == start));
        is_moment(start) && is_front(start) || led.is_some_and(is_front)
    }

    /// Whether a reason or a moment begins at a word.
    fn begins_reason(&self, first: usize, at: usize) -> bool {
        let is_premed = self.words.word(at).starts_with("premed");
        // `Taxol premed Decadron` names the drug that was given last.
        let is_of_first = |given: &Mention<'_>| {
            given.may_be_reason() && (self.has_other_behind(at + 1) || self.is_premedicated(given))
        };
        let is_turned = || self.names.get(first).is_some_and(is_of_first);
        WORDS.at("reasons", &self.words, at).is_some() || is_premed && !is_turned()
    }

    /// Whether premedication is named right behind a drug, as in `Ocrevus premeds`, which may be all that was given; a
    /// single `premed` is a note of the drug itself.
    fn is_premedicated(&self, given: &Mention<'_>) -> bool {
        let at = given.at.end;
        let is_sign = |c: char| !c.is_whitespace() && c != '-';
        PREMEDICATION.contains(&self.words.word(at)) && !self.words.between(at..at).contains(is_sign)
    }

    /// Whether a drug that is no reason itself is named from a word on.
    fn has_other_behind(&self, at: usize) -> bool {
        let is_other = |name: &Mention<'_>| !name.may_be_reason() && !name.is_beside() && !name.is_kind();
        self.names.iter().filter(|name| name.at.start >= at).any(is_other)
    }

    /// Whether a reason begins at a word behind which another drug is named; a fluid may have run with that drug.
    fn names_reason(&self, given: &Mention<'_>, at: usize) -> bool {
        let carriage = || WORDS.at("carriages", &self.words, at).filter(|_| given.is_fluid());
        let Some(length) = WORDS.at("reasons-of-another", &self.words, at).or_else(carriage) else {
            return false;
        };
        let end = at + length;
        let next = self.names.iter().find(|name| name.at.start >= end);
        next.is_some_and(|next| next.named.nature != Nature::Flush && !self.is_mixed(end..next.at.start))
    }

    /// Whether the later of two names that stand side by side is the reason for what was given.
    fn is_reason(&self, given: &Mention<'_>, one: &Mention<'_>, other: &Mention<'_>) -> bool {
        if other.named.drug == given.named.drug || other.is_beside() {
            return false;
        }
        let is_complex = given.may_be_reason();
        let between = self.words.between(one.at.end..other.at.start);
        let is_listed = between.contains(COMMA);
        if self.has_occasion(other.at.end) {
            return other.may_be_reason() || !is_complex && !is_listed;
        }
        if is_listed {
            return false;
        }
        let is_apart =
            between.contains(NOTE_SIGNS) || self.words.any(one.at.end..other.at.start, |word| word == "on");
        let is_course = || self.noun_behind("courses", other.at.end);
        let follows = self.words.any(one.at.end..other.at.start, |word| WORDS.has("successions", word));
        if given.is_fluid() {
            return WORDS.has("moment-kinds", &other.named.drug);
        }
        // Of `Taxol premed Decadron` the last one was given.
        let is_turned = is_complex
            && self.has_occasion(given.at.end)
            && (self.has_other_behind(other.at.end) || self.is_premedicated(given));
        other.is_kind() && !given.is_kind() && !follows && !is_turned
            || is_apart && !is_complex && is_course()
    }

    /// Whether something unknown stands before the only drug that is named, and that drug is its reason.
    fn is_reason_of_unknown(&self, given: &Mention<'_>, start: usize) -> bool {
        let is_telling = |word: &str| {
            word.len() >= LETTERS_MIN
                && word.bytes().all(|byte| byte.is_ascii_alphabetic())
                && !is_filler(word)
                && !is_salt(word)
                && !is_note(word)
        };
        let only = self.names.iter().all(|name| name.named.drug == given.named.drug || name.is_beside());
        start == 0
            && (only || given.is_kind())
            && given.may_be_reason()
            && self.has_occasion(given.at.end)
            && self.words.any(0..given.at.start, is_telling)
    }

    /// Whether a noun that makes the drug before it a reason stands right behind it.
    fn has_occasion(&self, end: usize) -> bool {
        self.noun_behind("occasions", end)
    }

    fn noun_behind(&self, list: &str, end: usize) -> bool {
        let linked = self.words.all(end..self.words.len()).take_while(|word| WORDS.has("linking", word.text));
        // In brackets such a noun belongs to what is named there.
        let is_told = |at: usize| !self.words.between(end..at).contains(['(', '[']);
        (end..=end + linked.count()).any(|at| is_told(at) && WORDS.at(list, &self.words, at).is_some())
    }

    /// Whether a sign or a word between two names says that they went together, or may have.
    fn is_mixed(&self, between: Range<usize>) -> bool {
        let is_mark = |c: char| MIXING_SIGNS.contains(&c);
        self.words.any(between.clone(), |word| WORDS.has("mixing", word))
            || self.words.between(between).contains(is_mark)
    }

    /// Where a name begins.
    fn start_of(&self, name: usize) -> usize {
        self.words.place(self.names[name].at.start).start
    }
}

/// A part of a name without the brackets and signs at its ends that have no other half.
fn trimmed(part: &str) -> &str {
    let is_mark = |c: char| c.is_whitespace() || NOTE_SIGNS.contains(&c) || [',', ')', ']', '/'].contains(&c);
    part.trim_start_matches(is_mark)
        .trim_end_matches(|c: char| is_mark(c) && c != ')' || c == ')' && !part.contains('('))
}

#[cfg(test)]
mod tests;
