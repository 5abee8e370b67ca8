//! What each administration is: its route, class and minutes decide the kind of service.

use super::fluid::{self, Purpose};
use super::held::{hold, hold_for_class, hold_for_purpose};
use super::infusion_time::{TIME_1, is_push};
use super::pump_delivery::{self, Way};
use super::timeline::{self, DOC_3, Settled};
use super::visit::{Family, Flow, Kind, Service, Visit};
use super::{
    clock_change, declotting, elsewhere, hydration, long_run, named_route, not_given, observed, outside,
    overlap, pump, subcutaneous_infusion, what_if, when,
};
use crate::domain::drug::DrugClass;
use crate::domain::encounter::{Administration, Route};
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::engine::Coding;
use crate::engine::trail::{Subject, Value, fact};
use crate::policy::parameters::{CodeMark, Discontinued};
use crate::rules::classify::{self, Unknown};
use crate::rules::{Rule, identity, rule};

rule! {
    pub static DOC_1: "DOC-1", "What the record shows for each drug",
    basis: Secondary, cites: ["AAPC-DOC", "HC-10", "WPS-CERT"],
    says: "For each drug the record shows the order, route, site, start and stop, dose, who gave it and how the patient responded. What the code rests on must be there before a code is chosen.",
    why: "A claim stands on the record; a fact that nobody wrote down cannot be billed.",
    example: "An administration without a route earns no code; the question lists what each route would bill.",
    exceptions: "A route in the name of a drug, such as oral, intrathecal or the on-body injector of a brand, is none of the record: where there is no other, the question offers what the name allows; where it contradicts the stated route and the lines differ, they wait.",
}

rule! {
    pub static TIME_10: "TIME-10", "An infusion that was stopped early",
    basis: Secondary, cites: ["AAPC-DOC"],
    says: "The minutes actually given decide the code. A policy may instead keep the planned infusion code with modifier 53 in an office (switch D-9).",
    why: "The services given are reported; sources disagree on whether the planned code may stand reduced.",
    example: "A 60-minute infusion stopped after 10 minutes is a push, or under the other policy the infusion code with modifier 53.",
    exceptions: "Facilities report what was given.",
}

pub(super) static RULES: &[&Rule] = &[&DOC_1, &TIME_10];

/// An administration before anything is known of it but its place and its start: it earns no line.
pub(super) fn unread(visit: &Visit<'_>, index: u16, administration: &Administration) -> Service {
    Service {
        index,
        kind: Kind::Settled,
        family: Family::Therapeutic,
        is_hormonal: false,
        flow: Flow { start: administration.start.map(|time| visit.clock.seconds(time)), ..Flow::default() },
        order: None,
        rank: index,
        visit: administration.visit_number.unwrap_or(1),
        group: usize::MAX,
        course: usize::MAX,
        first_bag: index,
    }
}

/// Puts an administration on the table, or says why it earns no line.
pub(super) fn admit(
    coding: &mut Coding<'_>,
    visit: &mut Visit<'_>,
    administration: &Administration,
    service: &mut Service,
) {
    let index = service.index;
    if not_given::is_settled(coding, index, administration) {
        return;
    }
    let Some(route) = administration.route else {
        hold(coding, service, Family::Chemotherapy, &DOC_1, "Waits for the route.");
        let field = Field::Administration(index, "route");
        let text = "No route is given, so no code is chosen. Say how the drug was given.";
        coding.find(Severity::Block, Reason::MissingRoute, field, &DOC_1, text, &[]);
        what_if::ask_route(coding, index);
        return;
    };
    named_route::doubt(coding, index, administration, route);
    let is_apart = may_be_apart(coding, administration);
    if is_apart && declotting::is_settled(coding, service, administration, route) {
        return;
    }
    let route = match route {
        Route::Implanted if is_injected(coding, administration) => Route::Subcutaneous,
        Route::PumpStart | Route::PumpRefill => {
            match pump_delivery::read(coding, service, administration, route) {
                Way::Route(route) => route,
                Way::Settled => return,
            }
        }
        _ => route,
    };
    match route {
        Route::LineFlush => service.kind = Kind::Flush,
        Route::IvPush | Route::IvInfusion if is_apart && pump::is_flush(coding, administration, route) => {
            service.kind = Kind::Flush;
        }
        _ if is_apart && outside::is_flush_elsewhere(coding, index, route) => {}
        Route::PumpRefill => service.kind = Kind::Refill,
        Route::OnBodyInjector => service.kind = Kind::OnBodyInjector,
        Route::Transfusion => outside::transfusion(coding, visit, service),
        _ if is_apart && elsewhere::is_settled(coding, visit, index, route) => {}
        _ if is_apart && observed::is_settled(coding, index, route) => {}
        _ if outside::is_outside(coding, index, route) => {}
        _ if is_apart && outside::sends_cells_away(coding, index) => {}
        _ => admit_by_class(coding, visit, service, route, is_apart),
    }
}

