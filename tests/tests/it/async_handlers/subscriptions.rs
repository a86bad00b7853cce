//! Subscriptions whose closures make futures.

use std::sync::{Arc, Mutex};

use event_core::report::{DeliveryStatus, SkipReason};
use event_core::{Dispatcher, dispatcher::Subscription};
use event_tests::{Watch, idle};

use super::{Counter, Tick};

#[tokio::test(start_paused = true)]
async fn an_async_subscription_runs_until_its_guard_is_dropped() {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let counter = Arc::new(Counter::default());
    let guard = dispatcher.subscribe_async({
        let counter = counter.clone();
        move |_: Arc<Tick>| {
            let counter = counter.clone();
            async move {
                tokio::task::yield_now().await;
                counter.add();
            }
        }
    });
    assert_eq!(dispatcher.emit_async(Tick).await.done(), 1);
    assert_eq!(dispatcher.emit(Tick).handed_over(), 1);
    idle().await;
    assert_eq!(counter.get(), 2);
    drop(guard);
    assert_eq!(dispatcher.emit_async(Tick).await.deliveries(), 0);
    assert_eq!(dispatcher.emit(Tick).deliveries(), 0);
    assert_eq!(Arc::strong_count(&counter), 1);
}

#[tokio::test]
async fn an_async_subscription_of_one_call_is_called_once() {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let counter = Arc::new(Counter::default());
    let in_closure = counter.clone();
    let guard = dispatcher
        .subscription_builder()
        .once()
        .subscribe_async(move |_: Arc<Tick>| {
            in_closure.add();
            std::future::ready(())
        });
    assert_eq!(dispatcher.emit_async(Tick).await.deliveries(), 1);
    assert_eq!(dispatcher.emit_async(Tick).await.deliveries(), 0);
    assert_eq!(dispatcher.emit(Tick).deliveries(), 0);
    assert_eq!(counter.get(), 1);
    drop(guard);
}

#[tokio::test]
async fn a_weak_async_subscription_ends_with_its_target_and_does_not_keep_it() {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let target = Arc::new(Counter::default());
    dispatcher
        .subscription_builder()
        .weak(&target)
        .subscribe_async(|counter: Arc<Counter>, _: Arc<Tick>| async move {
            counter.add();
        })
        .detach();
    assert_eq!(dispatcher.emit_async(Tick).await.done(), 1);
    assert_eq!((target.get(), Arc::strong_count(&target)), (1, 1));
    drop(target);
    assert_eq!(dispatcher.emit_async(Tick).await.deliveries(), 0);
    assert_eq!(dispatcher.emit(Tick).deliveries(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_weak_subscription_whose_target_ends_before_its_task_starts_is_skipped() {
    let watch = Arc::new(Watch::default());
    let builder = Dispatcher::empty().observe(watch.clone());
    let dispatcher = builder.build().expect("wired");
    let target = Arc::new(Counter::default());
    dispatcher
        .subscription_builder()
        .weak(&target)
        .subscribe_async(|counter: Arc<Counter>, _: Arc<Tick>| async move {
            counter.add();
        })
        .detach();
    assert_eq!(dispatcher.emit(Tick).handed_over(), 1);
    drop(target);
    idle().await;
    assert_eq!(
        watch.ended_of("subscription"),
        [DeliveryStatus::Skipped(SkipReason::Cancelled)]
    );
}

#[tokio::test]
async fn subscribed_during_an_emission_means_next_time_for_async_subscriptions_too() {
    for has_another in [false, true] {
        let dispatcher = Dispatcher::empty().build().expect("wired");
        let another =
            has_another.then(|| dispatcher.subscribe_async(|_: Arc<Tick>| std::future::ready(())));
        let guards: Arc<Mutex<Vec<Subscription>>> = Arc::default();
        let counter = Arc::new(Counter::default());
        let outer = dispatcher.subscription_builder().once().subscribe({
            let (handle, guards, counter) = (dispatcher.handle(), guards.clone(), counter.clone());
            move |_: &Tick| {
                let dispatcher = handle.get().expect("alive");
                let counter = counter.clone();
                let inner = dispatcher.subscribe_async(move |_: Arc<Tick>| {
                    counter.add();
                    std::future::ready(())
                });
                guards.lock().expect("not poisoned").push(inner);
            }
        });
        dispatcher.emit_async(Tick).await;
        assert_eq!(counter.get(), 0, "has another: {has_another}");
        dispatcher.emit_async(Tick).await;
        assert_eq!(counter.get(), 1, "has another: {has_another}");
        guards.lock().expect("not poisoned").clear();
        drop((outer, another));
    }
}

#[tokio::test]
async fn cancelled_during_an_emission_means_not_called_any_more_for_async_subscriptions_too() {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let counter = Arc::new(Counter::default());
    let in_closure = counter.clone();
    let later = dispatcher.subscribe_async(move |_: Arc<Tick>| {
        in_closure.add();
        std::future::ready(())
    });
    let later = Mutex::new(Some(later));
    let first = dispatcher.subscribe(move |_: &Tick| {
        drop(later.lock().expect("not poisoned").take());
    });
    assert_eq!(dispatcher.emit_async(Tick).await.deliveries(), 1);
    assert_eq!(counter.get(), 0);
    drop(first);
}
