//! A layer of `tracing` that emits, and what it causes: the process has one subscriber, as a program has,
//! since `tracing` itself keeps subscribers of a single thread from being called inside of themselves.

#![allow(
    clippy::unnecessary_wraps,
    reason = "handlers return what the test is about"
)]

#[path = "common/lines.rs"]
mod lines;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

use event_core::queue::{LocalQueue, Queue};
use event_core::{
    Dispatcher, Event,
    dispatcher::{DispatcherBuilder, DispatcherHandle},
    handler,
};
use event_tests::{quiet_panic, runtime};
use tracing::span::{Attributes, Id, Record};
use tracing::{Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use lines::{Line, Lines};

/// The limit of causes of each dispatcher here.
const LIMIT: u32 = 12;

#[derive(Event)]
struct Begun;

/// What the layer makes of what it is told.
#[derive(Event)]
struct Told;

static THREAD: Queue = Queue::new("thread").consumers(1);
static TASK: Queue = Queue::new("task").consumers(1);
static LOCAL: LocalQueue<()> = LocalQueue::new("local");

#[handler]
fn begun(_event: &Begun) -> Result<(), &'static str> {
    Err("no")
}

#[handler]
fn inline(_event: &Told) -> Result<(), &'static str> {
    Err("no")
}

#[handler]
fn inline_panics(_event: &Told) {
    quiet_panic();
}

#[handler(queue = THREAD)]
fn thread(_event: &Told) -> Result<(), &'static str> {
    Err("no")
}

#[handler(queue = TASK)]
async fn task(_event: &Told) {
    quiet_panic();
}

#[handler]
async fn detached(_event: &Told) -> Result<(), &'static str> {
    tokio::task::yield_now().await;
    Err("no")
}

#[handler(queue = LOCAL)]
fn local(_event: &Told) -> Result<(), &'static str> {
    Err("no")
}

