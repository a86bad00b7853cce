//! `jaeb`: its synchronous handlers. `publish` is an async function that with such handlers never waits,
//! so it is polled once, with a waker that does nothing; no runtime is in the figures.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use jaeb::{EventBus, HandlerResult};

use crate::candidate::{Candidate, Register, register};
use crate::work::{Order, count};

pub(super) fn candidate(handlers: usize) -> Candidate {
    let mut bus = ready(EventBus::builder().build()).expect("an empty bus is valid");
    register(&mut bus, handlers);
    Candidate::new("jaeb", move |id, total| {
        ready(bus.publish(black_box(Order { id, total }))).expect("the bus is open");
    })
}

impl Register for EventBus {
    fn add<const I: usize>(&mut self) {
        let handler = |event: &Order, _: &EventBus| -> HandlerResult {
            count::<I>(event.id, event.total);
            Ok(())
        };
        // Dropping this leaves the handler subscribed.
        let _subscription = ready(self.subscribe(handler)).expect("the bus is open");
    }
}

/// The output of a future that is ready at its first poll.
fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing else runs here, so there is nothing to wait for"),
    }
}
