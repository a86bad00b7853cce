//! Subscriptions that end with objects.

use std::future::ready;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use event_core::{Dispatcher, Event};
use event_tests::idle;

#[derive(Event)]
struct Tick;

trait Notify: Send + Sync {
    fn notify(&self);
}

#[derive(Default)]
struct Bell(AtomicUsize);

impl Notify for Bell {
    fn notify(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn empty() -> Dispatcher {
    Dispatcher::empty().build().expect("nothing to wire")
}

#[tokio::test(start_paused = true)]
async fn a_subscription_with_several_targets_ends_with_any_of_them() {
    for gone in 0..3 {
        let dispatcher = empty();
        let (count, name, list) = (
            Arc::new(AtomicUsize::new(0)),
            Arc::new("tick".to_owned()),
            Arc::new(Mutex::new(Vec::new())),
        );
        let options = || {
            let options = dispatcher.subscription_builder();
            options.weak(&count).weak(&name).weak(&list)
        };
        let inline = options().subscribe(
            |count: &AtomicUsize, name: &String, list: &Mutex<Vec<String>>, _: &Tick| {
                count.fetch_add(1, Ordering::Relaxed);
                list.lock().expect("not poisoned").push(name.clone());
            },
        );
        let later = options().subscribe_async(
            |count: Arc<AtomicUsize>,
             name: Arc<String>,
             list: Arc<Mutex<Vec<String>>>,
             _: Arc<Tick>| {
                count.fetch_add(1, Ordering::Relaxed);
                list.lock().expect("not poisoned").push(name.to_string());
                ready(())
            },
        );
        assert_eq!(dispatcher.emit_async(Tick).await.done(), 2);
        assert_eq!(count.load(Ordering::Relaxed), 2);
        assert_eq!(*list.lock().expect("not poisoned"), ["tick", "tick"]);
        for strong in [
            Arc::strong_count(&count),
            Arc::strong_count(&name),
            Arc::strong_count(&list),
        ] {
            assert_eq!(strong, 1, "no target is kept alive between calls");
        }
        // This one is handed over, and the target is gone before its task starts.
        let handed_over = dispatcher.emit(Tick).handed_over();
        assert_eq!((handed_over, count.load(Ordering::Relaxed)), (1, 3));
        let (mut count, mut name, mut list) = (Some(count), Some(name), Some(list));
        match gone {
            0 => drop(count.take()),
            1 => drop(name.take()),
            _ => drop(list.take()),
        }
        idle().await;
        assert!(!inline.is_active() && !later.is_active(), "target {gone}");
        assert_eq!(dispatcher.emit(Tick).deliveries(), 0);
        assert_eq!(dispatcher.emit_async(Tick).await.deliveries(), 0);
        if let Some(count) = count {
            assert_eq!(count.load(Ordering::Relaxed), 3, "target {gone}");
        }
        drop((name, list));
    }
}

#[test]
fn a_target_may_be_a_trait_object() {
    let dispatcher = empty();
    let bell = Arc::new(Bell::default());
    let notify: Arc<dyn Notify> = bell.clone();
    let guard = dispatcher
        .subscription_builder()
        .weak(&notify)
        .subscribe(|notify, _: &Tick| notify.notify());
    drop(notify);
    assert_eq!(dispatcher.emit(Tick).done(), 1);
    assert_eq!(bell.0.load(Ordering::Relaxed), 1);
    drop(bell);
    assert_eq!(dispatcher.emit(Tick).deliveries(), 0);
    assert!(!guard.is_active());
}

#[test]
fn a_subscription_has_up_to_four_targets_in_their_order() {
    let dispatcher = empty();
    let (one, two, three) = (Arc::new(1_u8), Arc::new(2_u16), Arc::new(3_u32));
    let sum = Arc::new(AtomicUsize::new(0));
    let options = dispatcher.subscription_builder().weak(&one).weak(&two);
    let guard = options.weak(&three).weak(&sum).once().subscribe(
        |one: &u8, two: &u16, three: &u32, sum: &AtomicUsize, _: &Tick| {
            assert_eq!((*one, *two, *three), (1, 2, 3));
            sum.fetch_add(1, Ordering::Relaxed);
        },
    );
    assert_eq!(dispatcher.emit(Tick).done(), 1);
    assert_eq!(dispatcher.emit(Tick).done(), 0);
    assert_eq!((sum.load(Ordering::Relaxed), guard.is_active()), (1, false));
}

/// The last owner goes while the closure runs.
#[test]
fn all_targets_live_for_as_long_as_the_call() {
    let dispatcher = empty();
    let (bell, list) = (Arc::new(Bell::default()), Arc::new(Mutex::new(vec![1])));
    let owner = Arc::new(Mutex::new(Some(bell.clone())));
    let in_call = owner.clone();
    let options = dispatcher.subscription_builder().weak(&bell).weak(&list);
    let guard = options.subscribe(move |bell: &Bell, list: &Mutex<Vec<u8>>, _: &Tick| {
        drop(in_call.lock().expect("not poisoned").take());
        bell.notify();
        list.lock().expect("not poisoned").push(2);
    });
    drop(bell);
    assert_eq!(dispatcher.emit(Tick).done(), 1);
    assert_eq!(*list.lock().expect("not poisoned"), [1, 2]);
    assert!(!guard.is_active(), "the call had the last owner");
}
