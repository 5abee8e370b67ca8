//! The gRPC service: services, conversion, layers.

pub mod http_json;
pub mod items;
pub mod json;
pub mod layers;
pub mod pb;
