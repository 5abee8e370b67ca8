//! The `infusion-coder` program.

fn main() {}
