//! Whether code, NDC, setting and renal status agree.

use super::*;
use crate::catalog::CodeFlag;
use crate::domain::drug::ProductKind;
use crate::policy::parameters::{BiosimilarCoding, CodeMark, CodesByRoute, UnclassifiedBesideSpecific};
use crate::rules::Rule;
use crate::rules::drug_line::biosimilar::B_04;
use crate::rules::drug_line::life_cycle::L_05;
use crate::rules::drug_line::limits::G_27;
use crate::rules::drug_line::product::named::Named;
use crate::rules::drug_line::unclassified::N_03;

/// The version where everything agrees; otherwise a finding that says what does not.
pub(super) fn settle<'a>(
    coding: &mut Coding<'a>,
    asked: &Asked<'a>,
    version: &'a CodeVersion,
) -> Option<&'a CodeVersion> {
    if stated::is_uncoded(version) {
        return Some(version);
    }
    if !agrees_with_payer(coding, asked, version) {
        return None;
    }
    let marks = asked.marks_of(coding, version.code);
    let version = if marks.has(CodeMark::ByRoute) { for_route(coding, asked, version)? } else { version };
    if !route::agrees(coding, asked, version) {
        return None;
    }
    if !agrees_with_setting(coding, asked, version) {
        return None;
    }
    if marks.has(CodeMark::RenalPair) && !agrees_with_renal_status(coding, asked, version) {
        return None;
    }
    if !by_dose::agrees(coding, asked, version) {
        return None;
    }
    if !asked.stated.has(DrugMark::Ndc) {
        return Some(version);
    }
    // The packages of a compound are those of its ingredients (rule D-09).
    let is_compound = compounded::is_compounded(asked) && version.billing.is_err();
    let agrees = is_compound || asked.drug.ndcs().all(|ndc| agrees_with_ndc(coding, asked, version, ndc));
    agrees.then_some(version)
}

/// One drug prepared for another use has another code (rule N-07): a name means it, and a code that is not it is refused.
fn for_route<'a>(
    coding: &mut Coding<'a>,
    asked: &Asked<'a>,
    version: &'a CodeVersion,
) -> Option<&'a CodeVersion> {
    let Some(row) = row_of_route(coding, asked, version.code) else { return Some(version) };
    let setting = coding.encounter.setting;
    let settings = &coding.policy.drug_line.hospital_code_settings;
    let date = coding.date;
    let fits = |code: &HcpcsCode| {
        coding.catalog.lookup(*code, date).billable().is_some()
            && (code.family() != 'C' || settings.contains(&setting))
    };
    let right: Vec<HcpcsCode> = row.right.iter().copied().filter(fits).collect();
    let facts = [
        fact::given("code", Value::Code(version.code)),
        fact::derived("right", right.first().map_or(Value::None, |code| Value::Code(*code))),
    ];
    let own = right.first().and_then(|code| coding.catalog.lookup(*code, date).billable());
    let is_compounded = |own: &&CodeVersion| own.billing.is_ok() || own.flags.has(CodeFlag::Compounded);
    // The NDC is that of the product it was prepared from, and stands beside the code of what was prepared (rule D-09).
    if let (None, Some(own)) = (asked.drug.code, own.filter(is_compounded)) {
        let text = "The product prepared for this route is billed by {right} and not by {code}";
        coding.result.trail.fired(&unclassified::N_07, asked.subject(), text, &facts);
        return Some(own);
    }
    let text = "{code} is not the code of the product prepared for this route; {right} is";
    let field = asked.field("hcpcs_code");
    coding.find(Severity::Block, Reason::WrongCodeForSetting, field, &unclassified::N_07, text, &facts);
    ask_codes(coding, asked, right);
    None
}

/// What the policy bills for a code's drug where it is prepared for the stated route.
fn row_of_route<'a>(coding: &Coding<'a>, asked: &Asked<'_>, code: HcpcsCode) -> Option<&'a CodesByRoute> {
    let is_it = |row: &&CodesByRoute| row.codes.contains(&code) && Some(row.route) == asked.route();
    coding.policy.drug_line.codes_by_route.iter().find(is_it)
}

/// Whether a code is the one of what was prepared for the route from the products of the others.
fn is_prepared_from(
    coding: &Coding<'_>,
    asked: &Asked<'_>,
    version: &CodeVersion,
    others: &[&CodeVersion],
) -> bool {
    let is_right = |other: &&CodeVersion| {
        row_of_route(coding, asked, other.code).is_some_and(|row| row.right.contains(&version.code))
    };
    !others.is_empty() && others.iter().all(is_right)
}

