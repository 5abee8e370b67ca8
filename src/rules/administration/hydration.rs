//! Hydration: what it is, its minutes, and when it is not reported (rules HYD-*, TIME-4, TIME-8, CONC-4).

use super::infusion_time::{additional_hours, later_hours, note_hours};
use super::lines::{self, Place};
use super::overlap;
use super::visit::{Kind, Segment, Segments, Service, Visit};
use super::{held, order, what_if};
use crate::domain::drug::DrugGiven;
use crate::domain::encounter::{FluidPurpose, Route};
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::engine::Coding;
use crate::engine::trail::{Subject, Value, fact};
use crate::policy::parameters::HydrationCounting;
use crate::rules::{Rule, Status, identity, rule};

rule! {
    pub static TIME_4: "TIME-4", "Hydration takes thirty-one minutes",
    basis: Quoted, cites: ["A54635", "AAPC-HYD"],
    says: "Hydration of 31 to 90 minutes is one hour; each further hour takes more than 30 minutes past the last. After another initial service its first hour is an additional hour too.",
    why: "Less than half an hour of fluid is no service of its own.",
    example: "95 minutes of saline after a push are two additional hours; 30 minutes are nothing.",
    exceptions: "A payer may set another minimum (switch D-18).",
}

rule! {
    pub static TIME_8: "TIME-8", "Pushes are taken out of the hydration",
    basis: Secondary, cites: ["AAPC-HYD"],
    says: "The documented minutes of a push given while hydration runs are subtracted from the hydration.",
    why: "Those minutes are paid by the push.",
    example: "35 minutes of saline with a push of 5 minutes are 30 minutes of hydration, which is too short.",
    exceptions: "A push without a documented length takes nothing away.",
}

rule! {
    pub static HYD_1: "HYD-1", "What hydration is",
    basis: Quoted, cites: ["OHIMA"],
    says: "Hydration is a pre-packaged fluid, with or without electrolytes, that treats a need of volume or electrolytes, infused into a vein.",
    why: "A drug in the bag makes it therapeutic, and a flush is part of other services.",
    example: "Saline over an hour for dehydration after vomiting is hydration.",
    exceptions: "A word beside the fluid that nothing is known of may be a drug, so the class is asked for, unless the record says what the fluid was for and nothing was mixed into it.",
}

rule! {
    pub static HYD_2: "HYD-2", "Fluid that carries a drug is incidental",
    basis: Quoted, cites: ["NCCI11", "UWHC"],
    says: "Fluid that carries a drug is part of giving that drug.",
    why: "It only brings the drug in.",
    example: "The saline of an antibiotic bag is not hydration.",
    exceptions: "Where the purpose says hydration and the name says that the fluid carried a drug or ran with one, the lines stand with a finding. A purpose that only a fluid has, stated of a drug, is not used, and a finding says so.",
}

rule! {
    pub static HYD_3: "HYD-3", "Keep-open fluid is never reported",
    basis: Quoted, cites: ["NCCI11", "NOR-HYD", "RAC137"],
    says: "Fluid that keeps a vein open is not reported, however long it runs.",
    why: "It treats nothing.",
    example: "Saline at a trickle between two drugs earns nothing.",
    exceptions: "A fluid without a stated purpose that ran as slowly as one that keeps a vein open is asked about, and its lines wait. Where the purpose says hydration against such a rate or such a word of the name, the lines stand and a finding asks which is right.",
}

rule! {
    pub static HYD_4: "HYD-4", "Hydration is never concurrent",
    basis: Quoted, cites: ["NCCI11", "NOR-HYD"],
    says: "Minutes of hydration that run together with another infusion, into a vein, an artery, the skin or a cavity, with a transfusion, or with hydration through another access line are not reported; what runs before and after may be.",
    why: "NCCI includes fluid given at the same time in the other service.",
    example: "Saline from 10:50 to 13:25 beside chemotherapy from 11:20 to 13:05 leaves 50 minutes.",
    exceptions: "A pump that goes on at home takes nothing away.",
}

