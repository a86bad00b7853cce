//! Compile-fail cases: what a user is told for each mistake.
//!
//! `own` holds our own messages, which are the same on every toolchain. `bounds` holds what rustc
//! says about our traits, compared only on the rustc those messages were written for. `pass` holds
//! the good twin of each bad case, and one file for each trap that generated code must survive.
//!
//! `TRYBUILD=overwrite cargo test -p event-tests --test ui` writes the messages anew. Read each
//! one as the user who gets it before it is committed.
//!
//! Apart from other tests, since it runs `cargo` for minutes, and is run alone.

use std::io::{self, Write};
use std::process::Command;

/// The rustc whose words `ui/bounds` compares.
const RUSTC: &str = "1.95.";

#[test]
fn every_mistake_gets_the_message_that_tells_what_to_type() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/own/*.rs");
    let version = rustc_version();
    if version.starts_with(RUSTC) {
        cases.compile_fail("ui/bounds/*.rs");
    } else {
        // Not `eprintln!`, which the test harness keeps to itself when a test passes.
        let _ = writeln!(
            io::stderr(),
            "SKIPPED: ui/bounds, whose messages are those of rustc {RUSTC}x; this is rustc {version}"
        );
    }
}

/// `1.95.0`, or what the command said instead.
fn rustc_version() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    match Command::new(rustc).arg("--version").output() {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout);
            let version = text.split_whitespace().nth(1);
            version.unwrap_or("of an unknown version").to_owned()
        }
        Err(error) => format!("that could not be asked for its version: {error}"),
    }
}
