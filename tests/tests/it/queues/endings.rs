//! What becomes of queues when handlers panic, and when the runtime or the dispatcher ends.

use std::hash::{Hash, Hasher};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use event_core::param::{Delivery, Param, Resolver};
use event_core::queue::{LocalQueue, Overflow, Queue, QueueHandle};
use event_core::report::Ended;
use event_core::{Dispatcher, DispatcherBuilder, Event, handler};
use event_tests::{Gate, Journal, poll_once, quiet_panic, runtime, until};
use pollster::block_on;

const LONG: Duration = Duration::from_mins(1);

static THREAD: Queue = Queue::new("thread").capacity(100);
static TASK: Queue = Queue::new("task").capacity(100);

#[derive(Event)]
struct Job(u32);

fn adds_up(queue: &QueueHandle) {
    let counts = queue.counts();
    let waiting = (counts.depth + counts.running) as u64;
    let ended = counts.done + counts.failed + counts.abandoned;
    let refused = counts.dropped + counts.rejected;
    assert_eq!(counts.offered, waiting + ended + refused, "{counts:?}");
}

/// What `on_failure` heard, as how deliveries ended.
type Heard = Arc<Mutex<Vec<Ended>>>;

fn hears(builder: DispatcherBuilder, heard: &Heard) -> DispatcherBuilder {
    let heard = Arc::clone(heard);
    builder.on_failure(move |failure| {
        let ended = failure.ended().expect("it is of a delivery");
        heard.lock().expect("not poisoned").push(ended);
    })
}

fn taken(heard: &Heard) -> Vec<Ended> {
    std::mem::take(&mut heard.lock().expect("not poisoned"))
}

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
    let dispatcher = hears(Dispatcher::empty().only(handler), &heard)
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    for number in 0..50 {
        dispatcher.emit(Job(number));
    }
    assert!(dispatcher.queue(queue).join_blocking(LONG));
    let counts = dispatcher.queue(queue).counts();
    assert_eq!((counts.done, counts.failed), (0, 50));
    adds_up(&dispatcher.queue(queue));
    assert_eq!(taken(&heard), [Ended::Panicked; 50]);
}

#[test]
fn a_handler_that_panics_keeps_its_thread_alive() {
    panics_keep_consumers_alive(panics_on_a_thread, &THREAD);
}

#[test]
fn a_handler_that_panics_keeps_its_task_alive() {
    panics_keep_consumers_alive(panics_as_a_task, &TASK);
}

/// Panics when it is dropped, wherever that is.
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
    // Dropped by the caller of what panics: the parameter is this function's.
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
    let dispatcher = hears(Dispatcher::empty().only(of_event).only(of_param), &heard)
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    for number in 0..10 {
        let report = dispatcher.emit(Explosive { bomb: Bomb });
        assert_eq!(report.handed_over(), 1, "{report}");
        dispatcher.emit(Job(number));
        assert!(dispatcher.queue(queue).join_blocking(LONG));
    }
    let counts = dispatcher.queue(queue).counts();
    assert_eq!((counts.done, counts.failed), (10, 10), "{counts:?}");
    adds_up(&dispatcher.queue(queue));
    assert_eq!(taken(&heard), [Ended::Panicked; 10], "of the parameter's");
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

#[test]
fn a_key_whose_hash_panics_fails_its_delivery_and_not_the_emitter() {
    let runtime = runtime();
    let dispatcher = Dispatcher::empty()
        .only(keyed)
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    let report = dispatcher.emit(Keyed { key: Key(true) });
    assert_eq!(
        (report.handed_over(), report.panicked()),
        (0, 1),
        "{report}"
    );
    assert_eq!(dispatcher.emit(Keyed { key: Key(false) }).handed_over(), 1);
    let queue = dispatcher.queue(&THREAD);
    assert!(queue.join_blocking(LONG));
    assert_eq!((queue.counts().offered, queue.counts().done), (1, 1));
}

static HELD: Queue = Queue::new("held").capacity(2);

