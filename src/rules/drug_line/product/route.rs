//! Whether the product of a code is given by the stated route (rules N-07, M-02).

use super::*;
use crate::catalog::formulary::Fit;
use crate::catalog::names::{fold, is_salt};
use crate::catalog::product_names::{components, without_suffix};
use crate::domain::drug::DrugClass;
use crate::domain::quantity::Quantity;
use crate::engine::trail::NotedFact;
use crate::rules::drug_line::modifiers::M_02;
use crate::rules::drug_line::unclassified::N_07;

/// A code whose product goes by another route is refused where the right one is known, or where its descriptor
/// rules the stated route out; else the record is to be checked.
pub(super) fn agrees(coding: &mut Coding<'_>, asked: &Asked<'_>, version: &CodeVersion) -> bool {
    let fit = named::fit(coding, asked, version);
    if fit <= Fit::Unknown {
        return true;
    }
    let others = products_of_route(coding, asked, version);
    // A package is one product, so another one's code can never be its code.
    let is_package =
        asked.drug.ndcs().any(|ndc| candidates::of_ndc(coding, ndc).iter().any(|it| it.code == version.code));
    let has_others = !others.is_empty() && !is_branded(asked, version, &others);
    let right = if is_package { Vec::new() } else { others };
    let facts = [
        fact::given("code", Value::Code(version.code)),
        fact::catalog("right", right.first().map_or(Value::None, |right| Value::Code(right.code))),
    ];
    let (severity, text) = match (!has_others, fit) {
        (false, _) if is_package => (
            Severity::Block,
            "The NDC is of {code}, a product for another route than the one given: check the route and the NDC",
        ),
        (false, _) => (
            Severity::Block,
            "{code} is of a product for another route than the one given; {right} is for this one",
        ),
        (true, Fit::Never) => (
            Severity::Block,
            "{code} is for another route or form than the one given, so it is no code of this dose",
        ),
        (true, _) => (
            Severity::Warn,
            "The product of {code} is labelled for other routes than the one given: check the route and the code before billing",
        ),
    };
    let field = if is_package && has_others {
        Field::Administration(asked.at.0, "route")
    } else {
        asked.field("hcpcs_code")
    };
    coding.find(severity, Reason::WrongCodeForSetting, field, &N_07, text, &facts);
    ask_codes(coding, asked, right.iter().map(|right| right.code).collect());
    severity != Severity::Block
}

/// Whether the name is a brand of the code, which says that this product was given, labelled so or not; not where a
/// product for the route has the brand in its own: who names Herceptin under the skin may mean Herceptin Hylecta.
fn is_branded(asked: &Asked<'_>, version: &CodeVersion, others: &[&CodeVersion]) -> bool {
    let Some(name) = asked.drug.name.as_deref() else { return false };
    let inside = name.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(inside, _)| inside);
    let before = name.split('(').next();
    [inside, before].into_iter().flatten().map(named::words_of).any(|words| {
        let begins = |brand: &str| named::words_of(brand).starts_with(&words);
        !words.is_empty()
            && version.brands.iter().any(|brand| named::words_of(brand) == words)
            && !others.iter().flat_map(|other| other.brands.iter()).any(|brand| begins(brand))
    })
}

/// The codes of the same drug whose product is known to be given by the stated route.
fn products_of_route<'a>(
    coding: &Coding<'a>,
    asked: &Asked<'_>,
    version: &CodeVersion,
) -> Vec<&'a CodeVersion> {
    let mut actives = components(&version.name);
    let (Some(active), None) = (actives.next(), actives.next()) else { return Vec::new() };
    let is_biosimilar = version.flags.has(CodeFlag::Biosimilar);
    let active = without_suffix(active).filter(|_| !is_biosimilar).unwrap_or(active);
    let mut right = named::of_words(coding, asked, active);
    right.retain(|other| other.code != version.code && named::fit(coding, asked, other) == Fit::Fits);
    right
}

