//! The command line, one file a subcommand.

pub mod ordered_lines;
