//! Raw identifiers everywhere.

#![deny(warnings)]

use event_core::queue::{LocalQueue, Queue};
use event_core::{AnyEvent, Dispatcher, Event, handler, handlers};

#[derive(Event)]
#[allow(non_camel_case_types)]
#[event(key = r#type)]
struct r#struct {
    r#type: u8,
}

#[handler]
fn r#async(r#fn: &r#struct) {
    assert_eq!(r#fn.r#type, 7);
}

#[handler(after = r#async, filter = r#match)]
fn r#await(_: &r#struct, r#dyn: &u64) {
    assert_eq!(*r#dyn, 9);
}

fn r#match(event: &r#struct) -> bool {
    event.r#type == 7
}

#[allow(non_upper_case_globals)]
static r#static: Queue = Queue::new("static");

#[allow(non_upper_case_globals)]
static r#mut: LocalQueue<r#enum> = LocalQueue::new("mut");

#[allow(non_camel_case_types)]
struct r#enum;

#[handler(filter = r#match)]
async fn r#move(r#fn: &r#struct, r#dyn: &u64) {
    let _ = (r#fn, r#dyn);
}

#[handler(queue = r#static)]
async fn r#loop(_: &r#struct) {}

#[handler(queue = r#mut)]
fn r#ref(_: &r#struct, r#in: &mut r#enum) {
    let _ = r#in;
}

struct Mailer;

#[handlers]
impl Mailer {
    #[handler(after = r#await)]
    fn r#move(&self, _: &r#struct) {}

    #[handler]
    async fn r#for(&self, _: &r#struct) {}
}

fn main() {
    let dispatcher = Dispatcher::builder()
        .without(r#move)
        .without(r#loop)
        .without(Mailer::r#for)
        .provide(9_u64)
        .provide(Mailer)
        .build()
        .unwrap();
    let event: &dyn AnyEvent = &r#struct { r#type: 7 };
    assert!(r#struct { r#type: 7 }.lane().is_some());
    assert_eq!(format!("{event:?}"), "struct { type: 7 }");
    assert_eq!(dispatcher.emit(r#struct { r#type: 7 }).done(), 3);
}
