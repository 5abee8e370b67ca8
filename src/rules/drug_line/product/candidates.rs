//! A drug without a code: the codes that its NDC or its name may mean.

use super::*;
use crate::catalog::formulary::Fit;
use crate::catalog::ndc::NdcEntry;
use crate::catalog::{CodeFlag, CodeFlags};
use crate::domain::drug::DrugClass;
use crate::engine::trail::NotedFact;
use crate::rules::drug_line::life_cycle::L_05;
use crate::rules::drug_line::product::named::Named;
use crate::rules::drug_line::unclassified::{N_02, N_07};
use crate::rules::{Rule, classify};

/// The coverage code of CMS for what Medicare does not pay.
const NOT_PAYABLE: char = 'I';

/// The version that an NDC or a name means, or a finding with the candidates.
pub(super) fn choose<'a>(coding: &mut Coding<'a>, asked: &Asked<'a>) -> Option<&'a CodeVersion> {
    if let Some(code) = cpt_product::meant(coding, asked).filter(|_| asked.drug.product_kind.is_none()) {
        return cpt_product::bill(coding, asked, code);
    }
    let of_package = asked.drug.ndcs().next().map(|ndc| of_ndc(coding, ndc)).unwrap_or_default();
    let mut by_ndc = of_package.clone();
    by_ndc.retain(|version| named::fits_use(coding, asked, version));
    if by_ndc.is_empty() && asked.route().is_none() {
        by_ndc = by_own_route(coding, asked, &of_package);
    }
    // A package is one product: only between its codes does the route decide.
    narrow::keep_if_any(&mut by_ndc, |version| named::fit(coding, asked, version) <= Fit::Unknown);
    let is_misused = by_ndc.is_empty() && is_given_otherwise(asked, &of_package);
    let (named, rule) = if is_misused {
        (Named { by_other_routes: of_package, ..Named::default() }, &L_05)
    } else if by_ndc.is_empty() {
        (named::of_name(coding, asked), &L_04)
    } else {
        (Named { found: by_ndc, ..Named::default() }, &L_05)
    };
    let Named { mut found, by_other_routes, is_component } = named;
    if !is_narrowed(coding, asked, &mut found) {
        return None;
    }
    let of_cpt = cpt_product::of_drug(coding, asked, &found);
    if !of_cpt.is_empty() && !is_settled(asked) {
        return ask_which_of_cpt(coding, asked, &found, of_cpt);
    }
    let in_one_product = match found.as_slice() {
        [_] if !is_component && asked.drug.ndcs().next().is_none() => combined::with_another(coding, asked),
        _ => None,
    };
    found.extend(in_one_product);
    match found.as_slice() {
        [] if by_other_routes.is_empty() => unknown(coding, asked),
        // Those of other routes are other products than the one of the brand.
        [] if asked.drug.ndcs().next().is_none() && before_code::is_brand(coding, asked) => {
            unknown(coding, asked)
        }
        [] => route::of_other_products(coding, asked, by_other_routes),
        [version] if !is_component && route::is_in_doubt(coding, asked, version, &by_other_routes) => None,
        [version] if !is_component => {
            let facts = [
                fact::given("drug", Value::Of(asked.field(""))),
                fact::catalog("code", Value::Code(version.code)),
            ];
            coding.result.trail.fired(
                rule,
                asked.subject(),
                "{drug} is billed by {code} on this date",
                &facts,
            );
            if asked.drug.ndcs().next().is_none() {
                note_named_route(coding, asked, &facts);
                ask_whether_swallowed(coding, asked, version);
            }
            Some(version)
        }
        _ if asked.drug.billing_unit.is_some() => stated::uncoded(coding, asked, Reason::AmbiguousProduct),
        several => {
            let text = why_several(asked, is_component, in_one_product.is_some());
            ask_which(coding, asked, several, rule, text)
        }
    }
}

