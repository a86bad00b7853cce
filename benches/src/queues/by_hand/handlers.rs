//! The handlers of the queue by hand.

use std::any::Any;
use std::future::{Future, ready};
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::queue::Key;
use crate::queues::events::{First, Keyed, Large, Numbered, Plain, Ready, Second, Waits};
use crate::queues::tally;
use crate::queues::wait::wait_once;

/// An event that has a handler.
pub(super) trait Handled: Numbered {
    /// Handles it.
    fn handle(&self) -> impl Future<Output = ()> + Send;

    /// The key, of an event that has one.
    fn key(&self) -> Key {
        None
    }
}

/// Calls the handler of an event of the type `E`.
pub(super) fn call<E: Handled>(event: Arc<dyn Any + Send + Sync>) -> BoxFuture<'static, ()> {
    async move {
        let event: &E = event.downcast_ref().expect("the handler of this type");
        event.handle().await;
    }
    .boxed()
}

macro_rules! counts {
    ($($event:ident)*) => { $(
        impl Handled for $event {
            async fn handle(&self) {
                tally::add(self.id, self.total);
            }
        }
    )* };
}

counts! { Plain First Second }

impl Handled for Ready {
    async fn handle(&self) {
        ready(()).await;
        tally::add(self.id, self.total);
    }
}

impl Handled for Waits {
    async fn handle(&self) {
        wait_once().await;
        tally::add(self.id, self.total);
    }
}

impl Handled for Keyed {
    async fn handle(&self) {
        tally::add(self.id, self.total);
    }

    fn key(&self) -> Key {
        Some(self.key)
    }
}

impl Handled for Large {
    async fn handle(&self) {
        tally::add(self.id, self.totals[62]);
    }
}
