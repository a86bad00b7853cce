//! Async handlers that await what is ready, so that none is ever pending, though each could be.

use std::future::{Future, ready};
use std::hint::black_box;
use std::pin::Pin;

use futures_util::future::join_all;

use super::Awaited;
use crate::candidate::{Register, register};
use crate::ours;
use crate::work::{Order, count};

/// The body of handler number `I`: awaits what is ready, then adds `id` to its own cell.
pub async fn await_and_count<const I: usize>(id: u64, total: u64) {
    ready(()).await;
    count::<I>(id, total);
}

/// Ours and `join_all` with `handlers` handlers. To be called inside of the runtime.
#[must_use]
pub fn all(handlers: usize) -> Vec<Awaited> {
    vec![ours::ready(handlers), joined(handlers)]
}

type Handler = Box<dyn for<'a> Fn(&'a Order) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>>;

struct Handlers(Vec<Handler>);

fn joined(handlers: usize) -> Awaited {
    let mut list = Handlers(Vec::new());
    register(&mut list, handlers);
    Awaited::new("join_all", async move |id, total| {
        let event = black_box(Order { id, total });
        join_all(black_box(&list.0).iter().map(|handler| handler(&event))).await;
    })
}

impl Register for Handlers {
    fn add<const I: usize>(&mut self) {
        self.0.push(Box::new(|event| {
            Box::pin(await_and_count::<I>(event.id, event.total))
        }));
    }
}