/// The drug has codes, and none is of a product for the stated route: an unclassified code where the kind of
/// product is stated, else a question.
pub(super) fn of_other_products<'a>(
    coding: &mut Coding<'a>,
    asked: &Asked<'a>,
    others: Vec<&'a CodeVersion>,
) -> Option<&'a CodeVersion> {
    // Where the policy itself says what is billed for a route, the check of the code says it.
    let rows = &coding.policy.drug_line.codes_by_route;
    let is_by_policy = |other: &&&CodeVersion| {
        rows.iter().any(|row| Some(row.route) == asked.route() && row.codes.contains(&other.code))
    };
    if let Some(other) = others.iter().find(is_by_policy) {
        return Some(other);
    }
    let is_off_label = |other: &&&CodeVersion| named::fit(coding, asked, other) == Fit::OffLabel;
    let mut off_label: Vec<&CodeVersion> = others.iter().filter(is_off_label).copied().collect();
    // A product that combines the drug with another is not meant where one of the drug alone is.
    let is_alone = |other: &&CodeVersion| components(&other.name).nth(1).is_none();
    if off_label.iter().any(is_alone) {
        off_label.retain(is_alone);
    }
    // Into the eye go solutions that are labelled for elsewhere, as a rule; the check of the code says it.
    if let ([only], Some(Route::Intravitreal)) = (off_label.as_slice(), asked.route()) {
        return Some(only);
    }
    let codes: Vec<HcpcsCode> = off_label.iter().map(|other| other.code).collect();
    let facts = [
        fact::given("drug", Value::Of(asked.field(""))),
        fact::catalog("code", others.first().map_or(Value::None, |other| Value::Code(other.code))),
    ];
    let field = asked.field("hcpcs_code");
    let is_settled = asked.drug.product_kind.is_some() || asked.drug.billing_unit.is_some();
    if is_settled {
        if !codes.is_empty() {
            let text = "{drug} has its own code {code}, of a product labelled for other routes than the one given: if that product was given, bill its code";
            coding.find(Severity::Warn, Reason::SpecificCodeExists, field, &N_07, text, &facts);
        }
        warn_of_self_administration(coding, asked, &others);
        return candidates::unknown(coding, asked);
    }
    if asked.route() == Some(Route::Oral) {
        return swallowed(coding, asked);
    }
    let sisters = others.first().map(|other| products_of_route(coding, asked, other)).unwrap_or_default();
    if !sisters.is_empty() {
        ask_sister(coding, asked, &sisters, &off_label, &facts);
        return None;
    }
    let text = "{drug} has a code, such as {code}, and none of a product that is given by this route, so no line is billed: check the route, or give the code, the NDC or the kind of product";
    coding.find(Severity::Block, Reason::WrongCodeForSetting, field, &N_07, text, &facts);
    warn_of_self_administration(coding, asked, &others);
    if off_label.is_empty() {
        let misread: Vec<&CodeVersion> =
            others.into_iter().filter(|other| may_be_misread(coding, asked, other)).collect();
        ask_code_or_route(coding, asked, &[], &misread);
    } else {
        ask_code_or_route(coding, asked, &off_label, &off_label);
    }
    None
}

/// Whether a product was given though its descriptor rules the stated route out, because the record has the wrong one.
/// Under the skin go products of the same name that have no code, as of Cosentyx; only a muscle is taken for the skin.
fn may_be_misread(coding: &Coding<'_>, asked: &Asked<'_>, version: &CodeVersion) -> bool {
    let own = own_route(coding, version);
    let is_under_skin = matches!(
        asked.route(),
        Some(Route::Subcutaneous | Route::SubcutaneousInfusion | Route::OnBodyInjector)
    );
    own.is_some() && (!is_under_skin || own == Some(Route::Intramuscular))
}

