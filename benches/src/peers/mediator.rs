//! `mediator`: each handler gets a boxed clone of the event, behind a mutex.

use std::hint::black_box;

use mediator::impls::Builder;
use mediator::{DefaultMediator, Event, Mediator};

use crate::candidate::{Candidate, Register, register};
use crate::work::count;

#[derive(Clone)]
struct Placed {
    id: u64,
    total: u64,
}

impl Event for Placed {}

struct Subscribed(Option<Builder>);

pub(super) fn candidate(handlers: usize) -> Candidate {
    let mut builder = Subscribed(Some(DefaultMediator::builder()));
    register(&mut builder, handlers);
    let mut mediator = builder.0.take().expect("the builder is put back").build();
    Candidate::new("mediator", move |id, total| {
        // An error when there is no handler, which is one of the cases measured.
        let _ = black_box(mediator.publish(black_box(Placed { id, total })));
    })
}

impl Register for Subscribed {
    fn add<const I: usize>(&mut self) {
        let builder = self.0.take().expect("the builder is put back");
        self.0 = Some(builder.subscribe_fn(|event: Placed| count::<I>(event.id, event.total)));
    }
}
