//! The refresh against a stand-in for the CMS site.

mod fetch;
mod imported;
mod missing;
mod program;
mod refresh;
mod replica;
mod service;
mod shapes;
mod slips;
mod stores;
