//! All integration tests in one binary, so that the crate is linked once.

mod architecture;
mod cms;
mod golden_administration;
mod interop;
mod proto_hygiene;
mod store_crash;
mod support;
mod updater;
