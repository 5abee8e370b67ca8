//! The quarterly refresh: discover, fetch, verify, unpack, parse, gate, diff, store, activate.

pub mod quarter;
pub mod settings;
pub mod unpack;
