//! All integration tests in one binary, so that the crate is linked once.

mod administration_properties;
mod architecture;
mod catalog_service;
mod cms;
mod examples;
mod golden_administration;
mod golden_visits;
mod interop;
mod program;
mod proto_hygiene;
mod rule_book;
mod store_crash;
mod support;
mod updater;
