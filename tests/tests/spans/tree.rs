//! Spans of emissions and deliveries, as a subscriber sees them.

use event_core::meta::TraceParent;
use event_core::queue::Queue;
use event_core::spans::Propagator;
use event_core::{
    Dispatcher, Emitter,
    dispatcher::{DispatcherBuilder, DispatcherHandle},
    handler,
};
use event_tests::until_async;
use tracing::span::{Attributes, Id, Record};
use tracing::{Span, Subscriber, info, info_span};

use crate::told::listen;
use crate::{BellRung, DoorOpened, GuestEntered};

static HALL: Queue = Queue::new("hall").consumers(1);

#[handler]
fn log(_event: &BellRung) {
    info!("ding dong");
}

#[handler(after = log)]
fn open(_event: &BellRung) -> DoorOpened {
    DoorOpened
}

#[handler(after = open)]
fn announce(_event: &BellRung, emitter: Emitter<GuestEntered>) {
    emitter.emit_after(GuestEntered);
}

#[handler]
fn greet(_event: &DoorOpened) -> Result<(), String> {
    Err("asleep".to_owned())
}

#[handler]
fn stumble(_event: &GuestEntered) {
    panic!("over the cat");
}

#[handler(queue = HALL)]
fn fetch(_event: &BellRung) -> GuestEntered {
    GuestEntered
}

#[handler]
async fn walk(_event: &DoorOpened) {
    info!("one step");
    tokio::task::yield_now().await;
    info!("another");
}

#[handler]
async fn wait(_event: &GuestEntered) {
    std::future::pending::<()>().await;
}

#[handler]
fn ring_again(_event: &DoorOpened, house: &DispatcherHandle) {
    let report = house.emit(GuestEntered);
    assert!(report.is_ok(), "{report:?}");
}

fn with(choose: impl FnOnce(DispatcherBuilder) -> DispatcherBuilder) -> Dispatcher {
    let builder = choose(Dispatcher::builder().spans());
    builder.build().expect("a dispatcher")
}

#[test]
fn a_delivery_is_below_its_emission_and_what_it_causes_is_below_it() {
    let (told, _listening) = listen();
    let house = with(|it| {
        it.only(log)
            .only(open)
            .only(announce)
            .only(greet)
            .only(stumble)
    });
    {
        let _request = info_span!("request").entered();
        house.emit(BellRung);
    }
    let tree = "\
request
  emit house.bell_rung
    log: done \"ding dong\"
    open: done
      emit house.door_opened
        greet: failed
    announce: done
      emit house.guest_entered
        stumble: panicked
";
    assert_eq!(told.tree(), tree);
    assert_eq!(told.open(), 0);
}

#[tokio::test]
async fn a_trace_goes_on_through_a_queue_whose_thread_has_another_subscriber() {
    let (told, listening) = listen();
    let house = with(|it| it.only(fetch).only(stumble));
    house.emit(BellRung);
    house.queue(&HALL).expect("a handler names it").join().await;
    until_async(format_args!("every span is closed:\n{told}"), || {
        told.open() == 0
    })
    .await;
    drop(listening);
    let tree = "\
emit house.bell_rung
  fetch: done
    emit house.guest_entered
      stumble: panicked
";
    assert_eq!(told.tree(), tree);
}

#[tokio::test]
async fn the_logs_of_an_async_handler_are_in_its_span_across_its_awaits() {
    let (told, _listening) = listen();
    let house = with(|it| it.only(walk));
    let two = tokio::join!(house.emit_async(DoorOpened), house.emit_async(DoorOpened));
    assert_eq!(two.0.done() + two.1.done(), 2);
    let one = "emit house.door_opened\n  walk: done \"one step\" \"another\"\n";
    assert_eq!(told.tree(), one.repeat(2));
    assert_eq!(told.open(), 0);
}

#[tokio::test]
async fn a_cancelled_delivery_says_so_in_its_span() {
    let (told, _listening) = listen();
    let house = with(|it| it.only(wait));
    {
        let mut waits = std::pin::pin!(house.emit_async(GuestEntered));
        assert!(
            std::future::poll_fn(|it| std::task::Poll::Ready(waits.as_mut().poll(it).is_pending()))
                .await
        );
        assert!(told.tree().contains("wait: \n"), "{}", told.tree());
    }
    assert_eq!(told.tree(), "emit house.guest_entered\n  wait: cancelled\n");
    assert_eq!(told.open(), 0);
}

#[tokio::test]
async fn a_shielded_emission_is_below_the_span_of_its_emitter() {
    let (told, _listening) = listen();
    let house = with(|it| it.only(walk));
    let shielded = {
        let _request = info_span!("request").entered();
        house.emit_async(DoorOpened).spawned()
    };
    assert_eq!(shielded.await.done(), 1);
    let tree = "request\n  emit house.door_opened\n    walk: done \"one step\" \"another\"\n";
    assert_eq!(told.tree(), tree);
}

#[test]
fn an_emit_inside_of_a_handler_is_below_its_delivery() {
    let (told, _listening) = listen();
    let builder = Dispatcher::builder().spans().only(ring_again).only(stumble);
    let house = builder.handle();
    let house = builder.provide(house).build().expect("a dispatcher");
    house.emit(DoorOpened);
    let tree = "\
emit house.door_opened
  ring_again: done
    emit house.guest_entered
      stumble: panicked
";
    assert_eq!(told.tree(), tree);
}

#[tokio::test]
async fn a_report_that_is_kept_keeps_no_span_open() {
    let (told, _listening) = listen();
    let house = with(|it| it.only(open).only(walk));
    let report = house.emit_async(BellRung).await;
    assert_eq!(report.returned::<DoorOpened>().count(), 1);
    assert_eq!(told.open(), 0);
}

#[test]
fn without_spans_there_is_none() {
    let (told, _listening) = listen();
    let house = Dispatcher::builder()
        .only(log)
        .build()
        .expect("a dispatcher");
    house.emit(BellRung);
    assert_eq!(told.tree(), "");
}

/// A subscriber that panics whatever it is told.
struct Panics;

impl Subscriber for Panics {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        panic!("no span")
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &tracing::Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn a_subscriber_that_panics_harms_no_delivery() {
    let _listening = tracing::subscriber::set_default(Panics);
    let house = with(|it| it.only(open).only(greet));
    let report = house.emit(BellRung);
    assert_eq!((report.done(), report.failed()), (1, 1), "{report}");
}

/// A propagator that is of no use.
struct Broken;

impl Propagator for Broken {
    fn traceparent(&self, _: &Span) -> Option<TraceParent> {
        panic!("no position")
    }

    fn continue_from(&self, _: &Span, _: &TraceParent) {
        panic!("no parent")
    }
}

#[test]
fn a_propagator_that_panics_harms_no_delivery() {
    let (told, _listening) = listen();
    let builder = Dispatcher::builder().spans_with(Broken).only(log);
    let house = builder.build().expect("a dispatcher");
    assert_eq!(house.emit(BellRung).done(), 1);
    assert_eq!(
        told.tree(),
        "emit house.bell_rung\n  log: done \"ding dong\"\n"
    );
}
