//! The command line, one file a subcommand.

pub mod code_stream;
pub mod formats;
pub mod ordered_lines;
