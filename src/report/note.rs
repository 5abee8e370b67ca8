//! Renders a note: its template with the facts that fill it.

use std::fmt::Write as _;

use super::dollars::dollars;
use crate::domain::encounter::Encounter;
use crate::domain::field::Field;
use crate::domain::time::LocalTime;
use crate::engine::trail::{Note, NotedFact, Source, Trail, Value};

/// The text of a note, with each `{name}` replaced by the fact of that name.
///
/// A part between brackets is left out where one of its names has no fact. Elsewhere such a name stays
/// between its braces, so that a test can find the mistake.
pub fn render(note: &Note, trail: &Trail, encounter: &Encounter) -> String {
    let mut text = String::with_capacity(note.text.len() * 2);
    render_into(&mut text, note, trail, encounter);
    text
}

/// Appends the text of a note, for whoever renders many of them into one place.
pub fn render_into(text: &mut String, note: &Note, trail: &Trail, encounter: &Encounter) {
    let facts = trail.facts(note);
    let mut rest = note.text;
    while let Some((before, after)) = rest.split_once('[') {
        fill(text, before, facts, encounter);
        let Some((optional, after)) = after.split_once(']') else {
            rest = &rest[before.len()..];
            break;
        };
        if names(optional).all(|name| facts.iter().any(|fact| fact.name == name)) {
            fill(text, optional, facts, encounter);
        }
        rest = after;
    }
    fill(text, rest, facts, encounter);
}

/// Adds a template to a text, its names filled in.
fn fill(text: &mut String, template: &str, facts: &[NotedFact], encounter: &Encounter) {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            text.push('{');
            rest = after;
            continue;
        };
        match facts.iter().find(|fact| fact.name == name) {
            Some(fact) => insert(text, fact, after, encounter),
            None if name == MISSING => text.push_str(&missing(facts)),
            None => {
                text.push('{');
                text.push_str(name);
                text.push('}');
            }
        }
        rest = after;
    }
    text.push_str(rest);
}

/// Stands in a template for the names of all facts that nobody stated.
const MISSING: &str = "missing";

fn missing(facts: &[NotedFact]) -> String {
    let missing = facts.iter().filter(|fact| fact.source == Source::Missing);
    missing.map(|fact| fact.name).collect::<Vec<_>>().join(", ")
}

/// The names of a template.
fn names(template: &str) -> impl Iterator<Item = &str> {
    template.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name)
}

/// The value of a fact as people write it: `705 mg`, `95 min`, `09:40`.
pub fn value(fact: &NotedFact, encounter: &Encounter) -> String {
    let mut text = String::new();
    append_value(&mut text, fact, encounter);
    text
}

fn append_value(text: &mut String, fact: &NotedFact, encounter: &Encounter) {
    let written = match fact.value {
        Value::None => text.write_str("not documented"),
        Value::Count(count) => write!(text, "{count}"),
        Value::Minutes(minutes) => write!(text, "{minutes} min"),
        Value::Flag(true) => text.write_str("yes"),
        Value::Flag(false) => text.write_str("no"),
        Value::Decimal(number) => write!(text, "{number}"),
        Value::Dollars(amount) => text.write_str(&dollars(amount)),
        Value::Quantity(quantity) => write!(text, "{quantity}"),
        Value::Code(code) => text.write_str(code.as_str()),
        Value::Modifier(modifier) => text.write_str(modifier.as_str()),
        Value::Ndc(ndc) => text.write_str(&ndc.hyphenated()),
        Value::Date(date) => write!(text, "{date}"),
        Value::Time(time) => text.write_str(&clock(time, encounter)),
        Value::Label(label) => text.write_str(label),
        Value::Of(field) => text.write_str(&named(field, encounter)),
    };
    // Writing to a `String` cannot fail.
    let _ = written;
}

/// The clock time, with its date only when it is not the date of service.
pub fn clock(time: LocalTime, encounter: &Encounter) -> String {
    let clock = format!("{:02}:{:02}", time.hour(), time.minute());
    if time.date() == encounter.service_date { clock } else { format!("{} {clock}", time.date()) }
}

/// What a field speaks of, in the caller's own names: the administration's id, or the drug's name.
pub fn named(field: Field, encounter: &Encounter) -> String {
    match field {
        Field::Encounter("") => "the visit".to_owned(),
        Field::Encounter(name) => name.to_owned(),
        Field::Administration(a, _) => administration(a, encounter),
        Field::Drug(a, d, _) | Field::Container(a, d, _, _) => drug(a, d, encounter),
    }
}

