//! `event-bus`: buses live in one global map and are named by a string; handlers get `&mut` events.

use std::hint::black_box;

use event_bus::{Event, EventBus, dispatch_event, subscribe_event};

use crate::candidate::{Candidate, Register, register};
use crate::work::count;

struct Placed {
    id: u64,
    total: u64,
}

impl Event for Placed {}

struct Bus(String);

pub(super) fn candidate(handlers: usize) -> Candidate {
    let mut bus = Bus(format!("orders-{handlers}"));
    let owner = EventBus::new(bus.0.as_str());
    register(&mut bus, handlers);
    Candidate::new("event-bus", move |id, total| {
        // The bus is gone when its owner is dropped.
        let _alive = &owner;
        dispatch_event(&bus.0, &mut black_box(Placed { id, total }));
    })
}

impl Register for Bus {
    fn add<const I: usize>(&mut self) {
        subscribe_event(
            &self.0,
            |event: &mut Placed| count::<I>(event.id, event.total),
            0,
        );
    }
}
