//! Questions, and what the whole visit would bill under each answer.

use super::course::SEQ_4;
use super::infusion_time::TIME_1;
use super::timeline::TIME_6;
use super::{access, admit, cavity, hydration, initial, lesions, named_route, pump, site};
use crate::domain::claim::Track;
use crate::domain::drug::{DrugClass, DrugGiven};
use crate::domain::encounter::{Administration, Encounter, FluidPurpose, Indication, Route};
use crate::domain::field::Field;
use crate::domain::finding::Answer;
use crate::domain::time::plus_minutes;
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::rules::Rule;
use crate::rules::classify::CLS_1;

/// Asks whether a documented duration leaves the pauses out, which took so many minutes or so many.
pub(super) fn ask_duration(coding: &mut Coding<'_>, index: u16, documented: u32, paused: &[u32]) {
    let field = Field::Administration(index, "durationMinutes");
    coding.ask(field, &TIME_6, "Does the documented duration leave the pauses out?", &[], |coding| {
        let flowed = |label: String, minutes| {
            answer(coding, &label, index, |administration| {
                administration.interruptions.clear();
                administration.duration_minutes = Some(minutes);
            })
        };
        let whole = flowed(format!("Yes, the drug flowed for {documented} minutes"), documented);
        let less = paused.iter().map(|paused| {
            let minutes = documented - paused;
            flowed(format!("No, the drug flowed for {minutes} minutes"), minutes)
        });
        [whole].into_iter().chain(less).collect()
    });
}

/// Asks for the class of a drug.
pub(super) fn ask_class(coding: &mut Coding<'_>, index: u16, drug: Option<u16>, route: Route) {
    let field = match drug {
        Some(drug) => Field::Drug(index, drug, "drugClass"),
        None => Field::Administration(index, "drugs"),
    };
    coding.ask(field, &CLS_1, "Which class does the drug have?", &[], |coding| {
        let mut classes = vec![
            ("An antineoplastic or complex biologic drug", DrugClass::Antineoplastic),
            ("A therapeutic drug", DrugClass::Therapeutic),
        ];
        match route {
            Route::IvInfusion => classes.push(("Hydration fluid", DrugClass::Hydration)),
            Route::Intramuscular | Route::Subcutaneous => {
                classes.push(("A hormonal drug against cancer", DrugClass::HormonalAntineoplastic));
                classes.push(("A vaccine", DrugClass::Vaccine));
            }
            // What goes into the pleura, a lesion or another place is seldom a drug against cancer.
            Route::Intrapleural | Route::Intralesional | Route::Other => classes.rotate_left(1),
            _ => {}
        }
        let state = |administration: &mut Administration, class| {
            if administration.drugs.is_empty() {
                administration.drugs.push(DrugGiven::default());
            }
            // The first drug stands in where the administration names none.
            let drug = &mut administration.drugs[usize::from(drug.unwrap_or(0))];
            drug.class = Some(class);
        };
        classes.into_iter().map(|(label, class)| answer(coding, label, index, |a| state(a, class))).collect()
    });
}

/// Asks whether a drug was mixed with the one that its name has behind `with`, or given in its company.
pub(super) fn ask_company(coding: &mut Coding<'_>, index: u16, drug: u16) {
    let field = Field::Drug(index, drug, "name");
    let name = coding.encounter.administrations[usize::from(index)].drugs[usize::from(drug)].name.as_deref();
    let Some((first, second)) = name.and_then(|name| coding.catalog.formulary.companions(name)) else {
        return;
    };
    let facts = [fact::given("drug", Value::Of(field))];
    let text = "What was in the bag or syringe that the record has as {drug}?";
    coding.ask(field, &SEQ_4, text, &facts, |coding| {
        let state = |label: String, name: String| {
            answer(coding, &label, index, |a| a.drugs[usize::from(drug)].name = Some(name))
        };
        vec![
            state(format!("Both: {first} and {second}"), format!("{first} + {second}")),
            state(format!("Only {first}; {second} was given apart"), first.to_owned()),
        ]
    });
}

