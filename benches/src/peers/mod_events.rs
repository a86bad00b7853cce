//! `mod-events`: `emit`, its form without a result.

use std::any::Any;
use std::hint::black_box;

use mod_events::{Event, EventDispatcher};

use crate::candidate::{Candidate, Register, register};
use crate::work::{Order, count};

impl Event for Order {
    fn as_any(&self) -> &dyn Any {
        self
    }
}

pub(super) fn candidate(handlers: usize) -> Candidate {
    let mut dispatcher = EventDispatcher::new();
    register(&mut dispatcher, handlers);
    Candidate::new("mod-events", move |id, total| {
        dispatcher.emit(black_box(Order { id, total }));
    })
}

impl Register for EventDispatcher {
    fn add<const I: usize>(&mut self) {
        self.on(|event: &Order| count::<I>(event.id, event.total));
    }
}
