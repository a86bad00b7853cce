//! Panics of handlers, parameters, events and keys.

use std::hash::{Hash, Hasher};
use std::thread;

use event_core::param::{Delivery, Param, Resolver};
use event_core::queue::Queue;
use event_core::report::DeliveryStatus;
use event_core::{Dispatcher, Event, handler};
use event_tests::{quiet_panic, runtime};
use tokio::runtime::Runtime;

use super::{Heard, Job, LONG, TASK, THREAD, adds_up, hears, taken};

#[handler(queue = THREAD)]
fn panics_on_a_thread(_job: &Job) {
    quiet_panic();
}

#[handler(queue = TASK)]
async fn panics_as_a_task(_job: &Job) {
    quiet_panic();
}

fn panics_keep_consumers_alive<F: Copy + 'static>(handler: F, queue: &'static Queue) {
    let (runtime, heard) = (runtime(), Heard::default());
    let dispatcher = hears(Dispatcher::empty().handler(handler), &heard)
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    for number in 0..50 {
        dispatcher.emit(Job(number));
    }
    assert!(
        dispatcher
            .queue(queue)
            .expect("a handler names it")
            .join_blocking(LONG)
    );
    let counts = dispatcher
        .queue(queue)
        .expect("a handler names it")
        .counts();
    assert_eq!((counts.done, counts.failed), (0, 50));
    adds_up(&dispatcher.queue(queue).expect("a handler names it"));
    assert_eq!(taken(&heard), [DeliveryStatus::Panicked; 50]);
}

#[test]
fn a_handler_that_panics_keeps_its_thread_alive() {
    panics_keep_consumers_alive(panics_on_a_thread, &THREAD);
}

#[test]
fn a_handler_that_panics_keeps_its_task_alive() {
    panics_keep_consumers_alive(panics_as_a_task, &TASK);
}

/// A value that panics when it is dropped, unless its thread panics already.
#[derive(Debug)]
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        if !thread::panicking() {
            quiet_panic();
        }
    }
}

#[derive(Event)]
struct Explosive {
    bomb: Bomb,
}

#[derive(Event)]
struct CausedExplosive {
    bomb: Bomb,
}

impl Param for Bomb {
    type State = ();
    type Rejection = std::convert::Infallible;

    fn resolve(_: &mut Resolver<'_>) -> Option<()> {
        Some(())
    }

    fn param((): &(), _: &Delivery<'_>) -> Result<Self, Self::Rejection> {
        Ok(Self)
    }
}

#[handler(queue = THREAD)]
fn explodes_on_a_thread(_event: &Explosive, bomb: Bomb) -> Vec<CausedExplosive> {
    // This function owns the parameter, and its drop would panic in the handler.
    std::mem::forget(bomb);
    vec![
        CausedExplosive { bomb: Bomb },
        CausedExplosive { bomb: Bomb },
    ]
}

#[handler(queue = TASK)]
async fn explodes_as_a_task(_event: &Explosive, bomb: Bomb) -> Vec<CausedExplosive> {
    std::mem::forget(bomb);
    vec![
        CausedExplosive { bomb: Bomb },
        CausedExplosive { bomb: Bomb },
    ]
}

#[handler(queue = THREAD)]
fn param_explodes_on_a_thread(_job: &Job, _bomb: Bomb) {}

#[handler(queue = TASK)]
async fn param_explodes_as_a_task(_job: &Job, _bomb: Bomb) {}

fn drops_that_panic_keep_consumers_alive<F: Copy + 'static, G: Copy + 'static>(
    of_event: F,
    of_param: G,
    queue: &'static Queue,
) {
    let (runtime, heard) = (runtime(), Heard::default());
    let dispatcher = hears(
        Dispatcher::empty().handler(of_event).handler(of_param),
        &heard,
    )
    .runtime(runtime.handle().clone())
    .build()
    .expect("wired");
    for number in 0..10 {
        let report = dispatcher.emit(Explosive { bomb: Bomb });
        assert_eq!(report.handed_over(), 1, "{report}");
        dispatcher.emit(Job(number));
        assert!(
            dispatcher
                .queue(queue)
                .expect("a handler names it")
                .join_blocking(LONG)
        );
    }
    let counts = dispatcher
        .queue(queue)
        .expect("a handler names it")
        .counts();
    assert_eq!((counts.done, counts.failed), (10, 10), "{counts:?}");
    adds_up(&dispatcher.queue(queue).expect("a handler names it"));
    assert_eq!(
        taken(&heard),
        [DeliveryStatus::Panicked; 10],
        "of the parameter's"
    );
}

#[test]
fn an_event_or_parameter_whose_drop_panics_keeps_the_thread_alive() {
    let (event, param) = (explodes_on_a_thread, param_explodes_on_a_thread);
    drops_that_panic_keep_consumers_alive(event, param, &THREAD);
}

#[test]
fn an_event_or_parameter_whose_drop_panics_keeps_the_task_alive() {
    let (event, param) = (explodes_as_a_task, param_explodes_as_a_task);
    drops_that_panic_keep_consumers_alive(event, param, &TASK);
}

#[derive(Clone, Debug)]
struct Key(bool);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        if self.0 {
            quiet_panic();
        }
        state.write_u8(0);
    }
}

#[derive(Event)]
#[event(key = key)]
struct Keyed {
    key: Key,
}

#[handler(queue = THREAD)]
fn keyed(_event: &Keyed) {}

fn keyed_dispatcher(consumers: usize) -> (Runtime, Dispatcher) {
    let runtime = runtime();
    let dispatcher = Dispatcher::empty()
        .handler(keyed)
        .configure(&THREAD, |queue| queue.consumers(consumers))
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    (runtime, dispatcher)
}

#[test]
fn a_key_whose_hash_panics_fails_its_delivery_and_not_the_emitter() {
    let (_runtime, dispatcher) = keyed_dispatcher(2);
    let report = dispatcher.emit(Keyed { key: Key(true) });
    assert_eq!(
        (report.handed_over(), report.panicked()),
        (0, 1),
        "{report}"
    );
    assert_eq!(dispatcher.emit(Keyed { key: Key(false) }).handed_over(), 1);
    let queue = dispatcher.queue(&THREAD).expect("a handler names it");
    assert!(queue.join_blocking(LONG));
    assert_eq!((queue.counts().offered, queue.counts().done), (1, 1));
}

#[test]
fn a_queue_with_one_consumer_keeps_its_order_and_hashes_no_key() {
    let (_runtime, dispatcher) = keyed_dispatcher(1);
    assert_eq!(dispatcher.emit(Keyed { key: Key(true) }).handed_over(), 1);
    let queue = dispatcher.queue(&THREAD).expect("a handler names it");
    assert!(queue.join_blocking(LONG));
    assert_eq!((queue.counts().offered, queue.counts().done), (1, 1));
}
