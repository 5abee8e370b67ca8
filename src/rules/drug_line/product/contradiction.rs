//! A name that is another product's than the code or the package beside it (rules B-04, L-04).

use super::*;
use crate::catalog::CodeFlag;
use crate::catalog::formulary::Fit;
use crate::catalog::names::{fold, is_salt};
use crate::catalog::product_names::{NameQuery, Nearness, without_suffix};
use crate::cms::makers::{is_maker, is_of_maker};
use crate::domain::drug::DrugClass;
use crate::policy::parameters::BiosimilarCoding;
use crate::rules::drug_line::biosimilar::B_04;
use crate::rules::drug_line::product::named::TELLING_LETTERS;

/// Whether the drug's name goes with the code that the request states, or with the code of its package.
///
/// A brand, and a biologic's name with its four letters, is one product's; so is the name of another drug. Which of
/// the two facts is wrong is not known, so nothing is billed. A name that the catalog does not know says nothing.
pub(super) fn agrees_with_name(coding: &mut Coding<'_>, asked: &Asked<'_>, version: &CodeVersion) -> bool {
    let Some(name) = asked.drug.name.as_deref() else { return true };
    let is_by_name = asked.drug.code.is_none() && asked.drug.ndcs().next().is_none();
    if is_by_name || version.billing.is_err() || is_plainly_of(version, name) {
        return true;
    }
    if !agrees_with_brand(coding, asked, version.code) {
        return false;
    }
    let named = other_products(coding, asked, version, name);
    let Some(first) = named.first() else { return true };
    let facts = [
        fact::given("drug", Value::Of(asked.field(""))),
        fact::given("code", Value::Code(version.code)),
        fact::catalog("right", Value::Code(first.code)),
    ];
    let is_biosimilar = |version: &CodeVersion| version.flags.has(CodeFlag::Biosimilar);
    let has_biosimilar = is_biosimilar(version) || named.iter().any(|other| is_biosimilar(other));
    let rule = if has_biosimilar { &B_04 } else { &L_04 };
    let field = asked.field("name");
    if asked.drug.code.is_some() && is_proven_by_package(coding, asked, version) {
        let text = "The name of {drug} is that of a product under {right}, while code and NDC agree on {code}: correct the name in the record";
        coding.find(Severity::Warn, Reason::AmbiguousProduct, field, rule, text, &facts);
        return true;
    }
    let text = if asked.drug.code.is_some() {
        "The name of {drug} is that of a product under {right} and not of one under {code}: one of the two is wrong, so no line is billed"
    } else {
        "The name of {drug} is that of a product under {right}, and the NDC is of one under {code}: correct the name or the NDC, whichever is wrong; until then no line is billed"
    };
    coding.find(Severity::Block, Reason::AmbiguousProduct, field, rule, text, &facts);
    let codes: Vec<HcpcsCode> =
        named.iter().filter(|other| named::fits_use(coding, asked, other)).map(|other| other.code).collect();
    ask_product(coding, asked, version.code, codes, rule);
    false
}

/// Whether the name is no brand of a product code of CPT, or of this one alone.
pub(super) fn agrees_with_brand(coding: &mut Coding<'_>, asked: &Asked<'_>, code: HcpcsCode) -> bool {
    let named = asked.drug.name.as_deref().and_then(|name| cpt_product::of_brand(coding, name));
    let Some(right) = named.filter(|right| *right != code) else { return true };
    let facts = [
        fact::given("drug", Value::Of(asked.field(""))),
        fact::given("code", Value::Code(code)),
        fact::catalog("right", Value::Code(right)),
    ];
    let text = "The name of {drug} is that of a product under {right} and not of one under {code}: one of the two is wrong, so no line is billed";
    coding.find(Severity::Block, Reason::AmbiguousProduct, asked.field("name"), &L_04, text, &facts);
    ask_product(coding, asked, code, vec![right], &L_04);
    false
}

/// Asks for the product; where the code is right, the name is not.
fn ask_product(
    coding: &mut Coding<'_>,
    asked: &Asked<'_>,
    stated: HcpcsCode,
    named: Vec<HcpcsCode>,
    rule: &'static crate::rules::Rule,
) {
    let at = asked.at;
    let as_stated: Possibility<'_> = (
        stated.to_string(),
        Box::new(move |encounter| {
            let drug = drug_at(encounter, at);
            (drug.code, drug.name) = (Some(stated), None);
        }),
    );
    let as_named = named.into_iter().map(|code| -> Possibility<'_> {
        (
            code.to_string(),
            Box::new(move |encounter| {
                let drug = drug_at(encounter, at);
                (drug.code, drug.ndc) = (Some(code), None);
                drug.containers.iter_mut().for_each(|container| container.ndc = None);
            }),
        )
    });
    let possibilities = std::iter::once(as_stated).chain(as_named).collect();
    let facts = [fact::given("drug", Value::Of(asked.field("")))];
    let text = if asked.drug.code.is_some() {
        "Which product was {drug}: that of the code, or that of the name? Correct the other one"
    } else {
        "Which product was {drug}: that of the NDC, or that of the name? Correct the other one"
    };
    ask(coding, asked.field("hcpcs_code"), rule, text, &facts, possibilities);
}

