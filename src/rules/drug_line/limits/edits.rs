//! Medically unlikely edits: the units of a code on a line or a day against the table of the claim (rules ).

use super::{X_01, X_02};
use crate::catalog::edits::{Adjudication, UnitLimit};
use crate::catalog::{CodeFlag, EditKind};
use crate::domain::claim::{Line, Track};
use crate::domain::code::HcpcsCode;
use crate::domain::encounter::Setting;
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::policy::parameters::MueDenial;
use crate::rules::Rule;

/// The table that a claim is compared with.
#[derive(Clone, Copy)]
struct Table {
    kind: EditKind,
    /// CMS has no table for claims of this setting, so that of similar claims stands in.
    is_borrowed: bool,
}

/// The units of a code on a date.
#[derive(Clone, Copy, Default)]
struct Units {
    /// On the line that has most.
    most: u64,
    sum: u64,
}

/// Warns where the units of a code pass its medically unlikely edit (rules ).
pub(in crate::rules::drug_line) fn check_edits(coding: &mut Coding<'_>) {
    // Drug lines stand behind the others and in the order of their dates and codes, so those of a code on a date
    // are together.
    let lines = &coding.result.lines;
    let mut at = lines.iter().position(|line| line.track == Track::Drug).unwrap_or(lines.len());
    while let Some(&Line { code, service_date, .. }) = coding.result.lines.get(at) {
        let is_same = |line: &&Line| line.code == code && line.service_date == service_date;
        let mut units = Units::default();
        let first = at;
        for line in coding.result.lines[at..].iter().take_while(is_same) {
            units.most = units.most.max(u64::from(line.units));
            units.sum += u64::from(line.units);
            at += 1;
        }
        coding.turn_to(service_date);
        let table = table_of(coding, code);
        check_edit(coding, table, code, units, first);
    }
    coding.turn_to(coding.encounter.service_date);
}

/// The table for a code in the setting of the visit.
fn table_of(coding: &Coding<'_>, code: HcpcsCode) -> Table {
    let own = |kind| Table { kind, is_borrowed: false };
    let borrowed = |kind| Table { kind, is_borrowed: true };
    match coding.encounter.setting {
        Setting::DmeSupplier => own(EditKind::DmeSupplier),
        Setting::HospitalOutpatient | Setting::CriticalAccessHospital => own(EditKind::OutpatientHospital),
        Setting::PhysicianOffice | Setting::AmbulatorySurgicalCenter => own(EditKind::Practitioner),
        // What a pharmacy sends for a pump or a nebulizer is billed to the contractor for equipment.
        Setting::Pharmacy => {
            let version = coding.catalog.lookup(code, coding.date).version();
            let is_through_dme = version.is_some_and(|version| version.flags.has(CodeFlag::ThroughDme));
            let of_supplier = coding.catalog.mue(code, EditKind::DmeSupplier, coding.date);
            match of_supplier.is_some_and(|limit| limit.value.units > 0) {
                _ if is_through_dme => own(EditKind::DmeSupplier),
                true => borrowed(EditKind::DmeSupplier),
                false => borrowed(EditKind::Practitioner),
            }
        }
        Setting::HomeInfusion => borrowed(EditKind::Practitioner),
        Setting::EsrdFacility
        | Setting::RuralHealthClinic
        | Setting::FederallyQualifiedHealthCenter
        | Setting::HospitalInpatient => borrowed(EditKind::OutpatientHospital),
    }
}

