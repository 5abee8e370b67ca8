//! Of several codes that a name means, those that the rest of the record tells (rules L-04, L-05).

use super::*;
use crate::catalog::names::fold;
use crate::cms::makers::is_maker;
use crate::domain::billing::UnitForm;
use crate::domain::encounter::Setting;
use crate::domain::quantity::{Decimal, Measure, Quantity, Unit};
use crate::rules::drug_line::units::convert::amounts_in_name;

/// A brand is one product's, so it never means the code of another maker's product of the drug.
pub(super) fn by_brand(found: &mut Vec<&CodeVersion>, drug: &DrugGiven) {
    let Some(name) = drug.name.as_deref().filter(|_| drug.ndcs().next().is_none()) else { return };
    let words = fold(name);
    by_brand_word(found, &words);
    let names_drug = |version: &&CodeVersion| {
        let own = fold(&version.name);
        own.iter()
            .any(|word| words.contains(word) || words.first().is_some_and(|short| is_short_for(short, word)))
    };
    if found.len() < 2 || found.iter().any(names_drug) {
        return;
    }
    let is_of_maker = |version: &CodeVersion| {
        let makers = version.brands.iter().filter_map(|brand| brand.strip_suffix(')')?.rsplit_once('('));
        version.flags.has(CodeFlag::ProductExclusive) || makers.into_iter().any(|(_, maker)| is_maker(maker))
    };
    keep_if_any(found, |version| !is_of_maker(version) || has_brand_word(version, &words));
}

/// Letters of the longest word that is taken for a mark and not for a brand, such as `BCNU`.
const MARK_LETTERS_MAX: usize = 4;

/// Letters that may differ in a slip of the pen.
const SLIP_LETTERS_MAX: usize = 2;

/// Whether a word is short for the name of a drug or a slip of it, so that it names no one's product: `vanc`, `MTX`,
/// `labetolol`.
fn is_short_for(word: &str, name: &str) -> bool {
    let is_slip = || {
        name.len() > 2 * SLIP_LETTERS_MAX + 1
            && name.get(..MARK_LETTERS_MAX) == word.get(..MARK_LETTERS_MAX)
            && strsim::levenshtein(word, name) <= SLIP_LETTERS_MAX
    };
    word.len() <= MARK_LETTERS_MAX || name.starts_with(word) || is_slip()
}

/// Who names a brand means a code of it, and none of the drug under other brands: Lupron is no Lutrate.
fn by_brand_word(found: &mut Vec<&CodeVersion>, words: &[String]) {
    // A brand may be the name of another product whole, as CMS prints `Matrix HD` under two codes.
    let is_named = |version: &CodeVersion| !words.is_empty() && fold(&version.name).starts_with(words);
    keep_if_any(found, |version| {
        has_brand_word(version, words) || is_brand_of_name(version) && is_named(version)
    });
}

/// Whether the name of a code is a brand, as those of skin substitutes are.
fn is_brand_of_name(version: &CodeVersion) -> bool {
    version.flags.has(CodeFlag::SkinSubstitute)
}

/// Whether one of the words begins a brand of a code.
pub(super) fn has_brand_word(version: &CodeVersion, words: &[String]) -> bool {
    let own = fold(&version.name);
    let mut firsts = version.brands.iter().filter_map(|brand| fold(brand).into_iter().next());
    firsts.any(|first| !own.contains(&first) && words.contains(&first))
}

/// A hospital's code ends where a code for every setting takes its place, and the list that ends it may come later.
pub(super) fn by_age(found: &mut Vec<&CodeVersion>) {
    let is_hospital = |version: &CodeVersion| version.code.family() == 'C';
    let newest = found.iter().filter(|version| is_hospital(version)).map(|version| version.added).max();
    let Some(newest) = newest else { return };
    if found.iter().any(|version| !is_hospital(version) && version.added > newest) {
        found.retain(|version| !is_hospital(version));
    }
}

