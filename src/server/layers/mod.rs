//! What surrounds every call: who may make it, and what is counted.

pub mod auth;
pub mod metrics;
pub mod web;
