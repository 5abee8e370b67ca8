//! Everything that was opened for a treatment, with what the crosswalk lists of it.

use smallvec::SmallVec;

use super::packages::{Assumed, NANOS, OPENED_INLINE};
use super::*;
use crate::catalog::ndc::{NdcEntry, PackageForm};
use crate::catalog::{Catalog, CodeFlag};
use crate::domain::drug::{Container, NdcGiven};
use crate::domain::quantity::{Measure, Quantity};
use crate::rules::drug_line::treatment::Dose;
use crate::rules::drug_line::units::convert::{LastPlace, in_measure};
use crate::rules::drug_line::waste::scope;

/// Equal containers of one NDC, before they are added up.
pub(super) struct Opened<'t> {
    pub ndc: Option<Ndc>,
    /// The row of the crosswalk that lists the NDC on the date of service, that of the code before another.
    pub listed: Option<&'t NdcEntry>,
    /// What the listed packages of the code tell of one that is not listed and holds as much: its form and its size.
    pub others: Option<(PackageForm, Decimal)>,
    /// Content of one, in the base of the code's measure.
    pub content: i128,
    pub count: u32,
    pub source: Source<'t>,
}

#[derive(Clone, Copy)]
pub(super) enum Source<'t> {
    Container(&'t Dose<'t>, &'t Container),
    /// A dose without containers.
    Dose(&'t Dose<'t>),
}

impl Opened<'_> {
    pub fn is_for_several(&self, coding: &Coding<'_>) -> bool {
        let Source::Container(dose, container) = self.source else { return false };
        // The rest of a bottle of tablets is the next patient's.
        scope::is_loose(dose)
            || !scope::is_single_dose(coding, dose, scope::kind_of(coding, dose, container).0)
    }

    /// Why it is counted in pieces where nothing tells its form.
    pub fn assumed(&self, qualifier: NdcQualifier, rule: &Rule) -> Option<Assumed> {
        if self.is_swallowed() {
            return (rule.id == D_10.id).then_some(Assumed::Swallowed);
        }
        let Source::Container(_, container) = self.source else { return None };
        let is_by_rule = rule.id == D_05.id || container.form.is_some() || self.ndc.is_none();
        let is_told = match self.listed {
            Some(entry) => entry.told_form() != PackageForm::Untold,
            None => self.others.is_some(),
        };
        (qualifier == NdcQualifier::Unit && !is_by_rule && !is_told).then_some(Assumed::Piece)
    }

    /// Whether the drug is swallowed and neither its form nor a volume or a strength of it is stated.
    pub fn is_swallowed(&self) -> bool {
        let (dose, is_told) = match self.source {
            Source::Dose(dose) => (dose, false),
            Source::Container(dose, container) => {
                let is_liquid =
                    container.volume.is_some() || container.content.unit.measure() == Measure::Volume;
                (dose, is_liquid || container.form.is_some())
            }
        };
        dose.version.flags.has(CodeFlag::Oral) && dose.per_ml.is_none() && !is_told
    }
}

/// What was opened for a treatment; a dose without containers stands for its own.
pub(super) fn opened<'t>(
    catalog: &'t Catalog,
    treatment: &Treatment<'t>,
    billed: &Billed,
) -> SmallVec<[Opened<'t>; OPENED_INLINE]> {
    let in_code = |quantity: Quantity, dose: &Dose<'_>| match &billed.counting {
        Counting::Amount(measured) => {
            in_measure(quantity, measured.measure(), dose.per_ml, LastPlace::Down).ok()
        }
        _ => None,
    };
    let mut opened = SmallVec::new();
    for dose in treatment.doses {
        let of_drug = read(dose.drug.ndc.as_ref());
        for container in &dose.drug.containers {
            let ndc = read(container.ndc.as_ref()).or(of_drug);
            let content = in_code(container.content, dose);
            let listed = listed(catalog, ndc, dose);
            let is_open = ndc.is_some() && listed.is_none();
            opened.push(Opened {
                ndc,
                listed,
                others: content
                    .filter(|_| is_open)
                    .and_then(|one| others(catalog, billed, dose, container, one)),
                content: content.unwrap_or(1),
                count: container.count,
                source: Source::Container(dose, container),
            });
        }
        if dose.drug.containers.is_empty() {
            let content = dose.drug.dose_administered.and_then(|given| in_code(given, dose)).unwrap_or(1);
            let source = Source::Dose(dose);
            opened.push(Opened {
                ndc: of_drug,
                listed: listed(catalog, of_drug, dose),
                others: None,
                content,
                count: 1,
                source,
            });
        }
    }
    opened
}

fn listed<'t>(catalog: &'t Catalog, ndc: Option<Ndc>, dose: &Dose<'_>) -> Option<&'t NdcEntry> {
    let ndc = ndc?;
    let of_code = catalog.ndc_on(ndc, dose.date()).find(|row| row.code == dose.code);
    of_code.or_else(|| catalog.ndc_on(ndc, dose.date()).next())
}

/// What the listed packages of the code tell of a container that is not listed, where the record tells neither its form nor
/// its volume.
fn others(
    catalog: &Catalog,
    billed: &Billed,
    dose: &Dose<'_>,
    container: &Container,
    content: i128,
) -> Option<(PackageForm, Decimal)> {
    let Counting::Amount(measured) = &billed.counting else { return None };
    let is_told = container.form.is_some() || container.volume.is_some() || dose.per_ml.is_some();
    let nanos = content.checked_mul(NANOS).filter(|nanos| !is_told && nanos % measured.one == 0)?;
    let bill_units = Decimal::from_nanos(i64::try_from(nanos / measured.one).ok()?);
    catalog.package_forms.of_unlisted(&catalog.ndcs, dose.code, bill_units)
}

pub(super) fn read(ndc: Option<&NdcGiven>) -> Option<Ndc> {
    match ndc? {
        NdcGiven::Read(ndc) => Some(*ndc),
        NdcGiven::Ambiguous(_) => None,
    }
}
