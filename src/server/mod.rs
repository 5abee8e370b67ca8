//! The gRPC service: services, conversion, layers.
