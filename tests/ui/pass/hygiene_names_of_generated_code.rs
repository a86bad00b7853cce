//! Handlers, constants and types with the names that generated code uses for its own.

#![deny(warnings)]
#![allow(nonstandard_style, dead_code)]

use event_core::queue::{LocalQueue, Queue};
use event_core::{Dispatcher, Event, handler};

const b0: u8 = 0;
const event: u8 = 0;
const delivery: u8 = 0;
const binder: u8 = 0;
const f: u8 = 0;
static slot: u8 = 0;
struct this;
static queue: Queue = Queue::new("queue");
static lent: LocalQueue<S> = LocalQueue::new("lent");
struct S;
struct R;

#[derive(Event)]
struct E {
    f: u8,
    self_: u8,
    binder: u8,
}

#[derive(Event)]
struct P<T> {
    t: T,
}

#[handler]
fn bind(_: &E) {}

#[handler]
fn dependency(_: &E, x: &u64) {
    assert_eq!(*x, 9);
}

#[handler]
fn make(_: &E, filter: Option<&u64>) {
    assert_eq!(filter, Some(&9));
}

#[handler(filter = filter)]
fn Ok(_: &E) {}

fn filter(e: &E) -> bool {
    e.f == 1
}

#[handler]
fn event_handler(_: &E) {}

#[handler]
async fn bind_async(_: &E, function: Option<&R>) {
    let _ = function;
}

#[handler(queue = queue, filter = filter)]
async fn async_queue(_: &E, slots: Option<&R>) {
    let _ = slots;
}

#[handler(queue = queue, retry(when = retry_when))]
fn is_retried(_: &E) -> Result<(), String> {
    Result::Ok(())
}

#[handler(retry(when = retry_when))]
async fn outcome(_: &E) -> Result<(), String> {
    Result::Ok(())
}

fn retry_when(outcome: &String) -> bool {
    outcome.is_empty()
}

#[handler(queue = lent)]
fn bind_lent(_: &E, lent_: &mut S) {
    let _ = lent_;
}

#[derive(Event)]
#[event(key = lane)]
struct Events {
    lane: u8,
}

#[handler]
fn new(_: &P<u8>) {}

fn main() {
    let builder = Dispatcher::builder().provide(9_u64);
    let builder = builder.without(bind_async).without(async_queue);
    let builder = builder.without(is_retried).without(outcome);
    let dispatcher = builder.build().unwrap();
    assert!(Event::lane(&Events { lane: 1 }).is_some());
    assert_eq!(
        dispatcher
            .emit(E {
                f: 1,
                self_: 2,
                binder: 3
            })
            .done(),
        5
    );
    assert_eq!(dispatcher.emit(P { t: 1_u8 }).done(), 1);
}
