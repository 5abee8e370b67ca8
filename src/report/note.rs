//! Renders a note: its template with the facts that fill it.

use super::dollars::dollars;
use super::figures;
use super::template::{self, Part};
use crate::domain::encounter::{Administration, Encounter};
use crate::domain::field::Field;
use crate::domain::time::LocalTime;
use crate::engine::trail::{Note, NotedFact, Source, Trail, Value};

/// The text of a note, with each `{name}` replaced by the fact of that name.
///
/// A part between brackets is left out where one of its names has no fact. Elsewhere such a name stays
/// between its braces, so that a test can find the mistake.
pub fn render(note: &Note, trail: &Trail, encounter: &Encounter) -> String {
    let mut text = Vec::with_capacity(note.text.len() * 2);
    render_into(&mut text, note, trail, encounter);
    in_text(text)
}

/// Appends the text of a note, for whoever renders many of them into one place.
pub fn render_into(text: &mut Vec<u8>, note: &Note, trail: &Trail, encounter: &Encounter) {
    let facts = trail.facts(note);
    let template = template::parts(note.text);
    let mut parts = &*template;
    while let Some((part, after)) = parts.split_first() {
        parts = after;
        match *part {
            Part::Words(words) => text.extend_from_slice(words.as_bytes()),
            Part::Fact { name, before_minutes } => insert(text, name, before_minutes, facts, encounter),
            Part::Optional { parts: count } => {
                let (optional, others) = after.split_at(count);
                if !optional.iter().all(|part| is_known(part, facts)) {
                    parts = others;
                }
            }
        }
    }
}

/// Whether a part of a template can be filled.
fn is_known(part: &Part, facts: &[NotedFact]) -> bool {
    match part {
        Part::Fact { name, .. } => facts.iter().any(|fact| fact.name == *name),
        _ => true,
    }
}

/// Stands in a template for the names of all facts that nobody stated.
const MISSING: &str = "missing";

/// Appends the fact of a name inside a sentence: a template may write the word for minutes itself.
fn insert(text: &mut Vec<u8>, name: &str, before_minutes: bool, facts: &[NotedFact], encounter: &Encounter) {
    match facts.iter().find(|fact| fact.name == name) {
        Some(NotedFact { value: Value::Minutes(minutes), .. }) if before_minutes => {
            figures::whole(text, *minutes);
        }
        Some(fact) => append_value(text, fact, encounter),
        None if name == MISSING => append_missing(text, facts),
        None => {
            text.push(b'{');
            text.extend_from_slice(name.as_bytes());
            text.push(b'}');
        }
    }
}

fn append_missing(text: &mut Vec<u8>, facts: &[NotedFact]) {
    let missing = facts.iter().filter(|fact| fact.source == Source::Missing);
    for (index, fact) in missing.enumerate() {
        if index > 0 {
            text.extend_from_slice(b", ");
        }
        text.extend_from_slice(fact.name.as_bytes());
    }
}

/// The value of a fact as people write it: `705 mg`, `95 min`, `09:40`.
pub fn value(fact: &NotedFact, encounter: &Encounter) -> String {
    appended(|text| append_value(text, fact, encounter))
}

/// Appends the value of a fact as people write it.
pub fn append_value(text: &mut Vec<u8>, fact: &NotedFact, encounter: &Encounter) {
    match fact.value {
        Value::None => text.extend_from_slice(b"not documented"),
        Value::Count(count) => figures::whole(text, count),
        Value::Minutes(minutes) => {
            figures::whole(text, minutes);
            text.extend_from_slice(b" min");
        }
        Value::Flag(true) => text.extend_from_slice(b"yes"),
        Value::Flag(false) => text.extend_from_slice(b"no"),
        Value::Decimal(number) => figures::decimal(text, number),
        Value::Dollars(amount) => text.extend_from_slice(dollars(amount).as_bytes()),
        Value::Quantity(quantity) => figures::quantity(text, quantity),
        Value::Code(code) => text.extend_from_slice(code.as_str().as_bytes()),
        Value::Modifier(modifier) => text.extend_from_slice(modifier.as_str().as_bytes()),
        Value::Ndc(ndc) => figures::ndc(text, ndc),
        Value::Date(date) => figures::date(text, date),
        Value::Time(time) => figures::clock(text, time, encounter),
        Value::Label(label) => text.extend_from_slice(label.as_bytes()),
        Value::Of(field) => append_dated(text, field, encounter),
    }
}

