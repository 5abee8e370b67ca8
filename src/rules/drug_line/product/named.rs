//! The codes that a drug's name may mean, as a record writes it.

use smallvec::{SmallVec, smallvec};

use super::percent::percent_in;
use super::*;
use crate::catalog::CodeFlag;
use crate::catalog::formulary::Fit;
use crate::catalog::names::fold;
use crate::catalog::ndc::NdcEntry;
use crate::catalog::product_names::{NameQuery, Nearness};
use crate::cms::makers::{are_one, is_maker};
use crate::domain::drug::EsaIndication;
use crate::domain::encounter::{Encounter, Setting};
use crate::domain::quantity::{Decimal, Measure, Quantity};
use crate::rules::drug_line::units::convert::Strength;

/// Letters of the shortest word that tells two drugs apart.
pub(super) const TELLING_LETTERS: usize = 4;

/// What a name may mean here.
#[derive(Default)]
pub(super) struct Named<'a> {
    /// The codes of the nearest name whose product may be given by the stated route.
    pub found: Vec<&'a CodeVersion>,
    /// Codes of the name whose product is given by other routes.
    pub by_other_routes: Vec<&'a CodeVersion>,
    /// The name is of one of several drugs that the product combines.
    pub is_component: bool,
}

impl<'a> Named<'a> {
    fn take(&mut self, version: &'a CodeVersion, fit: Fit) {
        let list = if fit > Fit::Unknown { &mut self.by_other_routes } else { &mut self.found };
        if !list.iter().any(|known| known.code == version.code) {
            list.push(version);
        }
    }

    /// A code whose routes nobody told does not win by them against one that its label alone speaks against.
    fn keep_known_routes(&mut self, fit: impl Fn(&CodeVersion) -> Fit) {
        if self.by_other_routes.is_empty() || self.found.iter().any(|version| fit(version) == Fit::Fits) {
            return;
        }
        if !self.found.is_empty() {
            self.found.extend(self.by_other_routes.extract_if(.., |version| fit(version) == Fit::OffLabel));
        }
    }
}

/// Writings of a name: the words between parentheses, the whole, and what stands before them.
type Writings = SmallVec<[NameQuery; 3]>;

/// The codes in force whose drug or brand has the name (rule L-04), and may be given so (rule N-07).
///
/// A record often writes `generic (Brand)`; the words between parentheses are the more exact ones, so they are tried
/// first. Of the ways of naming a drug the nearest counts that leaves a product for the route.
pub(super) fn of_name<'a>(coding: &Coding<'a>, asked: &Asked<'_>) -> Named<'a> {
    let Some(name) = asked.drug.name.as_deref() else { return Named::default() };
    let plain = brackets::plain(name, asked.route());
    let name = plain.as_deref().unwrap_or(name);
    let inside = name.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(inside, _)| inside);
    let before = name.split('(').next().filter(|_| inside.is_some());
    // A maker is no drug.
    let maker = inside.filter(|inside| is_maker(inside));
    if is_maker(name) {
        return Named::default();
    }
    let formulary = &coding.catalog.formulary;
    let query = |part| query_of(coding, part);
    let [first, last] = match (inside.filter(|_| maker.is_none()), before) {
        // Some records write the brand first, and the drug between parentheses.
        (Some(drug), Some(brand)) if is_brand(coding, brand) && !is_brand(coding, drug) => [before, inside],
        (inside, before) => [inside, before],
    };
    let writings: Writings = [first, Some(name), last].into_iter().flatten().map(query).collect();
    let percent = asked.drug.percent_strength.or_else(|| percent_in(name));
    let mut named = nearest(coding, asked, writings, percent);
    if named.found.is_empty() && named.by_other_routes.is_empty() {
        // What no name explains may be a note behind one.
        if let Some(bare) = formulary.without_notes(name) {
            let words = words_of(&bare);
            let query = NameQuery::new(&words, formulary);
            if !names_another(coding, &words) {
                named = nearest(coding, asked, smallvec![query], percent);
            }
        }
    }
    if let (Some(maker), Some(drug)) = (maker, before) {
        let own = of_maker(coding, asked, drug, maker);
        if !own.is_empty() {
            named = Named { found: own, ..Named::default() };
        }
    }
    if let Some(percent) = percent.filter(|_| named.found.is_empty()) {
        let words = words_of(name.split('(').next().unwrap_or(name));
        named.found = of_strength(coding, &words.join(" "), percent);
    }
    if let (Some(inside), Some(before), None) = (inside, before, maker) {
        contradiction::add_other_drug(coding, asked, [inside, before], &mut named.found);
    }
    named
}

