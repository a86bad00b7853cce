//! Failed assertions say where each event was emitted.

use event_core::queue::Queue;
use event_core::wire::Codec;
use event_core::{Dispatcher, Emitter, Event, PendingEvents, global, handler};
use event_testing::{DispatcherExt as _, assert_nothing_emitted};
use pollster::block_on;
use serde::{Deserialize, Serialize};

use crate::failure::caught;

static MAIL: Queue = Queue::new("mail");

#[derive(Event, Serialize, Deserialize)]
#[event(name = "test.step", wire)]
struct Step(String);

#[derive(Event)]
struct OrderPlaced;

#[derive(Event)]
struct StockReserved;

#[derive(Event)]
struct ReceiptSent;

#[derive(Event)]
struct Archived;

#[derive(Event)]
struct LinePicked;

const RESERVE: u32 = line!() + 2;
#[handler]
fn reserve_stock(_event: &OrderPlaced) -> StockReserved {
    StockReserved
}

const SEND: u32 = line!() + 2;
#[handler(queue = MAIL)]
async fn send_receipt(_event: &OrderPlaced) -> Option<ReceiptSent> {
    Some(ReceiptSent)
}

const ARCHIVE: u32 = line!() + 2;
#[handler]
async fn archive(_event: &ReceiptSent) -> Archived {
    Archived
}

const PICKED: u32 = line!() + 3;
#[handler]
fn pick(_event: &StockReserved, emitter: Emitter<LinePicked>) {
    emitter.emit_after(LinePicked);
}

fn step(name: &str) -> Step {
    Step(name.to_owned())
}

/// Notes the line of an emit, which has to be on the line of the macro.
macro_rules! here {
    ($lines:ident, $name:literal, $emit:expr) => {{
        $lines.push(($name, line!()));
        let _ = $emit;
    }};
}

/// Returns the text of a failure that lists what was emitted.
fn listed<R>(dispatcher: &Dispatcher, emit: impl FnOnce() -> R) -> (R, String) {
    let rec = dispatcher.record();
    let emitted = emit();
    (emitted, caught(|| assert_nothing_emitted!(rec)).text)
}

fn assert_lines(text: &str, lines: &[(&str, u32)]) {
    for (name, line) in lines {
        let wanted = format!(r#"Step("{name}"), emitted at {}:{line}, no"#, file!());
        assert!(text.contains(&wanted), "not `{wanted}`\n{text}");
    }
}

#[test]
fn an_emission_shows_the_line_of_its_emit_whatever_emits() {
    let builder = Dispatcher::empty();
    let handle = builder.handle();
    let d = builder.build().expect("a dispatcher");
    let codec = Codec::new("/test").expect("a codec");
    let json = br#"{"specversion": "1.0", "id": "018f2f3c-1111-7000-8000-000000000000",
        "source": "/others", "type": "test.step", "data": "envelope"}"#;
    let envelope = codec.decode(json).expect("an envelope");
    let emit = || {
        let mut lines = Vec::new();
        here!(lines, "emit", d.emit(step("emit")));
        here!(lines, "async", block_on(d.emit_async(step("async"))));
        here!(lines, "blocking", d.emit_blocking(step("blocking")));
        here!(lines, "with", d.with(1_u8).emit(step("with")));
        let fast = d.fail_fast();
        here!(lines, "fast", block_on(fast.emit_async(step("fast"))));
        here!(lines, "firm", fast.emit_blocking(step("firm")));
        let settled = d.settled();
        here!(lines, "all", block_on(settled.emit_async(step("all"))));
        here!(lines, "every", settled.emit_blocking(step("every")));
        here!(lines, "handle", handle.emit(step("handle")));
        let entered = global::enter(&d);
        here!(lines, "global", global::emit(step("global")));
        drop(entered);
        here!(lines, "envelope", d.emit(&envelope));
        let collected: PendingEvents = [step("collected")].into_iter().collect();
        here!(lines, "collected", d.emit(collected));
        lines
    };
    let (lines, text) = listed(&d, emit);
    assert_lines(&text, &lines);
}

#[test]
fn an_event_that_code_recorded_shows_the_line_that_recorded_it() {
    let d = Dispatcher::empty().build().expect("a dispatcher");
    let emit = || {
        let mut lines = Vec::new();
        let mut pending = PendingEvents::new();
        here!(lines, "recorded", pending.record(step("recorded")));
        here!(lines, "later", pending.record(step("later")));
        d.emit(pending.take());
        here!(lines, "awaited", pending.record(step("awaited")));
        block_on(d.emit_async(pending));
        let worked = d.unit_of_work(|mut work| {
            here!(lines, "work", work.emit(step("work")));
            let mut part = work.savepoint();
            here!(lines, "part", part.emit(step("part")));
            part.released();
            d.emit(work.committed());
            Ok::<_, ()>(())
        });
        worked.expect("it is committed");
        lines
    };
    let (lines, text) = listed(&d, emit);
    assert_lines(&text, &lines);
}

#[test]
fn a_function_that_tracks_its_caller_shows_that() {
    #[track_caller]
    fn place(d: &Dispatcher) {
        d.emit(step("placed"));
    }
    let d = Dispatcher::empty().build().expect("a dispatcher");
    let emit = || {
        let mut lines = Vec::new();
        here!(lines, "placed", place(&d));
        lines
    };
    let (lines, text) = listed(&d, emit);
    assert_lines(&text, &lines);
}

#[test]
fn an_event_of_a_handler_shows_the_handler_or_the_line_of_its_emitter() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let builder = Dispatcher::empty().handler(reserve_stock).handler(pick);
    let builder = builder.handler(send_receipt).handler(archive);
    let d = builder.runtime(runtime.handle().clone()).build();
    let d = d.expect("a dispatcher");
    let (_, text) = listed(&d, || d.track_blocking(|d| d.emit(OrderPlaced)));
    let (file, path) = (file!(), module_path!());
    let by = |name: &str, line: u32| format!("returned by {path}::{name} ({file}:{line})");
    for (event, place) in [
        ("StockReserved", by("reserve_stock", RESERVE)),
        ("ReceiptSent", by("send_receipt", SEND)),
        ("Archived", by("archive", ARCHIVE)),
        ("LinePicked", format!("emitted at {file}:{PICKED}")),
    ] {
        let is_told = text
            .lines()
            .any(|line| line.contains(&format!(". {event}, caused by")) && line.contains(&place));
        assert!(is_told, "{event} is not `{place}`\n{text}");
    }
}

#[test]
fn an_event_that_a_subscription_returned_shows_the_line_of_the_subscription() {
    let d = Dispatcher::empty().build().expect("a dispatcher");
    let (subscription, line) = (d.subscribe(|_: &OrderPlaced| StockReserved), line!());
    let (_, text) = listed(&d, || d.emit(OrderPlaced));
    let place = format!("({}:{line})", file!());
    let reserved = text
        .lines()
        .find(|line| line.contains("StockReserved, caused by event 1, returned by"));
    assert!(reserved.is_some_and(|line| line.contains(&place)), "{text}");
    drop(subscription);
}