/// Why no one of several codes is chosen, and what would choose.
fn why_several(asked: &Asked<'_>, is_component: bool, is_beside_its_other_part: bool) -> &'static str {
    if is_component {
        "{drug} has a code only in a product that combines it with another drug, so no line is billed; the NDC decides"
    } else if is_beside_its_other_part {
        "Beside {drug} stands a drug that has a code only in the product that combines both, so no line is billed; the NDC tells whether they came as one product"
    } else if asked.drug.ndcs().next().is_some() {
        "The NDC of {drug} fits {count} codes on this date, so no line is billed; give the code"
    } else {
        "{drug} fits {count} codes on this date, so no line is billed; the NDC decides"
    }
}

/// Keeps those of several codes that the record tells; false where it tells bags of several codes, which is said.
fn is_narrowed<'a>(coding: &mut Coding<'a>, asked: &Asked<'_>, found: &mut Vec<&'a CodeVersion>) -> bool {
    // A code that Medicare does not pay, such as an S code, yields to one that every payer knows.
    narrow::keep_if_any(found, |version| version.coverage != NOT_PAYABLE);
    narrow::by_supplier(coding, found);
    if asked.drug.ndcs().next().is_none() {
        narrow::by_own_brand(coding, found, asked.drug);
    }
    narrow::by_brand(found, asked.drug);
    narrow::by_age(found);
    by_dose::keep_within_bounds(coding, asked, found);
    if bag_sizes::are_several(coding, asked, found) {
        return false;
    }
    narrow::by_volume(found, asked.drug);
    narrow::by_concentration(coding, found, asked.drug);
    narrow::by_area(found, asked.drug);
    narrow::by_size(coding, found, asked.drug);
    narrow::by_unit(found, asked.drug);
    narrow::by_strength(found, asked.drug);
    narrow::by_denomination(coding, asked, found);
    by_dose::narrow(coding, asked, found);
    if let Some((larger, is_told)) = by_dose::of_larger_package(coding, asked, found) {
        if is_told {
            found.clear();
        }
        found.push(larger);
    }
    true
}

/// The name told the route where the record states none, and the code is that of a product for it (rule N-07).
fn note_named_route(coding: &mut Coding<'_>, asked: &Asked<'_>, facts: &[NotedFact; 2]) {
    if asked.administration.route.is_none() && asked.route().is_some() {
        let text = "No route is stated; the name of {drug} tells one, and {code} is of a product for it";
        coding.result.trail.fired(&N_07, asked.subject(), text, facts);
    }
}

/// Without a route nothing says that the drug was not swallowed, which has another code.
fn ask_whether_swallowed(coding: &mut Coding<'_>, asked: &Asked<'_>, version: &CodeVersion) {
    let Some(swallowed) = named::by_mouth(coding, asked) else { return };
    let facts = [
        fact::given("drug", Value::Of(asked.field(""))),
        fact::derived("code", Value::Code(version.code)),
        fact::catalog("swallowed", Value::Code(swallowed.code)),
    ];
    let field = Field::Administration(asked.at.0, "route");
    let text = "{drug} is billed by {code} as given by injection, and no route is stated; by mouth it is {swallowed}";
    coding.find(Severity::Warn, Reason::AmbiguousProduct, field, &L_04, text, &facts);
    let place = usize::from(asked.at.0);
    let by = |label: &str, route| -> Possibility<'_> {
        (label.to_owned(), Box::new(move |encounter| encounter.administrations[place].route = Some(route)))
    };
    let possibilities = vec![by("by mouth", Route::Oral), by("into a vein", Route::IvInfusion)];
    ask(coding, field, &L_04, "Was {drug} swallowed, or given by injection?", &facts, possibilities);
}

/// The codes of a package that is swallowed or inhaled, where no route is stated: a package is one product, and its own
/// way tells how it was given.
fn by_own_route<'a>(
    coding: &Coding<'a>,
    asked: &Asked<'a>,
    of_package: &[&'a CodeVersion],
) -> Vec<&'a CodeVersion> {
    let fits_by = |version: &CodeVersion, route| named::fits_use(coding, &asked.by(route), version);
    let mut found = of_package.to_vec();
    found.retain(|version| {
        let formulary = &coding.catalog.formulary;
        let is_for = |flag, route| {
            let is_own = formulary.fit(version.code, version.flags, route) == Fit::Fits;
            (version.flags.has(flag) || is_own) && fits_by(version, route)
        };
        is_for(CodeFlag::Oral, Route::Oral) || is_for(CodeFlag::Inhaled, Route::Inhaled)
    });
    found
}

/// Whether every code of a package is for the mouth or the lung, and the drug was given otherwise.
fn is_given_otherwise(asked: &Asked<'_>, of_package: &[&CodeVersion]) -> bool {
    let is_for = |flag| of_package.iter().all(|version| version.flags.has(flag));
    let route = asked.route();
    !of_package.is_empty()
        && (is_for(CodeFlag::Oral) && route.is_some_and(|route| route != Route::Oral)
            || is_for(CodeFlag::Inhaled) && route.is_some_and(|route| route != Route::Inhaled))
}

