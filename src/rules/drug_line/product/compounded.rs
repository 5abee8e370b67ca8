//! A product that was compounded: it is no marketed one, so it has the code of none (rule N-02).

use super::*;
use crate::domain::drug::ProductKind;
use crate::rules::drug_line::unclassified::N_02;

/// Whether a drug is stated as compounded and no code, and is billed by the unclassified one; not where the policy names
/// the code of what is prepared for the route, as of bevacizumab for the eye.
pub(super) fn is_uncoded(coding: &Coding<'_>, asked: &Asked<'_>) -> bool {
    if !is_compounded(asked) {
        return false;
    }
    let rows = &coding.policy.drug_line.codes_by_route;
    let Some(row) = rows.iter().find(|row| Some(row.route) == asked.route()) else { return true };
    let named = named::of_name(coding, asked);
    !named.found.iter().chain(&named.by_other_routes).any(|version| row.codes.contains(&version.code))
}

/// Whether a stated code goes with a product that is stated as compounded: the code of a marketed one does not.
pub(super) fn agrees(coding: &mut Coding<'_>, asked: &Asked<'_>, version: &CodeVersion) -> bool {
    if !is_compounded(asked) || version.billing.is_err() || is_prepared_for_route(coding, version.code) {
        return true;
    }
    let rows = &coding.policy.drug_line.unclassified_codes;
    let Some(right) = rows.iter().find(|row| row.kind == ProductKind::Compounded).map(|row| row.code) else {
        return true;
    };
    let facts = [
        fact::given("drug", Value::Of(asked.field(""))),
        fact::given("code", Value::Code(version.code)),
        fact::derived("right", Value::Code(right)),
    ];
    let text = "{code} is of a marketed product, and {drug} is stated as compounded, which is {right}: correct the code or the kind of product, whichever is wrong; until then no line is billed";
    let field = asked.field("product_kind");
    coding.find(Severity::Block, Reason::WrongCodeForSetting, field, &N_02, text, &facts);
    let at = asked.at;
    let compounded: Possibility<'_> = (
        "it was compounded".to_owned(),
        Box::new(move |encounter| drug_at(encounter, at).code = Some(right)),
    );
    let marketed: Possibility<'_> = (
        "it was the marketed product".to_owned(),
        Box::new(move |encounter| drug_at(encounter, at).product_kind = None),
    );
    ask(coding, field, &N_02, "Was {drug} compounded?", &facts, vec![compounded, marketed]);
    false
}

pub(super) fn is_compounded(asked: &Asked<'_>) -> bool {
    asked.drug.product_kind == Some(ProductKind::Compounded)
}

fn is_prepared_for_route(coding: &Coding<'_>, code: HcpcsCode) -> bool {
    coding.policy.drug_line.codes_by_route.iter().any(|row| row.right.contains(&code))
}