/// Asks what a fluid with electrolytes was for.
pub(super) fn ask_purpose(coding: &mut Coding<'_>, index: u16) {
    let field = Field::Administration(index, "fluidPurpose");
    coding.ask(field, &hydration::HYD_9, "What was the fluid with electrolytes for?", &[], |coding| {
        [
            ("It treated a documented electrolyte deficit", FluidPurpose::ElectrolyteReplacement),
            ("It treated dehydration", FluidPurpose::Hydration),
        ]
        .map(|(label, purpose)| answer(coding, label, index, |a| a.fluid_purpose = Some(purpose)))
        .into()
    });
}

/// Asks whether the visit treats cancer, once.
pub(super) fn ask_indication(coding: &mut Coding<'_>, rule: &'static Rule) {
    let field = Field::Encounter("indication");
    if coding.result.questions.iter().any(|question| question.field == field) {
        return;
    }
    coding.ask(field, rule, "Does the visit treat cancer?", &[], |coding| {
        [("Yes, it treats cancer", Indication::Oncology), ("No, another disease", Indication::NonOncology)]
            .map(|(label, indication)| coding.answer(label, |visit| visit.indication = Some(indication)))
            .into()
    });
}

/// Asks how a drug was given.
pub(super) fn ask_route(coding: &mut Coding<'_>, index: u16) {
    let allowed = named_route::allowed(&coding.encounter.administrations[usize::from(index)]);
    let field = Field::Administration(index, "route");
    coding.ask(field, &admit::DOC_1, "How was the drug given?", &[], |coding| {
        let state = |(route, label): &(Route, &str)| answer(coding, label, index, |a| a.route = Some(*route));
        allowed.iter().map(state).collect()
    });
}

/// Asks which of the named access sites a drug went through.
pub(super) fn ask_site(coding: &mut Coding<'_>, index: u16, sites: &[&str]) {
    let field = Field::Administration(index, "accessSite");
    coding.ask(field, &access::INIT_5, "Through which access site did the drug go?", &[], |coding| {
        let at = |site: &&str| answer(coding, site, index, |a| a.access_site = Some((*site).to_owned()));
        sites.iter().map(at).collect()
    });
}

/// Asks whether a second access site was needed.
///
/// Nothing is asked where every reason bills the same; tells whether a reason matters.
pub(super) fn ask_second_site(coding: &mut Coding<'_>, index: u16, site: &str) -> bool {
    use crate::domain::encounter::AccessReason::{Convenience, Protocol, RestartedLine};
    let before = coding.result.questions.len();
    let field = Field::Administration(index, "accessReason");
    coding.ask(field, &access::INIT_4, "Why was the second access site needed?", &[], |coding| {
        let reasons = [
            ("The protocol or the patient's condition required it", Protocol),
            ("The first line was lost and restarted there", RestartedLine),
            ("It was convenient", Convenience),
        ];
        let state = |visit: &mut Encounter, reason| {
            for administration in &mut visit.administrations {
                if administration.access_site.as_deref().is_some_and(|s| site::is_same_site(s, site)) {
                    administration.access_reason = Some(reason);
                }
            }
        };
        let answers = reasons.map(|(label, reason)| coding.answer(label, |visit| state(visit, reason)));
        let is_one = answers.iter().all(|answer| answer.lines == answers[0].lines);
        if is_one { Vec::new() } else { answers.into() }
    });
    coding.result.questions.len() > before
}

/// Asks which of several services was the main reason for an office visit.
pub(super) fn ask_primary_reason(coding: &mut Coding<'_>, field: Field, visit: &[&str], candidates: &[u16]) {
    let text = "Which service was the main reason for the visit?";
    coding.ask(field, &initial::HIER_O, text, &[], |coding| by_reason(coding, visit, candidates));
}

