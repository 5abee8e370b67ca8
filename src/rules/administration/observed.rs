//! Sprays that patients give themselves under observation (rule CHM-13).

use super::outside::{self, CHM_13};
use crate::domain::drug::DrugGiven;
use crate::domain::encounter::Route;
use crate::domain::field::Field;
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::rules::identity;

/// Whether a drug is such a spray by its code or its name.
fn is_spray(coding: &Coding<'_>, drug: &DrugGiven) -> bool {
    identity::is_listed(coding, drug, &coding.policy.administration.observed_sprays.drugs)
}

/// Settles the giving of such a spray; reports whether it was one.
pub(super) fn is_settled(coding: &mut Coding<'_>, index: u16, route: Route) -> bool {
    let drugs = &coding.encounter.administrations[usize::from(index)].drugs;
    let is_given_so = matches!(route, Route::Other | Route::Topical | Route::Inhaled);
    if !is_given_so || !drugs.iter().any(|drug| is_spray(coding, drug)) {
        return false;
    }
    let sprays = &coding.policy.administration.observed_sprays;
    if let [first, second] = *sprays.services {
        let facts = [
            fact::parameter("first", Value::Code(first), sprays),
            fact::parameter("second", Value::Code(second), sprays),
        ];
        let text = "The patient takes this spray under observation: {first} or {second}, by the dose, has the visit, the drug and the observation in one, and neither is reported here.";
        outside::say_outside(coding, index, text, &facts);
    } else {
        let text = "The patient takes this spray under observation, which is a visit: giving it has no administration code.";
        outside::say_outside(coding, index, text, &[]);
    }
    true
}

/// Settles the drug of such a spray, whose amount its visit includes, or whose code the catalog does not hold; reports
/// whether it did.
pub(in crate::rules) fn settles_drug(coding: &mut Coding<'_>, at: (u16, u16), drug: &DrugGiven) -> bool {
    if !is_spray(coding, drug) {
        return false;
    }
    let sprays = &coding.policy.administration.observed_sprays;
    let field = Field::Drug(at.0, at.1, "");
    if let [first, second] = *sprays.services {
        let facts = [
            fact::parameter("first", Value::Code(first), sprays),
            fact::parameter("second", Value::Code(second), sprays),
        ];
        coding.not_billed(field, &CHM_13, "The amount of the spray is part of {first} or {second}", &facts);
        return true;
    }
    let Some(code) =
        sprays.drug.filter(|code| coding.catalog.lookup(*code, coding.date).billable().is_none())
    else {
        return false;
    };
    let facts = [fact::parameter("code", Value::Code(code), sprays)];
    let text = "This payer has the spray by {code}, of which the catalog knows no unit: report its milligrams by that code";
    coding.not_billed(field, &CHM_13, text, &facts);
    true
}