rule! {
    pub static HYD_5: "HYD-5", "Hydration before or after chemotherapy or a transfusion",
    basis: Quoted, cites: ["NCCI11", "OHIMA", "NOR-HYD"],
    says: "Fluid before or after chemotherapy or a transfusion is reported when it was necessary in itself and long enough; on the day of a transfusion it carries 59 or XU. A policy may count fluid that the drug's label directs as part of the chemotherapy.",
    why: "Fluid beside another product is usually part of it. Sources disagree on label-directed fluid, so that choice is a switch (D-4).",
    example: "Two hours of saline before cisplatin are two additional hours, or nothing under the other policy.",
    exceptions: "None.",
}

rule! {
    pub static HYD_6: "HYD-6", "Hydration needs a reason of its own",
    basis: Primary, cites: ["NOR-HYD", "RAC137", "AAPC-HPUR"],
    says: "Fluid around an operation, for fasting, or without signs and symptoms on record is not paid as hydration.",
    why: "The service treats a need, and the record must show it.",
    example: "Two hours of saline for a fasting patient without symptoms earn nothing.",
    exceptions: "None.",
}

rule! {
    pub static HYD_7: "HYD-7", "Fluid behind another product is not hydration",
    basis: Secondary, cites: ["UWHC"],
    says: "Fluid that runs behind blood, heparin, nitroglycerin or sedation is not hydration.",
    why: "It serves the other product and treats no need of fluid.",
    example: "Three hours of saline behind two units of red cells earn nothing.",
    exceptions: "Fluid that was ordered and needed by itself before or after it (HYD-5).",
}

rule! {
    pub static CONC_4: "CONC-4", "Hydration is never the concurrent service",
    basis: Quoted, cites: ["NCCI11", "NOR-HYD"],
    status: Status::Informational,
    says: "Hydration that runs together with another service is neither hydration nor concurrent; HYD-4 takes its minutes out.",
    why: "The concurrent code is for drugs.",
    example: "Saline beside chemotherapy over the same hour earns nothing.",
    exceptions: "None.",
}

rule! {
    pub static HYD_8: "HYD-8", "Several periods of hydration",
    basis: Secondary, cites: ["AAPC-HYD"],
    says: "Periods of hydration on one date are added, or each counts by itself, as the policy says.",
    why: "Sources disagree, so the choice is a switch (D-5).",
    example: "30 minutes before and 20 after a drug are 50 minutes, or two periods that are too short.",
    exceptions: "None.",
}

rule! {
    pub static HYD_9: "HYD-9", "Electrolytes follow their purpose",
    basis: Primary, cites: ["CGS-HYD", "HAU1", "UWHC"],
    says: "Potassium or magnesium that replaces a documented deficit is a therapeutic drug; a premixed fluid for dehydration is hydration.",
    why: "The purpose tells which need was treated. One hospital counts all of them as hydration, so it is a switch (D-6).",
    example: "Potassium for a low level is a therapeutic infusion; premixed fluid with potassium after vomiting is hydration.",
    exceptions: "Magnesium by its own name, with a dose by weight, is the drug that was ordered and no fluid for a maintenance, whatever carries it.",
}

rule! {
    pub static HYD_10: "HYD-10", "The order and the reason are on file",
    basis: Primary, cites: ["NOR-HYD", "RAC137", "A52732", "HAU1"],
    says: "An order and the clinical reason for hydration are on file; some contractors expect at least half a litre. Where the request states neither the purpose of the fluid nor its reason, and no diagnosis tells of one, the line stands and is asked about.",
    why: "Auditors deny hydration more often than any other of these services.",
    example: "A note of vomiting, dry mucosa and an order for a litre over two hours.",
    exceptions: "None.",
}

pub(super) static RULES: &[&Rule] = &[
    &TIME_4, &TIME_8, &HYD_1, &HYD_2, &HYD_3, &HYD_4, &HYD_5, &HYD_6, &HYD_7, &HYD_8, &HYD_9, &HYD_10,
    &CONC_4,
];