#[handler(queue = HELD)]
async fn held(_job: &Job, gate: &Gate) {
    gate.pass().await;
}

#[test]
fn what_waits_and_runs_when_the_runtime_ends_is_abandoned_and_so_is_what_comes_later() {
    let (runtime, heard, gate) = (runtime(), Heard::default(), Arc::new(Gate::default()));
    let dispatcher = hears(Dispatcher::empty().only(held), &heard)
        .provide_arc(gate.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    for number in 0..3 {
        dispatcher.emit(Job(number));
        if number == 0 {
            gate.wait_for(1);
        }
    }
    drop(runtime);
    let queue = dispatcher.queue(&HELD);
    assert_eq!(queue.counts().abandoned, 3);
    adds_up(&queue);
    assert_eq!(taken(&heard), [Ended::Abandoned; 3]);
    let report = dispatcher.emit(Job(3));
    assert_eq!(report.handed_over(), 0);
    assert_eq!(report.failures()[0].ended(), Some(Ended::Abandoned));
    let text = report.failures()[0].to_string();
    assert!(
        text.contains("queue `held` is not served any more: the tokio runtime"),
        "{text}"
    );
    assert_eq!(queue.counts().abandoned, 4);
    adds_up(&queue);
    block_on(queue.join());
}

#[test]
fn a_queue_whose_runtime_had_ended_before_the_first_delivery_abandons_it() {
    let (runtime, gate) = (runtime(), Arc::new(Gate::default()));
    let dispatcher = Dispatcher::empty()
        .only(held)
        .configure(&HELD, |held| held.consumers(3))
        .provide_arc(gate)
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    drop(runtime);
    let report = dispatcher.emit(Job(0));
    assert_eq!(report.failures()[0].ended(), Some(Ended::Abandoned));
    adds_up(&dispatcher.queue(&HELD));
}

#[test]
fn whoever_waits_for_room_when_the_runtime_ends_is_told_whatever_their_number() {
    let (runtime, gate) = (runtime(), Arc::new(Gate::default()));
    let dispatcher = Dispatcher::empty()
        .only(held)
        .configure(&HELD, |held| held.capacity(1))
        .provide_arc(gate.clone())
        .on_failure(|_| {})
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    dispatcher.emit(Job(0));
    gate.wait_for(1);
    dispatcher.emit(Job(1));
    let full = dispatcher.emit(Job(2));
    thread::scope(|scope| {
        let emit = || scope.spawn(|| dispatcher.emit_blocking(Job(3)).expect("no runtime"));
        let emitters = [emit(), emit(), emit()];
        let redelivery = scope.spawn(|| full.failures()[0].redeliver_blocking());
        until("three emitters wait for room", || {
            dispatcher.queue(&HELD).counts().waits == 3
        });
        drop(runtime);
        for emitter in emitters {
            let report = emitter.join().expect("no panic");
            assert_eq!(report.failures()[0].ended(), Some(Ended::Abandoned));
        }
        redelivery
            .join()
            .expect("no panic")
            .expect_err("nobody serves it");
    });
    assert_eq!(dispatcher.queue(&HELD).counts().abandoned, 5);
    adds_up(&dispatcher.queue(&HELD));
}

#[handler(queue = THREAD)]
fn write_on_a_thread(job: &Job, gate: &Gate, journal: &Journal) {
    gate.pass_blocking();
    journal.write(job.0.to_string());
}

#[handler(queue = TASK)]
async fn write_as_a_task(job: &Job, gate: &Gate, journal: &Journal) {
    gate.pass().await;
    journal.write(job.0.to_string());
}

fn drains_after_the_last_dispatcher<F: Copy + 'static>(handler: F, queue: &'static Queue) {
    let (runtime, gate) = (runtime(), Arc::new(Gate::default()));
    let journal = Arc::new(Journal::default());
    let dispatcher = Dispatcher::empty()
        .only(handler)
        .configure(queue, |queue| queue.consumers(2))
        .provide_arc(gate.clone())
        .provide_arc(journal.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    for number in 0..10 {
        dispatcher.emit(Job(number));
    }
    let (clone, handle) = (dispatcher.clone(), dispatcher.handle());
    drop(dispatcher);
    assert!(handle.emit(Job(10)).is_ok(), "a clone is left");
    let queue = clone.queue(queue);
    queue.pause();
    drop(clone);
    assert!(handle.emit(Job(11)).is_err(), "no clone is left");
    // Nobody could resume it.
    queue.pause();
    gate.open(100);
    assert!(queue.join_blocking(LONG), "it was resumed");
    assert_eq!(queue.counts().done, 11);
    // The consumers are gone, and with them all that they worked for.
    until("the consumers are gone", || {
        Arc::strong_count(&journal) == 1
    });
    let mut numbers: Vec<u32> = journal
        .take()
        .iter()
        .flat_map(|line| line.parse())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..11).collect::<Vec<_>>());
}

