//! The gRPC service: services, conversion, layers.

pub mod admin_service;
pub mod catalog_service;
pub mod code_book;
pub mod coder;
pub mod coding_service;
pub mod convert;
pub mod encoded;
pub mod health;
pub mod http_json;
pub mod items;
pub mod json;
mod json_faults;
pub mod layers;
pub mod lent;
pub mod limits;
pub mod lines;
pub mod listen;
pub mod nested;
pub mod operations;
pub mod paging;
pub mod pb;
pub mod refusal;
pub mod replay;
pub mod rule_book;
pub mod secrets;
pub mod serve;
pub mod tls;