/// The clock time, with its date only when it is not the date of service.
pub fn clock(time: LocalTime, encounter: &Encounter) -> String {
    appended(|text| figures::clock(text, time, encounter))
}

/// What a field speaks of, in the caller's own names: the administration's id, or the drug's name.
pub fn named(field: Field, encounter: &Encounter) -> String {
    appended(|text| append_named(text, field, encounter))
}

/// What a field speaks of, a drug with its date where that is not the visit's: one drug may be given on several.
pub fn dated(field: Field, encounter: &Encounter) -> String {
    appended(|text| append_dated(text, field, encounter))
}

fn append_dated(text: &mut Vec<u8>, field: Field, encounter: &Encounter) {
    append_named(text, field, encounter);
    let (Field::Drug(a, ..) | Field::Container(a, ..)) = field else { return };
    let given = encounter.administrations.get(usize::from(a));
    let date = given.map(|administration| encounter.date_of(administration));
    if let Some(date) = date.filter(|date| *date != encounter.service_date) {
        text.extend_from_slice(b" on ");
        figures::date(text, date);
    }
}

fn append_named(text: &mut Vec<u8>, field: Field, encounter: &Encounter) {
    match field {
        Field::Encounter("") => text.extend_from_slice(b"the visit"),
        Field::Encounter(name) => text.extend_from_slice(name.as_bytes()),
        Field::Administration(a, _) => append_administration(text, a, encounter),
        Field::Drug(a, d, _) | Field::Container(a, d, _, _) => append_drug(text, a, d, encounter),
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

fn append_administration(text: &mut Vec<u8>, index: u16, encounter: &Encounter) {
    match encounter.administrations.get(usize::from(index)) {
        Some(Administration { id, .. }) if !id.is_empty() => text.extend_from_slice(id.as_bytes()),
        _ => {
            text.extend_from_slice(b"administration ");
            figures::whole(text, i64::from(index) + 1);
        }
    }
}

fn append_drug(text: &mut Vec<u8>, a: u16, d: u16, encounter: &Encounter) {
    let drugs = encounter.administrations.get(usize::from(a)).map(|administration| &administration.drugs);
    let drug = drugs.and_then(|drugs| drugs.get(usize::from(d)));
    if let Some(name) = drug.and_then(|drug| drug.name.as_ref()) {
        text.extend_from_slice(name.as_bytes());
    } else if let Some(code) = drug.and_then(|drug| drug.code) {
        text.extend_from_slice(code.as_str().as_bytes());
    } else if let Some(ndc) = drug.and_then(|drug| drug.ndcs().next()) {
        text.extend_from_slice(b"NDC ");
        text.extend_from_slice(ndc.hyphenated().as_bytes());
    } else {
        text.extend_from_slice(b"drug ");
        figures::whole(text, i64::from(d) + 1);
        text.extend_from_slice(b" of ");
        append_administration(text, a, encounter);
    }
}

fn appended(append: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut text = Vec::new();
    append(&mut text);
    in_text(text)
}

/// Everything above appends whole texts, so that nothing is ever replaced here.
fn in_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
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
    fn a_drug_of_another_day_is_named_with_it() {
        let mut visit = visit();
        let drug = Field::Drug(0, 0, "containers");
        assert_eq!(dated(drug, &visit), "rituximab");
        visit.administrations[0].start = parse_local_time("2025-11-04T00:05").ok();
        assert_eq!(dated(drug, &visit), "rituximab on 2025-11-04");
        assert_eq!(named(drug, &visit), "rituximab");
    }

    #[test]
    fn what_has_no_name_is_counted_from_one() {
        let facts = [fact::given("drug", Value::Of(Field::Drug(4, 1, "")))];
        assert_eq!(rendered("{drug}", &facts), "drug 2 of administration 5");
    }
}
