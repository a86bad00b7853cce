//! Ours: dispatchers without handlers, and subscriptions of each kind.

use std::sync::Arc;

use event_core::observer::Observer;
use event_core::{Dispatcher, Event, dispatcher::Subscription};

use super::Source;
use crate::work::count;

#[derive(Event)]
struct Placed {
    id: u64,
    total: u64,
}

fn empty() -> Dispatcher {
    Dispatcher::empty()
        .build()
        .unwrap_or_else(|error| panic!("{error}"))
}

fn emit(dispatcher: &Dispatcher, id: u64) {
    let report = dispatcher.emit(Placed { id, total: 1 });
    assert!(report.is_ok(), "{report:?}");
}

/// Closures.
#[derive(Debug)]
pub struct Ours(Dispatcher);

impl Source for Ours {
    const NAME: &'static str = "ours";

    type Guard = Subscription;

    fn new() -> Self {
        Self(empty())
    }

    fn subscribe(&self) -> Subscription {
        self.0
            .subscribe(|event: &Placed| count::<0>(event.id, event.total))
    }

    fn cancel(guard: Subscription) {
        guard.cancel();
    }

    fn emit(&self, id: u64) {
        emit(&self.0, id);
    }
}

/// Closures that end with an object.
#[derive(Debug)]
pub struct Weak {
    dispatcher: Dispatcher,
    target: Arc<()>,
}

impl Source for Weak {
    const NAME: &'static str = "ours-weak";

    type Guard = Subscription;

    fn new() -> Self {
        Self {
            dispatcher: empty(),
            target: Arc::new(()),
        }
    }

    fn subscribe(&self) -> Subscription {
        let options = self.dispatcher.subscription_builder().weak(&self.target);
        options.subscribe(|(): &(), event: &Placed| count::<0>(event.id, event.total))
    }

    fn cancel(guard: Subscription) {
        guard.cancel();
    }

    fn emit(&self, id: u64) {
        emit(&self.dispatcher, id);
    }
}

/// Async closures, whose futures are ready at once.
#[derive(Debug)]
pub struct Async(Dispatcher);

impl Source for Async {
    const NAME: &'static str = "ours-async";

    type Guard = Subscription;

    fn new() -> Self {
        Self(empty())
    }

    fn subscribe(&self) -> Subscription {
        self.0.subscribe_async(|event: Arc<Placed>| async move {
            count::<0>(event.id, event.total);
        })
    }

    fn cancel(guard: Subscription) {
        guard.cancel();
    }

    fn emit(&self, id: u64) {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.build().expect("a runtime of one thread");
        let report = runtime.block_on(self.0.emit_async(Placed { id, total: 1 }).into_future());
        assert!(report.is_ok(), "{report:?}");
    }
}

/// Closures, and an observer that does nothing.
#[derive(Debug)]
pub struct Observed(Ours);

struct Blind;

impl Observer for Blind {}

impl Source for Observed {
    const NAME: &'static str = "ours-observed";

    type Guard = Subscription;

    fn new() -> Self {
        let ours = Ours::new();
        ours.0.observe(Blind).detach();
        Self(ours)
    }

    fn subscribe(&self) -> Subscription {
        self.0.subscribe()
    }

    fn cancel(guard: Subscription) {
        guard.cancel();
    }

    fn emit(&self, id: u64) {
        self.0.emit(id);
    }
}