/// Of codes that each name a volume, such as the salines, the one that the container, the name or the dose has.
pub(super) fn by_volume(found: &mut Vec<&CodeVersion>, drug: &DrugGiven) {
    let is_volume = |version: &&CodeVersion| {
        version.billing_unit().is_some_and(|unit| unit.quantity.unit.measure() == Measure::Volume)
    };
    if found.len() < 2 || !found.iter().all(is_volume) {
        return;
    }
    let Some(volume) = volume_of_package(drug).or(drug.dose_administered) else { return };
    let is_it = |version: &CodeVersion| is_unit(version, volume);
    if found.iter().filter(|version| is_it(version)).count() == 1 {
        found.retain(|version| is_it(version));
    }
}

/// The volume of the container, else the one that the name tells.
fn volume_of_package(drug: &DrugGiven) -> Option<Quantity> {
    let is_volume = |amount: &Quantity| amount.unit.measure() == Measure::Volume;
    let container = drug.containers.first();
    let of_container = container.and_then(|one| one.volume.or(Some(one.content))).filter(is_volume);
    let of_name = || amounts_in_name(drug.name.as_deref()?).into_iter().find(is_volume);
    of_container.or_else(of_name)
}

/// Of the codes of a solution to be diluted and of one that is inhaled as it comes, the one that the name or the volume
/// of the package tells: `albuterol unit dose`, `budesonide 0.5 mg/2 mL`.
pub(super) fn by_concentration(coding: &Coding<'_>, found: &mut Vec<&CodeVersion>, drug: &DrugGiven) {
    let [one, other] = found.as_slice() else { return };
    let mut rows = coding.policy.drug_line.concentrates.iter();
    let row = rows.find(|row| row.contains(&one.code) && row.contains(&other.code));
    let Some([concentrate, unit_dose]) = row.map(Vec::as_slice) else { return };
    let name = drug.name.as_deref().unwrap_or_default().to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let millilitres = |volume: Quantity| volume.in_base() / ONE_MILLILITRE.in_base();
    let is_of_one_dose = |volume: Quantity| UNIT_DOSE_MILLILITRES.contains(&millilitres(volume));
    let right = match (has(CONCENTRATE_WORDS), has(UNIT_DOSE_WORDS)) {
        (true, false) => concentrate,
        (false, true) => unit_dose,
        _ if volume_of_package(drug).is_some_and(is_of_one_dose) => unit_dose,
        _ => return,
    };
    found.retain(|version| version.code == *right);
}

/// What tells the two forms of a solution to inhale apart; a vial of a single dose holds two to three millilitres, and
/// the concentrate half a millilitre or a bottle of it.
const CONCENTRATE_WORDS: &[&str] = &["concentrate", "conc "];
const UNIT_DOSE_WORDS: &[&str] = &["unit dose", "unit-dose", "respule"];
const UNIT_DOSE_MILLILITRES: std::ops::RangeInclusive<i128> = 2..=3;
const ONE_MILLILITRE: Quantity = Quantity::new(Decimal::ONE, Unit::Milliliter);

/// A code of one brand alone is meant by that brand and never by the name of its drug.
pub(super) fn by_own_brand(coding: &Coding<'_>, found: &mut Vec<&CodeVersion>, drug: &DrugGiven) {
    let codes = &coding.policy.drug_line.own_brand_codes;
    if found.len() < 2 || !found.iter().any(|version| codes.contains(&version.code)) {
        return;
    }
    let words = fold(drug.name.as_deref().unwrap_or_default());
    let is_named = |version: &CodeVersion| {
        let further = coding.catalog.formulary.further_names(version.code).iter().map(|name| &**name);
        let mut brands = version.brands.iter().map(|brand| &**brand).chain(further).map(fold);
        codes.contains(&version.code)
            && brands.any(|brand| brand.first().is_some_and(|first| words.contains(first)))
    };
    if found.iter().any(|version| is_named(version)) {
        found.retain(|version| is_named(version));
    } else {
        keep_if_any(found, |version| !codes.contains(&version.code));
    }
}

/// An area was covered by a product that is measured by area, and not by the one of its maker that is injected by mass.
pub(super) fn by_area(found: &mut Vec<&CodeVersion>, drug: &DrugGiven) {
    let is_area = |amount: Quantity| amount.unit.measure() == Measure::Area;
    if drug.dose_administered.is_some_and(is_area) {
        keep_if_any(found, |version| version.billing_unit().is_some_and(|unit| is_area(unit.quantity)));
    }
}

