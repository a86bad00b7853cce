//! Queues pumped by a thread that lends their handlers a value it owns.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use event_core::queue::{LocalQueue, Overflow};
use event_core::report::DeliveryStatus;
use event_core::{Dispatcher, Emitter, Event, dispatcher::DispatcherBuilder, handler};
use event_tests::{quiet_panic, until};

/// A lent value that is neither `Send` nor `Sync`.
#[derive(Default)]
struct App {
    lines: Rc<Cell<Vec<String>>>,
    raw: Option<*const u8>,
}

impl App {
    fn write(&mut self, line: impl Into<String>) {
        let mut lines = self.lines.take();
        lines.push(line.into());
        self.lines.set(lines);
    }

    fn take(&self) -> Vec<String> {
        self.lines.take()
    }
}

static UI: LocalQueue<App> = LocalQueue::new("ui").capacity(3);
static OTHER: LocalQueue<u32> = LocalQueue::new("other");

#[derive(Event)]
struct Clicked(u32);

#[derive(Event)]
struct Redrawn(u32);

#[derive(Event)]
struct Nobody;

#[handler(queue = UI)]
fn click(event: &Clicked, app: &mut App) {
    app.raw = Some(std::ptr::null());
    app.write(format!("clicked {}", event.0));
}

#[handler(queue = UI)]
fn redraw(event: &Clicked, app: &mut App, emitter: Emitter<Redrawn>) -> Redrawn {
    app.write("redraw");
    emitter.emit_after(Redrawn(event.0));
    Redrawn(event.0 + 1)
}

#[handler(queue = UI)]
fn redrawn(event: &Redrawn, app: &mut App) {
    app.write(format!("redrawn {}", event.0));
}

#[handler(queue = OTHER)]
fn count(event: &Redrawn, sum: &mut u32) {
    *sum += event.0;
}

#[handler(queue = UI)]
fn panics_on_two(event: &Clicked, app: &mut App) {
    app.write(format!("begin {}", event.0));
    if event.0 == 2 {
        quiet_panic();
    }
    app.write(format!("end {}", event.0));
}

#[handler(queue = UI)]
fn numbered(event: &Clicked, app: &mut App) {
    app.write(event.0.to_string());
}

fn built(builder: DispatcherBuilder) -> Dispatcher {
    builder.build().expect("no runtime is needed")
}

fn adds_up(dispatcher: &Dispatcher) {
    let counts = dispatcher.queue(&UI).expect("a handler names it").counts();
    let waiting = (counts.depth + counts.running) as u64;
    let ended = counts.done + counts.failed + counts.abandoned;
    let refused = counts.dropped + counts.rejected;
    assert_eq!(counts.offered, waiting + ended + refused, "{counts:?}");
}

/// Counts how often the loop was woken.
fn woken(dispatcher: &Dispatcher) -> Arc<AtomicUsize> {
    let wakes = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&wakes);
    assert!(
        dispatcher
            .queue(&UI)
            .expect("a handler names it")
            .on_wake(move || {
                counting.fetch_add(1, Ordering::SeqCst);
            })
            .is_ok()
    );
    wakes
}

#[test]
fn handlers_run_where_the_owner_pumps_whoever_emits() {
    let dispatcher = built(Dispatcher::empty().handler(click));
    let mut app = App::default();
    thread::scope(|scope| {
        scope.spawn(|| assert_eq!(dispatcher.emit(Clicked(1)).handed_over(), 1));
    });
    assert!(app.take().is_empty());
    assert_eq!(
        dispatcher
            .queue(&UI)
            .expect("a handler names it")
            .pump(&mut app),
        1
    );
    assert_eq!(app.take(), ["clicked 1"]);
    assert_eq!(
        dispatcher
            .queue(&UI)
            .expect("a handler names it")
            .pump(&mut app),
        0
    );
    assert_eq!(app.raw, Some(std::ptr::null()));
}

#[test]
fn pump_runs_what_was_queued_when_it_was_called_and_wakes_for_the_rest() {
    let dispatcher = built(Dispatcher::empty().handler(redraw).handler(redrawn));
    let wakes = woken(&dispatcher);
    let mut app = App::default();
    dispatcher.emit(Clicked(1));
    assert_eq!(wakes.swap(0, Ordering::SeqCst), 1, "a wake for each offer");
    assert_eq!(
        dispatcher
            .queue(&UI)
            .expect("a handler names it")
            .pump(&mut app),
        1
    );
    assert_eq!(app.take(), ["redraw"]);
    assert!(wakes.swap(0, Ordering::SeqCst) > 0, "more waits");
    assert_eq!(
        dispatcher
            .queue(&UI)
            .expect("a handler names it")
            .pump(&mut app),
        2
    );
    assert_eq!(app.take(), ["redrawn 1", "redrawn 2"]);
    assert_eq!(wakes.load(Ordering::SeqCst), 0, "nothing waits");
}

