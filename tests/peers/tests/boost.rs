//! What the page says of Boost.Signals2, by `boost/checks.cpp`.

mod common;

use std::process::Command;

use common::{folder, source};
use event_peers::page::Page;
use event_peers::{Checked, assert_section};
use event_registries::{run, unpacked_wheel};

/// The wheel that is pinned: its headers are those of every platform.
const WHEEL: [&str; 8] = [
    "--platform",
    "manylinux_2_28_x86_64",
    "--implementation",
    "cp",
    "--python-version",
    "3.13",
    "--abi",
    "cp313",
];

/// The folders that Signals2 includes from, a seventh of all.
const FOLDERS: &str = "assert bind config container_hash core detail exception function functional integer \
                       iterator move mp11 mpl optional parameter preprocessor signals2 smart_ptr type_index \
                       type_traits utility variant";

#[test]
fn what_the_page_says_of_boost_is_what_boost_does() {
    let page = Page::read();
    let section = page.section("Boost");
    let requirements = source("boost/requirements.txt");
    let folders: Vec<_> = FOLDERS.split(' ').collect();
    let root = "cmeel.prefix/include/boost";
    let headers = unpacked_wheel(&folder("boost"), &requirements, &WHEEL, root, &folders);

    let sample = common::write("boost-sample", "sample.inc", &section.sample);
    let program = sample.with_file_name("checks");
    run(
        Command::new("c++")
            .args(["-std=c++17", "-pthread"])
            .arg(format!("-DSAMPLE={:?}", sample.display().to_string()))
            .arg("-isystem")
            .arg(headers.join("cmeel.prefix/include"))
            .arg(source("boost/checks.cpp"))
            .arg("-o")
            .arg(&program),
        "install a C++ compiler (for example: apt-get install g++)",
    );
    assert_section(section, &Checked::by(&mut Command::new(program)));
}