/// Of codes whose containers are listed those that are sold in the stated size: the container's, else the dose.
pub(super) fn by_size(coding: &Coding<'_>, found: &mut Vec<&CodeVersion>, drug: &DrugGiven) {
    let sizes = |version: &CodeVersion| {
        coding.catalog.formulary.drug(version.code).map(|listed| &*listed.container_sizes).unwrap_or_default()
    };
    if found.len() < 2 || found.iter().any(|version| sizes(version).is_empty()) {
        return;
    }
    let stated = drug.containers.first().map(|container| container.content).or(drug.dose_administered);
    let Some(stated) = stated else { return };
    keep_if_any(found, |version| {
        sizes(version).iter().any(|size| size.compare(stated).is_some_and(std::cmp::Ordering::is_eq))
    });
}

/// What a supplier of durable equipment provides is billed by the code for it, where the drug has one.
pub(super) fn by_supplier(coding: &Coding<'_>, found: &mut Vec<&CodeVersion>) {
    if coding.encounter.setting == Setting::DmeSupplier {
        keep_if_any(found, |version| version.flags.has(CodeFlag::ThroughDme));
    }
}

/// Of codes by mouth that are told apart by what one piece holds, the one of the strength that the name tells.
pub(super) fn by_strength(found: &mut Vec<&CodeVersion>, drug: &DrugGiven) {
    if found.len() < 2 || !found.iter().all(|version| version.flags.has(CodeFlag::Oral)) {
        return;
    }
    if let [strength] = drug.name.as_deref().map(amounts_in_name).unwrap_or_default().as_slice() {
        keep_if_any(found, |version| is_unit(version, *strength));
    }
}

/// Of several codes those whose unit is the stated one, where any is.
pub(super) fn by_unit(found: &mut Vec<&CodeVersion>, drug: &DrugGiven) {
    let Some(stated) = drug.billing_unit else { return };
    keep_if_any(found, |version| is_unit(version, stated));
}

/// Of codes of one drug that are told apart by their amounts, the one of the dose; else the smallest that holds it in one
/// unit, else the largest.
pub(super) fn by_denomination(coding: &Coding<'_>, asked: &Asked<'_>, found: &mut Vec<&CodeVersion>) {
    let [first, _, ..] = found.as_slice() else { return };
    let rows = &coding.policy.drug_line.denominations;
    let Some(row) = rows.iter().find(|row| row.contains(&first.code)) else { return };
    let dose = asked.drug.dose_administered.filter(|dose| !dose.value.is_zero());
    let Some(dose) = dose.filter(|_| found.iter().all(|version| row.contains(&version.code))) else { return };
    let base = |version: &CodeVersion| {
        let unit = version.billing_unit().filter(|unit| unit.form != UnitForm::PerContainer)?.quantity;
        let equivalents = coding.policy.drug_line.equivalent_units.iter();
        let of_code = equivalents.filter(|row| row.code == version.code).map(|row| row.quantity);
        let mut quantities = std::iter::once(unit).chain(of_code);
        quantities.find(|quantity| quantity.is_same_measure(dose)).map(Quantity::in_base)
    };
    let mut by_amount: Vec<(i128, HcpcsCode)> =
        found.iter().filter_map(|version| Some((base(version)?, version.code))).collect();
    by_amount.sort_unstable();
    let holds = by_amount.iter().find(|(amount, _)| *amount >= dose.in_base());
    if let Some((_, right)) = holds.or(by_amount.last()).copied() {
        found.retain(|version| version.code == right);
    }
}

fn is_unit(version: &CodeVersion, amount: Quantity) -> bool {
    let unit = version.billing_unit();
    unit.and_then(|unit| unit.quantity.compare(amount)).is_some_and(std::cmp::Ordering::is_eq)
}

pub(super) fn keep_if_any(found: &mut Vec<&CodeVersion>, passes: impl Fn(&CodeVersion) -> bool) {
    if found.len() > 1 && found.iter().any(|version| passes(version)) {
        found.retain(|version| passes(version));
    }
}
