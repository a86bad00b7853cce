//! Handlers, constants and types with the names that generated code uses for its own.

#![deny(warnings)]
#![allow(nonstandard_style, dead_code)]

use event_core::{Dispatcher, Event, handler};

const b0: u8 = 0;
const event: u8 = 0;
const delivery: u8 = 0;
const binder: u8 = 0;
const f: u8 = 0;
static slot: u8 = 0;
struct this;

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
fn inline_handler(_: &E) {}

#[handler]
fn new(_: &P<u8>) {}

fn main() {
    let dispatcher = Dispatcher::builder().provide(9_u64).build().unwrap();
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
