//! Lists of codes: filtered, in pages, and biosimilars by reference product.

use super::record::{CodeFlag, CodeFlags, CodeVersion};
use super::snapshot::{Catalog, Lookup};
use crate::domain::code::{CodeError, HcpcsCode, Ndc};
use crate::domain::drug::{ClassProfile, DrugClass};
use crate::domain::time::Date;

/// Which codes a list holds; every stated condition must hold.
#[derive(Debug, Clone, Default)]
pub struct ListFilter {
    /// Beginning of the code, in upper case; empty for all.
    pub prefix: String,
    /// Only codes that may be billed on this date; all codes, with their newest versions, when it is absent.
    pub in_force_on: Option<Date>,
    /// Only codes with all of these flags.
    pub flags: CodeFlags,
    /// Only drugs of this class by our own table.
    pub class: Option<DrugClass>,
    /// Only codes with, or without, a billing unit.
    pub has_billing_unit: Option<bool>,
}

/// One page of a list.
#[derive(Debug, Clone, Default)]
pub struct Page<'a> {
    pub lookups: Vec<Lookup<'a>>,
    /// The last code of the page, where there are more: the next page begins behind it.
    pub next_after: Option<HcpcsCode>,
    /// Codes of the whole list.
    pub total: usize,
}

/// What a text given as an NDC stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NdcReading {
    Known(Ndc),
    /// A well-formed code that no crosswalk held knows.
    Unknown(Ndc),
    /// Ten digits without hyphens: the three codes that could be meant, and whether each is known (rule D-01).
    Ambiguous([(Ndc, bool); 3]),
}

impl Catalog {
    /// A page of the codes that pass a filter, ascending, behind `after`. `today` says how a code stands
    /// where the filter names no date.
    pub fn list(
        &self,
        filter: &ListFilter,
        today: Date,
        page_size: usize,
        after: Option<HcpcsCode>,
    ) -> Page<'_> {
        let mut codes: Vec<(HcpcsCode, Lookup<'_>)> = self
            .codes
            .keys()
            .filter(|code| code.as_str().starts_with(&filter.prefix))
            .filter_map(|code| Some((*code, self.listed(*code, filter, today)?)))
            .collect();
        codes.sort_unstable_by_key(|(code, _)| *code);
        let total = codes.len();
        let start = after.map_or(0, |after| codes.partition_point(|(code, _)| *code <= after));
        let end = total.min(start.saturating_add(page_size));
        let next_after = (start < end && end < total).then(|| codes[end - 1].0);
        let lookups = codes[start..end].iter().map(|(_, lookup)| *lookup).collect();
        Page { lookups, next_after, total }
    }

