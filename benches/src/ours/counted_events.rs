//! Events for the counts of handlers that are measured.

/// The events `E1`, `E10` and `E100`, with as many handlers. Handler number `I` of `counted_events!(f)` calls
/// `f::<I>(event.id, event.total)`. With `async` in front they are `async fn`s, with `pending` those that await
/// what `f` returns.
macro_rules! counted_events {
    ($body:ident) => {
        counted_events! { @events [] $body }
    };
    (async $body:ident) => {
        counted_events! { @events [async] $body }
    };
    (pending $body:ident) => {
        counted_events! { @events [async .await] $body }
    };
    (@events $async:tt $body:ident) => {
        counted_events! { @event E1 "One handler." }
        ten_handlers! { @handler $async only (event: &E1) $body::<0> (event.id, event.total) }

        counted_events! { @event E10 "Ten handlers." }
        counted_events! { @handlers $async E10 $body: ten 0, }

        counted_events! { @event E100 "A hundred handlers." }
        counted_events! {
            @handlers $async E100 $body:
            hundred_0 0, hundred_1 10, hundred_2 20, hundred_3 30, hundred_4 40,
            hundred_5 50, hundred_6 60, hundred_7 70, hundred_8 80, hundred_9 90,
        }
    };
    (@event $event:ident $doc:literal) => {
        #[doc = $doc]
        #[derive(event_core::Event)]
        pub(super) struct $event {
            pub(super) id: u64,
            pub(super) total: u64,
        }
    };
    (@handlers $async:tt $event:ident $body:ident: $($module:ident $first:literal,)*) => { $(
        ten_handlers! {
            @module $async $module, $first, (event: &super::$event), $body (event.id, event.total)
        }
    )* };
}
