//! `bevy_ecs`: `World::trigger`, with one observer per handler.

use std::hint::black_box;

use bevy_ecs::event::Event;
use bevy_ecs::observer::On;
use bevy_ecs::world::World;

use crate::candidate::{Candidate, Register, register};
use crate::work::count;

#[derive(Event)]
struct Placed {
    id: u64,
    total: u64,
}

pub(super) fn candidate(handlers: usize) -> Candidate {
    let mut world = World::new();
    register(&mut world, handlers);
    Candidate::new("bevy", move |id, total| {
        world.trigger(black_box(Placed { id, total }));
    })
}

impl Register for World {
    fn add<const I: usize>(&mut self) {
        self.add_observer(|event: On<'_, '_, Placed>| count::<I>(event.id, event.total));
    }
}