    fn listed(&self, code: HcpcsCode, filter: &ListFilter, today: Date) -> Option<Lookup<'_>> {
        let lookup = match filter.in_force_on {
            Some(date) => Some(self.lookup(code, date)).filter(|lookup| lookup.billable().is_some()),
            None => Some(self.newest(code, today)),
        }?;
        let version = lookup.version()?;
        let date = filter.in_force_on.unwrap_or(today);
        let class = || self.formulary.class_of_code(code, ClassProfile::default(), date);
        let passes = version.flags.has_all(filter.flags)
            && filter.has_billing_unit.is_none_or(|has| has == version.billing.is_ok())
            && filter.class.is_none_or(|wanted| class().is_some_and(|found| found.class == wanted));
        passes.then_some(lookup)
    }

    /// Biosimilars that may be billed on a date, by code; all, or those of a reference product's name or code.
    pub fn biosimilars(&self, reference: Option<&str>, date: Date) -> Vec<&CodeVersion> {
        let wanted = reference.map(|text| text.trim().to_lowercase());
        let is_of = |version: &CodeVersion| {
            let Some(wanted) = &wanted else { return true };
            let product = version.reference_product.as_deref().unwrap_or("").to_lowercase();
            let stem = version.name.split('-').next().unwrap_or("");
            product.split(';').any(|brand| brand == wanted)
                || stem == wanted
                || version.reference_codes.iter().any(|code| code.as_str().eq_ignore_ascii_case(wanted))
        };
        let mut found: Vec<&CodeVersion> = self
            .codes
            .keys()
            .filter_map(|code| self.lookup(*code, date).billable())
            .filter(|version| version.flags.has(CodeFlag::Biosimilar) && is_of(version))
            .collect();
        found.sort_by_key(|version| version.code);
        found
    }

    /// Reads an NDC in 10 or 11 digits; ten without hyphens are answered with the candidates, never guessed.
    ///
    /// # Errors
    /// A text that is no NDC in any form.
    pub fn read_ndc(&self, text: &str) -> Result<NdcReading, CodeError> {
        match text.parse::<Ndc>() {
            Ok(ndc) if self.ndcs.contains(ndc) => Ok(NdcReading::Known(ndc)),
            Ok(ndc) => Ok(NdcReading::Unknown(ndc)),
            Err(CodeError::AmbiguousNdc(digits)) => {
                let candidate = |labeler: usize, product: usize| {
                    let hyphenated = format!(
                        "{}-{}-{}",
                        &digits[..labeler],
                        &digits[labeler..labeler + product],
                        &digits[labeler + product..]
                    );
                    hyphenated.parse::<Ndc>().map(|ndc| (ndc, self.ndcs.contains(ndc)))
                };
                Ok(NdcReading::Ambiguous([candidate(4, 4)?, candidate(5, 3)?, candidate(5, 4)?]))
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::date;

    const DAY: Date = date(2025, 11, 3);

    #[test]
    fn pages_cover_the_list_once() {
        let catalog = Catalog::embedded();
        let filter = ListFilter { prefix: "Q51".into(), in_force_on: Some(DAY), ..ListFilter::default() };
        let (mut after, mut seen) = (None, Vec::new());
        loop {
            let page = catalog.list(&filter, DAY, 7, after);
            seen.extend(page.lookups.iter().filter_map(|lookup| Some(lookup.billable()?.code)));
            after = page.next_after;
            if after.is_none() {
                assert_eq!(page.total, seen.len());
                break;
            }
        }
        assert!(seen.is_sorted() && seen.len() > 40, "{}", seen.len());
    }

    #[test]
    fn every_condition_of_a_filter_holds() {
        let catalog = Catalog::embedded();
        let total = |filter: &ListFilter| catalog.list(filter, DAY, 0, None).total;
        let all = ListFilter::default();
        assert_eq!(total(&all), catalog.codes.len());
        let biosimilars = ListFilter { flags: CodeFlags::NONE.with(CodeFlag::Biosimilar), ..all.clone() };
        assert!((40..120).contains(&total(&biosimilars)), "{}", total(&biosimilars));
        let (with, without) = (
            ListFilter { has_billing_unit: Some(true), ..all.clone() },
            ListFilter { has_billing_unit: Some(false), ..all.clone() },
        );
        assert_eq!(total(&with) + total(&without), total(&all));
        let class = ListFilter { class: Some(DrugClass::Antineoplastic), prefix: "J1".into(), ..all.clone() };
        assert!(total(&class) < total(&ListFilter { prefix: "J1".into(), ..all }));
    }

    #[test]
    fn biosimilars_are_found_by_brand_ingredient_and_code() {
        let catalog = Catalog::embedded();
        let codes = |reference| -> Vec<String> {
            catalog.biosimilars(Some(reference), DAY).iter().map(|v| v.code.to_string()).collect()
        };
        assert_eq!(codes("Rituxan"), ["Q5115", "Q5119", "Q5123"]);
        assert_eq!(codes("rituximab"), codes("J9312"));
        assert!(catalog.biosimilars(None, DAY).iter().any(|version| version.code.as_str() == "Q9998"));
    }

    #[test]
    fn ten_bare_digits_are_answered_with_their_candidates() {
        let catalog = Catalog::embedded();
        assert!(matches!(catalog.read_ndc("50242-053-06"), Ok(NdcReading::Known(_))));
        assert!(matches!(catalog.read_ndc("50242005306"), Ok(NdcReading::Known(_))));
        let Ok(NdcReading::Ambiguous(candidates)) = catalog.read_ndc("5024205306") else {
            panic!("ten digits are ambiguous")
        };
        assert_eq!(candidates.map(|(ndc, _)| ndc.to_string()), ["05024205306", "50242005306", "50242053006"]);
        assert_eq!(candidates.map(|(_, known)| known), [false, true, false]);
        assert!(catalog.read_ndc("50242").is_err());
    }
}
