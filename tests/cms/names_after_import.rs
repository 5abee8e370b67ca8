//! A list of codes that is imported beside the embedded table leaves every name where it was.

use std::collections::BTreeSet;

use infusion_coder::catalog::Catalog;
use infusion_coder::catalog::compose::hcpcs_release;
use infusion_coder::catalog::release::{Overlay, Release, ReleaseHeader, ReleaseKind};
use infusion_coder::cms::descriptor::Conventions;
use infusion_coder::domain::code::HcpcsCode;
use infusion_coder::domain::quarter::Quarter;
use infusion_coder::domain::time::{Date, date};

use super::release_of;
use crate::support::shared;

/// The lists of the shared folder and their quarters.
const LISTS: &[(&str, &str)] = &[
    ("13anweb.zip!HCPC2013_A-N.txt", "2013Q1"),
    ("2018-Alpha-Numeric-HCPCS-File.zip!HCPC2018_CONTR_ANWEB_disc.txt", "2018Q1"),
    ("2019-Alpha-Numeric-HCPCS-File.zip!HCPC2019_CONTR_ANWEB.txt", "2019Q1"),
    ("2020-Alpha-Numeric-HCPCS-File.zip!HCPC2020_ANWEB_w_disclaimer.txt", "2020Q1"),
    ("2020-10_anweb.xlsx", "2020Q4"),
    ("HCPC2023_JAN_ANWEB_v3.xlsx", "2023Q1"),
    ("HCPC2025_OCT_ANWEB.xlsx", "2025Q4"),
];

/// Families that the embedded table holds whole.
const HELD: &[&str] = &["J", "Q", "C9", "A9"];

fn codes(catalog: &Catalog, name: &str, day: Date) -> BTreeSet<HcpcsCode> {
    catalog.codes_of_name(name, day).into_iter().collect()
}

/// Whether the list itself tells why a name finds one more code: the embedded table does not know it, because its
/// family bills no dose of an infusion visit, or because it was gone from CMS's lists before the table begins.
fn is_explained(code: HcpcsCode, quarter: Quarter, day: Date) -> bool {
    let is_held = HELD.iter().any(|family| code.as_str().starts_with(family));
    Catalog::embedded().codes.get(&code).is_none() && (!is_held || quarter.contains(day))
}

#[test]
fn a_name_finds_the_same_codes_after_an_import() {
    let Some(folder) = shared("data/hcpcs") else { return };
    let before = Catalog::embedded();
    let names: BTreeSet<&str> = before
        .codes
        .values()
        .flatten()
        .flat_map(|version| version.brands.iter().map(|brand| &**brand).chain([&*version.name]))
        .filter(|name| !name.is_empty())
        .collect();
    let mut lost = Vec::new();
    for (file, quarter) in LISTS {
        let quarter: Quarter = quarter.parse().expect("a quarter");
        let header = ReleaseHeader::new(ReleaseKind::Hcpcs, quarter, file, "0123456789ab");
        let list = hcpcs_release(header, release_of(&folder, file), &Conventions::embedded());
        let after = Catalog::merge([Release::embedded(), &list], Overlay::embedded());
        for day in [date(2025, 11, 3), quarter.first_day()] {
            for name in &names {
                let (was, is) = (codes(&before, name, day), codes(&after, name, day));
                let added = is.difference(&was).all(|code| is_explained(*code, quarter, day));
                if !added || !was.is_subset(&is) {
                    lost.push(format!("{quarter} {day} {name}: {was:?} -> {is:?}"));
                }
            }
        }
    }
    assert!(lost.is_empty(), "{} names:\n{}", lost.len(), lost.join("\n"));
}
