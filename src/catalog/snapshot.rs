//! The immutable snapshot that every request reads.

use std::sync::{Arc, OnceLock};

use super::codes::CodeTable;
use super::edits::{AddOnParent, EditKind, Edits, ProcedurePair, UnitLimit};
use super::formulary::Formulary;
use super::ndc::{NdcEntry, NdcTable};
use super::package_forms::PackageForms;
use super::payment::{PaymentLimit, StatusIndicator};
use super::product_names::NamesOnDemand;
use super::quarterly::{InQuarter, QuarterlyTable};
use super::record::CodeVersion;
use super::search::SearchIndex;
use crate::domain::claim::Line;
use crate::domain::code::{HcpcsCode, Ndc};
use crate::domain::quantity::Decimal;
use crate::domain::quarter::Quarter;
use crate::domain::time::Date;

/// What the catalog says of a code on a date of service.
#[derive(Debug, Clone, Copy)]
pub enum Lookup<'a> {
    /// The version in force.
    InForce(&'a CodeVersion),
    /// The code existed, and the version that held on the date is assumed from another release.
    Assumed(&'a CodeVersion),
    /// The code had ended; its last version names the successors.
    Terminated(&'a CodeVersion),
    /// The code was not yet there.
    NotYet(&'a CodeVersion),
    Unknown,
}

impl<'a> Lookup<'a> {
    /// The version to bill by, where the code may be billed.
    pub const fn billable(self) -> Option<&'a CodeVersion> {
        match self {
            Self::InForce(version) | Self::Assumed(version) => Some(version),
            _ => None,
        }
    }

    /// The version that is spoken of, whether or not it may be billed.
    pub const fn version(self) -> Option<&'a CodeVersion> {
        match self {
            Self::InForce(version)
            | Self::Assumed(version)
            | Self::Terminated(version)
            | Self::NotYet(version) => Some(version),
            Self::Unknown => None,
        }
    }
}

/// Codes, drugs and edits as of a set of releases. Immutable: a refresh builds another one.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// Names the releases the snapshot was built from, for provenance.
    pub release: Arc<str>,
    /// Quarters whose codes the snapshot holds, ascending.
    pub code_quarters: Vec<Quarter>,
    /// Versions of each code, the newest first.
    pub codes: CodeTable,
    pub formulary: Arc<Formulary>,
    pub ndcs: NdcTable,
    pub package_forms: Arc<PackageForms>,
    /// OPPS status indicators of Addendum B.
    pub statuses: QuarterlyTable<HcpcsCode, StatusIndicator>,
    /// Part B payment limits, dollars for one billing unit.
    pub limits: QuarterlyTable<HcpcsCode, PaymentLimit>,
    pub edits: Edits,
    /// Made for the first search: a visit rarely needs one, and a start never.
    pub(super) search_index: OnceLock<SearchIndex>,
    pub(super) product_names: NamesOnDemand,
}

