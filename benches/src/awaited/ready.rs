//! Async handlers that await what is ready, so that none is ever pending, though each could be.

use std::future::ready;

use super::{Awaited, join_all};
use crate::ours;
use crate::work::count;

/// The body of handler number `I`: awaits what is ready, then adds `id` to its own cell.
pub async fn await_and_count<const I: usize>(id: u64, total: u64) {
    ready(()).await;
    count::<I>(id, total);
}

/// Ours and `join_all` with `handlers` handlers. To be called inside of the runtime.
#[must_use]
pub fn all(handlers: usize) -> Vec<Awaited> {
    vec![ours::ready(handlers), join_all::ready(handlers)]
}
