//! Events whose handlers are `async fn`s that never wait.

use event_core::{Event, handler};

use crate::work::count;

event_core::module!();

/// One handler.
#[derive(Event)]
pub(super) struct E1 {
    pub(super) id: u64,
    pub(super) total: u64,
}

#[handler]
async fn only(event: &E1) {
    count::<0>(event.id, event.total);
}

/// Ten handlers.
#[derive(Event)]
pub(super) struct E10 {
    pub(super) id: u64,
    pub(super) total: u64,
}

ten_handlers!(async ten, 0, (event: &super::E10), count(event.id, event.total));

/// A hundred handlers.
#[derive(Event)]
pub(super) struct E100 {
    pub(super) id: u64,
    pub(super) total: u64,
}

ten_handlers!(async hundred_0, 0, (event: &super::E100), count(event.id, event.total));
ten_handlers!(async hundred_1, 10, (event: &super::E100), count(event.id, event.total));
ten_handlers!(async hundred_2, 20, (event: &super::E100), count(event.id, event.total));
ten_handlers!(async hundred_3, 30, (event: &super::E100), count(event.id, event.total));
ten_handlers!(async hundred_4, 40, (event: &super::E100), count(event.id, event.total));
ten_handlers!(async hundred_5, 50, (event: &super::E100), count(event.id, event.total));
ten_handlers!(async hundred_6, 60, (event: &super::E100), count(event.id, event.total));
ten_handlers!(async hundred_7, 70, (event: &super::E100), count(event.id, event.total));
ten_handlers!(async hundred_8, 80, (event: &super::E100), count(event.id, event.total));
ten_handlers!(async hundred_9, 90, (event: &super::E100), count(event.id, event.total));