#[handler(queue = UI)]
fn causes_more(event: &Clicked, app: &mut App) -> Vec<Redrawn> {
    app.write(event.0.to_string());
    (0..2).map(Redrawn).collect()
}

#[test]
fn pump_leaves_what_is_caused_to_the_next_call_even_where_it_makes_room() {
    let dispatcher = built(
        Dispatcher::empty()
            .handler(causes_more)
            .handler(redrawn)
            .configure(&UI, |ui| ui.overflow(Overflow::DropOldest)),
    );
    let mut app = App::default();
    for number in 0..3 {
        dispatcher.emit(Clicked(number));
    }
    // The two events that 0 causes displace 1, and the events that 2 causes displace older ones.
    assert_eq!(
        dispatcher
            .queue(&UI)
            .expect("a handler names it")
            .pump(&mut app),
        2
    );
    assert_eq!(app.take(), ["0", "2"]);
    assert_eq!(
        dispatcher
            .queue(&UI)
            .expect("a handler names it")
            .counts()
            .depth,
        3
    );
    dispatcher
        .queue(&UI)
        .expect("a handler names it")
        .pump(&mut app);
    assert_eq!(app.take(), ["redrawn 1", "redrawn 0", "redrawn 1"]);
    adds_up(&dispatcher);
}

#[test]
fn the_loop_is_woken_once_for_each_offer_and_set_once() {
    let dispatcher = built(Dispatcher::empty().handler(click));
    let wakes = woken(&dispatcher);
    for number in 0..5 {
        dispatcher.emit(Clicked(number));
    }
    assert_eq!(wakes.load(Ordering::SeqCst), 3, "two found no room");
    assert!(
        dispatcher
            .queue(&UI)
            .expect("a handler names it")
            .on_wake(|| ())
            .is_err(),
        "there is one"
    );
    assert!(dispatcher.queue(&OTHER).is_err(), "no handler names it");
}

#[test]
fn a_wake_up_that_panics_reaches_nobody() {
    let dispatcher = built(Dispatcher::empty().handler(click));
    dispatcher
        .queue(&UI)
        .expect("a handler names it")
        .on_wake(|| quiet_panic())
        .expect("it is not set yet");
    assert_eq!(dispatcher.emit(Clicked(1)).handed_over(), 1);
    assert_eq!(
        dispatcher
            .queue(&UI)
            .expect("a handler names it")
            .pump(&mut App::default()),
        1
    );
}

#[test]
fn a_paused_queue_does_not_wake_its_loop_over_and_over() {
    let dispatcher = built(Dispatcher::empty().handler(click));
    let wakes = woken(&dispatcher);
    let mut app = App::default();
    dispatcher.queue(&UI).expect("a handler names it").pause();
    dispatcher.emit(Clicked(1));
    assert_eq!(wakes.swap(0, Ordering::SeqCst), 1);
    assert_eq!(
        dispatcher
            .queue(&UI)
            .expect("a handler names it")
            .pump(&mut app),
        0
    );
    assert_eq!(wakes.load(Ordering::SeqCst), 0, "or the loop would spin");
    dispatcher.queue(&UI).expect("a handler names it").resume();
    assert_eq!(
        wakes.load(Ordering::SeqCst),
        1,
        "or the loop would sleep on"
    );
    assert_eq!(
        dispatcher
            .queue(&UI)
            .expect("a handler names it")
            .pump(&mut app),
        1
    );
}

#[test]
fn a_handler_that_panics_leaves_what_is_lent_usable() {
    let failures: Arc<Mutex<Vec<Option<DeliveryStatus>>>> = Arc::default();
    let heard = Arc::clone(&failures);
    let dispatcher = built(
        Dispatcher::empty()
            .handler(panics_on_two)
            .on_failure(move |failure| heard.lock().expect("not poisoned").push(failure.ended())),
    );
    let mut app = App::default();
    for number in 1..=3 {
        dispatcher.emit(Clicked(number));
    }
    assert_eq!(
        dispatcher
            .queue(&UI)
            .expect("a handler names it")
            .pump(&mut app),
        3
    );
    assert_eq!(
        app.take(),
        ["begin 1", "end 1", "begin 2", "begin 3", "end 3"]
    );
    assert_eq!(
        *failures.lock().expect("not poisoned"),
        [Some(DeliveryStatus::Panicked)]
    );
    let counts = dispatcher.queue(&UI).expect("a handler names it").counts();
    assert_eq!((counts.done, counts.failed), (2, 1));
    adds_up(&dispatcher);
}

