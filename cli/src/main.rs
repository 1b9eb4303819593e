//! The `nooterra` command.
fn main() {}