/// Whether a list of the policy may take an administration out of the ordinary course: it names the code of a drug, or
/// a drug has no stated code, so that its name or its package tells.
fn may_be_apart(coding: &Coding<'_>, administration: &Administration) -> bool {
    let marked = &coding.policy.marked_codes;
    let mut drugs = administration.drugs.iter();
    drugs.any(|drug| drug.code.is_none_or(|code| marked.of(code).has(CodeMark::AdmittedApart)))
}

fn admit_by_class(
    coding: &mut Coding<'_>,
    visit: &mut Visit<'_>,
    service: &mut Service,
    route: Route,
    is_apart: bool,
) {
    let single = visit.single_drugs[usize::from(service.index)];
    let class = classify::class_of_administration(coding, service.index, single);
    // Only what may be such a product is looked up by name; an antibody that immunises is an injection by its class.
    let cells = match class {
        Ok(DrugClass::ComplexBiologic) | Err(Unknown::Class { .. }) => {
            outside::cells_by_name(coding, service.index)
        }
        Ok(DrugClass::Therapeutic) if route == Route::Intramuscular => {
            outside::cells_by_word(coding, service.index)
        }
        _ => None,
    };
    if let Some(cells) = cells {
        return outside::send_away(coding, service.index, cells.administration);
    }
    let class = class.or_else(|it| subcutaneous_infusion::any_class(coding, visit, service, route, it));
    let class = match class {
        Ok(class) => class,
        Err(unknown) => return hold_for_class(coding, visit, service, route, unknown),
    };
    let class = match fluid::purpose(coding, service.index, class) {
        Purpose::Class(class) => class,
        Purpose::Refused => return,
        Purpose::Flush => {
            service.kind = Kind::Flush;
            return;
        }
        Purpose::Unknown => return hold_for_purpose(coding, visit, service, route),
    };
    match class {
        DrugClass::BloodProduct => return outside::transfusion(coding, visit, service),
        DrugClass::Contrast
        | DrugClass::Vaccine
        | DrugClass::Radiopharmaceutical
        | DrugClass::SkinSubstitute => return outside::class(coding, service.index, class),
        DrugClass::Hydration => service.family = Family::Hydration,
        DrugClass::Therapeutic => service.family = Family::Therapeutic,
        DrugClass::Antineoplastic | DrugClass::ComplexBiologic => service.family = Family::Chemotherapy,
        DrugClass::HormonalAntineoplastic => {
            service.family = Family::Chemotherapy;
            service.is_hormonal = true;
        }
    }
    match route {
        Route::IvInfusion if has_pump(visit, service) => admit_pump(coding, visit, service, route),
        Route::IvInfusion | Route::SubcutaneousInfusion | Route::IntraArterialInfusion => {
            admit_timed(coding, visit, service, route);
            long_run::doubt(coding, visit, service, route);
        }
        Route::PumpStart => admit_pump(coding, visit, service, route),
        Route::IvPush => {
            service.kind = Kind::Push;
            read_push(coding, visit, service);
            if service.family != Family::Hydration {
                doubt_long_push(coding, visit, service);
                // A drug that locks a line is one of those that may be apart.
                if is_apart {
                    pump::doubt_lock(coding, service.index);
                }
            }
        }
        Route::IntraArterialPush => service.kind = Kind::ArterialPush,
        Route::Intramuscular | Route::Subcutaneous => {
            service.kind = Kind::Injection;
            read_push(coding, visit, service);
            if route == Route::Subcutaneous {
                subcutaneous_infusion::doubt_injection(coding, visit, service);
            }
        }
        Route::Intrathecal
        | Route::IntraventricularReservoir
        | Route::Intraperitoneal
        | Route::Intrapleural
        | Route::Intralesional => {
            service.kind = Kind::Cavity;
            // No code of theirs rests on minutes, but what ran meanwhile is no hydration (rule HYD-4).
            read_push(coding, visit, service);
        }
        _ if elsewhere::is_settled_by_name(coding, service.index) => {}
        _ => service.kind = Kind::Unlisted,
    }
    if service.family == Family::Hydration {
        hydration::admit(coding, service, route);
    }
}

