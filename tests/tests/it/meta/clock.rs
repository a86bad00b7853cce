//! Times and ids.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use event_core::{Dispatcher, dispatcher::DispatcherHandle};

use super::{Placed, placed_async, placed_inline, placed_second, seen};

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[test]
fn the_clock_of_the_builder_tells_the_time_and_is_asked_once_an_emission() {
    let asked = Arc::new(AtomicU64::new(0));
    let in_clock = asked.clone();
    let clock = move || at(1_000_000 + in_clock.fetch_add(1, Ordering::Relaxed));
    let builder = Dispatcher::empty()
        .handler(placed_inline)
        .handler(placed_second);
    let (builder, seen) = seen(builder.clock(clock));
    let dispatcher = builder.build().expect("wired");
    dispatcher.emit(Placed);
    dispatcher.emit(Placed);
    let times: Vec<_> = seen.take().iter().map(|(_, meta)| meta.time()).collect();
    let (first, second) = (at(1_000_000), at(1_000_001));
    assert_eq!(times, [first, first, second, second]);
}

#[test]
fn ids_grow_though_the_clock_stands_or_goes_back() {
    for step in [0, 1] {
        let asked = Arc::new(AtomicU64::new(0));
        let clock = move || at(1_000_000 - step * asked.fetch_add(1, Ordering::Relaxed));
        let (builder, seen) = seen(Dispatcher::empty().handler(placed_inline).clock(clock));
        let dispatcher = builder.build().expect("wired");
        for _ in 0..2_000 {
            dispatcher.emit(Placed);
        }
        let ids: Vec<_> = seen.take().iter().map(|(_, meta)| meta.id()).collect();
        assert!(ids.is_sorted(), "back by {step} seconds");
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]));
    }
}

#[test]
fn ids_differ_on_many_threads() {
    let (builder, seen) = seen(Dispatcher::empty().handler(placed_inline));
    let dispatcher = builder.build().expect("wired");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..500 {
                    dispatcher.emit(Placed);
                }
            });
        }
    });
    let mut ids: Vec<_> = seen.take().iter().map(|(_, meta)| meta.id()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 2_000);
}

#[tokio::test]
async fn the_systems_clock_stands_in_for_one_that_panics_or_is_before_all_time() {
    let before = SystemTime::now();
    let builder = Dispatcher::empty()
        .handler(placed_inline)
        .handler(placed_async);
    let builder = builder.clock(|| panic!("no time"));
    let (builder, panicking) = seen(builder);
    let report = builder.build().expect("wired").emit_async(Placed).await;
    assert_eq!((report.done(), report.is_ok()), (2, true));
    let all = panicking.take();
    assert_eq!(all[0].1, all[1].1);
    assert!(all[0].1.time() >= before);

    let early = || SystemTime::UNIX_EPOCH - Duration::from_secs(1);
    let (builder, early) = seen(Dispatcher::empty().handler(placed_inline).clock(early));
    let dispatcher = builder.build().expect("wired");
    assert!(dispatcher.emit(Placed).is_ok() && dispatcher.emit(Placed).is_ok());
    let all = early.take();
    assert!(all[0].1.id() < all[1].1.id());
}

/// A clock that emits must not deadlock, whatever it gets.
#[test]
fn a_clock_may_use_the_dispatcher() {
    let handle: Arc<Mutex<Option<DispatcherHandle>>> = Arc::default();
    let in_clock = handle.clone();
    let clock = move || {
        let handle = in_clock.lock().expect("not poisoned").take();
        if let Some(handle) = handle {
            handle.emit(Placed).expect("alive");
        }
        at(1)
    };
    let builder = Dispatcher::empty().handler(placed_inline).clock(clock);
    let (builder, seen) = seen(builder);
    *handle.lock().expect("not poisoned") = Some(builder.handle());
    let dispatcher = builder.build().expect("wired");
    assert!(dispatcher.emit(Placed).is_ok());
    assert_eq!(seen.take().len(), 2);
}