/// Asks whether such a product was given as the record says, or by a route of its label, on which the code of giving it
/// rests too, so that its line waits for the same answer.
fn ask_code_or_route(
    coding: &mut Coding<'_>,
    asked: &Asked<'_>,
    versions: &[&CodeVersion],
    by_route: &[&CodeVersion],
) {
    let at = asked.at;
    let as_stated = versions.iter().map(|version| -> Possibility<'_> {
        let code = version.code;
        (code.to_string(), Box::new(move |encounter| state_code(encounter, at, code)))
    });
    let by_label = by_route.iter().filter_map(|version| -> Option<Possibility<'_>> {
        let (code, route) = (version.code, own_route(coding, version)?);
        let supply = move |encounter: &mut Encounter| {
            encounter.administrations[usize::from(at.0)].route = Some(route);
            state_code(encounter, at, code);
        };
        Some((format!("{code}, and it went by a route of its label"), Box::new(supply)))
    });
    let possibilities: Vec<Possibility<'_>> = as_stated.chain(by_label).collect();
    if !possibilities.is_empty() {
        let facts = [fact::given("drug", Value::Of(asked.field("")))];
        let text = "Which code describes {drug}?";
        ask(coding, asked.field("hcpcs_code"), &L_04, text, &facts, possibilities);
    }
}

/// The named product goes by other routes, and one of the same drug by the stated one: Darzalex, and Darzalex Faspro.
fn ask_sister(
    coding: &mut Coding<'_>,
    asked: &Asked<'_>,
    sisters: &[&CodeVersion],
    named: &[&CodeVersion],
    facts: &[NotedFact; 2],
) {
    let [drug, code] = *facts;
    let right = sisters.first().map_or(Value::None, |sister| Value::Code(sister.code));
    let facts = [drug, code, fact::catalog("right", right)];
    let text = "{drug} names the product of {code}, which is not given by this route; the product of {right} is. Which of them was given is not told, so no line is billed: check the name and the route, or give the NDC";
    let field = asked.field("hcpcs_code");
    coding.find(Severity::Block, Reason::WrongCodeForSetting, field, &N_07, text, &facts);
    let at = asked.at;
    let of_route = sisters.iter().map(|sister| -> Possibility<'_> {
        let code = sister.code;
        let supply = move |encounter: &mut Encounter| {
            let drug = drug_at(encounter, at);
            (drug.code, drug.name) = (Some(code), None);
        };
        (code.to_string(), Box::new(supply))
    });
    // The named product was given only where the route is wrong.
    let of_name = named.iter().map(|version| -> Possibility<'_> {
        let (code, route) = (version.code, own_route(coding, version));
        let supply = move |encounter: &mut Encounter| {
            encounter.administrations[usize::from(at.0)].route = route;
            drug_at(encounter, at).code = Some(code);
        };
        (code.to_string(), Box::new(supply))
    });
    let possibilities: Vec<Possibility<'_>> = of_route.chain(of_name).collect();
    ask(coding, field, &L_04, "Which code describes {drug}?", &facts, possibilities);
}

/// A route that the label of a product names.
fn own_route(coding: &Coding<'_>, version: &CodeVersion) -> Option<Route> {
    use Route::{
        Implanted, Intraarticular, Intramuscular, Intrathecal, Intravesical, Intravitreal, IvInfusion, Other,
        Subcutaneous,
    };
    const LIKELY: [Route; 9] = [
        IvInfusion,
        Intramuscular,
        Subcutaneous,
        Intrathecal,
        Intravesical,
        Intravitreal,
        Intraarticular,
        Implanted,
        Other,
    ];
    let formulary = &coding.catalog.formulary;
    LIKELY.into_iter().find(|route| formulary.fit(version.code, version.flags, *route) == Fit::Fits)
}

/// A product under the skin that no code of its drug describes is mostly one that patients give themselves.
fn warn_of_self_administration(coding: &mut Coding<'_>, asked: &Asked<'_>, others: &[&CodeVersion]) {
    let formulary = &coding.catalog.formulary;
    let is_ordinary = |other: &&CodeVersion| {
        formulary.drug(other.code).is_some_and(|listed| listed.class == DrugClass::Therapeutic)
    };
    if asked.route() != Some(Route::Subcutaneous) || others.iter().any(is_ordinary) {
        return;
    }
    let facts = [fact::given("drug", Value::Of(asked.field("")))];
    let text = "No code of {drug} is of a product given under the skin. One that patients usually give themselves is no benefit of Part B: see the contractor's list";
    coding.find(Severity::Warn, Reason::SelfAdministered, asked.field("name"), &M_02, text, &facts);
}

