//! What holds for the administration lines of every visit.
//!
//! The default run is short; a million visits a property on demand:
//! `PROPTEST_CASES=1000000 cargo test --release --test all administration::properties`.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use infusion_coder::catalog::Catalog;
use infusion_coder::catalog::edits::{AddOnSetting, EditKind};
use infusion_coder::domain::claim::{Line, Track};
use infusion_coder::domain::code::{HcpcsCode, Modifier};
use infusion_coder::domain::drug::DrugGiven;
use infusion_coder::domain::encounter::{
    AccessReason, Administration, Encounter, Interruption, OtherService, Route, Setting,
};
use infusion_coder::domain::field::Field;
use infusion_coder::domain::finding::{Reason, Severity};
use infusion_coder::domain::time::{LocalTime, date, plus_minutes};
use infusion_coder::engine::{self, CodingResult};
use infusion_coder::policy::PolicyBook;
use infusion_coder::report::note::render;
use proptest::prelude::*;

use super::longer::{hours, is_fluid_of_two_lines, joined_bags, runs_on_two_dates, waiting};

static BOOK: LazyLock<PolicyBook> = LazyLock::new(|| PolicyBook::embedded().expect("the embedded policies"));
static CATALOG: LazyLock<std::sync::Arc<Catalog>> = LazyLock::new(Catalog::embedded);

const INITIAL: [&str; 5] = ["96360", "96365", "96374", "96409", "96413"];
/// Codes that rest on minutes.
const TIMED: [&str; 15] = [
    "96360", "96361", "96365", "96366", "96367", "96368", "96369", "96370", "96371", "96413", "96415",
    "96417", "96422", "96423", "96549",
];
/// Modifiers that make a pair distinct.
const DISTINCT: [&str; 7] = ["25", "27", "59", "XE", "XP", "XS", "XU"];

const ROUTES: [Route; 12] = [
    Route::IvInfusion,
    Route::IvInfusion,
    Route::IvInfusion,
    Route::IvPush,
    Route::IvPush,
    Route::Intramuscular,
    Route::SubcutaneousInfusion,
    Route::IntraArterialInfusion,
    Route::OnBodyInjector,
    Route::PumpStart,
    Route::LineFlush,
    Route::Transfusion,
];

/// Therapeutic, antineoplastic, complex, hormonal, hydration and electrolyte drugs, and one that nobody knows.
const DRUGS: [&str; 10] =
    ["J0696", "J2405", "J9060", "J9312", "J1745", "J9217", "J7030", "J3475", "J9190", "xyzumab"];

/// Reference products with their biosimilars.
const BIOSIMILARS: [(&str, &str); 3] = [("J9312", "Q5115"), ("J1745", "Q5103"), ("J9035", "Q5107")];

fn drug(place: usize) -> DrugGiven {
    let text = DRUGS[place];
    let code: Option<HcpcsCode> = text.parse().ok();
    DrugGiven { name: code.is_none().then(|| text.to_owned()), code, ..DrugGiven::default() }
}

fn morning() -> LocalTime {
    date(2025, 11, 3).at(6, 0, 0, 0)
}

prop_compose! {
    /// One that starts at a multiple of so many minutes.
    fn administration(step: i64)(
        route in 0..ROUTES.len(),
        drug_place in 0..DRUGS.len(),
        start in prop_oneof![3 => 0_i64..1800, 1 => 900_i64..1120],
        minutes in prop_oneof![0_i64..40, 0_i64..240, 450_i64..620],
        stops in prop::bool::weighted(0.92),
        pause in prop::option::weighted(0.15, (0_i64..60, 0_i64..30)),
        site in 0_usize..5,
        reason in prop::bool::ANY,
        visit_number in prop::option::weighted(0.2, 1_u32..3),
        attended in prop::option::weighted(0.1, prop::bool::ANY),
    ) -> Administration {
        let start = plus_minutes(morning(), start - start % step);
        let pause = pause.filter(|(from, length)| from + length < minutes);
        Administration {
            route: Some(ROUTES[route]),
            access_site: ["arm", "port", "port", "port"].get(site).map(|site| (*site).to_owned()),
            access_reason: reason.then_some(AccessReason::Protocol),
            visit_number,
            start: Some(start),
            stop: stops.then(|| plus_minutes(start, minutes)),
            interruptions: pause
                .map(|(from, length)| {
                    let from = plus_minutes(start, from);
                    Interruption { start: Some(from), stop: (length > 0).then(|| plus_minutes(from, length)) }
                })
                .into_iter()
                .collect(),
            attended_throughout: attended,
            drugs: vec![drug(drug_place)],
            ..Administration::default()
        }
    }
}