impl Catalog {
    /// The version of a code for a date of service.
    pub fn lookup(&self, code: HcpcsCode, date: Date) -> Lookup<'_> {
        self.codes.on(code, date)
    }

    /// The newest version of a code, and how it stands today: the answer where no date of service is named.
    pub fn newest(&self, code: HcpcsCode, today: Date) -> Lookup<'_> {
        match self.codes.get(&code).and_then(|versions| versions.first()) {
            None => Lookup::Unknown,
            Some(newest) if newest.terminated.is_some_and(|last| last < today) => Lookup::Terminated(newest),
            Some(newest) if newest.effective.max(newest.added) > today => Lookup::NotYet(newest),
            Some(newest) => Lookup::InForce(newest),
        }
    }

    /// Whether a version is of a drug that had the number of its code before another one got it, so that what our tables
    /// tell by the number is not told of it.
    #[inline]
    pub fn is_of_earlier_drug(&self, version: &CodeVersion) -> bool {
        let Some(last) = version.terminated else { return false };
        let newest = self.codes.get(&version.code).and_then(|versions| versions.first());
        newest.is_some_and(|newest| last < newest.added)
    }

    /// The codes and billing units of a package, the newest quarter first; empty when it is not known.
    pub fn ndc(&self, ndc: Ndc) -> &[NdcEntry] {
        self.ndcs.get(ndc)
    }

    /// The rows of the crosswalk that speak for a date (rule L-01).
    pub fn ndc_on(&self, ndc: Ndc, date: Date) -> impl Iterator<Item = &NdcEntry> {
        self.ndcs.on(ndc, date)
    }

    /// The OPPS status indicator on a date (rule Z-09); nothing where Addendum B does not list the code.
    pub fn status_indicator(&self, code: HcpcsCode, date: Date) -> Option<InQuarter<StatusIndicator>> {
        let InQuarter { value, quarter, is_exact } = self.statuses.on(&code, date)?;
        Some(InQuarter { value: *value, quarter, is_exact })
    }

    /// The Part B payment limit of one billing unit on a date.
    #[inline]
    pub fn asp_limit(&self, code: HcpcsCode, date: Date) -> Option<InQuarter<&PaymentLimit>> {
        self.limits.on(&code, date)
    }

    /// What lines are worth at the payment limits that are known, in dollars; nothing where none is.
    pub fn value<'l>(&self, lines: impl IntoIterator<Item = &'l Line>) -> Option<Decimal> {
        lines.into_iter().fold(None, |sum, line| Self::sum(sum, self.value_of(line)))
    }

    /// What a line is worth at its payment limit, in dollars; nothing where none is known.
    pub fn value_of(&self, line: &Line) -> Option<Decimal> {
        self.limits.row_on(&line.code, line.service_date)?.dollars.checked_times(line.units)
    }

    /// What two values are together, where either is known.
    pub fn sum(one: Option<Decimal>, other: Option<Decimal>) -> Option<Decimal> {
        match (one, other) {
            // A sum past the range of an amount is no claim; it then stays at what was counted.
            (Some(one), Some(other)) => Some(one.checked_add(other).unwrap_or(one)),
            (one, other) => one.or(other),
        }
    }

    /// The medically unlikely edit of a code on a date (rule X-01); nothing where none is published.
    #[inline]
    pub fn mue(&self, code: HcpcsCode, kind: EditKind, date: Date) -> Option<InQuarter<&UnitLimit>> {
        self.edits.unit_limits.on(&(code, kind), date)
    }

    /// The most units of a code that its medically unlikely edit lets pass on a date, whichever quarter says so.
    #[inline]
    pub fn unit_limit(&self, code: HcpcsCode, kind: EditKind, date: Date) -> Option<&UnitLimit> {
        self.edits.unit_limits.row_on(&(code, kind), date)
    }

    /// The primary codes that an add-on code may follow on a date; nothing where it is no add-on code.
    #[inline]
    pub fn add_on_parents(&self, code: HcpcsCode, date: Date) -> Option<&[AddOnParent]> {
        self.edits.add_ons.row_on(&code, date).map(|parents| &**parents)
    }

    /// The code pair in force on a date, in this order of the columns.
    #[inline]
    pub fn procedure_pair(
        &self,
        column1: HcpcsCode,
        column2: HcpcsCode,
        kind: EditKind,
        date: Date,
    ) -> Option<InQuarter<ProcedurePair>> {
        self.edits.pair(column1, column2, kind, date)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::edits::AddOnSetting;
    use crate::domain::time::date;

    fn code(text: &str) -> HcpcsCode {
        text.parse().expect(text)
    }

    #[test]
    fn the_date_of_service_picks_the_rituximab_code() {
        let catalog = Catalog::embedded();
        let (before, after) = (date(2018, 12, 31), date(2019, 1, 1));
        let unit = |text, day| {
            let version = catalog.lookup(code(text), day).billable()?;
            version.billing_unit().map(|unit| unit.quantity.to_string())
        };
        assert_eq!(unit("J9310", before).as_deref(), Some("100 mg"));
        assert!(matches!(catalog.lookup(code("J9312"), before), Lookup::NotYet(_)));
        assert_eq!(unit("J9312", after).as_deref(), Some("10 mg"));
        let Lookup::Terminated(ended) = catalog.lookup(code("J9310"), after) else {
            panic!("J9310 has ended")
        };
        assert_eq!(&*ended.successors, [code("J9312")]);
    }

    #[test]
    fn an_unknown_code_is_unknown() {
        let catalog = Catalog::embedded();
        assert!(matches!(catalog.lookup(code("J0000"), date(2025, 1, 1)), Lookup::Unknown));
    }

    #[test]
    fn quarterly_tables_answer_by_date() {
        let catalog = Catalog::embedded();
        let day = date(2025, 11, 3);
        let status = |text| catalog.status_indicator(code(text), day).map(|status| status.value.to_string());
        assert_eq!(status("J9041").as_deref(), Some("N"));
        assert_eq!(status("J9305").as_deref(), Some("K"));
        let limit = catalog.mue(code("96375"), EditKind::Practitioner, day).expect("a limit");
        assert!(limit.value.units > 0 && !limit.is_exact);
        let parents = catalog.add_on_parents(code("96375"), day).expect("an add-on code");
        let hydration = parents.iter().find(|parent| parent.code == code("96360")).expect("a parent");
        assert_eq!(hydration.setting, AddOnSetting::PractitionerOnly);
        let pair = catalog.procedure_pair(code("96413"), code("96365"), EditKind::Practitioner, day);
        assert!(pair.is_some_and(|pair| pair.value.modifier_allowed));
        assert!(catalog.asp_limit(code("J9312"), day).is_some_and(|limit| limit.is_exact));
    }

    #[test]
    fn packages_know_their_codes_and_units() {
        let catalog = Catalog::embedded();
        let rows = catalog.ndc("50242-0053-06".parse().expect("an NDC"));
        assert_eq!(
            rows.first().map(|row| (row.code, row.bill_units)),
            Some((code("J9312"), crate::domain::quantity::Decimal::whole(50)))
        );
        assert!(catalog.ndc("00000-0000-00".parse().expect("an NDC")).is_empty());
    }
}
