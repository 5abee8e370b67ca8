//! One drug of a request, with what is known of its route.

use super::*;

/// One drug of the request.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub at: (u16, u16),
    pub administration: &'a Administration,
    pub drug: &'a DrugGiven,
    /// The stated route; where none is, those that the name of the drug allows.
    pub routes: Routes,
}

impl<'a> Asked<'a> {
    pub fn of(at: (u16, u16), administration: &'a Administration, drug: &'a DrugGiven) -> Self {
        let name = drug.name.as_deref().filter(|_| administration.route.is_none());
        let routes = name.map_or([administration.route, None, None], route_words::agreed);
        Self { at, administration, drug, routes }
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
        let per_ml = amount_per_ml(self.drug)
            .or_else(|| named::strength(coding, self.drug))
            .or_else(|| package::strength(coding, self.drug, self.at, version));
        let billing = match of_cpt.filter(|_| self.drug.billing_unit.is_none()) {
            Some((_, unit)) => Ok(stated::of_quantity(unit)),
            None => stated::billing_of(coding, self, version),
        };
        let mut dose = Dose {
            at: self.at,
            administration: self.administration,
            drug: self.drug,
            code,
            version,
            billing: by_dose::unit(coding, version.code).map_or(billing, Ok),
            is_unclassified: version.billing == Err(NoUnitReason::Unclassified),
            listed: coding.catalog.formulary.drug(code),
            per_ml,
            marks: coding.policy.marked_codes.of(code),
            key: Key::UNSET,
        };
        dose.key = treatment::key(&dose, coding);
        dose
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
