//! Several releases become one catalog, in which the date of service picks the version.

use std::hash::Hash;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::told::Told;
use super::{Changes, Descriptors, Release, ReleaseHeader, ReleaseKind};
use crate::catalog::biosimilar::Biosimilars;
use crate::catalog::brand_names::{joined, settle_makers};
use crate::catalog::codes::CodeTable;
use crate::catalog::compose::brands::{Products, bare_name};
use crate::catalog::compose::seed::is_drug_family;
use crate::catalog::edits::{EditKind, PairKey, ProcedurePair};
use crate::catalog::formulary::Formulary;
use crate::catalog::ndc::{NdcEntry, NdcTable};
use crate::catalog::package_forms::PackageForms;
use crate::catalog::package_sizes::PackageSizes;
use crate::catalog::product_names::NamesOnDemand;
use crate::catalog::quarterly::QuarterlyTable;
use crate::catalog::record::{CodeFlag, CodeVersion};
use crate::catalog::snapshot::Catalog;
use crate::catalog::successors::Successors;
use crate::catalog::text::{Text, gather};
use crate::domain::code::{HcpcsCode, Ndc};
use crate::domain::quarter::Quarter;

/// Our own tables that are laid over what the releases say.
#[derive(Debug, Clone, Default)]
pub struct Overlay {
    pub formulary: Arc<Formulary>,
    pub biosimilars: Biosimilars,
    pub successors: Successors,
    pub package_sizes: PackageSizes,
    pub package_forms: Arc<PackageForms>,
}

impl Catalog {
    /// Merges releases: the embedded one first, then the others from the oldest quarter on.
    pub fn merge<'a>(releases: impl IntoIterator<Item = &'a Release>, overlay: &Overlay) -> Self {
        let releases: Vec<&Release> = releases.into_iter().collect();
        let headers: Vec<&ReleaseHeader> = releases.iter().map(|release| &release.header).collect();
        let mut merging = Merging::new(overlay);
        merge_order(&headers).into_iter().for_each(|at| merging.add(releases[at].clone()));
        merging.finish()
    }
}

/// The places of the releases that speak, in the order in which they are merged.
pub(in crate::catalog) fn merge_order(headers: &[&ReleaseHeader]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..headers.len()).collect();
    // A stable sort: of two postings of one quarter the one that came later speaks last.
    order.sort_by_key(|&at| (headers[at].kind != ReleaseKind::Embedded, headers[at].quarter));
    // Of two postings of one quarter's whole list only the later one speaks: what it took out is out.
    let is_list = |kind| matches!(kind, ReleaseKind::Hcpcs | ReleaseKind::Crosswalk);
    let of = |at: usize| (headers[at].kind, headers[at].quarter);
    let is_last = |place: usize| !order[place + 1..].iter().any(|&later| of(later) == of(order[place]));
    let speaks = |place: &usize| !is_list(headers[order[*place]].kind) || is_last(*place);
    (0..order.len()).filter(speaks).map(|place| order[place]).collect()
}

/// A catalog in the making. Releases are taken one at a time and their texts move into it, so that no more of
/// them than one has to be in memory beside it.
pub(in crate::catalog) struct Merging<'o> {
    overlay: &'o Overlay,
    catalog: Catalog,
    /// Of each code the oldest first.
    versions: Vec<CodeVersion>,
    told: FxHashMap<HcpcsCode, Told>,
    /// The quarters whose whole lists of codes were added.
    lists: Vec<Quarter>,
    /// The quarter of the embedded table, which holds every drug code whose dates are known.
    embedded: Option<Quarter>,
    ndcs: FxHashMap<(Ndc, HcpcsCode), SmallVec<[NdcEntry; 1]>>,
    ids: Vec<Box<str>>,
    /// The product names of imported crosswalks, the newest last.
    products: Products,
    pairs: QuarterlyTable<PairKey, ProcedurePair>,
}

impl<'o> Merging<'o> {
    pub(in crate::catalog) fn new(overlay: &'o Overlay) -> Self {
        let catalog = Catalog {
            formulary: overlay.formulary.clone(),
            package_forms: overlay.package_forms.clone(),
            ..Catalog::default()
        };
        let (told, ndcs) = (FxHashMap::default(), FxHashMap::default());
        let products = Products::default();
        let (pairs, versions, lists) = (QuarterlyTable::default(), Vec::new(), Vec::new());
        Self {
            overlay,
            catalog,
            versions,
            told,
            lists,
            embedded: None,
            ndcs,
            ids: Vec::new(),
            products,
            pairs,
        }
    }