#[test]
fn what_is_queued_when_the_last_dispatcher_goes_still_runs_on_threads() {
    drains_after_the_last_dispatcher(write_on_a_thread, &THREAD);
}

#[test]
fn what_is_queued_when_the_last_dispatcher_goes_still_runs_as_tasks() {
    drains_after_the_last_dispatcher(write_as_a_task, &TASK);
}

static UI: LocalQueue<u8> = LocalQueue::new("ui");

#[derive(Event)]
struct Shown;

#[handler(queue = THREAD)]
fn shows(_job: &Job, gate: &Gate) -> Shown {
    gate.pass_blocking();
    Shown
}

#[handler(queue = UI)]
fn show(_event: &Shown) {}

#[test]
fn what_comes_to_a_local_queue_after_the_last_dispatcher_is_abandoned_and_keeps_nothing_alive() {
    let (runtime, heard, gate) = (runtime(), Heard::default(), Arc::new(Gate::default()));
    let dispatcher = hears(Dispatcher::empty().only(shows).only(show), &heard)
        .provide_arc(gate.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    dispatcher.emit(Shown);
    dispatcher.emit(Job(0));
    gate.wait_for(1);
    let ui = dispatcher.local_queue(&UI);
    drop(dispatcher);
    assert_eq!(taken(&heard), [Ended::Abandoned]);
    gate.open(1);
    until("the dispatcher is freed", || Arc::strong_count(&gate) == 1);
    assert_eq!(taken(&heard), [Ended::Abandoned]);
    assert_eq!(ui.counts().abandoned, 2);
    adds_up(&ui);
}

#[derive(Event)]
struct Hang;

static IDLE: Queue = Queue::new("idle").consumers(3);

#[handler(queue = IDLE)]
fn quick(_job: &Job) {}

#[handler(queue = IDLE)]
async fn quick_too(_job: &Job) {}

#[handler(queue = IDLE)]
fn hangs(_event: &Hang, gate: &Gate) {
    gate.pass_blocking();
}

#[test]
fn a_shutdown_that_runs_out_of_time_names_what_runs_and_not_what_ran() {
    let (runtime, gate) = (runtime(), Arc::new(Gate::default()));
    let dispatcher = Dispatcher::empty()
        .only(quick)
        .only(hangs)
        .provide_arc(gate.clone())
        .on_failure(|_| {})
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    for _ in 0..30 {
        dispatcher.emit(Job(0));
    }
    assert!(dispatcher.queue(&IDLE).join_blocking(LONG));
    dispatcher.emit(Hang);
    gate.wait_for(1);
    let shutdown = dispatcher.shutdown_blocking(Duration::ZERO);
    let [(handler, 1)] = shutdown.abandoned() else {
        panic!("one delivery of one handler: {shutdown}")
    };
    assert!(handler.name().ends_with("hangs"), "{shutdown}");
    gate.open(1);
    until("the abandoned call is over", || {
        Arc::strong_count(&gate) == 2
    });
    drop(dispatcher);
    until("the dispatcher is freed", || Arc::strong_count(&gate) == 1);
}

#[test]
fn a_shutdown_ends_with_the_last_delivery() {
    let runtime = runtime();
    for round in 0..500 {
        let dispatcher = Dispatcher::empty()
            .only(quick)
            .configure(&IDLE, |idle| idle.consumers(1 + round % 3))
            .runtime(runtime.handle().clone())
            .build()
            .expect("wired");
        dispatcher.emit(Job(0));
        let shutdown = dispatcher.shutdown_blocking(LONG);
        assert!(shutdown.is_complete(), "{shutdown}");
        adds_up(&dispatcher.queue(&IDLE));
        assert_eq!(dispatcher.queue(&IDLE).counts().done, 1);
    }
}

#[test]
fn a_shutdown_ends_with_the_last_delivery_of_a_task() {
    let runtime = runtime();
    for round in 0..500 {
        let dispatcher = Dispatcher::empty()
            .only(quick_too)
            .configure(&IDLE, |idle| idle.consumers(1 + round % 3))
            .runtime(runtime.handle().clone())
            .build()
            .expect("wired");
        dispatcher.emit(Job(0));
        let shutdown = block_on(dispatcher.shutdown(LONG));
        assert!(shutdown.is_complete(), "{shutdown}");
        assert_eq!(dispatcher.queue(&IDLE).counts().done, 1);
    }
}

#[test]
fn a_shutdown_that_runs_out_of_time_ends_what_waits_and_whoever_waits_for_room() {
    let (runtime, heard, gate) = (runtime(), Heard::default(), Arc::new(Gate::default()));
    let dispatcher = hears(Dispatcher::empty().only(held), &heard)
        .configure(&HELD, |held| held.capacity(1).overflow(Overflow::Wait))
        .provide_arc(gate.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    dispatcher.emit(Job(0));
    gate.wait_for(1);
    dispatcher.emit(Job(1));
    thread::scope(|scope| {
        let emitter = scope.spawn(|| dispatcher.emit_blocking(Job(2)).expect("no runtime"));
        until("an emitter waits for room", || {
            dispatcher.queue(&HELD).counts().waits == 1
        });
        let shutdown = dispatcher.shutdown_blocking(Duration::ZERO);
        let abandoned: usize = shutdown.abandoned().iter().map(|(_, count)| count).sum();
        assert_eq!(abandoned, 2, "{shutdown}");
        let report = emitter.join().expect("no panic");
        assert_eq!(
            report.failures()[0].ended(),
            Some(Ended::Rejected),
            "{report}"
        );
    });
    let queue = dispatcher.queue(&HELD);
    until("nothing runs any more", || queue.counts().running == 0);
    assert_eq!((queue.counts().abandoned, queue.counts().rejected), (2, 1));
    adds_up(&queue);
    assert_eq!(taken(&heard), [Ended::Abandoned; 2]);
    assert!(dispatcher.emit(Job(3)).closed());
}

#[test]
fn a_dispatcher_that_goes_while_it_drains_keeps_nothing_alive() {
    let (runtime, heard, gate) = (runtime(), Heard::default(), Arc::new(Gate::default()));
    let dispatcher = hears(Dispatcher::empty().only(shows).only(show), &heard)
        .provide_arc(gate.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    dispatcher.emit(Job(0));
    gate.wait_for(1);
    dispatcher.emit(Shown);
    {
        let mut shutdown = pin!(dispatcher.shutdown(LONG));
        assert!(poll_once(shutdown.as_mut()).is_pending());
    }
    drop(dispatcher);
    gate.open(1);
    until("the dispatcher is freed", || Arc::strong_count(&gate) == 1);
    assert_eq!(taken(&heard), [Ended::Abandoned; 2]);
}

#[test]
fn a_handle_of_a_dispatcher_that_is_gone_stays_so() {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let kept = dispatcher.stream::<Job>(1, Overflow::Reject);
    let (one, other) = (dispatcher.handle(), dispatcher.clone());
    drop(dispatcher);
    drop(other);
    for _ in 0..3 {
        assert!(one.emit(Job(0)).is_err());
    }
    drop(kept);
}
