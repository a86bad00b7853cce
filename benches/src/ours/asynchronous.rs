//! Events whose handlers are `async fn`s that never wait.

use crate::work::count;

event_core::module!();

counted_events!(async count);