fn visit() -> impl Strategy<Value = Encounter> {
    visit_with_starts(1)
}

prop_compose! {
    fn visit_with_starts(step: i64)(
        administrations in prop::collection::vec(administration(step), 1..8),
        is_office in any::<bool>(),
        reason in prop::option::weighted(0.5, 0_usize..8),
        nurse_visit in prop::bool::weighted(0.05),
    ) -> Encounter {
        let setting = if is_office { Setting::PhysicianOffice } else { Setting::HospitalOutpatient };
        let mut visit = Encounter::new(setting, date(2025, 11, 3));
        visit.administrations = administrations;
        for (at, administration) in visit.administrations.iter_mut().enumerate() {
            administration.id = format!("a{at}");
        }
        visit.primary_reason = reason.filter(|at| *at < visit.administrations.len()).map(|at| format!("a{at}"));
        if nurse_visit {
            let code = HcpcsCode::of("99211");
            visit.other_services.push(OtherService { code, modifiers: Vec::new(), units: 1, date: None });
        }
        visit
    }
}

/// Visits, each with another order of its list.
fn turned(visits: impl Strategy<Value = Encounter>) -> impl Strategy<Value = (Encounter, Encounter)> {
    visits.prop_flat_map(|visit| {
        let shuffled = Just(visit.administrations.clone()).prop_shuffle();
        shuffled.prop_map(move |administrations| {
            let turned = Encounter { administrations, ..visit.clone() };
            (visit.clone(), turned)
        })
    })
}

fn code(visit: &Encounter) -> CodingResult {
    engine::code(visit, &CATALOG, BOOK.at(visit.service_date, "medicare").expect("medicare"))
}

fn lines(result: &CodingResult) -> impl Iterator<Item = &Line> {
    result.lines.iter().filter(|line| line.track == Track::Administration)
}

/// Every line with its date, code, modifiers and units, in a fixed order.
fn shape(result: &CodingResult) -> Vec<String> {
    let modifiers = |line: &Line| line.modifiers.iter().map(|m| format!("-{m}")).collect::<String>();
    let mut shape: Vec<String> = lines(result)
        .map(|line| format!("{} {}{} x{}", line.service_date, line.code, modifiers(line), line.units))
        .collect();
    shape.sort();
    shape
}

fn kind(visit: &Encounter) -> EditKind {
    if visit.setting.is_facility() { EditKind::OutpatientHospital } else { EditKind::Practitioner }
}

fn has_finding(result: &CodingResult, reason: Reason) -> bool {
    result.findings.iter().any(|finding| finding.reason == reason)
}

