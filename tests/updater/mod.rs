//! The refresh against a stand-in for the CMS site.

mod fetch;
mod refresh;
mod service;
mod stores;
