//! Codes infusion and oncology visits: administration codes, drug codes, billing units and discarded
//! drug, with the reason for every line.
//!
//! `domain` holds the nouns, `policy` the dated law, `rules` the verbs, `engine` the mechanism,
//! `audit` the comparison with a billed claim, `catalog` the book of codes and `cms` the parsers of what CMS
//! publishes. IO stays at the edge:
//! `updater`, `server`, `interop`, `report` and `cli`.

pub mod audit;
pub mod catalog;
pub mod causes;
pub mod cli;
pub mod cms;
pub mod config;
pub mod domain;
pub mod engine;
pub mod interop;
pub mod load;
pub mod policy;
pub mod report;
pub mod rules;
pub mod server;
pub mod synthetic;
pub mod telemetry;
pub mod updater;
