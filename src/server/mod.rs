//! The gRPC service: services, conversion, layers.

pub mod layers;
