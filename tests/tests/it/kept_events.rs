//! An observer that keeps the events of a dispatcher.

use std::any::Any;
use std::sync::{Arc, Mutex};

use event_core::observer::{DeliveryResult, DeliveryView, EmissionView, Observer};
use event_core::queue::Queue;
use event_core::{AnyEvent, Dispatcher, Event, PendingEvents, handler};
use event_tests::runtime;

static QUEUE: Queue = Queue::new("kept events");

/// Neither `Clone` nor `Copy`.
#[derive(Event, Debug)]
struct Inline(u32);

#[derive(Event, Debug)]
struct Caused(u32);

#[derive(Event, Debug)]
struct Async(u32);

#[derive(Event, Debug)]
struct Queued(u32);

#[derive(Event, Debug)]
struct Unhandled(u32);

#[handler]
fn cause(event: &Inline) -> Caused {
    Caused(event.0)
}

#[handler]
fn end(_event: &Caused) {}

#[handler]
async fn wait(_event: &Async) {
    tokio::task::yield_now().await;
}

#[handler(queue = QUEUE)]
async fn serve(_event: &Queued) {}

#[derive(Default)]
struct Keeps {
    started: Mutex<Vec<Option<Arc<dyn AnyEvent>>>>,
    ended: Mutex<Vec<Option<Arc<dyn AnyEvent>>>>,
}

impl Observer for Keeps {
    fn emission_started(&self, emission: &EmissionView<'_>) {
        self.started
            .lock()
            .expect("not poisoned")
            .push(emission.shared());
    }

    fn delivery_ended(&self, delivery: &DeliveryView<'_>, _: &DeliveryResult<'_>) {
        let shared = delivery.emission().shared();
        self.ended.lock().expect("not poisoned").push(shared);
    }

    fn keeps_events(&self) -> bool {
        true
    }
}

/// Sees events, and keeps none.
struct Looks(Arc<Mutex<Vec<bool>>>);

impl Observer for Looks {
    fn emission_started(&self, emission: &EmissionView<'_>) {
        self.0
            .lock()
            .expect("not poisoned")
            .push(emission.shared().is_some());
    }
}

fn shown(kept: &Mutex<Vec<Option<Arc<dyn AnyEvent>>>>) -> Vec<String> {
    let kept = std::mem::take(&mut *kept.lock().expect("not poisoned"));
    let show = |event: Option<Arc<dyn AnyEvent>>| format!("{:?}", event.expect("it is kept"));
    kept.into_iter().map(show).collect()
}

#[test]
fn every_event_can_be_kept_whatever_path_it_takes() {
    let runtime = runtime();
    let keeps = Arc::<Keeps>::default();
    let builder = Dispatcher::empty().runtime(runtime.handle().clone());
    let builder = builder
        .handler(cause)
        .handler(end)
        .handler(wait)
        .handler(serve);
    let dispatcher = builder.observe(keeps.clone()).build().expect("wired");

    dispatcher.emit(Inline(1));
    assert_eq!(shown(&keeps.started), ["Inline(1)", "Caused(1)"]);
    dispatcher.emit(Unhandled(2));
    runtime.block_on(dispatcher.emit_async(Inline(3)));
    runtime.block_on(dispatcher.emit_async(Async(4)));
    runtime.block_on(dispatcher.emit_async(Unhandled(5)));
    assert_eq!(
        shown(&keeps.started),
        [
            "Unhandled(2)",
            "Inline(3)",
            "Caused(3)",
            "Async(4)",
            "Unhandled(5)"
        ]
    );
    let mut pending = PendingEvents::default();
    pending.record(Caused(6));
    pending.record(Queued(7));
    dispatcher
        .settled()
        .emit_blocking(pending)
        .expect("no runtime");
    assert_eq!(shown(&keeps.started), ["Caused(6)", "Queued(7)"]);
    assert_eq!(
        shown(&keeps.ended),
        [
            "Inline(1)",
            "Caused(1)",
            "Inline(3)",
            "Caused(3)",
            "Async(4)",
            "Caused(6)",
            "Queued(7)"
        ]
    );
}

#[test]
fn a_kept_event_is_an_arc_of_its_type() {
    let keeps = Arc::<Keeps>::default();
    let dispatcher = Dispatcher::empty().observe(keeps.clone()).build();
    dispatcher.expect("wired").emit(Unhandled(2));
    let kept = keeps
        .started
        .lock()
        .expect("not poisoned")
        .pop()
        .flatten()
        .expect("kept");
    let kept: Arc<dyn Any + Send + Sync> = kept;
    assert_eq!(kept.downcast::<Unhandled>().expect("its type").0, 2);
}

#[test]
fn events_are_kept_only_while_some_observer_keeps_them() {
    let seen = Arc::<Mutex<Vec<bool>>>::default();
    let dispatcher = Dispatcher::empty().handler(cause).handler(end);
    let dispatcher = dispatcher
        .observe(Looks(seen.clone()))
        .build()
        .expect("wired");
    dispatcher.emit(Inline(1));
    let keeping = dispatcher.observe(Keeps::default());
    dispatcher.emit(Inline(2));
    drop(keeping);
    dispatcher.emit(Inline(3));
    assert_eq!(
        *seen.lock().expect("not poisoned"),
        [false, false, true, true, false, false]
    );
}
