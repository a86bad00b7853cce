//! The events and handlers of the storm: every rung and policy, some of which fail.

use event_core::queue::{LocalQueue, Overflow, Queue};
use event_core::{AnyEvent, Emitter, Event, Meta, handler};

pub(crate) static THREADS: Queue = Queue::new("threads").capacity(8).consumers(2);
pub(crate) static TASKS: Queue = Queue::new("tasks").capacity(8).consumers(2);
pub(crate) static OLDEST: Queue = Queue::new("oldest")
    .capacity(4)
    .overflow(Overflow::DropOldest);
pub(crate) static REJECTS: Queue = Queue::new("rejects")
    .capacity(4)
    .consumers(2)
    .overflow(Overflow::Reject);
pub(crate) static LOCAL: LocalQueue<u64> = LocalQueue::new("local").capacity(4);

#[derive(Event)]
pub(crate) struct Tick(pub(crate) u64);

#[derive(Event)]
#[event(key = key)]
pub(crate) struct Keyed {
    pub(crate) key: u64,
    pub(crate) number: u64,
}

/// Causes itself, through a queue that rejects.
#[derive(Event)]
pub(crate) struct Echo(u64);

#[derive(Event)]
#[event(stoppable)]
pub(crate) struct Pressed(pub(crate) u64);

fn now_and_then(number: u64) -> Result<(), &'static str> {
    match number % 64 {
        1 => Err("on purpose"),
        // Without the hook, which would print it.
        2 => std::panic::resume_unwind(Box::new("on purpose")),
        _ => Ok(()),
    }
}

fn is_not_seventh(tick: &Tick) -> bool {
    !tick.0.is_multiple_of(7)
}

#[handler]
fn inline(tick: &Tick) -> Result<Option<Pressed>, &'static str> {
    now_and_then(tick.0)?;
    Ok(tick.0.is_multiple_of(3).then_some(Pressed(tick.0)))
}

#[handler(queue = THREADS, filter = is_not_seventh)]
fn on_a_thread(tick: &Tick, emitter: Emitter<(Keyed, Echo)>) -> Result<(), &'static str> {
    let (key, number) = (tick.0 % 5, tick.0);
    emitter.emit_after(Keyed { key, number });
    if number.is_multiple_of(11) {
        emitter.emit_after(Echo(number % 4));
    }
    now_and_then(number)
}

#[handler(queue = TASKS)]
async fn keyed_as_a_task(event: &Keyed) -> Result<(), &'static str> {
    if event.number.is_multiple_of(4) {
        tokio::task::yield_now().await;
    }
    now_and_then(event.number)
}

#[handler(queue = OLDEST)]
fn keyed_on_a_thread(event: &Keyed) -> Result<(), &'static str> {
    now_and_then(event.number)
}

#[handler(queue = REJECTS)]
async fn echo(event: &Echo) -> Option<Echo> {
    tokio::task::yield_now().await;
    event.0.checked_sub(1).map(Echo)
}

#[handler(queue = TASKS, retry(attempts = 3, backoff = "1ms..2ms", ordered))]
async fn keyed_again(event: &Keyed, meta: Meta) -> Result<(), &'static str> {
    fails_at_first(event.number, &meta)?;
    now_and_then(event.number)
}

#[handler(queue = THREADS, retry(attempts = 2, backoff = "1ms..2ms"))]
fn pressed_again(event: &Pressed, meta: Meta) -> Result<(), &'static str> {
    fails_at_first(event.0, &meta)
}

#[handler(retry(attempts = 2, backoff = "1ms..2ms"), concurrency = 4)]
async fn pressed_again_as_a_task(event: &Pressed, meta: Meta) -> Result<(), &'static str> {
    fails_at_first(event.0, &meta)
}

/// Fails at the first attempt of some deliveries.
fn fails_at_first(number: u64, meta: &Meta) -> Result<(), &'static str> {
    if number.is_multiple_of(8) && meta.attempt() == 1 {
        return Err("on purpose, at first");
    }
    Ok(())
}

#[handler(queue = LOCAL)]
fn local(event: &Keyed, sum: &mut u64) -> Result<Option<Echo>, &'static str> {
    *sum += 1;
    now_and_then(event.number)?;
    Ok(event.number.is_multiple_of(16).then_some(Echo(1)))
}

#[handler(timeout = "1ms", concurrency = 4)]
async fn times_out(tick: &Tick) {
    if tick.0.is_multiple_of(16) {
        std::future::pending::<()>().await;
    }
    tokio::task::yield_now().await;
}

#[handler(after = times_out)]
async fn comes_after(tick: &Tick) -> Result<Keyed, &'static str> {
    now_and_then(tick.0)?;
    Ok(Keyed {
        key: 1,
        number: tick.0,
    })
}

#[handler]
fn stops(event: &Pressed) -> std::ops::ControlFlow<()> {
    if event.0.is_multiple_of(2) {
        std::ops::ControlFlow::Break(())
    } else {
        std::ops::ControlFlow::Continue(())
    }
}

#[handler(queue = OLDEST)]
fn pressed_on_a_thread(_event: &Pressed) {}

#[handler]
async fn pressed_detached(_event: &Pressed) {
    tokio::task::yield_now().await;
}

#[handler(queue = OLDEST)]
fn everything(_event: &dyn AnyEvent) {}
