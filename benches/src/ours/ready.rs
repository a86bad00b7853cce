//! Events whose handlers are `async fn`s that await what is ready.

use event_core::{Event, handler};

use crate::awaited::await_and_count;

event_core::module!();

/// One handler.
#[derive(Event)]
pub(super) struct E1 {
    pub(super) id: u64,
    pub(super) total: u64,
}

#[handler]
async fn only(event: &E1) {
    await_and_count::<0>(event.id, event.total).await;
}

/// Ten handlers.
#[derive(Event)]
pub(super) struct E10 {
    pub(super) id: u64,
    pub(super) total: u64,
}

/// A hundred handlers.
#[derive(Event)]
pub(super) struct E100 {
    pub(super) id: u64,
    pub(super) total: u64,
}

macro_rules! handlers {
    ($event:ident: $($module:ident $first:literal,)*) => { $(
        ten_handlers!(pending $module, $first, (event: &super::$event), await_and_count(event.id, event.total));
    )* };
}

handlers! { E10: ten 0, }

handlers! {
    E100:
    h0 0, h1 10, h2 20, h3 30, h4 40, h5 50, h6 60, h7 70, h8 80, h9 90,
}
