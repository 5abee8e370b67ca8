//! The refresh against a stand-in for the CMS site.

mod fetch;
mod program;
mod refresh;
mod replica;
mod service;
mod shapes;
mod stores;