/// A push or an injection needs no minutes; what the record gives is kept for overlaps and gaps.
fn read_push(coding: &mut Coding<'_>, visit: &mut Visit<'_>, service: &mut Service) {
    let administration = visit.administration(service);
    let has_start_alone = administration.stop.is_none() && administration.duration_minutes.is_none();
    if has_start_alone && !visit.clock.crosses_change() {
        // Most pushes have no more than a start, which stands in the flow from the beginning.
        return;
    }
    match timeline::flow(coding, visit, service.index) {
        Ok(flow) => service.flow = flow,
        Err((timeline::Gap::ClockChange, flow)) => {
            service.flow = flow;
            clock_change::note(coding, visit, service.index);
        }
        Err((timeline::Gap::Backwards, flow)) => {
            service.flow = flow;
            let field = Field::Administration(service.index, "stopTime");
            let text = "The stop lies before the start; a push needs only its start, and that is used. Correct the record.";
            coding.find(Severity::Warn, Reason::ContradictoryTimes, field, &DOC_3, text, &[]);
        }
        Err((_, flow)) => service.flow = flow,
    }
}

/// Reads a push that took longer than one: nobody stood by, or the record does not say so (rule TIME-1).
fn doubt_long_push(coding: &mut Coding<'_>, visit: &Visit<'_>, service: &mut Service) {
    let minutes = service.flow.seconds / 60;
    let limit = &coding.policy.administration.push_minutes_max;
    let attended = visit.administration(service).attended_throughout;
    if minutes <= **limit || attended == Some(true) {
        return;
    }
    let field = Field::Administration(service.index, "attendedThroughout");
    let facts = [
        fact::given("minutes", Value::Minutes(minutes)),
        fact::parameter("limit", Value::Minutes(**limit), limit),
    ];
    if attended == Some(false) {
        service.kind = Kind::Infusion;
        let text = "This push ran {minutes} minutes and nobody stood by throughout; more than {limit} minutes without that are an infusion. Correct the route, or the record.";
        coding.find(Severity::Warn, Reason::ContradictoryTimes, field, &TIME_1, text, &facts);
    } else {
        let text = "This push ran {minutes} minutes, and the record does not say that the professional was present throughout; without that, more than {limit} minutes are an infusion.";
        coding.find(Severity::Warn, Reason::DocumentationGap, field, &TIME_1, text, &facts);
        what_if::ask_attendance(coding, service.index);
    }
}

/// A service whose code rests on minutes.
fn admit_timed(coding: &mut Coding<'_>, visit: &mut Visit<'_>, service: &mut Service, route: Route) {
    let administration = visit.administration(service);
    let is_hydration = service.family == Family::Hydration;
    // Hydration and infusion under the skin rest on their minutes, whoever stood by.
    let is_attended = administration.attended_throughout == Some(true)
        && route != Route::SubcutaneousInfusion
        && !is_hydration;
    let is_pumped_artery = route == Route::IntraArterialInfusion && administration.pump.is_some();
    let (infusion, push) = match route {
        Route::IvInfusion if is_hydration => (Kind::Hydration, Kind::Hydration),
        Route::IvInfusion => (Kind::Infusion, Kind::Push),
        Route::SubcutaneousInfusion => (Kind::SubcutaneousInfusion, Kind::Injection),
        _ => (Kind::ArterialInfusion, Kind::ArterialPush),
    };
    let read = timeline::flow(coding, visit, service.index);
    let read =
        read.and_then(|flow| if flow.seconds > 0 { Ok(flow) } else { Err((timeline::Gap::NoFlow, flow)) });
    let flow = match read {
        Ok(flow) => flow,
        Err((timeline::Gap::NoTimes, flow))
            if !is_attended
                && route == Route::IvInfusion
                && overlap::is_beside_timed(coding, visit, service) =>
        {
            Flow { seconds: overlap::seconds_beside(coding, visit, service), ..flow }
        }
        Err((_, flow)) if is_attended || is_pumped_artery => flow,
        Err((gap, flow)) => match timeline::settle(coding, visit, service.index, gap, flow) {
            Settled::Flow(flow) => flow,
            Settled::Push => {
                (service.kind, service.flow) = (push, flow);
                return;
            }
            Settled::Held => {
                service.flow = flow;
                let family = service.family;
                hold(coding, service, family, &DOC_3, "Waits for its start and stop times.");
                if route != Route::IvInfusion {
                    service.kind = Kind::Settled;
                }
                when::ask_minutes(coding, visit, service.index, gap, is_hydration);
                return;
            }
        },
    };
    service.flow = flow;
    timeline::doubt_duration(coding, visit, service.index);
    let minutes = flow.seconds / 60;
    let shortened = is_push(minutes, &coding.policy.administration) && !is_pumped_artery;
    service.kind =
        if is_attended || shortened && !keeps_planned_code(coding, visit, service) { push } else { infusion };
    if service.kind != infusion {
        note_push(coding, service.index, minutes, is_attended);
    }
}

