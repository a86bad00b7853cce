//! What was read is delivered.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_core::error::ProblemKind;
use event_core::queue::Queue;
use event_core::wire::Envelope;
use event_core::{Dispatcher, Meta, handler};
use event_testing::{DispatcherExt as _, assert_caused, assert_emitted};
use serde_json::{Value, json};

use super::{
    OrderPlaced, StockReserved, Written, codec, decode, envelope, order, sample, with, without,
    write_down,
};

event_core::module!();

static SLOWLY: Queue = Queue::new("wire slowly");

#[handler]
fn reserve(_event: &OrderPlaced, written: &Written, meta: Meta) -> StockReserved {
    written.write("inline", meta);
    StockReserved
}

#[handler]
async fn notify(_event: &OrderPlaced, written: &Written, meta: Meta) {
    tokio::task::yield_now().await;
    written.write("async", meta);
}

#[handler(queue = SLOWLY)]
fn store(_event: &OrderPlaced, written: &Written, meta: Meta) {
    written.write("queued", meta);
}

#[handler]
fn caused(_event: &StockReserved, written: &Written, meta: Meta) {
    written.write("caused", meta);
}

fn arrived() -> Envelope {
    decode(&order(&json!({ "orderId": 1, "lines": [] }))).expect("it is read")
}

#[test]
fn a_delivered_event_keeps_its_meta_and_what_it_causes_descends_from_it() {
    let written = Arc::new(Written::default());
    let dispatcher = Dispatcher::builder()
        .only(reserve)
        .only(caused)
        .provide_arc(written.clone())
        .build()
        .expect("wired");
    let envelope = arrived();
    for _ in 0..2 {
        let report = dispatcher.emit(&envelope);
        assert_eq!((report.done(), report.events()), (2, 2));
        let seen = written.take();
        assert_eq!(seen[0], ("inline".to_owned(), envelope.meta().clone()));
        let caused = &seen[1].1;
        assert_eq!(caused.causation(), Some(envelope.meta().id()));
        assert_eq!(caused.correlation(), envelope.meta().correlation());
        assert_eq!(caused.depth(), 5);
    }
}

#[tokio::test]
async fn queued_and_async_handlers_of_a_delivered_event_see_its_meta() {
    let written = Arc::new(Written::default());
    let dispatcher = Dispatcher::builder()
        .only(notify)
        .only(store)
        .provide_arc(written.clone())
        .build()
        .expect("wired");
    let envelope = arrived();
    let expected = ["async", "queued"].map(|what| (what.to_owned(), envelope.meta().clone()));
    let mut all = Vec::new();
    let report = dispatcher.emit_async(&envelope).await;
    assert!(report.is_ok(), "{report:?}");
    assert_eq!(report.done(), 1);
    dispatcher
        .queue(&SLOWLY)
        .expect("a handler names it")
        .join()
        .await;
    all.push(written.take());
    let report = dispatcher.emit_async(envelope.clone()).spawned().await;
    assert_eq!(report.done(), 1);
    dispatcher
        .queue(&SLOWLY)
        .expect("a handler names it")
        .join()
        .await;
    all.push(written.take());
    assert!(dispatcher.emit(&envelope).is_ok());
    let shutdown = dispatcher.shutdown(Duration::from_mins(1)).await;
    assert!(shutdown.is_complete(), "{shutdown:?}");
    all.push(written.take());
    for mut seen in all {
        seen.sort_by(|left, right| left.0.cmp(&right.0));
        assert_eq!(seen, expected);
    }
}

#[tokio::test]
async fn a_subscription_that_wants_an_arc_of_a_delivered_event_gets_it() {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let envelope = arrived();
    let address = std::ptr::from_ref(
        envelope
            .event()
            .downcast_ref::<OrderPlaced>()
            .expect("newest"),
    ) as usize;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let seeing = Arc::clone(&seen);
    let _guard = dispatcher.subscribe_async(move |event: Arc<OrderPlaced>| {
        let seeing = Arc::clone(&seeing);
        async move {
            seeing
                .lock()
                .expect("not poisoned")
                .push(Arc::as_ptr(&event) as usize);
        }
    });
    assert_eq!(dispatcher.emit_async(&envelope).await.done(), 1);
    assert_eq!(*seen.lock().expect("not poisoned"), [address]);
}

