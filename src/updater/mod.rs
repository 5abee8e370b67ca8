//! The quarterly refresh: discover, fetch, verify, unpack, parse, gate, diff, store, activate.

pub mod discover;
pub mod fetch;
pub mod gate;
pub mod memory;
pub mod quarter;
pub mod refresh;
pub mod settings;
pub mod source;
pub mod unpack;
