//! Where cascades of async handlers end.

use std::sync::Arc;

use event_core::{
    Dispatcher, Event,
    dispatcher::{DispatcherBuilder, DispatcherHandle},
    handler,
};
use event_tests::{Heard, idle, short};

use super::{Counter, Tick};

#[derive(Event)]
struct Nested;

#[handler]
async fn nests_async(_event: &Nested, handle: &DispatcherHandle, counter: &Counter) {
    counter.add();
    tokio::task::yield_now().await;
    let dispatcher = handle.get().expect("alive");
    dispatcher.emit_async(Nested).await;
}

#[handler]
async fn nests(_event: &Nested, handle: &DispatcherHandle, counter: &Counter) {
    counter.add();
    tokio::task::yield_now().await;
    handle.emit(Nested).expect("alive");
}

#[handler]
async fn nests_shielded(_event: &Nested, handle: &DispatcherHandle, counter: &Counter) {
    counter.add();
    tokio::task::yield_now().await;
    let dispatcher = handle.get().expect("alive");
    dispatcher.emit_async(Nested).spawned().await;
}

fn nesting<F: Copy + 'static>(handler: F, heard: &Heard) -> (Dispatcher, Arc<Counter>) {
    let counter = Arc::new(Counter::default());
    let builder = Dispatcher::empty().handler(handler).depth_limit(5);
    let handle = builder.handle();
    let dispatcher = builder
        .provide(handle)
        .provide_arc(counter.clone())
        .on_failure(heard.hook())
        .build()
        .expect("wired");
    (dispatcher, counter)
}

#[tokio::test]
async fn emissions_inside_of_async_handlers_count_towards_the_depth_limit() {
    let heard = Heard::default();
    let (dispatcher, counter) = nesting(nests_async, &heard);
    let report = dispatcher.emit_async(Nested).await;
    assert_eq!(counter.get(), 6);
    let failure = report.failures().first().expect("the limit was crossed");
    let text = "`it::async_handlers::limits::Nested` was not emitted: 6 causes lie before it, more than the \
                `depth_limit` of 5";
    assert_eq!(failure.to_string(), text);
}

#[tokio::test(start_paused = true)]
async fn emits_of_detached_handlers_count_towards_the_depth_limit() {
    let heard = Heard::default();
    let (dispatcher, counter) = nesting(nests, &heard);
    dispatcher.emit(Nested);
    idle().await;
    assert_eq!(counter.get(), 6);
    assert_eq!(heard.take().len(), 1);
}

#[tokio::test]
async fn shielded_emissions_inside_of_async_handlers_count_towards_the_depth_limit() {
    let heard = Heard::default();
    let (dispatcher, counter) = nesting(nests_shielded, &heard);
    dispatcher.emit_async(Nested).await;
    assert_eq!(counter.get(), 6);
}

#[tokio::test(start_paused = true)]
async fn an_emit_before_a_subscription_makes_its_future_counts_towards_the_depth_limit() {
    let builder = Dispatcher::empty().depth_limit(5);
    let dispatcher = builder.build().expect("wired");
    let counter = Arc::new(Counter::default());
    let guard = dispatcher.subscribe_async({
        let (handle, counter) = (dispatcher.handle(), counter.clone());
        move |_: Arc<Tick>| {
            counter.add();
            handle.emit(Tick).expect("alive");
            std::future::ready(())
        }
    });
    dispatcher.emit(Tick);
    idle().await;
    assert_eq!(counter.get(), 6);
    drop(guard);
}

#[derive(Event)]
struct Echo;

#[handler]
async fn echo(_event: &Echo, counter: &Counter) -> Echo {
    counter.add();
    tokio::task::yield_now().await;
    Echo
}

#[derive(Event)]
struct Doubling;

#[handler]
async fn double(_event: &Doubling, counter: &Counter) -> (Doubling, Doubling) {
    counter.add();
    (Doubling, Doubling)
}

fn limited<F: Copy + 'static>(handler: F) -> (DispatcherBuilder, Arc<Counter>) {
    let counter = Arc::new(Counter::default());
    let builder = Dispatcher::empty().handler(handler);
    (builder.provide_arc(counter.clone()), counter)
}

#[tokio::test]
async fn the_depth_of_a_cascade_of_async_handlers_is_limited() {
    let (builder, counter) = limited(echo);
    let dispatcher = builder.depth_limit(3).build().expect("wired");
    let report = dispatcher.emit_async(Echo).await;
    assert_eq!(counter.get(), 4);
    assert_eq!((report.done(), report.not_emitted()), (4, 1));
    assert_eq!(report.failures().len(), 1);
    let by = report.failures()[0].handler().expect("by a handler");
    assert_eq!(short(by), "echo");
}

#[tokio::test(start_paused = true)]
async fn the_depth_of_a_cascade_of_detached_handlers_is_limited() {
    let (builder, counter) = limited(echo);
    let heard = Heard::default();
    let builder = builder.depth_limit(3).on_failure(heard.hook());
    let dispatcher = builder.build().expect("wired");
    dispatcher.emit(Echo);
    idle().await;
    assert_eq!(counter.get(), 4);
    let heard = heard.take();
    assert_eq!(heard.len(), 1, "{heard:#?}");
    assert!(
        heard[0].contains("more than 3 causes lie before it"),
        "{heard:?}"
    );
}

#[tokio::test]
async fn the_number_of_events_that_async_handlers_cause_is_limited() {
    let (builder, counter) = limited(double);
    let dispatcher = builder.count_limit(10).build().expect("wired");
    let report = dispatcher.emit_async(Doubling).await;
    assert_eq!(counter.get(), 11);
    assert_eq!((report.events(), report.done()), (11, 11));
    assert_eq!(report.not_emitted(), 12);
}
