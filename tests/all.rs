//! All integration tests in one binary, so that the crate is linked once.

mod administration;
mod architecture;
mod catalog_service;
mod cms;
mod drug_lines;
mod examples;
mod interop;
mod program;
mod proto_hygiene;
mod rule_book;
mod seed;
mod store_crash;
mod support;
mod synthetic_claims;
mod updater;
mod years;