/// A part of a name as it is looked up.
pub(super) fn query_of(coding: &Coding<'_>, part: &str) -> NameQuery {
    NameQuery::of(part, &words_of(part), &coding.catalog.formulary)
}

/// Whether a part of a name is a brand of a code in force, and not its drug.
fn is_brand(coding: &Coding<'_>, part: &str) -> bool {
    let words = words_of(part);
    let formulary = &coding.catalog.formulary;
    let is_its = |version: &CodeVersion| {
        let listed = formulary.drug(version.code).map(|listed| &*listed.brands).unwrap_or_default();
        let further = listed.iter().chain(formulary.further_names(version.code));
        let brands = version.brands.iter().map(|brand| &**brand).chain(further.map(|brand| &**brand));
        words.first().is_some_and(|first| !fold(&version.name).contains(first))
            && brands.into_iter().any(|brand| words_of(brand) == words)
    };
    let query = query_of(coding, part);
    let mut found = coding.catalog.named(&query, Nearness::Exact, coding.date).filter_map(Lookup::billable);
    found.any(is_its)
}

/// The codes of a drug that are one maker's alone, where that maker is named.
fn of_maker<'a>(coding: &Coding<'a>, asked: &Asked<'_>, drug: &str, maker: &str) -> Vec<&'a CodeVersion> {
    let query = query_of(coding, drug);
    let near = [Nearness::Exact, Nearness::SameDrug].into_iter();
    let mut own: Vec<&CodeVersion> = near
        .flat_map(|near| coding.catalog.named(&query, near, coding.date))
        .filter_map(Lookup::billable)
        .filter(|version| fits_use(coding, asked, version) && fit(coding, asked, version) <= Fit::Unknown)
        .filter(|version| {
            let mut makers =
                version.brands.iter().filter_map(|brand| brand.strip_suffix(')')?.rsplit_once('('));
            makers.any(|(_, own)| are_one(own, maker))
        })
        .collect();
    own.sort_unstable_by_key(|version| version.code);
    own.dedup_by_key(|version| version.code);
    own
}

/// The codes by mouth of the drug that a name stands for, whatever product of it the name is.
pub(super) fn swallowed<'a>(coding: &Coding<'a>, asked: &Asked<'_>) -> Vec<&'a CodeVersion> {
    let Some(name) = asked.drug.name.as_deref() else { return Vec::new() };
    let query = query_of(coding, name.split('(').next().unwrap_or(name));
    let of_drug = coding.catalog.named(&query, Nearness::SameDrug, coding.date).filter_map(Lookup::billable);
    let mut found: Vec<&CodeVersion> = of_drug
        .filter(|version| version.flags.has(CodeFlag::Oral) && version.billing.is_ok())
        .filter(|version| fits_use(coding, asked, version))
        .collect();
    found.sort_unstable_by_key(|version| version.code);
    found.dedup_by_key(|version| version.code);
    found
}

