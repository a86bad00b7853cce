//! An emission that is dropped midway accounts for every delivery.

use std::sync::{Arc, Mutex};

use event_core::queue::Queue;
use event_core::report::DeliveryStatus;
use event_core::{Dispatcher, Emitter, Event, handler};
use event_tests::{Heard, Journal, Watch, poll, until_async};

use super::{Followed, notes, yields};

static FULL: Queue = Queue::new("full").capacity(1);

#[derive(Event)]
struct Started;

#[handler]
fn inline(_event: &Started) -> Followed {
    Followed
}

#[handler]
async fn ready_at_once(_event: &Started) -> Followed {
    Followed
}

#[handler(priority = 1)]
async fn takes_three(_event: &Started) -> Result<Followed, &'static str> {
    yields(3).await;
    Ok(Followed)
}

#[handler(priority = 2)]
async fn fails_behind_two(_event: &Started) -> Result<(), &'static str> {
    yields(2).await;
    Err("on purpose")
}

#[handler(after = takes_three)]
async fn waits_for_another(_event: &Started, emitter: Emitter<Followed>) {
    emitter.emit_after(Followed);
    yields(2).await;
    emitter.emit_after(Followed);
}

#[handler]
async fn follows(_event: &Followed) {
    yields(2).await;
}

fn sweep(watch: &Arc<Watch>, heard: &Heard) -> Dispatcher {
    Dispatcher::empty()
        .handler(inline)
        .handler(ready_at_once)
        .handler(takes_three)
        .handler(fails_behind_two)
        .handler(waits_for_another)
        .handler(follows)
        .observe(watch.clone())
        .on_failure(heard.hook())
        .build()
        .expect("wired")
}

/// The numbers in the text of a dropped emission.
fn counts(text: &str) -> (usize, usize) {
    let text = text
        .strip_prefix("the `emit_async` of `it::cancellation::dropped::Started` was dropped: ")
        .unwrap_or_else(|| panic!("{text}"));
    let numbers: Vec<usize> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|number| number.parse().ok())
        .collect();
    (numbers[0], numbers[1])
}

#[tokio::test]
async fn an_emission_dropped_at_any_await_accounts_for_every_delivery() {
    for has_subscription in [false, true] {
        let mut polls = 0;
        loop {
            assert!(polls < 1_000, "the emission never ends");
            let (watch, heard) = (Arc::new(Watch::default()), Heard::default());
            let dispatcher = sweep(&watch, &heard);
            let guard = has_subscription.then(|| {
                dispatcher.subscribe_async(|_: Arc<Started>| async {
                    yields(1).await;
                    Followed
                })
            });
            let mut emission = Box::pin(dispatcher.emit_async(Started).into_future());
            let mut report = None;
            for _ in 0..polls {
                report = poll(&mut emission);
            }
            drop(emission);
            watch.assert_each_ended_once();
            let handlers = 5 + usize::from(has_subscription);
            let followers = 5 + usize::from(has_subscription);
            let (_, ended) = watch.totals();
            let heard = heard.take();
            if let Some(report) = report {
                assert_eq!(ended, handlers + followers);
                assert_eq!(report.deliveries(), ended);
                assert_eq!((report.failed(), report.events()), (1, 1 + followers));
                assert!(heard.is_empty(), "{heard:?}");
                break;
            }
            if polls == 0 {
                assert_eq!((ended, heard.len()), (0, 0));
            } else {
                assert_eq!(heard.len(), 1, "{heard:?}");
                let (cancelled, _) = counts(&heard[0]);
                assert_eq!(
                    cancelled,
                    watch.count(DeliveryStatus::Cancelled),
                    "after {polls} polls"
                );
                let of_root = ended - watch.ended_of("follows").len();
                assert_eq!(of_root, handlers, "after {polls} polls");
            }
            drop(guard);
            polls += 1;
        }
        assert!(
            polls > 6,
            "the emission was ready too soon to prove anything"
        );
    }
}

#[derive(Event)]
struct Split;

#[handler(priority = 1)]
async fn returns_soon(_event: &Split) -> (Followed, Followed) {
    (Followed, Followed)
}