fn overflowing(overflow: Overflow) -> (Dispatcher, Vec<String>) {
    let dispatcher = built(
        Dispatcher::empty()
            .handler(numbered)
            .configure(&UI, |ui| ui.overflow(overflow)),
    );
    let mut app = App::default();
    let expected = match overflow {
        Overflow::DropOldest => (1, 0, 0),
        Overflow::DropNewest => (0, 1, 0),
        _ => (0, 0, 1),
    };
    for number in 0..5 {
        let report = dispatcher.emit(Clicked(number));
        if number > 2 {
            let counts = (report.handed_over(), report.dropped(), report.rejected());
            assert_eq!(counts, expected, "{report}");
        }
    }
    adds_up(&dispatcher);
    assert_eq!(
        dispatcher
            .queue(&UI)
            .expect("a handler names it")
            .pump(&mut app),
        3
    );
    adds_up(&dispatcher);
    (dispatcher, app.take())
}

#[test]
fn a_full_queue_rejects_unless_said() {
    let (dispatcher, lines) = overflowing(Overflow::Reject);
    assert_eq!(lines, ["0", "1", "2"]);
    assert_eq!(
        dispatcher
            .queue(&UI)
            .expect("a handler names it")
            .counts()
            .rejected,
        2
    );
    let declared = built(Dispatcher::empty().handler(numbered));
    let reports: Vec<_> = (0..4)
        .map(|number| declared.emit(Clicked(number)))
        .collect();
    assert_eq!(reports[3].rejected(), 1);
    declared
        .queue(&UI)
        .expect("a handler names it")
        .pump(&mut App::default());
    reports[3].failures()[0].redeliver_blocking().expect("room");
    assert_eq!(
        declared
            .queue(&UI)
            .expect("a handler names it")
            .pump(&mut App::default()),
        1
    );
}

#[test]
fn a_full_queue_may_drop_the_newest() {
    let (dispatcher, lines) = overflowing(Overflow::DropNewest);
    assert_eq!(lines, ["0", "1", "2"]);
    assert_eq!(
        dispatcher
            .queue(&UI)
            .expect("a handler names it")
            .counts()
            .dropped,
        2
    );
}

#[test]
fn a_full_queue_may_drop_the_oldest() {
    let (dispatcher, lines) = overflowing(Overflow::DropOldest);
    assert_eq!(lines, ["2", "3", "4"]);
    assert_eq!(
        dispatcher
            .queue(&UI)
            .expect("a handler names it")
            .counts()
            .dropped,
        2
    );
}

#[test]
fn two_queues_are_pumped_apart() {
    let dispatcher = built(Dispatcher::empty().handler(redrawn).handler(count));
    let (mut app, mut sum) = (App::default(), 0);
    assert_eq!(dispatcher.emit(Redrawn(7)).handed_over(), 2);
    assert_eq!(
        dispatcher
            .queue(&OTHER)
            .expect("a handler names it")
            .pump(&mut sum),
        1
    );
    assert_eq!((sum, app.take().len()), (7, 0));
    assert_eq!(
        dispatcher
            .queue(&UI)
            .expect("a handler names it")
            .pump(&mut app),
        1
    );
    assert_eq!(app.take(), ["redrawn 7"]);
}

#[test]
fn what_waits_when_the_last_dispatcher_goes_is_abandoned() {
    let failures: Arc<Mutex<Vec<String>>> = Arc::default();
    let heard = Arc::clone(&failures);
    let dispatcher = built(
        Dispatcher::empty()
            .handler(click)
            .on_failure(move |failure| {
                assert_eq!(failure.ended(), Some(DeliveryStatus::Abandoned));
                heard
                    .lock()
                    .expect("not poisoned")
                    .push(failure.to_string());
            }),
    );
    dispatcher.emit(Clicked(1));
    dispatcher.emit(Clicked(2));
    let queue = dispatcher.queue(&UI).expect("a handler names it");
    drop(dispatcher);
    let failures = failures.lock().expect("not poisoned");
    assert_eq!(failures.len(), 2);
    assert!(failures[0].ends_with("queue `ui` is not served any more"));
    assert_eq!((queue.counts().abandoned, queue.counts().depth), (2, 0));
}

#[test]
fn a_shutdown_waits_for_the_owner_to_pump() {
    let dispatcher = built(Dispatcher::empty().handler(redraw).handler(redrawn));
    let mut app = App::default();
    dispatcher.emit(Clicked(1));
    thread::scope(|scope| {
        let shutdown = scope.spawn(|| dispatcher.shutdown(Duration::from_mins(1)).blocking());
        until("it is closed", || dispatcher.emit(Nobody).closed());
        until("the shutdown has ended", || {
            dispatcher
                .queue(&UI)
                .expect("a handler names it")
                .pump(&mut app);
            shutdown.is_finished()
        });
        assert!(shutdown.join().expect("no panic").is_complete());
    });
    assert_eq!(app.take(), ["redraw", "redrawn 1", "redrawn 2"]);
    adds_up(&dispatcher);
}
