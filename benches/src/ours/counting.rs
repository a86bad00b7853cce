//! Events whose handlers only count.

use crate::work::count;

counted_events! { @event E0 "No handler." }

counted_events!(count);
