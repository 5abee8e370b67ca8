//! One drug of a request, with what is known of its route.

use super::*;
use crate::policy::parameters::CodeMarks;
use crate::rules::drug_line::drug_marks::{DrugMark, DrugMarks};

/// One drug of the request.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub at: (u16, u16),
    pub administration: &'a Administration,
    pub drug: &'a DrugGiven,
    /// The stated route; where none is, those that the name of the drug allows.
    pub routes: Routes,
    /// What the request states of the drug.
    pub stated: DrugMarks,
    /// Which tables of the policy name the stated code.
    marks: CodeMarks,
}

impl<'a> Asked<'a> {
    pub fn of(
        coding: &Coding<'_>,
        at: (u16, u16),
        administration: &'a Administration,
        drug: &'a DrugGiven,
    ) -> Self {
        let name = drug.name.as_deref().filter(|_| administration.route.is_none());
        let routes = name.map_or([administration.route, None, None], route_words::agreed);
        let marks = drug.code.map(|code| coding.policy.marked_codes.of(code)).unwrap_or_default();
        Self { at, administration, drug, routes, stated: DrugMarks::of(drug), marks }
    }

    /// Which tables of the policy name a code; most often it is the stated one, whose tables are known.
    pub fn marks_of(&self, coding: &Coding<'_>, code: HcpcsCode) -> CodeMarks {
        if self.drug.code == Some(code) { self.marks } else { coding.policy.marked_codes.of(code) }
    }

    /// Which tables of the policy name the stated code.
    pub const fn marks(&self) -> CodeMarks {
        self.marks
    }

    /// The same drug, given by another route.
    pub const fn by(self, route: Route) -> Self {
        Self { routes: [Some(route), None, None], ..self }
    }

    /// The likeliest route.
    pub const fn route(&self) -> Option<Route> {
        self.routes[0]
    }

    pub const fn field(&self, name: &'static str) -> Field {
        Field::Drug(self.at.0, self.at.1, name)
    }

    pub const fn subject(&self) -> Subject {
        Subject::Drug(self.at.0, self.at.1)
    }

    pub fn dose(&self, coding: &mut Coding<'a>, version: &'a CodeVersion) -> Dose<'a> {
        let of_cpt = stated::is_uncoded(version).then(|| cpt_product::settled(coding, self)).flatten();
        let code = match (of_cpt, self.drug.code) {
            (Some((code, _)), _) => code,
            (None, Some(code)) if stated::is_uncoded(version) => code,
            _ => version.code,
        };
        let per_ml = self.strength(coding, version);
        let billing = match of_cpt.filter(|_| self.drug.billing_unit.is_none()) {
            Some((_, unit)) => Ok(stated::of_quantity(unit)),
            None => stated::billing_of(coding, self, version),
        };
        let is_unclassified = matches!(version.billing, Err(NoUnitReason::Unclassified));
        let is_earlier = coding.catalog.is_of_earlier_drug(version);
        let marks = self.marks_of(coding, code);
        let given = (self.administration, self.drug, self.at);
        Dose {
            at: self.at,
            administration: self.administration,
            drug: self.drug,
            code,
            version,
            billing: by_dose::unit(coding, self, version.code).map_or(billing, Ok),
            is_unclassified,
            listed: coding.catalog.formulary.drug(code).filter(|_| !is_earlier),
            per_ml,
            marks,
            stated: self.stated,
            key: treatment::key(coding, given, (code, marks), is_unclassified),
        }
    }

    /// How much drug a millilitre holds, where the request or the package tells it.
    fn strength(&self, coding: &mut Coding<'a>, version: &CodeVersion) -> Option<Strength> {
        // A percentage is rounded, so the label of a product that its name tells goes before it.
        let has_percent = self.drug.percent_strength.is_some()
            || self.drug.name.as_deref().is_some_and(|name| name.contains('%'));
        let by_label = || {
            named::strength(coding, self.drug).filter(|_| has_percent && self.drug.amount_per_ml.is_none())
        };
        let is_told = self.stated.has(DrugMark::Strength);
        let stated = is_told.then(|| by_label().or_else(|| amount_per_ml(self.drug))).flatten();
        let stated = self.in_measure_of(version, stated).or(stated);
        if stated.is_some() || !self.stated.has(DrugMark::Volume) {
            return stated;
        }
        named::strength(coding, self.drug).or_else(|| {
            let has_ndc = self.stated.has(DrugMark::Ndc);
            has_ndc.then(|| package::strength(coding, self.drug, self.at, version)).flatten()
        })
    }

    /// The strength that the name tells of the drug itself, where it tells that of its fluid too.
    fn in_measure_of(&self, version: &CodeVersion, stated: Option<Strength>) -> Option<Strength> {
        let measure = version.billing_unit()?.quantity.unit.measure();
        let is_of_other = stated.is_none_or(|stated| stated.amount.unit.measure() != measure);
        let is_open = is_of_other && self.drug.amount_per_ml.is_none() && self.stated.has(DrugMark::Volume);
        in_name_by(self.drug.name.as_deref().filter(|_| is_open)?, measure)
    }

    /// Whether the request gives a name or a class alone, as for a visit that is coded for its administrations.
    pub fn is_only_named(&self) -> bool {
        let DrugGiven { code, ndc, dose_administered, dose_ordered, containers, product_kind, .. } =
            self.drug;
        code.is_none()
            && ndc.is_none()
            && dose_administered.is_none()
            && dose_ordered.is_none()
            && containers.is_empty()
            && product_kind.is_none()
    }
}
