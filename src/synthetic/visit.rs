//! Makes the record of a visit: pushes before, one or two infusions, sometimes fluid and an injection after.

use super::product::{Given, INJECTED, MAIN, PUSHED, PUSHED_CHEMOTHERAPY, Product};
use super::random::Random;
use crate::server::pb;

/// The quarter in which made visits take place: payment limits of it are in the embedded catalog.
const MONTHS: [(&str, u64); 3] = [("2025-10", 31), ("2025-11", 30), ("2025-12", 28)];

/// Minutes of the day after which nothing long begins, so that a visit ends before midnight.
const LATEST_INFUSION: u64 = 15 * 60;
const LATEST_FLUID: u64 = 20 * 60;

/// Makes a visit with a whole record.
pub(super) fn make(random: &mut Random, number: u64) -> pb::Encounter {
    let (month, days) = *random.pick(&MONTHS);
    let service_date = format!("{month}-{:02}", random.between(1, days));
    let is_office = random.chance(60);
    let mut day =
        Day { random, service_date: service_date.clone(), minute: 0, given: Vec::new(), used: Vec::new() };
    day.minute = day.random.between(7 * 60 + 31, 12 * 60 + 29);
    day.pushes();
    let main = day.infusions();
    day.after();
    let Day { given, .. } = day;
    let setting = if is_office { pb::Setting::PhysicianOffice } else { pb::Setting::HospitalOutpatient };
    pb::Encounter {
        encounter_id: format!("made-{number:06}"),
        setting: setting.into(),
        payer: "medicare".to_owned(),
        service_date,
        time_zone: "America/Chicago".to_owned(),
        indication: pb::Indication::Oncology.into(),
        primary_reason: main,
        administrations: given,
        documentation: Some(pb::Documentation {
            order_signed: Some(true),
            plan_of_care: Some(true),
            nursing_assessment: Some(true),
            adverse_reactions: Some(true),
            patient_response: Some(true),
            hydration_necessity: Some(true),
            discard_recorded: Some(true),
        }),
        ..pb::Encounter::default()
    }
}

/// A day as it fills up.
struct Day<'r> {
    random: &'r mut Random,
    service_date: String,
    /// Minute of the day at which the next service can begin.
    minute: u64,
    given: Vec<pb::Administration>,
    /// Codes that were given already: a drug given twice is another story.
    used: Vec<&'static str>,
}

