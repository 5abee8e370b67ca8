//! Where a policy that names its departures reports discarded drug otherwise than CMS asks (rows G-22, G-25).

use super::*;
use crate::domain::drug::Container;

/// CMS takes JZ as the word that nothing payable was discarded; a policy that keeps it for no discard at all prints none
/// where less than a unit was (row G-25).
pub(super) fn without_zero(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    reporting: DiscardReporting,
    facts: &[NotedFact],
) {
    let is_asked_for = names_zero(reporting)
        && !matches!(*coding.policy.drug_line.jz_standing, Standing::NotUsed | Standing::Optional);
    if !is_asked_for || !*coding.policy.administration.names_departures {
        return;
    }
    let text = "{discarded} was discarded, so this policy prints no JZ. CMS asks for JZ where less than a unit of {unit} is left, and a claim with neither JW nor JZ may be returned (rules W-06, Z-02)";
    let field = treatment.field("dose_discarded");
    coding.find(Severity::Info, Reason::GuideDepartsFromAuthority, field, &Z_02, text, facts);
}

/// CMS pays for no rest of a multi-dose container, whatever became of it (row G-22).
pub(super) fn of_several_doses(coding: &mut Coding<'_>, treatment: &Treatment<'_>, facts: &[NotedFact]) {
    let parameters = &coding.policy.drug_line;
    let is_by_ground = treatment.doses.iter().any(|dose| {
        let ground = dose.drug.discard_reason;
        let is_single = |container: &Container| {
            parameters.single_dose_kinds.contains(&scope::kind_of(coding, dose, container).0)
        };
        ground.is_some_and(|ground| parameters.further_discard_grounds.contains(&ground))
            && !dose.drug.containers.iter().all(is_single)
    });
    if !is_by_ground || !*coding.policy.administration.names_departures {
        return;
    }
    let text = "{discarded} is billed as discarded, because the record says that the drug was unstable after opening or compounded for the patient. CMS takes JW for the rest of a single-dose container alone, so the line may be denied (rule W-07)";
    let field = treatment.field("discard_reason");
    coding.find(Severity::Warn, Reason::GuideDepartsFromAuthority, field, &W_07, text, facts);
}
