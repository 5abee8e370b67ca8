//! The gRPC service: services, conversion, layers.

pub mod json;
pub mod layers;
pub mod pb;
