//! What handlers learn of an emission: its identity, its time, its descent, and what came along.

mod clock;
mod context;
mod descent;

use std::sync::{Arc, Mutex, PoisonError};

use event_core::queue::Queue;
use event_core::{Dispatcher, Event, Meta, dispatcher::DispatcherBuilder, handler};
use event_tests::idle;

static TASKS: Queue = Queue::new("tasks");

static THREADS: Queue = Queue::new("threads");

/// Which handler saw what.
#[derive(Debug, Default)]
struct Seen(Mutex<Vec<(&'static str, Meta)>>);

impl Seen {
    fn note(&self, handler: &'static str, meta: Meta) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push((handler, meta));
    }

    fn take(&self) -> Vec<(&'static str, Meta)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn of(&self, handler: &str) -> Meta {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut of = all.iter().filter(|(name, _)| *name == handler);
        let meta = of.next().map(|(_, meta)| meta.clone());
        meta.unwrap_or_else(|| panic!("`{handler}` did not run: {all:?}"))
    }
}

#[derive(Event)]
struct Placed;

macro_rules! witnesses {
    ($($event:ident: $inline:ident $second:ident $detached:ident $by_task:ident $by_thread:ident;)+) => {$(
        #[handler]
        fn $inline(_event: &$event, meta: Meta, seen: &Seen) {
            seen.note(stringify!($inline), meta);
        }
        #[handler]
        fn $second(_event: &$event, seen: &Seen, meta: Meta) {
            seen.note(stringify!($second), meta);
        }
        #[handler]
        async fn $detached(_event: &$event, meta: Meta, seen: &Seen) {
            tokio::task::yield_now().await;
            seen.note(stringify!($detached), meta);
        }
        #[handler(queue = TASKS)]
        async fn $by_task(_event: &$event, meta: Meta, seen: &Seen) {
            tokio::task::yield_now().await;
            seen.note(stringify!($by_task), meta);
        }
        #[handler(queue = THREADS)]
        fn $by_thread(_event: &$event, meta: Meta, seen: &Seen) {
            seen.note(stringify!($by_thread), meta);
        }
    )+};
}

witnesses! {
    Placed: placed_inline placed_second placed_async placed_by_task placed_by_thread;
}

fn seen(builder: DispatcherBuilder) -> (DispatcherBuilder, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    (builder.provide_arc(seen.clone()), seen)
}

async fn quiet(dispatcher: &Dispatcher) {
    idle().await;
    for queue in [&TASKS, &THREADS] {
        if let Ok(queue) = dispatcher.queue(queue) {
            queue.join().await;
        }
    }
    idle().await;
}

#[derive(Event)]
struct Begun;
