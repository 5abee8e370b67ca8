//! Correct coding edits as releases.

use std::collections::BTreeMap;

use super::ComposeError;
use crate::catalog::add_on_settings::AddOnSettings;
use crate::catalog::edits::{AddOnParent, AddOnSetting, EditKind, PairKey, ProcedurePair, UnitLimit};
use crate::catalog::release::{Changes, Release, ReleaseHeader};
use crate::cms::add_ons::{AddOnEdit, AddOnEdits};
use crate::cms::mue::UnitEdits;
use crate::cms::pairs::PairEdits;
use crate::domain::code::HcpcsCode;

/// Pairs with this indicator never took effect.
const NEVER_IN_EFFECT: u8 = 9;

pub(super) fn unit_limits(
    header: ReleaseHeader,
    claims: Option<EditKind>,
    file: &UnitEdits,
) -> Result<Release, ComposeError> {
    let uncounted = file.rows.iter().filter(|row| row.adjudication.is_none()).count();
    if uncounted > 0 {
        return Err(ComposeError::Adjudication(uncounted));
    }
    let mut rows = Vec::new();
    for row in &file.rows {
        let kind = row.kind.or(claims).ok_or(ComposeError::Claims)?;
        let limit = row.adjudication.map(|adjudication| UnitLimit { units: row.units, adjudication });
        rows.extend(limit.map(|limit| ((row.code, kind), limit)));
    }
    Ok(Release { unit_limits: Changes::of_quarter(header.quarter, rows), ..Release::empty(header) })
}

/// The pairs in force when the quarter begins; add-on codes whose primary codes the contractors name are
/// left out, since no list of theirs is here to hold a claim against.
pub(super) fn add_ons(header: ReleaseHeader, file: &AddOnEdits, settings: &AddOnSettings) -> Release {
    let first_day = header.quarter.first_day();
    let mut parents: BTreeMap<HcpcsCode, Vec<AddOnParent>> = BTreeMap::new();
    for row in file.rows.iter().filter(|row| row.in_force_on(first_day)) {
        let Some(code) = row.primary else { continue };
        let setting = noted(row).unwrap_or_else(|| settings.of(row.add_on, code));
        let listed = parents.entry(row.add_on).or_default();
        if !listed.iter().any(|parent| parent.code == code) {
            listed.push(AddOnParent { code, setting });
        }
    }
    let rows = parents.into_iter().map(|(add_on, mut parents)| {
        parents.sort_by_key(|parent| parent.code);
        (add_on, parents.into_boxed_slice())
    });
    Release { add_ons: Changes::of_quarter(header.quarter, rows), ..Release::empty(header) }
}

/// The setting that the note of a pair names: "practitioner only" or "facility only".
fn noted(row: &AddOnEdit) -> Option<AddOnSetting> {
    let notes = row.notes.to_lowercase();
    let says = |word: &str| notes.contains(word) && notes.contains("only");
    if says("practitioner") {
        Some(AddOnSetting::PractitionerOnly)
    } else if says("facility") {
        Some(AddOnSetting::FacilityOnly)
    } else {
        None
    }
}

/// Of several spans of one pair the one that lasts longest speaks, from the first date on of those that it follows without
/// a gap: then only its modifier indicator changed.
pub(super) fn pairs(
    header: ReleaseHeader,
    claims: Option<EditKind>,
    file: &PairEdits,
) -> Result<Release, ComposeError> {
    let kind = claims.ok_or(ComposeError::Claims)?;
    let mut rows: BTreeMap<PairKey, ProcedurePair> = BTreeMap::new();
    for row in file.rows.iter().filter(|row| row.modifier != NEVER_IN_EFFECT) {
        let pair = ProcedurePair {
            modifier_allowed: row.modifier == 1,
            effective: row.effective,
            deleted: row.deleted,
        };
        rows.entry((row.column1, row.column2, kind))
            .and_modify(|held| *held = joined(*held, pair))
            .or_insert(pair);
    }
    Ok(Release { pairs: Changes::of_quarter(header.quarter, rows), ..Release::empty(header) })
}

