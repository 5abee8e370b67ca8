//! A route that the name of a drug states, as in `methotrexate IM`, against that of its record (rule DOC-1).

use super::admit::DOC_1;
use super::what_if::answer;
use crate::domain::encounter::{Administration, Route};
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::rules::route_words::told;

/// The routes of a record that such a word can contradict, each with how a nurse would say it.
const ROUTES: &[(Route, &str)] = &[
    (Route::IvInfusion, "Infused into a vein"),
    (Route::IvPush, "Pushed into a vein"),
    (Route::Intramuscular, "Injected into a muscle"),
    (Route::Subcutaneous, "Injected under the skin"),
    (Route::SubcutaneousInfusion, "Infused under the skin"),
    (Route::OnBodyInjector, "Put on as an on-body injector"),
    (Route::Intrathecal, "Injected into the spinal canal"),
    (Route::Intravesical, "Put into the bladder"),
    (Route::Intraperitoneal, "Put into the abdomen"),
    (Route::HeatedIntraperitoneal, "Circulated through the abdomen, heated, in an operation"),
    (Route::Intraarticular, "Injected into a joint"),
    (Route::Topical, "Put on the skin"),
    (Route::Oral, "Taken by mouth"),
    (Route::Inhaled, "Inhaled"),
    (Route::Other, "By another way, as into the nose"),
];

/// The routes that are offered where a record states none and no name of its drugs does.
const USUAL: [Route; 4] = [Route::IvInfusion, Route::IvPush, Route::Intramuscular, Route::Subcutaneous];

/// The routes to choose from where the record states none: those that the names of the drugs allow, else the usual ones.
pub(super) fn allowed(administration: &Administration) -> Vec<(Route, &'static str)> {
    let names = administration.drugs.iter().filter_map(|drug| drug.name.as_deref());
    let told: Vec<&[Route]> = names.flat_map(told).collect();
    let by_name = ROUTES.iter().filter(|(route, _)| told.iter().all(|routes| may_mean(routes, *route)));
    let by_name: Vec<_> = by_name.copied().filter(|_| !told.is_empty()).collect();
    if by_name.is_empty() {
        return ROUTES.iter().copied().filter(|(route, _)| USUAL.contains(route)).collect();
    }
    by_name
}

/// Whether a word that may mean some routes is offered as one of them: who writes `SC` means no injector that stays on.
fn may_mean(routes: &[Route], route: Route) -> bool {
    routes.contains(&route) && (route != Route::OnBodyInjector || routes.len() == 1)
}