/// Compares the units of a code's lines, which stand from the `first` on, with its edit.
fn check_edit(coding: &mut Coding<'_>, table: Table, code: HcpcsCode, units: Units, first: usize) {
    let Some(found) = coding.catalog.unit_limit(code, table.kind, coding.date) else { return };
    let UnitLimit { units: limit, adjudication } = *found;
    // Nothing is paid on claims of the table's own kind, which says nothing of others.
    if table.is_borrowed && limit == 0 {
        return;
    }
    let units = match adjudication {
        Adjudication::ClaimLine => units.most,
        Adjudication::DatePolicy | Adjudication::DateClinical => units.sum,
    };
    let Some(excess) = units.checked_sub(u64::from(limit)).filter(|excess| *excess > 0) else { return };
    // Which quarter's table it is has to be told of a limit that is passed.
    let Some(found) = coding.catalog.mue(code, table.kind, coding.date) else { return };
    let first = &coding.result.lines[first];
    let administration = first.administrations.first().copied().unwrap_or_default();
    let field = Field::Drug(administration, first.drug.unwrap_or_default(), "");
    let denial = &coding.policy.drug_line.mue_denial;
    let denied = match **denial {
        MueDenial::Excess => excess,
        MueDenial::AllUnits => units,
    };
    let facts = [
        fact::catalog("code", Value::Code(code)),
        fact::derived("units", Value::Count(units as i64)),
        fact::catalog("limit", Value::Count(i64::from(limit))),
        fact::catalog("indicator", Value::Count(i64::from(adjudication.indicator()))),
        fact::parameter("denied", Value::Count(denied as i64), denial),
        fact::derived("date", Value::Date(coding.date)),
        fact::catalog("since", Value::Date(found.quarter.first_day())),
        fact::catalog("table", Value::Label(table.kind.as_str())),
    ];
    let (severity, text) = match (table.is_borrowed, found.is_exact) {
        (true, _) => (Severity::Info, BORROWED),
        (false, true) => (Severity::Warn, exact(adjudication)),
        (false, false) => (Severity::Warn, assumed(adjudication)),
    };
    coding.find(severity, Reason::UnitsAboveMue, field, rule_of(adjudication), text, &facts);
}

const BORROWED: &str = "{units} units of {code} on {date} pass the {limit} of the {table} table from {since}; CMS publishes no unit limits for claims of this setting, so they may be questioned and no more is known";

/// What is said where the table of the date itself is held.
const fn exact(adjudication: Adjudication) -> &'static str {
    match adjudication {
        Adjudication::ClaimLine => {
            "{units} units of {code} on one line pass the medically unlikely edit of {limit} a line (indicator {indicator}): further lines with a justified modifier may carry the rest, else {denied} units are denied"
        }
        Adjudication::DatePolicy => {
            "{units} units of {code} on {date}, discarded ones included, pass the medically unlikely edit of {limit} a day (indicator {indicator}), which is never overridden: {denied} units are denied"
        }
        Adjudication::DateClinical => {
            "{units} units of {code} on {date}, discarded ones included, pass the medically unlikely edit of {limit} a day (indicator {indicator}): {denied} units are denied unless the record supports them on appeal"
        }
    }
}

/// What is said by the nearest table held: the limit of the date is taken to be the same.
const fn assumed(adjudication: Adjudication) -> &'static str {
    match adjudication {
        Adjudication::ClaimLine => {
            "{units} units of {code} on one line pass the medically unlikely edit of {limit} a line (indicator {indicator}) of the nearest table held, from {since}. If the limit of {date} is the same, further lines with a justified modifier may carry the rest, else {denied} units are denied"
        }
        Adjudication::DatePolicy => {
            "{units} units of {code} on {date}, discarded ones included, pass the medically unlikely edit of {limit} a day (indicator {indicator}, never overridden) of the nearest table held, from {since}. If the limit of {date} is the same, {denied} units are denied"
        }
        Adjudication::DateClinical => {
            "{units} units of {code} on {date}, discarded ones included, pass the medically unlikely edit of {limit} a day (indicator {indicator}) of the nearest table held, from {since}. If the limit of {date} is the same, {denied} units are denied unless the record supports them on appeal"
        }
    }
}

/// A line's edit is X-01; a day's edit counts the administered and the discarded units together (rule X-02).
const fn rule_of(adjudication: Adjudication) -> &'static Rule {
    match adjudication {
        Adjudication::ClaimLine => &X_01,
        Adjudication::DatePolicy | Adjudication::DateClinical => &X_02,
    }
}