/// Whether the name is no more than the code's own, which most are; no word is copied for it.
fn is_plainly_of(version: &CodeVersion, name: &str) -> bool {
    let name = name.trim();
    let begins = |known: &str| {
        let head = known.as_bytes().get(..name.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(name.as_bytes()))
            && known.as_bytes().get(name.len()).is_none_or(|next| !next.is_ascii_alphanumeric())
    };
    !name.is_empty()
        && (begins(&version.name) || version.brands.iter().any(|brand| brand.eq_ignore_ascii_case(name)))
}

/// Whether a package of the request is listed under the code.
fn is_proven_by_package(coding: &Coding<'_>, asked: &Asked<'_>, version: &CodeVersion) -> bool {
    asked.drug.ndcs().any(|ndc| coding.catalog.ndc(ndc).iter().any(|entry| entry.code == version.code))
}

/// The products of a name, where the code is none of them and its product can have no such name.
fn other_products<'a>(
    coding: &Coding<'a>,
    asked: &Asked<'_>,
    version: &CodeVersion,
    name: &str,
) -> Vec<&'a CodeVersion> {
    let inside = name.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(inside, _)| inside);
    let before = name.split('(').next().filter(|_| inside.is_some());
    // A maker alone names no product.
    let maker = inside.filter(|inside| is_maker(inside));
    let named = inside.filter(|_| maker.is_none());
    let parts = [named, Some(name), before].into_iter().flatten();
    let known = parts.map(|part| (part, named::words_of(part))).find_map(|(part, words)| {
        let found = exactly(coding, part);
        (!found.is_empty()).then_some((part, words, found))
    });
    let Some((part, words, found)) = known else { return Vec::new() };
    let is_its_name = part.len() < name.len() && is_plainly_of(version, part);
    let is_of_its_drug = || found.iter().any(|other| are_related(coding, other, version));
    if is_its_name || maker.is_some_and(|maker| is_of_its_drug() && has_product_of(coding, version, maker)) {
        return Vec::new();
    }
    let takes_reference = *coding.policy.drug_line.biosimilar_coding != BiosimilarCoding::OwnCode;
    let is_its = |other: &CodeVersion| {
        other.code == version.code || takes_reference && other.reference_codes.contains(&version.code)
    };
    if found.iter().any(|other| is_its(other)) {
        return Vec::new();
    }
    if speaks_of_its_drug(coding, version, &words, &found)
        || is_of_other_route(coding, asked, version, &found)
        || is_of_code_before(version, &found)
    {
        return Vec::new();
    }
    let is_brand =
        found.iter().flat_map(|other| other.brands.iter()).any(|brand| named::words_of(brand) == words);
    let is_other = if !is_brand && found.iter().any(|other| is_ingredient(&words, other)) {
        !is_fluid(coding, version) && !found.iter().any(|other| are_related(coding, other, version))
    } else {
        let is_one_product = version.flags.has(CodeFlag::Biosimilar)
            || version.flags.has(CodeFlag::ProductExclusive)
            || !version.brands.is_empty();
        let is_biosimilar = found.iter().any(|other| other.flags.has(CodeFlag::Biosimilar));
        is_one_product || is_biosimilar || !found.iter().any(|other| are_related(coding, other, version))
    };
    if is_other { found } else { Vec::new() }
}

/// Whether a name is that of the drug's product for another route than the stated one: a tablet and an injection share
/// their brand.
fn is_of_other_route(
    coding: &Coding<'_>,
    asked: &Asked<'_>,
    version: &CodeVersion,
    found: &[&CodeVersion],
) -> bool {
    let fit = |of: &CodeVersion| named::fit(coding, asked, of);
    fit(version) <= Fit::Unknown
        && found.iter().all(|other| fit(other) == Fit::Never && are_related(coding, other, version))
}

/// Whether a name is that of the hospital's code of the time before: a payment file lists a new code by its brand alone,
/// and so tells no name that could contradict it.
fn is_of_code_before(version: &CodeVersion, found: &[&CodeVersion]) -> bool {
    let is_before = |other: &&CodeVersion| other.code.family() == 'C' && other.added < version.added;
    version.pricing_indicator.is_empty() && found.iter().all(is_before)
}

