//! The quarterly refresh: discover, fetch, verify, unpack, parse, gate, diff, store, activate.

mod aside;
pub mod desk;
pub mod discover;
pub mod fetch;
pub mod gate;
pub mod history;
pub mod keeper;
pub mod memory;
pub mod pages;
pub mod posting;
pub mod quarter;
pub mod reader;
pub mod refresh;
pub mod replica;
pub mod run;
pub mod schedule;
pub mod settings;
pub mod source;
pub mod unpack;