impl Day<'_> {
    fn pushes(&mut self) {
        for _ in 0..self.random.below(4) {
            if let Some(product) = self.unused(PUSHED) {
                self.push(product);
            }
        }
    }

    /// The infusions of the day; gives the id of the first.
    fn infusions(&mut self) -> String {
        let mut first = String::new();
        for at in 0..self.random.between(1, 2) {
            if self.minute > LATEST_INFUSION {
                break;
            }
            let Some(product) = self.unused(MAIN) else { break };
            let Given::Infusion(shortest, longest) = product.given else { break };
            let minutes = self.random.between(shortest, longest);
            let (start, stop) = (self.clock(), self.minute + minutes);
            let id = self.add(product, pb::Route::IvInfusion, start, Some(stop));
            self.minute = stop + self.random.between(2, 12);
            if at == 0 {
                first = id;
            }
        }
        first
    }

    fn after(&mut self) {
        if self.random.chance(25)
            && let Some(product) = self.unused(PUSHED_CHEMOTHERAPY)
        {
            self.push(product);
        }
        if self.random.chance(30) && self.minute < LATEST_FLUID {
            self.fluid();
        }
        if self.random.chance(20)
            && let Some(product) = self.unused(INJECTED)
        {
            let start = self.clock();
            self.add(product, pb::Route::Subcutaneous, start, None);
        }
    }

    fn push(&mut self, product: &'static Product) {
        let start = self.clock();
        self.add(product, pb::Route::IvPush, start, None);
        self.minute += self.random.between(4, 9);
    }

    /// Half a litre of saline that a documented need asks for.
    fn fluid(&mut self) {
        const FLUID: Product = Product {
            code: "J7040",
            unit: "mL",
            dose: (500, 500, 1),
            given: Given::Infusion(35, 125),
            is_multi_dose: false,
            containers: &[(500, "")],
            twin: None,
            is_chemotherapy: false,
        };
        let (start, minutes) = (self.clock(), self.random.between(35, 125));
        let stop = self.minute + minutes;
        self.add(&FLUID, pb::Route::IvInfusion, start, Some(stop));
        if let Some(given) = self.given.last_mut() {
            given.fluid_purpose = pb::FluidPurpose::Hydration.into();
        }
        self.minute = stop + self.random.between(1, 5);
    }

    fn unused(&mut self, of: &'static [Product]) -> Option<&'static Product> {
        let product = self.random.pick(of);
        let is_new = !self.used.contains(&product.code);
        self.used.push(product.code);
        is_new.then_some(product)
    }

    fn add(&mut self, product: &Product, route: pb::Route, start: String, stop: Option<u64>) -> String {
        let id = format!("a{}", self.given.len() + 1);
        let given = pb::Administration {
            administration_id: id.clone(),
            route: route.into(),
            access_site: "port".to_owned(),
            start_time: start,
            stop_time: stop.map(|minute| self.at(minute)).unwrap_or_default(),
            drugs: vec![drug(product, self.random)],
            documentation: Some(pb::AdministrationDocumentation {
                order_signed: Some(true),
                administered_by: Some(true),
                patient_response: Some(true),
                discard_recorded: Some(true),
            }),
            ..pb::Administration::default()
        };
        self.given.push(given);
        id
    }

    fn clock(&mut self) -> String {
        // Nothing begins on the full hour, which would be a pattern of its own.
        if self.minute.is_multiple_of(60) {
            self.minute += 1;
        }
        self.at(self.minute)
    }

    fn at(&self, minute: u64) -> String {
        format!("{}T{:02}:{:02}", self.service_date, minute / 60, minute % 60)
    }
}

/// A drug at a random dose, with the containers opened for it and what of them was thrown away.
fn drug(product: &Product, random: &mut Random) -> pb::Drug {
    let (smallest, largest, step) = product.dose;
    let dose = smallest + step * random.below((largest - smallest) / step + 1);
    let mut open = dose;
    let mut containers = Vec::new();
    let smallest_content = product.containers.last().map_or(1, |(content, _)| *content);
    for (content, ndc) in product.containers {
        let is_last = *content == smallest_content;
        let count = if is_last { open.div_ceil(*content) } else { open / content };
        if count > 0 {
            open = open.saturating_sub(count * content);
            containers.push(container(product, *content, count, ndc));
        }
    }
    let opened: u64 = containers.iter().map(|(content, _)| *content).sum();
    let discarded = if product.is_multi_dose { 0 } else { opened - dose };
    pb::Drug {
        hcpcs_code: product.code.to_owned(),
        dose_administered: quantity(dose, product.unit),
        dose_ordered: quantity(dose, product.unit),
        dose_discarded: quantity(discarded, product.unit),
        discard_reason: if discarded > 0 { pb::DiscardReason::SingleDoseRemainder.into() } else { 0 },
        containers: containers.into_iter().map(|(_, container)| container).collect(),
        ..pb::Drug::default()
    }
}

/// Some equal containers, and what they hold together.
fn container(product: &Product, content: u64, count: u64, ndc: &str) -> (u64, pb::Container) {
    let kind =
        if product.is_multi_dose { pb::ContainerKind::MultiDose } else { pb::ContainerKind::SingleDose };
    let container = pb::Container {
        content: quantity(content, product.unit),
        count: Some(count as u32),
        kind: kind.into(),
        ndc: ndc.to_owned(),
        lot_number: format!("L{content}"),
        ..pb::Container::default()
    };
    (content * count, container)
}

fn quantity(amount: u64, unit: &str) -> Option<pb::Quantity> {
    Some(pb::Quantity { value: amount.to_string(), unit: unit.to_owned() })
}
