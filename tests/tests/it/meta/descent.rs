//! Identity, causation and correlation.

use std::time::SystemTime;

use event_core::{Dispatcher, Emitter, Event, Meta, dispatcher::DispatcherBuilder, handler};
use event_testing::{DispatcherExt as _, assert_caused, assert_emitted, assert_sequence};

use super::{
    Begun, Placed, Seen, TASKS, THREADS, placed_async, placed_by_task, placed_by_thread,
    placed_inline, placed_second, quiet, seen,
};

#[tokio::test(start_paused = true)]
async fn all_handlers_of_one_emission_see_the_same() {
    let builder = Dispatcher::empty()
        .handler(placed_inline)
        .handler(placed_second)
        .handler(placed_async)
        .handler(placed_by_task)
        .handler(placed_by_thread);
    let (builder, seen) = seen(builder);
    let dispatcher = builder.build().expect("wired");
    for is_async in [false, true] {
        let before = SystemTime::now();
        if is_async {
            dispatcher.emit_async(Placed).await;
        } else {
            dispatcher.emit(Placed);
        }
        quiet(&dispatcher).await;
        let all = seen.take();
        assert_eq!(all.len(), 5);
        let (_, first) = &all[0];
        assert!(all.iter().all(|(_, meta)| meta == first), "{all:?}");
        assert_eq!(first.id().get_version_num(), 7);
        assert_eq!(first.correlation(), first.id());
        assert_eq!((first.causation(), first.depth()), (None, 0));
        assert!(first.time() >= before && first.time() <= SystemTime::now());
    }
}

#[test]
fn inline_handlers_of_one_emission_see_the_same_on_the_plain_way() {
    let builder = Dispatcher::empty()
        .handler(placed_inline)
        .handler(placed_second);
    let (builder, seen) = seen(builder);
    let dispatcher = builder.build().expect("wired");
    dispatcher.emit(Placed);
    dispatcher.emit(Placed);
    let all = seen.take();
    assert_eq!(all[0].1, all[1].1);
    assert_eq!(all[2].1, all[3].1);
    assert!(all[0].1.id() < all[2].1.id());
}

#[derive(Event)]
struct ByInline;

#[derive(Event)]
struct ByAsync;

#[derive(Event)]
struct ByTask;

#[derive(Event)]
struct ByThread;

#[handler]
fn begins_inline(_event: &Begun, meta: Meta, seen: &Seen) -> ByInline {
    seen.note("begins_inline", meta);
    ByInline
}

#[handler]
async fn goes_on_async(_event: &ByInline, meta: Meta, seen: &Seen) -> ByAsync {
    seen.note("goes_on_async", meta);
    tokio::task::yield_now().await;
    ByAsync
}

#[handler(queue = TASKS)]
async fn goes_on_by_task(_event: &ByAsync, meta: Meta, seen: &Seen) -> ByTask {
    seen.note("goes_on_by_task", meta);
    tokio::task::yield_now().await;
    ByTask
}

#[handler(queue = THREADS)]
fn goes_on_by_thread(_event: &ByTask, meta: Meta, seen: &Seen) -> ByThread {
    seen.note("goes_on_by_thread", meta);
    ByThread
}

#[handler]
async fn ends_detached(_event: &ByThread, meta: Meta, seen: &Seen) {
    seen.note("ends_detached", meta);
}

const CHAIN: [&str; 5] = [
    "begins_inline",
    "goes_on_async",
    "goes_on_by_task",
    "goes_on_by_thread",
    "ends_detached",
];

fn chain() -> DispatcherBuilder {
    Dispatcher::empty()
        .handler(begins_inline)
        .handler(goes_on_async)
        .handler(goes_on_by_task)
        .handler(goes_on_by_thread)
        .handler(ends_detached)
}

#[tokio::test(start_paused = true)]
async fn descent_goes_through_cascades_tasks_and_queues() {
    for is_async in [false, true] {
        let (builder, seen) = seen(chain());
        let dispatcher = builder.build().expect("wired");
        if is_async {
            dispatcher.emit_async(Begun).await;
        } else {
            dispatcher.emit(Begun);
        }
        for _ in 0..3 {
            quiet(&dispatcher).await;
        }
        let metas = CHAIN.map(|handler| seen.of(handler));
        assert_eq!(seen.take().len(), CHAIN.len());
        for (depth, meta) in (0..).zip(&metas) {
            assert_eq!(meta.depth(), depth);
            assert_eq!(meta.correlation(), metas[0].id());
        }
        for pair in metas.windows(2) {
            assert_eq!(pair[1].causation(), Some(pair[0].id()));
            assert!(pair[0].id() < pair[1].id(), "ids grow");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_observer_sees_the_descent_where_no_handler_asks_for_it() {
    let builder = Dispatcher::empty()
        .handler(takes_nothing)
        .handler(takes_nothing_either);
    let dispatcher = builder.build().expect("wired");
    let rec = dispatcher.record();
    dispatcher.track(async |d| drop(d.emit(Placed))).await;
    assert_sequence!(rec, exact [Placed, Begun, ByThread]);
    let root = assert_emitted!(rec, Placed);
    let begun = assert_caused!(rec, Placed => Begun);
    let last = assert_caused!(rec, Begun => ByThread);
    for meta in [begun.meta(), last.meta()] {
        assert_eq!(meta.correlation(), root.meta().id());
    }
}

#[handler]
async fn takes_nothing(_event: &Placed) -> Begun {
    Begun
}

#[handler]
async fn takes_nothing_either(_event: &Begun) -> ByThread {
    ByThread
}

#[handler]
async fn emits_async(_event: &Placed, emitter: Emitter<Begun>) {
    emitter.emit_after(Begun);
    tokio::task::yield_now().await;
}

#[handler]
fn emits_inline(_event: &Begun, emitter: Emitter<ByThread>) {
    emitter.emit_after(ByThread);
}

#[tokio::test(start_paused = true)]
async fn what_an_emitter_was_given_descends_from_its_event() {
    for is_async in [false, true] {
        let builder = Dispatcher::empty()
            .handler(emits_async)
            .handler(emits_inline);
        let dispatcher = builder.build().expect("wired");
        let rec = dispatcher.record();
        let emit = async |d: &Dispatcher| {
            if is_async {
                d.emit_async(Placed).await
            } else {
                d.emit(Placed)
            }
        };
        dispatcher.track(emit).await;
        assert_sequence!(rec, exact [Placed, Begun, ByThread]);
        let begun = assert_caused!(rec, Placed => Begun);
        let last = assert_caused!(rec, Begun => ByThread);
        assert_eq!((begun.meta().depth(), last.meta().depth()), (1, 2));
    }
}
