//! `futures::future::join_all` over boxed handlers: by hand, what an async emit does where nothing fails.

use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;

use futures_util::future::join_all;

use super::Awaited;
use super::ready::await_and_count;
use crate::candidate::{Register, register};
use crate::work::{Order, count};

type Handler = Box<dyn for<'a> Fn(&'a Order) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>>;

/// Handlers that await nothing.
#[derive(Default)]
struct Counting(Vec<Handler>);

/// Handlers that await what is ready.
#[derive(Default)]
struct Ready(Vec<Handler>);

/// With handlers that await nothing.
pub(super) fn counting(handlers: usize) -> Awaited {
    let mut list = Counting::default();
    register(&mut list, handlers);
    joined(list.0)
}

/// With handlers that await what is ready.
pub(super) fn ready(handlers: usize) -> Awaited {
    let mut list = Ready::default();
    register(&mut list, handlers);
    joined(list.0)
}

fn joined(handlers: Vec<Handler>) -> Awaited {
    Awaited::new("join_all", async move |id, total| {
        let event = black_box(Order { id, total });
        join_all(black_box(&handlers).iter().map(|handler| handler(&event))).await;
    })
}

impl Register for Counting {
    fn add<const I: usize>(&mut self) {
        self.0.push(Box::new(|event| {
            Box::pin(async move { count::<I>(event.id, event.total) })
        }));
    }
}

impl Register for Ready {
    fn add<const I: usize>(&mut self) {
        self.0.push(Box::new(|event| {
            Box::pin(await_and_count::<I>(event.id, event.total))
        }));
    }
}
