//! Empty on purpose: cargo asks for a build script beside the `links` key.

fn main() {}