/// The lines of the request, were each of some services the main reason of the visit that these ids are of.
fn by_reason(coding: &Coding<'_>, visit: &[&str], candidates: &[u16]) -> Vec<Answer> {
    let state = |index: &u16| {
        let id = coding.encounter.administrations[usize::from(*index)].id.clone();
        coding.answer(id.clone(), |encounter| encounter.restate_reason(id, |other| visit.contains(&other)))
    };
    candidates.iter().map(state).collect()
}

/// Asks for the main reason once more, where one of the services gives a refused one a code.
pub(super) fn offer_primary_reason(
    coding: &mut Coding<'_>,
    visit: &[&str],
    candidates: &[u16],
    refused: &[u16],
) {
    let field = Field::Encounter("primaryReason");
    if coding.result.questions.iter().any(|question| question.field == field) {
        return;
    }
    let text = "The stated reason leaves a service without a code. Was another service the main reason for the visit?";
    coding.ask(field, &initial::HIER_O, text, &[], |coding| {
        let answers = by_reason(coding, visit, candidates);
        let earns_line = |answer: &Answer, index: &u16| {
            let mut lines = answer.lines.iter().filter(|line| line.track == Track::Administration);
            lines.any(|line| line.administrations.contains(index))
        };
        let helps = |answer: &Answer| refused.iter().any(|index| earns_line(answer, index));
        if answers.iter().any(helps) { answers } else { Vec::new() }
    });
}

/// Asks whether a transfusion without times ran together with the hydration of its visit.
pub(super) fn ask_transfusion(coding: &mut Coding<'_>, index: u16, hydration: &[u16]) {
    let field = Field::Administration(index, "startTime");
    let text = "Did the transfusion run together with the hydration?";
    coding.ask(field, &hydration::HYD_4, text, &[], |coding| {
        let given = |at: &u16| &coding.encounter.administrations[usize::from(*at)];
        let start = hydration.iter().filter_map(|at| coding.encounter.began(given(at))).min();
        let start = start.unwrap_or_else(|| coding.encounter.service_date.at(12, 0, 0, 0));
        let stop = hydration.iter().filter_map(|at| given(at).stop).max();
        let minutes = hydration.iter().filter_map(|at| given(at).duration_minutes).max();
        let end = stop.unwrap_or_else(|| plus_minutes(start, i64::from(minutes.unwrap_or_default())));
        let ids: Vec<String> = hydration.iter().map(|at| given(at).id.clone()).collect();
        let apart = answer(coding, "No, one ran after the other", index, |transfusion| {
            (transfusion.start, transfusion.stop) = (Some(start), Some(start));
            transfusion.concurrent_with.clear();
        });
        let together = answer(coding, "Yes, at the same time", index, |transfusion| {
            (transfusion.start, transfusion.stop) = (Some(start), Some(end));
            transfusion.concurrent_with = ids;
        });
        vec![apart, together]
    });
}

/// Asks whether somebody stood by a long push.
pub(super) fn ask_attendance(coding: &mut Coding<'_>, index: u16) {
    let field = Field::Administration(index, "attendedThroughout");
    let text = "Was the professional present throughout the push?";
    coding.ask(field, &TIME_1, text, &[], |coding| {
        let state =
            |(label, present)| answer(coding, label, index, |a| a.attended_throughout = Some(present));
        [("Yes", true), ("No", false)].map(state).into()
    });
}