/// What a millilitre holds of a product that is known by its strength: `Kenalog-40` (rule U-06).
pub(super) fn strength(coding: &Coding<'_>, drug: &DrugGiven) -> Option<Strength> {
    let name = drug.name.as_deref()?;
    let is_volume = |amount: &Quantity| amount.unit.measure() == Measure::Volume;
    let contents = drug.containers.iter().map(|container| container.content);
    let mut stated = drug.dose_administered.into_iter().chain(drug.dose_discarded).chain(contents);
    if !stated.any(|amount| is_volume(&amount)) {
        return None;
    }
    let words = words_of(name.split('(').next().unwrap_or(name)).join(" ");
    let rows = &coding.policy.drug_line.named_strengths;
    let row = rows.iter().find(|row| row.names.contains(&words))?;
    Some(Strength::from(row.per_ml))
}

/// Whether a word behind the first is the name of another product: `Remicade changed to Inflectra`.
fn names_another(coding: &Coding<'_>, words: &[String]) -> bool {
    let catalog = coding.catalog;
    let codes_of = |word: &String| -> SmallVec<[HcpcsCode; 4]> {
        let query = NameQuery::new(std::slice::from_ref(word), &catalog.formulary);
        let codes = |nearness| {
            let versions = catalog.named(&query, nearness, coding.date).filter_map(Lookup::billable);
            versions.map(|version| version.code).collect::<SmallVec<_>>()
        };
        let near = [Nearness::Exact, Nearness::WithoutSuffix, Nearness::SameDrug];
        near.into_iter().map(codes).find(|codes| !codes.is_empty()).unwrap_or_default()
    };
    let Some((first, behind)) = words.split_first() else { return false };
    let own = codes_of(first);
    let is_another = |codes: SmallVec<[HcpcsCode; 4]>| {
        !codes.is_empty() && !own.is_empty() && !codes.iter().any(|code| own.contains(code))
    };
    behind.iter().filter(|word| word.len() >= TELLING_LETTERS).map(codes_of).any(is_another)
}

/// The code that a drug without one means by the strength of its solution: `sodium chloride` of 3 % is J7131.
pub fn code_of_strength(coding: &Coding<'_>, drug: &DrugGiven) -> Option<HcpcsCode> {
    let name = drug.name.as_deref().filter(|_| drug.code.is_none())?;
    let percent = drug.percent_strength.or_else(|| percent_in(name))?;
    let words = words_of(name.split('(').next().unwrap_or(name));
    of_strength(coding, &words.join(" "), percent).first().map(|version| version.code)
}

/// The codes in force that a name means by its strength: `sodium chloride 3 %` is hypertonic saline.
fn of_strength<'a>(coding: &Coding<'a>, name: &str, percent: Decimal) -> Vec<&'a CodeVersion> {
    let date = coding.date;
    let rows = coding.policy.drug_line.solution_strengths.iter();
    let meant =
        rows.filter(|row| row.percents.contains(&percent) && row.names.iter().any(|known| known == name));
    meant.filter_map(|row| coding.catalog.lookup(row.code, date).billable()).collect()
}

/// The codes of the drug that a code was of, without regard to how the record names it.
pub(super) fn of_words<'a>(coding: &Coding<'a>, asked: &Asked<'_>, name: &str) -> Vec<&'a CodeVersion> {
    let query = NameQuery::new(&fold(name), &coding.catalog.formulary);
    let Named { mut found, by_other_routes, is_component } = nearest(coding, asked, smallvec![query], None);
    if is_component {
        return Vec::new();
    }
    found.extend(by_other_routes);
    found
}

/// Whether a code is of a solution of other percentages than the one that is named.
pub(super) fn is_other_strength(coding: &Coding<'_>, code: HcpcsCode, percent: Option<Decimal>) -> bool {
    let mut rows = coding.policy.drug_line.solution_strengths.iter();
    percent.is_some_and(|percent| rows.any(|row| row.code == code && !row.percents.contains(&percent)))
}

