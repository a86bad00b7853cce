//! The handlers of each kind of work, each kind with a queue of its own.

use std::future::ready;

use event_core::handler;
use event_core::queue::{Overflow, Queue};

use crate::queues::events::{First, Keyed, Large, Plain, Ready, Second, Waits};
use crate::queues::wait::wait_once;
use crate::queues::{CAPACITY, tally};

macro_rules! queues {
    ($($queue:ident $name:literal;)*) => { $(
        pub(super) static $queue: Queue = Queue::new($name)
            .capacity(CAPACITY)
            .overflow(Overflow::Wait);
    )* };
}

queues! {
    PLAIN "plain";
    READY "ready";
    WAITS "waits";
    KEYED "keyed";
    TYPES "types";
    LARGE "large";
}

#[handler(queue = PLAIN)]
pub(super) async fn plain(event: &Plain) {
    tally::add(event.id, event.total);
}

#[handler(queue = READY)]
pub(super) async fn awaits(event: &Ready) {
    ready(()).await;
    tally::add(event.id, event.total);
}

#[handler(queue = WAITS)]
pub(super) async fn waits(event: &Waits) {
    wait_once().await;
    tally::add(event.id, event.total);
}

#[handler(queue = KEYED)]
pub(super) async fn keyed(event: &Keyed) {
    tally::add(event.id, event.total);
}

#[handler(queue = TYPES)]
pub(super) async fn first(event: &First) {
    tally::add(event.id, event.total);
}

#[handler(queue = TYPES)]
pub(super) async fn second(event: &Second) {
    tally::add(event.id, event.total);
}

#[handler(queue = LARGE)]
pub(super) async fn large(event: &Large) {
    tally::add(event.id, event.totals[62]);
}
