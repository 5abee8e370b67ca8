//! Other formats in and out: FHIR R4 and X12 837.
