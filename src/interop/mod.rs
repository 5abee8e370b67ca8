//! Other formats in and out: FHIR R4 and X12 837. Pure: text in, text out.

pub mod fhir;
pub mod x12;
