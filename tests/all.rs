//! All integration tests in one binary, so that the crate is linked once.

mod administration;
mod answers;
mod api_reference;
mod architecture;
mod bounded_requests;
mod catalog_service;
mod cms;
mod documentation;
mod drug_lines;
mod examples;
mod interop;
mod mutated_requests;
mod program;
mod proto_hygiene;
mod rule_book;
mod seed;
mod store_crash;
mod support;
mod synthetic_claims;
mod updater;
mod years;
