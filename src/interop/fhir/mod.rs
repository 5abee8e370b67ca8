//! FHIR R4: the resources of a visit in, a Claim or ChargeItems out.
//!
//! Only the elements that coding needs are described here. The published model crates describe every
//! resource of the standard, cost more to build than the rest of this program, read decimals as floating
//! point or refuse a whole Bundle for one unrelated element.

mod administration;
mod bundle;
mod charge_item;
mod claim;
mod dispense;
mod elements;
mod medication;
mod route;
mod route_codes;
mod systems;
#[cfg(test)]
mod tests;
mod visit;
mod written;

pub use bundle::FhirError;
pub use charge_item::{ChargeItems, write_charge_items};
pub use claim::{Claim, write_claim};
pub use visit::{VisitDefaults, read_visit};