/// Whether the crosswalk lists a product of a maker under the code: a maker may sell one drug under several.
fn has_product_of(coding: &Coding<'_>, version: &CodeVersion, maker: &str) -> bool {
    let of_maker = coding.catalog.ndcs.iter().map(|(ndc, _)| ndc).filter(|ndc| is_of_maker(*ndc, maker));
    let mut rows = of_maker.flat_map(|ndc| coding.catalog.ndc_on(ndc, coding.date));
    rows.any(|row| row.code == version.code)
}

/// The versions in force whose name or brand these very words are.
fn exactly<'a>(coding: &Coding<'a>, part: &str) -> Vec<&'a CodeVersion> {
    let query = named::query_of(coding, part);
    coding.catalog.named(&query, Nearness::Exact, coding.date).filter_map(Lookup::billable).collect()
}

/// Whether words speak of the code's own drug, so that they fit every code of it: no brand does, and neither a
/// biologic's name with its letters nor one with the maker of a code of its own is meant so.
fn speaks_of_its_drug(
    coding: &Coding<'_>,
    version: &CodeVersion,
    words: &[String],
    found: &[&CodeVersion],
) -> bool {
    let is_one_product =
        |of: &CodeVersion| of.flags.has(CodeFlag::Biosimilar) || of.flags.has(CodeFlag::ProductExclusive);
    let own = fold(&version.name);
    let is_telling = |word: &&String| word.len() >= TELLING_LETTERS && !is_salt(word);
    let identity = |text: &str| coding.catalog.formulary.identity_of_name(text);
    let is_brand =
        || found.iter().flat_map(|other| other.brands.iter()).any(|brand| named::words_of(brand) == words);
    let is_its_drug = || {
        !is_brand() && identity(&version.name) == identity(&words.join(" "))
            || words.iter().filter(is_telling).any(|word| own.contains(word))
                && found.iter().any(|other| are_related(coding, other, version))
    };
    !version.flags.has(CodeFlag::Biosimilar)
        && !found.iter().any(|other| is_one_product(other))
        && is_its_drug()
}

/// Whether words name the drug of a code and not one product of it.
fn is_ingredient(words: &[String], version: &CodeVersion) -> bool {
    let base = fold(without_suffix(&version.name).unwrap_or(&version.name));
    words.iter().all(|word| is_salt(word) || base.contains(word))
}

/// Whether two codes are of one drug, as far as their names tell.
fn are_related(coding: &Coding<'_>, one: &CodeVersion, other: &CodeVersion) -> bool {
    let formulary = &coding.catalog.formulary;
    let identity = |version: &CodeVersion| {
        formulary.identity_of_name(without_suffix(&version.name).unwrap_or(&version.name))
    };
    let words = fold(&other.name);
    let is_telling = |word: &&String| word.len() >= TELLING_LETTERS && !is_salt(word);
    fold(&one.name).iter().filter(is_telling).any(|word| words.contains(word))
        || identity(one) == identity(other)
}

fn is_fluid(coding: &Coding<'_>, version: &CodeVersion) -> bool {
    let class = coding.catalog.formulary.class_of_code(version.code, Default::default(), coding.date);
    class.is_some_and(|class| class.class == DrugClass::Hydration)
}

/// Of `one drug (brand of another)` both are meant: a word in parentheses says which product of the drug it was, and
/// never makes another drug of it.
pub(super) fn add_other_drug<'a>(
    coding: &Coding<'a>,
    asked: &Asked<'_>,
    parts: [&str; 2],
    found: &mut Vec<&'a CodeVersion>,
) {
    if found.is_empty() {
        return;
    }
    for part in parts {
        let others = of_drug(coding, part);
        let is_one = |version: &CodeVersion| {
            found.iter().any(|other| other.code == version.code || are_related(coding, other, version))
        };
        if !others.iter().any(|version| is_one(version)) {
            found.extend(others.into_iter().filter(|version| named::fits_use(coding, asked, version)));
            found.sort_unstable_by_key(|version| version.code);
        }
    }
}

/// The codes with a unit that a part of a name means by itself.
fn of_drug<'a>(coding: &Coding<'a>, part: &str) -> Vec<&'a CodeVersion> {
    let query = NameQuery::new(&named::words_of(part), &coding.catalog.formulary);
    let nearest =
        [Nearness::Exact, Nearness::WithoutSuffix, Nearness::SameDrug].into_iter().find_map(|near| {
            let named = coding.catalog.named(&query, near, coding.date).filter_map(Lookup::billable);
            let versions: Vec<&CodeVersion> = named.filter(|version| version.billing.is_ok()).collect();
            (!versions.is_empty()).then_some(versions)
        });
    nearest.unwrap_or_default()
}
