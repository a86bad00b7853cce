//! `futures::future::join_all` over boxed handlers: by hand, what an async emit does where nothing fails.

use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;

use futures_util::future::join_all;

use super::Awaited;
use crate::candidate::{Register, register};
use crate::work::{Order, count};

type Handler = Box<dyn for<'a> Fn(&'a Order) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>>;

struct Handlers(Vec<Handler>);

pub(super) fn candidate(handlers: usize) -> Awaited {
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
            Box::pin(async move { count::<I>(event.id, event.total) })
        }));
    }
}
