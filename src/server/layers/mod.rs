//! What surrounds every call: who may make it, whether there is room for it, and what is counted.

pub mod admission;
pub mod auth;
pub mod counted;
pub mod deadline;
pub mod metrics;
#[cfg(feature = "otlp")]
pub mod trace;
pub mod unreadable;
pub mod web;