    /// Lays a release over those before it; they come in [`merge_order`].
    pub(in crate::catalog) fn add(&mut self, release: Release) {
        let Release { header, mut codes, mut descriptors, ndcs, .. } = release;
        if header.kind == ReleaseKind::Crosswalk {
            self.products.hear(&std::mem::take(&mut descriptors));
        }
        self.ids.push(header.id.as_ref().into());
        if header.kind == ReleaseKind::Embedded {
            self.embedded = Some(header.quarter);
        } else {
            codes.iter_mut().for_each(|record| self.settle(record, header.quarter));
        }
        if !codes.is_empty() {
            self.catalog.code_quarters.push(header.quarter);
        }
        let is_list = header.kind == ReleaseKind::Hcpcs;
        self.merge_codes(header.quarter, is_list, codes, descriptors);
        // The seed is made of lists alone, and leaves out by its own rule what the newest one lacks.
        if is_list && self.embedded.is_some() {
            self.lists.push(header.quarter);
        }
        if header.kind == ReleaseKind::Embedded {
            self.told.values_mut().for_each(|told| told.end_table(&self.versions));
        }
        for (ndc, mut entry) in ndcs {
            self.overlay.package_sizes.correct(ndc, &mut entry);
            self.overlay.package_forms.tell(&mut entry);
            merge_ndc(self.ndcs.entry((ndc, entry.code)).or_default(), entry);
        }
        let Catalog { statuses, limits, edits, .. } = &mut self.catalog;
        merge_quarterly(statuses, release.statuses);
        merge_quarterly(limits, release.limits);
        merge_by_claims(&mut edits.unit_limits, release.unit_limits, |(_, kind)| *kind, true);
        merge_quarterly(&mut edits.add_ons, release.add_ons);
        merge_by_claims(&mut self.pairs, release.pairs, |(_, _, kind)| *kind, false);
    }

    /// Settles what a list of codes leaves open: a drug code of a quarter before the embedded table's that the table
    /// does not hold left CMS's lists without a date, so it is good for the quarter of its list alone.
    fn settle(&self, record: &mut CodeVersion, quarter: Quarter) {
        settle_makers(record);
        let Some(embedded) = self.embedded.filter(|embedded| quarter < *embedded) else { return };
        let is_held = self.told.get(&record.code).is_some_and(|told| told.quarter >= embedded);
        if record.terminated.is_none() && !is_held && is_drug_family(record.code) {
            record.terminated = Some(quarter.last_day());
        }
    }

    /// The catalog of everything that was added.
    pub(in crate::catalog) fn finish(self) -> Catalog {
        let Self {
            overlay, mut catalog, mut versions, mut told, mut lists, ndcs, ids, products, pairs, ..
        } = self;
        lists.sort();
        told.values_mut().for_each(|told| told.end_unlisted(&mut versions, &lists));
        catalog.edits.pairs = pairs.into();
        add_brands(&mut versions, &told, &products);
        let mut descriptors = Vec::new();
        let reassigned: FxHashSet<HcpcsCode> =
            told.iter().filter(|(_, told)| told.is_reassigned()).map(|(code, _)| *code).collect();
        if !reassigned.is_empty() {
            // Facts of a drug are no facts of the one that has its number now.
            catalog.formulary = Arc::new(catalog.formulary.without_codes(&reassigned));
        }
        for (place, is_returned) in told.values().flat_map(Told::ours) {
            let version = &mut versions[place];
            let name = version.name.clone();
            overlay.complete(version, is_returned);
            if version.name != name {
                descriptors.push((version.code, version.effective, name));
            }
        }
        versions.iter_mut().for_each(|version| overlay.replace_earlier(version));
        let names = descriptors.iter_mut().map(|(.., name)| name);
        gather(&mut versions.iter_mut().flat_map(texts_of).chain(names).collect::<Vec<_>>());
        catalog.codes = CodeTable::new(versions);
        catalog.release = ids.join("+").into();
        catalog.code_quarters.sort();
        catalog.product_names = NamesOnDemand::new(descriptors);
        catalog.ndcs = NdcTable::new(
            ndcs.into_iter().flat_map(|((ndc, _), rows)| rows.into_iter().map(move |row| (ndc, row))),
        );
        catalog
    }
}

/// Gives the newest version of each code the brands that the imported crosswalks list under it.
fn add_brands(versions: &mut [CodeVersion], told: &FxHashMap<HcpcsCode, Told>, products: &Products) {
    if products.is_empty() {
        return;
    }
    let newest = told.values().map(|told| &versions[told.newest()]);
    let drugs: FxHashSet<String> = newest
        .filter(|version| is_drug_family(version.code))
        .map(|version| bare_name(&version.name))
        .collect();
    let none = FxHashSet::default();
    // A crosswalk from before the number was given to another drug lists the brands of the first one.
    for told in told.values().filter(|told| !told.is_reassigned()) {
        let version = &mut versions[told.newest()];
        if version.terminated.is_some() {
            continue;
        }
        // A code for what is not otherwise specified takes drugs that have codes of their own too.
        let others = if version.flags.has(CodeFlag::NotOtherwiseSpecified) { &none } else { &drugs };
        let listed = products.brands(version.code, &version.name, others);
        version.brands = joined(&version.brands, &listed.into());
    }
}

