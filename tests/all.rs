//! All integration tests in one binary, so that the crate is linked once.

mod administration;
mod architecture;
mod cms;
mod examples;
mod interop;
mod proto_hygiene;
mod store_crash;
mod support;
mod updater;
