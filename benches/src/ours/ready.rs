//! Events whose handlers are `async fn`s that await what is ready.

use crate::awaited::await_and_count;

event_core::module!();

counted_events!(pending await_and_count);
