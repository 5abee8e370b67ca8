//! Services that wait for a fact, each with its finding and its question (rules CLS-1, CLS-5, CHM-1, HYD-9).

use super::course::SEQ_4;
use super::hydration::HYD_9;
use super::visit::{Family, Kind, Service, Visit};
use super::{timeline, what_if};
use crate::domain::encounter::Route;
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::rules::Rule;
use crate::rules::classify::{CHM_1, CLS_1, CLS_5, Unknown};

/// Keeps a service back whose class nothing tells.
pub(super) fn hold_for_class(
    coding: &mut Coding<'_>,
    visit: &mut Visit<'_>,
    service: &mut Service,
    route: Route,
    unknown: Unknown,
) {
    let index = service.index;
    service.flow = timeline::flow(coding, visit, index).unwrap_or_else(|(_, flow)| flow);
    match unknown {
        Unknown::Class { drug } => {
            hold(coding, service, Family::Chemotherapy, &CLS_1, "Waits for the class of the drug.");
            let field = match drug {
                Some(drug) => Field::Drug(index, drug, "drugClass"),
                None => Field::Administration(index, "drugs"),
            };
            let text = "Nothing tells which class the drug has, so no code is chosen. State its class, or a code that the catalog knows.";
            coding.find(Severity::Block, Reason::MissingDrugClass, field, &CLS_1, text, &[]);
            what_if::ask_class(coding, index, drug, route);
        }
        Unknown::Indication { drug } => {
            let text = "This policy keeps the chemotherapy codes for cancer, and the request does not say whether the visit treats cancer.";
            hold_for_indication(coding, service, drug, &CLS_5, text);
        }
        Unknown::Use { drug } => {
            let text = "{drug} treats cancer and other diseases, and neither the indication nor a diagnosis says which it was for. State one.";
            hold_for_indication(coding, service, drug, &CHM_1, text);
        }
        Unknown::Company { drug } => {
            hold(coding, service, Family::Chemotherapy, &SEQ_4, "Waits for what was given together.");
            let field = Field::Drug(index, drug, "name");
            let facts = [fact::given("drug", Value::Of(field))];
            let text = "The record says {drug}, which may be both drugs in one bag, or the first beside the other; the two have other codes. Name what was in the bag.";
            coding.find(Severity::Block, Reason::MissingDrugClass, field, &SEQ_4, text, &facts);
            what_if::ask_company(coding, index, drug);
        }
    }
    if !matches!(route, Route::IvInfusion | Route::IvPush) {
        service.kind = Kind::Settled;
    }
}

fn hold_for_indication(
    coding: &mut Coding<'_>,
    service: &mut Service,
    drug: u16,
    rule: &'static Rule,
    text: &'static str,
) {
    hold(coding, service, Family::Chemotherapy, rule, "Waits for the indication of the visit.");
    let facts = [fact::given("drug", Value::Of(Field::Drug(service.index, drug, "")))];
    coding.find(
        Severity::Block,
        Reason::MissingIndication,
        Field::Encounter("indication"),
        rule,
        text,
        &facts,
    );
    what_if::ask_indication(coding, rule);
}

/// Keeps a fluid back whose purpose nothing tells.
pub(super) fn hold_for_purpose(
    coding: &mut Coding<'_>,
    visit: &mut Visit<'_>,
    service: &mut Service,
    route: Route,
) {
    let index = service.index;
    service.flow = timeline::flow(coding, visit, index).unwrap_or_else(|(_, flow)| flow);
    hold(coding, service, Family::Therapeutic, &HYD_9, "Waits for the purpose of the fluid.");
    let field = Field::Administration(index, "fluidPurpose");
    let text = "A fluid with electrolytes is hydration, or a therapeutic drug where it treated a documented deficit; the request does not say which. State the purpose.";
    coding.find(Severity::Block, Reason::MissingDrugClass, field, &HYD_9, text, &[]);
    what_if::ask_purpose(coding, index);
    if !matches!(route, Route::IvInfusion | Route::IvPush) {
        service.kind = Kind::Settled;
    }
}

/// Keeps a service back until a fact is known; its best possible family still counts in the ranking.
pub(super) fn hold(
    coding: &mut Coding<'_>,
    service: &mut Service,
    family: Family,
    rule: &'static Rule,
    text: &'static str,
) {
    service.kind = Kind::Held;
    service.family = family;
    coding.not_billed(Field::Administration(service.index, ""), rule, text, &[]);
}