/// Asks whether the patient left between dates that state a visit number again, or that state none.
///
/// Visits that are over have numbers of their own in the answer, which tells them apart on every date.
/// Nothing is asked where both answers bill the same; tells whether it was asked.
pub(super) fn ask_stay(
    coding: &mut Coding<'_>,
    rule: &'static Rule,
    first: u16,
    numbers: &[(u16, u32)],
) -> bool {
    let before = coding.result.questions.len();
    let field = Field::Administration(first, "visitNumber");
    let text = "Did the patient leave and come back between the dates?";
    coding.ask(field, rule, text, &[], |coding| {
        let left = |visit: &mut Encounter| {
            for &(index, number) in numbers {
                visit.administrations[usize::from(index)].visit_number = Some(number);
            }
        };
        let stayed = coding.answer("No, the patient stayed: one encounter", |_| ());
        let left = coding.answer("Yes, each date has a visit of its own", left);
        if stayed.lines == left.lines { Vec::new() } else { vec![stayed, left] }
    });
    coding.result.questions.len() > before
}

/// Asks how many lesions were injected, so many still taking the lower code.
pub(super) fn ask_lesions(coding: &mut Coding<'_>, index: u16, few: u32) {
    let field = Field::Administration(index, "lesionCount");
    coding.ask(field, &lesions::CHM_2, "How many lesions were injected?", &[], |coding| {
        vec![
            answer(coding, &format!("Up to {few}"), index, |a| a.lesion_count = Some(few)),
            answer(coding, &format!("More than {few}"), index, |a| a.lesion_count = Some(few + 1)),
        ]
    });
}

/// Asks how many lesions the several drugs of a session went into, the lower code reaching to so many.
pub(super) fn ask_lesions_of_session(coding: &mut Coding<'_>, session: &[u16], few: u32) {
    let &[first, ref others @ ..] = session else { return };
    let field = Field::Administration(first, "lesionCount");
    let text = "How many lesions were injected in the session, each counted once?";
    coding.ask(field, &lesions::CHM_2, text, &[], |coding| {
        // The first administration stands for those that the others did not go into.
        let further = u32::try_from(others.len()).unwrap_or(u32::MAX);
        let state = |visit: &mut Encounter, total: u32| {
            for other in others {
                visit.administrations[usize::from(*other)].lesion_count = Some(1);
            }
            visit.administrations[usize::from(first)].lesion_count = Some(total);
        };
        vec![
            coding.answer(format!("Up to {few}"), |visit| state(visit, few.saturating_sub(further).max(1))),
            coding.answer(format!("More than {few}"), |visit| state(visit, few + 1)),
        ]
    });
}

/// Asks whether the puncture that a code includes was done.
pub(super) fn ask_puncture(coding: &mut Coding<'_>, index: u16) {
    let field = Field::Administration(index, "includesPuncture");
    coding.ask(
        field,
        &cavity::CHM_10,
        "Was the puncture done in this session by this provider?",
        &[],
        |coding| {
            [("Yes", true), ("No", false)]
                .map(|(label, done)| answer(coding, label, index, |a| a.includes_puncture = Some(done)))
                .into()
        },
    );
}

/// Asks which kind of pump was refilled, or whose pump was started.
pub(super) fn ask_pump(coding: &mut Coding<'_>, index: u16, is_refill: bool) {
    let field = Field::Administration(index, "pump");
    let state = |administration: &mut Administration, yes| {
        let pump = administration.pump.get_or_insert_default();
        if is_refill { pump.implantable = yes } else { pump.supplied_by_practice = yes }
    };
    let (rule, text, answers) = if is_refill {
        (&pump::CHM_7, "Which kind of pump was refilled?", [("Portable", false), ("Implantable", true)])
    } else {
        let own = ("The practice, and the infusion finishes in the community", true);
        (&pump::CHM_6, "Who supplied the pump?", [own, ("Another supplier, or the pump is implanted", false)])
    };
    coding.ask(field, rule, text, &[], |coding| {
        answers.map(|(label, yes)| answer(coding, label, index, |a| state(a, yes))).into()
    });
}

pub(super) fn answer(
    coding: &Coding<'_>,
    label: &str,
    index: u16,
    change: impl FnOnce(&mut Administration),
) -> Answer {
    coding.answer(label, |visit| change(&mut visit.administrations[usize::from(index)]))
}