/// C codes are for hospital outpatient departments (row G-02).
fn agrees_with_setting(coding: &mut Coding<'_>, asked: &Asked<'_>, version: &CodeVersion) -> bool {
    let settings = &coding.policy.drug_line.hospital_code_settings;
    if !named::is_of_hospitals(version) || settings.contains(&coding.encounter.setting) {
        return true;
    }
    let others = named::of_words(coding, asked, &version.name);
    let others =
        others.into_iter().filter(|other| !named::is_of_hospitals(other) && other.code != version.code);
    let codes: Vec<HcpcsCode> = others.map(|other| other.code).collect();
    let unclassified = |kind| {
        let mut rows = coding.policy.drug_line.unclassified_codes.iter();
        rows.find(|row| row.kind == kind).map_or(Value::None, |row| Value::Code(row.code))
    };
    let facts = [
        fact::given("code", Value::Code(version.code)),
        fact::catalog("own", codes.first().map_or(Value::None, |code| Value::Code(*code))),
        fact::derived("drug", unclassified(ProductKind::Drug)),
        fact::derived("biologic", unclassified(ProductKind::Biologic)),
        fact::derived("antineoplastic", unclassified(ProductKind::Antineoplastic)),
    ];
    let text = if codes.is_empty() {
        "{code} is for hospital outpatient departments, and its product has no other code on this date: this setting bills the unclassified one, {drug} for a drug, {biologic} for a biologic, {antineoplastic} against cancer; state the name and the kind in place of the code"
    } else {
        "{code} is for hospital outpatient departments; this setting bills {own}, the product's other code"
    };
    let field = asked.field("hcpcs_code");
    coding.find(Severity::Block, Reason::WrongCodeForSetting, field, &N_03, text, &facts);
    ask_codes(coding, asked, codes);
    false
}

/// A code that private payers made for themselves is no code of another payer (rule N-01).
fn agrees_with_payer(coding: &mut Coding<'_>, asked: &Asked<'_>, version: &CodeVersion) -> bool {
    if !named::is_private(coding, version.code) {
        return true;
    }
    let others = named::of_words(coding, asked, &version.name);
    let codes: Vec<HcpcsCode> = others.into_iter().map(|other| other.code).collect();
    let facts = [
        fact::given("code", Value::Code(version.code)),
        fact::catalog("own", codes.first().map_or(Value::None, |code| Value::Code(*code))),
    ];
    let text = if codes.is_empty() {
        "{code} is a code of private payers, which this payer does not take, and its product has no other code on this date: state the name and the kind of product in place of the code"
    } else {
        "{code} is a code of private payers, which this payer does not take: it takes {own}"
    };
    let field = asked.field("hcpcs_code");
    coding.find(Severity::Block, Reason::WrongCodeForSetting, field, &unclassified::N_01, text, &facts);
    ask_codes(coding, asked, codes);
    false
}

/// One drug has a code for dialysis patients and another for others (rule L-05).
fn agrees_with_renal_status(coding: &mut Coding<'_>, asked: &Asked<'_>, version: &CodeVersion) -> bool {
    let code = version.code;
    let pair =
        coding.policy.drug_line.esrd_pairs.iter().find(|pair| pair.on_dialysis == code || pair.other == code);
    let Some(pair) = pair else { return true };
    let renal = &coding.encounter.renal;
    let on_dialysis = if renal.acute_kidney_injury { Some(false) } else { renal.esrd_on_dialysis };
    let right = match on_dialysis {
        None => code,
        Some(true) => pair.on_dialysis,
        Some(false) => pair.other,
    };
    if right == code {
        return true;
    }
    let facts = [fact::given("code", Value::Code(code)), fact::catalog("right", Value::Code(right))];
    let text = "{code} is for another renal status than the patient's; {right} is the code of this patient";
    let field = asked.field("hcpcs_code");
    coding.find(Severity::Block, Reason::WrongCodeForSetting, field, &L_05, text, &facts);
    ask_codes(coding, asked, vec![right]);
    false
}