/// A name of the program in words: `PhysicianOffice` is "physician office".
pub fn words(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    for (index, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && index > 0 {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

fn administration(index: u16, encounter: &Encounter) -> String {
    match encounter.administrations.get(usize::from(index)) {
        Some(administration) if !administration.id.is_empty() => administration.id.clone(),
        _ => format!("administration {}", u32::from(index) + 1),
    }
}

fn drug(a: u16, d: u16, encounter: &Encounter) -> String {
    let drugs = encounter.administrations.get(usize::from(a)).map(|administration| &administration.drugs);
    let drug = drugs.and_then(|drugs| drugs.get(usize::from(d)));
    let name = drug.and_then(|drug| drug.name.clone().or_else(|| drug.code.map(|code| code.to_string())));
    name.unwrap_or_else(|| format!("drug {} of {}", u32::from(d) + 1, administration(a, encounter)))
}

/// Appends the value inside a sentence: a template may write the word for minutes itself.
fn insert(text: &mut String, fact: &NotedFact, after: &str, encounter: &Encounter) {
    match fact.value {
        Value::Minutes(minutes) if after.starts_with(" min") || after.starts_with("-min") => {
            // Writing to a `String` cannot fail.
            let _ = write!(text, "{minutes}");
        }
        _ => append_value(text, fact, encounter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::drug::DrugGiven;
    use crate::domain::encounter::{Administration, Setting};
    use crate::domain::quantity::Quantity;
    use crate::domain::time::{date, parse_local_time};
    use crate::engine::trail::fact;

    fn visit() -> Encounter {
        let mut visit = Encounter::new(Setting::PhysicianOffice, date(2025, 11, 3));
        let drug = DrugGiven { name: Some("rituximab".to_owned()), ..DrugGiven::default() };
        visit.administrations.push(Administration {
            id: "a1".to_owned(),
            drugs: vec![drug],
            ..Administration::default()
        });
        visit
    }

    fn rendered(text: &'static str, facts: &[NotedFact]) -> String {
        let mut trail = Trail::default();
        let note = trail.note(text, facts);
        render(&note, &trail, &visit())
    }

    #[test]
    fn each_kind_of_fact_reads_as_people_write_it() {
        let time = |text| Value::Time(parse_local_time(text).expect(text));
        let facts = [
            fact::given("bag", Value::Of(Field::Administration(0, ""))),
            fact::given("drug", Value::Of(Field::Drug(0, 0, "doseAdministered"))),
            fact::given("start", time("2025-11-03T09:40")),
            fact::given("stop", time("2025-11-04T00:05")),
            fact::derived("minutes", Value::Minutes(95)),
            fact::given("dose", Value::Quantity(Quantity::parse("705", "mg").expect("a dose"))),
        ];
        assert_eq!(
            rendered("{bag} gave {dose} of {drug} from {start} to {stop}, {minutes}.", &facts),
            "a1 gave 705 mg of rituximab from 09:40 to 2025-11-04 00:05, 95 min."
        );
        assert_eq!(
            rendered("a {minutes}-minute bag, {minutes} minutes", &facts),
            "a 95-minute bag, 95 minutes"
        );
    }

    #[test]
    fn a_missing_fact_says_so_and_a_mistaken_name_stays_visible() {
        assert_eq!(rendered("stop: {stop}", &[fact::missing("stop")]), "stop: not documented");
        assert_eq!(rendered("{nobody} {", &[]), "{nobody} {");
        let worth = [fact::catalog("worth", Value::Dollars("1234.5".parse().expect("an amount")))];
        assert_eq!(rendered("lines worth ${worth}", &worth), "lines worth $1,234.50");
        let worth = [fact::derived("worth", Value::Count(5))];
        assert_eq!(rendered("a line[, worth {worth}][, by {nobody}].", &worth), "a line, worth 5.");
        assert_eq!(rendered("a [b", &[]), "a [b");
        assert_eq!(
            rendered("no {missing}", &[fact::missing("order"), fact::missing("site")]),
            "no order, site"
        );
    }

    #[test]
    fn what_has_no_name_is_counted_from_one() {
        let facts = [fact::given("drug", Value::Of(Field::Drug(4, 1, "")))];
        assert_eq!(rendered("{drug}", &facts), "drug 2 of administration 5");
    }
}
