//! Which tables of the policy name a code, so that a drug that none names is settled by one look-up.

use rustc_hash::FxHashMap;

use super::{AdministrationParameters, DrugLineParameters};
use crate::domain::code::HcpcsCode;

/// A table whose rows are for certain codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum CodeMark {
    /// Given by two routes (rule M-01).
    RouteModifier = 1,
    /// Usually self-administered under the skin (rule M-02).
    SelfAdministered = 1 << 1,
    /// An erythropoietin (rules M-03, M-04).
    Erythropoietin = 1 << 2,
    /// Two components with a recorded convention (rule U-08).
    Components = 1 << 3,
    /// A code that several makers share (rule B-01).
    SharedByMakers = 1 << 4,
    /// Insulin for pumps (rule M-09).
    PumpInsulin = 1 << 5,
    /// One of a pair by renal status (rule L-05).
    RenalPair = 1 << 6,
    /// Wrong for some route (rule N-07).
    ByRoute = 1 << 7,
    /// The payer fixes the unit of its NDC quantity (rule D-05).
    NdcUnit = 1 << 8,
    /// An antiemetic by mouth (rule M-02).
    OralAntiemetic = 1 << 9,
    /// What was given of it may be no service of the administration track: changed cells, a flush or a lock of the
    /// line, what clears a catheter, what has codes of another section (rules CHM-8, CHM-13).
    AdmittedApart = 1 << 10,
    /// A supply that the services include (rule MOD-2).
    IncludedSupply = 1 << 11,
    /// Bounded by the amount of the dose (rule U-09).
    DoseBound = 1 << 12,
}

/// The tables that name a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CodeMarks(u16);

impl CodeMarks {
    /// Whether a table names the code.
    pub const fn has(self, mark: CodeMark) -> bool {
        self.0 & mark as u16 != 0
    }

    /// Whether one of several tables names the code.
    pub const fn has_any(self, marks: Self) -> bool {
        self.0 & marks.0 != 0
    }

    /// The set of some marks.
    pub const fn of(marks: &[CodeMark]) -> Self {
        let (mut set, mut at) = (0, 0);
        while at < marks.len() {
            set |= marks[at] as u16;
            at += 1;
        }
        Self(set)
    }
}

/// Every code that a table names, with its marks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MarkedCodes(FxHashMap<HcpcsCode, CodeMarks>);

impl MarkedCodes {
    /// Reads the tables of one policy.
    pub(in crate::policy) fn new(
        administration: &AdministrationParameters,
        tables: &DrugLineParameters,
    ) -> Self {
        let mut marks: FxHashMap<HcpcsCode, CodeMarks> = FxHashMap::default();
        let mut mark = |code: HcpcsCode, mark: CodeMark| marks.entry(code).or_default().0 |= mark as u16;
        tables.route_modifier_codes.iter().for_each(|code| mark(*code, CodeMark::RouteModifier));
        tables.self_administered_codes.iter().for_each(|code| mark(*code, CodeMark::SelfAdministered));
        tables.oral_antiemetic_codes.iter().for_each(|code| mark(*code, CodeMark::OralAntiemetic));
        tables.esa_codes.iter().for_each(|row| mark(row.code, CodeMark::Erythropoietin));
        tables.component_units.iter().for_each(|row| mark(row.code, CodeMark::Components));
        tables.biosimilar_modifiers.iter().for_each(|row| mark(row.code, CodeMark::SharedByMakers));
        tables.insulin_pump_codes.iter().for_each(|code| mark(*code, CodeMark::PumpInsulin));
        for pair in tables.esrd_pairs.iter() {
            mark(pair.on_dialysis, CodeMark::RenalPair);
            mark(pair.other, CodeMark::RenalPair);
        }
        tables.dose_bounds.iter().for_each(|bound| mark(bound.code, CodeMark::DoseBound));
        let by_route = tables.codes_by_route.iter().flat_map(|row| row.codes.iter());
        by_route.for_each(|code| mark(*code, CodeMark::ByRoute));
        tables.ndc_qualifiers.iter().for_each(|row| mark(row.code, CodeMark::NdcUnit));
        let apart = [&administration.declotting.drugs, &administration.lock_drugs.drugs];
        let apart = apart.into_iter().chain([&*administration.flush_codes]);
        let apart = apart.chain(administration.cell_therapy.iter().map(|kind| &kind.products));
        let apart = apart.chain([&administration.observed_sprays.drugs.codes]);
        let apart = apart.chain(administration.own_services.iter().map(|service| &service.products));
        apart.flat_map(|codes| codes.iter()).for_each(|code| mark(*code, CodeMark::AdmittedApart));
        administration.included_services.iter().for_each(|code| mark(*code, CodeMark::IncludedSupply));
        Self(marks)
    }

    /// The tables that name a code.
    #[inline]
    pub fn of(&self, code: HcpcsCode) -> CodeMarks {
        self.0.get(&code).copied().unwrap_or_default()
    }
}