/// Whether the one product for the route is doubted, and asked for: the dose is far below what any package of it holds,
/// and a product of the same drug for other routes is sold so small. A depot is given whole.
pub(super) fn is_in_doubt(
    coding: &mut Coding<'_>,
    asked: &Asked<'_>,
    version: &CodeVersion,
    others: &[&CodeVersion],
) -> bool {
    let Some(dose) = asked.drug.dose_administered.filter(|_| asked.drug.ndcs().next().is_none()) else {
        return false;
    };
    let held = asked.drug.containers.first().map_or(dose, |container| container.content);
    let formulary = &coding.catalog.formulary;
    let sizes =
        |of: &CodeVersion| formulary.drug(of.code).map(|listed| &*listed.container_sizes).unwrap_or_default();
    let is_sold = |of: &CodeVersion| {
        sizes(of).iter().any(|size| size.compare(held).is_some_and(std::cmp::Ordering::is_eq))
    };
    let is_less = |than: Quantity| dose.compare(than).is_some_and(std::cmp::Ordering::is_lt);
    let own = sizes(version);
    let is_below_all = !own.is_empty() && own.iter().all(|size| is_less(*size)) && !dose.value.is_zero();
    if !is_below_all || !others.iter().any(|other| is_sold(other)) {
        return false;
    }
    let facts = [
        fact::given("drug", Value::Of(asked.field(""))),
        fact::catalog("code", others.first().map_or(Value::None, |other| Value::Code(other.code))),
    ];
    ask_sister(coding, asked, &[version], others, &facts);
    true
}

/// A drug by mouth without a code: patients take it themselves, so Part B pays for none of it (rule N-07).
pub(super) fn swallowed<'a>(coding: &mut Coding<'a>, asked: &Asked<'a>) -> Option<&'a CodeVersion> {
    let of_drug = named::swallowed(coding, asked);
    let facts = [
        fact::given("drug", Value::Of(asked.field(""))),
        fact::catalog("code", of_drug.first().map_or(Value::None, |version| Value::Code(version.code))),
    ];
    if let [version] = of_drug.as_slice()
        && is_its_name(asked, version)
    {
        let text = "{drug} is billed by {code}, its code by mouth";
        coding.result.trail.fired(&L_04, asked.subject(), text, &facts);
        return Some(version);
    }
    if !of_drug.is_empty() {
        let text = "{drug} is no name of a product by mouth that is known here, and its drug has the code {code} by mouth: say what was swallowed; until then no line is billed";
        let field = asked.field("hcpcs_code");
        coding.find(Severity::Block, Reason::AmbiguousProduct, field, &L_04, text, &facts);
        ask_codes(coding, asked, of_drug.iter().map(|version| version.code).collect());
        return None;
    }
    let text = "No code by mouth is found under the name {drug} on this date. Part B pays for oral drugs against cancer, for antiemetics beside them, for immunosuppressants and for some drugs of dialysis; state the code where it is one of these, for others are self-administered";
    coding.not_billed(asked.field(""), &N_07, text, &facts);
    coding.find(Severity::Info, Reason::SelfAdministered, asked.field("name"), &N_07, text, &facts);
    None
}

/// Whether a name tells every word of a code's drug but its salt, so that it is no brand.
fn is_its_name(asked: &Asked<'_>, version: &CodeVersion) -> bool {
    let words = asked.drug.name.as_deref().map(named::words_of).unwrap_or_default();
    let own = fold(&version.name);
    let mut telling = own.iter().filter(|word| !is_salt(word)).peekable();
    telling.peek().is_some() && telling.all(|word| words.contains(word))
}
