//! Where a pump delivers its drug: a vein, an artery or the spinal canal (rules CHM-7, CHM-9).

use super::held;
use super::outside;
use super::pump::CHM_7;
use super::visit::{Family, Service};
use crate::domain::encounter::{Administration, PumpDelivery, Route};
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::policy::parameters::DrugList;
use crate::rules::identity;

/// What a pump's delivery makes of a service.
pub(super) enum Way {
    /// It goes on by this route.
    Route(Route),
    /// It belongs elsewhere, or waits for a fact.
    Settled,
}

/// Reads where a pump delivers, for its start and its refill.
pub(super) fn read(
    coding: &mut Coding<'_>,
    service: &mut Service,
    administration: &Administration,
    route: Route,
) -> Way {
    match delivery(coding, administration) {
        Some(PumpDelivery::Vein) => Way::Route(route),
        // A refill has one code for veins and arteries.
        Some(PumpDelivery::Artery) if route == Route::PumpStart => Way::Route(Route::IntraArterialInfusion),
        Some(PumpDelivery::Artery) => Way::Route(route),
        Some(PumpDelivery::SpinalCanal) => {
            let codes = &coding.policy.administration.outside_codes;
            let is_start = route == Route::PumpStart;
            let code = if is_start { codes.spinal_pump } else { codes.spinal_pump_refill };
            let facts = [fact::derived("code", Value::Code(code))];
            let text = "A pump that delivers into the spinal canal or the brain has codes of another section, such as {code}, and earns no administration code here.";
            outside::say_outside(coding, service.index, text, &facts);
            Way::Settled
        }
        None => {
            ask(coding, service);
            Way::Settled
        }
    }
}

/// Where the pump delivers: as stated, else as the drug tells; nothing where an implanted pump may do either.
fn delivery(coding: &Coding<'_>, administration: &Administration) -> Option<PumpDelivery> {
    let pump = administration.pump.unwrap_or_default();
    if pump.delivery.is_some() {
        return pump.delivery;
    }
    let drugs = &coding.policy.administration.implanted_pump_drugs;
    let holds =
        |list: &DrugList| administration.drugs.iter().any(|drug| identity::is_listed(coding, drug, list));
    if holds(&drugs.spinal) {
        return Some(PumpDelivery::SpinalCanal);
    }
    if !pump.implantable {
        return Some(PumpDelivery::Vein);
    }
    if holds(&drugs.arterial) {
        return Some(PumpDelivery::Artery);
    }
    (!holds(&drugs.either)).then_some(PumpDelivery::Vein)
}

fn ask(coding: &mut Coding<'_>, service: &mut Service) {
    let index = service.index;
    let text = "Waits for where the pump delivers.";
    held::hold(coding, service, Family::Therapeutic, &CHM_7, text);
    // A pump takes no part in the choice of the initial service, whichever answer holds.
    service.kind = super::visit::Kind::Settled;
    let field = Field::Administration(index, "pump");
    let text = "The implanted pump may deliver this drug into a vein or into the spinal canal, which has codes of another section, so no code is chosen. Say where it delivers.";
    coding.find(Severity::Block, Reason::MissingRoute, field, &CHM_7, text, &[]);
    coding.ask(field, &CHM_7, "Where does the pump deliver?", &[], |coding| {
        let answers = [
            ("Into a vein", PumpDelivery::Vein),
            ("Into an artery", PumpDelivery::Artery),
            ("Into the spinal canal or the brain", PumpDelivery::SpinalCanal),
        ];
        let state = |(label, delivery)| {
            coding.answer(label, |visit: &mut crate::domain::encounter::Encounter| {
                let pump = &mut visit.administrations[usize::from(index)].pump;
                pump.get_or_insert_default().delivery = Some(delivery);
            })
        };
        answers.map(state).into()
    });
}
