//! Whether a subscription may still be called.

use std::sync::Arc;

use event_core::{Dispatcher, Event};
use event_tests::runtime;

#[derive(Event)]
struct Tick;

fn build() -> Dispatcher {
    Dispatcher::empty().build().expect("wired")
}

#[test]
fn a_subscription_is_active_until_its_dispatcher_is_dropped() {
    let dispatcher = build();
    let inline = dispatcher.subscribe(|_: &Tick| {});
    let later = dispatcher.subscribe_async(|_: Arc<Tick>| async {});
    dispatcher.emit(Tick);
    assert!(inline.is_active() && later.is_active());
    drop(dispatcher);
    assert!(!inline.is_active() && !later.is_active());
}

#[test]
fn a_subscription_of_one_call_is_active_until_that_call_is_made() {
    let runtime = runtime();
    let builder = Dispatcher::empty().runtime(runtime.handle().clone());
    let dispatcher = builder.build().expect("wired");
    let inline = dispatcher.subscription_builder().once();
    let inline = inline.subscribe(|_: &Tick| {});
    let later = dispatcher.subscription_builder().once();
    let later = later.subscribe_async(|_: Arc<Tick>| async {});

    // This emission reserves the call of the async one, and never makes it.
    drop(dispatcher.emit_async(Tick));
    assert!(inline.is_active() && later.is_active());
    assert_eq!(
        runtime
            .block_on(dispatcher.emit_async(Tick).into_future())
            .done(),
        2
    );
    assert!(!inline.is_active() && !later.is_active());
}

#[test]
fn a_weak_subscription_is_active_until_its_target_is_dropped() {
    let dispatcher = build();
    let target = Arc::new(());
    let inline = dispatcher.subscription_builder().weak(&target);
    let inline = inline.subscribe(|(): &(), _: &Tick| {});
    let later = dispatcher.subscription_builder().weak(&target);
    let later = later.subscribe_async(|_: Arc<()>, _: Arc<Tick>| async {});
    assert!(inline.is_active() && later.is_active());
    drop(target);
    assert!(!inline.is_active() && !later.is_active());
}

#[test]
fn a_call_sees_whether_its_own_subscription_is_active() {
    let dispatcher = build();
    let (sender, seen) = std::sync::mpsc::channel();
    let own = Arc::new(std::sync::OnceLock::<event_core::dispatcher::Subscription>::new());
    let in_call = Arc::downgrade(&own);
    let once = dispatcher
        .subscription_builder()
        .once()
        .subscribe(move |_: &Tick| {
            let own = in_call.upgrade().expect("it lives as long as the test");
            let is_active = own
                .get()
                .map(event_core::dispatcher::Subscription::is_active);
            sender.send(is_active).expect("the test receives it");
        });
    own.set(once).expect("it is set once");
    dispatcher.emit(Tick);
    assert_eq!(seen.recv(), Ok(Some(false)), "its only call is being made");
}
