//! MedicationDispense: the containers that were opened for an administration.

use crate::domain::drug::Container;
use crate::domain::quantity::Decimal;

use super::bundle::{FhirError, Resource, Resources, decimal, quantity};
use super::elements::{AdministrationResource, DispenseResource, MedicationResource};
use super::{medication, systems};

/// The containers of the dispenses that belong to an administration: those of its order, else those of
/// the very Medication it names. Without a content (`Medication.amount`) a container says nothing.
pub(super) fn containers<'a>(
    administration: &AdministrationResource<'a>,
    resources: &Resources<'a>,
) -> Result<Vec<Container>, FhirError> {
    let mut containers = Vec::new();
    for resource in resources.of_kind("MedicationDispense") {
        let dispense: DispenseResource<'a> = resource.read()?;
        let given =
            !matches!(dispense.status.as_deref(), Some("cancelled" | "declined" | "entered-in-error"));
        if given && belongs(&dispense, administration) {
            containers.extend(container(&dispense, resource, resources)?);
        }
    }
    Ok(containers)
}

fn belongs(dispense: &DispenseResource<'_>, administration: &AdministrationResource<'_>) -> bool {
    let order = administration.request.as_ref().and_then(|request| request.reference.as_deref());
    let orders = dispense.authorizing_prescription.iter().filter_map(|order| order.reference.as_deref());
    let mut orders = orders.peekable();
    if let (Some(order), Some(_)) = (order, orders.peek()) {
        return orders.any(|authorizing| authorizing == order);
    }
    let name = |reference: &Option<super::elements::Reference>| {
        reference.as_ref().and_then(|reference| reference.reference.clone())
    };
    let given = name(&administration.medication_reference);
    given.is_some() && given == name(&dispense.medication_reference)
}

fn container<'a>(
    dispense: &DispenseResource<'a>,
    resource: &Resource<'a>,
    resources: &Resources<'a>,
) -> Result<Option<Container>, FhirError> {
    let path = &resource.path;
    let Some(reference) = &dispense.medication_reference else { return Ok(None) };
    let product = medication::referenced(reference, &dispense.contained, path, resources)?;
    let Some(product) = product else { return Ok(None) };
    let read: MedicationResource<'_> = product.read()?;
    let content = read.amount.as_ref().and_then(|ratio| ratio.numerator.as_ref());
    let Some(content) = content else { return Ok(None) };
    let ndc = read.code.as_ref().and_then(systems::ndc).map(|(index, code)| {
        let at = format!("{}.code.coding[{index}].code", product.path);
        medication::ndc_given(code).map_err(|error| FhirError::new(at, error.to_string()))
    });
    Ok(Some(Container {
        content: quantity(content, &format!("{}.amount.numerator", product.path))?,
        volume: None,
        count: count(dispense, path)?,
        kind: None,
        form: None,
        ndc: ndc.transpose()?,
        lot_number: read.batch.and_then(|batch| batch.lot_number),
        shared_with_later_patient: false,
    }))
}

/// How many containers were dispensed, a whole number of at least one.
fn count(dispense: &DispenseResource<'_>, path: &str) -> Result<u32, FhirError> {
    let at = format!("{path}.quantity");
    let amount = dispense.quantity.as_ref();
    let amount = amount.ok_or_else(|| FhirError::new(&at, "the number of containers is missing"))?;
    let nanos = decimal(amount, &at)?.nanos();
    let whole = nanos % Decimal::ONE.nanos() == 0;
    let count = u32::try_from(nanos / Decimal::ONE.nanos()).ok().filter(|count| whole && *count > 0);
    count.ok_or_else(|| FhirError::new(format!("{at}.value"), "give a whole number of containers"))
}