/// What an answer says in words beside its lines.
fn said(visit: &Encounter, result: &CodingResult) -> Vec<String> {
    let findings = result.findings.iter().map(|finding| (finding.rule.id, finding.field, &finding.note));
    let questions =
        result.questions.iter().map(|question| (question.rule.id, question.field, &question.note));
    let not_billed = result.not_billed.iter().map(|item| (item.rule.id, item.what, &item.note));
    let all = findings.chain(questions).chain(not_billed);
    all.map(|(rule, field, note)| format!("{rule} {field:?} {}", render(note, &result.trail, visit)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(300),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn input_order_never_matters((visit, turned) in turned(visit())) {
        prop_assert_eq!(shape(&code(&visit)), shape(&code(&turned)));
    }

    // On a coarse grid many services start at one time, and what breaks the tie must be a fact of theirs.
    #[test]
    fn input_order_never_matters_where_times_are_equal((visit, turned) in turned(visit_with_starts(245))) {
        prop_assert_eq!(shape(&code(&visit)), shape(&code(&turned)));
    }

    #[test]
    fn each_site_and_encounter_has_one_initial_service(visit in visit()) {
        let result = code(&visit);
        // Stated numbers count within their dates (rule INIT-6), and an office's dates may be visits (rule INIT-8).
        let is_numbered = visit.administrations.iter().any(|a| a.visit_number.is_some());
        let is_dated = is_numbered || !visit.setting.is_facility();
        let number = |a: &Administration| is_dated.then(|| (a.visit_number.unwrap_or(1), visit.date_of(a)));
        let places: BTreeSet<_> =
            visit.administrations.iter().map(|a| (number(a), &a.access_site)).collect();
        let initial: Vec<&Line> = lines(&result).filter(|l| INITIAL.contains(&l.code.as_str())).collect();
        prop_assert!(initial.iter().all(|line| line.units == 1), "{:?}", shape(&result));
        prop_assert!(initial.len() <= places.len(), "{:?}", shape(&result));
        let marked = |line: &Line| line.modifiers.iter().any(|m| ["XS", "XE"].contains(&m.as_str()));
        // A visit on a date of its own needs no modifier (rule INIT-6).
        let unmarked = initial.iter().filter(|line| !marked(line));
        let dates: BTreeSet<_> = unmarked.clone().map(|line| line.service_date).collect();
        prop_assert_eq!(unmarked.count(), dates.len(), "{:?}", shape(&result));
    }

    #[test]
    fn no_add_on_stands_without_its_parent(visit in visit()) {
        let result = code(&visit);
        let is_facility = visit.setting.is_facility();
        for line in lines(&result) {
            let Some(parents) = CATALOG.add_on_parents(line.code, visit.service_date) else { continue };
            let stands = parents.iter().any(|parent| {
                let fits = match parent.setting {
                    AddOnSetting::Both => true,
                    AddOnSetting::PractitionerOnly => !is_facility,
                    AddOnSetting::FacilityOnly => is_facility,
                };
                fits && lines(&result).any(|other| other.code == parent.code)
            });
            prop_assert!(stands, "{} of {:?}", line.code, shape(&result));
        }
    }

    #[test]
    fn every_administration_is_accounted_for(visit in visit()) {
        let result = code(&visit);
        for index in 0..visit.administrations.len() as u16 {
            let on_line = lines(&result).any(|line| line.administrations.contains(&index));
            let refused = result.not_billed.iter().any(|n| n.what == Field::Administration(index, ""));
            prop_assert!(on_line || refused, "administration {} of {:?}", index, shape(&result));
        }
    }

    // The start of a pump stands apart: past eight hours it is no timed infusion any more (rule CHM-4).
    // So does a transfusion, whose minutes are taken out of the hydration (rule HYD-4). And a minute that closes
    // the break of two dates makes one flow of two, whose hours are rounded once and no more twice (rule TIME-7). What
    // waits for an answer has lost nothing: a first minute may put a further site in use (rule INIT-5), and a last one may
    // reach into an infusion whose end nobody wrote (rule HYD-4). Fluid through two lines at once counts once, so a minute
    // of the one may be one less of the other, and the hours of each are rounded (rule HYD-4).
    #[test]
    fn a_minute_more_never_lowers_the_hours_of_a_drug(visit in visit(), at in 0_usize..8) {
        let at = at % visit.administrations.len();
        let mut longer_visit = visit.clone();
        let given = &mut longer_visit.administrations[at];
        let stands_apart = matches!(given.route, Some(Route::PumpStart | Route::Transfusion));
        if let (Some(stop), false) = (given.stop, stands_apart) {
            given.stop = Some(plus_minutes(stop, 1));
            let (shorter, longer) = (code(&visit), code(&longer_visit));
            let (before, after) = (hours(&visit, &shorter, at), hours(&longer_visit, &longer, at));
            let closes_break = joined_bags(&shorter) < joined_bags(&longer);
            let is_over_midnight = closes_break && runs_on_two_dates(&visit, at);
            // Where one bag waited for its times, with the minute another one may wait for its site.
            let waited = waiting(&visit, &shorter, at);
            let waits = waiting(&longer_visit, &longer, at).iter().any(|what| !waited.contains(what));
            let is_kept = before <= after || is_over_midnight || waits || is_fluid_of_two_lines(&visit, at);
            prop_assert!(is_kept, "{} and then {} hours", before, after);
        }
    }

    #[test]
    fn a_biosimilar_changes_nothing(visit in visit()) {
        let mut swapped = visit.clone();
        for drug in swapped.administrations.iter_mut().flat_map(|a| &mut a.drugs) {
            let code = drug.code.map(|code| code.to_string());
            let pair = BIOSIMILARS.iter().find(|(reference, _)| code.as_deref() == Some(reference));
            if let Some((_, biosimilar)) = pair {
                drug.code = Some(HcpcsCode::of(biosimilar));
            }
        }
        prop_assert_eq!(shape(&code(&visit)), shape(&code(&swapped)));
    }

    #[test]
    fn an_answer_without_steps_says_the_same(visit in visit()) {
        let policy = BOOK.at(visit.service_date, "medicare").expect("medicare");
        let (whole, brief) = (code(&visit), engine::code_without_steps(&visit, &CATALOG, policy));
        prop_assert!(brief.trail.steps.is_empty());
        prop_assert_eq!(format!("{:?}", whole.lines), format!("{:?}", brief.lines));
        prop_assert_eq!(said(&visit, &whole), said(&visit, &brief));
    }

    // What an answer would change is not shown as settled; an answer may add units to a line (rule DOC-1). Two bags of
    // one drug under the skin may be one flow past midnight (rule TIME-7), and the answer that one held the product of
    // another code parts it: the further hours are as many, and stand on the date of each bag.
    #[test]
    fn a_line_beside_an_open_question_is_in_every_answer(visit in visit()) {
        let result = code(&visit);
        let blocks = |field: Field| {
            result.findings.iter().any(|finding| finding.severity == Severity::Block && finding.field == field)
        };
        for question in result.questions.iter().filter(|question| blocks(question.field)) {
            let is_of_code = matches!(question.field, Field::Drug(_, _, "hcpcs_code"));
            let may_part = is_of_code && joined_bags(&result) > 0;
            for answer in &question.answers {
                for line in lines(&result) {
                    let is_alike = |other: &&Line| {
                        let is_of_date = other.service_date == line.service_date;
                        (other.code, &other.modifiers) == (line.code, &line.modifiers)
                            && (is_of_date || may_part && line.code.as_str() == "96370")
                    };
                    let shown: u32 = lines(&result).filter(is_alike).map(|line| line.units).sum();
                    let billed: u32 = answer.lines.iter().filter(is_alike).map(|line| line.units).sum();
                    let label = &answer.label;
                    prop_assert!(billed >= shown, "{} of {:?} under {}", line.code, shape(&result), label);
                }
            }
        }
    }

    #[test]
    fn missing_minutes_earn_no_timed_code(visit in visit()) {
        let result = code(&visit);
        let is_timed = |line: &&Line| TIMED.contains(&line.code.as_str());
        for line in lines(&result).filter(is_timed) {
            for index in &line.administrations {
                let given = &visit.administrations[usize::from(*index)];
                let needs = !matches!(given.route, Some(Route::IvPush | Route::Intramuscular));
                prop_assert!(!needs || given.stop.is_some(), "{} of {:?}", line.code, shape(&result));
            }
        }
    }

    #[test]
    fn no_edit_is_passed_in_silence(visit in visit()) {
        let result = code(&visit);
        let kind = kind(&visit);
        for line in lines(&result) {
            let same = |other: &&Line| other.code == line.code && other.service_date == line.service_date;
            let units: u32 = lines(&result).filter(same).map(|line| line.units).sum();
            let limit = CATALOG.mue(line.code, kind, visit.service_date);
            let passes = limit.is_some_and(|limit| units > limit.value.units);
            prop_assert!(!passes || has_finding(&result, Reason::UnitsAboveMue), "{:?}", shape(&result));
        }
        let distinct = |modifiers: &[Modifier]| modifiers.iter().any(|m| DISTINCT.contains(&m.as_str()));
        let mut claimed: Vec<(HcpcsCode, bool, Option<infusion_coder::domain::time::Date>)> =
            lines(&result).map(|l| (l.code, distinct(&l.modifiers), Some(l.service_date))).collect();
        claimed.extend(visit.other_services.iter().map(|s| (s.code, distinct(&s.modifiers), None)));
        for (first, carries, day) in &claimed {
            for (second, also_carries, other_day) in &claimed {
                let same_day = day.is_none() || other_day.is_none() || day == other_day;
                let pair = CATALOG.procedure_pair(*first, *second, kind, visit.service_date);
                let Some(pair) = pair.filter(|_| same_day) else { continue };
                // A hospital's payment packages the on-body injector, which needs no modifier there.
                let is_packaged = visit.setting.is_facility() && second.as_str() == "96377";
                let is_bypassed = is_packaged || pair.value.modifier_allowed && (*carries || *also_carries);
                prop_assert!(
                    is_bypassed || has_finding(&result, Reason::ProcedurePair),
                    "{} and {} of {:?}", first, second, shape(&result)
                );
            }
        }
    }
}