#[handler(priority = 2)]
async fn emits_and_hangs(_event: &Split, emitter: Emitter<Followed>) {
    emitter.emit_after(Followed);
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_dropped_emission_says_how_many_caused_events_were_not_emitted() {
    let heard = Heard::default();
    let dispatcher = Dispatcher::empty()
        .handler(returns_soon)
        .handler(emits_and_hangs)
        .handler(follows)
        .on_failure(heard.hook())
        .build()
        .expect("wired");
    let mut emission = Box::pin(dispatcher.emit_async(Split).into_future());
    assert!(poll(&mut emission).is_none());
    drop(emission);
    let heard = heard.take();
    assert_eq!(heard.len(), 1, "{heard:?}");
    let expected = "1 delivery cancelled, 3 caused events not emitted";
    assert!(heard[0].contains(expected), "{heard:?}");
}

#[derive(Event)]
struct Kept;

#[handler]
async fn keeps_its_emitter(
    _event: &Kept,
    emitter: Emitter<Followed>,
    kept: &Mutex<Option<Emitter<Followed>>>,
) {
    *kept.lock().expect("not poisoned") = Some(emitter);
    std::future::pending::<()>().await;
}

#[test]
fn an_emitter_that_outlives_its_cancelled_or_abandoned_delivery_emits_at_once() {
    for is_detached in [false, true] {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        let journal = Arc::new(Journal::default());
        let kept: Arc<Mutex<Option<Emitter<Followed>>>> = Arc::default();
        let dispatcher = Dispatcher::empty()
            .handler(keeps_its_emitter)
            .handler(notes)
            .provide_arc(journal.clone())
            .provide_arc(kept.clone())
            .runtime(runtime.handle().clone())
            .build()
            .expect("wired");
        if is_detached {
            dispatcher.emit(Kept);
            runtime.block_on(until_async("the handler has kept its emitter", || {
                kept.lock().expect("not poisoned").is_some()
            }));
            drop(runtime);
        } else {
            let mut emission = Box::pin(dispatcher.emit_async(Kept).into_future());
            assert!(poll(&mut emission).is_none());
            drop(emission);
        }
        let emitter = kept.lock().expect("not poisoned").take();
        emitter.expect("the handler ran").emit_after(Followed);
        assert_eq!(journal.take(), ["followed"], "detached: {is_detached}");
    }
}

#[derive(Event)]
struct Crowded;

#[handler(queue = FULL)]
async fn queued(_event: &Crowded, journal: &Journal) {
    journal.write("queued");
}

#[handler]
async fn beside_the_queue(_event: &Crowded) {
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_delivery_that_waits_for_room_is_cancelled_with_its_emission_and_counted() {
    let (watch, heard) = (Arc::new(Watch::default()), Heard::default());
    let journal = Arc::new(Journal::default());
    let dispatcher = Dispatcher::empty()
        .handler(queued)
        .handler(beside_the_queue)
        .provide_arc(journal.clone())
        .observe(watch.clone())
        .on_failure(heard.hook())
        .build()
        .expect("wired");
    dispatcher.queue(&FULL).expect("a handler names it").pause();
    let mut first = Box::pin(dispatcher.emit_async(Crowded).into_future());
    assert!(poll(&mut first).is_none());
    let mut second = Box::pin(dispatcher.emit_async(Crowded).into_future());
    assert!(poll(&mut second).is_none());
    drop(second);
    assert_eq!(watch.ended_of("queued"), [DeliveryStatus::Cancelled]);
    assert_eq!(
        watch.ended_of("beside_the_queue"),
        [DeliveryStatus::Cancelled]
    );
    let told = heard.take();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("2 deliveries cancelled"), "{told:?}");
    drop(first);
    assert!(heard.take()[0].contains("1 delivery cancelled"));
    dispatcher
        .queue(&FULL)
        .expect("a handler names it")
        .resume();
    dispatcher
        .queue(&FULL)
        .expect("a handler names it")
        .join()
        .await;
    assert_eq!(journal.take(), ["queued"], "what was handed over goes on");
    assert_eq!(
        watch.ended_of("queued"),
        [DeliveryStatus::Cancelled, DeliveryStatus::Done]
    );
}

/// Panics in its `Drop`.
struct Grenade;

impl Drop for Grenade {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "in a drop");
    }
}

#[derive(Event)]
struct Fragile {
    #[event(redact)]
    _grenade: Grenade,
}

#[handler]
async fn hangs(_event: &Fragile) {
    let _grenade = Grenade;
    std::future::pending::<()>().await;
}

#[derive(Event)]
struct Causes;

#[handler]
fn causes_two(_event: &Causes) -> (Fragile, Fragile) {
    let fragile = || Fragile { _grenade: Grenade };
    (fragile(), fragile())
}

#[tokio::test]
async fn a_panic_in_a_drop_does_not_reach_whoever_drops_the_emission() {
    let dispatcher = || {
        let builder = Dispatcher::empty().handler(hangs).handler(causes_two);
        builder.build().expect("wired")
    };
    let (root, caused, held) = (dispatcher(), dispatcher(), dispatcher());
    let guard = held.subscribe_async(|_: Arc<Fragile>| std::future::pending::<()>());
    let fragile = || Fragile { _grenade: Grenade };
    let mut emission = Box::pin(root.emit_async(fragile()).into_future());
    assert!(poll(&mut emission).is_none());
    drop(emission);
    let mut emission = Box::pin(held.emit_async(fragile()).into_future());
    assert!(poll(&mut emission).is_none());
    drop(emission);
    let mut emission = Box::pin(caused.emit_async(Causes).into_future());
    assert!(poll(&mut emission).is_none());
    drop(emission);
    drop(guard);
}
