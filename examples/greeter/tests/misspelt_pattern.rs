//! A pattern with a typing error in it.

use event_core::{AnyEvent, Dispatcher, handler};
use greeter::Greeter;

#[handler(events = "loby.*")]
fn misspelt(_event: &dyn AnyEvent) {}

#[test]
fn a_pattern_that_matches_no_event_fails_the_build() {
    let greeting = "Hello";
    let lobby = || Dispatcher::builder().provide(Greeter { greeting });
    let problems = lobby().build().expect_err("one is misspelt").to_string();
    assert!(
        problems.contains("says `events = \"loby.*\"`, which matches no event")
            && problems.contains("misspelt_pattern.rs:"),
        "{problems}"
    );
    assert!(lobby().without(misspelt).build().is_ok());
}