/// Settles hydration that was not infused into a vein.
pub(super) fn admit(coding: &mut Coding<'_>, service: &mut Service, route: Route) {
    let is_timed = matches!(service.kind, Kind::Hydration | Kind::Held | Kind::SubcutaneousInfusion);
    if !is_timed && service.kind != Kind::Settled {
        service.kind = Kind::Settled;
        let facts = [fact::derived("pushed", Value::Flag(route == Route::IvPush))];
        let text =
            "Fluid that is not infused into a vein is no hydration; a flush is part of other services.";
        coding.not_billed(Field::Administration(service.index, ""), &HYD_1, text, &facts);
        if route == Route::IvPush {
            doubt_pushed_sugar(coding, service.index);
        }
    }
}

/// Asks for the class of a sugar that was pushed: a strong one raises a low blood sugar, and is a drug.
fn doubt_pushed_sugar(coding: &mut Coding<'_>, index: u16) {
    let sugars = &coding.policy.administration.sugars;
    let drugs = &coding.encounter.administrations[usize::from(index)].drugs;
    let is_open = |drug: &DrugGiven| drug.class.is_none() && identity::is_listed(coding, drug, sugars);
    let Some(drug) = drugs.iter().position(is_open) else { return };
    let drug = drug as u16;
    let text = "Nothing tells how strong the sugar was that was pushed: strong dextrose is a drug, and its push has a code. State the strength.";
    let field = Field::Drug(index, drug, "drugClass");
    coding.find(Severity::Warn, Reason::MissingDrugClass, field, &HYD_1, text, &[]);
    what_if::ask_class(coding, index, Some(drug), Route::IvPush);
}

/// Holds hydration back beside a transfusion of its visit whose times nobody wrote: what ran together with it is
/// never reported (rules HYD-4, HYD-7).
pub(super) fn wait_for_transfusions(coding: &mut Coding<'_>, visit: &mut Visit<'_>) {
    // Nearly every visit has none, and then nothing is looked at.
    if !visit.admitted.has(Kind::Transfusion) {
        return;
    }
    let is_untimed =
        |s: &&Service| s.kind == Kind::Transfusion && s.flow.segments == 0 && s.flow.seconds == 0;
    let mut untimed: Vec<Service> = visit.services.iter().filter(is_untimed).copied().collect();
    // The fluid waits for the first of several, and never for the one that is listed first.
    untimed.sort_by(|one, other| {
        let [one, other] = [one, other].map(|service| visit.administration(service));
        one.start.cmp(&other.start).then_with(|| order::by_facts(one, other))
    });
    for transfusion in untimed {
        wait_for_transfusion(coding, visit, &transfusion);
    }
}

fn wait_for_transfusion(coding: &mut Coding<'_>, visit: &mut Visit<'_>, transfusion: &Service) {
    let date = visit.date(transfusion);
    let beside: Vec<u16> = visit
        .services
        .iter()
        .filter(|s| s.kind == Kind::Hydration && s.visit == transfusion.visit && visit.date(s) == date)
        .map(|service| service.index)
        .collect();
    let Some(&first) = beside.first() else { return };
    let field = Field::Administration(transfusion.index, "startTime");
    let facts = [fact::derived("fluid", Value::Of(Field::Administration(first, "")))];
    let encounter = coding.encounter;
    let is_own = |index: &u16| {
        encounter.administrations[usize::from(*index)].fluid_purpose == Some(FluidPurpose::Hydration)
    };
    // A fluid with a purpose and a need of its own does not run behind the blood (rule HYD-5).
    let stands = encounter.documentation.hydration_necessity == Some(true) && beside.iter().all(is_own);
    if stands {
        let text = "The transfusion has no times, and {fluid} is hydration only as far as it ran apart from it. It is coded as apart, for it has a purpose and a documented need of its own. State when the transfusion ran.";
        coding.find(Severity::Warn, Reason::MissingStartTime, field, &HYD_4, text, &facts);
        return what_if::ask_transfusion(coding, transfusion.index, &beside);
    }
    for service in visit.services.iter_mut().filter(|service| beside.contains(&service.index)) {
        let family = service.family;
        held::hold(coding, service, family, &HYD_4, "Waits for the times of the transfusion.");
    }
    let text = "The transfusion has no times, and {fluid} is hydration only as far as it ran apart from it, so no code is chosen. State when the transfusion ran.";
    coding.find(Severity::Block, Reason::MissingStartTime, field, &HYD_4, text, &facts);
    what_if::ask_transfusion(coding, transfusion.index, &beside);
}