impl Overlay {
    /// Adds what our tables know and the release does not say, to a version of the drug that they were written for.
    /// One that CMS put into force again after its end is replaced by nothing.
    pub(super) fn complete(&self, version: &mut CodeVersion, is_returned: bool) {
        if let Some(biosimilar) = self.biosimilars.get(version.code) {
            version.reference_codes = biosimilar.reference_codes.clone();
            version.reference_product = Some(biosimilar.reference_product.clone());
            version.name = biosimilar.name.clone();
            // A code that no descriptor tells of yet is known as a biosimilar by our table alone.
            version.flags = version.flags.with(CodeFlag::Biosimilar);
            version.brands = biosimilar.brands.clone();
        } else if let Some(facts) = self.formulary.drug(version.code) {
            version.name = (&*facts.ingredient).into();
            if version.brands.is_empty() {
                version.brands = facts.brands.iter().map(|brand| Text::from(&**brand)).collect();
            }
        }
        // A number that CMS gave to another drug later is not ended by the first one's end, nor replaced by its successors.
        let last_day = self.successors.last_day(version.code);
        if is_returned || last_day.is_some_and(|last| last < version.added) {
            return;
        }
        if version.successors.is_empty() {
            version.successors = self.successors.of(version.code).into();
        }
        version.terminated = version.terminated.or(last_day);
    }

    /// The successors of a drug whose number CMS gave to another one later stand under the last day of the first.
    fn replace_earlier(&self, version: &mut CodeVersion) {
        let last_day = self.successors.last_day(version.code);
        if version.successors.is_empty() && last_day.is_some() && version.terminated == last_day {
            version.successors = self.successors.of(version.code).into();
        }
    }
}

/// The texts of a version that a release told.
fn texts_of(version: &mut CodeVersion) -> impl Iterator<Item = &mut Text> {
    // Two versions may share a list, which would hold the release that it came with; the empty one holds nothing.
    let is_told = !version.brands.is_empty();
    let brands = if is_told { Arc::make_mut(&mut version.brands) } else { Default::default() };
    let descriptors = [&mut version.long_descriptor, &mut version.short_descriptor].into_iter().flatten();
    brands.iter_mut().chain(descriptors).chain([&mut version.name, &mut version.pricing_indicator])
}

impl Merging<'_> {
    fn merge_codes(
        &mut self,
        quarter: Quarter,
        is_list: bool,
        codes: Vec<CodeVersion>,
        mut texts: Vec<Descriptors>,
    ) {
        texts.sort_by_key(|texts| texts.code);
        for mut record in codes {
            // The last one of a code speaks, as of its records.
            let behind = texts.partition_point(|texts| texts.code <= record.code);
            let texts = behind.checked_sub(1).map(|at| &texts[at]).filter(|texts| texts.code == record.code);
            if let Some(texts) = texts {
                record.long_descriptor = Some(texts.long.clone());
                record.short_descriptor = Some(texts.short.clone());
            }
            let known = self.told.entry(record.code).or_insert_with(|| Told::new(quarter));
            known.hear(&mut self.versions, record, quarter);
            if is_list {
                known.listed = Some(quarter);
            }
        }
    }
}

/// The same numbers in a later quarter lengthen the row.
fn merge_ndc(rows: &mut SmallVec<[NdcEntry; 1]>, entry: NdcEntry) {
    let same = rows.iter_mut().find(|row| row.has_numbers_of(&entry));
    match same {
        Some(row) => {
            row.first_quarter = row.first_quarter.min(entry.first_quarter);
            row.quarter = row.quarter.max(entry.quarter);
        }
        None => rows.push(entry),
    }
}

fn merge_quarterly<K: Eq + Hash + Clone, T: PartialEq + Clone>(
    table: &mut QuarterlyTable<K, T>,
    changes: Changes<K, T>,
) {
    if changes.is_empty() {
        return;
    }
    let Changes { quarters, rows } = changes;
    let added = QuarterlyTable::from_changes(quarters.clone(), rows);
    if table.is_empty() {
        *table = added;
        return;
    }
    for quarter in &quarters {
        table.put_quarter(*quarter, added.in_quarter(*quarter).map(|(key, row)| (key.clone(), row.clone())));
    }
}

/// Edits come in a file for each kind of claims, and leave those of the other kinds as they are. A file
/// `is_whole` replaces what its quarter held of its kind; a part of several adds to it.
fn merge_by_claims<K: Eq + Hash + Clone, T: PartialEq + Clone>(
    table: &mut QuarterlyTable<K, T>,
    changes: Changes<K, T>,
    kind_of: impl Fn(&K) -> EditKind,
    is_whole: bool,
) {
    let Changes { quarters, rows } = changes;
    let added = QuarterlyTable::from_changes(quarters.clone(), rows);
    for quarter in &quarters {
        let kinds: FxHashSet<EditKind> = added.in_quarter(*quarter).map(|(key, _)| kind_of(key)).collect();
        let of_quarter = table.changes().filter(|(_, from, row)| from == quarter && row.is_some());
        let held: FxHashSet<EditKind> = of_quarter.map(|(key, ..)| kind_of(key)).collect();
        let replaced = |kind| kinds.contains(&kind) && (is_whole || !held.contains(&kind));
        let rows = added.in_quarter(*quarter).map(|(key, row)| (key.clone(), row.clone()));
        table.put_part(*quarter, rows, |key| replaced(kind_of(key)));
    }
}
