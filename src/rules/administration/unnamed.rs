//! Drugs that the record does not name, as `chemo IV push` beside `chemo infusion`: whether two are one is asked.

use super::push::REP_2;
use super::visit::{Service, Visit};
use super::what_if::answer;
use crate::domain::drug::DrugGiven;
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::rules::identity;

/// Whether two services of one course may be of two drugs: neither is named, and the record writes how each was given, or
/// that it is another one. That it was given again says that it is one.
pub(super) fn may_differ(coding: &Coding<'_>, visit: &Visit<'_>, one: &Service, other: &Service) -> bool {
    let open_words = |service: &Service| match &*visit.administration(service).drugs {
        [drug] => unnamed(coding, drug).map(|name| coding.catalog.formulary.open_words(name)),
        _ => None,
    };
    open_words(one).zip(open_words(other)).is_some_and(|(one, other)| one != other)
}

/// The words of a drug that is not named.
fn unnamed<'d>(coding: &Coding<'_>, drug: &'d DrugGiven) -> Option<&'d str> {
    let name = drug.name.as_deref().filter(|_| identity::code_of(coding, drug).is_none())?;
    coding.catalog.formulary.is_placeholder(name).then_some(name)
}

/// Asks whether a push was of the drug that was given before.
pub(super) fn ask(coding: &mut Coding<'_>, index: u16, earlier: u16) {
    let drug = |index: u16| &coding.encounter.administrations[usize::from(index)].drugs[0];
    let [own, before] = [index, earlier].map(|index| drug(index).name.clone().unwrap_or_default());
    let field = Field::Drug(index, 0, "name");
    let facts = [
        fact::given("drug", Value::Of(Field::Drug(index, 0, ""))),
        fact::given("before", Value::Of(Field::Drug(earlier, 0, ""))),
    ];
    let what = Field::Administration(index, "");
    coding.not_billed(what, &REP_2, "Waits for whether it is the drug that was given before.", &[]);
    let text = "The record says {drug} and {before}, and names no drug: the same drug again and another one have other codes. Name them.";
    coding.find(Severity::Block, Reason::UnknownProduct, field, &REP_2, text, &facts);
    coding.ask(field, &REP_2, "Was {drug} the same drug as {before}?", &facts, |coding| {
        let state = |label: &str, name: String| {
            answer(coding, label, index, |administration| administration.drugs[0].name = Some(name))
        };
        vec![state("The same drug", before), state("Another drug", format!("another {own}"))]
    });
}
