//! Events whose handlers take one of two paths.

use event_core::{Event, handler};

use crate::work::branch;

/// One handler.
#[derive(Event)]
pub(super) struct E1 {
    pub(super) id: u64,
    pub(super) total: u64,
}

#[handler]
fn only(event: &E1) {
    branch::<0>(event.id, event.total);
}

/// Ten handlers.
#[derive(Event)]
pub(super) struct E10 {
    pub(super) id: u64,
    pub(super) total: u64,
}

ten_handlers!(ten, 0, (event: &super::E10), branch(event.id, event.total));

/// A hundred handlers.
#[derive(Event)]
pub(super) struct E100 {
    pub(super) id: u64,
    pub(super) total: u64,
}

ten_handlers!(hundred_0, 0, (event: &super::E100), branch(event.id, event.total));
ten_handlers!(hundred_1, 10, (event: &super::E100), branch(event.id, event.total));
ten_handlers!(hundred_2, 20, (event: &super::E100), branch(event.id, event.total));
ten_handlers!(hundred_3, 30, (event: &super::E100), branch(event.id, event.total));
ten_handlers!(hundred_4, 40, (event: &super::E100), branch(event.id, event.total));
ten_handlers!(hundred_5, 50, (event: &super::E100), branch(event.id, event.total));
ten_handlers!(hundred_6, 60, (event: &super::E100), branch(event.id, event.total));
ten_handlers!(hundred_7, 70, (event: &super::E100), branch(event.id, event.total));
ten_handlers!(hundred_8, 80, (event: &super::E100), branch(event.id, event.total));
ten_handlers!(hundred_9, 90, (event: &super::E100), branch(event.id, event.total));