#[test]
fn an_event_deeper_than_the_limit_is_not_delivered() {
    let build = |limit| {
        Dispatcher::builder()
            .only(caused)
            .provide(Written::default())
            .depth_limit(limit)
            .build()
            .expect("wired")
    };
    let envelope = decode(&envelope("wire.stock_reserved", 1, &Value::Null)).expect("it is read");
    assert_eq!(build(4).emit(&envelope).done(), 1);
    let reports = [
        build(3).emit(&envelope),
        pollster::block_on(build(3).emit_async(&envelope)),
    ];
    for report in reports {
        assert_eq!(
            (report.done(), report.events(), report.not_emitted()),
            (0, 0, 1)
        );
        assert!(!report.is_ok());
        assert_eq!(report.failures()[0].event().name(), "wire.stock_reserved");
    }
}

#[test]
fn an_observer_sees_the_meta_of_a_delivered_event() {
    let builder = Dispatcher::builder().only(reserve);
    let builder = builder.provide(Written::default());
    let dispatcher = builder.build().expect("wired");
    let rec = dispatcher.record();
    let envelope = arrived();
    dispatcher.emit(&envelope);
    let placed = assert_emitted!(rec, OrderPlaced);
    assert_eq!(placed.meta(), envelope.meta());
    assert_caused!(rec, OrderPlaced => StockReserved);
}

#[test]
fn a_delivery_inside_of_itself_ends_at_the_limit() {
    let dispatcher = Dispatcher::empty().depth_limit(20).build().expect("wired");
    let root = without(
        envelope("wire.stock_reserved", 1, &Value::Null),
        "causaldepth",
    );
    let envelope = decode(&root).expect("it is read");
    let calls = Arc::new(AtomicUsize::new(0));
    let (handle, again, calling) = (dispatcher.handle(), envelope.clone(), calls.clone());
    let _guard = dispatcher.subscribe(move |_: &StockReserved| {
        calling.fetch_add(1, Ordering::Relaxed);
        if let Ok(dispatcher) = handle.get() {
            dispatcher.emit(&again);
        }
    });
    let report = dispatcher.emit(&envelope);
    assert!(!report.is_ok());
    assert_eq!(calls.load(Ordering::Relaxed), 21);
}

#[test]
fn an_event_of_any_depth_is_refused_without_a_panic() {
    let deepest = with(
        envelope("wire.stock_reserved", 1, &Value::Null),
        "causaldepth",
        i32::MAX.into(),
    );
    let dispatcher = Dispatcher::builder()
        .only(caused)
        .provide(Written::default())
        .build()
        .expect("wired");
    let report = dispatcher.emit(decode(&deepest).expect("it is read"));
    assert_eq!((report.done(), report.failures().len()), (0, 1));
    // The next root starts from the ground.
    assert_eq!(dispatcher.emit(StockReserved).done(), 1);
}

#[test]
fn an_older_version_is_delivered_to_the_handlers_of_the_newest() {
    let written = Arc::new(Written::default());
    let dispatcher = Dispatcher::builder()
        .only(reserve)
        .provide_arc(written.clone())
        .build()
        .expect("wired");
    let old = decode(&envelope("wire.order_made", 1, &json!(5))).expect("it is read");
    assert_eq!(dispatcher.emit(&old).done(), 1);
    assert_eq!(written.take().len(), 1);
}

#[test]
fn a_closed_dispatcher_delivers_nothing_and_says_so() {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let _ = dispatcher.shutdown(Duration::ZERO).blocking();
    let report = dispatcher.emit(arrived());
    assert!(report.closed());
    assert_eq!(report.not_emitted(), 1);
}

#[test]
fn what_a_catch_all_writes_can_be_delivered_elsewhere() {
    let written = Arc::new(Written::default());
    let here = Dispatcher::builder()
        .only(write_down)
        .provide(codec())
        .provide_arc(written.clone())
        .build()
        .expect("wired");
    here.emit(sample());
    let (text, meta) = written.take().remove(0);
    let envelope = codec().decode(text.as_bytes()).expect("it is read");
    assert_eq!(*envelope.meta(), meta);
    assert_eq!(meta.id().get_version_num(), 7);
}

#[test]
fn the_linked_versions_and_aliases_build() {
    let build = Dispatcher::builder()
        .only_modules([MODULE])
        .provide(codec())
        .provide(Written::default());
    let error = build.build().expect_err("the async handler has no runtime");
    let kinds: Vec<_> = error
        .problems()
        .iter()
        .map(event_core::error::Problem::kind)
        .collect();
    assert!(
        kinds
            .iter()
            .all(|kind| *kind == ProblemKind::MissingRuntime),
        "{error}"
    );
}
