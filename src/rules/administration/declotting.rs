//! A thrombolytic that clears a clotted catheter is instilled there, and is no push (rule CHM-13).

use std::cmp::Ordering;

use super::held;
use super::named_dose;
use super::outside::{self, CHM_13};
use super::visit::{Family, Service};
use crate::domain::drug::DrugGiven;
use crate::domain::encounter::{Administration, Route};
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::domain::quantity::{Decimal, Quantity, Unit};
use crate::engine::Coding;
use crate::policy::parameters::Declotting;
use crate::rules::identity;

/// Settles a thrombolytic that cleared the catheter, or holds it where nothing tells; reports whether it did.
pub(super) fn is_settled(
    coding: &mut Coding<'_>,
    service: &mut Service,
    administration: &Administration,
    route: Route,
) -> bool {
    let policy = coding.policy;
    let declotting = &policy.administration.declotting;
    let [drug] = administration.drugs.as_slice() else { return false };
    if !matches!(route, Route::LineFlush | Route::IvPush | Route::IvInfusion | Route::Other)
        || !is_thrombolytic(coding, drug, declotting)
    {
        return false;
    }
    let clears = match route {
        Route::LineFlush => Some(true),
        _ if has_word(drug, &declotting.catheter_products) => Some(true),
        // A push that a professional stands by runs into the vein; a catheter is cleared by waiting.
        Route::IvPush if administration.attended_throughout == Some(true) => Some(false),
        Route::IvPush => {
            let told = is_small_dose(drug, declotting).or_else(|| is_small_package(coding, drug, declotting));
            // The first part of an infusion of the drug is a treatment.
            told.or_else(|| is_infused_too(coding, declotting).then_some(false))
        }
        _ => Some(false),
    };
    match clears {
        Some(true) => outside::send_away(coding, service.index, Some(declotting.code)),
        Some(false) => return false,
        None => ask(coding, service),
    }
    true
}

/// Whether the drug is one that clears catheters: by its code, else by a word of its name.
fn is_thrombolytic(coding: &Coding<'_>, drug: &DrugGiven, declotting: &Declotting) -> bool {
    match identity::code_of(coding, drug) {
        Some(code) => declotting.drugs.contains(&code),
        None => has_word(drug, &declotting.names),
    }
}

/// A word of the name, compared where it stands: no name is folded for a drug that is none of these.
fn has_word(drug: &DrugGiven, words: &[String]) -> bool {
    let name = drug.name.as_deref().unwrap_or_default();
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| words.iter().any(|wanted| wanted.eq_ignore_ascii_case(word)))
}

/// Whether the dose is one for a catheter, for no treatment takes so little; nothing where neither the record nor the
/// name states one.
fn is_small_dose(drug: &DrugGiven, declotting: &Declotting) -> Option<bool> {
    let dose = drug.dose_administered.or(drug.dose_ordered).or_else(|| named_dose::of(drug));
    is_small(dose?, declotting)
}

/// Whether the visit infuses a thrombolytic, of which a push without a dose is the bolus.
fn is_infused_too(coding: &Coding<'_>, declotting: &Declotting) -> bool {
    let infused = coding.encounter.administrations.iter().filter(|one| one.route == Some(Route::IvInfusion));
    infused.flat_map(|one| &one.drugs).any(|drug| is_thrombolytic(coding, drug, declotting))
}

/// Whether the package is the small one that is made for catheters; nothing where no package is named.
fn is_small_package(coding: &Coding<'_>, drug: &DrugGiven, declotting: &Declotting) -> Option<bool> {
    let opened = drug.containers.iter().find_map(|container| is_small(container.content, declotting));
    let listed = || {
        let entry = drug.ndcs().find_map(|ndc| coding.catalog.ndc(ndc).first())?;
        let version = coding.catalog.lookup(entry.code, coding.date).billable()?;
        let unit = version.billing_unit()?.quantity;
        let units = unit.compare(Quantity::new(Decimal::whole(1), Unit::Milligram))?;
        // The codes of these drugs count single milligrams, so the units of a package are its content.
        (units == Ordering::Equal).then(|| entry.bill_units <= Decimal::whole(declotting.dose_mg_max))
    };
    opened.or_else(listed)
}

fn is_small(amount: Quantity, declotting: &Declotting) -> Option<bool> {
    let most = Quantity::new(Decimal::whole(declotting.dose_mg_max), Unit::Milligram);
    amount.compare(most).map(Ordering::is_le)
}

fn ask(coding: &mut Coding<'_>, service: &mut Service) {
    let index = service.index;
    held::hold(coding, service, Family::Therapeutic, &CHM_13, "Waits for how the thrombolytic was given.");
    let field = Field::Administration(index, "route");
    let text = "A thrombolytic pushed into a line may have cleared the catheter, which is no push; neither its product nor its dose says so. State the dose or the product.";
    coding.find(Severity::Block, Reason::MissingRoute, field, &CHM_13, text, &[]);
    let text = "Was the thrombolytic instilled to clear the catheter, or pushed into the vein?";
    coding.ask(field, &CHM_13, text, &[], |coding| {
        let at = usize::from(index);
        vec![
            coding.answer("It was instilled to clear the catheter", |visit| {
                visit.administrations[at].route = Some(Route::LineFlush);
            }),
            coding.answer("It was pushed into the vein, and the professional stood by", |visit| {
                visit.administrations[at].attended_throughout = Some(true);
            }),
        ]
    });
}