fn note_push(coding: &mut Coding<'_>, index: u16, minutes: i64, is_attended: bool) {
    let limit = &coding.policy.administration.push_minutes_max;
    let facts = [
        fact::given("minutes", Value::Minutes(minutes)),
        fact::parameter("limit", Value::Minutes(**limit), limit),
    ];
    let text = if is_attended {
        "The professional was present throughout, so this is a push, whatever its length."
    } else {
        "{minutes} minutes are no more than {limit} minutes, so this is a push."
    };
    coding.result.trail.fired(&TIME_1, Subject::Administration(index), text, &facts);
}

/// Whether a policy keeps the infusion code of an infusion that was stopped early (switch D-9).
pub(super) fn keeps_planned_code(coding: &mut Coding<'_>, visit: &Visit<'_>, service: &Service) -> bool {
    let policy = coding.policy;
    let switch = &policy.administration.discontinued;
    let Some(planned) = visit.administration(service).discontinued_planned_minutes else { return false };
    let keeps = **switch == Discontinued::PlannedCodeWith53
        && !visit.encounter.setting.is_facility()
        && !is_push(i64::from(planned), &policy.administration);
    let text = if keeps {
        "Stopped early: the planned infusion code stays, with modifier 53."
    } else {
        "Stopped early: the minutes given decide."
    };
    let label = if keeps { "planned code with 53" } else { "actual minutes" };
    let facts = [
        fact::given("planned", Value::Minutes(i64::from(planned))),
        fact::parameter("policy", Value::Label(label), switch),
    ];
    coding.result.trail.fired(&TIME_10, Subject::Administration(service.index), text, &facts);
    keeps
}

/// Whether an implant is one that its own needle puts under the skin (rule CHM-1).
fn is_injected(coding: &Coding<'_>, administration: &Administration) -> bool {
    let implants = &coding.policy.administration.injected_implants;
    let drugs = &administration.drugs;
    !drugs.is_empty() && drugs.iter().all(|drug| identity::is_listed(coding, drug, implants))
}

/// Whether a drug was infused by a pump of its own, which past eight hours is the start of a pump (rule CHM-4).
fn has_pump(visit: &Visit<'_>, service: &Service) -> bool {
    service.family != Family::Hydration && visit.administration(service).pump.is_some()
}

/// A pump start is not timed, but one that is known to be short is an ordinary infusion (rule CHM-4). Of an infusion
/// by a pump the minutes decide, so they are asked for.
fn admit_pump(coding: &mut Coding<'_>, visit: &mut Visit<'_>, service: &mut Service, route: Route) {
    let flow = timeline::flow(coding, visit, service.index);
    let prolonged = &coding.policy.administration.prolonged_minutes;
    match flow {
        Ok(flow) if flow.seconds / 60 <= **prolonged => {
            let facts = [
                fact::given("minutes", Value::Minutes(flow.seconds / 60)),
                fact::parameter("limit", Value::Minutes(**prolonged), prolonged),
            ];
            let text = "{minutes} minutes do not exceed {limit} minutes, so this is an infusion and no prolonged pump start.";
            coding.result.trail.declined(&pump::CHM_4, Subject::Administration(service.index), text, &facts);
            admit_timed(coding, visit, service, Route::IvInfusion);
        }
        Err(_) if route == Route::IvInfusion => admit_timed(coding, visit, service, route),
        Ok(flow) | Err((_, flow)) => {
            service.kind = Kind::PumpStart;
            // The hours at home are no hours of the visit, so they overlap nothing.
            service.flow = Flow { start: flow.start, ..Flow::default() };
        }
    }
}