/// Seconds of hydration that count on an access line, and whether they reach the minimum.
pub(super) fn reportable(coding: &Coding<'_>, visit: &Visit<'_>, course: usize) -> (i64, bool) {
    let mut seconds = 0;
    let mut is_reportable = false;
    for period in periods(coding, visit, course) {
        seconds += period.seconds;
        is_reportable |= period.seconds / 60 >= *coding.policy.administration.hydration_minutes_min;
    }
    (seconds, is_reportable)
}

/// A stretch of hydration that counts by itself (switch D-5), and the service that leads it.
struct Period {
    service: Service,
    seconds: i64,
}

/// The periods of hydration of an access line, in order of time.
fn periods(coding: &Coding<'_>, visit: &Visit<'_>, course: usize) -> Vec<Period> {
    let is_summed = *coding.policy.administration.hydration_counting == HydrationCounting::Sum;
    let mut pieces = Segments::new();
    let mut periods: Vec<Period> = Vec::with_capacity(1);
    for (_, &service) in visit.members(course) {
        let alone = alone(visit, &service, &mut pieces);
        let pushed = pushed_seconds(visit, &service, &pieces);
        if is_summed {
            let seconds = (alone - pushed).max(0);
            match periods.last_mut() {
                Some(last) if visit.date(&last.service) == visit.date(&service) => last.seconds += seconds,
                _ => periods.push(Period { service, seconds }),
            }
        } else if pieces.len() > 1 {
            pieces.sort_unstable_by_key(|piece| piece.start);
            periods.extend(pieces.iter().map(|piece| {
                let seconds = piece.stop - piece.start - pushed_within(visit, &service, *piece);
                Period { service, seconds: seconds.max(0) }
            }));
        } else {
            periods.push(Period { service, seconds: (alone - pushed).max(0) });
        }
    }
    periods
}

/// Seconds of a hydration that no infusion or transfusion of the visit covers; what ran through two access lines at once
/// counts once, as parts of one line do.
fn alone(visit: &Visit<'_>, service: &Service, pieces: &mut Segments) -> i64 {
    overlap::alone(visit, service, pieces, |other| {
        let is_other = covers(visit, other);
        let is_part = other.course == service.course && other.group == service.group;
        let is_earlier_part = is_part && overlap::is_earlier(other, service);
        let is_of_earlier_line = other.kind == Kind::Hydration && other.group < service.group;
        (is_other || is_earlier_part || is_of_earlier_line) && other.visit == service.visit
    })
}

/// Whether a service leaves no room for hydration beside it, by whatever way it went in; a pump that goes on at home
/// says nothing of the hours of the visit.
fn covers(visit: &Visit<'_>, other: &Service) -> bool {
    match other.kind {
        Kind::Infusion | Kind::Transfusion | Kind::SubcutaneousInfusion | Kind::Cavity => true,
        Kind::ArterialInfusion => visit.administration(other).pump.is_none(),
        _ => false,
    }
}

/// Documented seconds of the pushes given while a hydration ran alone, in `pieces` (rule TIME-8).
///
/// A push beside another infusion takes nothing away, because those minutes are left out already.
fn pushed_seconds(visit: &Visit<'_>, service: &Service, pieces: &[Segment]) -> i64 {
    let by_clock: i64 = pieces.iter().map(|piece| pushed_within(visit, service, *piece)).sum();
    // Where one of the two has no clock time, the record's word tells that they ran together.
    let by_word = pushes(visit, service).filter(|push| service.flow.segments == 0 || push.flow.segments == 0);
    by_clock + by_word.map(|push| overlap::seconds(visit, service, push)).sum::<i64>()
}

fn pushed_within(visit: &Visit<'_>, service: &Service, piece: Segment) -> i64 {
    let within = |s: &Segment| (s.stop.min(piece.stop) - s.start.max(piece.start)).max(0);
    pushes(visit, service).flat_map(|push| visit.segments_of(push)).map(within).sum()
}

fn pushes<'a>(visit: &'a Visit<'_>, service: &Service) -> impl Iterator<Item = &'a Service> {
    let number = service.visit;
    visit.services.iter().filter(move |other| other.kind == Kind::Push && other.visit == number)
}