fn nearest<'a>(
    coding: &Coding<'a>,
    asked: &Asked<'_>,
    mut writings: Writings,
    percent: Option<Decimal>,
) -> Named<'a> {
    let date = coding.date;
    let catalog = coding.catalog;
    let mut named = Named::default();
    for nearness in Nearness::ALL {
        for at in 0..writings.len() {
            for version in catalog.named(&writings[at], nearness, date).filter_map(Lookup::billable) {
                let is_asked = version.billing.is_ok() && fits_use(coding, asked, version);
                if is_asked && !is_other_strength(coding, version.code, percent) {
                    named.take(version, fit(coding, asked, version));
                }
            }
            if !named.found.is_empty() {
                break;
            }
            // The name is a product's: the route leads to another preparation of it, and never to a drug that lacks its words.
            if !named.by_other_routes.is_empty() {
                writings = smallvec![writings[at].word_for_word()];
                break;
            }
        }
        if !named.found.is_empty() {
            named.is_component = nearness == Nearness::Component;
            break;
        }
    }
    named.keep_known_routes(|version| fit(coding, asked, version));
    named.found.sort_unstable_by_key(|version| version.code);
    named
}

/// The code by mouth that the name has as well, where no route is stated.
pub(super) fn by_mouth<'a>(coding: &Coding<'a>, asked: &Asked<'_>) -> Option<&'a CodeVersion> {
    if asked.route().is_some() {
        return None;
    }
    let swallowed = asked.by(Route::Oral);
    of_name(coding, &swallowed).found.into_iter().find(|version| version.flags.has(CodeFlag::Oral))
}

/// How the product of a code goes with the stated route.
#[inline]
pub(super) fn fit(coding: &Coding<'_>, asked: &Asked<'_>, version: &CodeVersion) -> Fit {
    if coding.catalog.is_of_earlier_drug(version) {
        return Fit::Unknown;
    }
    let formulary = &coding.catalog.formulary;
    let fit = |route| formulary.fit(version.code, version.flags, route);
    match asked.routes {
        // Nearly every record states the route.
        [Some(route), None, None] => fit(route),
        routes => routes.into_iter().flatten().map(fit).min().unwrap_or(Fit::Unknown),
    }
}

/// A code of the drug that is not yet in force on the date (rule N-08).
pub(super) fn begins_later<'a>(coding: &Coding<'a>, drug: &DrugGiven) -> Option<&'a CodeVersion> {
    let words = words_of(drug.name.as_deref()?.split('(').next()?);
    let date = coding.date;
    let catalog = coding.catalog;
    let query = NameQuery::new(&words, &catalog.formulary);
    let later = catalog.named(&query, Nearness::Exact, date).filter_map(|lookup| match lookup {
        Lookup::NotYet(version) => Some(version),
        _ => None,
    });
    later.min_by_key(|version| (version.added, version.code))
}

/// The codes in force on the date that have exactly the name of the drug.
pub(super) fn by_exact_name<'a>(coding: &Coding<'a>, drug: &DrugGiven) -> SmallVec<[&'a CodeVersion; 2]> {
    let name = drug.name.as_deref().and_then(|name| name.split('(').next()).unwrap_or_default();
    let query = NameQuery::new(&words_of(name), &coding.catalog.formulary);
    coding.catalog.named(&query, Nearness::Exact, coding.date).filter_map(Lookup::billable).collect()
}

/// Whether a code is for hospital outpatient departments alone (row G-02).
pub(super) fn is_of_hospitals(version: &CodeVersion) -> bool {
    version.code.family() == 'C' || version.flags.has(CodeFlag::HospitalOutpatientOnly)
}

/// Words behind a name that say in what form it was given and never which product it is.
const FORM_WORDS: &[&str] = &["injection", "infusion", "patch"];

