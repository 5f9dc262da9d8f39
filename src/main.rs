//! The `cellblock` binary.

fn main() {}
