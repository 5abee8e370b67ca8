//! The messages and services of `proto/`, generated at build time.

#![allow(clippy::all, deprecated, missing_docs, reason = "generated code")]

tonic::include_proto!("infusion.coding.v1");
include!(concat!(env!("OUT_DIR"), "/servers/infusion.coding.v1.rs"));
include!(concat!(env!("OUT_DIR"), "/enum_names.rs"));
include!(concat!(env!("OUT_DIR"), "/json_methods.rs"));

/// The descriptors of every proto, for reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
