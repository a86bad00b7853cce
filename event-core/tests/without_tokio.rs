//! What the crate is without its feature `tokio`: synchronous, and honest about it.
#![cfg(not(any(feature = "tokio", loom)))]

use event_core::error::ProblemKind;
use event_core::flag::Flag;
use event_core::queue::{LocalQueue, Overflow, Queue};
use event_core::{Dispatcher, Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

static MAIL: Queue = Queue::new("mail");
static UI: LocalQueue<Vec<u64>> = LocalQueue::new("ui");

#[handler]
async fn notify_warehouse(_event: &OrderPlaced) {}

#[handler(queue = MAIL)]
fn send_receipt(_event: &OrderPlaced) {}

#[handler(queue = UI)]
fn show(event: &OrderPlaced, shown: &mut Vec<u64>) {
    shown.push(event.order_id);
}

#[test]
fn async_and_queued_handlers_are_refused_with_the_reason() {
    let error = Dispatcher::builder()
        .build()
        .expect_err("there is no tokio");
    let kinds: Vec<_> = error.problems().iter().map(|it| it.kind()).collect();
    assert_eq!(kinds, [ProblemKind::MissingRuntime], "{error}");
    let text = error.to_string();
    for part in [
        "handlers that are `async` or have a queue need the feature `tokio` of `event-core`",
        " without_tokio::notify_warehouse",
        " without_tokio::send_receipt",
        r#"help: in Cargo.toml: event-core = { version = "0.1", features = ["tokio"] }"#,
    ] {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
}

#[test]
fn a_local_queue_a_stream_and_a_flag_work() {
    let builder = Dispatcher::builder()
        .without(notify_warehouse)
        .without(send_receipt);
    let dispatcher = builder.build().expect("nothing needs tokio");
    let mut stream = dispatcher.stream::<OrderPlaced>(8, Overflow::DropOldest);

    let report = dispatcher.emit(OrderPlaced { order_id: 7 });
    assert_eq!(report.handed_over(), 2);

    let mut shown = Vec::new();
    assert_eq!(
        dispatcher
            .queue(&UI)
            .expect("a handler names it")
            .pump(&mut shown),
        1
    );
    assert_eq!(shown, [7]);
    assert_eq!(stream.try_next().map(|event| event.order_id), Some(7));

    let flag = Flag::new();
    flag.set();
    assert!(flag.is_set());
}

#[test]
fn a_shutdown_drains_on_a_plain_thread() {
    let builder = Dispatcher::builder()
        .without(notify_warehouse)
        .without(send_receipt);
    let dispatcher = builder.build().expect("nothing needs tokio");
    dispatcher.emit(OrderPlaced { order_id: 7 });
    let shutdown = dispatcher.shutdown(std::time::Duration::ZERO).blocking();
    assert_eq!(shutdown.abandoned().len(), 1, "nobody pumps: {shutdown}");
    assert!(dispatcher.emit(OrderPlaced { order_id: 8 }).closed());
}