/// The words of a name without percentages and without how it was given: `Privigen 10 %` is `privigen`.
pub(super) fn words_of(name: &str) -> Vec<String> {
    let mut kept = String::with_capacity(name.len());
    for part in name.split_inclusive('%') {
        match part.strip_suffix('%') {
            Some(before) => {
                kept.push_str(before.trim_end().trim_end_matches(|c: char| c.is_ascii_digit() || c == '.'));
            }
            None => kept.push_str(part),
        }
    }
    let mut words = fold(&kept);
    let tells_how = |word: &String| FORM_WORDS.contains(&word.as_str()) || route_words::is_told(word);
    while words.len() > 1 && words.last().is_some_and(tells_how) {
        words.pop();
    }
    words
}

/// Whether a candidate is for this setting, form and renal status.
pub(super) fn fits_use(coding: &Coding<'_>, asked: &Asked<'_>, version: &CodeVersion) -> bool {
    let encounter = coding.encounter;
    let flags = version.flags;
    let route = asked.route();
    let oral = route == Some(Route::Oral);
    let inhaled = route == Some(Route::Inhaled);
    let may_be_hospital = coding.policy.drug_line.hospital_code_settings.contains(&encounter.setting);
    (!flags.has(CodeFlag::Oral) || oral)
        && (!flags.has(CodeFlag::Inhaled) || inhaled)
        && (!flags.has(CodeFlag::ThroughDme) || encounter.setting == Setting::DmeSupplier || inhaled)
        && (!flags.has(CodeFlag::HospitalOutpatientOnly) || may_be_hospital)
        && !flags.has(CodeFlag::Compounded)
        && !is_private(coding, version.code)
        && !is_implant_in_part(coding, asked, version)
        && candidates::fits_renal_status(encounter, flags)
        && !(flags.has(CodeFlag::EsrdOnDialysis) && is_for_cancer_treatment(encounter, asked.drug))
}

/// Anemia by chemotherapy or radiotherapy is told on the codes for others than dialysis patients alone (rules M-03, M-04).
fn is_for_cancer_treatment(encounter: &Encounter, drug: &DrugGiven) -> bool {
    let is_so = matches!(
        drug.esa_indication,
        Some(EsaIndication::ChemotherapyAnemia | EsaIndication::RadiotherapyAnemia)
    );
    is_so && encounter.renal.esrd_on_dialysis.is_none()
}

/// Whether a code is of an implant for the eye, and the dose none: a volume, or another amount than that of its package.
fn is_implant_in_part(coding: &Coding<'_>, asked: &Asked<'_>, version: &CodeVersion) -> bool {
    if !coding.policy.drug_line.eye_implant_codes.contains(&version.code) {
        return false;
    }
    let (Some(given), Ok(unit)) = (asked.drug.dose_administered, version.billing) else { return false };
    if given.unit.measure() == Measure::Count {
        return false;
    }
    let rows = coding.catalog.ndcs.iter().flat_map(|(_, rows)| rows).filter(|row| row.code == version.code);
    let contents: Vec<i128> = rows.flat_map(|row| contents_of_row(unit.quantity, row)).collect();
    // One for each eye at most.
    let is_whole = |content: &i128| [*content, 2 * content].contains(&given.in_base());
    !given.is_same_measure(unit.quantity) || !contents.is_empty() && !contents.iter().any(is_whole)
}

/// The content of one container in the base of its measure, by either column of units: where both differ, as for an
/// implant of 59 units, the one of the package may be the whole.
fn contents_of_row(unit: Quantity, row: &NdcEntry) -> impl Iterator<Item = i128> {
    let content = move |units: Decimal| {
        let nanos = unit.in_base().checked_mul(i128::from(units.nanos()))?;
        Some(nanos / i128::from(Decimal::ONE.nanos())).filter(|content| *content > 0)
    };
    [row.bill_units, row.bill_units_per_package].into_iter().filter_map(content)
}

/// Whether a code is of a family that this payer does not take.
pub(super) fn is_private(coding: &Coding<'_>, code: HcpcsCode) -> bool {
    coding.policy.drug_line.private_payer_prefixes.iter().any(|prefix| code.as_str().starts_with(&**prefix))
}