/// Several codes, or one of a product that combines the drug with others: the request must say which.
fn ask_which<'a>(
    coding: &mut Coding<'a>,
    asked: &Asked<'a>,
    several: &[&CodeVersion],
    rule: &'static Rule,
    text: &'static str,
) -> Option<&'a CodeVersion> {
    let codes: Vec<HcpcsCode> = several.iter().map(|version| version.code).collect();
    if ask_renal_status(coding, asked, &codes) {
        return None;
    }
    let facts = [
        fact::given("drug", Value::Of(asked.field(""))),
        fact::derived("count", Value::Count(several.len() as i64)),
    ];
    coding.find(Severity::Block, Reason::AmbiguousProduct, asked.field("ndc"), rule, text, &facts);
    ask_codes(coding, asked, codes);
    None
}

/// Whether the request itself says what becomes of a drug without a code.
fn is_settled(asked: &Asked<'_>) -> bool {
    asked.drug.product_kind.is_some() || asked.drug.billing_unit.is_some()
}

/// A drug with product codes of CPT, and with a code of one maker's product or none: the name tells no product.
fn ask_which_of_cpt<'a>(
    coding: &mut Coding<'a>,
    asked: &Asked<'a>,
    found: &[&CodeVersion],
    of_cpt: Vec<HcpcsCode>,
) -> Option<&'a CodeVersion> {
    if let ([], [code]) = (found, of_cpt.as_slice()) {
        return cpt_product::bill(coding, asked, *code);
    }
    let codes: Vec<HcpcsCode> = found.iter().map(|version| version.code).chain(of_cpt).collect();
    let facts = [
        fact::given("drug", Value::Of(asked.field(""))),
        fact::derived("count", Value::Count(codes.len() as i64)),
    ];
    let text = "{drug} is the name of products of {count} codes on this date, product codes of CPT among them, so no line is billed; the brand or the NDC decides";
    coding.find(Severity::Block, Reason::AmbiguousProduct, asked.field("ndc"), &L_04, text, &facts);
    ask_codes(coding, asked, codes);
    None
}

/// Of two codes of one package, one for dialysis, no NDC decides and the renal status does (rule L-05).
fn ask_renal_status(coding: &mut Coding<'_>, asked: &Asked<'_>, codes: &[HcpcsCode]) -> bool {
    let pairs = &coding.policy.drug_line.esrd_pairs;
    let Some(pair) = pairs.iter().find(|pair| match codes {
        [one, other] => [(one, other), (other, one)].contains(&(&pair.on_dialysis, &pair.other)),
        _ => false,
    }) else {
        return false;
    };
    let facts = [
        fact::given("drug", Value::Of(asked.field(""))),
        fact::parameter("on_dialysis", Value::Code(pair.on_dialysis), pairs),
        fact::parameter("other", Value::Code(pair.other), pairs),
    ];
    let text = "{drug} is {on_dialysis} for a patient with ESRD on dialysis and {other} for others, so no line is billed until the renal status is stated";
    let field = Field::Encounter("renal.esrd_on_dialysis");
    coding.find(Severity::Block, Reason::AmbiguousProduct, field, &L_05, text, &facts);
    let answer = |label: &str, status: bool| -> Possibility<'_> {
        (label.to_owned(), Box::new(move |encounter| encounter.renal.esrd_on_dialysis = Some(status)))
    };
    let possibilities = vec![answer("ESRD, on dialysis", true), answer("no dialysis for ESRD", false)];
    ask(coding, field, &L_05, "Has the patient ESRD, and is on dialysis?", &facts, possibilities);
    true
}

/// The codes of a package that are in force on the date (rule L-05).
pub(super) fn of_ndc<'a>(coding: &Coding<'a>, ndc: Ndc) -> Vec<&'a CodeVersion> {
    let date = coding.date;
    let catalog = coding.catalog;
    let billable = |entry: &NdcEntry| catalog.lookup(entry.code, date).billable();
    let mut found: Vec<&CodeVersion> = catalog.ndc_on(ndc, date).filter_map(billable).collect();
    // A code that CMS ended before the crosswalk left it says nothing; then the other quarters do.
    if found.is_empty() {
        found.extend(catalog.ndc(ndc).iter().filter_map(billable));
    }
    // A product whose code began later had another one before.
    if found.is_empty() {
        let before = catalog.ndc(ndc).iter().flat_map(|entry| predecessors(coding, entry.code));
        found.extend(before.filter_map(|code| catalog.lookup(code, date).billable()));
    }
    found.sort_by_key(|version| version.code);
    found.dedup_by_key(|version| version.code);
    found
}

