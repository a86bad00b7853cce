//! Takes bevy's sample out of `docs/coming_from.md`, for `tests/bevy.rs` to include.

use std::env;
use std::fs;
use std::path::Path;

#[path = "src/page.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "it is a module of the library, too"
)]
mod page;

fn main() {
    let page = page::Page::read();
    println!("cargo::rerun-if-changed={}", page::PATH);
    let sample = format!("{{\n{}\n}}", page.section("bevy").sample);
    let folder = env::var_os("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&folder).join("bevy_sample.rs"), sample).expect("it is written");
}
