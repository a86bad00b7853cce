//! What the log says of a dispatcher: what a build wired, and its name in the lines of failures.

use event_core::{Dispatcher, dispatcher::DispatcherBuilder};
use tracing::Level;

use super::lines::{Line, Lines};
use super::{failing, paid};

fn build(builder: DispatcherBuilder) -> Dispatcher {
    let builder = builder.handler(failing::inline);
    builder
        .handler(failing::inline_panics)
        .build()
        .expect("a dispatcher")
}

/// Takes the one line that says what a build wired.
fn take_wired(lines: &Lines) -> Line {
    let mut wired = lines.take_of(Level::DEBUG);
    wired.retain(|line| line.message().starts_with("the dispatcher is built"));
    let [line] = &wired[..] else {
        panic!("one line for one build: {wired:?}")
    };
    line.clone()
}

#[test]
fn each_build_says_in_one_line_what_it_wired() {
    let (lines, _listening) = Lines::listen();
    let dispatcher = build(Dispatcher::empty().name("orders"));
    let line = take_wired(&lines);
    let events = dispatcher.events().count();
    let left_out = line.field("left_out");
    assert_eq!(
        line.message(),
        format!(
            "the dispatcher is built: {events} events, 2 handlers, 0 queues; {left_out} linked handlers \
             are left out"
        )
    );
    assert_eq!(line.field("dispatcher"), "orders");
    assert_eq!(line.field("events"), events.to_string());
    assert_eq!((line.field("handlers"), line.field("queues")), ("2", "0"));

    // With one handler fewer, one more is left out.
    let only = Dispatcher::empty().handler(failing::inline).build();
    let line = take_wired(&lines);
    let fewer: usize = left_out.parse().expect("a number");
    assert_eq!(line.field("left_out"), (fewer + 1).to_string());
    assert_eq!(line.field("dispatcher"), "", "it has no name");
    drop(only);
}

#[test]
fn the_line_of_a_failure_names_the_dispatcher_that_has_a_name() {
    let (lines, _listening) = Lines::listen();
    build(Dispatcher::empty().name("orders")).emit(paid(1));
    let failed = lines.take_of(Level::ERROR);
    assert_eq!(failed.len(), 2);
    for line in failed {
        assert_eq!(line.field("dispatcher"), "orders");
        assert!(
            line.message().starts_with("in dispatcher `orders`: "),
            "{line:?}"
        );
    }
    build(Dispatcher::empty()).emit(paid(1));
    for line in lines.take_of(Level::ERROR) {
        assert_eq!(line.field("dispatcher"), "");
    }
}