/// Bills the hydration of an access line, as the initial service or after another one.
pub(super) fn bill(coding: &mut Coding<'_>, visit: &Visit<'_>, course: usize, is_initial: bool) {
    let parameters = &coding.policy.administration;
    let codes = &parameters.hydration_codes;
    let shortest = *parameters.hydration_minutes_min;
    let mut is_first = is_initial;
    note_overlaps(coding, visit, course);
    for Period { service, seconds } in periods(coding, visit, course) {
        let minutes = seconds / 60;
        if minutes < shortest {
            continue;
        }
        let subject = Subject::Administration(service.index);
        let facts = [fact::derived("minutes", Value::Minutes(minutes))];
        let hours = if is_first {
            let text = "{minutes} minutes of hydration are the initial service.";
            coding.result.trail.fired(&TIME_4, subject, text, &facts);
            lines::bill(coding, visit, &service, codes.initial, 1, Place::Initial);
            additional_hours(minutes, parameters)
        } else {
            let text = "{minutes} minutes of hydration beside another initial service are additional hours.";
            coding.result.trail.fired(&TIME_4, subject, text, &facts);
            later_hours(minutes, shortest, parameters)
        };
        is_first = false;
        note_hours(coding, subject, minutes, hours);
        if hours > 0 {
            lines::bill(coding, visit, &service, codes.hour, hours, Place::AddOn);
        }
    }
    account_for(coding, visit, course);
}

fn note_overlaps(coding: &mut Coding<'_>, visit: &Visit<'_>, course: usize) {
    let mut pieces = Segments::new();
    for (_, service) in visit.members(course) {
        let subject = Subject::Administration(service.index);
        let shared = service.flow.seconds - alone(visit, service, &mut pieces);
        if shared > 0 {
            let facts = [fact::derived("shared", Value::Minutes(shared / 60))];
            let text = "{shared} minutes ran together with another service and are not hydration time.";
            coding.result.trail.fired(&HYD_4, subject, text, &facts);
        }
        let pushed = pushed_seconds(visit, service, &pieces);
        if pushed > 0 {
            let facts = [fact::derived("pushed", Value::Minutes(pushed / 60))];
            let text = "{pushed} minutes of pushes are taken out of the hydration.";
            coding.result.trail.fired(&TIME_8, subject, text, &facts);
        }
    }
}

/// Names every hydration on a line that its minutes helped to earn, or says that it earned none.
fn account_for(coding: &mut Coding<'_>, visit: &Visit<'_>, course: usize) {
    let codes = &coding.policy.administration.hydration_codes;
    let shortest = &coding.policy.administration.hydration_minutes_min;
    let is_summed = *coding.policy.administration.hydration_counting == HydrationCounting::Sum;
    let mut pieces = Segments::new();
    for (_, service) in visit.members(course) {
        if lines::is_on_line(coding, service.index) {
            continue;
        }
        let alone = alone(visit, service, &mut pieces);
        let minutes = (alone - pushed_seconds(visit, service, &pieces)).max(0) / 60;
        let date = visit.date(service);
        let leading = visit
            .members(course)
            .find(|(_, other)| visit.date(other) == date && lines::is_on_line(coding, other.index));
        if let (true, true, Some((_, first))) = (is_summed, minutes > 0, leading) {
            for code in [codes.initial, codes.hour] {
                lines::name(coding, visit, service, first.index, code);
            }
            let text = "Periods of hydration on one date are added.";
            coding.result.trail.fired(&HYD_8, Subject::Administration(service.index), text, &[]);
            continue;
        }
        let facts = [
            fact::derived("minutes", Value::Minutes(minutes)),
            fact::parameter("shortest", Value::Minutes(**shortest), shortest),
        ];
        let (rule, text) = if minutes == 0 && service.flow.seconds > 0 {
            (&HYD_4, "Hydration that runs together with another service is never reported.")
        } else {
            (
                &TIME_4,
                "{minutes} minutes that count are less than the {shortest} minutes that hydration takes.",
            )
        };
        coding.not_billed(Field::Administration(service.index, ""), rule, text, &facts);
    }
}