/// Whether a code of a renal pair fits the patient (rule L-05).
pub(super) fn fits_renal_status(encounter: &Encounter, flags: CodeFlags) -> bool {
    let renal = &encounter.renal;
    let on_dialysis = renal.esrd_on_dialysis.map(|esrd| esrd && !renal.acute_kidney_injury);
    match on_dialysis {
        Some(true) => !flags.has(CodeFlag::NonEsrd),
        Some(false) => !flags.has(CodeFlag::EsrdOnDialysis),
        None if renal.acute_kidney_injury => !flags.has(CodeFlag::EsrdOnDialysis),
        None => true,
    }
}

/// No code fits: an unclassified one where the kind of product is stated, else a question.
pub(super) fn unknown<'a>(coding: &mut Coding<'a>, asked: &Asked<'a>) -> Option<&'a CodeVersion> {
    if asked.drug.product_kind.is_some() {
        near::warn(coding, asked);
        return unclassified::select(coding, asked.at, asked.drug);
    }
    if asked.drug.billing_unit.is_some() {
        return stated::uncoded(coding, asked, Reason::UnknownProduct);
    }
    if asked.route() == Some(Route::Oral) {
        return route::swallowed(coding, asked);
    }
    let facts = [fact::given("drug", Value::Of(asked.field("")))];
    if asked.drug.dose_administered.is_none() && asked.drug.ndcs().next().is_none() {
        let text = "{drug} is named without code, NDC or dose, so only its administration is coded";
        coding.not_billed(asked.field(""), &L_04, text, &facts);
        return None;
    }
    if is_fluid(coding, asked) {
        let text = "No code describes {drug}, so this fluid has no drug line; name the product where it is one that has a code";
        coding.find(Severity::Info, Reason::UnknownProduct, asked.field("name"), &N_02, text, &facts);
        coding.not_billed(asked.field(""), &N_02, text, &facts);
        return None;
    }
    if let Some((severity, text)) = of_another_list(coding, asked) {
        coding.find(severity, Reason::UnknownProduct, asked.field("hcpcs_code"), &N_02, text, &facts);
        coding.not_billed(asked.field(""), &N_02, text, &facts);
        return None;
    }
    if let Some(told) = before_code::told(coding, asked).filter(|_| near::is_no_slip(coding, asked)) {
        return unclassified::select(coding, asked.at, &told);
    }
    if let Some(ended) = before_code::ended(coding, asked) {
        let facts = [
            fact::given("drug", Value::Of(asked.field(""))),
            fact::catalog("code", Value::Code(ended.code)),
            fact::catalog("last", ended.terminated.map_or(Value::None, Value::Date)),
            fact::given("date", Value::Date(coding.date)),
        ];
        let text = "{code}, the code of {drug}, ended on {last}, and no other fits on {date}: the unclassified code of its kind of product is what remains, so state the kind";
        coding.find(Severity::Block, Reason::CodeNotInForce, asked.field("name"), &L_02, text, &facts);
    } else {
        let text = "Nothing in the catalog fits {drug} on this date: give its code or NDC, or its kind of product for an unclassified code";
        coding.find(Severity::Block, Reason::UnknownProduct, asked.field("name"), &N_02, text, &facts);
    }
    // Nobody reads the questions of a trial, and to look for near names takes longer than the rest of it.
    if !coding.asking {
        return None;
    }
    ask_codes(coding, asked, near::codes(coding, asked));
    let text = "Which product is {drug}, and what kind is it?";
    let kinds = before_code::possible_kinds(coding, asked);
    ask(coding, asked.field("product_kind"), &N_02, text, &facts, kinds);
    None
}

/// What to say of a product whose code stands on a list that the catalog does not hold, and is never unclassified.
fn of_another_list(coding: &Coding<'_>, asked: &Asked<'_>) -> Option<(Severity, &'static str)> {
    let (class, _) = classify::known_class(coding, asked.drug)?;
    match class {
        DrugClass::BloodProduct => Some((
            Severity::Info,
            "{drug} is a blood product, whose P code tells how it was prepared: state that code to have its line",
        )),
        DrugClass::Vaccine => Some((
            Severity::Warn,
            "{drug} is a vaccine or an antibody that immunises, whose product has a code of CPT: state that code to have its line, which no unclassified code takes the place of",
        )),
        _ => None,
    }
}

/// Whether a name without a code means a fluid, most of which have none.
fn is_fluid(coding: &Coding<'_>, asked: &Asked<'_>) -> bool {
    let name = asked.drug.name.as_deref().filter(|_| asked.drug.ndcs().next().is_none());
    let named = name.and_then(|name| coding.catalog.formulary.class_of_name(name));
    named.is_some_and(|named| named.class == DrugClass::Hydration)
}
