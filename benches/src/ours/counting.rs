//! Events whose handlers only count.

use event_core::{Event, handler};

use crate::work::count;

/// Nobody handles it.
#[derive(Event)]
pub(super) struct E0 {
    pub(super) id: u64,
    pub(super) total: u64,
}

/// One handler.
#[derive(Event)]
pub(super) struct E1 {
    pub(super) id: u64,
    pub(super) total: u64,
}

#[handler]
fn only(event: &E1) {
    count::<0>(event.id, event.total);
}

/// Ten handlers.
#[derive(Event)]
pub(super) struct E10 {
    pub(super) id: u64,
    pub(super) total: u64,
}

ten_handlers!(ten, 0, (event: &super::E10), count(event.id, event.total));

/// A hundred handlers.
#[derive(Event)]
pub(super) struct E100 {
    pub(super) id: u64,
    pub(super) total: u64,
}

ten_handlers!(hundred_0, 0, (event: &super::E100), count(event.id, event.total));
ten_handlers!(hundred_1, 10, (event: &super::E100), count(event.id, event.total));
ten_handlers!(hundred_2, 20, (event: &super::E100), count(event.id, event.total));
ten_handlers!(hundred_3, 30, (event: &super::E100), count(event.id, event.total));
ten_handlers!(hundred_4, 40, (event: &super::E100), count(event.id, event.total));
ten_handlers!(hundred_5, 50, (event: &super::E100), count(event.id, event.total));
ten_handlers!(hundred_6, 60, (event: &super::E100), count(event.id, event.total));
ten_handlers!(hundred_7, 70, (event: &super::E100), count(event.id, event.total));
ten_handlers!(hundred_8, 80, (event: &super::E100), count(event.id, event.total));
ten_handlers!(hundred_9, 90, (event: &super::E100), count(event.id, event.total));
