//! A task for each handler, and waiting for all of them.

use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;

use super::Awaited;
use crate::candidate::{Register, register};
use crate::work::{Order, count};

/// A task borrows nothing, so each has its own copy of the event.
type Handler = Box<dyn Fn(Order) -> Pin<Box<dyn Future<Output = ()> + Send>>>;

struct Handlers(Vec<Handler>);

pub(super) fn candidate(handlers: usize) -> Awaited {
    let mut list = Handlers(Vec::new());
    register(&mut list, handlers);
    Awaited::new("spawn", async move |id, total| {
        let event = black_box(Order { id, total });
        let tasks = black_box(&list.0)
            .iter()
            .map(|handler| tokio::spawn(handler(event)));
        let tasks: Vec<_> = tasks.collect();
        for task in tasks {
            task.await.expect("no handler panics");
        }
    })
}

impl Register for Handlers {
    fn add<const I: usize>(&mut self) {
        self.0.push(Box::new(|event| {
            Box::pin(async move { count::<I>(event.id, event.total) })
        }));
    }
}