/// The NDC must belong to the code (rules B-04, L-04), which is one in force. An NDC that the catalog does not know,
/// or whose codes were not yet in force, says nothing.
fn agrees_with_ndc(coding: &mut Coding<'_>, asked: &Asked<'_>, version: &CodeVersion, ndc: Ndc) -> bool {
    let entries = coding.catalog.ndc(ndc);
    if entries.is_empty() || entries.iter().any(|entry| entry.code == version.code) {
        return true;
    }
    let codes = candidates::of_ndc(coding, ndc);
    if codes.is_empty() {
        return cpt_product::agrees_with_package(coding, asked, version.code, ndc);
    }
    if codes.iter().any(|known| known.code == version.code) {
        return true;
    }
    if is_prepared_from(coding, asked, version, &codes) {
        return true;
    }
    let right: Vec<&CodeVersion> = codes
        .into_iter()
        .filter(|known| candidates::fits_renal_status(coding.encounter, known.flags))
        .collect();
    let Some(first) = right.first() else { return true };
    let facts = [
        fact::given("ndc", Value::Ndc(ndc)),
        fact::given("code", Value::Code(version.code)),
        fact::catalog("right", Value::Code(first.code)),
    ];
    let is_reference = first.reference_codes.contains(&version.code);
    let (reason, rule, text): (Reason, &'static Rule, &'static str) = if version.billing.is_err() {
        let text = "NDC {ndc} has its own code {right} on this date, so the unclassified {code} is refused";
        (Reason::SpecificCodeExists, &unclassified::N_01, text)
    } else if is_reference {
        let text =
            "NDC {ndc} is a biosimilar billed by {right}; the reference product's {code} never takes it";
        (Reason::NdcCodeMismatch, &B_04, text)
    } else {
        (
            Reason::NdcCodeMismatch,
            &L_04,
            "NDC {ndc} belongs to {right} and not to {code}; they are not interchanged",
        )
    };
    coding.find(Severity::Block, reason, asked.field("ndc"), rule, text, &facts);
    let codes = right.iter().map(|known| known.code).collect();
    ask_codes(coding, asked, codes);
    false
}

/// Whether no specific code is in force for the name of an unclassified drug (rule N-01).
///
/// A compounded product is no marketed one, so its ingredient's code does not stand against it.
pub(super) fn has_no_own_code(coding: &mut Coding<'_>, asked: &Asked<'_>, version: &CodeVersion) -> bool {
    let name = asked.drug.name.as_deref().unwrap_or_default().to_lowercase();
    let is_compounded = compounded::is_compounded(asked)
        || version.flags.has(CodeFlag::Compounded)
        || name.contains("compound");
    if is_compounded {
        return true;
    }
    let Named { found, is_component, .. } = named::of_name(coding, asked);
    let is_other = is_component || is_prepared_from(coding, asked, version, &found);
    let own = if is_other { Vec::new() } else { found };
    let Some(first) = own.first() else {
        note_no_own_code(coding, asked, version);
        return true;
    };
    let facts = [
        fact::given("drug", Value::Of(asked.field(""))),
        fact::given("code", Value::Code(version.code)),
        fact::catalog("right", Value::Code(first.code)),
    ];
    let field = asked.field("hcpcs_code");
    let rule = &unclassified::N_01;
    if *coding.policy.drug_line.unclassified_beside_specific == UnclassifiedBesideSpecific::Warn {
        let text = "{drug} has its own code {right} on this date; the unclassified {code} may be denied";
        coding.find(Severity::Warn, Reason::SpecificCodeExists, field, rule, text, &facts);
        return true;
    }
    let text = "{drug} has its own code {right} on this date, so the unclassified {code} is refused";
    coding.find(Severity::Block, Reason::SpecificCodeExists, field, rule, text, &facts);
    ask_codes(coding, asked, own.iter().map(|own| own.code).collect());
    false
}

/// Why the unclassified code is right: the drug's own begins later, or a new biosimilar has none (rules N-08, N-09).
fn note_no_own_code(coding: &mut Coding<'_>, asked: &Asked<'_>, version: &CodeVersion) {
    let later = named::begins_later(coding, asked.drug);
    let facts = [
        fact::given("code", Value::Code(version.code)),
        fact::catalog("later", later.map_or(Value::None, |later| Value::Code(later.code))),
        fact::catalog("begins", later.map_or(Value::None, |later| Value::Date(later.added))),
    ];
    let trail = &mut coding.result.trail;
    if later.is_some() {
        let text = "{later} begins on {begins}; until the day before, {code} is right";
        trail.fired(&unclassified::N_08, asked.subject(), text, &facts);
    } else if unclassified::has_suffix(asked.drug) {
        let text =
            "A biologic without a code of its own is billed by {code} and never by its reference's code";
        trail.fired(&unclassified::N_09, asked.subject(), text, &facts);
    }
}

/// Bills a biosimilar by its reference code where the payer wants that (row G-27).
pub(super) fn prefer_reference<'a>(
    coding: &mut Coding<'a>,
    asked: &Asked<'a>,
    version: &'a CodeVersion,
) -> &'a CodeVersion {
    let coding_of = &coding.policy.drug_line.biosimilar_coding;
    if **coding_of == BiosimilarCoding::OwnCode || !version.flags.has(CodeFlag::Biosimilar) {
        return version;
    }
    let date = coding.date;
    let reference =
        version.reference_codes.iter().find_map(|code| coding.catalog.lookup(*code, date).billable());
    let Some(reference) = reference else { return version };
    let facts = [
        fact::catalog("own", Value::Code(version.code)),
        fact::catalog("reference", Value::Code(reference.code)),
    ];
    let text = "This payer wants {own} under the reference code {reference} with a modifier";
    coding.result.trail.fired(&G_27, asked.subject(), text, &facts);
    reference
}
