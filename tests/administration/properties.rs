//! What holds for the administration lines of every visit.
//!
//! The default run is short; a million visits on demand:
//! `PROPTEST_CASES=1000000 cargo test --release --test all administration_properties`.

use std::collections::BTreeSet;

use infusion_coder::catalog::Catalog;
use infusion_coder::domain::claim::{Line, Track};
use infusion_coder::domain::drug::{DrugClass, DrugGiven};
use infusion_coder::domain::encounter::{Administration, Encounter, Route, Setting};
use infusion_coder::domain::field::Field;
use infusion_coder::domain::time::{date, plus_minutes};
use infusion_coder::engine::{self, CodingResult};
use infusion_coder::policy::PolicyBook;
use proptest::prelude::*;
use std::sync::LazyLock;

static BOOK: LazyLock<PolicyBook> = LazyLock::new(|| PolicyBook::embedded().expect("the embedded policies"));

const INITIAL: [&str; 5] = ["96360", "96365", "96374", "96409", "96413"];
const HOURS: [&str; 2] = ["96366", "96415"];

const ROUTES: [Route; 6] = [
    Route::IvInfusion,
    Route::IvPush,
    Route::Subcutaneous,
    Route::SubcutaneousInfusion,
    Route::LineFlush,
    Route::PumpStart,
];
const CLASSES: [DrugClass; 4] =
    [DrugClass::Antineoplastic, DrugClass::Therapeutic, DrugClass::Hydration, DrugClass::ComplexBiologic];
const DRUGS: [&str; 4] = ["alpha", "beta", "gamma", "delta"];

prop_compose! {
    fn administration()(
        route in 0..ROUTES.len(),
        drug in 0..DRUGS.len(),
        start in 0_i64..600,
        minutes in 0_i64..240,
        stops in prop::bool::weighted(0.9),
        site in 0..4,
    ) -> Administration {
        let noon = date(2025, 11, 3).at(6, 0, 0, 0);
        let start = plus_minutes(noon, start);
        Administration {
            route: Some(ROUTES[route]),
            access_site: Some(if site == 0 { "arm" } else { "port" }.to_owned()),
            start: Some(start),
            stop: stops.then(|| plus_minutes(start, minutes)),
            drugs: vec![DrugGiven {
                name: Some(DRUGS[drug].to_owned()),
                class: Some(CLASSES[drug]),
                ..DrugGiven::default()
            }],
            ..Administration::default()
        }
    }
}

prop_compose! {
    fn visit()(
        administrations in prop::collection::vec(administration(), 1..7),
        is_office in any::<bool>(),
    ) -> Encounter {
        let setting = if is_office { Setting::PhysicianOffice } else { Setting::HospitalOutpatient };
        let mut visit = Encounter::new(setting, date(2025, 11, 3));
        visit.administrations = administrations;
        for (at, administration) in visit.administrations.iter_mut().enumerate() {
            administration.id = format!("a{at}");
        }
        visit
    }
}

fn code(visit: &Encounter) -> CodingResult {
    engine::code(visit, &Catalog::embedded(), BOOK.at(visit.service_date, "medicare").expect("medicare"))
}

fn lines(result: &CodingResult) -> impl Iterator<Item = &Line> {
    result.lines.iter().filter(|line| line.track == Track::Administration)
}

fn shape(result: &CodingResult) -> BTreeSet<(String, Vec<String>, u32)> {
    let modifiers = |line: &Line| line.modifiers.iter().map(|m| m.as_str().to_owned()).collect();
    lines(result).map(|line| (line.code.as_str().to_owned(), modifiers(line), line.units)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(400), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn input_order_does_not_matter(visit in visit(), turn in 0_usize..6) {
        let mut turned = visit.clone();
        let turn = turn % turned.administrations.len();
        turned.administrations.rotate_left(turn);
        prop_assert_eq!(shape(&code(&visit)), shape(&code(&turned)));
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

    #[test]
    fn each_access_line_has_one_initial_service(visit in visit()) {
        let result = code(&visit);
        let initial: Vec<&Line> = lines(&result).filter(|l| INITIAL.contains(&l.code.as_str())).collect();
        prop_assert!(initial.iter().all(|line| line.units == 1));
        let plain = initial.iter().filter(|line| line.modifiers.is_empty()).count();
        prop_assert!(plain <= 1 && initial.len() <= 2, "{:?}", shape(&result));
    }

    #[test]
    fn an_add_on_has_a_parent(visit in visit()) {
        let result = code(&visit);
        let catalog = Catalog::embedded();
        for line in lines(&result) {
            if let Some(parents) = catalog.add_on_parents(line.code, visit.service_date) {
                let stands = parents.value.iter().any(|p| lines(&result).any(|l| l.code == p.code));
                prop_assert!(stands, "{} of {:?}", line.code, shape(&result));
            }
        }
    }

    #[test]
    fn a_minute_more_never_lowers_the_hours(start in 0_i64..60, minutes in 0_i64..600) {
        let hours = |minutes| {
            let mut visit = Encounter::new(Setting::HospitalOutpatient, date(2025, 11, 3));
            let start = plus_minutes(date(2025, 11, 3).at(6, 0, 0, 0), start);
            visit.administrations.push(Administration {
                id: "a".to_owned(),
                route: Some(Route::IvInfusion),
                start: Some(start),
                stop: Some(plus_minutes(start, minutes)),
                drugs: vec![DrugGiven { name: Some("alpha".to_owned()), class: Some(DrugClass::Therapeutic), ..DrugGiven::default() }],
                ..Administration::default()
            });
            let result = code(&visit);
            lines(&result).filter(|l| HOURS.contains(&l.code.as_str())).map(|l| l.units).sum::<u32>()
        };
        prop_assert!(hours(minutes) <= hours(minutes + 1));
    }
}