/// Two spans of one pair as one.
fn joined(held: ProcedurePair, other: ProcedurePair) -> ProcedurePair {
    let lasts_longer = held.deleted.is_some_and(|held| other.deleted.is_none_or(|deleted| deleted > held));
    let (later, earlier) = if lasts_longer { (other, held) } else { (held, other) };
    let follows = match (earlier.deleted.and_then(|last| last.tomorrow().ok()), later.effective) {
        (Some(next), Some(first)) => first <= next,
        _ => true,
    };
    let first = if follows { earlier.effective.min(later.effective) } else { later.effective };
    ProcedurePair { effective: first, ..later }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::release::ReleaseKind;
    use crate::cms::{add_ons as add_on_file, mue, pairs as pair_file};

    fn header(name: &str) -> ReleaseHeader {
        ReleaseHeader::new(ReleaseKind::Ncci, "2026Q2".parse().expect("a quarter"), name, "aaaaaaaa")
    }

    #[test]
    fn add_on_codes_carry_the_setting_that_a_note_or_our_table_names() {
        let text = "AOC_Edit_Type,Add-On_Code,AOC_DelDT,Primary_Code,Primary_Code_DelDT,AOC_Edit_EffDT,AOC_Edit_DelDT,Special_Instruction_Notes\n\
                    1,96375,,96360,,2013091,,Practitioner only\n1,96375,,96413,,2013091,,\n1,96376,,96413,,2013091,,\n\
                    2,0663T,,CCCCC,,2021182,,\n1,96417,,96413,,2013091,2024366,\n";
        let file = add_on_file::parse(text.as_bytes()).expect("edits");
        let release = add_ons(header("AOC_V2026Q2-MCR.txt"), &file, AddOnSettings::embedded());
        let shown: Vec<_> =
            release.add_ons.rows.iter().map(|(code, _, parents)| (code.as_str(), parents)).collect();
        assert_eq!(shown.len(), 2, "{shown:?}");
        let setting = |at: usize, parent: usize| shown[at].1.as_ref().expect("parents")[parent].setting;
        assert_eq!(setting(0, 0), AddOnSetting::PractitionerOnly);
        assert_eq!(setting(0, 1), AddOnSetting::Both);
        assert_eq!(setting(1, 0), AddOnSetting::FacilityOnly);
    }

    #[test]
    fn a_pair_begins_where_its_spans_without_a_gap_begin() {
        let text = "column1,column2,effective_date,deletion_date,modifier_indicator\n\
                    96413,96360,2002-01-01,2009-12-31,0\n96413,96360,2010-01-01,,1\n\
                    96413,96365,2002-01-01,2004-12-31,0\n96413,96365,2026-04-01,,0\n";
        let file = pair_file::parse(text.as_bytes()).expect("pairs");
        let release = pairs(header("x"), Some(EditKind::Practitioner), &file).expect("a release");
        let shown: Vec<_> = release.pairs.rows.iter().filter_map(|(.., pair)| *pair).collect();
        let first = |year, month| Some(crate::domain::time::date(year, month, 1));
        assert_eq!((shown[0].effective, shown[0].modifier_allowed), (first(2002, 1), true));
        assert_eq!((shown[1].effective, shown[1].modifier_allowed), (first(2026, 4), false));
        assert!(
            !shown[1].covers(crate::domain::time::date(2026, 3, 31))
                && shown[1].covers(crate::domain::time::date(2026, 4, 1))
        );
    }

    #[test]
    fn edits_must_say_whose_claims_they_are_for() {
        let text = "column1,column2,deletion_date,modifier_indicator\n96413,96360,2010-03-31,0\n96413,96360,,1\n96413,J0001,,9\n";
        let file = pair_file::parse(text.as_bytes()).expect("pairs");
        assert_eq!(pairs(header("pairs.csv"), None, &file), Err(ComposeError::Claims));
        let release = pairs(header("x"), Some(EditKind::OutpatientHospital), &file).expect("a release");
        let [(key, _, Some(pair))] = release.pairs.rows.as_slice() else { panic!("one pair") };
        assert_eq!((key.2, pair.deleted, pair.modifier_allowed), (EditKind::OutpatientHospital, None, true));
        let text = "HCPCS/CPT Code,MUE Values,MAI\n96413,1,3\nJ9312,2,\n";
        let file = mue::parse(text.as_bytes()).expect("edits");
        let refused = unit_limits(header("x"), Some(EditKind::Practitioner), &file);
        assert_eq!(refused, Err(ComposeError::Adjudication(1)));
    }
}