/// What handlers a dispatcher has, and how to call that.
type Case = (&'static str, fn(DispatcherBuilder) -> DispatcherBuilder);

/// What the layer tells of, and to whom.
static TELLS: Mutex<Option<(What, DispatcherHandle)>> = Mutex::new(None);
/// How often it did.
static COUNT: AtomicUsize = AtomicUsize::new(0);

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Lines,
    Spans,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes an event of each thing that it is told.
struct MakesEvents;

impl MakesEvents {
    fn tell(what: What) {
        let tells = locked(&TELLS).clone();
        if let Some((of, house)) = tells
            && of == what
        {
            COUNT.fetch_add(1, Ordering::Relaxed);
            let _ = house.emit(Told);
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for MakesEvents {
    fn on_event(&self, _: &tracing::Event<'_>, _: Context<'_, S>) {
        Self::tell(What::Lines);
    }

    fn on_new_span(&self, _: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        Self::tell(What::Spans);
    }

    fn on_record(&self, _: &Id, _: &Record<'_>, _: Context<'_, S>) {
        Self::tell(What::Spans);
    }

    fn on_enter(&self, _: &Id, _: Context<'_, S>) {
        Self::tell(What::Spans);
    }

    fn on_exit(&self, _: &Id, _: Context<'_, S>) {
        Self::tell(What::Spans);
    }

    fn on_close(&self, _: Id, _: Context<'_, S>) {
        Self::tell(What::Spans);
    }
}

/// Runs a test while the layer emits to its dispatcher; tells what was written, and how often the layer
/// emitted.
fn told(
    what: What,
    builder: DispatcherBuilder,
    run: impl FnOnce(&Dispatcher),
) -> (Vec<Line>, usize) {
    static LINES: Mutex<Option<Lines>> = Mutex::new(None);
    static INSTALLED: Once = Once::new();
    // One at a time, since the process has one subscriber.
    let mut lines = locked(&LINES);
    INSTALLED.call_once(|| {
        let written = lines.insert(Lines::default()).clone();
        let subscriber = tracing_subscriber::registry()
            .with(written)
            .with(MakesEvents);
        tracing::subscriber::set_global_default(subscriber).expect("no other subscriber");
    });
    let lines = lines.clone().expect("a subscriber");
    let dispatcher = builder.depth_limit(LIMIT).build().expect("a dispatcher");
    lines.take();
    COUNT.store(0, Ordering::Relaxed);
    *locked(&TELLS) = Some((what, dispatcher.handle()));
    run(&dispatcher);
    locked(&TELLS).take();
    (lines.take(), COUNT.load(Ordering::Relaxed))
}

#[test]
fn a_line_about_a_failure_leads_to_no_line_on_its_thread() {
    let inline_handlers: [fn(DispatcherBuilder) -> DispatcherBuilder; 2] =
        [|it| it.handler(inline), |it| it.handler(inline_panics)];
    for choose in inline_handlers {
        let builder = choose(Dispatcher::empty().handler(begun));
        let (lines, count) = told(What::Lines, builder, |dispatcher| {
            let report = dispatcher.emit(Begun);
            assert_eq!(report.failed(), 1, "{report}");
        });
        let said: Vec<_> = lines.iter().map(|it| (it.level, it.message())).collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert_eq!(said[0].0, Level::ERROR);
        assert!(said[0].1.contains("begun"), "{said:?}");
        assert_eq!(said[1].0, Level::WARN);
        assert!(said[1].1.starts_with("1 line was not logged"), "{said:?}");
        // Of each of the two.
        assert_eq!(count, 2);
    }
}

#[test]
fn lines_whose_events_are_handled_elsewhere_end_at_the_limit_of_causes() {
    let places: [Case; 4] = [
        ("thread", |it| it.handler(thread)),
        ("task", |it| it.handler(task)),
        ("detached", |it| it.handler(detached)),
        ("local", |it| it.handler(local)),
    ];
    for (place, choose) in places {
        for with_spans in [false, true] {
            let runtime = runtime();
            let builder =
                choose(Dispatcher::empty().handler(begun)).runtime(runtime.handle().clone());
            let builder = if with_spans { builder.spans() } else { builder };
            let (lines, count) = told(What::Lines, builder, |dispatcher| {
                dispatcher.emit(Begun);
                if let Ok(local) = dispatcher.queue(&LOCAL) {
                    while local.pump(&mut ()) > 0 {}
                }
                let shutdown = dispatcher.shutdown(Duration::from_mins(1));
                let shutdown = runtime.block_on(shutdown);
                assert_eq!(shutdown.abandoned_count(), 0, "{shutdown:?}");
            });
            let count_of = |level| lines.iter().filter(|it| it.level == level).count();
            // One for each depth. What the last of them would have led to is not emitted, and what says
            // that is left out, since it is said while the last is written.
            assert_eq!(
                count_of(Level::ERROR),
                LIMIT as usize + 1,
                "{place} {lines:?}"
            );
            assert_eq!(count_of(Level::WARN), 1, "{place} {lines:?}");
            assert_eq!(count, LIMIT as usize + 2, "{place}");
        }
    }
}

#[test]
fn what_is_emitted_while_a_span_is_told_of_has_no_spans_and_writes_no_line() {
    let builder = Dispatcher::empty().handler(begun).handler(inline).spans();
    let (lines, count) = told(What::Spans, builder, |dispatcher| {
        let report = dispatcher.emit(Begun);
        assert_eq!(report.failed(), 1, "{report}");
    });
    // Two spans are opened and closed; one of them is entered, left and written to three times.
    assert_eq!(count, 9);
    let said: Vec<_> = lines.iter().map(|it| (it.level, it.span())).collect();
    let errors = said.iter().filter(|(level, _)| *level == Level::ERROR);
    assert_eq!(
        errors.collect::<Vec<_>>(),
        [&(Level::ERROR, "handle")],
        "{said:?}"
    );
}