/// Asks which route is right where the name of a drug states another one than the record, and the lines differ.
pub(super) fn doubt(coding: &mut Coding<'_>, index: u16, administration: &Administration, route: Route) {
    // A drug with a code alone says nothing of a route.
    if !coding.asking || administration.drugs.iter().all(|drug| drug.name.is_none()) {
        return;
    }
    let Some((_, label)) = ROUTES.iter().find(|(known, _)| *known == route) else { return };
    for (place, drug) in administration.drugs.iter().enumerate() {
        let told = drug.name.as_deref().map(told).unwrap_or_default();
        if told.is_empty() || told.iter().any(|routes| routes.contains(&route)) {
            continue;
        }
        let others = ROUTES.iter().filter(|(other, _)| told.iter().any(|routes| may_mean(routes, *other)));
        let field = Field::Administration(index, "route");
        let facts = [
            fact::given("drug", Value::Of(Field::Drug(index, place as u16, "name"))),
            fact::given("route", Value::Label(label)),
        ];
        let before = coding.result.questions.len();
        let text = "How was the drug given that the record has as {drug}?";
        coding.ask(field, &DOC_1, text, &facts, |coding| {
            let stated = coding.answer(*label, |_| ());
            let other =
                |(other, label): &(Route, &str)| answer(coding, label, index, |a| a.route = Some(*other));
            let others: Vec<_> = others.map(other).collect();
            if others.iter().all(|other| other.lines == stated.lines) {
                return Vec::new();
            }
            std::iter::once(stated).chain(others).collect()
        });
        if coding.result.questions.len() > before {
            let text = "The record says {drug}, and its route says otherwise ({route}); the two have other lines. Correct the name or the route.";
            coding.find(Severity::Block, Reason::DocumentationGap, field, &DOC_1, text, &facts);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::domain::drug::DrugGiven;
    use crate::domain::encounter::{Encounter, Setting};
    use crate::domain::time::{date, parse_local_time};
    use crate::engine;
    use crate::policy::PolicyBook;

    /// The labels of the question for the route of one drug, and whether a line is shown beside it.
    fn asked(name: &str, route: Route) -> (Vec<String>, bool) {
        let day = date(2025, 11, 3);
        let mut visit = Encounter::new(Setting::HospitalOutpatient, day);
        visit.administrations.push(Administration {
            route: Some(route),
            start: parse_local_time("2025-11-03T09:00").ok(),
            stop: parse_local_time("2025-11-03T09:30").ok().filter(|_| route == Route::IvInfusion),
            drugs: vec![DrugGiven { name: Some(name.to_owned()), ..DrugGiven::default() }],
            ..Administration::default()
        });
        let book = PolicyBook::embedded().expect("the embedded policies");
        let result = engine::code(&visit, &Catalog::embedded(), book.at(day, "medicare").expect("medicare"));
        let question = result.questions.iter().find(|question| question.field.to_string().ends_with("route"));
        let labels = question.map(|question| question.answers.iter().map(|a| a.label.to_string()).collect());
        (labels.unwrap_or_default(), !result.lines.is_empty())
    }

    #[test]
    fn a_route_in_the_name_that_bills_otherwise_is_asked() {
        for (name, route, labels) in [
            ("methotrexate IM", Route::IvPush, &["Pushed into a vein", "Injected into a muscle"][..]),
            (
                "METHOTREXATE 25 MG/ML IM SOLN",
                Route::IvPush,
                &["Pushed into a vein", "Injected into a muscle"],
            ),
            (
                "vitamin K SQ",
                Route::IvPush,
                &["Pushed into a vein", "Injected under the skin", "Infused under the skin"],
            ),
            ("cefazolin IVPB", Route::IvPush, &["Pushed into a vein", "Infused into a vein"]),
            ("Toradol IVP", Route::Intramuscular, &["Injected into a muscle", "Pushed into a vein"]),
            ("Zofran 4 mg IVP", Route::IvInfusion, &["Infused into a vein", "Pushed into a vein"]),
            ("ondansetron 8 mg PO", Route::IvPush, &["Pushed into a vein", "Taken by mouth"]),
            ("albuterol neb", Route::IvPush, &["Pushed into a vein", "Inhaled"]),
            ("nitro SL", Route::IvPush, &["Pushed into a vein", "Taken by mouth"]),
            (
                "Neulasta Onpro",
                Route::Subcutaneous,
                &["Injected under the skin", "Put on as an on-body injector"],
            ),
            ("dexamethasone oral", Route::IvPush, &["Pushed into a vein", "Taken by mouth"]),
            ("cytarabine IT", Route::IvPush, &["Pushed into a vein", "Injected into the spinal canal"]),
            ("BCG intravesical", Route::IvPush, &["Pushed into a vein", "Put into the bladder"]),
            (
                "Kenalog knee injection",
                Route::Intramuscular,
                &["Injected into a muscle", "Injected into a joint"],
            ),
        ] {
            let (found, has_lines) = asked(name, route);
            assert_eq!(found, labels, "{name}");
            assert!(!has_lines, "{name}");
        }
    }

    #[test]
    fn a_route_in_the_name_that_fits_or_bills_alike_is_not() {
        for (name, route) in [
            ("methotrexate IM", Route::Intramuscular),
            ("cefazolin 1 g IV", Route::IvInfusion),
            ("cefazolin IVPB", Route::IvInfusion),
            ("Zofran not PO but IV", Route::IvPush),
            ("Toradol IM", Route::Subcutaneous),
            ("Zofran 4 mg", Route::IvPush),
        ] {
            let (found, has_lines) = asked(name, route);
            assert!(found.is_empty(), "{name} {found:?}");
            assert!(has_lines, "{name}");
        }
    }
}
