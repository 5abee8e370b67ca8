//! A drug without a code: the codes that its NDC or its name may mean.

use super::*;
use crate::catalog::names::fold;
use crate::catalog::{CodeFlag, CodeFlags};
use crate::domain::encounter::{Encounter, Route, Setting};
use crate::rules::drug_line::life_cycle::L_05;
use crate::rules::drug_line::unclassified::N_02;

/// The version that an NDC or a name means, or a finding with the candidates.
pub(super) fn choose<'a>(coding: &mut Coding<'a>, asked: &Asked<'a>) -> Option<&'a CodeVersion> {
    let by_ndc = asked.ndcs().next().map(|ndc| of_ndc(coding, ndc)).unwrap_or_default();
    let (mut found, rule) =
        if by_ndc.is_empty() { (of_name(coding, asked.drug), &L_04) } else { (by_ndc, &L_05) };
    found.retain(|version| fits(coding, asked, version));
    narrow_by_content(&mut found, asked.drug);
    match found.as_slice() {
        [] => unknown(coding, asked),
        [version] => {
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
            Some(version)
        }
        several => {
            let codes = several.iter().map(|version| version.code).collect();
            let facts = [
                fact::given("drug", Value::Of(asked.field(""))),
                fact::derived("count", Value::Count(several.len() as i64)),
            ];
            let text = "{drug} fits {count} codes on this date, so no line is billed; the NDC decides";
            coding.find(Severity::Block, Reason::AmbiguousProduct, asked.field("ndc"), rule, text, &facts);
            ask_codes(coding, asked, codes);
            None
        }
    }
}

/// The codes of a package that are in force on the date (rule L-05).
pub(super) fn of_ndc<'a>(coding: &Coding<'a>, ndc: Ndc) -> Vec<&'a CodeVersion> {
    let date = coding.encounter.service_date;
    let catalog = coding.catalog;
    let mut found: Vec<&CodeVersion> = Vec::new();
    for entry in catalog.ndc(ndc) {
        if let Some(version) = catalog.lookup(entry.code, date).billable()
            && !found.iter().any(|known| known.code == version.code)
        {
            found.push(version);
        }
    }
    found.sort_by_key(|version| version.code);
    found
}

/// The codes in force whose drug or brand has the name (rule L-04).
fn of_name<'a>(coding: &Coding<'a>, drug: &DrugGiven) -> Vec<&'a CodeVersion> {
    let Some(name) = drug.name.as_deref() else { return Vec::new() };
    let wanted = fold(name);
    if wanted.is_empty() {
        return Vec::new();
    }
    let date = coding.encounter.service_date;
    let catalog = coding.catalog;
    let is_named = |version: &CodeVersion| {
        let listed = catalog.formulary.drug(version.code);
        let listed_names = listed.into_iter().flat_map(|drug| drug.brands.iter().chain([&drug.ingredient]));
        let own = version.brands.iter().map(|brand| &**brand).chain([&*version.name]);
        own.chain(listed_names.map(|name| &**name)).any(|known| has_name(known, &wanted))
    };
    let mut found: Vec<&CodeVersion> = catalog
        .codes
        .keys()
        .filter_map(|code| catalog.lookup(*code, date).billable())
        .filter(|version| version.billing.is_ok() && is_named(version))
        .collect();
    found.sort_by_key(|version| version.code);
    found
}

/// Whether a known name has the wanted words; a first letter settles most of them without folding.
fn has_name(known: &str, wanted: &[String]) -> bool {
    let first = |text: &str| text.chars().next().map(|c| c.to_ascii_lowercase());
    first(known) == first(&wanted[0]) && fold(known) == wanted
}

/// Whether a candidate is for this setting, route and renal status.
fn fits(coding: &Coding<'_>, asked: &Asked<'_>, version: &CodeVersion) -> bool {
    let encounter = coding.encounter;
    let flags = version.flags;
    let route = asked.administration.route;
    let oral = route == Some(Route::Oral);
    let inhaled = route == Some(Route::Inhaled);
    let may_be_hospital = coding.policy.drug_line.hospital_code_settings.contains(&encounter.setting);
    (!flags.has(CodeFlag::Oral) || oral)
        && (!flags.has(CodeFlag::Inhaled) || inhaled)
        && (!flags.has(CodeFlag::ThroughDme) || encounter.setting == Setting::DmeSupplier || inhaled)
        && (!flags.has(CodeFlag::HospitalOutpatientOnly) || may_be_hospital)
        && !flags.has(CodeFlag::Compounded)
        && fits_renal_status(encounter, flags)
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

/// Of codes that each name a volume, such as the salines, the one that the container has (rule L-05).
fn narrow_by_content(found: &mut Vec<&CodeVersion>, drug: &DrugGiven) {
    use crate::domain::quantity::Measure;
    let is_volume = |version: &&CodeVersion| {
        version.billing_unit().is_some_and(|unit| unit.quantity.unit.measure() == Measure::Volume)
    };
    if found.len() < 2 || !found.iter().all(is_volume) {
        return;
    }
    let Some(container) = drug.containers.first() else { return };
    let volume = container.volume.unwrap_or(container.content);
    let exact: Vec<&CodeVersion> = found
        .iter()
        .copied()
        .filter(|version| {
            version
                .billing_unit()
                .is_some_and(|unit| unit.quantity.compare(volume).is_some_and(|o| o.is_eq()))
        })
        .collect();
    if exact.len() == 1 {
        *found = exact;
    }
}

/// No code fits: an unclassified one where the kind of product is stated, else a question.
fn unknown<'a>(coding: &mut Coding<'a>, asked: &Asked<'a>) -> Option<&'a CodeVersion> {
    if asked.drug.product_kind.is_some() {
        return unclassified::select(coding, asked.at, asked.drug);
    }
    let facts = [fact::given("drug", Value::Of(asked.field("")))];
    if asked.drug.dose_administered.is_none() && asked.ndcs().next().is_none() {
        let text = "{drug} is named without code, NDC or dose, so only its administration is coded";
        coding.not_billed(asked.field(""), &L_04, text, &facts);
        return None;
    }
    let text = "Nothing in the catalog fits {drug} on this date: give its code or NDC, or its kind of product for an unclassified code";
    coding.find(Severity::Block, Reason::UnknownProduct, asked.field("name"), &N_02, text, &facts);
    let text = "Which product is {drug}, and what kind is it?";
    ask(coding, asked.field("product_kind"), &N_02, text, &facts, Vec::new());
    None
}
